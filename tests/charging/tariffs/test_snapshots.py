"""Copies of tariffs that nothing changes any more."""

import asyncio
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tests.charging.kit import caller_of
from tests.charging.tariffs.kit import ENERGY, FREE, SNAPSHOTS, TARIFFS, made, put, read
from tests.charging.tariffs.test_tariffs import FULL
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.pricing.engine import public as engine
from gridloom.charging.tariffs.public import Snapshot, snapshot, snapshot_of
from gridloom.charging.tariffs.resources import tariff_snapshots
from gridloom.kernel.errors import NotFound


class TestSnapshots(ResourceSuite):
    resource = tariff_snapshots


async def copied(caller: Caller, tariff_id: int) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await snapshot_of(tx, tariff_id)


async def read_copy(caller: Caller, number: int) -> Snapshot:
    async with caller.application.database.tenant(caller.tenant, read_only=True) as tx:
        return await snapshot(tx, number)


@pytest.mark.parametrize("body", [FULL, FREE, ENERGY])
async def test_a_copy_says_all_that_the_tariff_said(callers: Callers, body: dict[str, Any]) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, body)
    number = await copied(caller, tariff["id"])
    answer = await caller.get(f"{SNAPSHOTS}/{number}")
    answers(caller.api, answer, "GET", f"{SNAPSHOTS}/{{tariffSnapshot}}")
    assert answer.json()["data"] == {**tariff, "id": number, "tariffId": tariff["id"]}


async def test_an_equal_copy_is_used_again_and_a_change_makes_a_new_one(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, ENERGY)
    first = await copied(caller, tariff["id"])
    before = await read(caller, SNAPSHOTS, first)
    same = {name: value for name, value in ENERGY.items() if name != "operatorId"}
    await put(caller, TARIFFS, tariff["id"], same)
    assert await copied(caller, tariff["id"]) == first
    await put(caller, TARIFFS, tariff["id"], {**same, "pricing": {"pricePerKwh": 0.36}})
    second = await copied(caller, tariff["id"])
    assert second != first
    await put(caller, TARIFFS, tariff["id"], same)
    assert await copied(caller, tariff["id"]) == first
    assert await read(caller, SNAPSHOTS, first) == before
    assert (await read(caller, SNAPSHOTS, second))["pricing"]["pricePerKwh"] == 0.36


async def test_sessions_that_start_at_the_same_time_share_a_copy(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, ENERGY)
    numbers = await asyncio.gather(*[copied(caller, tariff["id"]) for _ in range(4)])
    assert len(set(numbers)) == 1
    async with caller.application.database.tenant(caller.tenant, read_only=True) as tx:
        assert await tx.scalar("SELECT count(*) FROM charging.tariff_snapshot") == 1


async def test_equal_tariffs_have_copies_of_their_own(callers: Callers) -> None:
    caller = await caller_of(callers)
    numbers = [await copied(caller, (await made(caller, TARIFFS, ENERGY))["id"]) for _ in range(2)]
    assert len(set(numbers)) == 2


async def test_a_copy_outlives_its_tariff(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, ENERGY)
    number = await copied(caller, tariff["id"])
    before = await read(caller, SNAPSHOTS, number)
    assert (await caller.delete(f"{TARIFFS}/{tariff['id']}")).status_code == 204
    assert await read(caller, SNAPSHOTS, number) == before
    with pytest.raises(NotFound):
        await copied(caller, tariff["id"])


@pytest.mark.parametrize(
    "change", ["UPDATE charging.tariff_snapshot SET name = 'x'", "DELETE FROM charging.tariff_snapshot"]
)
async def test_nobody_changes_a_copy(callers: Callers, change: str) -> None:
    caller = await caller_of(callers)
    number = await copied(caller, (await made(caller, TARIFFS, ENERGY))["id"])
    before = await read(caller, SNAPSHOTS, number)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with caller.application.database.tenant(caller.tenant) as tx:
            await tx.run(change)
    assert await read(caller, SNAPSHOTS, number) == before
    assert (await caller.delete(f"{SNAPSHOTS}/{number}")).status_code == 405


async def test_a_copy_is_read_as_the_engine_prices_with_it(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, ENERGY, stopSession={"timeLimitMinutes": 30})
    found = await read_copy(caller, await copied(caller, tariff["id"]))
    assert found.tariff == engine.DurationEnergy(price_per_kwh=Decimal("0.35"))
    assert (found.tariff_id, found.operator_id, found.currency, found.tax_id) == (tariff["id"], 7, "EUR", None)
    assert found.stop_session.time_limit_minutes == Decimal(30)
    with pytest.raises(NotFound):
        await read_copy(caller, 987654321)


async def test_a_copy_of_another_operator_or_tenant_is_not_found(callers: Callers) -> None:
    caller = await caller_of(callers)
    number = await copied(caller, (await made(caller, TARIFFS, ENERGY))["id"])
    eight, seven = await caller_of(callers, operator=8), await caller_of(callers, operator=7)
    elsewhere = await callers.other(tariff_snapshots)
    found = [(await each.get(f"{SNAPSHOTS}/{number}")).status_code for each in (eight, seven, elsewhere)]
    assert found == [404, 200, 404]
