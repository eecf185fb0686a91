"""Instants as the series store takes them, and the time in which readings can stand."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import numpy as np

from gridloom.core.series.errors import WrongWindow
from gridloom.core.series.structs import Ints
from gridloom.kernel import clock

Moment: TypeAlias = datetime | int
"""An instant: a datetime with a zone, or milliseconds since 1970."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FOREVER = datetime(2200, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=3652.5)

_MICROSECOND = timedelta(microseconds=1)


def milliseconds(moment: Moment) -> int:
    """An instant in whole milliseconds since 1970."""
    return moment if isinstance(moment, int) else clock.to_ms(moment)


def to_us(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - clock.EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant so many microseconds after 1970."""
    return clock.EPOCH + timedelta(microseconds=us)


def window(since: Moment, till: Moment) -> tuple[datetime, datetime]:
    """Both ends as instants, cut to the time in which readings can stand; WrongWindow when since is after till."""
    start, end = milliseconds(since), milliseconds(till)
    if start > end:
        raise WrongWindow(field="since")
    low, high = clock.to_ms(EARLIEST), clock.to_ms(FOREVER)
    return clock.from_ms(min(max(start, low), high)), clock.from_ms(min(max(end, low), high))


def latest(now: datetime) -> datetime:
    """Capture times are allowed up to, and without, this instant: ten years ahead."""
    return now + AHEAD


def month_of(instant: datetime) -> date:
    """The month, in UTC, that an instant lies in."""
    return instant.astimezone(UTC).date().replace(day=1)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which a month and the next one begin."""
    after = clock.next_month(month)
    return datetime(month.year, month.month, 1, tzinfo=UTC), datetime(after.year, after.month, 1, tzinfo=UTC)


def months_in(time_ms: Ints) -> list[date]:
    """The months that these times touch, ascending. time_ms: (n,)."""
    months = np.unique(time_ms.astype("datetime64[ms]").astype("datetime64[M]"))
    return [each.astype("datetime64[D]").item() for each in months]
