"""Amounts, lines and details of a price, as they travel."""

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Wire

LineType: TypeAlias = Literal[
    "flat", "connection", "energy", "charging_time", "idle_time", "power_levels_time", "min_price", "service_fee",
    "energy_flat_fee", "duration_flat_fee", "idle_flat_fee",
]  # fmt: skip
Currency = Annotated[str, Meta(min_length=3, max_length=3, description="ISO 4217.")]


class TaxedAmount(Wire):
    """An amount with and without tax; the same twice where there is no tax."""

    with_tax: Decimal
    without_tax: Decimal | UnsetType = UNSET


class PriceLine(Wire):
    """One part of a price. `price` is exact for the fee and rounded once; `pricePerUnit` is rounded for itself."""

    type: LineType
    currency: Currency
    unit: Literal["kwh", "minute", "session"]
    price_per_unit: TaxedAmount
    quantity: Decimal
    price: TaxedAmount
    tax_percentage: Decimal | UnsetType | None = UNSET


class Details(Wire):
    """What the price of a period was made by; what the kind of tariff does not have is left out."""

    charging_type: Literal["boosted", "optimised"] | UnsetType | None = UNSET
    day_period: Literal["day", "night"] | UnsetType | None = UNSET
    pricing_method: Literal["duration", "energy", "durationAndEnergy", "free"] | UnsetType | None = UNSET
    price: Decimal | UnsetType = UNSET
    markup: Decimal | UnsetType = UNSET
    initial_energy_price: Decimal | UnsetType = UNSET
    initial_duration_price: Decimal | UnsetType = UNSET
    start_hour: str | UnsetType = UNSET
    end_hour: str | UnsetType = UNSET
    day: str | UnsetType = UNSET
