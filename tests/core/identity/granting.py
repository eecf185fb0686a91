"""What the tests of grants look at."""

import base64
import json
from typing import Any

import pytest

from gridloom.core.identity.issuer import Grant, Issuer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Unauthenticated

GRANTS = "SELECT id, digest, revoked_at, claims FROM identity.refresh_token ORDER BY id"


async def grants(db: Database, tenant: int) -> list[dict[str, Any]]:
    async with db.tenant(tenant, read_only=True) as tx:
        return [dict(row) for row in await tx.all(GRANTS)]


def number_of(grant: Grant) -> int:
    found: int = jwt_claims(grant.access_token)["grant"]
    return found


def jwt_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


async def refused(issuer: Issuer, secret: str) -> None:
    with pytest.raises(Unauthenticated):
        await issuer.refresh(secret)
