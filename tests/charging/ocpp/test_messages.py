"""Each message of both versions over a real socket: its valid forms are accepted, each broken form gets its code."""

import asyncio
import json
from typing import Any

import pytest
from tests.charging.ocpp.generate import Broken, broken, fullest, published, smallest
from tests.charging.ocpp.support import ask, dial, listening
from websockets.asyncio.client import ClientConnection

from gridloom.charging.ocpp.messages.framing import write_result
from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import FROM_STATION, Version
from gridloom.charging.ocpp.outcomes import Answered, InvalidCall, Rejected
from gridloom.charging.ocpp.ports import Refusal, Station

# As the two specifications spell them, written down here by hand.
CODES = {
    Version.V16: {
        "not an object": "FormationViolation",
        "unknown": "FormationViolation",
        "missing": "ProtocolError",
        "type": "TypeConstraintViolation",
        "value": "PropertyConstraintViolation",
        "count": "OccurenceConstraintViolation",
        "frame": "FormationViolation",
        "reused": "GenericError",
    },
    Version.V201: {
        "not an object": "FormatViolation",
        "unknown": "FormatViolation",
        "missing": "OccurrenceConstraintViolation",
        "type": "TypeConstraintViolation",
        "value": "PropertyConstraintViolation",
        "count": "OccurrenceConstraintViolation",
        "frame": "RpcFrameworkError",
        "reused": "RpcFrameworkError",
    },
}
INCOMING = [
    (version, action) for version in Version for action in published(version) if action in FROM_STATION[version]
]
OUTGOING = [
    (version, action)
    for version in Version
    for action in published(version)
    if action not in FROM_STATION[version] or action == "DataTransfer"
]
ONE_WAY = [(version, action) for version, action in OUTGOING if action != "DataTransfer"]
VERSIONS = pytest.mark.parametrize("version", list(Version))


async def minimal_answers(_: Station, version: Version, action: str, payload: Payload) -> Payload | Refusal:
    """The smallest answer of each action."""
    answer: Payload = smallest(published(version)[action][1])
    return answer


def test_every_published_message_is_in_one_of_the_tables() -> None:
    assert len(INCOMING) == 14 + 25
    assert len(OUTGOING) == 26 + 40
    for version in Version:
        assert FROM_STATION[version] <= set(published(version))


@pytest.mark.parametrize(("version", "action"), INCOMING)
async def test_the_smallest_and_the_fullest_form_of_a_message_reach_the_handler(version: Version, action: str) -> None:
    request, answer = published(version)[action]
    forms = [smallest(request), fullest(request)]
    async with listening(answers=minimal_answers) as (listener, handler), dial(listener, version=version) as socket:
        for number, payload in enumerate(forms):
            assert await ask(socket, 2, str(number), action, payload) == [3, str(number), smallest(answer)]
    assert json.loads(json.dumps([payload for _, _, payload in handler.handled], default=float)) == forms


@pytest.mark.parametrize(("version", "action"), INCOMING)
async def test_each_broken_form_of_a_message_gets_its_code_and_never_reaches_the_handler(
    version: Version, action: str
) -> None:
    cases = list(broken(published(version)[action][0]))
    async with listening(answers=minimal_answers) as (listener, handler), dial(listener, version=version) as socket:
        answers = await send_all(socket, action, cases)
    wrong = [
        (case.rule, case.place, case.payload, answer[:3])
        for number, (case, answer) in enumerate(zip(cases, answers, strict=True))
        if answer[:3] != [4, str(number), CODES[version][case.rule]] or answer[4] != {}
    ]
    assert wrong == []
    assert handler.handled == []
    assert len(cases) >= 7


async def send_all(socket: ClientConnection, action: str, cases: list[Broken]) -> list[Any]:
    """Send every case without waiting, and gather as many answers."""

    async def send() -> None:
        for number, case in enumerate(cases):
            await socket.send(json.dumps([2, str(number), action, case.payload]))

    sending = asyncio.create_task(send())
    answers = [json.loads(await asyncio.wait_for(socket.recv(), 20)) for _ in cases]
    await sending
    return answers


