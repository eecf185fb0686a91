"""How a call ended, as text between processes."""

from decimal import Decimal
from typing import Any

import msgspec

from gridloom.charging.ocpp.public import Answered, Busy, InvalidCall, Offline, Outcome, Payload, Rejected, TimedOut

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def written(outcome: Outcome | InvalidCall) -> str:
    """As JSON. An InvalidCall travels too: it is the caller's mistake, wherever it is found."""
    match outcome:
        case Answered():
            told: dict[str, Any] = {"kind": "answered", "payload": outcome.payload}
        case Rejected():
            told = {
                "kind": "rejected", "code": outcome.code, "description": outcome.description,
                "details": outcome.details, "malformed": outcome.malformed,
            }  # fmt: skip
        case TimedOut():
            told = {"kind": "timed out", "sent": outcome.sent}
        case Offline():
            told = {"kind": "offline", "sent": outcome.sent}
        case Busy():
            told = {"kind": "busy"}
        case InvalidCall():
            told = {"kind": "invalid", "text": str(outcome)}
    return _encode(told).decode()


def read(text: str) -> Outcome:
    """Back. Raises InvalidCall when it was one; numbers with a fraction are Decimals, as on the wire."""
    told = _decode(text)
    match told.pop("kind"):
        case "answered":
            return Answered(told["payload"])
        case "rejected":
            return Rejected(**told)
        case "timed out":
            return TimedOut(told["sent"])
        case "offline":
            return Offline(told["sent"])
        case "busy":
            return Busy()
    raise InvalidCall(told["text"])


def payload_text(payload: Payload) -> str:
    """A payload as JSON."""
    return _encode(payload).decode()


def payload_of(text: str) -> Payload:
    """Back."""
    payload: Payload = _decode(text)
    return payload
