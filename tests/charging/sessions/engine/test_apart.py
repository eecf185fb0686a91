"""What is told for one session never counts for another, whatever clocks and registers a station has."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.sessions.engine.kit import NOON, Station, World, marks, minutes, number_of, status_of

from gridloom.charging.ocpp.public import Version
from gridloom.charging.sessions.curves import curves
from gridloom.kernel import clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_KWH = {"pricePerKwh": 1}
STOP_ASKED = "RemoteStopTransaction"


async def quay(world: World, **more: Any) -> Station:
    """A station at which a kilowatt-hour costs 1, and a card."""
    station = await world.station(**more)
    await world.price(station, "duration+energy", PER_KWH)
    await world.tag("CARD", await world.driver())
    return station


def delivered(session: Any) -> Decimal:
    """Wh."""
    return Decimal(session["meter_stop_wh"] - session["meter_start_wh"])


async def test_a_station_without_a_clock_loses_no_session(world: World) -> None:
    numbers = []
    with clock.at(minutes(0)) as now:
        station = await quay(world)
        for stop in (5000, 7000, 9000):
            number = number_of(await station.start16(at=EPOCH, meter=0))
            now.move(timedelta(minutes=20))
            await station.stop16(number, at=EPOCH, meter=stop)
            numbers.append(number)
    sessions = await world.sessions()
    assert [each["id"] for each in sessions] == numbers
    assert [delivered(each) for each in sessions] == [5000, 7000, 9000]
    assert [each["started_at"] for each in sessions] == [minutes(0), minutes(20), minutes(40)]
    assert [each["total_with_tax"] for each in sessions] == [5, 7, 9]
    assert {tuple(marks(each)) for each in sessions} == {("clock", "clock")}


async def test_sessions_without_a_clock_may_all_begin_and_end_at_one_instant(world: World) -> None:
    with clock.at(minutes(0)):
        station = await quay(world)
        for stop in (50, 70):
            await station.stop16(number_of(await station.start16(at=EPOCH, meter=0)), at=EPOCH, meter=stop)
    assert [each["meter_stop_wh"] for each in await world.sessions()] == [50, 70]


async def test_a_start_without_a_clock_that_comes_again_gets_its_number_again(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await quay(world)
        first = await station.start16(at=EPOCH, meter=0)
        now.move(timedelta(minutes=3))
        assert await station.start16(at=EPOCH, meter=0) == first
        now.move(timedelta(minutes=30))
        assert await station.start16(at=EPOCH, meter=0) == first
    assert len(await world.sessions()) == 1


async def test_a_start_without_a_clock_after_energy_has_flowed_is_another_session(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await quay(world)
        first = number_of(await station.start16(at=EPOCH, meter=0))
        now.move(timedelta(minutes=20))
        await station.values16(first, at=EPOCH, wh=5000)
        now.move(timedelta(minutes=20))
        second = number_of(await station.start16(at=EPOCH, meter=0))
        now.move(timedelta(minutes=10))
        await station.stop16(second, at=EPOCH, meter=3000)
    old, new = await world.sessions()
    assert (delivered(old), old["reason"], delivered(new)) == (5000, "new_start_transaction_received", 3000)


@pytest.mark.parametrize(("status", "word"), [("enabled", "Accepted"), ("disabled", "Blocked")])
async def test_an_old_start_that_comes_again_is_answered_by_what_holds_for_its_card_now(
    world: World, status: str, word: str
) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        number = number_of(await station.start16())
        await station.stop16(number, at=minutes(30), meter=2000)
        await world.run("UPDATE charging.id_tag SET status = :status", status=status)
        before, told = await world.sessions(), world.told()
        answer = await station.start16()
        assert (number_of(answer), status_of(answer)) == (number, word)
        assert (await world.sessions(), world.told()) == (before, told)
    assert len(await world.rows("SELECT id FROM charging.authorization")) == 1


async def test_a_disabled_card_starts_nothing_by_a_clock_that_stands(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        await station.stop16(number_of(await station.start16(at=EPOCH, meter=0)), at=EPOCH, meter=2000)
        await world.run("UPDATE charging.id_tag SET status = 'disabled'")
        assert status_of(await station.start16(at=EPOCH, meter=0)) == "Blocked"
    assert [each["status"] for each in await world.sessions()] == ["finished", "failed"]


async def test_a_finished_transaction_of_2_0_1_answers_a_disabled_card_likewise(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world, version=Version.V201)
        await station.event("Started", at=minutes(0), wh=0, token="CARD", sequence=0)
        await station.event("Ended", at=minutes(30), wh=2000, sequence=1)
        await world.run("UPDATE charging.id_tag SET status = 'disabled'")
        before = await world.session()
        answer = await station.event("Started", at=minutes(0), wh=0, token="CARD", sequence=0)
        assert status_of(answer) == "Blocked"
        assert (await world.session())["total_with_tax"] == before["total_with_tax"] == 2


async def test_a_late_value_of_the_session_before_is_not_billed_to_the_next(world: World) -> None:
    with clock.at(minutes(10)):
        station = await quay(world)
        old = number_of(await station.start16(at=minutes(0), meter=0))
        await station.stop16(old, at=minutes(2), meter=6000)
        new = number_of(await station.start16(at=minutes(2.2), meter=0))
        await station.values16(old, at=minutes(2.4), wh=6000)
        running = (await world.sessions())[1]
        await station.stop16(new, at=minutes(4), meter=100)
    first, second = await world.sessions()
    assert (delivered(first), first["total_with_tax"]) == (6000, 6)
    assert (delivered(second), second["total_with_tax"]) == (100, Decimal("0.1"))
    assert (running["meter_wh"], marks(second)) == (0, [])
    assert await world.readings(station.evses[0]) == []
    (kept,) = await world.rows("SELECT session_id, value FROM charging.session_value")
    assert (kept["session_id"], kept["value"]) == (old, 6000)


async def test_a_late_value_of_another_transaction_is_not_billed_on_2_0_1(world: World) -> None:
    with clock.at(minutes(10)):
        station = await quay(world, version=Version.V201)
        await station.event("Started", at=minutes(0), name="a", wh=0, token="CARD")
        await station.event("Ended", at=minutes(2), name="a", wh=6000)
        await station.event("Started", at=minutes(2.2), name="b", wh=0, token="CARD")
        await station.event("Updated", at=minutes(2.4), name="a", wh=6000)
        await station.event("Updated", at=minutes(3), name="b", wh=50)
        await station.event("Ended", at=minutes(4), name="b", wh=100)
    assert [delivered(each) for each in await world.sessions()] == [6000, 100]


async def test_a_session_of_a_clock_that_is_slow_sees_nothing_of_the_one_before(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        first = number_of(await station.start16(at=minutes(10), meter=0))
        await station.values16(first, at=minutes(18), wh=7500)
        await station.stop16(first, at=minutes(20), meter=8000)
        second = number_of(await station.start16(at=minutes(0), meter=0))
        await station.values16(second, at=minutes(15), wh=900, power=3000)
        await station.stop16(second, at=minutes(60), meter=2000)
        # The first one is billed again, and sees nothing of the second either.
        await station.values16(first, at=minutes(12), wh=1000)
    one, two = await world.sessions()
    assert (delivered(one), one["total_with_tax"], one["peak_power_w"]) == (8000, 8, None)
    assert (delivered(two), two["total_with_tax"], two["peak_power_w"]) == (2000, 2, 3000)
    assert marks(one) == marks(two) == []
    assert await world.readings(station.evses[0]) == [(minutes(12), 1000.0), (minutes(18), 7500.0)]
    rows = await world.rows("SELECT s.*, NULL AS max_power_w FROM charging.session s")
    async with world.database.tenant(world.tenant, read_only=True) as tx:
        lines = await curves(tx, rows)
    assert [(each.at, each.energy_wh) for each in lines[second].readings] == [
        (minutes(0), 0), (minutes(15), 900), (minutes(60), 2000),
    ]  # fmt: skip
    assert [each.energy_wh for each in lines[first].readings] == [0, 1000, 7500, 8000]


async def test_a_start_of_last_year_is_suspect_and_billed_for_its_own_energy(world: World) -> None:
    with clock.at(minutes(120)):
        station = await quay(world)
        for place in (0, 40):
            number = number_of(await station.start16(at=minutes(place), meter=0))
            await station.values16(number, at=minutes(place + 10), wh=9000)
            await station.stop16(number, at=minutes(place + 20), meter=10_000)
        number = number_of(await station.start16(at=NOON - timedelta(days=360), meter=0))
        await station.stop16(number, at=minutes(119), meter=2000)
    sessions = await world.sessions()
    assert [delivered(each) for each in sessions] == [10_000, 10_000, 2000]
    assert [each["total_with_tax"] for each in sessions] == [10, 10, 2]
    assert [marks(each) for each in sessions] == [[], [], ["start_behind"]]


async def test_a_replay_of_last_week_at_an_evse_that_is_new_is_not_suspect(world: World) -> None:
    with clock.at(minutes(60 * 24 * 7)):
        station = await quay(world)
        await station.stop16(number_of(await station.start16(meter=0)), at=minutes(20), meter=2000)
    session = await world.session()
    assert (delivered(session), marks(session)) == (2000, [])


async def test_values_without_a_transaction_are_of_whoever_charged_at_their_instant(world: World) -> None:
    with clock.at(minutes(120)):
        station = await quay(world)
        await world.tag("OTHER", await world.driver())
        await station.start16(at=minutes(60), meter=0)
        # Replayed: it ran before, and nobody has told of its end.
        await station.start16(at=minutes(0), meter=0, tag="OTHER")
        await station.values16(None, at=minutes(90), wh=700)
        await station.values16(None, at=minutes(30), wh=300)
    newer, older = await world.sessions()
    assert (newer["meter_wh"], older["meter_wh"]) == (700, 300)


async def test_the_own_stop_of_a_session_that_we_ended_brings_back_its_values_and_takes_none(world: World) -> None:
    with clock.at(minutes(120)):
        station = await quay(world)
        first = number_of(await station.start16(at=minutes(0), meter=0))
        await station.values16(first, at=minutes(20), wh=2000)
        second = number_of(await station.start16(at=minutes(40), meter=0))
        await station.values16(second, at=minutes(45), wh=9000)
        await station.values16(first, at=minutes(50), wh=4000, power=5000)
        await station.stop16(first, at=minutes(60), meter=9500)
        await station.stop16(second, at=minutes(70), meter=9900)
    one, two = await world.sessions()
    assert (delivered(one), one["peak_power_w"], delivered(two), two["peak_power_w"]) == (9500, 5000, 9900, None)
    async with world.database.tenant(world.tenant, read_only=True) as tx:
        lines = await curves(tx, [{**each, "max_power_w": None} for each in (one, two)])
    assert [each.energy_wh for each in lines[first].readings] == [0, 2000, 4000, 9500]
    assert [each.energy_wh for each in lines[second].readings] == [0, 9000, 9900]


async def test_a_session_that_goes_on_after_another_has_begun_takes_nothing_of_it(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await quay(world)
        first = number_of(await station.start16(meter=0))
        now.move(timedelta(minutes=20))
        await station.values16(first, at=minutes(20), wh=5000)
        now.move(timedelta(hours=25))
        await world.tick()
        second = number_of(await station.start16(at=clock.now(), meter=0))
        begun = clock.now()
        now.move(timedelta(minutes=10))
        await station.values16(second, at=clock.now(), wh=8000)
        await station.stop16(first, at=begun + timedelta(minutes=20), meter=5500)
    old, new, on = await world.sessions()
    assert (delivered(old), delivered(on), new["meter_wh"]) == (5000, 500, 8000)
    assert old["extended_by_session_id"] == on["id"]
    assert (on["total_with_tax"], marks(on)) == (Decimal("0.5"), [])


async def test_a_value_before_its_start_moves_no_register_of_it(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        number = number_of(await station.start16(at=minutes(4), meter=0))
        await station.values16(number, at=minutes(1), wh=493, power=7000)
        running = await world.session()
        await station.stop16(number, at=minutes(30), meter=493)
    session = await world.session()
    assert (running["meter_wh"], running["peak_power_w"]) == (0, None)
    assert (delivered(session), session["peak_power_w"], marks(session)) == (493, None, [])


async def test_a_stop_below_its_start_does_not_win_over_values(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        number = number_of(await station.start16(meter=1000))
        await station.values16(number, at=minutes(10), wh=3000)
        await station.stop16(number, at=minutes(30), meter=0)
    session = await world.session()
    assert (delivered(session), marks(session)) == (2000, ["register_falls"])


async def test_what_a_refused_session_delivers_is_shown_and_never_billed(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        answer = await station.start16(at=minutes(10), meter=0, tag="NOBODY")
        await station.values16(number_of(answer), at=minutes(20), wh=4000)
        await world.settled()
        asked = [action for _, action, _ in world.line.asked]
        await station.stop16(number_of(answer), at=minutes(30), meter=6000)
        await station.values16(number_of(answer), at=minutes(25), wh=5000, power=9000)
        await world.tick()
    session = await world.session()
    assert (status_of(answer), session["status"], session["reason"]) == ("Invalid", "failed", "authorization_failed")
    assert (delivered(session), session["peak_power_w"], session["stopped_at"]) == (6000, 9000, minutes(30))
    assert (session["billing_status"], session["total_with_tax"]) == (None, None)
    assert asked == [STOP_ASKED]
    assert await world.rows("SELECT id FROM charging.session_period") == []


async def test_what_a_refused_session_delivers_is_in_nobody_elses_bill(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world)
        refused = number_of(await station.start16(at=minutes(10), meter=0, tag="NOBODY"))
        welcome = number_of(await station.start16(at=minutes(20), meter=0))
        await station.values16(refused, at=minutes(25), wh=4000)
        await station.stop16(welcome, at=minutes(30), meter=5000)
        await station.stop16(refused, at=minutes(40), meter=6000)
    first, second = await world.sessions()
    assert (delivered(first), first["total_with_tax"]) == (6000, None)
    assert (delivered(second), second["total_with_tax"]) == (5000, 5)
    assert await world.readings(station.evses[0]) == []


async def test_what_a_refused_transaction_of_2_0_1_delivers_is_shown_and_never_billed(world: World) -> None:
    with clock.at(minutes(60)):
        station = await quay(world, version=Version.V201)
        await station.event("Started", at=minutes(10), wh=0, token="NOBODY")
        await station.event("Updated", at=minutes(20), wh=4000)
        await world.settled()
        asked = [action for _, action, _ in world.line.asked]
        await station.event("Ended", at=minutes(30), wh=6000)
    session = await world.session()
    assert (session["status"], delivered(session), session["meter_stop_wh"]) == ("failed", 6000, 6000)
    assert (session["billing_status"], session["total_with_tax"]) == (None, None)
    assert asked == ["RequestStopTransaction"]
