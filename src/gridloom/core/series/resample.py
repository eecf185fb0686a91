"""Values over time, brought to another step with the arithmetic that their kind asks for.

An instant (power, temperature) is averaged over time, an interval amount is summed exactly, of a register the last
reading of a bucket stays; what a register counted in each bucket is in `registers.py`. Buckets without a value are left
out, each carries the time at which it begins. Several origins at one time must be reduced to one value before, see
`prefer`.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from gridloom.core.series import exact
from gridloom.core.series.errors import WrongStep
from gridloom.core.series.grids import Grid
from gridloom.core.series.structs import Floats, Ints, Kind, Origin, Readings, Samples

How: TypeAlias = Literal["sum", "mean", "min", "max", "first", "last", "count"]

HOW_OF_KIND: dict[Kind, How] = {"instant": "mean", "register": "last", "interval": "sum"}

PREFERENCE = (Origin.CORRECTED, Origin.MEASURED, Origin.CALCULATED, Origin.ESTIMATED, Origin.PREDICTED)

_BY: dict[str, Callable[[Floats, Ints], Floats]] = {
    "sum": exact.sums,
    "min": np.minimum.reduceat,
    "max": np.maximum.reduceat,
    "first": lambda values, starts: values[starts],
    "last": lambda values, starts: values[np.append(starts[1:], len(values)) - 1],
    "count": lambda values, starts: np.diff(np.append(starts, len(values))).astype(np.float64),
}


def resample(
    samples: Samples,
    grid: Grid,
    kind: Kind,
    *,
    how: How | None = None,
    step_s: int | None = None,
    till_ms: int | None = None,
) -> Samples:
    """One value a bucket. samples: ascending, finite, one at each time; those outside a window were left out before.

    how: instead of what the kind asks for. For the mean of instants, a series whose values follow one another at one
    step (`step_s`, or found from the times) is averaged plainly, missing values or not; in any other each value counts
    for the time until the next one, at most until its bucket or the window (`till_ms`) ends.
    """
    if not len(samples.time_ms):
        return Samples(samples.time_ms, samples.value)
    chosen = how or HOW_OF_KIND[kind]
    begins = grid.floor(samples.time_ms)
    starts = np.flatnonzero(np.append(True, begins[1:] != begins[:-1]))
    if chosen == "mean":
        weights = None if is_regular(samples.time_ms, step_s) else _durations(samples.time_ms, grid, begins, till_ms)
        values = exact.means(samples.value, starts, weights)
    elif chosen in _BY:
        values = _BY[chosen](samples.value, starts)
    else:
        raise WrongStep(f"{chosen!r} is no way to make one value of many")
    return Samples(begins[starts], values)


def is_regular(time_ms: Ints, step_s: int | None = None) -> bool:
    """Whether the times follow one another at one step, some of them perhaps missing.

    Without a known step: the shortest distance is also the usual one, and every other a multiple of it.
    """
    gaps = np.diff(time_ms)
    if step_s is not None:
        return not bool((gaps % (step_s * 1000)).any())
    if len(gaps) < 2:
        return False
    step = int(gaps.min())
    return int(np.median(gaps)) == step and not bool((gaps % step).any())


def prefer(readings: Readings, order: Sequence[int] = PREFERENCE) -> Samples:
    """One value at each time: of several origins the first in `order`; origins that are not in it are left out.

    readings: as `read` gives them with newest=True.
    """
    ranks = np.full(max(Origin) + 1, len(order), dtype=np.int64)
    ranks[list(order)] = np.arange(len(order))
    rank = ranks[readings.origin]
    time = readings.time_ms
    if not bool((np.diff(time) == 0).any()):
        known = rank < len(order)
        return readings.samples if known.all() else readings.take(known).samples
    sorted_places = np.lexsort((rank, time))
    time, rank = time[sorted_places], rank[sorted_places]
    first = np.append(True, time[1:] != time[:-1]) & (rank < len(order))
    return readings.take(sorted_places[first]).samples


def within(samples: Samples, since_ms: int, till_ms: int) -> Samples:
    """The samples in [since, till)."""
    start, end = np.searchsorted(samples.time_ms, [since_ms, till_ms])
    return Samples(samples.time_ms[start:end], samples.value[start:end])


def _durations(time_ms: Ints, grid: Grid, begins: Ints, till_ms: int | None) -> Ints:
    """How long each value counts, in milliseconds."""
    ends = grid.after(begins)
    if till_ms is not None:
        ends = np.minimum(ends, till_ms)
    following = np.append(time_ms[1:], ends[-1])
    durations: Ints = np.maximum(np.minimum(following, ends) - time_ms, 1)
    return durations
