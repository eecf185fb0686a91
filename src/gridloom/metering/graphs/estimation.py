"""Filling the gaps of a signal: where they are, what their shape is, and whether the result holds. Pure.

Between two readings E(t0) and E(t1) of a register the difference is known and only its course is not: it is divided by
a profile p, e_i = (E1 − E0) · p_i / Σ p, to the last digit. After the last reading, and for signals that are amounts
and not readings, only a profile that is an amount itself (a plant's) can say anything; that is always uncertain.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridloom.metering.graphs.data import Estimate, Gap, Kind, Signal, Times, Values, Window
from gridloom.metering.graphs.exact import distribute
from gridloom.metering.graphs.faults import WrongValue
from gridloom.metering.graphs.profiles import Profile

ProfileOf = Callable[[Times], Profile]

MAX_STEPS = 200_000


def stretches(known: Signal, window: Window, step_ms: int) -> list[Times]:
    """The edges (n+1,) of each gap that touches the window, in the order of time.

    Between two readings: the multiples of the step (UTC) that lie strictly between them, and the readings at both
    ends. At the open end: from the last reading (or the window's start) to the window's end. For amounts: each run of
    steps inside the window that have no value. Readings a millisecond apart are those of two meters, one gone and one
    come. Raises WrongValue for more than 200,000 steps.
    """
    first = min(window.since, int(known.times[0]) if known.times.size else window.since)
    last = max(window.till, int(known.times[-1]) if known.times.size else window.till)
    if (last - first) // step_ms > MAX_STEPS:
        raise WrongValue(f"The window and the gaps at its ends hold more than {MAX_STEPS:,} steps.")
    if known.kind != "register":
        return _runs_without_value(known.times, window, step_ms)
    gaps: list[Times] = []
    for before, after in zip(known.times[:-1].tolist(), known.times[1:].tolist(), strict=True):
        if before < window.till and after > window.since and after - before > 1:
            inner = _between(before, after, step_ms)
            if inner.size:
                gaps.append(np.concatenate([[before], inner, [after]]).astype(np.int64))
    end = int(known.times[-1]) if known.times.size else window.since
    if end < window.till:
        inner = _between(end, window.till, step_ms)
        gaps.append(np.concatenate([[end], inner, [window.till]]).astype(np.int64))
    return gaps


def reach(gaps: list[Times], window: Window) -> Window:
    """From the first edge of all gaps to the last: what a profile has to cover."""
    return Window(
        min((int(edges[0]) for edges in gaps), default=window.since),
        max((int(edges[-1]) for edges in gaps), default=window.till),
    )


def estimate(known: Signal, window: Window, step_ms: int, profile_of: ProfileOf) -> tuple[Gap, ...]:
    """Every gap of the signal that can be filled."""
    found: list[Gap] = []
    pairs = zip(known.times.tolist(), known.values.tolist(), strict=True)
    readings = {time: value for time, value in pairs if not math.isnan(value)}
    for edges in stretches(known, window, step_ms):
        if known.kind == "register":
            gap = _register_gap(edges, readings.get(int(edges[0])), readings.get(int(edges[-1])), profile_of(edges))
        else:
            gap = _open_gap(edges, None, profile_of(edges))
        if gap is not None:
            found.append(gap)
    return tuple(found)


def settle(made: Estimate, tolerance_kwh: float) -> Estimate:
    """Bring each gap to its known total, and mark those whose profile alone missed it by more than the tolerance."""
    return replace(made, gaps=tuple(_settled(gap, tolerance_kwh / made.worth) for gap in made.gaps))


def amounts(made: Estimate) -> tuple[Times, Values, list[bool]]:
    """The amount of each interval inside the window, stamped with its beginning; and whether it is uncertain."""
    return _reported(made, lambda gap: (gap.edges[:-1], gap.energies))


def powers(made: Estimate) -> tuple[Times, Values, list[bool]]:
    """The mean power of each interval (kWh -> kW), stamped like the amounts."""
    return _reported(made, lambda gap: (gap.edges[:-1], gap.energies / (np.diff(gap.edges) / 3_600_000)))


def registers(made: Estimate) -> tuple[Times, Values, list[bool]]:
    """The readings between the known ones; nothing for a gap before which no reading is known."""
    return _reported(made, _register_course)


def values_for(made: Estimate, kind: Kind) -> tuple[Times, Values, list[bool]]:
    """What a signal of this kind takes of an estimate: readings, amounts, or powers."""
    return {"register": registers, "interval": amounts, "instant": powers}[kind](made)


def _register_gap(edges: Times, start: float | None, end: float | None, profile: Profile) -> Gap | None:
    if start is None or end is None:
        return _open_gap(edges, start, profile)
    divided = distribute(start, end, profile.values)
    if divided is None:
        return None
    energies, course = divided
    expected = float(profile.values.sum()) if profile.absolute else None
    # A shape of nothing but zeros has said nothing about where the energy went.
    uncertain = not profile.certain or (end > start and not profile.values.any())
    return Gap(edges, energies, course, start, end, expected, uncertain)


def _open_gap(edges: Times, start: float | None, profile: Profile) -> Gap | None:
    if not profile.absolute:
        return None
    course = None if start is None else start + np.cumsum(profile.values)
    return Gap(edges, profile.values, course, start, None, float(profile.values.sum()), uncertain=True)


def _settled(gap: Gap, tolerance_kwh: float) -> Gap:
    if gap.start is None or gap.end is None:
        return gap
    divided = distribute(gap.start, gap.end, gap.energies)
    if divided is None:
        return replace(gap, uncertain=True)
    missed = gap.expected is not None and abs(gap.expected - (gap.end - gap.start)) > tolerance_kwh
    return replace(gap, energies=divided[0], registers=divided[1], uncertain=gap.uncertain or missed)


def _register_course(gap: Gap) -> tuple[Times, Values]:
    if gap.registers is None:
        return np.empty(0, np.int64), np.empty(0)
    # The last edge carries a reading already, or is where the window ends.
    return gap.edges[1:-1], gap.registers[:-1]


def _reported(made: Estimate, part: Callable[[Gap], tuple[Times, Values]]) -> tuple[Times, Values, list[bool]]:
    all_times, all_values, marks = [np.empty(0, np.int64)], [np.empty(0)], []
    for gap in made.gaps:
        times, values = part(gap)
        inside = (times >= made.window.since) & (times < made.window.till)
        all_times.append(times[inside])
        all_values.append(values[inside])
        marks.extend([gap.uncertain] * int(inside.sum()))
    return np.concatenate(all_times), np.concatenate(all_values), marks


def _between(before: int, after: int, step_ms: int) -> Times:
    """The multiples of the step strictly between two times."""
    return np.arange((before // step_ms + 1) * step_ms, after, step_ms, dtype=np.int64)


def _runs_without_value(times: Times, window: Window, step_ms: int) -> list[Times]:
    first = -(-window.since // step_ms) * step_ms
    steps = np.arange(first, window.till, step_ms, dtype=np.int64)
    missing = steps[~np.isin(steps, times // step_ms * step_ms)]
    if not missing.size:
        return []
    runs = np.split(missing, np.flatnonzero(np.diff(missing) > step_ms) + 1)
    return [np.append(run, run[-1] + step_ms) for run in runs]
