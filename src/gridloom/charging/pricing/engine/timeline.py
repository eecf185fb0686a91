"""What happened in a session: the register over time, the states, what the driver chose. Values only."""

import itertools
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from operator import attrgetter
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from gridloom.kernel.clock import utc

MICRO_WH = Decimal("0.000001")
"""To this an interpolated register is rounded, so that the parts of a session add up exactly."""

_AT = attrgetter("at")
_AT_ENERGY = attrgetter("at", "energy_wh")
_MICROSECOND = timedelta(microseconds=1)


class State(StrEnum):
    """What the car does. SUSPENDED_EVSE is the station holding power back, which never makes the driver owe an idle fee."""

    CHARGING = "charging"
    IDLE = "idle"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"

    @property
    def is_idle(self) -> bool:
        """Whether the time counts as idle."""
        return self is State.IDLE or self is State.SUSPENDED_EV


class ChargingType(StrEnum):
    """Full power, or power reduced while electricity is dear."""

    BOOSTED = "boosted"
    OPTIMISED = "optimised"


class Reading(Struct, frozen=True):
    """The import register in Wh at an instant; power in W and state of charge in % where the station told them."""

    at: datetime
    energy_wh: Decimal
    power_w: Decimal | None = None
    soc_percent: Decimal | None = None


class StateChange(Struct, frozen=True):
    """From this instant on the session is in this state."""

    at: datetime
    state: State


class Choice(Struct, frozen=True):
    """From this instant on the driver wants this kind of charging."""

    at: datetime
    charging_type: ChargingType


_Moment = TypeVar("_Moment", Reading, StateChange, Choice)


class Timeline(Struct, frozen=True, kw_only=True):
    """One session, or a running one up to now: then `stopped_at` is now.

    Readings, states and choices may come in any order and are put in order of time; of two states of one instant the later
    given holds. A register that falls keeps its last good value. Before the first reading the register is the first, after
    the last the last. Without states the session charges all the time. ValueError when it stops before it starts.
    """

    started_at: datetime
    stopped_at: datetime
    readings: tuple[Reading, ...] = ()
    states: tuple[StateChange, ...] = ()
    choices: tuple[Choice, ...] = ()

    def __post_init__(self) -> None:
        """Put everything in order."""
        force_setattr(self, "started_at", utc(self.started_at))
        force_setattr(self, "stopped_at", utc(self.stopped_at))
        if self.stopped_at < self.started_at:
            raise ValueError("a session stops before it starts")
        force_setattr(self, "readings", _rising(sorted(map(_in_utc, self.readings), key=_AT_ENERGY)))
        force_setattr(self, "states", tuple(sorted(map(_in_utc, self.states), key=_AT)))
        force_setattr(self, "choices", tuple(sorted(map(_in_utc, self.choices), key=_AT)))

    def register_wh(self, at: datetime) -> Decimal:
        """The register at an instant, linear between two readings."""
        readings = self.readings
        if not readings:
            return Decimal(0)
        place = bisect_right(readings, at, key=_AT)
        if place == 0:
            return readings[0].energy_wh
        before = readings[place - 1]
        if place == len(readings) or before.at == at:
            return before.energy_wh
        after = readings[place]
        passed, whole = (at - before.at) // _MICROSECOND, (after.at - before.at) // _MICROSECOND
        part = (after.energy_wh - before.energy_wh) * passed / whole
        return before.energy_wh + part.quantize(MICRO_WH, ROUND_HALF_UP)

    @property
    def energy_wh(self) -> Decimal:
        """What was delivered."""
        return self.register_wh(self.stopped_at) - self.register_wh(self.started_at)

    @property
    def duration(self) -> timedelta:
        """From start to stop."""
        return self.stopped_at - self.started_at

    def peak_w(self) -> Decimal:
        """The highest power the station told, or without any the steepest rise of the register."""
        told = [
            each.power_w
            for each in self.readings
            if each.power_w is not None and self.started_at <= each.at <= self.stopped_at
        ]
        if told:
            return max(told)
        # Between two readings the register is a straight line, so the instants of readings are enough.
        inside = [each.at for each in self.readings if self.started_at < each.at < self.stopped_at]
        instants = [self.started_at, *inside, self.stopped_at]
        rises = [
            (self.register_wh(after) - self.register_wh(before)) * 3_600_000_000 / ((after - before) // _MICROSECOND)
            for before, after in itertools.pairwise(instants)
            if after > before
        ]
        return max(rises, default=Decimal(0))


def _in_utc(each: _Moment) -> _Moment:
    # Two datetimes of one zone are compared by what the wall shows, which goes back once a year.
    return each if each.at.tzinfo is UTC else replace(each, at=utc(each.at))


def _rising(readings: list[Reading]) -> tuple[Reading, ...]:
    highest: Decimal | None = None
    kept = []
    for each in readings:
        if highest is None or each.energy_wh >= highest:
            highest = each.energy_wh
            kept.append(each)
        else:
            kept.append(Reading(each.at, highest, each.power_w, each.soc_percent))
    return tuple(kept)
