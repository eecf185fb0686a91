"""Signing in with a password."""

import asyncio
from typing import Any

import pytest
from tests.core.identity.people import People

from gridloom.core.identity import sign_in as module
from gridloom.core.identity.sign_in import MAX_TENANTS, SeveralTenants, SignIn
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import RateLimited, Unauthenticated, Unavailable
from gridloom.kernel.security.passwords import Passwords, PasswordsBusy, needs_rehash
from gridloom.kernel.security.ratelimit import LoginLimiter

PASSWORD = "correct horse"
REFUSED = "Login or password is wrong."
HASH = 'SELECT password_hash FROM identity."user" WHERE id = :id'


class Door:
    """A way in, with the address that knocks."""

    def __init__(self, db: Database, *, per_minute: int = 1000) -> None:
        self.sign_in = SignIn(db, LoginLimiter(per_minute=per_minute))

    async def knock(self, login: str, password: str = PASSWORD, *, address: str = "1.1.1.1", **options: Any) -> Any:
        return await self.sign_in.with_password(login, password, address=address, **options)

    async def refusal(self, login: str, password: str = PASSWORD, **options: Any) -> str:
        with pytest.raises((Unauthenticated, RateLimited)) as caught:
            await self.knock(login, password, **options)
        return f"{caught.value.status} {caught.value.message}"


@pytest.fixture
def door(db: Database) -> Door:
    return Door(db)


async def test_the_right_password_opens(people: People, door: Door, login: str) -> None:
    number = await people.user(login, PASSWORD, "metering-reader", "charging")
    found = await door.knock(f" {login.upper()} ")
    assert (found.tenant_id, found.user_id, found.login, found.email) == (people.tenant, number, login, login)
    subject = found.subject("metering", origin="test")
    assert (subject.id, subject.kind, subject.user_id) == (f"user:{number}", "metering", number)
    assert subject.attributes == {"login": login, "email": login, "origin": "test"}
    assert subject.may("charging.taxes:write")
    assert not subject.may("metering.signals:write")


async def test_every_refusal_is_the_same_answer(people: People, door: Door, login: str) -> None:
    await people.user(login, PASSWORD)
    await people.user("no-password", None)
    await people.user(f"disabled-{login}", PASSWORD, status="disabled")
    await people.user(f"pending-{login}", PASSWORD, status="pending")
    expected = f"401 {REFUSED}"
    assert await door.refusal(login, "wrong") == expected
    assert await door.refusal(login, "") == expected
    assert await door.refusal(login, PASSWORD + " ") == expected
    assert await door.refusal(login, "x" * 100_000) == expected
    assert await door.refusal(f"nobody-{login}") == expected
    assert await door.refusal("") == expected
    assert await door.refusal("' OR 1=1 --") == expected
    assert await door.refusal("no-password", "") == expected
    assert await door.refusal(f"disabled-{login}") == expected
    assert await door.refusal(f"pending-{login}") == expected
    await people.close_tenant()
    assert await door.refusal(login) == expected


