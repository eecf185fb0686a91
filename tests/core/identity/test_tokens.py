"""Tokens: who is recognised, how long, and as whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.core.identity.people import People, stopped

from gridloom.core.identity.store import PREFIXES, Identity, TokenCache
from gridloom.core.identity.tables import TOKEN_KINDS
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.digests import token_digest
from gridloom.kernel.security.sealing import Sealer

STORE = "gridloom.core.identity.store"
ROW = "SELECT * FROM identity.token WHERE id = :id"


async def row(db: Database, number: int) -> dict[str, Any]:
    async with db.system() as tx:
        return dict(await tx.one(ROW, id=number) or {})


def test_every_kind_has_a_prefix_of_its_own() -> None:
    assert set(PREFIXES) == set(TOKEN_KINDS)
    assert len(set(PREFIXES.values())) == len(PREFIXES)


@pytest.mark.parametrize("kind", TOKEN_KINDS)
async def test_a_token_is_recognised_as_its_own_kind_only(people: People, identity: Identity, kind: str) -> None:
    made = await people.token(kind, scopes=["a:read"])
    assert made.secret.startswith(f"{PREFIXES[kind]}_")
    assert len(made.secret) <= 126
    for cached in (False, True):
        if not cached:
            identity.cache.forget()
        found = await identity.by_token(made.secret, [kind])
        assert found is not None
        assert (found.tenant_id, found.id, found.kind) == (people.tenant, f"token:{made.id}", kind)
        assert (found.user_id, found.scopes) == (None, {"a:read"})
        others = [each for each in TOKEN_KINDS if each != kind]
        assert await identity.by_token(made.secret, others) is None
        assert await identity.by_token(made.secret, []) is None


async def test_what_is_no_token_is_nobody(people: People, identity: Identity) -> None:
    secret = (await people.token()).secret
    for wrong in ("", secret[:-1], secret + "x", secret.upper(), "glt_", "x" * 513, "\ud800", "a\x00b", f" {secret}"):
        assert await identity.by_token(wrong, ["service"]) is None


async def test_of_a_secret_only_its_digest_is_kept(people: People, db: Database, sealer: Sealer) -> None:
    for kind in TOKEN_KINDS:
        made = await people.token(kind, name="note")
        kept = await row(db, made.id)
        assert kept["digest"] == token_digest(made.secret)
        assert made.secret not in str(kept)
        if kind == "charging":
            assert sealer.open(kept["sealed"]) == made.secret
        else:
            assert kept["sealed"] is None


async def test_an_unknown_kind_is_refused(people: People) -> None:
    with pytest.raises(Invalid, match="There is no token kind root; there are charging, "):
        await people.token("root")


async def test_a_token_ends_at_its_end(people: People, identity: Identity) -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    with clock.at(end - timedelta(hours=1)) as standing:
        secret = (await people.token(expires_at=end)).secret
        for before in (timedelta(minutes=30), timedelta(minutes=29, seconds=59)):
            standing.move(before)
            identity.cache.forget()
            found = await identity.by_token(secret, ["service"])
            assert found is not None
            assert found.attributes["expires_at"] == end
        for after in (timedelta(seconds=1), timedelta(days=400)):
            standing.move(after)
            identity.cache.forget()
            assert await identity.by_token(secret, ["service"]) is None


async def test_a_token_without_an_end_has_none(people: People, identity: Identity) -> None:
    secret = (await people.token()).secret
    with clock.travel(timedelta(days=36_500)):
        found = await identity.by_token(secret, ["service"])
    assert found is not None
    assert "expires_at" not in found.attributes


# --- the cache --------------------------------------------------------------------------------------------------------


async def test_the_cache_never_outlives_the_token(
    people: People, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stopped(monkeypatch, STORE) as time:
        secret = (await people.token(expires_at=clock.now() + timedelta(seconds=2))).secret
        assert await identity.by_token(secret, ["service"]) is not None
        time.move(1.9)
        assert await identity.by_token(secret, ["service"]) is not None
        time.move(0.2)
        assert await identity.by_token(secret, ["service"]) is None


async def test_a_busy_client_costs_one_look_up_in_five_seconds(
    people: People, identity: Identity, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    secret = (await people.token()).secret
    with stopped(monkeypatch, STORE) as time:
        db.observer = lambda tx: seen.append(tx.statements)
        try:
            for _ in range(50):
                await identity.by_token(secret, ["service"])
            assert seen == [1]
            time.move(5.1)
            await identity.by_token(secret, ["service"])
            assert seen == [1, 1]
        finally:
            db.observer = None


async def test_what_another_process_revoked_ends_within_five_seconds(
    people: People, identity: Identity, sealer: Sealer, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Identity(db, sealer)
    with stopped(monkeypatch, STORE) as time:
        secret = (await people.token()).secret
        assert await identity.by_token(secret, ["service"]) is not None
        async with db.tenant(people.tenant) as tx:
            assert await elsewhere.revoke(tx, secret)
        time.move(4.9)
        assert await identity.by_token(secret, ["service"]) is not None
        time.move(0.2)
        assert await identity.by_token(secret, ["service"]) is None


def test_a_full_cache_forgets_and_goes_on() -> None:
    cache = TokenCache(most=2)
    somebody = Subject(tenant_id=1, id="token:1", kind="service")
    for number in range(5):
        cache.put(bytes([number]), somebody, until=None)
        assert cache.get(bytes([number])) is somebody
    assert sum(cache.get(bytes([number])) is not None for number in range(5)) <= 2
    cache.forget(bytes([4]))
    cache.forget(b"never there")
    assert cache.get(bytes([4])) is None


# --- revoking ---------------------------------------------------------------------------------------------------------


async def test_a_revoked_token_is_nobodys_at_once(people: People, identity: Identity, db: Database) -> None:
    made = await people.token()
    assert await identity.by_token(made.secret, ["service"]) is not None
    async with db.tenant(people.tenant) as tx:
        assert await identity.revoke(tx, made.secret) is True
        assert await identity.revoke(tx, made.secret) is False
        assert await identity.revoke(tx, "glt_never") is False
    assert await identity.by_token(made.secret, ["service"]) is None
    assert (await row(db, made.id))["revoked_at"] is not None


async def test_a_call_during_the_revocation_does_not_keep_the_token_alive(
    people: People, identity: Identity, db: Database
) -> None:
    secret = (await people.token()).secret
    async with db.tenant(people.tenant) as tx:
        await identity.revoke(tx, secret)
        assert await identity.by_token(secret, ["service"]) is not None
    assert await identity.by_token(secret, ["service"]) is None


async def test_a_revocation_that_was_undone_leaves_the_token(people: People, identity: Identity, db: Database) -> None:
    secret = (await people.token()).secret
    with pytest.raises(ZeroDivisionError):
        async with db.tenant(people.tenant) as tx:
            await identity.revoke(tx, secret)
            raise ZeroDivisionError
    assert await identity.by_token(secret, ["service"]) is not None


# --- as whom ----------------------------------------------------------------------------------------------------------


async def test_a_token_of_a_user_has_the_users_rights_or_narrower_ones_of_its_own(
    people: People, identity: Identity, login: str
) -> None:
    user = await people.user(login, None, "metering-reader", "charging")
    whole = await identity.by_token((await people.token(user_id=user)).secret, ["service"])
    narrow = await identity.by_token((await people.token(user_id=user, scopes=["x:read"])).secret, ["service"])
    assert whole is not None
    assert narrow is not None
    assert (whole.id, whole.user_id, whole.attributes["login"]) == (f"user:{user}", user, login)
    assert whole.attributes["email"] == login
    assert whole.may("charging.taxes:write")
    assert whole.may("metering.signals:read")
    assert not whole.may("metering.signals:write")
    assert narrow.scopes == {"x:read"}


async def test_a_token_without_rights_may_nothing(people: People, identity: Identity) -> None:
    found = await identity.by_token((await people.token()).secret, ["service"])
    assert found is not None
    assert found.scopes == frozenset()
    assert not found.may("metering.signals:read")


async def test_what_an_api_adds_comes_along_with_the_tenants_zone(people: People, identity: Identity) -> None:
    made = await people.token("charging", attributes={"operator_id": 7, "nothing": None})
    found = await identity.by_token(made.secret, ["charging"])
    assert found is not None
    assert found.attributes == {"operator_id": 7, "zone": "Europe/Brussels"}


@pytest.mark.parametrize("status", ["disabled", "pending"])
async def test_a_token_of_a_user_who_may_not_come_in_is_nobodys(
    people: People, identity: Identity, login: str, status: str
) -> None:
    user = await people.user(login, None, "admin")
    secret = (await people.token(user_id=user)).secret
    await people.set_status(user, status)
    assert await identity.by_token(secret, ["service"]) is None
    await people.set_status(user, "active")
    assert await identity.by_token(secret, ["service"]) is not None


async def test_a_token_of_a_closed_tenant_is_nobodys(people: People, identity: Identity) -> None:
    secret = (await people.token()).secret
    await people.close_tenant()
    assert await identity.by_token(secret, ["service"]) is None
    await people.close_tenant("active")
    assert await identity.by_token(secret, ["service"]) is not None


async def test_the_tokens_of_a_user_who_was_removed_go_too(
    people: People, identity: Identity, db: Database, login: str
) -> None:
    user = await people.user(login, None, "admin")
    made = await people.token(user_id=user)
    async with db.tenant(people.tenant) as tx:
        await tx.run('DELETE FROM identity."user" WHERE id = :id', id=user)
    assert await identity.by_token(made.secret, ["service"]) is None
    assert await row(db, made.id) == {}


# --- between tenants --------------------------------------------------------------------------------------------------


async def test_a_tenant_can_neither_use_nor_end_what_is_anothers(
    people: People, identity: Identity, db: Database, other_tenant: int, login: str
) -> None:
    theirs = People(db, identity, other_tenant)
    user = await theirs.user(login, None, "admin")
    secret = (await theirs.token(user_id=user)).secret
    async with db.tenant(people.tenant) as tx:
        assert await identity.revoke(tx, secret) is False
    found = await identity.by_token(secret, ["service"])
    assert found is not None
    assert found.tenant_id == other_tenant
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await people.token(user_id=user)
    async with db.tenant(people.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM identity.token") == 0
