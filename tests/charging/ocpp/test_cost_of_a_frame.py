"""What a hostile frame costs: counted in errors looked at, values walked through and characters written down."""

import asyncio
import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.ocpp.support import METER_VALUES, Notebook, ask, dial, heard, limits, listening, the_station

from gridloom.charging.ocpp.connection import LONGEST_REFUSED, Connection, Limits, Share
from gridloom.charging.ocpp.messages import framing, schemas
from gridloom.charging.ocpp.messages.framing import MOST_VALUES, Call, CallResult, Fault, Ignored, read
from gridloom.charging.ocpp.messages.schemas import Checks
from gridloom.charging.ocpp.messages.versions import Problem, Version
from gridloom.charging.ocpp.outcomes import InvalidCall, Rejected

METERS = {"connectorId": 1}
ORDER = [Problem.SHAPE, Problem.INCOMPLETE, Problem.TYPE, Problem.OCCURRENCE, Problem.VALUE]
REAL_VALIDATOR = jsonschema_rs.Draft4Validator


class Counting:
    """A validator that counts the errors that are made of a payload."""

    looked = 0

    def __init__(self, schema: Any, **options: Any) -> None:
        self.real = REAL_VALIDATOR(schema, **options)

    def is_valid(self, payload: Any) -> bool:
        """Makes no error."""
        return self.real.is_valid(payload)

    def validate(self, payload: Any) -> None:
        """Makes at most one."""
        Counting.looked += 1
        self.real.validate(payload)

    def iter_errors(self, payload: Any) -> list[Any]:
        """Makes all."""
        found = list(self.real.iter_errors(payload))
        Counting.looked += len(found)
        return found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Checks:
    """The schemas of 1.6, with the errors counted."""
    monkeypatch.setattr(schemas.jsonschema_rs, "Draft4Validator", Counting)
    Counting.looked = 0
    return Checks(Version.V16)


@pytest.mark.parametrize(
    "entry", [{}, 1, {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "1", "x": 1}]}]
)
def test_of_a_payload_with_thousands_of_faults_one_error_is_made(counted: Checks, entry: Any) -> None:
    wrong = counted.request("MeterValues", METERS | {"meterValue": [entry] * 5_000})
    assert wrong is not None
    assert Counting.looked == 1
    Counting.looked = 0
    assert counted.answer("GetConfiguration", {"configurationKey": [{}] * 5_000}) is not None
    assert Counting.looked == 1


def test_the_order_of_faults_holds_however_many_there_are(counted: Checks) -> None:
    stamp = "2026-01-01T00:00:00Z"
    parts = [
        [{"timestamp": "x"}],
        [{"timestamp": stamp, "sampledValue": []}],
        [{"timestamp": stamp, "sampledValue": 7}],
    ]
    many: list[Any] = [{"timestamp": stamp, "sampledValue": [{"value": "1", "unit": "lumen"}]}] * 3_000
    found = []
    for part in [[], parts[1], parts[2], parts[0], [{"bogus": 1}]]:
        many += part
        wrong = counted.request("MeterValues", METERS | {"meterValue": many})
        assert wrong is not None
        found.append(wrong[0])
    assert found[0] is Problem.VALUE
    assert found[2:] == [Problem.TYPE, Problem.INCOMPLETE, Problem.SHAPE]


names = st.sampled_from(["timestamp", "sampledValue", "value", "unit", "meterValue", "connectorId", "bogus"])
leaves = st.sampled_from([1, 1.5, None, True, "1", "Wh", "2026-01-01T00:00:00Z"])
junk = st.recursive(leaves, lambda each: st.lists(each, max_size=3) | st.dictionaries(names, each, max_size=4))


@given(payload=st.dictionaries(names, junk, max_size=4))
def test_the_fault_that_counts_is_the_first_of_all_that_there_are(payload: dict[str, Any]) -> None:
    checks = schemas.checks(Version.V16)
    errors = REAL_VALIDATOR(schemas.schemas(Version.V16)["MeterValues"][0], validate_formats=True).iter_errors(payload)
    kinds = {
        "type": Problem.TYPE, "required": Problem.INCOMPLETE, "additionalProperties": Problem.SHAPE,
        "minItems": Problem.OCCURRENCE, "maxItems": Problem.OCCURRENCE,
    }  # fmt: skip
    found = sorted((kinds.get(each.kind.name, Problem.VALUE) for each in errors), key=ORDER.index)
    wrong = checks.request("MeterValues", payload)
    assert (None if wrong is None else wrong[0]) == (found[0] if found else None)


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("part", ["{}", "1", "[]", '{"a":{}}', '"a"', "1.5", '{"a":1,"b":2}'])
def test_a_frame_of_too_many_values_is_refused_under_its_id_and_nobody_walks_through_it(
    version: Version, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "_deeper", None)
    monkeypatch.setattr(framing, "checks", None)
    payload = '{"meterValue":[' + ",".join([part] * (MOST_VALUES + 1)) + "]}"
    found = read(f'[2,"a","MeterValues",{payload}]', version)
    assert isinstance(found, Fault)
    assert (found.id, found.problem) == ("a", Problem.SHAPE)
    assert isinstance(read(f'[3,"a",{payload}]', version), Ignored)
    assert isinstance(read(f'[{payload},"a"]', version), Fault)
    assert read(f'[2,7,"MeterValues",{payload}]', version).id == "-1"  # type: ignore[union-attr]
    assert read("[" * (MOST_VALUES + 1), version).id == "-1"  # type: ignore[union-attr]