async def test_an_unknown_login_costs_as_much_work_as_a_wrong_password(
    people: People, door: Door, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = module.verify_password

    async def counted(stored: str | None, given: str) -> bool:
        checked.append("nobody" if stored is None else "somebody")
        return await real(stored, given)

    monkeypatch.setattr(module, "verify_password", counted)
    await people.user(login, PASSWORD)
    await door.refusal(login, "wrong")
    await door.refusal(f"nobody-{login}")
    assert checked == ["somebody", "nobody"]


# --- guessing ---------------------------------------------------------------------------------------------------------


async def test_who_guesses_is_slowed_down_even_with_the_right_password(
    people: People, db: Database, login: str
) -> None:
    door = Door(db, per_minute=3)
    await people.user(login, PASSWORD)
    assert [await door.refusal(login, "wrong") for _ in range(3)] == [f"401 {REFUSED}"] * 3
    with pytest.raises(RateLimited) as caught:
        await door.knock(login)
    assert 1 <= int(caught.value.headers["Retry-After"]) <= 60


async def test_a_login_is_protected_from_many_addresses_and_an_address_from_many_logins(
    people: People, db: Database, login: str
) -> None:
    door = Door(db, per_minute=3)
    await people.user(login, PASSWORD)
    await people.user(f"other-{login}", PASSWORD)
    for number in range(3):
        await door.refusal(login, "wrong", address=f"2.2.2.{number}")
    assert (await door.refusal(login, address="3.3.3.3")).startswith("429")
    assert (await door.knock(f"other-{login}", address="3.3.3.3")).login == f"other-{login}"
    for number in range(3):
        await door.refusal(f"nobody-{number}-{login}", address="4.4.4.4")
    assert (await door.refusal(f"other-{login}", address="4.4.4.4")).startswith("429")


async def test_an_unknown_login_is_slowed_down_like_a_known_one(people: People, db: Database, login: str) -> None:
    await people.user(login, PASSWORD)
    told = []
    for name in (login, f"nobody-{login}"):
        door = Door(db, per_minute=2)
        told.append([(await door.refusal(name, "wrong"))[:3] for _ in range(4)])
    assert told[0] == told[1] == ["401", "401", "429", "429"]


async def test_the_right_password_costs_no_attempt(people: People, db: Database, login: str) -> None:
    door = Door(db, per_minute=2)
    await people.user(login, PASSWORD)
    for _ in range(10):
        assert await door.knock(login)


async def test_many_guesses_at_once_are_not_all_let_in(people: People, db: Database, login: str) -> None:
    door = Door(db, per_minute=3)
    await people.user(login, PASSWORD)
    told = await asyncio.gather(*(door.refusal(login, f"guess {number}") for number in range(20)))
    assert sorted(each[:3] for each in told) == ["401"] * 3 + ["429"] * 17


async def test_too_many_sign_ins_at_once_are_told_so(
    people: People, door: Door, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(stored: str | None, given: str) -> bool:
        raise PasswordsBusy

    await people.user(login, PASSWORD)
    monkeypatch.setattr(module, "verify_password", busy)
    for name in (login, f"nobody-{login}"):
        with pytest.raises(Unavailable) as caught:
            await door.knock(name)
        assert caught.value.headers == {"Retry-After": "2"}


# --- one login in several tenants -------------------------------------------------------------------------------------


@pytest.fixture
def others(db: Database, identity: Identity, other_tenant: int) -> People:
    return People(db, identity, other_tenant)


async def test_the_password_tells_which_tenant_is_meant(people: People, others: People, door: Door, login: str) -> None:
    await people.user(login, "first")
    await others.user(login, "second")
    assert (await door.knock(login, "first")).tenant_id == people.tenant
    assert (await door.knock(login, "second")).tenant_id == others.tenant
    assert await door.refusal(login, "third") == f"401 {REFUSED}"


async def test_a_named_tenant_is_the_only_one_that_counts(
    people: People, others: People, door: Door, login: str
) -> None:
    await people.user(login, "first")
    await others.user(login, "second")
    assert (await door.knock(login, "first", tenant_id=people.tenant)).tenant_id == people.tenant
    assert await door.refusal(login, "second", tenant_id=people.tenant) == f"401 {REFUSED}"
    assert await door.refusal(login, "first", tenant_id=987654321) == f"401 {REFUSED}"


async def test_a_user_who_is_disabled_in_one_tenant_comes_into_the_other(
    people: People, others: People, door: Door, login: str
) -> None:
    await people.user(login, PASSWORD, status="disabled")
    await others.user(login, PASSWORD)
    assert (await door.knock(login)).tenant_id == others.tenant
    await others.close_tenant()
    assert await door.refusal(login) == f"401 {REFUSED}"


async def test_one_password_in_two_tenants_names_neither(
    people: People, others: People, door: Door, login: str
) -> None:
    await people.user(login, "the same")
    await others.user(login, "the same")
    with pytest.raises(SeveralTenants):
        await door.knock(login, "the same")
    assert (await door.knock(login, "the same", tenant_id=others.tenant)).tenant_id == others.tenant


async def test_one_sign_in_checks_no_more_than_five_passwords(
    people: People, identity: Identity, db: Database, door: Door, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await identity.create_tenant(f"many-{login.partition('@')[0]}-{number}", "x") for number in range(6)]
    for number, tenant in enumerate(made):
        await People(db, identity, tenant).user(login, f"password {number}")
    assert (await door.knock(login, "password 4")).tenant_id == made[4]
    assert await door.refusal(login, "password 5") == f"401 {REFUSED}"
    assert (await door.knock(login, "password 5", tenant_id=made[5])).tenant_id == made[5]
    assert MAX_TENANTS == 5


# --- the hash grows with time -----------------------------------------------------------------------------------------


async def test_a_hash_of_yesterdays_cost_is_renewed_by_the_right_password_only(
    people: People, db: Database, door: Door, login: str
) -> None:
    number = await people.user(login, PASSWORD)
    cheap = await Passwords(passes=1, memory_kib=8).hash(PASSWORD)

    async def kept() -> str:
        async with db.tenant(people.tenant) as tx:
            found: str = await tx.scalar(HASH, id=number)
        return found

    async with db.tenant(people.tenant) as tx:
        await tx.run('UPDATE identity."user" SET password_hash = :cheap WHERE id = :id', cheap=cheap, id=number)
    await door.refusal(login, "wrong")
    assert await kept() == cheap
    assert (await door.knock(login)).user_id == number
    renewed = await kept()
    assert renewed != cheap
    assert not needs_rehash(renewed)
    assert (await door.knock(login)).user_id == number
    assert await kept() == renewed
