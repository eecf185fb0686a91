"""Meter values of many stations: one transaction, a fixed number of statements, one that fails alone."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.sessions.engine.kit import POWER, REGISTER, Station, World, iso, minutes, number_of

from gridloom.charging.ocpp.public import Version, samples
from gridloom.charging.sessions import announcing, values
from gridloom.charging.sessions.measurands import values_of
from gridloom.kernel import clock

MOST_STATEMENTS = 7
"""A batch of any size, once its channels are known: EVSEs, sessions, locks of channels, COPY, bounds of channels, columns of
sessions, who wants meter values."""


async def charging(world: World, count: int) -> list[tuple[Station, int]]:
    """So many stations that charge."""
    found = []
    for place in range(count):
        station = await world.station()
        await world.tag(f"CARD{place}", await world.driver())
        found.append((station, number_of(await station.start16(tag=f"CARD{place}"))))
    return found


@pytest.mark.parametrize("count", [1, 12])
async def test_many_stations_cost_as_many_statements_as_one(world: World, count: int) -> None:
    with clock.at(minutes(1)) as now:
        stations = await charging(world, count)
        for place in (1, 2):
            now.instant = minutes(place)
            world.counted.clear()
            batches = world.intake.batches
            told = [
                station.values16(number, at=minutes(place), wh=1000 + place, power=5, soc=40)
                for station, number in stations
            ]
            await asyncio.gather(*told)
    assert world.intake.batches - batches == 1
    assert len(world.counted) == 1
    assert world.counted[0] <= MOST_STATEMENTS
    assert {row["meter_wh"] for row in await world.sessions()} == {Decimal(1002)}


async def test_an_answer_means_that_it_is_committed(world: World) -> None:
    with clock.at(minutes(1)):
        ((station, number),) = await charging(world, 1)
        await station.values16(number, at=minutes(1), wh=1500)
        assert await world.readings(station.evses[0]) == [(minutes(1), 1500.0)]


async def test_the_same_values_again_are_stored_once(world: World) -> None:
    with clock.at(minutes(9)):
        ((station, number),) = await charging(world, 1)
        for _ in range(3):
            await station.values16(number, at=minutes(1), wh=1500, power=7)
    rows = await world.rows("SELECT count(*) AS n FROM series.reading")
    assert rows == [{"n": 2}]


async def test_one_report_that_cannot_be_written_harms_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(minutes(5)):
        stations = await charging(world, 3)
        broken = stations[1][0]
        known = values._take

        async def take(tx: Any, batch: Any, report: Any, evses: Any) -> Any:
            if report.charge_point_id == broken.id:
                raise RuntimeError("cannot be written")
            return await known(tx, batch, report, evses)

        monkeypatch.setattr(values, "_take", take)
        told = [station.values16(number, at=minutes(1), wh=1500) for station, number in stations]
        answers = await asyncio.gather(*told, return_exceptions=True)
    assert [type(each) for each in answers] == [dict, RuntimeError, dict]
    assert [row["meter_wh"] for row in await world.sessions()] == [1500, 1000, 1500]


async def test_values_written_at_the_same_time_by_two_processes_are_all_there(world: World) -> None:
    with clock.at(minutes(60)):
        stations = await charging(world, 4)
        from gridloom.charging.sessions.intake import Intake

        async with Intake(world.database, world.stops) as second:
            first = world.intake

            async def pump(intake: Intake, start: int) -> None:
                for place in range(start, 40, 2):
                    for station, number in stations if start else reversed(stations):
                        report = values.Report(
                            charge_point_id=station.id, received_at=clock.now(), version=Version.V16, action="MeterValues",
                            payload={}, evse=1, transaction_id=str(number),
                            samples=tuple(samples(Version.V16, payload_of(minutes(place), 1000 + place))),
                        )  # fmt: skip
                        await intake.put(world.tenant, report)

            await asyncio.gather(pump(first, 0), pump(second, 1))
    for station, _ in stations:
        assert len(await world.readings(station.evses[0])) == 40
    assert {row["meter_wh"] for row in await world.sessions()} == {Decimal(1039)}


def payload_of(at: Any, wh: int) -> dict[str, Any]:
    """MeterValues with one register."""
    return {"meterValue": [{"timestamp": iso(at), "sampledValue": [{"value": str(wh), "measurand": REGISTER}]}]}


async def test_meter_values_are_told_where_somebody_wants_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wanted(*_: Any) -> bool:
        return True

    monkeypatch.setattr(announcing, "is_wanted", wanted)
    with clock.at(minutes(5)):
        ((station, number),) = await charging(world, 1)
        await station.values16(number, at=minutes(1), wh=1500, power=7)
    (event,) = [each for each in world.events if each.name == "charging.session.meter_values"]
    at = minutes(1).isoformat()
    assert event.payload["values"] == [
        {"timestamp": at, "measurand": "Energy Consumed", "value": "500.000000", "unit": "Wh"},
        {"timestamp": at, "measurand": "Energy Active Import Register", "value": "1500", "unit": "Wh"},
        {"timestamp": at, "measurand": "Power Active Import", "value": "7", "unit": "W"},
    ]


async def test_meter_values_are_told_to_nobody_who_does_not_want_them(world: World) -> None:
    with clock.at(minutes(5)):
        ((station, number),) = await charging(world, 1)
        await station.values16(number, at=minutes(1), wh=1500)
    assert "charging.session.meter_values" not in world.told()


def told(*sampled: dict[str, str]) -> list[tuple[str, str, str, Decimal]]:
    """(measurand, phase, location, value) of what is kept."""
    payload = {"meterValue": [{"timestamp": iso(minutes(0)), "sampledValue": list(sampled)}]}
    return [(*each.channel, each.value) for each in values_of(samples(Version.V16, payload))]


def test_kilowatt_hours_become_watt_hours_and_kilowatts_watts() -> None:
    assert told({"value": "1.5", "unit": "kWh"}, {"value": "11.04", "measurand": POWER, "unit": "kW"}) == [
        (REGISTER, "", "Outlet", Decimal("1500.0")),
        (POWER, "", "Outlet", Decimal("11040.00")),
    ]


def test_phases_without_a_total_are_added_up() -> None:
    lines = [
        {"value": str(each), "measurand": POWER, "unit": "W", "phase": phase}
        for phase, each in (("L1", 1), ("L2-N", 2), ("L3", 4))
    ]
    assert told(*lines)[-1] == (POWER, "", "Outlet", Decimal(7))
    total = {"value": "9", "measurand": POWER, "unit": "W"}
    assert [each for each in told(*lines, total) if not each[1]] == [(POWER, "", "Outlet", Decimal(9))]


def test_what_is_not_kept_is_left_out() -> None:
    assert (
        told(
            {"value": "1", "measurand": "Frequency"},
            {"value": "broken", "measurand": REGISTER},
            {"value": "1", "measurand": POWER, "unit": "VA"},
            {"value": "1", "measurand": "Energy.Reactive.Import.Register", "unit": "varh"},
        )
        == []
    )


def test_temperatures_are_in_degrees_celsius() -> None:
    given = [("20", "Celsius"), ("293.15", "K"), ("68", "Fahrenheit")]
    assert [
        each[3] for value, unit in given for each in told({"value": value, "measurand": "Temperature", "unit": unit})
    ] == [20, 20, 20]


async def test_a_full_queue_holds_stations_back_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridloom.charging.sessions.intake.QUEUE", 2)
    monkeypatch.setattr("gridloom.charging.sessions.intake.MOST", 2)
    with clock.at(minutes(30)) as now:
        stations = await charging(world, 9)
        now.move(timedelta(minutes=1))
        await asyncio.gather(*[station.values16(number, at=minutes(9), wh=1900) for station, number in stations])
    assert {row["meter_wh"] for row in await world.sessions()} == {Decimal(1900)}
    assert world.intake.batches >= 4
