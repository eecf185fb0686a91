"""Stopping a session from afar."""

from datetime import timedelta

import pytest
from tests.charging.kit import caller_of
from tests.charging.sessions.engine.kit import OFFLINE, Line, Station, World, minutes, number_of
from tests.suites.client import Caller, Callers, answers

from gridloom.app import Application
from gridloom.charging.api import api
from gridloom.charging.ocpp.public import Answered, TimedOut
from gridloom.charging.sessions.stops import Stops
from gridloom.kernel import clock

PATH = "/public-api/actions/charge-point/v1.0/{charge_point}/stop/{session}"


@pytest.fixture
def line(world: World, application: Application, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The application asks the world's stations."""
    monkeypatch.setattr(application.services.part(Stops), "_commands", world.line)
    return world.line


async def running(world: World) -> tuple[Station, int]:
    """A session that runs."""
    station = await world.station()
    await world.tag("CARD", await world.driver())
    return station, number_of(await station.start16())


async def stop(caller: Caller, station: int, session: int, body: dict | None = None) -> int:
    """The status of the answer, which is checked against the document."""
    url = PATH.replace("{charge_point}", str(station)).replace("{session}", str(session))
    answer = await caller.post(url, json=body) if body is not None else await caller.post(url)
    answers(api, answer, "POST", PATH)
    return answer.status_code


async def test_a_session_ends_when_its_station_says_so(world: World, callers: Callers, line: Line) -> None:
    caller = await caller_of(callers)
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        now.move(timedelta(minutes=5))
        assert await stop(caller, station.id, number) == 202
        assert line.asked == [(station.id, "RemoteStopTransaction", {"transactionId": number})]
        assert (await world.session())["status"] == "active"
        await station.stop16(number, at=minutes(5), meter=1500, reason="Remote")
    session = await world.session()
    assert (session["status"], session["reason"], session["meter_stop_wh"]) == ("finished", "standard_stop", 1500)


@pytest.mark.parametrize("outcome", [OFFLINE, Answered({"status": "Rejected"})])
async def test_a_station_that_does_not_is_a_406_and_changes_nothing(
    world: World, callers: Callers, line: Line, outcome: object
) -> None:
    caller = await caller_of(callers)
    line.outcome = outcome  # type: ignore[assignment]
    with clock.at(minutes(0)):
        station, number = await running(world)
        assert await stop(caller, station.id, number, {"force": False}) == 406
        session = await world.session()
        assert (session["status"], session["stopping_for"], session["stopping_at"]) == ("active", None, None)
        asked = len(line.asked)
        await world.tick()
    assert len(line.asked) == asked


async def test_a_station_that_did_not_answer_may_still_stop_for_it(world: World, callers: Callers, line: Line) -> None:
    caller = await caller_of(callers)
    line.outcome = TimedOut(sent=True)
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        assert await stop(caller, station.id, number) == 406
        now.move(timedelta(minutes=2))
        await world.tick()
        assert len(line.asked) == 1
        await station.stop16(number, at=minutes(2), meter=1500, reason="Remote")
    assert (await world.session())["reason"] == "standard_stop"


async def test_a_forced_end_does_not_wait_for_the_station(world: World, callers: Callers, line: Line) -> None:
    caller = await caller_of(callers)
    line.outcome = OFFLINE
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        now.move(timedelta(minutes=5))
        await station.values16(number, at=minutes(5), wh=1800)
        assert await stop(caller, station.id, number, {"force": True}) == 202
        forced = await world.session()
        await station.stop16(number, at=minutes(6), meter=1900, reason="Remote")
    assert (forced["status"], forced["reason"], forced["meter_stop_wh"]) == ("finished", "force_stop", 1800)
    session = await world.session()
    assert (session["reason"], session["meter_stop_wh"], session["stopped_at"]) == ("force_stop", 1900, minutes(6))


async def test_a_forced_end_of_what_has_not_begun_fails_it(world: World, callers: Callers, line: Line) -> None:
    caller = await caller_of(callers)
    station = await world.station()
    pending = await world.pending(station)
    assert await stop(caller, station.id, pending) == 406
    assert (await world.session())["status"] == "pending"
    assert await stop(caller, station.id, pending, {"force": True}) == 202
    session = await world.session()
    assert (session["status"], session["reason"], line.asked) == ("failed", "force_stop", [])


async def test_a_session_that_has_ended_is_not_ended_again(world: World, callers: Callers, line: Line) -> None:
    caller = await caller_of(callers)
    with clock.at(minutes(9)):
        station, number = await running(world)
        await station.stop16(number, at=minutes(5), meter=1500)
        before = await world.session()
        assert await stop(caller, station.id, number) == 406
        assert await stop(caller, station.id, number, {"force": True}) == 406
    assert (await world.session(), line.asked) == (before, [])


async def test_a_session_is_looked_up_within_its_station_and_its_operator(
    world: World, callers: Callers, line: Line
) -> None:
    with clock.at(minutes(9)):
        station, number = await running(world)
        other = await world.station()
        before = await world.session()
        assert await stop(await caller_of(callers), other.id, number) == 404
        assert await stop(await caller_of(callers), station.id, number + 1000) == 404
        assert await stop(await caller_of(callers, operator=8), station.id, number) == 404
    assert (await world.session(), line.asked) == (before, [])
