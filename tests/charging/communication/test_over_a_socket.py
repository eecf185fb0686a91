"""A station on a real WebSocket, and what the log shows of it afterwards."""

import asyncio
import json
from typing import Any

import pytest
from tests.charging.communication.kit import Key
from tests.charging.communication.test_log import logged
from tests.charging.kit import caller_of
from tests.charging.ocpp.support import SECRET, UNHURRIED, Memory, Recorder, ask, dial, heard, refused, until
from tests.charging.stations.kit import station
from tests.suites.client import Callers

from gridloom.charging.communication.public import Buffer
from gridloom.charging.ocpp.public import Answered, KeyedDigest, Listener, Policy, Station


async def test_everything_between_a_station_and_us_is_in_the_log(callers: Callers) -> None:
    caller = await caller_of(callers)
    name = f"SOCKET-{caller.tenant}"
    point = await station(caller, network={"id": name})
    known = Station(
        name, Key(caller.tenant, point["id"]), credentials=(KeyedDigest.of(SECRET.encode(), b"salt"),)
    )  # fmt: skip
    recorder = Recorder()
    buffer = Buffer(caller.application.database, every_s=0.02)
    listener = Listener(Memory(known), recorder, policy=Policy(connects=1000), limits=UNHURRIED, journal=buffer)
    async with buffer, listener:
        await refused(dial(listener, name, "a wrong password"))
        async with dial(listener, name) as socket:
            assert (await ask(socket, 2, "1", "Heartbeat", {}))[0] == 3
            assert (await ask(socket, 2, "2", "Nonsense", {}))[:3] == [4, "2", "NotImplemented"]
            calling = asyncio.create_task(
                recorder.connections[0].call("GetConfiguration", {"key": ["AuthorizationKey"]})
            )
            question = await heard(socket)
            told = {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]}
            await socket.send(json.dumps([3, question[1], told]))
            assert isinstance(await calling, Answered)
        await until(lambda: bool(recorder.gone))
    found = {each["command"]: each for each in await logged(caller, chargePointId=point["id"])}
    assert set(found) == {"Authenticate", "Connect", "Heartbeat", "Nonsense", "GetConfiguration", "Disconnect"}

    def parts(command: str, *names: str) -> list[Any]:
        return [found[command]["direction"], *(json.loads(found[command][name]) for name in names)]

    assert parts("Heartbeat", "commandParameters", "responseBody") == [
        "in",
        {},
        {"currentTime": "2026-01-01T00:00:00Z"},
    ]
    assert parts("Nonsense", "commandParameters")[:2] == ["in", {}]
    assert json.loads(found["Nonsense"]["communicationError"])["errorCode"] == "NotImplemented"
    assert "responseBody" not in found["Nonsense"]
    hidden = {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "***"}]}
    assert parts("GetConfiguration", "commandParameters", "responseBody") == [
        "out",
        {"key": ["AuthorizationKey"]},
        hidden,
    ]
    assert json.loads(found["Authenticate"]["commandParameters"])["detail"] == "refused"
    assert SECRET not in json.dumps(list(found.values()))
    assert buffer.lost == {}


@pytest.mark.parametrize("text", ["hello", "[2", '[2,"1"]', '{"a":1}', "[]", '["2","1","Heartbeat",{}]'])
async def test_noise_is_in_the_log_with_its_refusal(callers: Callers, text: str) -> None:
    caller = await caller_of(callers)
    name = f"NOISE-{caller.tenant}"
    point = await station(caller, network={"id": name})
    known = Station(name, Key(caller.tenant, point["id"]), credentials=(KeyedDigest.of(SECRET.encode(), b"salt"),))
    buffer = Buffer(caller.application.database, every_s=0.02)
    listener = Listener(Memory(known), Recorder(), policy=Policy(connects=1000), limits=UNHURRIED, journal=buffer)
    async with buffer, listener, dial(listener, name) as socket:
        await socket.send(text)
        await asyncio.sleep(0.05)
        assert (await ask(socket, 2, "9", "Heartbeat", {}))[0] in (3, 4)
    noise = [each for each in await logged(caller) if each["command"] == "Unknown"]
    assert len(noise) == 1
    assert "communicationError" in noise[0]
