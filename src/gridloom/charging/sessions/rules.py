"""What holds for sessions, whoever asks. No I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from gridloom.charging.pricing.engine.public import Reading, State, Timeline
from gridloom.kernel.clock import from_ms, to_ms, utc

AHEAD = timedelta(minutes=10)
"""So far a station's clock may be ahead of ours and be believed."""
BEHIND = timedelta(days=366)
"""So long a station may have kept what it tells."""
SLACK_WH = Decimal(10_000)
MOST_W = Decimal(4_000_000)
"""What no EVSE exceeds where nobody said what this one can."""
OVER = 3
STALE = "charge_point_timeout"

MILLI = Decimal("0.001")
_MICROSECOND = timedelta(microseconds=1)

# Reasons of a station that say no more than that somebody, perhaps we, asked it to stop.
_VAGUE = frozenset({"", "remote", "local", "other", "deauthorized"})
# How the contract spells TimeLimitReached of 2.0.1.
_SPELLED = {"timelimitreached": "timeoutlimitreached"}
# 1.6 leaves the ordinary reason out.
_USUAL = "local"

STATES_16 = {
    "charging": State.CHARGING, "suspendedEV": State.SUSPENDED_EV, "suspendedEVSE": State.SUSPENDED_EVSE,
}  # fmt: skip
"""Hardware status of an EVSE, where it says what the car does."""
STATES_201 = {
    "Charging": State.CHARGING, "SuspendedEV": State.SUSPENDED_EV, "SuspendedEVSE": State.SUSPENDED_EVSE,
    "Idle": State.IDLE,
}  # fmt: skip
"""chargingState of a transaction; `EVConnected` says nothing about the charge."""


class Believed(NamedTuple):
    """An instant to go on with, and whether it is the station's own."""

    at: datetime
    is_told: bool


def believed(told: datetime, received_at: datetime, *, not_before: datetime | None = None) -> Believed:
    """The station's instant, to the millisecond; one that cannot be is replaced by that of the receipt.

    It cannot be well ahead of our clock, more than a year behind it, or before what it follows (`not_before`).
    """
    at = floored(told)
    received = floored(received_at)
    if received - BEHIND <= at <= received + AHEAD and (not_before is None or at >= not_before):
        return Believed(at, True)
    return Believed(received if not_before is None else max(received, not_before), False)


def floored(at: datetime) -> datetime:
    """To the millisecond, as the series keeps instants."""
    return from_ms(to_ms(utc(at)))


def reason_of(told: str | None, asked_for: str | None) -> str:
    """The reason of a session: what the station said, in small letters; what we asked it for where it says nothing better."""
    said = (told or "").lower()
    said = _SPELLED.get(said, said)
    if asked_for is not None and said in _VAGUE:
        return asked_for
    return said or _USUAL


class Doubt(NamedTuple):
    """A register that is not trusted."""

    at: datetime
    what: str
    told_wh: Decimal
    good_wh: Decimal


def trusted(
    readings: Sequence[Reading], max_power_w: int | None, *, stop_wh: Decimal | None = None
) -> tuple[list[Reading], list[Doubt]]:
    """The readings that can be, in order of time, and why the others are not. The first one is the register at the start.

    A register that falls keeps its last good value; one that rises faster than three times what the EVSE can (and 10 kWh) is
    left out. What is left depends on the readings alone, not on the order in which they came. stop_wh: the register of the
    station's own stop, which is also the last reading; what exceeds it is left out, unless it cannot be itself.
    """
    good: list[Reading] = []
    doubts: list[Doubt] = []
    if not readings:
        return good, doubts
    ordered = sorted(readings, key=lambda each: (each.at, each.energy_wh))
    first = ordered[0]
    most_w = MOST_W if max_power_w is None else Decimal(max_power_w) * OVER
    last = first.energy_wh
    if stop_wh is not None and stop_wh < last:
        stop_wh = None
    for each in ordered:
        allowed = SLACK_WH + most_w * ((each.at - first.at) // _MICROSECOND) / 3_600_000_000
        if each.energy_wh - first.energy_wh > allowed:
            doubts.append(Doubt(each.at, "register_leaps", each.energy_wh, last))
        elif stop_wh is not None and each.energy_wh > stop_wh:
            doubts.append(Doubt(each.at, "register_over_stop", each.energy_wh, last))
        elif each.energy_wh < last:
            doubts.append(Doubt(each.at, "register_falls", each.energy_wh, last))
            good.append(Reading(each.at, last, each.power_w, each.soc_percent))
        else:
            last = each.energy_wh
            good.append(each)
    return good, doubts


def power_at_end(timeline: Timeline) -> Decimal | None:
    """W between the last two registers; None where there are no two of different instants."""
    last = timeline.readings[-1]
    before = next((each for each in reversed(timeline.readings) if each.at < last.at), None)
    return None if before is None else power_between(before, last)


def power_between(before: Reading, after: Reading) -> Decimal:
    """W that a register rose by, to the milliwatt."""
    return ((after.energy_wh - before.energy_wh) * 3_600_000_000 / ((after.at - before.at) // _MICROSECOND)).quantize(
        MILLI
    )


def mark(at: datetime, what: str, **detail: Any) -> dict[str, Any]:
    """An entry of `session.suspect`."""
    return {"at": utc(at).isoformat(), "what": what, "detail": {name: str(value) for name, value in detail.items()}}


def with_marks(
    kept: Sequence[dict[str, Any]], more: Sequence[dict[str, Any]], *, most: int = 200
) -> list[dict[str, Any]]:
    """Marks, each once and in order of time; a station that says nonsense all day fills no row."""
    unique = {(each["at"], each["what"], tuple(sorted(each["detail"].items()))): each for each in (*kept, *more)}
    return [unique[key] for key in sorted(unique)][:most]
