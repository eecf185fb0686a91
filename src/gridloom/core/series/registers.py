"""Counters: what they counted in each bucket, and one unbroken count across changes of the meter.

A register that starts again at zero without a change of the meter is left as it is: the fall shows.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from gridloom.core.series import exact
from gridloom.core.series.errors import OverlappingPeriods, WrongWindow
from gridloom.core.series.grids import Grid
from gridloom.core.series.structs import Ints, Samples
from gridloom.kernel.units import from_whole, multiply_whole, to_whole

_HOUR_MS = 3_600_000
# Below it a worth and twice of it are whole numbers of 64 bits.
_WORTH_LIMIT = 1 << 61


class Period(NamedTuple):
    """One meter at a point, in [since, till): None is always, and still.

    value_for_since, value_for_till: the register when the meter came and when it went; None when nobody read it.
    factor: what one count of this meter is worth (multiplier and transformer ratios).
    """

    since_ms: int | None = None
    till_ms: int | None = None
    value_for_since: float | None = None
    value_for_till: float | None = None
    factor: Fraction = Fraction(1)


def amounts(samples: Samples, grid: Grid, since_ms: int, till_ms: int) -> Samples:
    """What a register counted in each bucket of [since, till): reading at its end less reading at its beginning.

    samples: readings up to and with the one at `till_ms`, and before them the last one at or before `since_ms`, as
    `read_register` gives them. Where nobody read at a boundary the last reading before it stands for it, so that the
    amounts add up to last less first reading, whatever is missing between. A bucket in which the register was not read
    again is left out.
    """
    whole, decimals = to_whole(samples.value)
    steps = np.diff(exact.roomy(whole, 2 * len(whole)))
    ends = samples.time_ms[1:]
    inside = (ends > since_ms) & (ends <= till_ms)
    ends, steps = ends[inside], steps[inside]
    if not len(ends):
        return Samples(np.empty(0, dtype=np.int64), np.empty(0))
    begins = grid.floor(ends - 1)
    starts = np.flatnonzero(np.append(True, begins[1:] != begins[:-1]))
    return Samples(begins[starts], from_whole(np.add.reduceat(steps, starts), 10**decimals))


def mean_power(counted: Samples, grid: Grid) -> Samples:
    """The mean power of each bucket from the energy counted in it: kW.h become kW, W.h become W."""
    whole, decimals = to_whole(counted.value)
    lengths = grid.after(counted.time_ms) - counted.time_ms
    common = math.gcd(_HOUR_MS, int(np.gcd.reduce(lengths))) if len(lengths) else 1
    numbers = multiply_whole(whole, _HOUR_MS // common)
    return Samples(counted.time_ms, exact.quotients(numbers, lengths // common, 10**decimals))


def ordered(periods: Sequence[Period], unknown_factor: Fraction = Fraction(1)) -> list[Period]:
    """Periods by time, with one of an unknown meter wherever none was named, so that no reading falls between.

    unknown_factor: what a count of an unknown meter is worth. No periods at all stay none. Raises WrongWindow for a
    period that ends before it begins, and OverlappingPeriods.
    """
    if not periods:
        return []
    line: list[Period] = []
    reached: int | None = None
    for period in sorted(periods, key=lambda each: -math.inf if each.since_ms is None else each.since_ms):
        since, till = period.since_ms, period.till_ms
        if since is not None and till is not None and till <= since:
            raise WrongWindow("a period of a meter ends before it begins", field="till")
        if line and (reached is None or since is None or since < reached):
            raise OverlappingPeriods
        if (since is not None) and (not line or reached != since):
            line.append(Period(reached, since, factor=unknown_factor))
        line.append(period)
        reached = till
    if reached is not None:
        line.append(Period(reached, None, factor=unknown_factor))
    return line


def continuous(samples: Samples, periods: Sequence[Period]) -> Samples:
    """One count without jumps: E(t) = sum over earlier meters of (end - start) + (reading(t) - start of this one).

    samples: register readings, ascending. periods: as `ordered` gives them, with the missing values found
    (`complete_periods`); what is still None is taken from the samples themselves, and a meter without any counted
    nothing. Each meter's count is worth its own factor. Without periods the readings are returned as they are.
    """
    if not periods:
        return samples
    bounds = [_bounds(samples.time_ms, period) for period in periods]
    known = [_known(samples, period, *place) for period, place in zip(periods, bounds, strict=True)]
    numbers, decimals = to_whole(np.concatenate([samples.value, np.array(known, dtype=np.float64).ravel()]))
    shared = math.lcm(*(period.factor.denominator for period in periods))
    worths = [int(period.factor * shared) for period in periods]
    numbers = exact.roomy(numbers, 2 * sum(worths)) if sum(worths) < _WORTH_LIMIT else numbers.astype(object)
    edges = numbers[len(samples.value) :].reshape(-1, 2).tolist()
    counted, kept = [], []
    before = 0
    for worth, (first, after), (start, end) in zip(worths, bounds, edges, strict=True):
        counted.append(before + (numbers[first:after] - start) * worth)
        kept.append(np.arange(first, after))
        before += (end - start) * worth
    places = np.concatenate(kept)
    return Samples(samples.time_ms[places], from_whole(np.concatenate(counted), shared * 10**decimals))


def one_count(
    samples: Samples,
    periods: Sequence[Period],
    *,
    given: Sequence[Period] | None = None,
    window: tuple[int, int] | None = None,
) -> Samples:
    """`continuous` for whoever asks what was counted: registers that were noted at a change of the meter are readings too.

    samples: register readings, ascending. periods: as `ordered` gives them. given: what was noted, where `complete_periods`
    has found the rest; without it the periods themselves. window: (since, till) in ms; the answer begins with the last reading
    at or before `since`, as `amounts` wants them, and no noted register after `till` is added. Without a window none is.
    """
    if window is None:
        return continuous(samples, periods)
    noted = _noted(samples, periods, periods if given is None else given)
    return continuous(_with_noted(samples, noted, window), periods)


def _noted(samples: Samples, line: Sequence[Period], given: Sequence[Period]) -> list[tuple[int, float]]:
    """(time, register of the new meter) of each change at which somebody read the old meter or the new one."""
    read = {each.since_ms for each in given if each.value_for_since is not None}
    read |= {each.till_ms for each in given if each.value_for_till is not None}
    found = []
    for each in line:
        if each.since_ms is None or each.since_ms not in read:
            continue
        start = each.value_for_since
        if start is None:
            first, after = _bounds(samples.time_ms, each)
            start = float(samples.value[first]) if first < after else None
        if start is not None:
            found.append((each.since_ms, start))
    return found


def _with_noted(samples: Samples, noted: Sequence[tuple[int, float]], window: tuple[int, int]) -> Samples:
    """Readings and noted registers up to the end of the window; of those before it the last one alone."""
    if not noted:
        return samples
    since, till = window
    there = set(samples.time_ms.tolist())
    more = [(time, value) for time, value in noted if time <= till and time not in there]
    times = np.concatenate([samples.time_ms, np.array([time for time, _ in more], dtype=np.int64)])
    values = np.concatenate([samples.value, np.array([value for _, value in more], dtype=np.float64)])
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    first = max(0, int(np.searchsorted(times, since, side="right")) - 1)
    return Samples(times[first:], values[first:])


def _bounds(time_ms: Ints, period: Period) -> tuple[int, int]:
    first = 0 if period.since_ms is None else int(np.searchsorted(time_ms, period.since_ms))
    after = len(time_ms) if period.till_ms is None else int(np.searchsorted(time_ms, period.till_ms))
    return first, after


def _known(samples: Samples, period: Period, first: int, after: int) -> tuple[float, float]:
    """The register at both ends of a period."""
    start, end = period.value_for_since, period.value_for_till
    if start is None and first < after:
        start = float(samples.value[first])
    if end is None and first < after:
        end = float(samples.value[after - 1])
    if start is None or end is None:
        return (start or 0.0, start or 0.0) if end is None else (end, end)
    return start, end
