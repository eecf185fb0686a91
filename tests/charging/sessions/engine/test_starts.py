"""Which session a start is, and who may have one."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.charging.sessions.engine.kit import World, minutes, number_of, status_of

from gridloom.charging.drivers.public import record_authorization
from gridloom.charging.ocpp.public import Version
from gridloom.charging.sessions import lifecycle
from gridloom.kernel import clock

STARTED = "charging.session.started"


async def test_a_remote_start_becomes_active_when_the_station_starts_with_its_tag(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        driver = await world.driver()
        pending = await world.pending(station, driver_id=driver, stop_minutes=30)
        assert (await world.session())["id_tag"] == f"*{pending:07d}"
        now.move(timedelta(seconds=20))
        answer = await station.start16(at=clock.now(), meter=500, tag=f"*{pending:07d}")
    session = await world.session()
    assert (status_of(answer), number_of(answer)) == ("Accepted", pending)
    assert (session["id"], session["status"], session["driver_id"], session["stop_minutes"]) == (
        pending,
        "active",
        driver,
        30,
    )
    assert (session["started_at"], session["meter_start_wh"]) == (minutes(1 / 3), 500)
    assert world.told(STARTED) == [STARTED]
    assert await world.rows("SELECT * FROM charging.authorization") == []


async def test_a_remote_start_of_one_evse_is_not_answered_by_another(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station(evses=2)
        pending = await world.pending(station, evse=0)
        answer = await station.start16(at=minutes(1), tag=f"*{pending:07d}", connector=2)
    first, second = await world.sessions()
    assert (first["status"], second["status"], status_of(answer)) == ("pending", "failed", "Invalid")


async def test_a_remote_start_of_one_station_is_not_answered_by_another(world: World) -> None:
    with clock.at(minutes(1)):
        station, foreign = await world.station(), await world.station()
        pending = await world.pending(station)
        answer = await foreign.start16(at=minutes(1), tag=f"*{pending:07d}")
    first, _ = await world.sessions()
    assert (first["status"], status_of(answer)) == ("pending", "Invalid")


async def test_whoever_asked_from_afar_may_hold_the_card_instead(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station()
        driver = await world.driver()
        await world.tag("CARD", driver)
        pending = await world.pending(station, driver_id=driver)
        answer = await station.start16(at=minutes(1))
    assert (status_of(answer), number_of(answer)) == ("Accepted", pending)
    assert (await world.session())["status"] == "active"


async def test_a_remote_start_is_known_by_its_number_on_2_0_1(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station(version=Version.V201)
        pending = await world.pending(station)
        tag = f"*{pending:07d}"
        answer = await station.event(
            "Started", at=minutes(1), wh=700, remote=pending, token=tag, kind_of_tag="Central", trigger="RemoteStart"
        )
        await station.event("Ended", at=minutes(1), wh=700, reason="Remote", trigger="RemoteStop")
    session = await world.session()
    assert status_of(answer) == "Accepted"
    assert (session["id"], session["status"], session["transaction_id"]) == (pending, "finished", "tx-1")
    assert (session["meter_start_wh"], session["reason"]) == (700, "remote")


async def test_a_remote_start_takes_over_what_came_before_its_beginning(world: World) -> None:
    with clock.at(minutes(10)):
        station = await world.station(version=Version.V201)
        pending = await world.pending(station)
        await station.event("Updated", at=minutes(5), wh=900, state="SuspendedEV", sequence=1)
        assert len(await world.sessions()) == 2
        await station.event("Started", at=minutes(1), wh=700, remote=pending, sequence=0, trigger="RemoteStart")
    session = await world.session()
    assert (session["id"], session["status"], session["meter_start_wh"], session["meter_wh"]) == (
        pending,
        "active",
        700,
        900,
    )
    assert (session["started_at"], session["reported_state"]) == (minutes(1), "suspended_ev")
    assert [each["session_id"] for each in await world.rows("SELECT session_id FROM charging.session_state")] == [
        pending
    ]


@pytest.mark.parametrize("version", list(Version))
async def test_a_start_that_was_left_to_the_station_makes_its_session(world: World, version: Version) -> None:
    with clock.at(minutes(1)):
        station = await world.station(version=version, evses=2)
        driver = await world.driver()
        async with world.database.tenant(world.tenant) as tx:
            number = await record_authorization(tx, method="admin", status="accepted", operator_id=7, driver_id=driver)
            request, tag = await lifecycle.expect(
                tx, station.id, authorization_id=number, driver_id=driver, stop_amount=Decimal("12.50")
            )
        if version is Version.V16:
            answer = await station.start16(at=minutes(1), tag=tag, connector=2)
        else:
            answer = await station.event("Started", at=minutes(1), remote=request, token=tag, evse=2)
    session = await world.session()
    assert status_of(answer) == "Accepted"
    assert (session["status"], session["evse_id"], session["driver_id"]) == ("active", station.evses[1], driver)
    assert (session["stop_amount"], session["authorization_id"]) == (Decimal("12.50"), number)
    (row,) = await world.rows("SELECT session_id FROM charging.start_request")
    (authorization,) = await world.rows("SELECT session_ids FROM charging.authorization")
    assert (row["session_id"], authorization["session_ids"]) == (session["id"], [session["id"]])


async def test_a_station_that_starts_by_itself_charges_whoever_comes(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station(auto_start_without_authorization=True)
        answer = await station.start16(at=minutes(1), tag="WHOEVER")
    session = await world.session()
    assert (status_of(answer), session["status"], session["driver_id"]) == ("Accepted", "active", None)


async def test_a_known_card_is_known_at_a_station_that_starts_by_itself(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station(auto_start_without_authorization=True, version=Version.V201)
        driver = await world.driver()
        await world.tag("CARD", driver)
        await station.event("Started", at=minutes(1), token="CARD")
        assert (await world.session())["driver_id"] == driver


async def test_no_token_is_enough_where_the_station_starts_by_itself(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station(auto_start_without_authorization=True, version=Version.V201)
        assert await station.event("Started", at=minutes(1), trigger="CablePluggedIn") == {}
    session = await world.session()
    assert (session["status"], session["driver_id"], session["id_tag"]) == ("active", None, None)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"status": "disabled"}, "Blocked"),
        ({"status": "suspended"}, "Blocked"),
        ({"expire_at": minutes(-60)}, "Expired"),
        ({"driver_id": None}, "Invalid"),
    ],
)
async def test_what_is_wrong_with_a_card_is_told_in_ocpps_words(world: World, columns: dict, told: str) -> None:
    with clock.at(minutes(1)):
        station = await world.station()
        await world.tag("CARD", **{"driver_id": await world.driver(), **columns})
        assert status_of(await station.say("Authorize", {"idTag": "CARD"})) == told
        assert status_of(await station.start16(at=minutes(1))) == told
    session = await world.session()
    assert (session["status"], session["reason"]) == ("failed", "authorization_failed")


async def test_one_session_at_a_time_where_the_account_says_so(world: World) -> None:
    with clock.at(minutes(5)):
        station = await world.station(evses=2)
        await world.tag("CARD", await world.driver())
        await station.start16(at=minutes(1))
        answer = await station.start16(at=minutes(2), connector=2)
    first, second = await world.sessions()
    assert (status_of(answer), first["status"], second["status"]) == ("ConcurrentTx", "active", "failed")


async def test_a_tariff_that_forbids_charging_fails_the_session(world: World) -> None:
    with clock.at(minutes(5)):
        station = await world.station()
        await world.price(station, "charging not allowed", {})
        await world.tag("CARD", await world.driver())
        answer = await station.start16(at=minutes(1))
    session = await world.session()
    assert (status_of(answer), session["reason"]) == ("Invalid", "charging_on_evse_not_allowed")


async def test_an_authorization_of_a_moment_ago_is_that_of_the_start(world: World) -> None:
    with clock.at(minutes(1)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        assert status_of(await station.say("Authorize", {"idTag": "CARD"})) == "Accepted"
        await station.start16(at=minutes(1))
    (authorization,) = await world.rows("SELECT * FROM charging.authorization")
    session = await world.session()
    assert (session["authorization_id"], authorization["session_ids"]) == (authorization["id"], [session["id"]])


async def test_a_card_may_end_its_own_session(world: World) -> None:
    with clock.at(minutes(5)):
        station = await world.station()
        await world.tag("CARD", await world.driver())
        await station.start16(at=minutes(1))
        assert status_of(await station.say("Authorize", {"idTag": "CARD"})) == "Accepted"


async def test_a_station_may_ask_about_the_tag_that_it_was_told_to_start_with(world: World) -> None:
    with clock.at(minutes(5)):
        station = await world.station(version=Version.V201)
        pending = await world.pending(station)
        token = {"idToken": f"*{pending:07d}", "type": "Central"}
        assert status_of(await station.say("Authorize", {"idToken": token})) == "Accepted"
        token = {"idToken": "*9999999", "type": "Central"}
        assert status_of(await station.say("Authorize", {"idToken": token})) == "Invalid"


async def test_a_start_after_its_remote_start_has_expired_is_not_that_one(world: World) -> None:
    with clock.at(minutes(0)) as now:
        station = await world.station()
        pending = await world.pending(station)
        now.move(timedelta(minutes=3))
        await world.tick()
        answer = await station.start16(at=clock.now(), tag=f"*{pending:07d}")
    first, second = await world.sessions()
    assert (first["status"], first["reason"], second["status"]) == ("expired", "timeout", "failed")
    assert status_of(answer) == "Invalid"


async def test_a_station_speaks_for_one_that_has_no_socket(world: World) -> None:
    with clock.at(minutes(30)):
        main = await world.station(evses=0)
        satellite = await world.station()
        await world.run(
            "UPDATE charging.charge_point SET communication_mode = 'via_ocpp_connected_charge_point', "
            "ocpp_connected_charge_point_id = :main WHERE id = :id", main=main.id, id=satellite.id,
        )  # fmt: skip
        await world.tag("CARD", await world.driver())
        number = number_of(await main.start16(at=minutes(1), meter=1000))
        await main.values16(number, at=minutes(5), wh=2000)
        await main.stop16(number, at=minutes(9), meter=3000)
    session = await world.session()
    assert (session["charge_point_id"], session["evse_id"]) == (satellite.id, satellite.evses[0])
    assert (session["status"], session["meter_stop_wh"]) == ("finished", 3000)


@pytest.mark.parametrize(("mine", "status", "session_status"), [(True, "done", "active"), (False, "active", "failed")])
async def test_a_reservation_is_done_when_its_driver_charges_and_by_nobody_else(
    world: World, mine: bool, status: str, session_status: str
) -> None:
    with clock.at(minutes(1)):
        station = await world.station()
        holder, other = await world.driver(), await world.driver()
        await world.tag("CARD", holder if mine else other)
        await world.add(
            "reservation", operator_id=7, charge_point_id=station.id, evse_id=station.evses[0], driver_id=holder,
            id_token="CARD", reason="x", status="active", expires_at=minutes(60),
        )  # fmt: skip
        await station.start16(at=minutes(1))
    (reservation,) = await world.rows("SELECT status, session_id FROM charging.reservation")
    session = await world.session()
    assert (reservation["status"], session["status"]) == (status, session_status)
    assert reservation["session_id"] == (session["id"] if mine else None)


async def test_one_card_at_two_stations_in_the_same_moment_opens_one_of_them(world: World) -> None:
    with clock.at(minutes(1)):
        first, second = await world.station(), await world.station()
        await world.tag("CARD", await world.driver(sessions_allowed="single_session"))
        told = await asyncio.gather(first.start16(at=minutes(1)), second.start16(at=minutes(1)))
    assert sorted(map(status_of, told)) == ["Accepted", "ConcurrentTx"]
    assert sorted(each["status"] for each in await world.sessions()) == ["active", "failed"]
