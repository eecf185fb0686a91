"""Limits, time-outs, silence: how a session ends that its driver does not end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.sessions.engine.kit import OFFLINE, Station, World, marks, minutes, number_of

from gridloom.charging.ocpp.public import Version
from gridloom.kernel import clock

STARTED, STOPPED, UPDATED = "charging.session.started", "charging.session.stopped", "charging.session.updated"
PER_KWH = {"pricePerKwh": 0.5}


async def running(world: World, **columns: Any) -> tuple[Station, int]:
    """A session that was started from afar at noon with a register of 1000 Wh."""
    station = await world.station()
    pending = await world.pending(station, driver_id=await world.driver(), **columns)
    return station, number_of(await station.start16(tag=f"*{pending:07d}"))


def asks(world: World) -> list[str]:
    """What stations were asked."""
    return [action for _, action, _ in world.line.asked]


async def test_a_session_ends_when_it_has_its_energy(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world, stop_energy_kwh=Decimal(2))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=2999)
        await world.settled()
        assert asks(world) == []
        await station.values16(number, at=minutes(10.5), wh=3000)
        await world.settled()
        assert world.line.asked == [(station.id, "RemoteStopTransaction", {"transactionId": number})]
        await station.stop16(number, at=minutes(11), meter=3050, reason="Remote")
    session = await world.session()
    assert (session["status"], session["reason"], session["meter_stop_wh"]) == ("finished", "energy_exceeded", 3050)


async def test_the_lower_limit_of_session_and_tariff_holds(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.price(station, "free", {}, stop_session={"stopWhenEnergyExceedsKwh": 1})
        pending = await world.pending(station, stop_energy_kwh=Decimal(2))
        number = number_of(await station.start16(tag=f"*{pending:07d}"))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=2000)
        await world.settled()
    assert (asks(world), (await world.session())["stopping_for"]) == (["RemoteStopTransaction"], "energy_exceeded")


async def test_a_session_ends_when_the_battery_is_full_enough(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world, stop_soc_percent=Decimal(80))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(9), wh=2000, soc=79)
        await station.values16(number, at=minutes(10), wh=2100, soc=80)
        await world.settled()
    assert (asks(world), (await world.session())["stopping_for"]) == (["RemoteStopTransaction"], "soclimitreached")


async def test_a_session_ends_when_its_time_is_over(world: World) -> None:
    with clock.at(minutes(0)) as now:
        await running(world, stop_minutes=30)
        now.move(timedelta(minutes=29))
        await world.tick()
        assert asks(world) == []
        now.move(timedelta(minutes=1))
        await world.tick()
    assert (asks(world), (await world.session())["stopping_for"]) == (["RemoteStopTransaction"], "time_limit")


async def test_a_session_ends_when_it_has_cost_as_much_as_it_may(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.price(station, "duration+energy", PER_KWH)
        pending = await world.pending(station, stop_amount=Decimal("2.00"))
        number = number_of(await station.start16(tag=f"*{pending:07d}"))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=4900)
        await world.settled()
        await world.tick()
        assert asks(world) == []
        now.move(timedelta(minutes=1))
        await station.values16(number, at=minutes(11), wh=5000)
        world.stops._looked.clear()
        await station.values16(number, at=minutes(11.1), wh=5001)
        await world.settled()
    session = await world.session()
    assert (asks(world), session["stopping_for"]) == (["RemoteStopTransaction"], "authorization_amount_reached")


async def test_the_minutes_look_sees_what_a_session_costs(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.price(station, "duration+energy", {"pricePerPeriod": 1, "pricePeriodInMinutes": 1})
        pending = await world.pending(station, stop_amount=Decimal("4.00"), payment_type="balance")
        await station.start16(tag=f"*{pending:07d}")
        now.move(timedelta(minutes=2))
        await world.tick()
        assert asks(world) == []
        now.move(timedelta(minutes=1, seconds=30))
        await world.tick()
    assert (asks(world), (await world.session())["stopping_for"]) == (["RemoteStopTransaction"], "balance_exceeded")


HOURS = {
    "isAlwaysOpen": False, "stopSessionOutsideWorkingHours": True,
    "hours": {day: [{"start": "08:00", "end": "14:30"}] for day in ("wednesday", "thursday")},
}  # fmt: skip


@pytest.mark.parametrize(("exempt", "stops"), [(False, ["RemoteStopTransaction"]), (True, [])])
async def test_closing_time_ends_a_session_unless_its_group_is_exempt(
    world: World, exempt: bool, stops: list[str]
) -> None:
    # Noon UTC is 14:00 at Brussels.
    with clock.at(minutes(0)) as now:
        driver = await world.driver()
        group = await world.add("user_group", operator_id=7, name="Staff")
        await world.run(
            "INSERT INTO charging.user_group_member (tenant_id, group_id, driver_id) VALUES (:t, :g, :d)",
            t=world.tenant, g=group, d=driver,
        )  # fmt: skip
        location = await world.add(
            "location", operator_id=7, latitude=0, longitude=0, country="BE", timezone="Europe/Brussels",
            working_hours={**HOURS, "alwaysOpenForUserGroupIds": [group] if exempt else []},
        )  # fmt: skip
        station = await world.station(location_id=location)
        pending = await world.pending(station, driver_id=driver)
        await station.start16(tag=f"*{pending:07d}")
        now.move(timedelta(minutes=29))
        await world.tick()
        assert asks(world) == []
        now.move(timedelta(minutes=1))
        await world.tick()
    assert asks(world) == stops
    assert (await world.session())["stopping_for"] == ("working_hours_exceeded" if stops else None)


async def test_a_station_that_goes_on_is_asked_again_after_a_minute_and_not_before(world: World) -> None:
    with clock.at(minutes(0)) as now:
        world.line.outcome = OFFLINE
        station, number = await running(world, stop_energy_kwh=Decimal(1))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=3000)
        await station.values16(number, at=minutes(10.2), wh=3100)
        await world.tick()
        assert len(asks(world)) == 1
        now.move(timedelta(seconds=61))
        await world.tick()
        assert len(asks(world)) == 2
        now.move(timedelta(seconds=61))
        await station.values16(number, at=minutes(12), wh=3400)
        await world.settled()
        assert len(asks(world)) == 3


async def test_a_reason_that_says_more_than_ours_is_kept(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world, stop_energy_kwh=Decimal(1))
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=3000)
        await station.stop16(number, at=minutes(10), meter=3000, reason="EmergencyStop")
    assert (await world.session())["reason"] == "emergencystop"


async def test_a_remote_start_expires_after_the_time_that_the_station_waits(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.run(
            "INSERT INTO charging.configuration_variable (tenant_id, charge_point_id, name, value, at) "
            "VALUES (:t, :s, 'ConnectionTimeOut', '300', now())", t=world.tenant, s=station.id,
        )  # fmt: skip
        await world.pending(station)
        now.move(timedelta(seconds=310))
        await world.tick()
        assert (await world.session())["status"] == "pending"
        now.move(timedelta(seconds=10))
        told = len(world.events)
        await world.tick()
    session = await world.session()
    assert (session["status"], session["reason"]) == ("expired", "timeout")
    assert [each.name for each in world.events[told:]] == [UPDATED]


async def test_a_remote_start_without_a_car_says_so(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        await world.run("UPDATE charging.evse SET hardware_status = 'available'")
        await world.pending(station)
        now.move(timedelta(seconds=136))
        await world.tick()
    assert (await world.session())["reason"] == "ev_not_connected_to_evse"


async def test_a_silent_session_of_a_station_that_is_gone_is_closed_with_what_is_known(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        now.move(timedelta(minutes=20))
        await station.values16(number, at=minutes(20), wh=5000)
        now.move(timedelta(hours=23, minutes=59))
        await world.tick()
        assert (await world.session())["status"] == "active"
        now.move(timedelta(minutes=1))
        await world.tick()
    session = await world.session()
    assert (session["status"], session["reason"]) == ("finished", "charge_point_timeout")
    assert (session["stopped_at"], session["meter_stop_wh"]) == (minutes(20), 5000)


async def test_a_silent_session_of_a_station_that_is_there_goes_on(world: World) -> None:
    with clock.at(minutes(0)) as now:
        await running(world)
        await world.run("UPDATE charging.charge_point SET network_status = 'available'")
        now.move(timedelta(hours=30))
        await world.tick()
    assert (await world.session())["status"] == "active"


async def silent(world: World, now: Any) -> tuple[Station, int]:
    """A session that was closed after a day of silence, at minute 20 with 5000 Wh."""
    station, number = await running(world)
    now.move(timedelta(minutes=20))
    await station.values16(number, at=minutes(20), wh=5000)
    now.move(timedelta(hours=25))
    await world.tick()
    return station, number


async def test_later_values_open_a_session_that_goes_on_from_there(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await silent(world, now)
        await station.values16(number, at=minutes(40), wh=7000)
        await station.values16(number, at=minutes(60), wh=9000)
        await station.stop16(number, at=minutes(70), meter=9500, reason="EVDisconnected")
        before = await world.sessions()
        await station.stop16(number, at=minutes(70), meter=9500, reason="EVDisconnected")
        assert await world.sessions() == before
    old, new = await world.sessions()
    assert (old["extended_by_session_id"], new["original_session_id"]) == (new["id"], old["id"])
    assert (old["meter_start_wh"], old["meter_stop_wh"], old["stopped_at"]) == (1000, 5000, minutes(20))
    assert (new["meter_start_wh"], new["meter_stop_wh"], new["started_at"]) == (5000, 9500, minutes(20))
    assert (new["status"], new["reason"], new["driver_id"]) == ("finished", "evdisconnected", old["driver_id"])
    assert (old["billing_status"], new["billing_status"]) == ("completed", "completed")
    assert marks(old) == marks(new) == []
    assert world.told(STARTED, STOPPED) == [STARTED, STOPPED, STARTED, STOPPED]


async def test_a_stop_alone_opens_and_ends_the_session_that_goes_on(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await silent(world, now)
        await station.stop16(number, at=minutes(70), meter=9500)
    old, new = await world.sessions()
    assert (old["meter_stop_wh"], new["meter_start_wh"], new["meter_stop_wh"]) == (5000, 5000, 9500)
    assert (new["status"], new["stopped_at"]) == ("finished", minutes(70))


async def test_late_values_of_the_first_part_stay_with_it(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await silent(world, now)
        await station.values16(number, at=minutes(10), wh=4000)
        assert len(await world.sessions()) == 1
        await station.values16(number, at=minutes(40), wh=7000)
        await station.values16(number, at=minutes(15), wh=4500)
    old, new = await world.sessions()
    assert (old["meter_stop_wh"], new["meter_start_wh"], new["meter_wh"], new["started_at"]) == (
        5000,
        5000,
        7000,
        minutes(20),
    )


async def test_an_end_without_a_beginning_is_a_session_of_nobody_after_ten_minutes(world: World) -> None:
    with clock.at(minutes(30)) as now:
        station = await world.station(version=Version.V201)
        await station.event("Updated", at=minutes(10), wh=3000)
        await station.event("Ended", at=minutes(30), wh=6500, reason="EVDisconnected")
        now.move(timedelta(minutes=9))
        await world.tick()
        assert (await world.session())["status"] == "pending"
        now.move(timedelta(minutes=1))
        await world.tick()
    session = await world.session()
    assert (session["status"], session["reason"], session["driver_id"]) == ("finished", "evdisconnected", None)
    assert (session["started_at"], session["stopped_at"], session["meter_start_wh"], session["meter_stop_wh"]) == (
        minutes(10), minutes(30), 3000, 6500,
    )  # fmt: skip
    assert world.told(STARTED, STOPPED) == [STARTED, STOPPED]


async def test_a_car_that_was_plugged_in_and_out_leaves_an_expired_session(world: World) -> None:
    with clock.at(minutes(5)) as now:
        station = await world.station(version=Version.V201)
        await station.event("Started", at=minutes(0), wh=1000, trigger="CablePluggedIn")
        await station.event("Ended", at=minutes(5), wh=1000, reason="EVDisconnected")
        now.move(timedelta(minutes=10))
        await world.tick()
    session = await world.session()
    assert (session["status"], session["billing_status"]) == ("expired", None)
    assert STARTED not in world.told()


async def test_a_station_that_charges_before_anybody_may_is_asked_to_stop(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station(version=Version.V201)
        await station.event("Started", at=minutes(0), wh=1000, trigger="CablePluggedIn")
        now.move(timedelta(minutes=5))
        await station.event("Updated", at=minutes(5), wh=2000)
        await world.tick()
    assert asks(world) == ["RequestStopTransaction"]


async def test_what_goes_wrong_with_one_session_hinders_no_other(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station(evses=2)
        await world.pending(station, evse=0)
        await world.pending(station, evse=1)
        # A reason that no row can hold makes the first one fail.
        await world.run(
            "UPDATE charging.session SET randomised_delay_s = 2000000000 WHERE id = (SELECT min(id) FROM charging.session)"
        )
        now.move(timedelta(minutes=10))
        await world.tick()
    first, second = await world.sessions()
    assert (first["status"], second["status"]) == ("pending", "expired")


async def free(world: World, at: float) -> None:
    """The station says that nobody is at its EVSE."""
    await world.run("UPDATE charging.evse SET hardware_status = 'available', hardware_status_at = :at", at=minutes(at))


async def test_a_session_whose_evse_is_free_again_ends_and_the_stations_own_stop_still_counts(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        now.move(timedelta(minutes=10))
        await station.values16(number, at=minutes(10), wh=3000)
        await free(world, 12)
        now.move(timedelta(minutes=3))
        await world.tick()
        assert (await world.session())["status"] == "active"
        now.move(timedelta(minutes=1))
        await world.tick()
        ended = await world.session()
        assert (ended["status"], ended["reason"], ended["meter_stop_wh"]) == ("finished", "charge_point_timeout", 3000)
        assert (ended["stopped_at"], asks(world)) == (minutes(10), [])
        await station.stop16(number, at=minutes(11), meter=3100, reason="PowerLoss")
    (last,) = [each for each in await world.sessions() if each["extended_by_session_id"] is None]
    total = sum(each["meter_stop_wh"] - each["meter_start_wh"] for each in await world.sessions())
    assert (last["status"], total) == ("finished", 2100)


async def test_values_after_the_word_that_an_evse_is_free_keep_its_session_running(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station, number = await running(world)
        await free(world, 5)
        now.move(timedelta(minutes=8))
        await station.values16(number, at=minutes(7), wh=3000)
        await world.tick()
    assert (await world.session())["status"] == "active"
