"""Date-times on the wire: RFC 3339 with a zone. What passes the schema can be read; nothing else passes."""

import re
from datetime import UTC, datetime

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def instant(text: str) -> datetime:
    """The instant in UTC, to the microsecond; a leap second is the second before. Raises ValueError."""
    text = text.upper()
    if _RFC_3339.fullmatch(text) is None:
        raise ValueError("not a date-time of RFC 3339")
    if text[17:19] == "60":
        text = f"{text[:17]}59{text[19:]}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as outside:
        raise ValueError("the date-time is outside the calendar") from outside


def is_instant(text: str) -> bool:
    """Whether `instant` can read it."""
    try:
        instant(text)
    except ValueError:
        return False
    return True
