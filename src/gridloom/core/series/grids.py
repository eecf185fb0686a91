"""Where buckets begin and end: a fixed step on the line of UTC, or the calendar of a zone.

A bucket is half open and named by its beginning. Days, months and years of a zone are as long as they are there: the
day on which the clocks change has 23 or 25 hours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias

import numpy as np

from gridloom.core.series.errors import WrongStep
from gridloom.core.series.structs import Ints
from gridloom.kernel import clock

CalendarUnit: TypeAlias = Literal["hour", "day", "month", "year"]

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_SECOND = timedelta(seconds=1)


class Grid(Protocol):
    """A division of time into buckets."""

    def floor(self, time_ms: Ints) -> Ints:
        """The beginning of the bucket of each time. time_ms: (n,)."""

    def after(self, begin_ms: Ints) -> Ints:
        """The end of each bucket, given where it begins."""


@dataclass(frozen=True, slots=True)
class FixedStep:
    """Buckets of so many minutes, counted from 1970 in UTC."""

    minutes: int

    def __post_init__(self) -> None:
        if self.minutes <= 0:
            raise WrongStep(f"a step of {self.minutes} minutes has no length")

    def floor(self, time_ms: Ints) -> Ints:
        """The beginning of the bucket of each time."""
        step = self.minutes * _MINUTE_MS
        return time_ms // step * step

    def after(self, begin_ms: Ints) -> Ints:
        """The end of each bucket."""
        return begin_ms + self.minutes * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours, days, months or years as the clocks of a zone count them. Raises UnknownZone and WrongStep."""

    unit: CalendarUnit
    zone: str

    def __post_init__(self) -> None:
        if self.unit not in ("hour", "day", "month", "year"):
            raise WrongStep(f"{self.unit!r} is no step of a calendar")
        clock.zone(self.zone)

    def floor(self, time_ms: Ints) -> Ints:
        """The beginning of the bucket of each time."""
        if not len(time_ms):
            return time_ms
        edges = self._edges(time_ms)
        if self.unit != "hour":
            return edges[np.searchsorted(edges, time_ms, side="right") - 1]
        changes, offsets = edges[:, 0], edges[:, 1]
        place = np.searchsorted(changes, time_ms, side="right") - 1
        shift = offsets[place]
        whole_hour = (time_ms + shift) // _HOUR_MS * _HOUR_MS - shift
        begins: Ints = np.maximum(whole_hour, changes[place])
        return begins

    def after(self, begin_ms: Ints) -> Ints:
        """The end of each bucket."""
        if not len(begin_ms):
            return begin_ms
        edges = self._edges(begin_ms)
        if self.unit != "hour":
            return edges[np.searchsorted(edges, begin_ms, side="right")]
        changes, offsets = edges[:, 0], edges[:, 1]
        place = np.searchsorted(changes, begin_ms, side="right") - 1
        shift = offsets[place]
        whole_hour = ((begin_ms + shift) // _HOUR_MS + 1) * _HOUR_MS - shift
        following = np.append(changes[1:], np.iinfo(np.int64).max)[place]
        ends: Ints = np.minimum(whole_hour, following)
        return ends

    def _edges(self, time_ms: Ints) -> Ints:
        first, last = (clock.from_ms(int(each)).year for each in (time_ms.min(), time_ms.max()))
        years = range(first - 1, last + 3)
        if self.unit == "hour":
            return np.array([change for year in years for change in _changes(self.zone, year)], dtype=np.int64)
        starts = [start for year in years for start in _starts(self.zone, self.unit, year)]
        return np.array(starts, dtype=np.int64)


@lru_cache(maxsize=4096)
def _starts(zone: str, unit: str, year: int) -> tuple[int, ...]:
    """Where the days, months or the year itself begin in one calendar year, in milliseconds."""
    of = clock.zone(zone)
    first = date(year, 1, 1)
    if unit == "year":
        days = [first]
    elif unit == "month":
        days = [date(year, month, 1) for month in range(1, 13)]
    else:
        days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    return tuple(dict.fromkeys(clock.to_ms(clock.start_of_day(day, of)) for day in days))


@lru_cache(maxsize=4096)
def _changes(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """The zone's distance from UTC through one year of UTC: (from when, how much), in milliseconds."""
    of = clock.zone(zone)

    def offset(instant: datetime) -> int:
        return (instant.astimezone(of).utcoffset() or timedelta()) // timedelta(milliseconds=1)

    day, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = [(clock.to_ms(day), offset(day))]
    while day < end:
        low, high = day, day + timedelta(days=1)
        if offset(high) != offset(low):
            while high - low > _SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (low, middle) if offset(middle) != offset(low) else (middle, high)
            if high < end:
                found.append((clock.to_ms(high), offset(high)))
        day += timedelta(days=1)
    return tuple(found)
