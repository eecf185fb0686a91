"""What travels about prices."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Percent, Translation, Wire

Name = Annotated[str, Meta(min_length=1, max_length=255)]


class Tax(Wire):
    """A tax that tariffs, fees and invoices can carry."""

    id: int
    name: str
    display_name: list[Translation]
    percentage: Decimal
    tax_identification_number_id: int | None
    last_updated_at: datetime


class TaxWrite(Wire):
    """A new tax."""

    name: Name
    percentage: Percent
    display_name: list[Translation] | None = None
    tax_identification_number_id: int | None = None


class TaxPatch(Wire):
    """What changes about a tax; what is left out stays."""

    name: Name | UnsetType = UNSET
    percentage: Percent | UnsetType = UNSET
    display_name: list[Translation] | UnsetType | None = UNSET
    tax_identification_number_id: int | UnsetType | None = UNSET
