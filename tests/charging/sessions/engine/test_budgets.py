"""How many statements a message costs. These numbers may only go down."""

from tests.charging.sessions.engine.kit import World, marks, meter16, minutes, number_of

from gridloom.charging.ocpp.public import Version

# Of a start one asks whether its time at the EVSE is another session's: what was told for one is never billed to the other.
# A driver has one turn at a time: who starts twice at once is counted right.
START, STOP = 41, 25


async def test_a_start_and_a_stop_stay_within_their_statements(world: World) -> None:
    with world.at(minutes(60)):
        station = await world.station()
        await world.price(station, "duration+energy", {"pricePerKwh": 0.5})
        await world.tag("CARD", await world.driver())
        world.counted.clear()
        number = number_of(await station.start16())
        (start,) = world.counted
        for place in range(1, 30):
            await station.values16(number, at=minutes(place), wh=1000 + place)
        world.counted.clear()
        await station.stop16(number, at=minutes(30), meter=1500)
        (stop,) = world.counted
    assert (start, stop) <= (START, STOP)


async def test_values_that_come_with_the_stop_are_kept(world: World) -> None:
    with world.at(minutes(60)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        data = [meter16(minutes(10), 2000, 6000), meter16(minutes(20), 3000, 7000)]
        await station.stop16(number, at=minutes(30), meter=3500, transactionData=data)
    session = await world.session()
    assert (session["peak_power_w"], session["power_w"], session["meter_stop_wh"]) == (7000, 7000, 3500)
    assert await world.readings(station.evses[0]) == [(minutes(10), 2000.0), (minutes(20), 3000.0)]
    assert marks(session) == []


async def test_the_battery_that_a_car_tells_of_is_kept_and_no_schedule_is_promised(world: World) -> None:
    with world.at(minutes(5)):
        station = await world.station(version=Version.V201)
        await world.tag("CARD", await world.driver())
        await station.event("Started", at=minutes(0), token="CARD")
        needs = {
            "requestedEnergyTransfer": "DC",
            "dcChargingParameters": {"evMaxCurrent": 100, "evMaxVoltage": 400, "stateOfCharge": 35},
        }
        assert await station.say("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs}) == {
            "status": "Rejected"
        }
    assert (await world.session())["soc_percent"] == 35


async def test_a_value_of_a_broken_clock_opens_no_session_that_goes_on(world: World) -> None:
    with world.at(minutes(0)) as now:
        station = await world.station()
        await world.tag("CARD", await world.driver())
        number = number_of(await station.start16(meter=1000))
        now.instant = minutes(20)
        await station.values16(number, at=minutes(20), wh=2000)
        now.instant = minutes(60 * 26)
        await world.tick()
        await station.values16(number, at=minutes(-60 * 24 * 400), wh=1500)
    session = await world.session()
    assert (session["reason"], session["extended_by_session_id"], marks(session)) == (
        "charge_point_timeout",
        None,
        ["clock"],
    )
    assert await world.readings(station.evses[0]) == [(minutes(20), 2000.0)]
