"""Days on the wire: an ISO date or a whole instant comes in, an instant at midnight UTC goes out.

Days are days of the grid's calendar. An instant means the day it falls on there, so that both midnight in UTC and midnight in
Brussels name the same day, whichever way a client writes it.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from gridloom.communities.numbers import DATE, Numbered
from gridloom.kernel import clock
from gridloom.kernel.errors import Invalid

ZONE_NAME = "Europe/Brussels"
ZONE = ZoneInfo(ZONE_NAME)
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)

_PATTERN = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?$"
Day = Annotated[
    str,
    Meta(
        pattern=_PATTERN,
        max_length=40,
        description="A day, as an ISO date or as an instant on it.",
        extra={"number": DATE},
        extra_json_schema={"format": "date-time"},
    ),
]


def day(text: str, field: str, where: str = "body") -> date:
    """The day that a wire text names; without an offset the text is the grid's local time. Raises Invalid naming the field."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "T", 1).replace(",", "."))
        named = found.astimezone(ZONE).date() if found.tzinfo is not None else found.date()
    except (ValueError, OverflowError):
        named = None
    if named is None or not EARLIEST <= named <= LATEST:
        wrong = Numbered(where, (field,), "Expected a date of the calendar.", number=DATE)
        raise Invalid(errors=[wrong])
    return named


def shown(day: date) -> datetime:
    """A day as it travels: midnight UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def today() -> date:
    """The day it is on the grid."""
    return clock.now().astimezone(ZONE).date()


def begin(day: date) -> datetime:
    """The instant at which a day of the grid begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def end(day: date) -> datetime:
    """The instant at which a day of the grid ends: the beginning of the next, after 23, 24 or 25 hours."""
    return begin(day + timedelta(days=1))
