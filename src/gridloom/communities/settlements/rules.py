"""Sums of a settlement, and why two of them differ. No I/O.

All amounts are whole micro-kilowatt-hours (1 kWh = 1,000,000), so that sums are exact in any order.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

PER_KWH = 1_000_000

Reason: TypeAlias = Literal["readings", "key", "member", "meter_joined", "meter_left", "missing", "others"]


class Amounts(NamedTuple):
    """Taken from the grid (gross = shared + net) and fed into it, in micro-kWh."""

    gross: int = 0
    shared: int = 0
    net: int = 0
    injected_gross: int = 0
    injected_shared: int = 0
    injected_net: int = 0

    def plus(self, other: "Amounts") -> "Amounts":
        """The sum of both, field by field."""
        return Amounts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Line(NamedTuple):
    """One meter on one day of the grid. missing: intervals of the day without a reading."""

    meter_id: int
    day: date
    member_id: int | None
    amounts: Amounts
    missing: int


class Difference(NamedTuple):
    """One meter on one day, before and after; None where a run does not know it."""

    meter_id: int
    day: date
    before: Line | None
    after: Line | None
    reasons: tuple[Reason, ...]


def total(lines: Iterable[Line]) -> Amounts:
    """The sum of lines."""
    found = Amounts()
    for line in lines:
        found = found.plus(line.amounts)
    return found


def by_member(lines: Iterable[Line]) -> dict[int | None, Amounts]:
    """The sums of each member; None gathers what belonged to nobody."""
    found: dict[int | None, Amounts] = {}
    for line in lines:
        found[line.member_id] = found.get(line.member_id, Amounts()).plus(line.amounts)
    return found


def rate(part: int, whole: int) -> float:
    """A share of something, 0 of nothing; six decimals."""
    return round(part / whole, 6) if whole else 0.0


def kwh(amount: int) -> Decimal:
    """Micro-kilowatt-hours in kWh, exactly."""
    return Decimal(amount).scaleb(-6)


def micro(amount: Decimal) -> int:
    """Kilowatt-hours in micro-kWh. ValueError for what is no whole number of them."""
    scaled = amount.scaleb(6)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} kWh has more than six decimals")
    return int(scaled)


def differences(
    before: Sequence[Line],
    after: Sequence[Line],
    *,
    other_readings: Iterable[tuple[int, date]],
    other_keys: Iterable[date],
) -> list[Difference]:
    """Where two runs differ, by day and meter, each with what explains it.

    other_readings: (meter, day) whose frozen readings differ. other_keys: days on which another key was in force. A difference
    that none of its own causes explains comes from the others with whom the meter shares. Where the amounts are the same and
    only another number of intervals is missing, that is what differs.
    """
    old = {(line.day, line.meter_id): line for line in before}
    new = {(line.day, line.meter_id): line for line in after}
    readings, keys = set(other_readings), set(other_keys)
    found: list[Difference] = []
    for day, meter_id in sorted(old.keys() | new.keys()):
        one, other = old.get((day, meter_id)), new.get((day, meter_id))
        if one == other:
            continue
        reasons = _reasons(one, other, has_other_readings=(meter_id, day) in readings, has_other_key=day in keys)
        found.append(Difference(meter_id, day, one, other, reasons))
    return found


def _reasons(
    one: Line | None, other: Line | None, *, has_other_readings: bool, has_other_key: bool
) -> tuple[Reason, ...]:
    if one is None:
        return ("meter_joined",)
    if other is None:
        return ("meter_left",)
    found: list[Reason] = []
    if has_other_readings:
        found.append("readings")
    is_same = one.amounts == other.amounts
    if has_other_key and not is_same:
        found.append("key")
    if one.member_id != other.member_id:
        found.append("member")
    if is_same and one.missing != other.missing:
        found.append("missing")
    if not found:
        found.append("others")
    return tuple(found)
