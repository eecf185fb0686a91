"""What the registers of a sensor are worth stands with its measuring point, whatever was changed and however."""

import asyncio
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.metering.calls import HOUR, T0, columns, key_of, sensor, signal_state, state, wrote
from tests.suites.client import Caller, Callers

from gridloom.core.series.public import Period, RegistersRecounted, counters_of, ensure_point
from gridloom.kernel import clock
from gridloom.metering.imports.importer import import_file

REGISTERS = tuple(range(32, 47, 2))
EAN = "541448820000000011"


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


async def point_of(caller: Caller, key: str) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        found: int = await tx.scalar(
            "SELECT point_id FROM metering.sensor WHERE client_cid = :client_cid AND sensor_mid = :sensor_mid",
            **key_of(key),
        )
    return found


async def lines(caller: Caller, point: int) -> dict[int, list[Period]]:
    """The meters of each register of a point."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        return {code: line for (_, code), line in (await counters_of(tx, [point])).items()}


async def told(caller: Caller, code: int = 32) -> list[tuple[str | None, str | None]]:
    """(since, till) of every event about a register of the tenant, in order."""
    async with caller.application.database.system() as tx:
        rows = await tx.all(
            "SELECT payload FROM events.outbox WHERE tenant_id = :t AND name = :n ORDER BY id",
            t=caller.tenant, n=RegistersRecounted.name,
        )  # fmt: skip
    return [(row["payload"]["since"], row["payload"]["till"]) for row in rows if row["payload"]["code"] == code]


def every(*line: Period) -> dict[int, list[Period]]:
    """The same meters of every register."""
    return {code: list(line) for code in REGISTERS}


def instant(ms: int) -> str:
    return clock.from_ms(ms).isoformat().replace("+00:00", "Z")


async def change(caller: Caller, path: str, **params: Any) -> None:
    answer = await caller.put(path, params=params)
    assert answer.status_code == 200, answer.text


async def remove(caller: Caller, path: str) -> None:
    answer = await caller.delete(path)
    assert answer.status_code == 204, answer.text


async def test_a_sensor_that_says_nothing_leaves_its_registers_alone(caller: Caller) -> None:
    key = await sensor(caller, info='{"note": "cellar"}')
    await state(caller, key, meter_eid="LG-1")
    assert await lines(caller, await point_of(caller, key)) == {}
    assert await told(caller) == []


async def test_the_factors_of_a_sensor_are_those_of_all_its_registers(caller: Caller) -> None:
    key = await sensor(caller, info='{"multiplier": 2, "current_ratio": "200/5", "voltage_ratio": "100/3"}')
    point = await point_of(caller, key)
    expected = [Period(factor=Fraction(8000, 3))]
    assert await lines(caller, point) == every(*expected)
    assert await told(caller) == [(None, None)]
    await change(caller, f"/api/sensors/{key}", name="Renamed", comments="moved")
    assert await told(caller) == [(None, None)]
    await change(caller, f"/api/sensors/{key}", info='{"multiplier": 40}')
    assert await lines(caller, point) == every(Period(factor=Fraction(40)))
    await change(caller, f"/api/sensors/{key}", info="")
    assert await lines(caller, point) == {}
    assert await told(caller) == [(None, None)] * 3


async def test_meters_and_their_registers_are_told_as_they_come_change_and_go(caller: Caller) -> None:
    key = await sensor(caller, info='{"multiplier": 2}')
    point, noon = await point_of(caller, key), T0 + HOUR
    old = await state(caller, key, till=noon, info='{"multiplier": 40}')
    new = await state(caller, key, since=noon)
    plain = [Period(None, noon, factor=Fraction(40)), Period(noon, None, factor=Fraction(2))]
    assert await lines(caller, point) == every(*plain)
    ends = await signal_state(caller, old["sensor_state_id"], 32, value_for_till=108.5)
    await signal_state(caller, new["sensor_state_id"], 32, value_for_since=3.0)
    noted = [plain[0]._replace(value_for_till=108.5), plain[1]._replace(value_for_since=3.0)]
    assert await lines(caller, point) == {**every(*plain), 32: noted}
    await change(caller, f"/api/sensors/states/signals/{ends['signal_state_id']}", value_for_till="109.25")
    assert (await lines(caller, point))[32] == [noted[0]._replace(value_for_till=109.25), noted[1]]
    await remove(caller, f"/api/sensors/states/signals/{ends['signal_state_id']}")
    assert (await lines(caller, point))[32] == [plain[0], noted[1]]
    await change(caller, f"/api/sensors/states/{old['sensor_state_id']}", since=T0)
    unknown = Period(None, T0, factor=Fraction(2))
    assert (await lines(caller, point))[34] == [unknown, plain[0]._replace(since_ms=T0), plain[1]]
    await remove(caller, f"/api/sensors/states/{old['sensor_state_id']}")
    assert (await lines(caller, point))[34] == [Period(None, noon, factor=Fraction(2)), plain[1]]
    at_noon = (instant(noon), instant(noon))
    assert await told(caller) == [
        (None, None), (None, instant(noon)), *[at_noon] * 4, (None, instant(T0)), (instant(T0), instant(noon)),
    ]  # fmt: skip


async def test_a_refused_change_of_a_meter_leaves_its_registers_alone(caller: Caller) -> None:
    key = await sensor(caller, info='{"multiplier": 2}')
    await state(caller, key, since=T0)
    point = await point_of(caller, key)
    before = await lines(caller, point)
    overlapping = {**key_of(key), "since": T0 + HOUR, "info": '{"multiplier": 3}'}
    assert (await caller.post("/api/sensors/states", params=overlapping)).status_code == 409
    assert (await caller.put(f"/api/sensors/{key}", params={"info": '{"multiplier": 0}'})).status_code == 422
    assert await lines(caller, point) == before


async def test_two_meters_that_are_noted_at_once_are_both_known(caller: Caller) -> None:
    key = await sensor(caller)
    point = await point_of(caller, key)
    hours = [
        {"since": T0 + n * HOUR, "till": T0 + (n + 1) * HOUR, "info": f'{{"multiplier": {n + 2}}}'} for n in range(4)
    ]
    await asyncio.gather(*(state(caller, key, **each) for each in hours))
    line = (await lines(caller, point))[32]
    assert [each.factor for each in line] == [1, 2, 3, 4, 5, 1]
    assert [each.since_ms for each in line] == [None, *(T0 + n * HOUR for n in range(5))]


async def test_a_sensor_that_goes_leaves_what_a_communitys_registers_are_worth(caller: Caller) -> None:
    key = await sensor(caller, sensor_eid=EAN, info='{"multiplier": 40}')
    await wrote(caller, key, 32, columns([1.0, 2.0]))
    point = await point_of(caller, key)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await _known_to_a_community(tx, point)
    before = await lines(caller, point)
    await remove(caller, f"/api/sensors/{key}")
    assert await lines(caller, point) == before == every(Period(factor=Fraction(40)))
    # Who measures there next says anew what the registers are worth.
    again = await sensor(caller, sensor_eid=EAN)
    assert await point_of(caller, again) == point
    assert await lines(caller, point) == {}


async def test_a_sensor_that_an_import_makes_at_such_a_point_says_anew_what_its_registers_are_worth(
    caller: Caller, tmp_path: Path
) -> None:
    key = await sensor(caller, sensor_eid=EAN, info='{"multiplier": 40}')
    point = await point_of(caller, key)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await _known_to_a_community(tx, point)
    await remove(caller, f"/api/sensors/{key}")
    file = tmp_path / "readings.csv"
    file.write_text(f"ean,signal,unit,time,value\n{EAN},32,kWh,2026-02-02T03:00:00Z,5\n")
    result = await import_file(caller.application.database, caller.tenant, file, client_cid=7)
    assert (result.sensors_made, result.stored) == (1, 1)
    assert await lines(caller, point) == {}


async def test_a_sensor_that_goes_alone_takes_everything_along(caller: Caller) -> None:
    key = await sensor(caller, sensor_eid=EAN, info='{"multiplier": 40}')
    point = await point_of(caller, key)
    await remove(caller, f"/api/sensors/{key}")
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await counters_of(tx, [point]) == {}
        assert (await ensure_point(tx, eid=EAN)).id != point


async def _known_to_a_community(tx: Any, point: int) -> None:
    """A community with a meter at the point."""
    party = await tx.scalar(
        "INSERT INTO parties.address (tenant_id, public_id, city) VALUES (:t, gen_random_uuid(), 'Gent') RETURNING id",
        t=tx.tenant,
    )
    community = await tx.scalar(
        "INSERT INTO communities.community (tenant_id, name, auth_community_id) VALUES (:t, 'Sun', :a) RETURNING id",
        t=tx.tenant, a=f"sun-{tx.tenant}",
    )  # fmt: skip
    await tx.run(
        "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, tarif_group, "
        "phases_number, reading_frequency) VALUES (:t, :c, :e, :p, '1', :a, 1, 1, 1)",
        t=tx.tenant, c=community, e=EAN, p=point, a=party,
    )  # fmt: skip
