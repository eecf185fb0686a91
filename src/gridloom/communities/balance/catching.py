"""Bringing what is shared in an operation up to date: as late as somebody reads it, and only the days that changed.

The reader who finds stale days holds the sharing of the operation, its points and its channels, in this order, so that nothing
arrives meanwhile; whoever comes second finds the work done. What is written: each meter's shared energy as we compute it, beside
the grid operator's, and the sums of the operation, in which the operator's numbers count where there are some.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities import dates
from gridloom.communities.allocation.public import kwh, whole
from gridloom.communities.balance import readings, store
from gridloom.communities.balance.amounts import Given, split_key
from gridloom.communities.balance.days import Days, Span, joined, portions
from gridloom.communities.balance.readings import DIRECTIONS, FED, TAKEN, Channels, Counters, Direction, Found
from gridloom.communities.balance.sharing import Agreed, Shared, Sums, rounds_of, share
from gridloom.communities.meters import public as meters
from gridloom.communities.sharing import public as sharing
from gridloom.core.series.public import Batch, Channel, Origin, ensure_channel, ensure_point, read_many, write
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.units import convert

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

_MOST_DAYS = 31
# So many meter-days at once: three million values a direction.
_MOST_METER_DAYS = 31_000


class _Work(NamedTuple):
    """What does not change while the days are shared. points: by place. others: when a point is in another operation."""

    points: list[int]
    channels: Channels
    counters: Counters
    own: dict[int, Channel]
    present: list[meters.Presence]
    agreed: list[sharing.Approved]
    others: dict[int, list[Span]]


async def catch_up(tx: Tx, operation: sharing.Operation, since: date, till: date) -> None:
    """Make what is shared in an operation right from the day `since` to the day `till`, in this transaction.

    With nothing stale it costs one statement. Raises ArchiveUnreachable.
    """
    window = Span(since, till)
    if since > till or await store.is_fresh(tx, operation.id, window):
        return
    own_point = await _own_point(tx, operation)
    await store.hold_operation(tx, operation.id)
    if await store.is_fresh(tx, operation.id, window):
        return
    # The notes before what they are about: who changes it from now on leaves a note that stays.
    stale = await store.stale_spans(tx, operation.id)
    work = await _work(tx, operation, own_point, window)
    await store.hold_channels(tx, [*work.points, own_point])
    channels = await readings.channels_of(tx, work.points)
    work = work._replace(channels=channels, counters=await readings.counters_for(tx, channels))
    late = await store.arrived_days(tx, operation.id)
    todo = _within_data(joined([*(each.span for each in stale), *(Span(day, day) for day in late)]), work)
    most_days = max(1, min(_MOST_DAYS, _MOST_METER_DAYS // max(1, len(work.points))))
    for span in [inside for each in todo if (inside := each.meets(window))]:
        for part in portions(span, most_days):
            await _share_days(tx, work, Days.of(part))
    left = [rest for span in todo for rest in span.without(window)]
    await store.note(tx, operation.id, [each.id for each in stale], left, work.points)


async def _work(tx: Tx, operation: sharing.Operation, own_point: int, window: Span) -> _Work:
    """What is to be shared, with its points held and all channels there."""
    places = await store.places(tx, operation.community_id)
    present = await meters.in_operation(tx, operation.id, window.first, window.last)
    agreed = await sharing.approved(tx, operation.id, window.first, window.last)
    others = _elsewhere(places, operation.id)
    ever = {each.point_id for each in places if each.operation_id == operation.id}
    ever |= {each.point_id for each in present}
    await store.hold_points(tx, sorted(ever))
    own = await _own_channels(tx, own_point)
    await _ensure_results(tx, sorted(ever))
    # A meter that is in no operation any more may have numbers of ours from when it was in this one.
    points = sorted(ever | {each.point_id for each in places if each.point_id not in others})
    return _Work(points, {}, {}, own, present, agreed, others)


def _elsewhere(places: Sequence[store.Place], operation_id: int) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    for each in places:
        if each.span is not None and each.operation_id != operation_id and each.status == meters.ACTIVE:
            found.setdefault(each.point_id, []).append(each.span)
    return found


def _within_data(spans: Sequence[Span], work: _Work) -> list[Span]:
    """The spans as far as there is anything to share, or anything shared: later readings make themselves known."""
    ends = [
        end for each in (*work.channels.values(), *work.own.values()) for end in (each.first_cap, each.last_cap)
        if end is not None
    ]  # fmt: skip
    if not ends:
        return []
    # A register's first reading is the end of a step, its last one perhaps the beginning of a day.
    known = Span(min(ends).astimezone(dates.ZONE).date(), max(ends).astimezone(dates.ZONE).date())
    return [inside for span in spans if (inside := span.meets(known))]


async def _own_point(tx: Tx, operation: sharing.Operation) -> int:
    """Where the operation's sums stand; made at the first use, and before anything else is held: it holds the operation."""
    if operation.point_id is not None:
        return operation.point_id
    current = await sharing.find(tx, operation.community_id, operation.id)
    if current is not None and current.point_id is not None:
        return current.point_id
    made = await ensure_point(tx, name=operation.name)
    return await sharing.set_point(tx, operation.id, made.id)


