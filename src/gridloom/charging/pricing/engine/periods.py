"""Cutting a session into the stretches that are charged alike."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from gridloom.charging.pricing.engine.calendar import Stretch
from gridloom.charging.pricing.engine.slots import Slot, Slots
from gridloom.charging.pricing.engine.tariffs import Standard, Tariff, Timed
from gridloom.charging.pricing.engine.timeline import Timeline


class Span(NamedTuple):
    """A charging period before it has a price. grace_end: in idle time with a grace, when the grace is over."""

    start: datetime
    stop: datetime
    is_idle: bool
    slot: Slot
    grace_end: datetime | None


def spans_of(timeline: Timeline, slots: Slots, tariff: Tariff) -> list[Span]:
    """The periods in order, without gaps from start to stop; a session of no time has one of no time."""
    start, stop = timeline.started_at, timeline.stopped_at
    flips = _flips(timeline)
    if len(flips) == 1 and len(slots.slots) == 1 and not flips[0][1]:
        return [Span(start, stop, False, slots.slots[0], None)]
    graces = {at: _grace_end(at, timeline, slots, tariff) for at, is_idle in flips if is_idle}
    ends = _ends(flips, stop)
    cuts = {start, *slots.starts, *(at for at, _ in flips)}
    cuts.update(end for at, end in graces.items() if end is not None and at < end < ends[at])
    ordered = sorted(cuts)
    spans = []
    place, (flip, is_idle) = 0, flips[0]
    for begin, end in zip(ordered, [*ordered[1:], stop], strict=True):
        while place + 1 < len(flips) and flips[place + 1][0] <= begin:
            place += 1
            flip, is_idle = flips[place]
        spans.append(Span(begin, end, is_idle, slots.at(begin), graces.get(flip) if is_idle else None))
    return spans


def _flips(timeline: Timeline) -> list[tuple[datetime, bool]]:
    """When the session turns idle and back, the first at its start."""
    start, stop = timeline.started_at, timeline.stopped_at
    flips = [(start, False)]
    for each in timeline.states:
        is_idle = each.state.is_idle
        if each.at <= start:
            flips = [(start, is_idle)]
        elif each.at >= stop:
            break
        elif flips[-1][0] == each.at:
            flips.pop()
            if flips[-1][1] != is_idle:
                flips.append((each.at, is_idle))
        elif flips[-1][1] != is_idle:
            flips.append((each.at, is_idle))
    return flips


def _ends(flips: list[tuple[datetime, bool]], stop: datetime) -> dict[datetime, datetime]:
    instants = [at for at, _ in flips]
    return dict(zip(instants, [*instants[1:], stop], strict=True))


def _grace_end(idle_from: datetime, timeline: Timeline, slots: Slots, tariff: Tariff) -> datetime | None:
    """When the idle fee starts; None where there is neither fee nor grace. The rules of the moment it turned idle hold."""
    grace = slots.at(idle_from).idle_grace
    if not isinstance(tariff, Timed) or not grace or all(each.idle is None for each in slots.slots):
        return None
    since_start = tariff.idle_fee_grace_period_mode == "session_start" and not isinstance(tariff, Standard)
    return (timeline.started_at if since_start else idle_from) + timedelta(microseconds=int(grace * 60_000_000))


def clipped(stretches: Iterable[Stretch], start: datetime, stop: datetime) -> list[Stretch]:
    """The parts of stretches that lie in [start, stop)."""
    parts = ((max(start, begin), min(stop, end)) for begin, end in stretches)
    return [(begin, end) for begin, end in parts if begin < end]
