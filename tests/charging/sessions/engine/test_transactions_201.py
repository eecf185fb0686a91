"""TransactionEvent of 2.0.1."""

from decimal import Decimal

from tests.charging.sessions.engine.kit import World, minutes, status_of

from gridloom.charging.ocpp.public import Version
from gridloom.kernel import clock

STARTED, STOPPED = "charging.session.started", "charging.session.stopped"


async def test_a_driver_charges_and_stops(world: World) -> None:
    with clock.at(minutes(120)):
        station = await world.station(version=Version.V201)
        driver = await world.driver()
        await world.tag("CARD", driver)
        answer = await station.event(
            "Started", at=minutes(0), wh=1000, state="Charging", token="CARD", trigger="Authorized"
        )
        assert status_of(answer) == "Accepted"
        assert await station.event("Updated", at=minutes(10), wh=3000, power=11000, soc=40, state="Charging") == {}
        assert await station.event("Updated", at=minutes(20), wh=5000, power=0, soc=50, state="SuspendedEV") == {}
        answer = await station.event("Ended", at=minutes(30), wh=6500, reason="EVDisconnected", trigger="EVDeparted")
        assert answer == {}
    session = await world.session()
    assert (session["status"], session["reason"]) == ("finished", "evdisconnected")
    assert (session["started_at"], session["stopped_at"]) == (minutes(0), minutes(30))
    assert (session["meter_start_wh"], session["meter_stop_wh"]) == (1000, 6500)
    assert (session["driver_id"], session["transaction_id"]) == (driver, "tx-1")
    assert session["billing_status"] == "completed"
    assert session["suspect"] == []
    assert world.told(STARTED, STOPPED) == [STARTED, STOPPED]
    periods = await world.rows("SELECT charging_state, energy_wh FROM charging.session_period ORDER BY position")
    assert [(each["charging_state"], each["energy_wh"]) for each in periods] == [
        ("charging", Decimal(4000)), ("idle", Decimal(1500)),
    ]  # fmt: skip


async def test_events_that_come_before_their_beginning_are_kept(world: World) -> None:
    with clock.at(minutes(40)):
        station = await world.station(version=Version.V201)
        driver = await world.driver()
        await world.tag("CARD", driver)
        await station.event("Ended", at=minutes(30), wh=6500, reason="Local", sequence=3)
        await station.event("Updated", at=minutes(10), wh=3000, sequence=1)
        session = await world.session()
        assert (session["status"], session["started_at"]) == ("pending", minutes(10))
        assert STARTED not in world.told()
        answer = await station.event("Started", at=minutes(0), wh=1000, token="CARD", sequence=0)
    assert status_of(answer) == "Accepted"
    session = await world.session()
    assert (session["status"], session["reason"], session["driver_id"]) == ("finished", "local", driver)
    assert (session["started_at"], session["stopped_at"]) == (minutes(0), minutes(30))
    assert (session["meter_start_wh"], session["meter_stop_wh"]) == (1000, 6500)
    assert world.told(STARTED, STOPPED) == [STARTED, STOPPED]


async def test_a_refused_token_fails_the_session_and_stops_it_when_it_charges_all_the_same(world: World) -> None:
    with clock.at(minutes(40)):
        station = await world.station(version=Version.V201)
        answer = await station.event("Started", at=minutes(0), wh=1000, token="STRANGER")
        assert status_of(answer) == "Invalid"
        await station.event("Updated", at=minutes(1), wh=1100, state="Charging")
        await world.settled()
    session = await world.session()
    assert (session["status"], session["reason"]) == ("failed", "authorization_failed")
    assert world.line.asked == [(station.id, "RequestStopTransaction", {"transactionId": "tx-1"})]


async def test_a_transaction_that_begins_with_the_cable_waits_for_the_driver(world: World) -> None:
    with clock.at(minutes(40)):
        station = await world.station(version=Version.V201)
        await world.tag("CARD", await world.driver())
        assert (
            await station.event("Started", at=minutes(0), wh=1000, state="EVConnected", trigger="CablePluggedIn") == {}
        )
        assert (await world.session())["status"] == "pending"
        answer = await station.event("Updated", at=minutes(1), token="CARD", trigger="Authorized")
        assert status_of(answer) == "Accepted"
        session = await world.session()
    assert (session["status"], session["started_at"], session["meter_start_wh"]) == ("active", minutes(0), 1000)
