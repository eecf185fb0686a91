"""Times of intervals: from the clock on the wall to instants, and how far apart they are. No I/O."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from gridloom.communities.dates import ZONE_NAME
from gridloom.core.series.public import ABSENT
from gridloom.core.series.structs import Ints, Mask

QUARTER_MS, HOUR_MS, DAY_MS = 900_000, 3_600_000, 86_400_000


def in_utc(time_ms: Ints, is_local: Mask) -> Ints:
    """Times of one series, in the order of its file, as milliseconds in UTC.

    time_ms: (n,) in UTC, or where `is_local` the clock on the wall in Brussels as if it were UTC. The hour that the wall shows
    twice in autumn is the earlier one the first time it comes, and the later one the second time; the other way round in a file
    that runs backwards. `ABSENT` stands where a wall never showed that time (the hour that is left out in spring).
    """
    places = np.flatnonzero(is_local)
    if not len(places):
        return time_ms
    walls = time_ms[places]
    earlier, later = _both(walls)
    double = np.flatnonzero(earlier != later)
    found = time_ms.copy()
    found[places] = earlier
    if len(double):
        second, repeated = _turn(walls[double])
        backwards = time_ms[-1] < time_ms[0]
        takes_later = (second != repeated) & repeated if backwards else second
        found[places[double]] = np.where(takes_later, later[double], earlier[double])
    return found


class Steps(NamedTuple):
    """What one series shows: the smallest distance of its times (None with fewer than two), and whether all are full hours."""

    least_ms: int | None
    is_hourly: bool


def steps_of(ascending_ms: Ints) -> Steps:
    """The steps of a series of at least one time, ascending without repetition."""
    least = int(np.diff(ascending_ms).min()) if len(ascending_ms) > 1 else None
    return Steps(least, not bool((ascending_ms % HOUR_MS).any()))


def common_step_ms(series: Iterable[Steps]) -> int | None:
    """The step of a file: a quarter of an hour, or an hour; None when it is something else, or both.

    Values that are missing are no irregularity, but values that are never closer than a day are daily sums. A file that has
    one value of each meter counts as quarter hours.
    """
    found = list(series)
    known = {each.least_ms for each in found if each.least_ms is not None}
    step = min(known, default=QUARTER_MS)
    if step not in (QUARTER_MS, HOUR_MS) or max(known, default=step) >= DAY_MS:
        return None
    if step == QUARTER_MS:
        return None if HOUR_MS in known else step
    return step if all(each.is_hourly for each in found) else None


def _both(walls: Ints) -> tuple[Ints, Ints]:
    """Each wall time as instants: the earlier and the later one that it may be."""
    column = pl.Series(walls).cast(pl.Datetime("ms"))
    earlier, later = (
        column.dt.replace_time_zone(ZONE_NAME, ambiguous=which, non_existent="null").dt.epoch("ms").fill_null(ABSENT)
        for which in ("earliest", "latest")
    )
    return earlier.to_numpy(), later.to_numpy()


def _turn(walls: Ints) -> tuple[Mask, Mask]:
    """Of each time whether it came before already, and whether it comes more than once at all."""
    order = np.argsort(walls, kind="stable")
    ordered = walls[order]
    again = np.append(False, ordered[1:] == ordered[:-1])
    followed = np.append(again[1:], False)
    second, repeated = np.empty_like(again), np.empty_like(again)
    second[order] = again
    repeated[order] = again | followed
    return second, repeated
