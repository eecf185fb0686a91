"""Tenants and users: how they are made, and what is refused."""

import asyncio
import secrets
from typing import Any

import pytest
from tests.core.identity.people import People

from gridloom.core.identity.store import Identity
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Conflict, Fault, Invalid, NotFound
from gridloom.kernel.security.passwords import verify_password

USERS = 'SELECT login, email, roles, status, password_hash FROM identity."user" ORDER BY login'


@pytest.fixture
def slug() -> str:
    return f"coop-{secrets.token_hex(5)}"


def told(fault: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [each.dotted for each in fault.value.errors]


async def users(db: Database, tenant: int) -> list[dict[str, Any]]:
    async with db.tenant(tenant, read_only=True) as tx:
        return [dict(row) for row in await tx.all(USERS)]


async def test_a_tenant_is_found_by_its_short_name(identity: Identity, slug: str) -> None:
    number = await identity.create_tenant(slug, "Energy für alle", zone="America/New_York")
    found = await identity.tenant(slug)
    assert (found.id, found.slug, found.name, found.zone) == (number, slug, "Energy für alle", "America/New_York")
    assert found.currency == "EUR"
    with pytest.raises(NotFound, match="There is no tenant nowhere"):
        await identity.tenant("nowhere")


@pytest.mark.parametrize("wrong", ["", "-", "Upper", "a b", "a_b", "é", "a/b", "a.b", "²", "x" * 41, "a\x00b", "'; --"])
async def test_a_short_name_has_small_letters_digits_and_dashes(identity: Identity, wrong: str) -> None:
    with pytest.raises(Invalid) as caught:
        await identity.create_tenant(wrong, "x")
    assert told(caught) == ["slug"]


@pytest.mark.parametrize("zone", ["", "Europe/Atlantis", "../etc/passwd", "localtime\x00"])
async def test_a_zone_has_to_be_known(identity: Identity, slug: str, zone: str) -> None:
    with pytest.raises(Invalid) as caught:
        await identity.create_tenant(slug, "x", zone=zone)
    assert told(caught) == ["zone"]
    with pytest.raises(NotFound):
        await identity.tenant(slug)


async def test_a_short_name_is_there_once(identity: Identity, slug: str) -> None:
    await identity.create_tenant(slug, "first")
    with pytest.raises(Conflict, match=f"There is a tenant {slug} already"):
        await identity.create_tenant(slug, "second")
    assert (await identity.tenant(slug)).name == "first"


async def test_the_name_of_a_closed_tenant_stays_taken(identity: Identity, db: Database, slug: str) -> None:
    number = await identity.create_tenant(slug, "first")
    await People(db, identity, number).close_tenant()
    with pytest.raises(NotFound):
        await identity.tenant(slug)
    with pytest.raises(Conflict, match=f"There is a tenant {slug} already"):
        await identity.create_tenant(slug, "second")


async def test_of_two_who_take_a_name_at_once_one_gets_it(identity: Identity, slug: str) -> None:
    made = await asyncio.gather(*(identity.create_tenant(slug, "x") for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, int) for each in made) == 1
    assert sum(isinstance(each, Conflict) for each in made) == 3


async def test_a_user_is_stored_in_small_letters_with_a_hash(people: People, db: Database, login: str) -> None:
    number = await people.user(f"  {login.upper()} ", "s3cret pass", "admin", "portal-user")
    [kept] = await users(db, people.tenant)
    assert (kept["login"], kept["email"], kept["status"]) == (login, login, "active")
    assert kept["roles"] == ["admin", "portal-user"]
    assert kept["password_hash"].startswith("$argon2id$")
    assert "s3cret" not in kept["password_hash"]
    assert await verify_password(kept["password_hash"], "s3cret pass")
    async with db.tenant(people.tenant) as tx:
        assert await people.identity.user_id(tx, f" {login.title()}") == number


async def test_a_login_that_is_no_address_brings_no_address(people: People, db: Database) -> None:
    await people.user("operator-7")
    async with db.tenant(people.tenant) as tx:
        await people.identity.create_user(tx, "operator-8", None, roles=[], email="eight@example.org")
    found = [(each["login"], each["email"], each["password_hash"]) for each in await users(db, people.tenant)]
    assert found == [("operator-7", None, None), ("operator-8", "eight@example.org", None)]


@pytest.mark.parametrize(
    ("login", "roles", "field"),
    [("", [], "login"), ("   ", [], "login"), ("x" * 321, [], "login"), ("ada", ["admin", "root", "boss"], "roles")],
)
async def test_a_user_that_cannot_be_is_refused(
    people: People, db: Database, login: str, roles: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await people.user(login, None, *roles)
    assert told(caught) == [field]
    if roles:
        assert caught.value.message.startswith("There is no role boss, root; there are admin, ")
    assert await users(db, people.tenant) == []


async def test_a_login_is_there_once_in_a_tenant_whatever_its_letters(
    people: People, identity: Identity, db: Database, other_tenant: int, login: str
) -> None:
    await people.user(login)
    with pytest.raises(Conflict, match="There is a user with this login already"):
        await people.user(login.upper())
    assert [each["login"] for each in await users(db, people.tenant)] == [login]
    assert await People(db, identity, other_tenant).user(login)


async def test_a_user_of_another_tenant_is_none(
    people: People, identity: Identity, db: Database, other_tenant: int, login: str
) -> None:
    await People(db, identity, other_tenant).user(login)
    with pytest.raises(Fault, match="There is no user"):
        async with db.tenant(people.tenant) as tx:
            await identity.user_id(tx, login)
