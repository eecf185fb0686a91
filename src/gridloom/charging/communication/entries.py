"""From frames to entries of the log: a question and its answer, paired by station and message id. No I/O.

A question waits here for its answer, and is an entry then; after `PATIENCE` it is one without an answer. An answer to no
question, and what cannot be read, are entries of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from gridloom.charging.communication.frames import ERROR, LONGEST_TEXT, RESULT, Place, Read, read, written
from gridloom.charging.ocpp.public import Frame, Station

PATIENCE = timedelta(seconds=90)
UNKNOWN = "Unknown"
MOST_OPEN = 20_000

_MOST_NUMBER = 10_000

Key: TypeAlias = tuple[int, int]
_Key: TypeAlias = tuple[Key, bool, str]


@dataclass(slots=True)
class Entry:
    """A line of the log. evse: its number within the station, as text. transaction: what the station calls it."""

    at: datetime
    tenant: int
    charge_point_id: int
    incoming: bool
    command: str
    parameters: str
    response: str | None = None
    error: str | None = None
    evse: str | None = None
    transaction: str | None = None

    @property
    def size(self) -> int:
        """Characters that it holds."""
        return len(self.parameters) + len(self.response or "") + len(self.error or "")


class Pairing:
    """Takes frames in the order in which they came and gives entries that are complete."""

    def __init__(self) -> None:
        self._open: dict[_Key, list[Entry]] = {}
        self.waiting = 0
        self.size = 0

    def take(self, frame: Frame) -> Entry | None:
        """One frame; gives the entry that it completes. The key of its station has `tenant` and `charge_point_id`."""
        told = read(frame.text)
        if frame.message_id is None:
            return self._alone(frame, told)
        key = (key_of(frame.station), frame.incoming, frame.message_id)
        if told.kind in (RESULT, ERROR):
            asked = self._asked((key[0], not frame.incoming, frame.message_id))
            if asked is None:
                return self._alone(frame, told)
            return _answered(asked, frame, told)
        if self.waiting >= MOST_OPEN:
            return _failed(_entry(frame, told), {"problem": "too many questions wait for an answer"})
        entry = _entry(frame, told)
        self._open.setdefault(key, []).append(entry)
        self._count(entry, 1)
        return None

    def overdue(self, now: datetime) -> Iterator[Entry]:
        """The questions whose time is over, as entries without an answer."""
        yield from self._given_up(now - PATIENCE)

    def rest(self) -> Iterator[Entry]:
        """All that wait: this process ends."""
        yield from self._given_up(None)

    def _given_up(self, before: datetime | None) -> Iterator[Entry]:
        for key, waiting in list(self._open.items()):
            late = [each for each in waiting if before is None or each.at <= before]
            kept = [each for each in waiting if each not in late]
            if kept:
                self._open[key] = kept
            elif late:
                del self._open[key]
            for entry in late:
                self._count(entry, -1)
                yield _failed(entry, {"problem": "no answer"})

    def _asked(self, key: _Key) -> Entry | None:
        waiting = self._open.get(key)
        if waiting is None:
            return None
        entry = waiting.pop(0)
        self._count(entry, -1)
        if not waiting:
            del self._open[key]
        return entry

    def _count(self, entry: Entry, step: int) -> None:
        self.waiting += step
        self.size += step * entry.size

    def _alone(self, frame: Frame, told: Read) -> Entry:
        return _failed(_entry(frame, told), {"problem": frame.problem or "an answer to no call"})


def key_of(station: Station) -> Key:
    """(tenant, charge point) of a station, as its key says it. TypeError for a station that is known by something else."""
    key: Any = station.key
    try:
        return int(key.tenant), int(key.charge_point_id)
    except AttributeError:
        raise TypeError("the key of a station names its tenant and its charge point") from None


def _entry(frame: Frame, told: Read) -> Entry:
    tenant, point = key_of(frame.station)
    entry = Entry(frame.at, tenant, point, frame.incoming, _name(frame.action or told.action or UNKNOWN), told.text)
    _settle(entry, told.place)
    return entry


def _answered(entry: Entry, frame: Frame, told: Read) -> Entry:
    if told.kind == ERROR:
        entry.error = told.text
    elif frame.problem is not None:
        _failed(entry, {"problem": frame.problem, "response": msgspec.Raw(told.text.encode())}, told)
    else:
        entry.response = told.text
        _settle(entry, told.place)
    return entry


def _failed(entry: Entry, error: dict[str, Any], told: Read | None = None) -> Entry:
    """With an error; one that holds what was said holds it as text where it was cut off."""
    if told is not None and len(told.text) >= LONGEST_TEXT:
        error = {**error, "response": told.text}
    entry.error = written(error)
    return entry


def _settle(entry: Entry, place: Place) -> None:
    """Which EVSE and which transaction it is about; what was found first stays."""
    evse = place.evse.get("id") if isinstance(place.evse, dict) else place.evse_id
    number = place.connector_id if evse is None else evse
    if entry.evse is None and isinstance(number, int) and 0 < number < _MOST_NUMBER:
        entry.evse = str(number)
    info = place.transaction_info
    found = info.get("transactionId") if isinstance(info, dict) else place.transaction_id
    if entry.transaction is None and isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        entry.transaction = _name(str(found))


def _name(text: str) -> str:
    """A name from outside as the database can hold it: no NUL, no novel."""
    return text.replace("\x00", "\ufffd")[:100]
