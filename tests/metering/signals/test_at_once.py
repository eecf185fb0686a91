"""Several callers at once: nothing that was acknowledged is lost, and nobody sees half a write."""

import asyncio
from typing import Any

import pytest
from tests.metering.calls import MANY, STEP, T0, columns, data, get, key_of, places, put, sensor, values, wrote
from tests.suites.client import Caller, Callers


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


def item(key: str, moid: int, numbers: list[float], start: int = T0) -> dict[str, Any]:
    return {**key_of(key), "signal_type_moid": moid, "data": columns(numbers, start=start)}


async def test_writers_of_one_new_signal_lose_nothing(caller: Caller) -> None:
    key = await sensor(caller)
    writes = (wrote(caller, key, 132, columns([float(n)], start=T0 + n * STEP)) for n in range(12))
    await asyncio.gather(*writes)
    found = await data(caller, key, 132)
    assert found["time"] == [T0 + n * STEP for n in range(12)]
    assert found["value"] == [float(n) for n in range(12)]
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM series.channel") == 1
        assert await tx.scalar("SELECT count(DISTINCT acq_time) FROM series.reading") == 12


async def test_writers_of_one_value_follow_one_another(caller: Caller) -> None:
    key = await sensor(caller)
    await asyncio.gather(*(wrote(caller, key, 132, columns([float(n)])) for n in range(12)))
    history = await data(caller, key, 132)
    assert sorted(history["value"]) == [float(n) for n in range(12)]
    assert history["acq"] == sorted(history["acq"])
    assert await values(caller, key, 132) == [history["value"][-1]]


async def test_later_writes_are_later_acquisitions_even_within_a_millisecond(caller: Caller) -> None:
    key = await sensor(caller)
    for n in range(20):
        await wrote(caller, key, 132, columns([float(n)]))
    history = await data(caller, key, 132)
    assert history["value"] == [float(n) for n in range(20)]
    assert history["acq"] == sorted(history["acq"])


async def test_writers_of_several_signals_in_opposite_orders_all_succeed(caller: Caller) -> None:
    keys = [await sensor(caller) for _ in range(4)]
    bodies = []
    for n in range(8):
        order = keys if n % 2 else keys[::-1]
        bodies.append([item(key, moid, [float(n)], T0 + n * STEP) for key in order for moid in (132, 134)])
    got = await asyncio.gather(*(caller.put(f"{MANY}/v2", json=body) for body in bodies))
    assert [answer.status_code for answer in got] == [200] * 8
    for key in keys:
        for moid in (132, 134):
            assert await values(caller, key, moid) == [float(n) for n in range(8)]


async def test_a_refused_write_of_several_leaves_nothing_beside_others_that_succeed(caller: Caller) -> None:
    key, other = await sensor(caller), await sensor(caller)
    bad = [item(key, 132, [9.0] * 4), item(other, 132, [9.0] * 4), item(other, 134, [9.0] * 4, start=0)]
    got = await asyncio.gather(
        caller.put(f"{MANY}/v2", json=bad),
        wrote(caller, key, 132, columns([1.0, 2.0])),
        caller.put(f"{MANY}/v2", json=bad),
        wrote(caller, key, 134, columns([3.0])),
    )
    for refused in (got[0], got[2]):
        assert refused is not None
        assert places(refused) == [["body", 2, "data", "time", 0]]
    assert (await data(caller, key, 132))["value"] == [1.0, 2.0]
    assert (await data(caller, key, 134))["value"] == [3.0]
    for moid in (132, 134):
        assert (await data(caller, other, moid))["time"] == []
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM series.reading") == 3
        assert await tx.scalar("SELECT count(*) FROM series.channel") == 2


async def test_a_reader_sees_a_write_of_several_whole_or_not_at_all(caller: Caller) -> None:
    keys = [await sensor(caller) for _ in range(3)]
    window = {"signal_type_moid": 132, "since": T0, "till": T0 + STEP, "last_acq": True}
    asked = [{**key_of(key), **window} for key in keys]
    await caller.put(f"{MANY}/v2", json=[item(key, 132, [0.0]) for key in keys])
    writing = asyncio.gather(
        *(caller.put(f"{MANY}/v2", json=[item(key, 132, [float(n)]) for key in keys]) for n in range(1, 30))
    )
    seen = 0
    while not writing.done():
        answer = await caller.post(f"{MANY}/v2", json=asked)
        found = {each["data"]["value"][0] for each in answer.json()}
        assert len(found) == 1, found
        seen += 1
    assert {answer.status_code for answer in await writing} == {200}
    assert seen > 0


async def test_writing_to_a_sensor_that_goes_away_is_refused_or_goes_with_it(caller: Caller) -> None:
    for _ in range(5):
        key = await sensor(caller)
        await wrote(caller, key, 132, columns([1.0]))
        removed, *written = await asyncio.gather(
            caller.delete(f"/api/sensors/{key}"),
            *(put(caller, key, moid, columns([2.0, 3.0])) for moid in (132, 134, 132, 36)),
        )
        assert removed.status_code == 204
        assert {answer.status_code for answer in written} <= {200, 404, 409}, [each.text for each in written]
        assert (await get(caller, key, 132)).status_code == 404
    async with caller.application.database.tenant(caller.tenant) as tx:
        for table in ("reading", "channel", "point"):
            assert await tx.scalar(f"SELECT count(*) FROM series.{table}") == 0