@pytest.mark.parametrize(("version", "action"), ONE_WAY)
async def test_a_message_in_the_wrong_direction_is_not_supported(version: Version, action: str) -> None:
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        answer = await ask(socket, 2, "1", action, fullest(published(version)[action][0]))
    assert answer[:3] == [4, "1", "NotSupported"]
    assert handler.handled == []


@pytest.mark.parametrize(("version", "action"), OUTGOING)
async def test_our_calls_are_checked_before_they_are_sent(version: Version, action: str) -> None:
    request, answer = published(version)[action]
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        await ask(socket, 2, "1", "Heartbeat", {})
        station = handler.connections[0]
        for case in broken(request):
            with pytest.raises(InvalidCall):
                await station.call(action, case.payload)
        for payload in (smallest(request), fullest(request)):
            calling = asyncio.create_task(station.call(action, payload))
            frame = json.loads(await socket.recv())
            assert frame == [2, frame[1], action, payload]
            await socket.send(json.dumps([3, frame[1], smallest(answer)]))
            assert await calling == Answered(smallest(answer))


@pytest.mark.parametrize(("version", "action"), OUTGOING)
async def test_each_broken_answer_of_a_station_is_a_rejection_and_the_fullest_one_an_answer(
    version: Version, action: str
) -> None:
    request, answer = published(version)[action]
    payload = smallest(request)
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        await ask(socket, 2, "1", "Heartbeat", {})
        station = handler.connections[0]

        async def exchange(said: Any) -> Any:
            calling = asyncio.create_task(station.call(action, payload))
            frame = json.loads(await socket.recv())
            await socket.send(json.dumps([3, frame[1], said]))
            return await calling

        assert isinstance(await exchange(fullest(answer)), Answered)
        for case in broken(answer):
            outcome = await exchange(case.payload)
            assert isinstance(outcome, Rejected), case
            assert (outcome.code, outcome.malformed) == (CODES[version][case.rule], True), case


@VERSIONS
@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        ('[2,"a","Heartbeat"]', "frame"),
        ('[2,"a","Heartbeat",{},{}]', "frame"),
        ('[2,"a",7,{}]', "frame"),
        ('[2,"a"]', "frame"),
        ('[2,"a","DataTransfer",{"vendorId":"x","data":' + '{"a":' * 20 + "1" + "}" * 20 + "}]", "not an object"),
        ('[2,"a","DataTransfer",{"vendorId":"a\\u0000b"}]', "value"),
    ],
)
async def test_a_frame_that_is_no_call_is_refused_under_its_id(version: Version, frame: str, rule: str) -> None:
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        await socket.send(frame)
        assert json.loads(await socket.recv())[:3] == [4, "a", CODES[version][rule]]
        assert (await ask(socket, 2, "b", "Heartbeat", {}))[0] == 3
    assert [action for _, action, _ in handler.handled] == ["Heartbeat"]


@VERSIONS
@pytest.mark.parametrize(
    "frame",
    [
        "", "x", "{}", "[]", "null", "[2", '[true,"a","Heartbeat",{}]', '["2","a","Heartbeat",{}]',
        '[2.0,"a","Heartbeat",{}]', "[2]", '[2,7,"Heartbeat",{}]', '[2,"","Heartbeat",{}]', "[" * 5000,
        '[2,"' + "i" * 37 + '","Heartbeat",{}]', '[2,"a\\u0000","Heartbeat",{}]', '[2,"\\ud800","Heartbeat",{}]',
        '[2,"a","DataTransfer",{"vendorId":"x","data":1e999999999}]', '[2,"a","Heartbeat",{"x":NaN}]',
        '[2,"a","DataTransfer",{"vendorId":"x","data":0.' + "1" * 100 + "}]",
    ],
)  # fmt: skip
async def test_a_frame_without_a_readable_id_is_refused_under_minus_one(version: Version, frame: str) -> None:
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        await socket.send(frame)
        assert json.loads(await socket.recv())[:3] == [4, "-1", CODES[version]["frame"]]
        assert (await ask(socket, 2, "b", "Heartbeat", {}))[0] == 3
    assert len(handler.handled) == 1


