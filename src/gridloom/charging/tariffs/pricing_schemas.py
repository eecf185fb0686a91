"""What travels as the `pricing` of a tariff, the same in both directions. Which fields count depends on the type."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Id, Wire
from gridloom.kernel.http.checks import number

_MOST = 1_000_000_000
_HUNDREDTHS = Meta(extra_json_schema={"multipleOf": 0.01})

Price = Annotated[Decimal, number(ge=0, le=_MOST, places=5)]
MarkUp = Annotated[Decimal, number(ge=-_MOST, le=_MOST, places=5)]
Fee = Annotated[Decimal, number(ge=0, le=_MOST, places=2), _HUNDREDTHS]
Energy = Annotated[Decimal, number(ge=0, le=_MOST, places=2), _HUNDREDTHS]
Quantity = Annotated[Decimal, number(ge=0, le=_MOST, places=5)]
Whole = Annotated[Decimal, number(ge=0, le=_MOST, places=0)]
Minutes = Annotated[int, Meta(ge=0, le=1_000_000)]
Unit = Annotated[int, Meta(ge=0, le=1_000_000)]
Block = Literal[1, 15, 30, 60, 240, 360]
Clock = Annotated[
    str,
    Meta(pattern=r"^\d{2}:\d{2}(:\d{2})?$", description="Time of the local day.", extra_json_schema={"format": "time"}),
]
HoursMinutes = Annotated[str, Meta(pattern=r"^\d{2}:\d{2}$", description="Time of the local day, HH:MM.")]
Mode: TypeAlias = Literal["idle_detection", "session_start"]
Threshold: TypeAlias = Literal[75, 80, 85, 90, 95, 100]


class MarkUpInterval(Wire):
    """A fixed mark-up per kWh between two local times; an end of 00:00 is midnight."""

    starts_at: HoursMinutes
    ends_at: HoursMinutes
    price: MarkUp


class FlexibleMarkUp(Wire):
    """Mark-ups by the time of day. What none covers gets the default, which is kept as `markupFixedFeePerKwh`."""

    default_price: MarkUp | UnsetType = UNSET
    interval_pricing: list[MarkUpInterval] | UnsetType = UNSET


class EnergyLevel(Wire):
    """Energy of a session from a first kWh to a last; the last level has no end."""

    first_kwh: Energy
    last_kwh: Energy | None = None
    fee_per_kwh: Fee | None = None
    flat_fee: Fee | None = None


class UnitLevel(Wire):
    """Started blocks of a session from a first to a last; the last level has no end."""

    first_unit: Unit
    last_unit: Unit | None = None
    fee_per_unit: Fee | None = None
    flat_fee: Fee | None = None


class AveragePowerLevel(Wire):
    """The price of a minute of a session with at most so many kW on average."""

    average_power_up_to_kw: Quantity
    price_per_minute: Price


class PeakPowerLevel(Wire):
    """The prices of a minute of a session with at most so many kW at its peak."""

    peak_power_up_to_kw: Quantity
    regular_price_per_minute: Price
    excess_use_price_per_min: Price


class TimePeriod(Wire):
    """A slot of the local day."""

    start_time: HoursMinutes
    end_time: HoursMinutes


class Fees(Wire):
    """One fee for each time period, in their order."""

    fee: list[Price] | UnsetType = UNSET


class PricePeriods(Wire):
    """Fees by time period, for each component; a component without fees is not charged."""

    connection_fee_periods: Fees | UnsetType = UNSET
    energy_fee_periods: Fees | UnsetType = UNSET
    duration_fee_periods: Fees | UnsetType = UNSET
    idle_fee_periods: Fees | UnsetType = UNSET


class DaysWhenApplied(Wire):
    """Other prices on some dates; without dates, on all days that no other entry names."""

    name: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    special_dates: list[date] | UnsetType = UNSET
    idle_fee_grace_period_minutes: Quantity | UnsetType | None = UNSET
    idle_pricing_period_in_minutes: Block | UnsetType | None = UNSET
    connection_fee_minimum_session_duration: Minutes | UnsetType | None = UNSET
    connection_fee_minimum_session_energy: Quantity | UnsetType | None = UNSET
    duration_fee_grace_period: Minutes | UnsetType | None = UNSET
    price_period_in_minutes: Block | UnsetType | None = UNSET
    price_periods: PricePeriods | UnsetType = UNSET


class Pricing(Wire):
    """Prices of a tariff. Prices have up to five places, include tax and are in the tariff's currency; times are minutes."""

    price_per_session: Price | UnsetType | None = UNSET
    connection_fee: Price | UnsetType | None = UNSET
    price_per_kwh: Price | UnsetType | None = UNSET
    day_price_per_kwh: Price | UnsetType | None = UNSET
    night_price_per_kwh: Price | UnsetType | None = UNSET
    price_period_in_minutes: Block | UnsetType | None = UNSET
    price_per_period: Price | UnsetType | None = UNSET
    duration_fee_limit: Price | UnsetType | None = UNSET
    day_price_per_period: Price | UnsetType | None = UNSET
    night_price_per_period: Price | UnsetType | None = UNSET
    day_idle_fee_per_minute: Price | UnsetType | None = UNSET
    night_idle_fee_per_minute: Price | UnsetType | None = UNSET
    idle_fee_per_minute: Price | UnsetType | None = UNSET
    idle_fee_grace_period_minutes: Quantity | UnsetType | None = UNSET
    idle_fee_grace_period_mode: Mode | UnsetType = UNSET
    idle_pricing_period_in_minutes: Block | UnsetType | None = UNSET
    idle_fee_period_start: Clock | UnsetType | None = UNSET
    idle_fee_period_end: Clock | UnsetType | None = UNSET
    idle_fee_limit: Price | UnsetType | None = UNSET
    connection_fee_minimum_session_duration: Minutes | UnsetType | None = UNSET
    connection_fee_minimum_session_energy: Quantity | UnsetType | None = UNSET
    duration_fee_grace_period: Minutes | UnsetType | None = UNSET
    min_price: Price | UnsetType | None = UNSET
    pre_authorize_amount: Price | UnsetType | None = UNSET
    tax_id: Annotated[
        Id | UnsetType | None,
        Meta(
            description="Counts only with several taxes; null: the default tax.", extra_json_schema={"deprecated": True}
        ),
    ] = msgspec.field(default=UNSET, name="taxID")
    charge_point_electricity_rate: bool | UnsetType = UNSET
    fallback_electricity_rate_id: Id | UnsetType | None = UNSET
    markup_percentage_per_kwh: MarkUp | UnsetType | None = UNSET
    markup_fixed_fee_per_kwh: MarkUp | UnsetType | None = UNSET
    flexible_mark_up_as_fixed_per_kwh: FlexibleMarkUp | UnsetType | None = UNSET
    multi_price_per_kwh: list[EnergyLevel] | UnsetType = UNSET
    multi_price_per_duration: list[UnitLevel] | UnsetType = UNSET
    multi_idle_fee: list[UnitLevel] | UnsetType = UNSET
    regular_use_period: Whole | UnsetType | None = UNSET
    average_power_levels: list[AveragePowerLevel] | UnsetType = UNSET
    peak_power_levels: list[PeakPowerLevel] | UnsetType = UNSET
    time_periods: list[TimePeriod] | UnsetType = UNSET
    price_periods: PricePeriods | UnsetType = UNSET
    days_when_applied: list[DaysWhenApplied] | UnsetType = UNSET
    threshold_price_for_energy: Price | UnsetType | None = UNSET
    price_for_energy_when_optimized: Price | UnsetType | None = UNSET
    optimised_label: Annotated[str, Meta(max_length=255)] | UnsetType | None = UNSET
    duration_fee_from: Clock | UnsetType | None = UNSET
    duration_fee_to: Clock | UnsetType | None = UNSET
    subsidy_integration_id: Id | UnsetType | None = UNSET
    lock_price_on_session_start: bool = False
    lock_energy_price_on_session_start: bool = False
    lock_duration_price_on_session_start: bool = False
    lock_idle_price_on_session_start: bool = False
    state_of_charge_idle_threshold: Threshold | UnsetType | None = UNSET
    average_power_idle_threshold: (
        Annotated[Decimal, number(ge=0, le=999_999.99, places=5, description="kW.")] | UnsetType | None
    ) = UNSET
