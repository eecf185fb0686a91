"""Secrets of a portal: apart from what is read, encrypted with a key outside of the database. Nothing here is ever answered,
except the access token to admins."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration.providers import Provider
from gridloom.portal.configuration.settings import ExtensionConfig


class ProviderSecrets(Struct, omit_defaults=True):
    """What must not be seen of an identity provider."""

    client_secret: str | None = None
    mobile_client_secret: str | None = None
    test_auth_username: str | None = None
    test_auth_password: str | None = None


class Secrets(Struct, omit_defaults=True):
    """What must not be seen of a portal. options: of each extension, as some of them are secret."""

    access_token: str | None = None
    providers: dict[str, ProviderSecrets] = {}
    options: dict[str, dict[str, str]] = {}


def opened(sealer: Sealer, tenant: int, portal: UUID, sealed: bytes | None) -> Secrets:
    """The secrets of a portal's row. Raises Unsealable when the value is not this portal's."""
    if sealed is None:
        return Secrets()
    return msgspec.json.decode(sealer.open(sealed, context=_place(tenant, portal)), type=Secrets)


def closed(sealer: Sealer, tenant: int, portal: UUID, secrets: Secrets) -> bytes | None:
    """Secrets as a row keeps them; None when there are none."""
    if secrets == Secrets():
        return None
    return sealer.seal(msgspec.json.encode(secrets).decode(), context=_place(tenant, portal))


def without_secrets(
    provider: Provider, slug: str, before: ProviderSecrets | None
) -> tuple[dict[str, Any], ProviderSecrets]:
    """A provider as it is stored and shown, and what of it is not.

    `has_client_secret: true` without a secret keeps the one of before, as whoever read the provider could not see it.
    """
    plain: dict[str, Any] = msgspec.to_builtins(provider) | {"slug": slug}
    kept = before or ProviderSecrets()
    found = ProviderSecrets()
    oidc, mobile = plain.get("oidc_config", {}), plain.get("mobile_oidc_config", {})
    found.client_secret = oidc.pop("client_secret", None)
    if found.client_secret is None and oidc.pop("has_client_secret", False):
        found.client_secret = kept.client_secret
        found.mobile_client_secret = kept.mobile_client_secret
    found.mobile_client_secret = mobile.pop("client_secret", found.mobile_client_secret)
    for name in ("test_auth_username", "test_auth_password"):
        setattr(found, name, oidc.get("metadata", {}).pop(name, None))
    if oidc:
        oidc["has_client_secret"] = found.client_secret is not None
    return plain, found


def without_options(extensions: list[ExtensionConfig]) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """Extensions as they are stored, and their options by extension."""
    plain = [{"id": each.id, "status": each.status} for each in extensions]
    return plain, {each.id: each.options for each in extensions if each.options}


def token_of(given: Any, before: str | None) -> str | None:
    """The access token after a write."""
    return before if given is UNSET else given or None


def _place(tenant: int, portal: UUID) -> bytes:
    """What a sealed value is bound to, so that it opens in no other row."""
    return f"portal.portal:{tenant}:{portal}".encode()
