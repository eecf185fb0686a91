"""The one place that knows what time it is, and how calendars of a zone lie on the line of instants.

Instants are timezone-aware datetimes in UTC. A calendar day belongs to a zone and may last 23, 24 or 25 hours; its
ends are given as instants, half open: a day runs from its start up to, and without, the start of the next.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")

_reading: ContextVar[Callable[[], datetime] | None] = ContextVar("clock_reading", default=None)


class UnknownZone(ValueError):
    """A name that is no time zone of the IANA database."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no time zone; give a name of the IANA database, such as 'Europe/Brussels'")
        self.name = name


def now() -> datetime:
    """The present instant in UTC, or what a test has set with `at` or `travel`."""
    reading = _reading.get()
    return datetime.now(UTC) if reading is None else reading()


class StoppedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self.instant = utc(instant)

    def __call__(self) -> datetime:
        """The instant at which the clock stands."""
        return self.instant

    def move(self, by: timedelta) -> datetime:
        """Set the clock forward (or, with a negative distance, back) and read it."""
        self.instant += by
        return self.instant


@contextmanager
def at(instant: datetime) -> Iterator[StoppedClock]:
    """Stop the clock at an instant, for this context and the tasks that are started inside it."""
    stopped = StoppedClock(instant)
    mark = _reading.set(stopped)
    try:
        yield stopped
    finally:
        _reading.reset(mark)


@contextmanager
def travel(by: timedelta) -> Iterator[None]:
    """Shift the clock by a distance and let it run on; inside `at` or another `travel` the distances add up."""
    before = _reading.get() or (lambda: datetime.now(UTC))
    mark = _reading.set(lambda: before() + by)
    try:
        yield
    finally:
        _reading.reset(mark)


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; ValueError when the datetime carries no zone."""
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} names no instant: it carries no time zone")
    return instant.astimezone(UTC)


def to_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970, rounded down; exact for every year, without a float on the way."""
    return (utc(instant) - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The instant so many milliseconds after 1970; ValueError beyond the years 1 to 9999."""
    try:
        return EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        raise ValueError(f"{ms} milliseconds lie beyond the years 1 to 9999") from None


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UnknownZone when there is none."""
    if not _ZONE_NAME.fullmatch(name):
        raise UnknownZone(name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownZone(name) from None


def day_of(instant: datetime, of: ZoneInfo) -> date:
    """The calendar day of an instant in a zone."""
    return utc(instant).astimezone(of).date()


def start_of_day(day: date, of: ZoneInfo) -> datetime:
    """The instant at which a calendar day begins in a zone.

    Where a change of the clocks skips midnight the day begins with the first minute that exists; where midnight comes
    twice, with the first of the two.
    """
    midnight = datetime.combine(day, time(), tzinfo=of)
    start = midnight.astimezone(UTC)
    if start.astimezone(of).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    return _end_of_gap(midnight)


def day_bounds(day: date, of: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of a calendar day."""
    return start_of_day(day, of), start_of_day(day + timedelta(days=1), of)


def start_of_week(day: date, of: ZoneInfo) -> datetime:
    """The instant at which the week of a day begins: its Monday (ISO 8601)."""
    return start_of_day(day - timedelta(days=day.weekday()), of)


def start_of_month(day: date, of: ZoneInfo) -> datetime:
    """The instant at which the month of a day begins."""
    return start_of_day(day.replace(day=1), of)


def start_of_year(day: date, of: ZoneInfo) -> datetime:
    """The instant at which the year of a day begins."""
    return start_of_day(day.replace(month=1, day=1), of)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_bounds(year: int, month: int, of: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of a calendar month."""
    first = date(year, month, 1)
    return start_of_day(first, of), start_of_day(next_month(first), of)


def _end_of_gap(wall: datetime) -> datetime:
    """The instant of the change that skips a wall-clock time: the first one with the later offset."""
    after = wall.replace(fold=1).utcoffset()
    low, high = wall.replace(fold=1).astimezone(UTC), wall.replace(fold=0).astimezone(UTC)
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(wall.tzinfo).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high
