"""Grants: refreshed once, ended at once, never by a stranger."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.core.identity.granting import grants, number_of, refused
from tests.core.identity.people import People, stopped

from gridloom.core.identity.clients import create_client
from gridloom.core.identity.issuer import Grant, Issuer
from gridloom.core.identity.store import Identity
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Unauthenticated
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer

MODULE = "gridloom.core.identity.issuer"


# --- refreshing -------------------------------------------------------------------------------------------------------


async def test_a_refresh_token_works_once(issuer: Issuer, ada: Subject) -> None:
    first = await issuer.grant(ada, scopes=["a", "b"], claims={"portal": "p"})
    second = await issuer.refresh(first.refresh_token)
    assert second.scopes == ("a", "b")
    assert second.refresh_token != first.refresh_token
    found = await issuer.recognise(second.access_token)
    assert found is not None
    assert (found.id, found.kind, found.user_id, found.attributes["portal"]) == (ada.id, "portal", ada.user_id, "p")
    assert await issuer.recognise(first.access_token) is None
    await refused(issuer, first.refresh_token)
    assert await issuer.recognise(second.access_token) is not None


async def test_of_two_refreshes_at_once_one_succeeds(
    issuer: Issuer, elsewhere: Issuer, ada: Subject, db: Database
) -> None:
    import asyncio

    grant = await issuer.grant(ada, scopes=[])
    told = await asyncio.gather(
        *(each.refresh(grant.refresh_token) for each in (issuer, elsewhere, issuer)), return_exceptions=True
    )
    won = [each for each in told if isinstance(each, Grant)]
    assert len(won) == 1
    assert [type(each) for each in told if each is not won[0]] == [Unauthenticated] * 2
    assert await issuer.recognise(won[0].access_token) is not None
    assert [row["revoked_at"] is None for row in await grants(db, ada.tenant_id)] == [False, True]


async def test_a_refresh_token_ends_after_thirty_days(issuer: Issuer, ada: Subject) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    with clock.at(start) as standing:
        first = await issuer.grant(ada, scopes=[])
        standing.move(timedelta(days=30) - timedelta(seconds=1))
        second = await issuer.refresh(first.refresh_token)
        standing.move(timedelta(days=30))
        await refused(issuer, second.refresh_token)


@pytest.mark.parametrize("wrong", ["", "x", "glr_", "a\x00b", "\ud800", "x" * 5000])
async def test_what_is_no_refresh_token_is_refused(issuer: Issuer, wrong: str) -> None:
    await refused(issuer, wrong)


async def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(
    issuer: Issuer, ada: Subject
) -> None:
    grant = await issuer.grant(ada, scopes=["*"])
    await refused(issuer, grant.access_token)
    assert await issuer.recognise(grant.refresh_token) is None


async def test_a_refresh_token_of_another_audience_is_refused(
    issuer: Issuer, ada: Subject, db: Database, sealer: Sealer
) -> None:
    other = Issuer(db, sealer, "commerce")
    grant = await other.grant(ada, scopes=[])
    await refused(issuer, grant.refresh_token)
    assert await other.refresh(grant.refresh_token)


async def test_a_used_refresh_token_that_comes_back_ends_everything_that_came_from_it(
    issuer: Issuer, ada: Subject
) -> None:
    first = await issuer.grant(ada, scopes=[])
    second = await issuer.refresh(first.refresh_token)
    third = await issuer.refresh(second.refresh_token)
    other = await issuer.grant(ada, scopes=[])
    with clock.travel(timedelta(minutes=5)):
        await refused(issuer, first.refresh_token)
        assert await issuer.recognise(third.access_token) is None
        await refused(issuer, third.refresh_token)
        assert await issuer.recognise(other.access_token) is not None


async def test_a_used_refresh_token_that_is_asked_about_ends_its_family_too(
    issuer: Issuer, ada: Subject, db: Database
) -> None:
    first = await issuer.grant(ada, scopes=[])
    second = await issuer.refresh(first.refresh_token)
    with clock.travel(timedelta(minutes=5)):
        async with db.tenant(ada.tenant_id) as tx:
            assert await issuer.grant_of(tx, first.refresh_token) is None
        assert await issuer.recognise(second.access_token) is None


async def test_a_client_that_repeats_itself_at_once_is_refused_and_loses_nothing(issuer: Issuer, ada: Subject) -> None:
    first = await issuer.grant(ada, scopes=[])
    second = await issuer.refresh(first.refresh_token)
    with clock.travel(timedelta(seconds=8)):
        await refused(issuer, first.refresh_token)
        assert await issuer.recognise(second.access_token) is not None
        assert await issuer.refresh(second.refresh_token)


# --- ending -----------------------------------------------------------------------------------------------------------


async def test_an_ended_grant_opens_nothing_at_once(issuer: Issuer, ada: Subject, db: Database) -> None:
    kept, ended = [await issuer.grant(ada, scopes=[]) for _ in range(2)]
    for each in (kept, ended):
        assert await issuer.recognise(each.access_token) is not None
    async with db.tenant(ada.tenant_id) as tx:
        assert await issuer.grant_of(tx, ended.refresh_token) == (number_of(ended), ada.id)
        await issuer.end(tx, number_of(ended))
    assert await issuer.recognise(ended.access_token) is None
    await refused(issuer, ended.refresh_token)
    assert await issuer.recognise(kept.access_token) is not None


@pytest.mark.parametrize("how", ["one", "all", "refresh"])
async def test_a_call_while_a_grant_ends_does_not_keep_it_alive(
    issuer: Issuer, ada: Subject, db: Database, how: str
) -> None:
    grant = await issuer.grant(ada, scopes=[])

    async def asked_meanwhile() -> None:
        assert await issuer.recognise(grant.access_token) is not None

    if how == "refresh":
        asking = Watched(db, asked_meanwhile)
        issuer._database = asking
        await issuer.refresh(grant.refresh_token)
        assert asking.asked == 1
    else:
        async with db.tenant(ada.tenant_id) as tx:
            await (issuer.end(tx, number_of(grant)) if how == "one" else issuer.end_all(tx, ada.id))
            await asked_meanwhile()
    assert await issuer.recognise(grant.access_token) is None


class Watched:
    """A database that lets somebody ask just before the commit that ends a grant."""

    def __init__(self, db: Database, meanwhile: Any) -> None:
        self._db = db
        self._meanwhile = meanwhile
        self.asked = 0

    def system(self) -> Any:
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def watched() -> AsyncIterator[Any]:
            async with self._db.system() as tx:
                yield tx
                if tx.statements > 1 and self.asked == 0:
                    self.asked += 1
                    await self._meanwhile()

        return watched()


async def test_everything_of_one_caller_ends_and_nothing_of_another(
    issuer: Issuer, ada: Subject, people: People, db: Database, sealer: Sealer, login: str
) -> None:
    other = msgspec.structs.replace(ada, id=f"user:{await people.user(f'bob-{login}')}")
    mine = [await issuer.grant(ada, scopes=[]) for _ in range(2)]
    theirs = await issuer.grant(other, scopes=[])
    commerce = Issuer(db, sealer, "commerce")
    elsewhere = await commerce.grant(ada, scopes=[])
    async with db.tenant(ada.tenant_id) as tx:
        await issuer.end_all(tx, ada.id)
    assert [await issuer.recognise(each.access_token) for each in mine] == [None, None]
    assert await issuer.recognise(theirs.access_token) is not None
    assert await commerce.recognise(elsewhere.access_token) is not None


async def test_what_another_process_ended_ends_here_within_five_seconds(
    issuer: Issuer, elsewhere: Issuer, ada: Subject, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stopped(monkeypatch, MODULE) as time:
        grant = await issuer.grant(ada, scopes=[])
        assert await issuer.recognise(grant.access_token) is not None
        async with db.tenant(ada.tenant_id) as tx:
            await elsewhere.end(tx, number_of(grant))
        time.move(4.9)
        assert await issuer.recognise(grant.access_token) is not None
        time.move(0.2)
        assert await issuer.recognise(grant.access_token) is None


@pytest.mark.parametrize("what", ["disabled", "removed", "closed"])
async def test_who_may_not_come_in_any_more_has_no_grant(
    issuer: Issuer, ada: Subject, people: People, db: Database, what: str
) -> None:
    grant = await issuer.grant(ada, scopes=["*"])
    assert ada.user_id is not None
    if what == "disabled":
        await people.set_status(ada.user_id, "disabled")
    elif what == "closed":
        await people.close_tenant()
    else:
        async with db.tenant(people.tenant) as tx:
            await tx.run('DELETE FROM identity."user" WHERE id = :id', id=ada.user_id)
    assert await issuer.recognise(grant.access_token) is None
    await refused(issuer, grant.refresh_token)
    if what != "removed":
        await people.set_status(ada.user_id, "active")
        await people.close_tenant("active")
        assert await issuer.recognise(grant.access_token) is not None
        assert await issuer.refresh(grant.refresh_token)


async def test_a_client_that_was_disabled_has_no_grant(issuer: Issuer, people: People, db: Database) -> None:
    async with db.tenant(people.tenant) as tx:
        client, _ = await create_client(tx, "x", scopes=["*"])
    subject = Subject(tenant_id=people.tenant, id=f"client:{client}", kind="client")
    grant = await issuer.grant(subject, scopes=["*"])
    async with db.tenant(people.tenant) as tx:
        await tx.run("UPDATE identity.client SET is_disabled = true WHERE client_id = :id", id=client)
    assert await issuer.recognise(grant.access_token) is None
    await refused(issuer, grant.refresh_token)


# --- between tenants --------------------------------------------------------------------------------------------------


async def test_a_tenant_can_neither_find_nor_end_the_grants_of_another(
    issuer: Issuer, ada: Subject, db: Database, other_tenant: int, identity: Identity
) -> None:
    grant = await issuer.grant(ada, scopes=[])
    async with db.tenant(other_tenant) as tx:
        assert await issuer.grant_of(tx, grant.refresh_token) is None
        await issuer.end(tx, number_of(grant))
        await issuer.end_all(tx, ada.id)
    assert await issuer.recognise(grant.access_token) is not None
    assert await issuer.refresh(grant.refresh_token)
    assert await grants(db, other_tenant) == []
