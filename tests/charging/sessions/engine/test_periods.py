"""Charging periods while a session runs, and the states that cut them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.charging.sessions.engine.kit import World, minutes, number_of

from gridloom.charging.ocpp.public import Version
from gridloom.charging.sessions import events
from gridloom.charging.stations.events import HardwareStatusChanged
from gridloom.kernel import clock
from gridloom.kernel.events.handlers import Received

PERIOD, UPDATED = "charging.session.charging_period", "charging.session.updated"


def turns(world: World) -> list[tuple[Any, Any]]:
    """(previous, current) of each change of the charging period that was told."""
    return [
        (each.payload["previous_state"], each.payload["current_state"]) for each in world.events if each.name == PERIOD
    ]


async def periods(world: World) -> list[tuple[Any, ...]]:
    """State, minutes after noon at which it began and ended, Wh."""
    rows = await world.rows("SELECT * FROM charging.session_period ORDER BY session_id, position")
    return [
        (
            row["charging_state"],
            (row["started_at"] - minutes(0)) / timedelta(minutes=1),
            None if row["stopped_at"] is None else (row["stopped_at"] - minutes(0)) / timedelta(minutes=1),
            int(row["energy_wh"]),
        )
        for row in rows
    ]


async def status(world: World, evse: int, at: Any, word: str) -> None:
    """A status of an EVSE, as its listener gets it."""
    event = HardwareStatusChanged(charge_point_id=1, evse_id=evse, at=at, status=word)
    payload = {"charge_point_id": 1, "evse_id": evse, "at": at, "status": word}
    received: Received[HardwareStatusChanged] = Received(
        uuid4(), 1, world.tenant, event.name, 1, None, at, None, 1, payload
    )
    async with world.database.tenant(world.tenant) as tx:
        await events.note_states(tx, [received])


async def test_the_first_period_begins_with_the_session(world: World) -> None:
    with clock.at(minutes(0)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await station.start16()
    assert await periods(world) == [("charging", 0, None, 0)]
    assert turns(world) == [(None, "charging")]
    assert (await world.session())["charging_state"] == "charging"


async def test_a_car_that_takes_no_more_idles_since_five_minutes_began(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=0))
        for place, wh in ((10, 1800), (20, 3600), (24, 3600)):
            now.instant = minutes(place)
            await station.values16(number, at=minutes(place), wh=wh)
            await world.tick()
        assert turns(world) == [(None, "charging")]
        now.instant = minutes(25)
        await station.values16(number, at=minutes(25), wh=3600)
        await world.tick()
        await world.tick()
    assert await periods(world) == [("charging", 0, 20, 3600), ("idle", 20, None, 0)]
    assert turns(world) == [(None, "charging"), ("charging", "idle")]


async def test_silence_is_not_idle(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=0))
        now.instant = minutes(1)
        await station.values16(number, at=minutes(1), wh=180)
        for place in range(2, 20):
            now.instant = minutes(place)
            await world.tick()
        await station.values16(number, at=minutes(19), wh=3420)
        await world.tick()
    assert await periods(world) == [("charging", 0, None, 3420)]
    assert turns(world) == [(None, "charging")]


async def test_the_car_says_itself_that_it_pauses_and_goes_on(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station(version=Version.V201)
        await world.tag("CARD", await world.driver())
        await station.event("Started", at=minutes(0), wh=0, token="CARD", state="Charging")
        for place, wh, state in (
            (4, 700, "SuspendedEV"),
            (6, 700, "SuspendedEV"),
            (7, 700, "Charging"),
            (9, 1100, "Charging"),
        ):
            now.instant = minutes(place)
            await station.event("Updated", at=minutes(place), wh=wh, state=state)
        await station.event("Ended", at=minutes(9), wh=1100)
    assert await periods(world) == [("charging", 0, 4, 700), ("idle", 4, 7, 0), ("charging", 7, 9, 400)]
    assert turns(world) == [(None, "charging"), ("charging", "idle"), ("idle", "charging")]


async def test_a_station_that_holds_power_back_makes_nobody_idle(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station(version=Version.V201)
        await world.tag("CARD", await world.driver())
        await station.event("Started", at=minutes(0), wh=0, token="CARD", state="Charging")
        for place in (4, 20):
            now.instant = minutes(place)
            await station.event("Updated", at=minutes(place), wh=700, state="SuspendedEVSE")
        await world.tick()
    assert turns(world) == [(None, "charging")]


async def test_a_status_of_the_evse_is_a_state_of_its_session_on_1_6(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=0))
        now.instant = minutes(4)
        await station.values16(number, at=minutes(4), wh=700)
        await status(world, station.evses[0], minutes(4), "suspendedEV")
        await status(world, station.evses[0], minutes(4), "suspendedEV")
        await status(world, station.evses[0], minutes(4), "preparing")
        assert (await world.session())["reported_state"] == "suspended_ev"
        now.instant = minutes(5)
        await station.stop16(number, at=minutes(5), meter=700)
    assert await periods(world) == [("charging", 0, 4, 700), ("idle", 4, 5, 0)]
    assert turns(world) == [(None, "charging"), ("charging", "idle")]


async def test_a_status_that_comes_late_changes_the_bill(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=0))
        await station.values16(number, at=minutes(4), wh=700)
        await station.stop16(number, at=minutes(8), meter=700)
        assert await periods(world) == [("charging", 0, 8, 700)]
        told = len(world.events)
        await status(world, station.evses[0], minutes(4), "suspendedEV")
    assert await periods(world) == [("charging", 0, 4, 700), ("idle", 4, 8, 0)]
    assert [each.name for each in world.events[told:]].count(UPDATED) == 1
    assert turns(world) == [(None, "charging"), ("charging", "idle")]


async def test_a_status_before_or_after_a_session_is_no_state_of_it(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(at=minutes(1), meter=0))
        await station.stop16(number, at=minutes(8), meter=700)
        await status(world, station.evses[0], minutes(0), "suspendedEV")
        await status(world, station.evses[0], minutes(9), "suspendedEV")
    assert await world.rows("SELECT * FROM charging.session_state") == []


async def test_energy_is_news_once_a_minute(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=0))
        told = len(world.events)
        for second in range(10, 130, 10):
            now.instant = minutes(second / 60)
            await station.values16(number, at=clock.now(), wh=second * 3)
    names = [each.name for each in world.events[told:]]
    assert names == [UPDATED, UPDATED]
    assert world.events[-1].occurred_at == minutes(70 / 60)
