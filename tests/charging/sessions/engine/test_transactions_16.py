"""StartTransaction, MeterValues and StopTransaction of 1.6."""

from decimal import Decimal

from tests.charging.sessions.engine.kit import World, marks, minutes, number_of, status_of

from gridloom.kernel import clock

STARTED, STOPPED = "charging.session.started", "charging.session.stopped"


async def test_a_driver_charges_and_stops(world: World) -> None:
    with clock.at(minutes(120)):
        station = await world.station()
        driver = await world.driver()
        await world.tag("CARD", driver)
        answer = await station.start16(meter=1000)
        number = number_of(answer)
        await station.values16(number, at=minutes(10), wh=3000, power=11000, soc=40)
        await station.values16(number, at=minutes(20), wh=5000, power=12000, soc=50)
        assert await station.stop16(number, at=minutes(30), meter=6500, reason="EVDisconnected") == {}
    session = await world.session()
    assert status_of(answer) == "Accepted"
    assert (session["status"], session["reason"]) == ("finished", "evdisconnected")
    assert (session["started_at"], session["stopped_at"]) == (minutes(0), minutes(30))
    assert (session["meter_start_wh"], session["meter_stop_wh"]) == (1000, 6500)
    assert (session["power_w"], session["peak_power_w"], session["soc_percent"]) == (12000, 12000, 50)
    assert (session["driver_id"], session["id_tag"], session["id_tag_type"]) == (driver, "CARD", "rfid")
    assert session["transaction_id"] == str(session["id"]) == str(number)
    assert session["billing_status"] == "completed"
    assert marks(session) == []
    assert world.told(STARTED, STOPPED) == [STARTED, STOPPED]
    (authorization,) = await world.rows("SELECT * FROM charging.authorization")
    assert authorization["session_ids"] == [session["id"]]
    (period,) = await world.rows("SELECT * FROM charging.session_period")
    assert (period["energy_wh"], period["stopped_at"]) == (Decimal(5500), minutes(30))


async def test_a_start_that_comes_again_gets_its_number_again(world: World) -> None:
    with clock.at(minutes(5)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        first = await station.start16()
        told = world.told()
        assert await station.start16() == first
        assert world.told() == told
    assert len(await world.sessions()) == 1


async def test_a_stop_that_comes_again_changes_nothing(world: World) -> None:
    with clock.at(minutes(90)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16())
        await station.stop16(number, at=minutes(30), meter=6500)
        before, told = await world.session(), world.told()
        assert await station.stop16(number, at=minutes(30), meter=6500) == {}
        assert (await world.session(), world.told()) == (before, told)


async def test_an_unknown_tag_gets_a_failed_session_and_a_stop_when_it_charges_all_the_same(world: World) -> None:
    with clock.at(minutes(20)):
        station = await world.station()
        answer = await station.start16(tag="STRANGER")
        assert status_of(answer) == "Invalid"
        session = await world.session()
        assert (session["status"], session["reason"], session["billing_status"]) == (
            "failed",
            "authorization_failed",
            None,
        )
        assert world.line.asked == []
        await station.values16(number_of(answer), at=minutes(5), wh=2000)
        await world.settled()
    assert world.line.asked == [(station.id, "RemoteStopTransaction", {"transactionId": session["id"]})]
    assert STARTED not in world.told()
