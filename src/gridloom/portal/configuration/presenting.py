"""A portal's row as it is answered."""

from typing import Any

import msgspec

from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration import secrets
from gridloom.portal.configuration.providers import PublicProvider

# Nobody is followed here, and there is no second, untested version of anything.
ORGANISATION = {"canary": {"enabled": False}, "notracking": {"enabled": True}}


def organisation_id(tenant: int) -> str:
    """How this API calls a tenant: its number, which never changes, as text."""
    return str(tenant)


def shown(tenant: int, row: Any, sealer: Sealer | None = None) -> dict[str, Any]:
    """The portal as everybody may see it; with a sealer as its admins do, who read the access token back."""
    hidden = secrets.opened(sealer, tenant, row["id"], row["sealed"]) if sealer is not None else secrets.Secrets()
    number = str(row["id"])
    providers = [msgspec.convert(each, PublicProvider) for each in row["providers"]]
    return {
        **row["common"],
        "domain": row["domain"],
        "enabled": row["enabled"],
        "portal_id": number,
        "id": number,
        "origin": row["origin"],
        "organization_id": organisation_id(tenant),
        "org_settings": ORGANISATION,
        "feature_flags": {},
        "grants": [],
        "identity_providers": providers,
        **({} if hidden.access_token is None else {"accessToken": hidden.access_token}),
    }
