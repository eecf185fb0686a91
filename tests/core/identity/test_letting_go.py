"""Tokens and grants that ended long ago are let go of; the others stay."""

from datetime import timedelta
from typing import Any

from tests.core.identity.people import People

from gridloom.core.identity.issuer import Issuer
from gridloom.core.identity.jobs import prune_tokens
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.subject import Subject


class Running:
    """What a job is given of the worker."""

    def __init__(self, db: Database) -> None:
        self.db = db


async def names(db: Database, tenant: int) -> list[str]:
    async with db.tenant(tenant, read_only=True) as tx:
        return [row["name"] for row in await tx.all("SELECT name FROM identity.token ORDER BY name")]


async def subjects(db: Database, tenant: int) -> list[Any]:
    async with db.tenant(tenant, read_only=True) as tx:
        return [row["subject"] for row in await tx.all("SELECT subject FROM identity.refresh_token ORDER BY subject")]


async def test_what_ended_thirty_days_ago_goes(db: Database, people: People, issuer: Issuer) -> None:
    now = clock.now()
    await people.token(name="endless")
    await people.token(name="ended long ago", expires_at=now - timedelta(days=31))
    await people.token(name="ended lately", expires_at=now - timedelta(days=29))
    await people.token(name="ends later", expires_at=now + timedelta(days=1))
    revoked = await people.token(name="revoked lately")
    async with db.tenant(people.tenant) as tx:
        await people.identity.revoke(tx, revoked.secret)
    await issuer.grant(Subject(tenant_id=people.tenant, id="token:young", kind="x"), scopes=[])
    with clock.travel(-timedelta(days=61)):
        await issuer.grant(Subject(tenant_id=people.tenant, id="token:old", kind="x"), scopes=[])
    with clock.travel(-timedelta(days=59)):
        await issuer.grant(Subject(tenant_id=people.tenant, id="token:middle", kind="x"), scopes=[])
    await prune_tokens.function(Running(db), keep_days=30)
    assert await names(db, people.tenant) == ["ended lately", "endless", "ends later", "revoked lately"]
    assert await subjects(db, people.tenant) == ["token:middle", "token:young"]
