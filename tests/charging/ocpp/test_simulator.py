"""The simulated charge point against the listener: two programs, both versions."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.ocpp.support import SECRET, Recorder, listening, until

from gridloom.charging.ocpp.curve import Car
from gridloom.charging.ocpp.listener import Listener
from gridloom.charging.ocpp.messages.samples import samples
from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.outcomes import Answered, Offline, Rejected, TimedOut
from gridloom.charging.ocpp.ports import Station
from gridloom.charging.ocpp.simulator import SimulatedStation, simulated

VERSIONS = pytest.mark.parametrize("version", list(Version))
NOW = "2026-01-01T00:00:00Z"


async def central(_: Station, version: Version, action: str, payload: Payload) -> Payload:
    """A central system that knows every token but STOLEN."""
    token = payload.get("idTag") or payload.get("idToken", {}).get("idToken")
    info = {"status": "Blocked" if token == "STOLEN" else "Accepted"}
    match action:
        case "BootNotification":
            return {"currentTime": NOW, "interval": 300, "status": "Accepted"}
        case "Heartbeat":
            return {"currentTime": NOW}
        case "Authorize":
            return {"idTagInfo" if version is Version.V16 else "idTokenInfo": info}
        case "StartTransaction":
            return {"transactionId": 77, "idTagInfo": info}
        case "TransactionEvent" if token:
            return {"idTokenInfo": info}
    return {}


@asynccontextmanager
async def a_station(version: Version, **facts: Any) -> AsyncIterator[tuple[Listener, Recorder, SimulatedStation]]:
    """A connected, booted station."""
    async with listening(answers=central) as (listener, handler):
        address = f"ws://127.0.0.1:{listener.port}/ocpp"
        async with simulated(version, "CP-1", address, password=SECRET, **facts) as station:
            assert await station.boot() == "Accepted"
            yield listener, handler, station


def actions(handler: Recorder) -> list[str]:
    """What came, in its order."""
    return [action for _, action, _ in handler.handled]


@VERSIONS
async def test_a_charging_process_from_boot_to_stop(version: Version) -> None:
    async with a_station(version, plugs=2) as (_, handler, station):
        await station.heartbeat()
        assert await station.authorise("04A2B3") == "Accepted"
        assert await station.start(1, "04A2B3", Car(limit_w=11_000)) == "Accepted"
        for _ in range(3):
            await station.meter(1, seconds=600)
        await station.stop(1)
        register = int(station.plugs[1].register_wh)
    begun = ["BootNotification", "StatusNotification", "StatusNotification", "Heartbeat", "Authorize"]
    if version is Version.V16:
        charging = ["StatusNotification", "StartTransaction", "StatusNotification", *["MeterValues"] * 3]
        ended = ["StopTransaction", "StatusNotification", "StatusNotification"]
    else:
        charging = ["StatusNotification", *["TransactionEvent"] * 4]
        ended = ["TransactionEvent", "StatusNotification"]
    assert actions(handler) == begun + charging + ended
    read = [
        sample.value
        for _, _, payload in handler.handled
        for sample in samples(version, payload)
        if sample.measurand == "Energy.Active.Import.Register"
    ]
    assert read == sorted(read)
    assert read[-1] == Decimal(register)
    assert 5_400 < register <= 5_500


@VERSIONS
async def test_a_refused_token_does_not_charge(version: Version) -> None:
    async with a_station(version) as (_, _, station):
        assert await station.authorise("STOLEN") == "Blocked"
        assert await station.start(1, "STOLEN") == "Blocked"
        assert station.plugs[1].transaction is None
        assert station.plugs[1].status == "Available"


@VERSIONS
async def test_a_remote_start_and_stop_charge_and_end(version: Version) -> None:
    async with a_station(version) as (listener, handler, station):
        if version is Version.V16:
            started = await listener.call((1, "CP-1"), "RemoteStartTransaction", {"idTag": "A1", "connectorId": 1})
        else:
            token = {"idToken": "A1", "type": "Central"}
            started = await listener.call(
                (1, "CP-1"), "RequestStartTransaction", {"idToken": token, "remoteStartId": 9, "evseId": 1}
            )
        assert started == Answered({"status": "Accepted"})
        await until(lambda: station.plugs[1].transaction is not None)
        await station.settle()
        running = station.plugged(1).id
        stop = "RemoteStopTransaction" if version is Version.V16 else "RequestStopTransaction"
        assert await listener.call((1, "CP-1"), stop, {"transactionId": running}) == Answered({"status": "Accepted"})
        await until(lambda: station.plugs[1].transaction is None)
        await station.settle()
        unknown = 1 if version is Version.V16 else "unknown"
        assert await listener.call((1, "CP-1"), stop, {"transactionId": unknown}) == Answered({"status": "Rejected"})
        last = next(payload for _, action, payload in reversed(handler.handled) if "Transaction" in action)
        assert (last.get("reason") or last["transactionInfo"]["stoppedReason"]) == "Remote"


@VERSIONS
async def test_a_reset_ends_the_process_and_the_station_comes_back(version: Version) -> None:
    async with a_station(version) as (listener, handler, station):
        await station.start(1, "A1")
        kind = "Hard" if version is Version.V16 else "Immediate"
        assert await listener.call((1, "CP-1"), "Reset", {"type": kind}) == Answered({"status": "Accepted"})
        await until(lambda: station.boots == 2)
        await station.settle()
        assert station.plugs[1].transaction is None
        assert len(handler.connections) == 2
        assert handler.gone == handler.connections[:1]


@VERSIONS
async def test_the_configuration_is_read_and_written(version: Version) -> None:
    async with a_station(version) as (listener, _, station):
        if version is Version.V16:
            change = {"key": "HeartbeatInterval", "value": "60"}
            assert await listener.call((1, "CP-1"), "ChangeConfiguration", change) == Answered({"status": "Accepted"})
            read = await listener.call((1, "CP-1"), "GetConfiguration", {"key": ["HeartbeatInterval", "Colour"]})
            entry = {"key": "HeartbeatInterval", "readonly": False, "value": "60"}
            assert read == Answered({"configurationKey": [entry], "unknownKey": ["Colour"]})
        else:
            name = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
            change = {"setVariableData": [{"attributeValue": "60", **name}]}
            written = await listener.call((1, "CP-1"), "SetVariables", change)
            assert written == Answered({"setVariableResult": [{"attributeStatus": "Accepted", **name}]})
            read = await listener.call((1, "CP-1"), "GetVariables", {"getVariableData": [name]})
            result = {"attributeStatus": "Accepted", "attributeValue": "60", **name}
            assert read == Answered({"getVariableResult": [result]})
        assert station.configuration["HeartbeatInterval"] == "60"


async def test_a_report_tells_every_variable() -> None:
    async with a_station(Version.V201) as (listener, handler, station):
        asked = {"requestId": 9, "reportBase": "FullInventory"}
        outcome = await listener.call((1, "CP-1"), "GetBaseReport", asked)
        assert isinstance(outcome, Answered)
        assert outcome.payload == {"status": "Accepted"}
        await station.settle()
        _, action, told = handler.handled[-1]
        assert (action, told["requestId"], told["seqNo"], told["tbc"]) == ("NotifyReport", 9, 0, False)
        found = {each["variable"]["name"]: each["variableAttribute"][0]["value"] for each in told["reportData"]}
        assert found == station.configuration


@VERSIONS
async def test_a_station_may_refuse_stay_silent_or_not_know_a_command(version: Version) -> None:
    async with a_station(version) as (listener, _, station):
        station.refuse.add("ClearCache")
        assert await listener.call((1, "CP-1"), "ClearCache", {}) == Answered({"status": "Rejected"})
        unknown = await listener.call((1, "CP-1"), "GetLocalListVersion", {})
        assert isinstance(unknown, Rejected)
        assert (unknown.code, unknown.malformed) == ("NotImplemented", False)
        station.silent.add("UnlockConnector")
        unlock = {"connectorId": 1} if version is Version.V16 else {"evseId": 1, "connectorId": 1}
        assert await listener.call((1, "CP-1"), "UnlockConnector", unlock, timeout=0.2) == TimedOut(sent=True)
        await station.vanish()
        await until(lambda: listener.count == 0)
        assert await listener.call((1, "CP-1"), "ClearCache", {}) == Offline(sent=False)


@VERSIONS
async def test_a_trigger_brings_the_message_asked_for(version: Version) -> None:
    async with a_station(version) as (listener, handler, station):
        before = len(handler.handled)
        for message in ("Heartbeat", "StatusNotification", "BootNotification"):
            asked = {"requestedMessage": message}
            assert await listener.call((1, "CP-1"), "TriggerMessage", asked) == Answered({"status": "Accepted"})
            await station.settle()
        await until(lambda: len(handler.handled) == before + 4)
        assert actions(handler)[before:] == [
            "Heartbeat",
            "StatusNotification",
            "BootNotification",
            "StatusNotification",
        ]


def test_a_car_ramps_up_holds_tapers_and_ends_full() -> None:
    car = Car(capacity_wh=50_000, soc=0.5, limit_w=11_000)
    assert car.power_w == 0
    car.charge(10)
    assert car.power_w == 11_000
    while car.soc < 0.9:
        car.charge(60)
    assert 4_900 < car.power_w < 5_600
    taken = 0.0
    for _ in range(24):
        taken += car.charge(3600)
    assert car.soc == pytest.approx(1)
    assert car.power_w == 0
    assert taken == pytest.approx(5_000, rel=0.02)


def test_time_cut_in_two_charges_the_same() -> None:
    whole, cut = Car(), Car()
    assert whole.charge(600) == pytest.approx(cut.charge(300) + cut.charge(300))


async def test_what_a_simulated_station_says_is_json_that_the_schema_allows() -> None:
    async with a_station(Version.V201) as (_, handler, station):
        await station.start(1, "A1")
        await asyncio.wait_for(station.meter(1, 60), 5)
    event = handler.handled[-1][2]
    assert json.loads(json.dumps(event, default=str))["eventType"] == "Updated"
    assert event["seqNo"] == 1
