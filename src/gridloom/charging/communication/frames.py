"""One frame of text: what kind it is, what it carries without its secrets, and where that belongs. No I/O."""

from typing import Any

import msgspec

from gridloom.charging.communication.redaction import is_harmless, redacted, redacted_text

LONGEST_TEXT = 50_000
"""Characters that are kept of each text (the contract's number)."""
CALL, RESULT, ERROR = 2, 3, 4

_KINDS: dict[bytes, int] = {b"2": CALL, b"3": RESULT, b"4": ERROR}
_PAYLOAD_AT: dict[int | None, int] = {CALL: 3, RESULT: 2}
_THIRD = 2
_ERROR_NAMES = ("errorCode", "errorDescription", "errorDetails")


class Place(msgspec.Struct, frozen=True):
    """What a payload says about where it belongs; of either version, and not yet checked."""

    connector_id: Any = msgspec.field(default=None, name="connectorId")
    evse_id: Any = msgspec.field(default=None, name="evseId")
    evse: Any = None
    transaction_id: Any = msgspec.field(default=None, name="transactionId")
    transaction_info: Any = msgspec.field(default=None, name="transactionInfo")


_frame = msgspec.json.Decoder(list[msgspec.Raw])
_place = msgspec.json.Decoder(Place)
_NOWHERE = Place()


class Read(msgspec.Struct):
    """A frame, taken apart. text: JSON of what it carries, without secrets. action: what a question calls itself."""

    kind: int | None
    text: str
    place: Place = _NOWHERE
    action: str | None = None


def read(text: str) -> Read:
    """Take a frame apart; of a text that is none, the text."""
    try:
        parts = _frame.decode(text)
        kind = _KINDS.get(bytes(parts[0]))
        at = _PAYLOAD_AT.get(kind)
        if at is not None and len(parts) > at:
            action = _action(parts[_THIRD]) if kind == CALL else None
            return Read(kind, _kept(bytes(parts[at]).decode()), _placed(parts[at]), action)
        if kind == ERROR and len(parts) > _THIRD:
            told = [msgspec.json.decode(each) for each in parts[_THIRD:]]
            return Read(ERROR, written(redacted(dict(zip(_ERROR_NAMES, told, strict=False)))))
        return Read(None, _kept(text))
    except (msgspec.MsgspecError, RecursionError, IndexError):
        return Read(None, written(redacted_text(text)))


def _kept(text: str) -> str:
    """JSON as it came where nothing in it can be secret, else looked through."""
    return _storable(text) if is_harmless(text) else written(redacted(msgspec.json.decode(text)))


def _action(part: msgspec.Raw) -> str | None:
    name = msgspec.json.decode(part)
    return name if isinstance(name, str) else None


def _placed(payload: msgspec.Raw) -> Place:
    try:
        return _place.decode(payload)
    except msgspec.ValidationError:  # not even an object
        return _NOWHERE


def written(value: Any) -> str:
    """JSON of something, its beginning, without the one character that the database cannot keep."""
    return _storable(msgspec.json.encode(value).decode())


def _storable(text: str) -> str:
    """The beginning of a JSON text, in which no escape stands for a NUL."""
    return text[:LONGEST_TEXT].replace("\\u0000", "\\ufffd") if "\\u0000" in text else text[:LONGEST_TEXT]
