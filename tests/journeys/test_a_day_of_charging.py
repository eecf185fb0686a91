"""Days at a car park, with stations of both versions on real sockets: from the boot to the price and the partner's webhook."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.car_park import ACTIONS, RESOURCES, CarPark, car_park, listening, owed

from gridloom.charging.ocpp.curve import Car
from gridloom.charging.ocpp.public import Version

BOTH = pytest.mark.parametrize("version", list(Version))
STOPS = {Version.V16: "RemoteStopTransaction", Version.V201: "RequestStopTransaction"}
STARTS = {Version.V16: "RemoteStartTransaction", Version.V201: "RequestStartTransaction"}


@pytest.fixture
async def park(database_url: str, tenant: int, tmp_path: Path) -> AsyncIterator[CarPark]:
    async with car_park(database_url, tmp_path, tenant) as found:
        yield found


def finished(shown: Any) -> bool:
    return bool(shown["status"] == "finished" and shown["billingStatus"] == "completed")


@BOTH
async def test_started_and_stopped_from_the_app_priced_and_announced(park: CarPark, version: Version) -> None:
    user = await park.driver("ada")
    bay = await park.bay("QUAY-1", version)
    async with listening(park) as ear, bay.station:
        assert await bay.station.boot() == "Accepted"
        point = await park.call("GET", f"{RESOURCES}/charge-points/v2.0/{bay.point}")
        evse = await park.call("GET", f"{RESOURCES}/evses/v2.1/{bay.evse}")
        assert (point["networkStatus"], evse["hardwareStatus"]) == ("available", "available")
        number = await park.start(bay, user)
        assert (await park.session(number))["status"] == "active"
        await bay.drive(600, times=6)
        running = await park.session(number)
        assert running["energy"] == bay.register_wh
        await park.call("POST", f"{ACTIONS}/charge-point/v1.0/{bay.point}/stop/{number}", status=202)
        await bay.station.settle()
        shown = await park.until(number, finished)
        energy = bay.register_wh
        assert 9_000 < energy < 11_500
        assert shown["energyConsumption"]["total"] == energy
        assert shown["totalAmount"]["withTax"] == owed(energy)
        assert shown["reason"] == "remote" or shown["reason"] == "standard_stop"
        assert sum(line["price"]["withTax"] for line in shown["priceBreakdown"]) == pytest.approx(
            owed(energy), abs=0.006
        )
        assert shown["userId"] == user
        assert shown["idTag"] == f"*{number:07d}"
        (started,) = await ear.heard("session.start.stop.notification", action="start")
        (stopped,) = await ear.heard("session.start.stop.notification", action="stop")
        assert (started["sessionId"], stopped["sessionId"], stopped["energyConsumed"]) == (number, number, energy)
        assert (await ear.heard("BootNotification"))[0]["chargePointId"] == bay.point
        (first, *_) = await ear.heard("session.chargingPeriod.changed", sessionId=number)
        assert (first["currentState"], first["previousState"]) == ("charging", None)
        values = await ear.heard("SessionMeterValuesNotification", count=6, sessionId=number)
        registers = [
            each["value"] for one in values for each in one["meterValues"]
            if each["measurand"] == "Energy Active Import Register"
        ]  # fmt: skip
        assert max(registers) == energy
        commands = [(each["direction"], each["command"]) for each in await park.log(bay)]
        for expected in (("in", "BootNotification"), ("out", STARTS[version]), ("out", STOPS[version])):
            assert expected in commands, commands


@BOTH
async def test_started_with_a_card_and_stopped_by_the_driver(park: CarPark, version: Version) -> None:
    user = await park.driver("bram", tag="04A2B3C4")
    bay = await park.bay("QUAY-2", version)
    async with listening(park) as ear, bay.station:
        await bay.station.boot()
        assert await bay.station.authorise("04A2B3C4") == "Accepted"
        assert await bay.station.start(1, "04A2B3C4") == "Accepted"
        await bay.drive(900, times=2)
        await bay.station.stop(1, "Local")
        (only,) = await park.sessions()
        shown = await park.until(int(only["id"]), finished)
        assert (shown["userId"], shown["idTag"], shown["idTagType"]) == (user, "04A2B3C4", "rfid")
        assert shown["reason"] == "local"
        assert shown["totalAmount"]["withTax"] == owed(bay.register_wh)
        accepted = await ear.heard("authorization.changed", status="accepted")
        assert {each["idTag"] for each in accepted} == {"04A2B3C4"}


@BOTH
async def test_an_unknown_card_charges_nothing(park: CarPark, version: Version) -> None:
    bay = await park.bay("QUAY-3", version)
    async with bay.station:
        await bay.station.boot()
        assert await bay.station.authorise("DEADBEEF") == "Invalid"
        assert await bay.station.start(1, "DEADBEEF") == "Invalid"
        found = await park.sessions()
        assert [(each["status"], each["energy"]) for each in found] in ([], [("failed", 0)])
        refused = await park.call("GET", f"{RESOURCES}/authorizations/v2.1", cursor="")
        assert {each["status"] for each in refused} == {"rejected"}


@BOTH
async def test_started_by_the_station_itself_and_stopped_by_the_cable(park: CarPark, version: Version) -> None:
    bay = await park.bay("QUAY-4", version, autoStartWithoutAuthorization=True)
    async with bay.station:
        await bay.station.boot()
        assert await bay.station.start(1, "AUTOSTART") == "Accepted"
        await bay.drive(300, times=3)
        await bay.station.stop(1, "EVDisconnected")
        (only,) = await park.sessions()
        shown = await park.until(int(only["id"]), finished)
        assert (shown["userId"], shown["reason"]) == (None, "evdisconnected")
        assert shown["totalAmount"]["withTax"] == owed(bay.register_wh)
        answer = await park.call(
            "POST",
            f"{ACTIONS}/session/v1.0/{only['id']}/assign-user",
            {"userId": await park.driver("cleo")},
            status=202,
        )
        assert answer is None or answer == {}
        assert (await park.session(int(only["id"])))["userId"] is not None


@BOTH
async def test_stopped_by_a_limit_of_the_start(park: CarPark, version: Version) -> None:
    user = await park.driver("dries")
    bay = await park.bay("QUAY-5", version)
    bay.station.car = lambda: Car(soc=0.2, limit_w=22_000)
    async with bay.station:
        await bay.station.boot()
        number = await park.start(bay, user, stopConditions={"maxEnergyKwh": 5})
        await bay.drive(300, times=2)
        assert (await park.session(number))["status"] == "active"
        await bay.drive(300)
        shown = await park.until(number, finished)
        assert shown["reason"] == "energy_exceeded"
        assert shown["totalAmount"]["withTax"] == owed(bay.register_wh)


@BOTH
async def test_a_station_that_loses_its_power_in_a_session_loses_nothing_of_it(park: CarPark, version: Version) -> None:
    """It comes back, says what it has counted meanwhile, and stops; the session is one, and whole."""
    await park.driver("emma", tag="0A0B0C0D")
    bay = await park.bay("QUAY-6", version)
    async with bay.station:
        await bay.station.boot()
        await bay.station.start(1, "0A0B0C0D")
        await bay.drive(600, times=2)
        await bay.station.vanish()
        bay.station.advance(bay.station.plugs[1], 600)
        bay.watch.turn(600)
        await bay.station.connect()
        await bay.station.boot()
        await bay.drive(600)
        await bay.station.stop(1, "PowerLoss")
        (only,) = await park.sessions()
        shown = await park.until(int(only["id"]), finished)
        assert (shown["energyConsumption"]["total"], shown["reason"]) == (bay.register_wh, "powerloss")
        assert shown["totalAmount"]["withTax"] == owed(bay.register_wh)
