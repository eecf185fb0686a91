"""Reading what was taken, injected and shared: of a whole operation as its sums stand, of one meter from its own series."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities import dates
from gridloom.communities.allocation.public import kwh, whole
from gridloom.communities.balance import readings, store
from gridloom.communities.balance.amounts import Given, Standing, placed, split_key, standing
from gridloom.communities.balance.catching import catch_up
from gridloom.communities.balance.days import Days, Span
from gridloom.communities.balance.faults import TooManyDays
from gridloom.communities.balance.readings import Found
from gridloom.communities.meters import public as meters
from gridloom.communities.sharing import public as sharing
from gridloom.core.series.public import Channel, Origin, read_many
from gridloom.kernel.database.transaction import Tx

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

# Three years and a little.
MOST_DAYS = 1_100
HEAD = ("Timestamp", "Gross", "Net", "Shared", "Injection Gross", "Injection Net", "Injection Shared")


class Columns(NamedTuple):
    """Times in milliseconds, and of each what was taken and injected in micro-kWh."""

    time_ms: Ints
    gross: Ints
    net: Ints
    shared: Ints
    inj_gross: Ints
    inj_net: Ints
    inj_shared: Ints

    @property
    def wire(self) -> dict[str, list[Any]]:
        """The arrays of an answer."""
        values = {name: kwh(column).tolist() for name, column in zip(self._fields[1:], self[1:], strict=True)}
        return {"timestamps": shown_times(self.time_ms), **values}

    def rows(self) -> Iterator[Sequence[str | float]]:
        """The rows of a sheet, its head first."""
        yield HEAD
        yield from zip(*self.wire.values(), strict=True)


def shown_times(time_ms: Ints) -> list[str]:
    """Instants in UTC as they travel, to the second."""
    texts: list[str] = np.char.add(np.datetime_as_string(time_ms.astype("datetime64[ms]"), unit="s"), "Z").tolist()
    return texts


async def of_operation(tx: Tx, operation: sharing.Operation, window: Span) -> Columns:
    """The sums of an operation on these days, brought up to date before. Raises TooManyDays and ArchiveUnreachable."""
    # Refused before anything is computed; what few days hold is never too much.
    if _is_long(window) and (reach := await store.reach(tx, operation.id, window)) is not None and _is_long(reach):
        raise TooManyDays
    await catch_up(tx, operation, window.first, window.last)
    point = operation.point_id
    if point is None:
        now = await sharing.find(tx, operation.community_id, operation.id)
        point = None if now is None else now.point_id
    if point is None:
        return _columns({})
    channels = await readings.channels_of(tx, [point])
    days = _days(window, channels.values())
    if days is None:
        return _columns({})
    read = await read_many(tx, channels.values(), days.since_ms, days.till_ms, origins=(Origin.CALCULATED,))
    return _columns(
        {
            code: Given(found.time_ms, whole(found.value))
            for (_, code), each in channels.items()
            if (found := read[each.id])
        }
    )


async def of_meter(tx: Tx, community_id: int, meter: meters.MeterRef, window: Span) -> Columns:
    """What a meter took, injected and shared on these days, brought up to date before.

    What it shared counts whichever of the community's meters the point was, in operations that are gone too. Days on which it was
    another community's meter are that community's, and those before it came to this one are nobody's here. Raises TooManyDays
    and ArchiveUnreachable.
    """
    periods = await store.periods_of_point(tx, meter.point_id)
    own = [each for each in periods if each.community_id == community_id]
    visible = window.meets(Span(min((each.span.first for each in own), default=dates.LATEST), dates.LATEST))
    days = None if visible is None else _days(visible, (await readings.channels_of(tx, [meter.point_id])).values())
    if days is None:
        return _columns({})
    for operation in await store.operations(tx, community_id, {each.operation_id for each in own if each.operation_id}):
        await catch_up(tx, operation, days.span.first, days.span.last)
    channels = await readings.channels_of(tx, [meter.point_id])
    counts = days.mask([each.span for each in own if each.operation_id is not None and each.is_active])
    hidden = days.mask([each.span for each in periods if each.community_id != community_id])
    found = {}
    for way, each in zip(readings.DIRECTIONS, await readings.read(tx, [meter.point_id], channels, days), strict=True):
        stands = _stands(each, days, counts, hidden)
        for code, values in ((way.gross, stands.gross), (way.shared, stands.shared), (way.net, stands.net)):
            found[code] = Given(stands.time_ms, values)
    return _columns(found)


def _stands(found: Found, days: Days, counts: Mask, hidden: Mask) -> Standing:
    rows = found.gross.take(~hidden[days.of_times(found.gross.time_ms)])
    ours, _ = placed(rows.keys, *_only(found.ours, days, counts & ~hidden, rows.keys))
    shared, net = (Given(*_only(each, days, ~hidden)) for each in (found.shared, found.net))
    return standing(rows, ours, shared, net)


def _only(given: Given, days: Days, wanted: Mask, known: Ints | None = None) -> tuple[Ints, Ints]:
    kept = wanted[days.of_times(split_key(given.key)[1])]
    if known is not None:
        kept &= np.isin(given.key, known)
    return given.key[kept], given.micro[kept]


def _days(window: Span, channels: Iterable[Channel]) -> Days | None:
    """The days of the window on which anything can stand; None: there are none. Raises TooManyDays."""
    ends = [end for each in channels for end in (each.first_cap, each.last_cap) if end is not None]
    if not ends:
        return None
    known = window.meets(Span(_day(min(ends)), _day(max(ends))))
    if known is not None and _is_long(known):
        raise TooManyDays
    return None if known is None else Days.of(known)


def _is_long(span: Span) -> bool:
    return (span.last - span.first).days >= MOST_DAYS


def _day(instant: datetime) -> Any:
    return instant.astimezone(dates.ZONE).date()


def _columns(found: dict[int, Given]) -> Columns:
    """Columns of one length, 0 where one has nothing."""
    known = [each.key for each in found.values() if len(each.key)]
    if not known:
        return Columns(*(np.empty(0, dtype=np.int64) for _ in Columns._fields))
    same = all(np.array_equal(known[0], each) for each in known[1:])
    time_ms = known[0] if same else np.unique(np.concatenate(known))
    empty = Given(time_ms[:0], time_ms[:0])
    order = [code for way in readings.DIRECTIONS for code in (way.gross, way.net, way.shared)]
    return Columns(time_ms, *(placed(time_ms, *found.get(code, empty))[0] for code in order))