def test_a_frame_of_as_many_values_as_a_station_may_send_is_read() -> None:
    sample = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "1", "unit": "Wh", "phase": "L1"}]}
    text = json.dumps([2, "a", "MeterValues", METERS | {"meterValue": [sample] * 1_800}])
    assert Limits().message_size > len(text) > 150_000
    assert isinstance(read(text, Version.V16), Call)


def test_a_payload_deeper_than_the_library_goes_is_invalid_and_raises_nothing() -> None:
    deep: Any = 1
    for _ in range(600):
        deep = [deep]
    checks = schemas.checks(Version.V16)
    assert checks.request("Heartbeat", {"a": deep}) is not None
    assert checks.request("DataTransfer", {"vendorId": deep}) is not None


# What is written down


async def test_a_large_frame_that_is_refused_is_written_down_by_its_size() -> None:
    notebook = Notebook()
    secret = '{"key":"AuthorizationKey","value":"' + "s" * LONGEST_REFUSED + '"}'
    large = [
        "[" * (LONGEST_REFUSED + 1),
        f'[2,"a","Heartbeat",{secret}]',
        f'[3,"b",{secret}]',
        f'[4,"c","GenericError","",{secret}]',
        f'[5,"d",{secret}]',
    ]
    async with listening(journal=notebook) as (listener, _), dial(listener) as socket:
        for text in large:
            await socket.send(text)
        assert [(await heard(socket))[1] for _ in range(2)] == ["-1", "a"]
        assert (await ask(socket, 2, "last", "Heartbeat", {"x": 1}))[1] == "last"
    came = [each for each in notebook.frames if each.incoming]
    assert [each.message_id for each in came] == ["-1", "a", "b", "c", None, "last"]
    assert [len(each.text) < 200 and "sss" not in each.text for each in came] == [True] * 6
    assert [str(len(text)) in each.text for text, each in zip(large, came, strict=False)] == [True] * 5
    kinds = [type(read(each.text, Version.V16)) for each in came]
    assert kinds[2] is CallResult
    assert came[-1].text == '[2, "last", "Heartbeat", {"x": 1}]'


async def test_a_large_frame_that_is_accepted_is_written_down_as_it_came() -> None:
    notebook = Notebook()
    text = json.dumps([2, "a", "DataTransfer", {"vendorId": "x", "data": "y" * (LONGEST_REFUSED + 1)}])

    async def accept(*_: Any) -> Any:
        return {"status": "Accepted"}

    async with listening(journal=notebook, answers=accept) as (listener, _), dial(listener) as socket:
        await socket.send(text)
        assert await heard(socket) == [3, "a", {"status": "Accepted"}]
    assert notebook.frames[0].text == text


async def test_of_a_large_message_a_digest_is_remembered_and_it_is_still_handled_once() -> None:
    async def accept(*_: Any) -> Any:
        return {"status": "Accepted"}

    async with listening(answers=accept) as (listener, handler), dial(listener) as socket:
        for data in ("y" * 100_000, "y" * 100_000, "y" * 99_999 + "z"):
            await socket.send(json.dumps([2, "a", "DataTransfer", {"vendorId": "x", "data": data}]))
        assert [(await heard(socket))[0] for _ in range(3)] == [3, 3, 4]
        (kept,) = (await the_station(handler))._answered.values()
        assert len(kept[0]) <= 1_024
    assert len(handler.handled) == 1


# Our own calls


async def test_an_answer_with_thousands_of_faults_is_malformed_and_our_call_of_that_kind_is_not_sent() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        connection: Connection = await the_station(handler)
        calling = asyncio.create_task(connection.call("GetConfiguration", {}))
        frame = await heard(socket)
        await socket.send(json.dumps([3, frame[1], {"configurationKey": [{}] * 5_000}]))
        outcome = await calling
        assert isinstance(outcome, Rejected)
        assert (outcome.code, outcome.malformed) == ("ProtocolError", True)
        with pytest.raises(InvalidCall):
            await connection.call("GetConfiguration", {"key": [{}] * 5_000})


# The share of a station


def test_a_station_has_a_share_of_messages_and_one_of_characters() -> None:
    share = Share(Limits(rate=10, burst=5, volume=1_000, volume_burst=5_000), 0.0)
    assert [share.wait(10, 0.0) for _ in range(6)] == [0, 0, 0, 0, 0, pytest.approx(0.1)]
    share = Share(Limits(rate=10, burst=5, volume=1_000, volume_burst=5_000), 0.0)
    assert share.wait(5_000, 0.0) == 0
    assert share.wait(2_000, 0.0) == pytest.approx(2)
    assert share.wait(1_000, 1_000.0) == 0


async def test_a_station_that_sends_large_frames_is_read_more_slowly() -> None:
    slow = limits(volume=1_000.0, volume_burst=1_000.0)
    started = asyncio.get_running_loop().time()
    async with listening(limits=slow) as (listener, handler), dial(listener) as socket:
        text = json.dumps([2, "a", "MeterValues", METER_VALUES])
        await socket.send(text + " " * (1_300 - len(text)))
        await heard(socket)
        await ask(socket, 2, "b", "Heartbeat", {})
        assert asyncio.get_running_loop().time() - started >= 0.3
    assert len(handler.handled) == 2
