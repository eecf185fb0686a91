"""OAuth clients: programs with an id and a secret."""

import pytest
from tests.core.identity.people import People

from gridloom.core.identity import clients as module
from gridloom.core.identity.clients import OAuthClient, authenticate_client, create_client
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import RateLimited, Unauthenticated, Unavailable
from gridloom.kernel.security.passwords import PasswordsBusy
from gridloom.kernel.security.ratelimit import LoginLimiter

REFUSED = "Client id or secret is wrong."


class Door:
    """Programs that knock from an address."""

    def __init__(self, db: Database, *, per_minute: int = 1000) -> None:
        self._db = db
        self._limiter = LoginLimiter(per_minute=per_minute)

    async def knock(self, client: str, secret: str, *, address: str = "1.1.1.1") -> OAuthClient:
        return await authenticate_client(self._db, self._limiter, client, secret, address=address)

    async def refusal(self, client: str, secret: str) -> str:
        with pytest.raises((Unauthenticated, RateLimited)) as caught:
            await self.knock(client, secret)
        return f"{caught.value.status} {caught.value.message}"


async def made(db: Database, tenant: int, *scopes: str) -> tuple[str, str]:
    async with db.tenant(tenant) as tx:
        return await create_client(tx, "warehouse", scopes=scopes)


async def test_a_client_proves_its_secret_and_gets_what_it_may(db: Database, tenant: int) -> None:
    client, secret = await made(db, tenant, "rel:contacts:read", "cat:*")
    assert secret.startswith("glo_")
    assert await Door(db).knock(client, secret) == OAuthClient(
        tenant, client, ("rel:contacts:read", "cat:*"), ("client_credentials", "refresh_token")
    )
    async with db.tenant(tenant) as tx:
        kept = dict(await tx.one("SELECT * FROM identity.client") or {})
    assert secret not in str(kept)
    assert kept["secret_hash"].startswith("$argon2id$")


async def test_every_refusal_is_the_same_answer(db: Database, people: People, tenant: int) -> None:
    client, secret = await made(db, tenant)
    other, other_secret = await made(db, tenant)
    door = Door(db)
    for given in (
        (client, ""), (client, secret + "x"), (client, other_secret), (other, secret), ("", secret), ("nobody", secret),
        (client.upper(), secret), (f" {client}", secret), (client, "x" * 100_000),
    ):  # fmt: skip
        assert await door.refusal(*given) == f"401 {REFUSED}"
    async with db.tenant(tenant) as tx:
        await tx.run("UPDATE identity.client SET is_disabled = true WHERE client_id = :id", id=client)
    assert await door.refusal(client, secret) == f"401 {REFUSED}"
    assert (await door.knock(other, other_secret)).client_id == other
    await people.close_tenant()
    assert await door.refusal(other, other_secret) == f"401 {REFUSED}"


async def test_who_guesses_is_slowed_down(db: Database, tenant: int) -> None:
    client, secret = await made(db, tenant)
    door = Door(db, per_minute=2)
    told = [(await door.refusal(client, "wrong"))[:3] for _ in range(3)]
    assert told == ["401", "401", "429"]
    with pytest.raises(RateLimited) as caught:
        await door.knock(client, secret)
    assert "Retry-After" in caught.value.headers
    fresh = Door(db, per_minute=2)
    for _ in range(5):
        await fresh.knock(client, secret)


async def test_an_unknown_client_costs_as_much_work_as_a_wrong_secret(
    db: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bool] = []
    real = module.verify_password

    async def counted(stored: str | None, given: str) -> bool:
        checked.append(stored is None)
        return await real(stored, given)

    client, _ = await made(db, tenant)
    monkeypatch.setattr(module, "verify_password", counted)
    door = Door(db)
    await door.refusal(client, "wrong")
    await door.refusal("nobody", "wrong")
    assert checked == [False, True]


async def test_too_many_at_once_are_told_so(db: Database, tenant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(stored: str | None, given: str) -> bool:
        raise PasswordsBusy

    client, secret = await made(db, tenant)
    monkeypatch.setattr(module, "verify_password", busy)
    with pytest.raises(Unavailable) as caught:
        await Door(db).knock(client, secret)
    assert caught.value.headers == {"Retry-After": "2"}


async def test_clients_belong_to_their_tenant(db: Database, tenant: int, other_tenant: int) -> None:
    client, secret = await made(db, other_tenant)
    assert (await Door(db).knock(client, secret)).tenant_id == other_tenant
    async with db.tenant(tenant) as tx:
        assert await tx.all("SELECT client_id FROM identity.client") == []
        assert await tx.run("UPDATE identity.client SET is_disabled = true WHERE client_id = :id", id=client) == 0
        assert await tx.run("DELETE FROM identity.client WHERE client_id = :id", id=client) == 0
    assert (await Door(db).knock(client, secret)).client_id == client
