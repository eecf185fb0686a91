"""The two clocks of a price: kilowatt-hours that climb through levels, and blocks of minutes that are owed when they begin."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from gridloom.charging.pricing.engine.slots import ZERO, EnergyLevels, UnitLevels


class LineType(StrEnum):
    """What a line of a breakdown is for, in the order in which lines are listed."""

    FLAT = "flat"
    CONNECTION = "connection"
    ENERGY = "energy"
    SERVICE_FEE = "service_fee"
    ENERGY_FLAT_FEE = "energy_flat_fee"
    CHARGING_TIME = "charging_time"
    DURATION_FLAT_FEE = "duration_flat_fee"
    IDLE_TIME = "idle_time"
    IDLE_FLAT_FEE = "idle_flat_fee"
    POWER_LEVELS_TIME = "power_levels_time"
    MIN_PRICE = "min_price"


class Charge(NamedTuple):
    """So many units at a fee each. minutes: how long a unit is, 0 where it is no time."""

    type: LineType
    fee: Decimal
    units: Decimal
    minutes: int = 0


ONE = Decimal(1)


class Energy:
    """Energy that climbs through levels, each kWh at the fee of its own level."""

    def __init__(self) -> None:
        self.kwh = ZERO

    def climb(self, kwh: Decimal, levels: EnergyLevels) -> Iterator[Charge]:
        """What the way up to so many kWh costs."""
        before, self.kwh = self.kwh, kwh
        for level in levels:
            low = max(before, level.first_kwh)
            high = kwh if level.last_kwh is None else min(kwh, level.last_kwh)
            if high <= low:
                continue
            if level.flat_fee and before <= level.first_kwh:
                yield Charge(LineType.ENERGY_FLAT_FEE, level.flat_fee, ONE)
            if level.fee_per_kwh:
                yield Charge(LineType.ENERGY, level.fee_per_kwh, high - low)


class Blocks:
    """Time that is owed in blocks, each at its beginning, up to a limit.

    Blocks lie end to end over the time that counts: what interrupts it neither ends a block nor starts a new one.
    """

    def __init__(self, each: LineType, flat: LineType, limit: Decimal | None) -> None:
        self._type = each
        self._flat = flat
        self._limit = limit
        self._spent = ZERO
        self._number = 0
        self._paid = timedelta()

    def run(self, span: timedelta, minutes: int, levels: UnitLevels) -> Iterator[Charge]:
        """What so much more time costs."""
        if span <= self._paid:
            self._paid -= span
            return
        block = timedelta(minutes=minutes)
        unpaid = span - self._paid
        count = -(-unpaid // block)
        self._paid = block * count - unpaid
        before, self._number = self._number, self._number + count
        for charge in self._through(levels, before, minutes):
            yield from self._limited(charge)

    def _through(self, levels: UnitLevels, before: int, minutes: int) -> Iterator[Charge]:
        for level in levels:
            first = max(level.first_unit, before + 1)
            last = self._number if level.last_unit is None else min(level.last_unit, self._number)
            if last < first:
                continue
            if level.flat_fee and first == max(level.first_unit, 1):
                yield Charge(self._flat, level.flat_fee, ONE)
            if level.fee_per_unit:
                yield Charge(self._type, level.fee_per_unit, Decimal(last - first + 1), minutes)

    def _limited(self, charge: Charge) -> Iterator[Charge]:
        """The charge, or as much of it as the limit leaves: whole units, and one of what is then left."""
        if self._limit is None:
            yield charge
            return
        room = self._limit - self._spent
        cost = charge.fee * charge.units
        if cost <= room:
            self._spent += cost
            yield charge
        elif room > 0:
            self._spent = self._limit
            whole = room // charge.fee
            if whole:
                yield charge._replace(units=whole)
            if rest := room - whole * charge.fee:
                yield charge._replace(fee=rest, units=ONE)
