"""What a session costs, as values named after the contract's."""

from datetime import datetime, time
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from gridloom.charging.pricing.engine.fees import LineType
from gridloom.charging.pricing.engine.timeline import ChargingType


class Taxed(Struct, frozen=True):
    """An amount with and without tax; the same twice where there is no tax."""

    with_tax: Decimal
    without_tax: Decimal


class Line(Struct, frozen=True, kw_only=True):
    """One part of a price. quantity: kWh, minutes that were owed, or 1 session.

    price is exact for the fee of the tariff and rounded once; price_per_unit is rounded for itself (a block of 15 minutes at
    0.50 is shown as 0.03333 a minute).
    """

    type: LineType
    currency: str
    unit: Literal["kwh", "minute", "session"]
    price_per_unit: Taxed
    quantity: Decimal
    price: Taxed
    tax_percentage: Decimal | None


class PricingDetails(Struct, frozen=True, kw_only=True):
    """What the price of a period was made by; None where the kind of tariff has nothing to say."""

    charging_type: ChargingType | None = None
    day_period: str | None = None
    pricing_method: Literal["duration", "energy", "durationAndEnergy", "free"] = "free"
    price: Decimal | None = None
    markup: Decimal | None = None
    initial_energy_price: Decimal | None = None
    initial_duration_price: Decimal | None = None
    start_hour: time | None = None
    end_hour: time | None = None
    day: str | None = None


class Period(Struct, frozen=True, kw_only=True):
    """A stretch that was charged alike. energy_wh: all that was delivered in it. Periods add up to the session's lines."""

    started_at: datetime
    stopped_at: datetime
    charging_state: Literal["charging", "idle"]
    energy_wh: Decimal
    grace_time_end_at: datetime | None
    pricing_details: PricingDetails
    total_amount: Taxed
    price_breakdown: tuple[Line, ...]

    @property
    def state(self) -> str:
        """The older text for both: `charging@day`, `idle`."""
        period = self.pricing_details.day_period
        return f"{self.charging_state}@{period}" if period else self.charging_state


class Priced(Struct, frozen=True, kw_only=True):
    """The whole price.

    subtotal: the sum of the lines, and of the periods, in the digits of unit prices. total_amount: rounded to what can be paid;
    total = subtotal + rounding in the half that the tariff's prices are in. tax: what of the total is tax.
    """

    currency: str
    periods: tuple[Period, ...]
    price_breakdown: tuple[Line, ...]
    subtotal: Decimal
    rounding: Decimal
    total_amount: Taxed
    tax: Decimal
    tax_percentage: Decimal | None
    energy_wh: Decimal
    non_billable_energy_wh: Decimal
