"""Stations that repeat themselves, forget, and tell what cannot be: kept and marked, neither dropped nor trusted."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.charging.sessions.engine.kit import NOON, World, marks, meter16, minutes, number_of, status_of

from gridloom.charging.ocpp.public import Version
from gridloom.kernel import clock

UPDATED = "charging.session.updated"


async def test_a_new_start_ends_what_runs_there_with_the_last_that_was_told(world: World) -> None:
    with clock.at(minutes(300)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await world.tag("OTHER", await world.driver())
        first = number_of(await station.start16(meter=1000))
        await station.values16(first, at=minutes(40), wh=4000)
        answer = await station.start16(at=minutes(240), meter=5000, tag="OTHER")
    old, new = await world.sessions()
    assert (old["status"], old["reason"]) == ("finished", "new_start_transaction_received")
    assert (old["stopped_at"], old["meter_stop_wh"]) == (minutes(40), 4000)
    assert marks(old) == ["no_stop"]
    assert (status_of(answer), new["status"], new["started_at"]) == ("Accepted", "active", minutes(240))


async def test_a_session_without_values_ends_with_the_register_of_the_new_start(world: World) -> None:
    with clock.at(minutes(300)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await world.tag("OTHER", await world.driver())
        await station.start16(meter=1000)
        await station.start16(at=minutes(240), meter=5000, tag="OTHER")
    old, _ = await world.sessions()
    assert (old["stopped_at"], old["meter_stop_wh"]) == (minutes(240), 5000)


async def test_the_stations_own_stop_corrects_the_end_that_we_gave_it(world: World) -> None:
    with clock.at(minutes(300)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await world.tag("OTHER", await world.driver())
        first = number_of(await station.start16(meter=1000))
        await station.values16(first, at=minutes(40), wh=4000)
        await station.start16(at=minutes(240), meter=5000, tag="OTHER")
        await station.stop16(first, at=minutes(60), meter=4800)
    old, new = await world.sessions()
    assert (old["stopped_at"], old["meter_stop_wh"], old["reason"]) == (
        minutes(60), 4800, "new_start_transaction_received",
    )  # fmt: skip
    (period,) = await world.rows("SELECT * FROM charging.session_period WHERE session_id = :id", id=old["id"])
    assert (period["stopped_at"], period["energy_wh"]) == (minutes(60), 3800)
    assert new["status"] == "active"


async def test_a_replayed_older_start_ends_nothing(world: World) -> None:
    with clock.at(minutes(300)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await world.tag("OTHER", await world.driver())
        await station.start16(at=minutes(100), meter=5000)
        await station.start16(at=minutes(0), meter=1000, tag="OTHER")
    newer, older = await world.sessions()
    assert (newer["status"], older["status"], older["started_at"]) == ("active", "active", minutes(0))


@pytest.mark.parametrize("number", [-1, 0, 4_000_000])
async def test_a_stop_that_ends_nothing_is_kept_once_and_answered(world: World, number: int) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        assert await station.stop16(number, at=minutes(30), meter=6500) == {}
        assert await station.stop16(number, at=minutes(30), meter=6500) == {}
    assert await world.sessions() == []
    (stray,) = await world.rows("SELECT * FROM charging.stray")
    assert (stray["why"], stray["transaction_id"]) == ("unknown_transaction", str(number))
    assert stray["payload"]["meterStop"] == 6500


async def test_a_station_cannot_stop_the_session_of_another(world: World) -> None:
    with clock.at(minutes(60)):
        station, foreign = await world.station(), await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16())
        before = await world.session()
        assert await foreign.stop16(number, at=minutes(30), meter=6500) == {}
        await foreign.values16(number, at=minutes(30), wh=9000)
        assert await world.session() == before
    strays = await world.rows("SELECT charge_point_id, action FROM charging.stray ORDER BY action")
    assert [(each["charge_point_id"], each["action"]) for each in strays] == [
        (foreign.id, "MeterValues"), (foreign.id, "StopTransaction"),
    ]  # fmt: skip


async def test_a_stop_without_a_number_makes_the_only_running_session_suspect(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await station.start16()
        await station.stop16(-1, at=minutes(30), meter=6500)
    session = await world.session()
    assert (session["status"], marks(session)) == ("active", ["stop_without_number"])
    assert session["suspect"][0]["detail"] == {"told_wh": "6500"}


async def test_another_stop_of_a_stopped_session_is_not_trusted(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16())
        await station.stop16(number, at=minutes(30), meter=6500)
        await station.stop16(number, at=minutes(40), meter=9500)
    session = await world.session()
    assert (session["stopped_at"], session["meter_stop_wh"], marks(session)) == (minutes(30), 6500, ["other_stop"])


async def test_a_clock_that_cannot_be_is_replaced_by_that_of_the_receipt(world: World) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(at=epoch, meter=1000))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=epoch + timedelta(minutes=10), wh=2000)
        now.move(timedelta(minutes=20))
        await station.stop16(number, at=NOON + timedelta(days=3), meter=3000)
    session = await world.session()
    assert (session["started_at"], session["stopped_at"]) == (minutes(0), minutes(30))
    assert await world.readings(station.evses[0]) == [(minutes(10), 2000.0)]
    assert set(marks(session)) == {"clock"}
    assert len(marks(session)) == 3


async def test_a_stop_before_the_start_is_as_of_its_receipt(world: World) -> None:
    with clock.at(minutes(45)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(at=minutes(10)))
        await station.stop16(number, at=minutes(5), meter=2000)
    session = await world.session()
    assert (session["stopped_at"], marks(session)) == (minutes(45), ["clock"])


async def test_a_register_that_falls_keeps_the_last_good_value_until_the_stop_says_less(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        await station.values16(number, at=minutes(10), wh=5000)
        await station.values16(number, at=minutes(20), wh=4000)
        running = await world.session()
        await station.stop16(number, at=minutes(30), meter=4500)
    assert (running["meter_wh"], marks(running)) == (5000, ["register_falls"])
    session = await world.session()
    assert (session["meter_stop_wh"], session["reported_stop_wh"]) == (4500, 4500)
    assert [(each["what"], each["detail"]["told_wh"]) for each in session["suspect"]] == [
        ("register_over_stop", "5000.0"),
    ]  # fmt: skip
    assert await world.readings(station.evses[0]) == [(minutes(10), 5000.0), (minutes(20), 4000.0)]


async def test_a_register_that_leaps_is_left_out(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.run("UPDATE charging.evse SET max_power_w = 22000")
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        await station.values16(number, at=minutes(10), wh=3000)
        await station.values16(number, at=minutes(15), wh=9_999_999)
        running = await world.session()
        await station.values16(number, at=minutes(20), wh=5000)
        await station.stop16(number, at=minutes(30), meter=6500)
    assert running["meter_wh"] == 3000
    session = await world.session()
    assert (session["meter_stop_wh"], session["meter_wh"], marks(session)) == (6500, 6500, ["register_leaps"])


async def test_values_for_another_connector_are_kept_and_not_trusted(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station(evses=2)
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        await station.values16(number, at=minutes(10), connector=2, wh=9000)
    session = await world.session()
    assert (session["meter_wh"], marks(session)) == (1000, ["other_evse"])
    assert await world.readings(station.evses[0]) == await world.readings(station.evses[1]) == []
    (stray,) = await world.rows("SELECT * FROM charging.stray")
    assert (stray["why"], stray["payload"]["connectorId"]) == ("other_evse", 2)


async def test_a_start_at_an_unknown_connector_is_refused_and_kept(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        answer = await station.start16(connector=9)
    assert (status_of(answer), answer["transactionId"]) == ("Invalid", 0)
    assert await world.sessions() == []
    assert [each["why"] for each in await world.rows("SELECT why FROM charging.stray")] == ["unknown_connector"]


async def test_values_without_a_transaction_belong_to_whoever_charges_there(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station(evses=2)
        await world.tag("CARD", await world.driver())
        await station.start16(meter=1000)
        await station.values16(None, at=minutes(10), wh=3000)
        await station.values16(-1, at=minutes(20), wh=4000)
        await station.values16(None, at=minutes(20), connector=0, wh=99_000)
        await station.values16(None, at=minutes(20), connector=2, wh=77_000)
    session = await world.session()
    assert (session["meter_wh"], session["metered_at"]) == (4000, minutes(20))
    assert await world.readings(station.evses[1]) == [(minutes(20), 77_000.0)]


async def test_values_of_last_week_bill_the_session_again(world: World) -> None:
    with clock.at(minutes(60)) as now:
        station = await world.station()
        await world.price(station, "average power levels", {
            "averagePowerLevels": [
                {"averagePowerUpToKw": 11, "pricePerMinute": 0.1}, {"averagePowerUpToKw": 50, "pricePerMinute": 0.2},
            ]
        })  # fmt: skip
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        await station.stop16(number, at=minutes(30), meter=7000)
        before = await world.session()
        told = len(world.events)
        now.move(timedelta(days=7))
        values = [meter16(minutes(place), 1000 + 200 * place, 12_000) for place in (10, 20)]
        payload = {"connectorId": 1, "transactionId": number, "meterValue": values}
        await station.say("MeterValues", payload)
    assert before["peak_power_w"] is None
    session = await world.session()
    assert (session["peak_power_w"], session["meter_stop_wh"], session["billing_status"]) == (12_000, 7000, "completed")
    assert [each.name for each in world.events[told:]] == [UPDATED]
    assert marks(session) == []


async def test_an_event_that_names_no_evse_waits_for_one_that_does(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station(evses=2, version=Version.V201)
        await world.tag("CARD", await world.driver())
        await station.event("Updated", at=minutes(10), evse=None, wh=3000)
        assert await world.sessions() == []
        await station.event("Started", at=minutes(0), evse=2, wh=1000, token="CARD")
        assert await world.rows("SELECT * FROM charging.stray") == []
    session = await world.session()
    assert (session["evse_id"], session["meter_wh"], session["status"]) == (station.evses[1], 3000, "active")


async def test_two_values_of_one_instant_count_the_same_in_any_order(world: World) -> None:
    with clock.at(minutes(60)):
        station = await world.station(evses=2)
        await world.tag("A", await world.driver())
        await world.tag("B", await world.driver())
        for connector, tag, told in ((1, "A", (3000, 3100)), (2, "B", (3100, 3000))):
            number = number_of(await station.start16(meter=1000, tag=tag, connector=connector))
            for wh in told:
                await station.values16(number, at=minutes(10), connector=connector, wh=wh)
            await station.stop16(number, at=minutes(30), meter=3100)
    first, second = await world.sessions()
    assert first["meter_stop_wh"] == second["meter_stop_wh"] == Decimal(3100)
    # The last twenty minutes brought nothing: 3100 counts at minute 10.
    assert first["power_w"] == second["power_w"] == 0
    assert marks(first) == marks(second)
