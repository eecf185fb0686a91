"""Which periods a meter has after a change. No I/O."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from stdnum import ean as gs1

from gridloom.communities.meters.faults import LaterPeriod
from gridloom.communities.meters.records import NEW, Period

ONE_DAY = timedelta(days=1)
_EAN = re.compile(r"[A-Za-z0-9-]+")


def opened(latest: Period, start: date, changes: Mapping[str, Any]) -> tuple[Period, ...]:
    """What stands in the place of a meter's latest period once `changes` hold from `start` on: one period, or two.

    On the latest period's own first day it takes the changes in itself. Later, it ends the day before (or earlier, where it
    had ended already), and a new one begins that has every other field from it. The latest period's last day is the new one's
    as well when it is still to come; changes may name another one, not before `start`. Raises LaterPeriod for a `start`
    before the latest period's.
    """
    if start < latest.start_date:
        raise LaterPeriod
    if start == latest.start_date:
        return (msgspec.structs.replace(latest, **changes),)
    last = latest.end_date
    eve = start - ONE_DAY
    before = msgspec.structs.replace(latest, end_date=eve if last is None else min(last, eve))
    given = {"end_date": last if latest.covers(start) else None, **changes}
    return before, msgspec.structs.replace(latest, **{**given, "id": NEW, "start_date": start})


def touched(before: Period | None, after: Period) -> set[int]:
    """The sharing operations in which something is different from the first day of `after` on, the latest period now.

    before: the latest period until now; None for a meter without any.
    """
    was = before if before is not None and before.covers(after.start_date) else None
    if was is not None and _part(was) == _part(after):
        return set()
    found = {each.sharing_operation_id for each in (was, after) if each is not None}
    return {each for each in found if each is not None}


def ended(periods: Mapping[int, Period], last: date) -> tuple[list[Period], list[int]]:
    """The periods that end on `last` from now on, and the ids of those that would have begun later and go."""
    late = [each.id for each in periods.values() if each.start_date > last]
    kept = [
        each for each in periods.values() if each.start_date <= last and (each.end_date is None or each.end_date > last)
    ]
    return [msgspec.structs.replace(each, end_date=last) for each in kept], late


def is_in_use(periods: Iterable[Period], today: date) -> bool:
    """Whether a meter is in a sharing operation today or later, whatever its status there."""
    coming = [each for each in periods if each.end_date is None or each.end_date >= today]
    return any(each.sharing_operation_id is not None for each in coming)


def is_possible_ean(number: str) -> bool:
    """Whether a meter's number is made of ASCII letters, digits and dashes."""
    return _EAN.fullmatch(number) is not None


def is_probable_ean(number: str) -> bool:
    """Whether a meter's number is 13 or 18 digits with the right check digit (GS1 General Specifications, 7.9)."""
    is_long_enough = len(number) in (13, 18) and number.isascii() and number.isdigit()
    return is_long_enough and gs1.calc_check_digit(number[:-1]) == number[-1]


def _part(period: Period) -> tuple[Any, ...]:
    """Everything of a period that sharing goes by."""
    injects = period.injection_status is not None
    return period.sharing_operation_id, period.status, injects, period.member_id, period.end_date