@VERSIONS
async def test_an_unknown_action_is_not_implemented(version: Version) -> None:
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        for action in ("MakeCoffee", "heartbeat", "", "BootNotificationRequest", "Heartbeat "):
            assert (await ask(socket, 2, action or "empty", action, {}))[2] == "NotImplemented"
    assert handler.handled == []


async def test_an_unknown_message_type_is_ignored_by_16_and_named_by_201() -> None:
    async with listening() as (listener, handler):
        async with dial(listener, version=Version.V16) as socket:
            await socket.send('[5,"a","Heartbeat",{}]')
            assert (await ask(socket, 2, "b", "Heartbeat", {}))[:2] == [3, "b"]
        async with dial(listener, version=Version.V201) as socket:
            assert (await ask(socket, 5, "a", "Heartbeat", {}))[:3] == [4, "a", "MessageTypeNotSupported"]
    assert len(handler.handled) == 1


@VERSIONS
async def test_the_same_message_again_gets_the_same_answer_and_is_handled_once(version: Version) -> None:
    times = iter(["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"])

    async def now(*_: Any) -> Payload:
        return {"currentTime": next(times)}

    async with listening(answers=now) as (listener, handler), dial(listener, version=version) as socket:
        first = await ask(socket, 2, "a", "Heartbeat", {})
        assert await ask(socket, 2, "a", "Heartbeat", {}) == first
        assert (await ask(socket, 2, "b", "Heartbeat", {}))[2] == {"currentTime": "2026-01-01T00:00:01Z"}
    assert len(handler.handled) == 2


@VERSIONS
async def test_a_message_id_used_for_another_message_is_refused(version: Version) -> None:
    async with listening() as (listener, handler), dial(listener, version=version) as socket:
        await ask(socket, 2, "a", "Heartbeat", {})
        status = smallest(published(version)["StatusNotification"][0])
        assert (await ask(socket, 2, "a", "StatusNotification", status))[:3] == [4, "a", CODES[version]["reused"]]
    assert [action for _, action, _ in handler.handled] == ["Heartbeat"]


@VERSIONS
async def test_a_message_whose_handling_failed_may_be_sent_again(version: Version) -> None:
    async def first_fails(*_: Any) -> Payload:
        if len(handler.handled) == 1:
            raise LookupError("secret detail")
        return {"currentTime": "2026-01-01T00:00:00Z"}

    async with listening(answers=first_fails) as (listener, handler), dial(listener, version=version) as socket:
        failed = await ask(socket, 2, "a", "Heartbeat", {})
        assert failed[:3] == [4, "a", "InternalError"]
        assert "secret" not in json.dumps(failed)
        assert (await ask(socket, 2, "a", "Heartbeat", {}))[0] == 3


@VERSIONS
async def test_an_answer_of_the_handler_that_breaks_its_schema_is_an_internal_error(version: Version) -> None:
    async def wrong(*_: Any) -> Payload:
        return {"currentTime": "soon"}

    async with listening(answers=wrong) as (listener, _), dial(listener, version=version) as socket:
        assert (await ask(socket, 2, "a", "Heartbeat", {}))[:3] == [4, "a", "InternalError"]


def test_decimals_travel_without_becoming_binary_fractions() -> None:
    from gridloom.charging.ocpp.messages.framing import Call, read

    text = (
        '[2,"a","MeterValues",{"evseId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",'
        '"sampledValue":[{"value":1234567890.123456789}]}]}]'
    )
    message = read(text, Version.V201)
    assert isinstance(message, Call)
    value = message.payload["meterValue"][0]["sampledValue"][0]["value"]
    assert str(value) == "1234567890.123456789"
    assert write_result("a", {"v": value}) == '[3,"a",{"v":1234567890.123456789}]'
