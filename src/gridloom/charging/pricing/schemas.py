"""What travels about prices."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.pricing.currencies import CurrencyCode
from gridloom.charging.schemas import Id, Name, Percent, Texts, Wire

Digits = Annotated[int, Meta(ge=0, le=8, description="Places after the decimal point.")]
Sign = Annotated[str, Meta(max_length=32)]


class Tax(Wire):
    """A tax that tariffs, fees and invoices can carry."""

    id: int
    name: str
    display_name: Texts
    percentage: Decimal
    tax_identification_number_id: int | None
    last_updated_at: datetime


class TaxWrite(Wire):
    """A new tax."""

    name: Name
    percentage: Percent
    display_name: Texts | None = None
    tax_identification_number_id: Id | None = None


class TaxPatch(Wire):
    """What changes about a tax; what is left out stays."""

    name: Name | UnsetType = UNSET
    percentage: Percent | UnsetType = UNSET
    display_name: Texts | UnsetType | None = UNSET
    tax_identification_number_id: Id | UnsetType | None = UNSET


class Currency(Wire):
    """A currency that this system charges in. Name and number follow from the code (ISO 4217)."""

    id: int
    name: str
    alphabetic_code: CurrencyCode
    numeric_code: str
    prefix: str | None
    suffix: str | None
    decimal: Annotated[
        int | None, Meta(description="Places of what is charged and of totals; null: as ISO 4217 has it.")
    ]
    unit_price_and_calculations_decimal: Annotated[
        int | None, Meta(description="Places of prices per kilowatt-hour and minute; null: five.")
    ]
    enable_use_of_minor_currency_unit: bool
    minor_unit_sign: str | None


class CurrencyWrite(Wire):
    """A further currency; each code is there once."""

    alphabetic_code: CurrencyCode
    prefix: Sign | None = None
    suffix: Sign | None = None
    decimal: Digits | None = None
    unit_price_and_calculations_decimal: Digits | None = None
    enable_use_of_minor_currency_unit: bool = False
    minor_unit_sign: Sign | None = None


class CurrencyPatch(Wire):
    """What changes about a currency. Its code has to be said, as an assurance of which one is meant."""

    alphabetic_code: CurrencyCode
    prefix: Sign | UnsetType | None = UNSET
    suffix: Sign | UnsetType | None = UNSET
    decimal: Digits | UnsetType | None = UNSET
    unit_price_and_calculations_decimal: Digits | UnsetType | None = UNSET
    enable_use_of_minor_currency_unit: bool | UnsetType = UNSET
    minor_unit_sign: Sign | UnsetType | None = UNSET
