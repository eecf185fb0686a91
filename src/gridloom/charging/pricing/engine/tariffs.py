"""The eleven kinds of tariff as values. Fields are the contract's, in snake case; what a kind does not use it does not have.

Prices are per kilowatt-hour, per started block of minutes or per session, in the currency of the terms; None is "not set",
which is not the same as zero: an idle fee of zero replaces the duration fee, no idle fee leaves it running.
"""

import itertools
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

Amount: TypeAlias = Decimal | None
Minutes: TypeAlias = int | None

DEFAULT_PERIOD = 15
"""Minutes of a duration block where `price_period_in_minutes` is not set."""


class Base(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every kind has. min_price: a session that costs anything costs at least this much."""

    kind: ClassVar[str]
    min_price: Amount = None


class Connected(Base, frozen=True, kw_only=True):
    """A fee at the start, owed once the session has reached both minima (minutes, kWh)."""

    connection_fee: Amount = None
    connection_fee_minimum_session_duration: Minutes = None
    connection_fee_minimum_session_energy: Amount = None


class Timed(Connected, frozen=True, kw_only=True):
    """Time that costs: blocks, free minutes, windows of the local day and limits per session."""

    price_period_in_minutes: Minutes = None
    duration_fee_grace_period: Minutes = None
    duration_fee_from: time | None = None
    duration_fee_to: time | None = None
    duration_fee_limit: Amount = None
    idle_pricing_period_in_minutes: Minutes = None
    idle_fee_grace_period_minutes: Amount = None
    idle_fee_grace_period_mode: Literal["idle_detection", "session_start"] = "idle_detection"
    idle_fee_period_start: time | None = None
    idle_fee_period_end: time | None = None
    idle_fee_limit: Amount = None


class Free(Base, frozen=True, kw_only=True):
    """Costs nothing."""

    kind: ClassVar[str] = "free"


class ChargingNotAllowed(Base, frozen=True, kw_only=True):
    """No session may start; one that happened all the same costs nothing."""

    kind: ClassVar[str] = "charging not allowed"


class FlatRate(Base, frozen=True, kw_only=True):
    """One price, whatever was charged and however long it took."""

    kind: ClassVar[str] = "flat rate"
    price_per_session: Amount = None


class DurationEnergy(Timed, frozen=True, kw_only=True):
    """Energy and time at one price each."""

    kind: ClassVar[str] = "duration+energy"
    price_per_kwh: Amount = None
    price_per_period: Amount = None
    idle_fee_per_minute: Amount = None


class DurationEnergyTimeOfDay(Timed, frozen=True, kw_only=True):
    """Energy and time with prices of the day and of the night, by the local clock."""

    kind: ClassVar[str] = "duration+energy time of day"
    day_tariff_start: time
    night_tariff_start: time
    day_price_per_kwh: Amount = None
    night_price_per_kwh: Amount = None
    day_price_per_period: Amount = None
    night_price_per_period: Amount = None
    day_idle_fee_per_minute: Amount = None
    night_idle_fee_per_minute: Amount = None
    lock_price_on_session_start: bool = False


class MarkUpInterval(Struct, frozen=True, kw_only=True):
    """A fixed mark-up per kWh between two local times; an end of 00:00 is midnight."""

    starts_at: time
    ends_at: time
    price: Decimal


class EnergyTou(Timed, frozen=True, kw_only=True):
    """The price of the electricity rate of the moment and a mark-up; time costs as in duration+energy."""

    kind: ClassVar[str] = "energy tou"
    charge_point_electricity_rate: bool = False
    markup_percentage_per_kwh: Amount = None
    markup_fixed_fee_per_kwh: Amount = None
    flexible_mark_up_as_fixed_per_kwh: tuple[MarkUpInterval, ...] = ()
    price_per_period: Amount = None
    idle_fee_per_minute: Amount = None
    lock_price_on_session_start: bool = False


class EnergyLevel(Struct, frozen=True, kw_only=True):
    """Energy above first_kwh up to last_kwh; the flat fee is owed once, with the first energy inside."""

    first_kwh: Decimal
    last_kwh: Amount = None
    fee_per_kwh: Amount = None
    flat_fee: Amount = None


class UnitLevel(Struct, frozen=True, kw_only=True):
    """Started blocks number first_unit to last_unit, counted from one; the flat fee is owed once, with the first of them."""

    first_unit: int
    last_unit: int | None = None
    fee_per_unit: Amount = None
    flat_fee: Amount = None


class Standard(Timed, frozen=True, kw_only=True):
    """Energy, time and idle time, each by levels."""

    kind: ClassVar[str] = "standard"
    multi_price_per_kwh: tuple[EnergyLevel, ...] = ()
    multi_price_per_duration: tuple[UnitLevel, ...] = ()
    multi_idle_fee: tuple[UnitLevel, ...] = ()

    def __post_init__(self) -> None:
        """ValueError where levels do not follow each other from zero to infinity."""
        energy = [(each.first_kwh, each.last_kwh) for each in self.multi_price_per_kwh]
        _check_levels("multiPricePerKwh", energy, Decimal(0))
        for name, levels in (
            ("multiPricePerDuration", self.multi_price_per_duration),
            ("multiIdleFee", self.multi_idle_fee),
        ):
            _check_levels(name, [(each.first_unit, each.last_unit) for each in levels], 1)


class AveragePowerLevel(Struct, frozen=True, kw_only=True):
    """The price of a minute for sessions of at most so many kW on average."""

    average_power_up_to_kw: Decimal
    price_per_minute: Decimal


class AveragePowerLevels(Connected, frozen=True, kw_only=True):
    """Every started minute at the price of the level that the average power falls into."""

    kind: ClassVar[str] = "average power levels"
    average_power_levels: tuple[AveragePowerLevel, ...]

    def __post_init__(self) -> None:
        """ValueError where levels do not ascend."""
        _check_ascending("averagePowerLevels", [each.average_power_up_to_kw for each in self.average_power_levels])


class PeakPowerLevel(Struct, frozen=True, kw_only=True):
    """The prices of a minute, regular and in excess, for sessions of at most so many kW at their peak."""

    peak_power_up_to_kw: Decimal
    regular_price_per_minute: Decimal
    excess_use_price_per_min: Decimal


class PeakPowerLevels(Connected, frozen=True, kw_only=True):
    """Started minutes at the price of the level of the peak power, those after the regular ones at another."""

    kind: ClassVar[str] = "peak power levels"
    peak_power_levels: tuple[PeakPowerLevel, ...]
    regular_use_period: Minutes = None

    def __post_init__(self) -> None:
        """ValueError where levels do not ascend."""
        _check_ascending("peakPowerLevels", [each.peak_power_up_to_kw for each in self.peak_power_levels])


class TimePeriod(Struct, frozen=True, kw_only=True):
    """A slot of the local day; an end of 00:00 is midnight, an end before the start is on the next day."""

    start_time: time
    end_time: time


class PricePeriods(Struct, frozen=True, kw_only=True):
    """Fees slot by slot, in the order of the time periods; an empty one is a component that is not charged."""

    connection_fee_periods: tuple[Decimal, ...] = ()
    energy_fee_periods: tuple[Decimal, ...] = ()
    duration_fee_periods: tuple[Decimal, ...] = ()
    idle_fee_periods: tuple[Decimal, ...] = ()


class DaysWhenApplied(Struct, frozen=True, kw_only=True):
    """Prices of some days; without dates, of all ordinary days. What is None falls back to the tariff's own field."""

    name: str = ""
    special_dates: tuple[date, ...] = ()
    price_periods: PricePeriods
    idle_fee_grace_period_minutes: Amount = None
    idle_pricing_period_in_minutes: Minutes = None
    connection_fee_minimum_session_duration: Minutes = None
    connection_fee_minimum_session_energy: Amount = None
    duration_fee_grace_period: Minutes = None
    price_period_in_minutes: Minutes = None


class StandardTod(Timed, frozen=True, kw_only=True):
    """Energy, time, idle time and connection with prices by slot of the local day, and other prices on special days."""

    kind: ClassVar[str] = "standard_tod"
    time_periods: tuple[TimePeriod, ...]
    price_periods: PricePeriods = PricePeriods()
    days_when_applied: tuple[DaysWhenApplied, ...] = ()
    lock_energy_price_on_session_start: bool = False
    lock_duration_price_on_session_start: bool = False
    lock_idle_price_on_session_start: bool = False

    def __post_init__(self) -> None:
        """ValueError where slots leave a hole or overlap, where fees are not one a slot, or a date has two prices."""
        slots = sorted((each.start_time, each.end_time) for each in self.time_periods)
        ends = [end for _, end in slots]
        starts = [start for start, _ in slots]
        if not slots or ends != [*starts[1:], starts[0]] or len(set(starts)) != len(starts):
            raise ValueError("timePeriods have to cover the day once")
        for prices in (self.price_periods, *(each.price_periods for each in self.days_when_applied)):
            for fees in (
                prices.connection_fee_periods,
                prices.energy_fee_periods,
                prices.duration_fee_periods,
                prices.idle_fee_periods,
            ):
                if fees and len(fees) != len(slots):
                    raise ValueError("pricePeriods need one fee for each time period")
        dates = [day for each in self.days_when_applied for day in each.special_dates or (None,)]
        if len(dates) != len(set(dates)):
            raise ValueError("daysWhenApplied name a day twice")


class OptimisedDynamicPricing(Timed, frozen=True, kw_only=True):
    """A lower price per kWh while electricity is dearer than the threshold and the driver lets the power be reduced."""

    kind: ClassVar[str] = "optimised dynamic pricing"
    price_per_kwh: Amount = None
    threshold_price_for_energy: Decimal
    price_for_energy_when_optimized: Decimal
    charge_point_electricity_rate: bool = False
    price_per_period: Amount = None
    idle_fee_per_minute: Amount = None


Tariff: TypeAlias = (
    Free
    | ChargingNotAllowed
    | FlatRate
    | DurationEnergy
    | DurationEnergyTimeOfDay
    | EnergyTou
    | Standard
    | AveragePowerLevels
    | PeakPowerLevels
    | StandardTod
    | OptimisedDynamicPricing
)


def _check_levels(
    name: str, levels: Sequence[tuple[Decimal, Decimal | None]] | Sequence[tuple[int, int | None]], step: Decimal | int
) -> None:
    if not levels:
        return
    joined = all(before[1] is not None and before[1] + step == after[0] for before, after in itertools.pairwise(levels))
    # Units are counted from one, and the contract's first level begins with unit zero.
    if levels[0][0] != 0 or levels[-1][1] is not None or not joined:
        raise ValueError(f"{name} have to follow each other from zero to no end")
    if any(last is not None and last < first for first, last in levels):
        raise ValueError(f"{name} end before they begin")


def _check_ascending(name: str, bounds: Sequence[Decimal]) -> None:
    if not bounds or any(before >= after for before, after in itertools.pairwise(bounds)):
        raise ValueError(f"{name} have to ascend")
