"""Subscriptions of a part of a tenant, and asking whether anybody listens at all."""

from typing import Any

from tests.kernel.webhooks.test_delivery import deliveries, subscribed

from gridloom.kernel.database.pool import Database
from gridloom.kernel.webhooks import Message, is_wanted, tell
from gridloom.kernel.webhooks import publish as publishing
from gridloom.kernel.webhooks.subscriptions import disable, enable


async def of_realm(db: Database, tenant: int, realm: int | None) -> int:
    number = await subscribed(db, tenant, "https://partner.example/")
    async with db.tenant(tenant) as tx:
        await tx.run("UPDATE webhooks.subscription SET realm = :realm WHERE id = :id", realm=realm, id=number)
    return number


async def wanted(db: Database, tenant: int, name: str, form: str = "probe") -> bool:
    async with db.tenant(tenant, read_only=True) as tx:
        return await is_wanted(tx, form, name)


async def test_a_part_of_a_tenant_is_told_of_its_own_and_of_nothing_else(quiet: Database, tenant: int) -> None:
    whole, seven, eight = [await of_realm(quiet, tenant, realm) for realm in (None, 7, 8)]
    async with quiet.tenant(tenant) as tx:
        for realm in (7, None):
            await tell(tx, format="probe", event="jug.poured", message=Message({"realm": realm}, realm=realm))
    found = [(row["subscription_id"], row["body"]) for row in await deliveries(quiet, tenant)]
    assert sorted(found) == sorted(
        [(whole, '{"realm":7}'), (seven, '{"realm":7}'), (whole, '{"realm":null}')],
    )
    assert eight not in {number for number, _ in found}


async def test_what_nobody_wants_is_known_and_patterns_count(quiet: Database, tenant: int, other_tenant: int) -> None:
    assert not await wanted(quiet, tenant, "jug.poured")
    number = await subscribed(quiet, tenant, "https://partner.example/", events=["jug.*"])
    assert await wanted(quiet, tenant, "jug.poured")
    assert not await wanted(quiet, tenant, "cup.filled")
    assert not await wanted(quiet, tenant, "jug.poured", "standard")
    assert not await wanted(quiet, other_tenant, "jug.poured")
    async with quiet.tenant(tenant) as tx:
        await disable(tx, number, "a test")
    assert not await wanted(quiet, tenant, "jug.poured")
    async with quiet.tenant(tenant) as tx:
        await enable(tx, number)
    assert await wanted(quiet, tenant, "jug.poured")


async def test_the_answer_is_remembered_for_a_moment_and_costs_nothing_then(
    quiet: Database, tenant: int, monkeypatch: Any
) -> None:
    async with quiet.tenant(tenant) as tx:
        assert not await is_wanted(tx, "probe", "jug.poured")
        assert not await is_wanted(tx, "probe", "cup.filled")
        assert tx.statements == 1
        await tx.run(
            "INSERT INTO webhooks.subscription (tenant_id, owner, format, url, events) "
            "VALUES (:tenant, 'probe', 'probe', 'https://p.example', '{*}')",
            tenant=tenant,
        )
        # Behind the back of `subscriptions`, as another process would.
        assert not await is_wanted(tx, "probe", "jug.poured")
        later = publishing.time.monotonic() + 3.5
        monkeypatch.setattr(publishing.time, "monotonic", lambda: later)
        assert await is_wanted(tx, "probe", "jug.poured")
