"""What travels about operators, settings and templates."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import UNSET, UnsetType

from gridloom.charging.places import Country
from gridloom.charging.pricing.currencies import CurrencyCode
from gridloom.charging.schemas import Wire

Voltage = Literal["230", "380", "400", "480", "120", "208", "240", "110-130", "220-240", "277"]
Rotation = Literal["RST", "RTS", "SRT", "STR", "TRS", "TSR"]
ConnectedPhase = Literal["L1", "L2", "L3", "L1_L2", "L1_L3", "L2_L3"]
OldStatus = Literal["active", "disabled", "out of order"]
Current = Literal["ac", "dc"]


class Operator(Wire, kw_only=True):
    """Somebody who runs stations with this system; what is unknown about them is left out."""

    id: int
    name: str
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    currency: CurrencyCode
    country: Country | UnsetType = UNSET
    default: bool
    created_at: datetime
    updated_at: datetime


class BaseCurrency(Wire):
    """The currency that the business counts in."""

    id: int
    last_updated_at: datetime


class DefaultTax(Wire):
    """The tax of what names no tax."""

    id: int
    enable_multi_tax_support: bool
    tax_information_not_in_invoices_and_receipts: bool
    last_updated_at: datetime


class Reservations(Wire):
    """How drivers may reserve. Times are minutes."""

    enable_reservations: bool
    reservation_time: int
    expiry_notification: int
    max_reservations_per_day_per_user: int
    cooldown_time_between_reservations: int
    enable_reservations_queue: bool
    last_updated_at: datetime | UnsetType = UNSET


class Settings(Wire, kw_only=True):
    """How the whole system is set. A currency or tax that nobody has chosen is left out."""

    base_currency: BaseCurrency | UnsetType = UNSET
    default_tax: DefaultTax | UnsetType = UNSET
    reservations: Reservations | UnsetType = UNSET
    bilingual_invoices_enabled: bool
    bilingual_receipts_enabled: bool


class TemplateEvse(Wire):
    """An EVSE that stations made from a template get. Power is W, current A."""

    id: int
    status: OldStatus
    max_power: Decimal | UnsetType | None
    dlm_phases: Literal["1", "3", "split"] | UnsetType | None
    network_id: str
    current_type: Current
    dlm_priority: Decimal | UnsetType | None
    input_voltage: Voltage | UnsetType | None
    tariff_group_id: int | UnsetType | None
    dlm_max_current_a: Decimal | UnsetType | None
    allows_reservation: bool
    dlm_phase_rotation: Rotation | UnsetType | None
    dlm_connected_phase: ConnectedPhase | UnsetType | None
    dlm_efficiency_percent: Decimal | UnsetType | None


class Template(Wire):
    """What a station of the older API is made from."""

    id: int
    name: str
    evses: list[TemplateEvse]
    subscription_plan_ids: list[int]
    last_updated_at: datetime
