"""When a location is open, as its `workingHours` are stored. No I/O."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridloom.kernel.clock import utc

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LAST_MINUTE = "23:59"


def is_open(working_hours: Mapping[str, Any], at: datetime, zone: ZoneInfo) -> bool:
    """Whether the hours hold at an instant. An interval is without its end, except that 23:59 means midnight: the hours of
    a day cannot say 24:00."""
    if working_hours.get("isAlwaysOpen", True):
        return True
    local = utc(at).astimezone(zone)
    shown = f"{local:%H:%M}"
    intervals = (working_hours.get("hours") or {}).get(_DAYS[local.weekday()]) or ()
    return any(
        each["start"] <= shown and (shown < each["end"] or each["end"] == _LAST_MINUTE == shown) for each in intervals
    )


def is_exempt(working_hours: Mapping[str, Any], group_ids: Iterable[int]) -> bool:
    """Whether a driver of these groups may charge at any hour."""
    return not set(working_hours.get("alwaysOpenForUserGroupIds") or ()).isdisjoint(group_ids)


def may_begin(working_hours: Mapping[str, Any], group_ids: Iterable[int], at: datetime, zone: ZoneInfo) -> bool:
    """Whether a session may start at an instant."""
    if is_open(working_hours, at, zone) or working_hours.get("allowChargingOutsideWorkingHours"):
        return True
    return is_exempt(working_hours, group_ids)


def must_stop(working_hours: Mapping[str, Any], group_ids: Iterable[int], at: datetime, zone: ZoneInfo) -> bool:
    """Whether a running session ends because the location is closed."""
    return bool(working_hours.get("stopSessionOutsideWorkingHours")) and not may_begin(
        working_hours, group_ids, at, zone
    )
