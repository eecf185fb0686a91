"""Days of the grid, spans of them, and the steps inside. No I/O.

A day has 23, 24 or 25 hours. Energy is shared per quarter hour at the finest; where a meter gives coarser amounts that day
(whole hours, say), all of the operation is shared at that step on that day, because nobody knows what happened inside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities import dates
from gridloom.kernel import clock

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
ONE_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date

    def meets(self, other: "Span") -> "Span | None":
        """The days that both have."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Span(first, last) if first <= last else None

    def without(self, other: "Span") -> list["Span"]:
        """The days that only this one has: none, one or two spans."""
        before = Span(self.first, min(self.last, other.first - ONE_DAY))
        after = Span(max(self.first, other.last + ONE_DAY), self.last)
        return [each for each in dict.fromkeys((before, after)) if each.first <= each.last]


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same days as spans that neither meet nor touch, in order."""
    line: list[Span] = []
    for each in sorted(spans):
        if line and each.first <= line[-1].last + ONE_DAY:
            line[-1] = Span(line[-1].first, max(line[-1].last, each.last))
        else:
            line.append(each)
    return line


def portions(span: Span, most: int) -> Iterable[Span]:
    """The days in spans of at most so many days."""
    first = span.first
    while first <= span.last:
        last = min(span.last, first + timedelta(days=most - 1))
        yield Span(first, last)
        first = last + ONE_DAY


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a span on the line of time. begin_ms: (days + 1,) where each begins, and where the last ends."""

    span: Span
    begin_ms: Ints

    @classmethod
    def of(cls, span: Span) -> "Days":
        """The days of a span in the calendar of the grid."""
        count = (span.last - span.first).days + 2
        begins = [clock.to_ms(dates.begin(span.first + timedelta(days=n))) for n in range(count)]
        return cls(span, np.array(begins, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.begin_ms) - 1

    @property
    def since_ms(self) -> int:
        """Where the first day begins."""
        return int(self.begin_ms[0])

    @property
    def till_ms(self) -> int:
        """Where the last day ends."""
        return int(self.begin_ms[-1])

    def of_times(self, time_ms: Ints) -> Ints:
        """Which day, counted from 0, each time falls on; times lie inside the span."""
        found: Ints = np.searchsorted(self.begin_ms, time_ms, side="right") - 1
        return found

    def mask(self, spans: Sequence[Span]) -> Mask:
        """(days,) whether each day is in one of the spans."""
        inside = np.zeros(len(self), dtype=np.bool_)
        for each in spans:
            inside[self.places(each)] = True
        return inside

    def places(self, span: Span) -> slice:
        """Where the days of a span stand."""
        first = max(0, (span.first - self.span.first).days)
        return slice(first, max(first, (span.last - self.span.first).days + 1))


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of each day one after the other. step_ms: (days,) how long those of each day are."""

    days: Days
    step_ms: Ints
    first: Ints

    @classmethod
    def of(cls, days: Days, step_ms: Ints) -> "Steps":
        """step_ms: (days,), a part of an hour each."""
        counts = np.diff(days.begin_ms) // step_ms
        return cls(days, step_ms, np.append(0, np.cumsum(counts)))

    def __len__(self) -> int:
        return int(self.first[-1])

    def of_times(self, time_ms: Ints) -> Ints:
        """Which step, counted from 0, each time falls into."""
        day = self.days.of_times(time_ms)
        found: Ints = self.first[day] + (time_ms - self.days.begin_ms[day]) // self.step_ms[day]
        return found

    def times(self) -> Ints:
        """Where each step begins."""
        day = np.repeat(np.arange(len(self.days)), np.diff(self.first))
        return self.days.begin_ms[day] + (np.arange(len(self)) - self.first[day]) * self.step_ms[day]

    def of_days(self, days: slice) -> slice:
        """The steps of some days that follow one another."""
        return slice(int(self.first[days.start]), int(self.first[min(days.stop, len(self.days))]))