async def _own_channels(tx: Tx, point: int) -> dict[int, Channel]:
    """The channels of the operation's sums, by code."""
    found = await readings.channels_of(tx, [point])
    own = {code: found.get((point, code)) for code in readings.SUMS}
    return {code: each or await _interval(tx, point, code, None) for code, each in own.items()}


async def _ensure_results(tx: Tx, points: Sequence[int]) -> None:
    """A channel for what is shared of each meter that has readings in that direction."""
    channels = await readings.channels_of(tx, points)
    for point in points:
        for way in DIRECTIONS:
            source = channels.get((point, way.gross)) or channels.get((point, way.register))
            if source is not None and (point, way.shared) not in channels:
                await _interval(tx, point, way.shared, source.step_s)


async def _interval(tx: Tx, point: int, code: int, step_s: int | None) -> Channel:
    return await ensure_channel(tx, point, code, unit="kW.h", kind="interval", step_s=step_s or 900)


async def _share_days(tx: Tx, work: _Work, days: Days) -> None:
    """Share these days and write what became different."""
    taken, fed = await readings.read(tx, work.points, work.channels, days, work.counters)
    takes, feeds, eans = _presence(work, days)
    agreed = [
        Agreed(inside, rounds_of(each.key, eans))
        for each in work.agreed
        if (inside := Span(each.start, each.end).meets(days.span))
    ]
    # A month of many meters takes a while, in which others go on.
    as_consumers, as_producers, sums = await asyncio.to_thread(share, days, taken, fed, takes, feeds, agreed)
    kept = _kept(work, days)
    batches = [
        _changes(work, TAKEN, taken, as_consumers, kept, days),
        _changes(work, FED, fed, as_producers, kept, days),
        await _sums_changes(tx, work.own, sums, days),
    ]
    await write(tx, Batch.join(batches))


def _presence(work: _Work, days: Days) -> tuple[Mask, Mask, dict[str, int]]:
    place = {point: number for number, point in enumerate(work.points)}
    takes = np.zeros((len(days), len(place)), dtype=np.bool_)
    feeds = np.zeros_like(takes)
    eans: dict[str, int] = {}
    for each in work.present:
        if (inside := Span(each.start, each.end).meets(days.span)) is None:
            continue
        column = place[each.point_id]
        eans[each.ean] = column
        takes[days.places(inside), column] = True
        feeds[days.places(inside), column] |= each.injects
    return takes, feeds, eans


def _kept(work: _Work, days: Days) -> Mask:
    """(days, places) where a meter's numbers are another operation's to write."""
    kept = np.zeros((len(days), len(work.points)), dtype=np.bool_)
    for place, point in enumerate(work.points):
        inside = [meets for span in work.others.get(point, []) if (meets := span.meets(days.span))]
        kept[:, place] = days.mask(inside)
    return kept


def _changes(work: _Work, way: Direction, found: Found, shared: Shared, kept: Mask, days: Days) -> Batch:
    """What is shared of each meter where it differs from what stands, and the removal of what should not stand."""
    key, micro, is_gone = _different(found.ours, Given(shared.rows.keys, shared.ours))
    place, time_ms = split_key(key)
    if is_gone.any():
        ours = ~(is_gone & kept[days.of_times(time_ms), place])
        place, time_ms, micro, is_gone = place[ours], time_ms[ours], micro[ours], is_gone[ours]
    targets = [work.channels.get((point, way.shared)) for point in work.points]
    ids = np.array([0 if each is None else each.id for each in targets], dtype=np.int64)
    units = np.array([1.0 if each is None else convert(1.0, "kW.h", each.unit) for each in targets])
    return _batch(ids[place], time_ms, kwh(micro) * units[place], is_gone)


async def _sums_changes(tx: Tx, own: dict[int, Channel], sums: Sums, days: Days) -> Batch:
    channels = [own[code] for code in readings.SUMS]
    stands = await read_many(tx, channels, days.since_ms, days.till_ms, origins=(Origin.CALCULATED,))
    batches = []
    for channel, column in zip(channels, sums.columns, strict=True):
        before = stands[channel.id]
        old, new = Given(before.time_ms, whole(before.value)), Given(sums.time_ms, column)
        time_ms, micro, is_gone = _different(old, new)
        batches.append(_batch(np.full(len(time_ms), channel.id, dtype=np.int64), time_ms, kwh(micro), is_gone))
    return Batch.join(batches)


def _different(old: Given, new: Given) -> tuple[Ints, Ints, Mask]:
    """Keys whose amounts are not what they were, with the new amounts, and which of them are no more."""
    if not len(old.key):
        return new.key, new.micro, np.zeros(len(new.key), dtype=np.bool_)
    at = np.minimum(np.searchsorted(old.key, new.key), len(old.key) - 1)
    differs = (old.key[at] != new.key) | (old.micro[at] != new.micro)
    gone = old.key[~np.isin(old.key, new.key)]
    key = np.concatenate([new.key[differs], gone])
    micro = np.concatenate([new.micro[differs], np.zeros(len(gone), dtype=np.int64)])
    return key, micro, np.arange(len(key)) >= len(key) - len(gone)


def _batch(channel: Ints, time_ms: Ints, values: NDArray[np.float64], is_gone: Mask) -> Batch:
    return Batch.of(channel, time_ms, np.where(is_gone, np.nan, values), origin=Origin.CALCULATED)
