"""Text of a frame → message, and back. Nothing that arrives here can raise.

An OCPP-J frame is a JSON array: [2, id, action, payload] a call, [3, id, payload] its result, [4, id, code,
description, details] its failure. Numbers with a fraction are Decimals, whole ones ints.

What is refused is refused with the problem that the versions name (`versions.Problem`). An answer (3 or 4) is never
answered, whatever is wrong with it: two parties that complain about each other's complaints never stop.
"""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from gridloom.charging.ocpp.messages.schemas import Payload, checks
from gridloom.charging.ocpp.messages.versions import Problem, Version, code_of

CALL, RESULT, ERROR = 2, 3, 4
UNREADABLE_ID = "-1"  # OCPP 2.0.1 part 4 §4.2.3: the id of a CALLERROR when the call's own could not be read
ID_LENGTH = 36
MAX_DEPTH = 16
MOST_VALUES = 32_768  # JSON values in a frame; the densest MeterValues of 256 kB has 30,800
DESCRIPTION_LENGTH = 255
NUMBER_LENGTH = 40
EXPONENT = 30
_LONGEST_HEAD = 6 * ID_LENGTH + 2  # of the JSON of an id, each character an escape


@dataclass(slots=True, frozen=True)
class Call:
    """A call that satisfies its schema."""

    id: str
    action: str
    payload: Payload


@dataclass(slots=True, frozen=True)
class CallResult:
    """An answer; its payload is unchecked, since only the one who asked knows the action."""

    id: str
    payload: Any


@dataclass(slots=True, frozen=True)
class CallFailed:
    """The other side's CALLERROR."""

    id: str
    code: str
    description: str
    details: Payload


@dataclass(slots=True, frozen=True)
class Fault:
    """A frame to refuse: the id to answer with, why, and for whom `detail` says where."""

    id: str
    problem: Problem
    detail: str
    action: str | None = None


@dataclass(slots=True, frozen=True)
class Ignored:
    """A frame that gets no answer: an answer that cannot be read, or (1.6 §4.1.3) a message of an unknown type."""

    reason: str


Message = Call | CallResult | CallFailed | Fault | Ignored


def _decimal(text: str) -> Decimal:
    # A number of ten million digits is short to write ("1e9999999") and long to compute with.
    value = Decimal(text) if len(text) <= NUMBER_LENGTH else None
    if value is None or abs(value.adjusted()) > EXPONENT:
        raise ValueError("a number is out of range")
    return value


