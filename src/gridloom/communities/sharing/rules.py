"""How the keys of a sharing operation follow each other. No I/O.

A key waits for approval from the day it is handed in. It is approved from a day on and holds until another one is. On any day at
most one is approved, and approving changes nothing before the day from which it counts.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

Status: TypeAlias = Literal[1, 2, 3]
APPROVED: Literal[1] = 1
PENDING: Literal[2] = 2
REJECTED: Literal[3] = 3
OPEN: None = None
_DAY = timedelta(days=1)


class Row(NamedTuple):
    """A key in an operation. end: its last day, None while it lasts. id: None for a row that is not written yet."""

    key_id: int
    key_version_id: int
    start: date
    end: date | None
    status: Status
    id: int | None = None


class Shown(NamedTuple):
    """The keys of an operation as they are told."""

    key: Row | None
    waiting: Row | None
    others: list[Row]


def waits(row: Row) -> bool:
    """Whether nobody has decided about it yet."""
    return row.status == PENDING and row.end is None


def holds_on(row: Row, day: date) -> bool:
    """Whether the operation follows it on a day."""
    return row.status == APPROVED and row.start <= day and (row.end is None or day <= row.end)


def hand_in(rows: Iterable[Row], key_id: int, version_id: int, today: date) -> list[Row]:
    """What to write when a key is handed in: nothing when the same version waits already; an older one makes room for it."""
    waiting = [row for row in rows if row.key_id == key_id and waits(row)]
    if any(row.key_version_id == version_id for row in waiting):
        return []
    withdrawn = [row._replace(end=max(row.start, today)) for row in waiting]
    return [*withdrawn, Row(key_id, version_id, today, OPEN, PENDING)]


def approve(rows: Iterable[Row], pending: Row, since: date, today: date) -> list[Row]:
    """What to write when a waiting key is approved from a day on, which may be past.

    What was approved before ends the day before. What was approved to begin on that day or later is replaced: it is kept among
    the rejected ones, because the days it was meant for belong to the new key.
    """
    written: list[Row] = []
    for row in rows:
        if row.status != APPROVED or (row.end is not None and row.end < since):
            continue
        if row.start < since:
            written.append(row._replace(end=since - _DAY))
        else:
            written.append(row._replace(end=row.end or max(row.start, today), status=REJECTED))
    decided = pending._replace(end=max(pending.start, since - _DAY))
    return [*written, decided, Row(pending.key_id, pending.key_version_id, since, OPEN, APPROVED)]


def reject(pending: Row, on: date) -> list[Row]:
    """What to write when a waiting key is rejected."""
    return [pending._replace(end=max(pending.start, on), status=REJECTED)]


def wind_up(rows: Iterable[Row], today: date) -> list[Row]:
    """What to write when the operation ends with this day: nothing waits or holds any longer, and the past stays."""
    written: list[Row] = []
    for row in rows:
        if waits(row):
            written.append(row._replace(end=max(row.start, today), status=REJECTED))
        elif row.status == APPROVED and row.start > today:
            written.append(row._replace(end=row.end or row.start, status=REJECTED))
        elif row.status == APPROVED and (row.end is None or row.end > today):
            written.append(row._replace(end=today))
    return written


def shown(rows: Sequence[Row], today: date) -> Shown:
    """The key in force (or, when none is, the next that will be), the one that has waited longest, and all others,
    newest first."""
    key = next((row for row in rows if holds_on(row, today)), None)
    coming = [row for row in rows if row.status == APPROVED and row.start > today]
    key = key or min(coming, key=lambda row: row.start, default=None)
    waiting = min((row for row in rows if waits(row)), key=lambda row: (row.start, row.id or 0), default=None)
    others = [row for row in rows if row is not key and row is not waiting]
    return Shown(key, waiting, sorted(others, key=lambda row: (row.start, row.id or 0), reverse=True))
