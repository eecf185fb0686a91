"""When a session idles, from its readings and what the station told. No I/O.

Idle is: five minutes of less power than the threshold, counted from their beginning; a battery above its threshold; the car
suspending the charge. Time in which the station itself holds power back is never idle.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from gridloom.charging.pricing.engine.calendar import Stretch
from gridloom.charging.pricing.engine.timeline import State, StateChange, Timeline

WINDOW = timedelta(minutes=5)

_MICROSECOND = timedelta(microseconds=1)


class Thresholds(Struct, frozen=True, kw_only=True):
    """average_power_idle_threshold: kW, idle below. state_of_charge_idle_threshold: %, idle above, None for never."""

    average_power_idle_threshold: Decimal = Decimal("0.1")
    state_of_charge_idle_threshold: int | None = None


def states_of(timeline: Timeline, thresholds: Thresholds) -> tuple[StateChange, ...]:
    """The states to price the timeline by: its own and what the readings say, from its start, each change once."""
    stretches = _joined([*_of_little_power(timeline, thresholds), *_of_full_battery(timeline, thresholds)])
    start, stop = timeline.started_at, timeline.stopped_at
    cuts = {start, *(at for stretch in stretches for at in stretch), *(each.at for each in timeline.states)}
    told = State.CHARGING
    place = 0
    changes: list[StateChange] = []
    for at in sorted(cuts):
        while place < len(timeline.states) and timeline.states[place].at <= at:
            told = timeline.states[place].state
            place += 1
        if at < start or (at >= stop and changes):
            continue
        is_idle = told is not State.SUSPENDED_EVSE and any(begin <= at < end for begin, end in stretches)
        state = State.IDLE if is_idle or told.is_idle else told
        if not changes or changes[-1].state is not state:
            changes.append(StateChange(at, state))
    return tuple(changes)


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches that touch or overlap as one, in order."""
    joined: list[Stretch] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _of_little_power(timeline: Timeline, thresholds: Thresholds) -> Iterator[Stretch]:
    start, stop = timeline.started_at, timeline.stopped_at
    inside = sorted({each.at for each in timeline.readings if start < each.at < stop})
    instants = [start, *inside, stop]
    for before, at in pairwise(instants):
        # Between two readings the register is a straight line: readings further apart than the window are judged as one.
        begin = min(before, at - WINDOW)
        energy = timeline.register_wh(at) - timeline.register_wh(begin)
        # Energy is compared with power times time, so that no quotient is rounded.
        allowed = thresholds.average_power_idle_threshold * 1000 * ((at - begin) // _MICROSECOND)
        if begin >= start and energy * 3_600_000_000 < allowed:
            yield begin, at


def _of_full_battery(timeline: Timeline, thresholds: Thresholds) -> Iterator[Stretch]:
    threshold = thresholds.state_of_charge_idle_threshold
    full_since = None
    for each in timeline.readings:
        if threshold is None or each.soc_percent is None:
            continue
        if each.soc_percent <= threshold:
            if full_since is not None:
                yield full_since, each.at
            full_since = None
        elif full_since is None:
            full_since = max(each.at, timeline.started_at)
    if full_since is not None and full_since < timeline.stopped_at:
        yield full_since, timeline.stopped_at