_decoder = msgspec.json.Decoder(float_hook=_decimal)
_parts = msgspec.json.Decoder(list[msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")


def read(text: str, version: Version) -> Message:
    """What a frame from a station says."""
    frame = _decode(text)
    if not isinstance(frame, list):
        return frame
    if frame[0] in {RESULT, ERROR}:
        return _answer(frame) if not _hostile(text, frame) else Ignored("an answer outside the limits")
    identifier = frame[1] if len(frame) > 1 else None
    if not isinstance(identifier, str) or not 0 < len(identifier) <= ID_LENGTH or "\0" in identifier:
        return Fault(UNREADABLE_ID, Problem.FRAME, "the message id is not a text of 1 to 36 characters")
    if frame[0] == CALL:
        return _call(identifier, text, frame, version)
    if version is Version.V16:
        return Ignored("a message of an unknown type")
    return Fault(identifier, Problem.MESSAGE_TYPE, "the message type is not 2, 3 or 4")


def _decode(text: str) -> list[Any] | Fault | Ignored:
    if text.count(",") + text.count(":") + text.count("[") > MOST_VALUES:  # before each value stands one of these
        return _too_much(text)
    try:
        frame = _decoder.decode(text)
    except RecursionError:
        return Fault(UNREADABLE_ID, Problem.FRAME, "the frame is nested too deeply")
    except (ValueError, msgspec.MsgspecError):
        return Fault(UNREADABLE_ID, Problem.FRAME, "the frame is not JSON")
    if isinstance(frame, list) and frame and type(frame[0]) is int:
        return frame
    return Fault(UNREADABLE_ID, Problem.FRAME, "the frame is not an array that begins with a message type")


def _too_much(text: str) -> Fault | Ignored:
    """A frame of too many values: its type and its id are read, and nothing else."""
    kind: Any = None
    identifier: Any = None
    with suppress(ValueError, msgspec.MsgspecError, RecursionError):  # then it is nobody's
        kind, identifier = (msgspec.json.decode(each) for each in _parts.decode(text)[:2] if len(each) <= _LONGEST_HEAD)
    if kind in (RESULT, ERROR):
        return Ignored("an answer of too many values")
    known = kind == CALL and isinstance(identifier, str) and 0 < len(identifier) <= ID_LENGTH and "\0" not in identifier
    return Fault(identifier if known else UNREADABLE_ID, Problem.SHAPE if known else Problem.FRAME, "too many values")


def _call(identifier: str, text: str, frame: list[Any], version: Version) -> Call | Fault:
    if hostile := _hostile(text, frame):
        return Fault(identifier, *hostile)
    if len(frame) != 4 or not isinstance(frame[2], str):
        return Fault(identifier, Problem.FRAME, "a call is [2, id, action, payload]")
    action, payload = frame[2:]
    known = checks(version)
    if action not in known.from_station:
        if action in known.requests:
            return Fault(identifier, Problem.NOT_SUPPORTED, "only the central system sends this action", action)
        return Fault(identifier, Problem.UNKNOWN_ACTION, "the action is unknown")
    if wrong := known.request(action, payload):
        return Fault(identifier, *wrong, action)
    return Call(identifier, action, payload)


def _answer(frame: list[Any]) -> CallResult | CallFailed | Ignored:
    identifier = frame[1] if len(frame) > 1 else None
    if not isinstance(identifier, str) or len(identifier) > ID_LENGTH:
        return Ignored("an answer without a readable id")
    if frame[0] == RESULT:
        return CallResult(identifier, frame[2] if len(frame) == 3 else None)
    # Stations in the field leave out the description or the details, or send null: the code is what counts.
    code, description, details = (*frame[2:5], None, None, None)[:3]
    return CallFailed(
        identifier,
        code[:50] if isinstance(code, str) else "GenericError",
        description[:DESCRIPTION_LENGTH] if isinstance(description, str) else "",
        details if isinstance(details, dict) else {},
    )


def _hostile(text: str, frame: list[Any]) -> tuple[Problem, str] | None:
    """What JSON allows and nobody downstream can keep: great depth, and NUL, which PostgreSQL has no place for."""
    # Fewer brackets than levels cannot nest deeper; most frames end here without a walk.
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper(frame, MAX_DEPTH):
        return Problem.SHAPE, "the frame is nested too deeply"
    if "\\u0000" in text and _has_nul(frame):
        return Problem.VALUE, "the frame contains a NUL character"
    return None


def _deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for each in layer
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
        if not layer:
            return False
    return True


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(child) for key, child in value.items())
    return isinstance(value, list) and any(_has_nul(child) for child in value)


def outline(message: Message, length: int) -> str:
    """What stands in the log for a frame of so many characters that is refused: of which kind it is, and its size."""
    size = {"characters": length}
    if isinstance(message, CallResult):
        return write_result(message.id, size)
    if isinstance(message, CallFailed):
        return _encoder.encode([ERROR, message.id, message.code, "", size]).decode()
    return _encoder.encode(size).decode()


def write_call(identifier: str, action: str, payload: Payload) -> str:
    """The text of a call."""
    return _encoder.encode([CALL, identifier, action, payload]).decode()


def write_result(identifier: str, payload: Payload) -> str:
    """The text of an answer."""
    return _encoder.encode([RESULT, identifier, payload]).decode()


def write_fault(fault: Fault, version: Version) -> str:
    """The text of a CALLERROR, in the version's words."""
    code = code_of(fault.problem, version)
    return _encoder.encode([ERROR, fault.id, code, fault.detail[:DESCRIPTION_LENGTH], {}]).decode()
