"""What travels about sessions."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Id, Wire
from gridloom.charging.sessions.amounts import Currency, Details, PriceLine, TaxedAmount

Status: TypeAlias = Literal["unknown", "pending", "active", "finished", "failed", "expired"]
Billing: TypeAlias = Literal["pending", "suspended", "completed"]
Payment: TypeAlias = Literal["pending", "paid", "partially", "failed"]
PaymentType: TypeAlias = Literal["tokenized", "subscription", "balance", "corporate", "terminal", "bank_transfer"]
Reason: TypeAlias = Literal[
    "working_hours_exceeded", "timeout", "authorization_amount_reached", "new_start_transaction_received", "force_stop",
    "standard_stop", "energy_exceeded", "schedule_completed", "pre_authorization_failed", "system_force_stop", "time_limit",
    "balance_exceeded", "deauthorized", "emergencystop", "energylimitreached", "evdisconnected", "groundfault",
    "immediatereset", "hardreset", "local", "localoutofcredit", "masterpass", "other", "plug_and_charge", "overcurrentfault",
    "powerloss", "powerquality", "reboot", "remote", "soclimitreached", "stoppedbyev", "timeoutlimitreached", "softreset",
    "unlockcommand", "no_ev_parked", "no_ev_connected", "charge_point_timeout", "charging_on_evse_not_allowed",
    "remote_start_failed", "no_user_for_agile_streets", "rejected", "canceled_reservation", "evse_occupied",
    "evse_inoperative", "failed", "not_supported", "unknown_reservation", "ev_not_connected_to_evse", "authorization_failed",
    "unknown_session",
]  # fmt: skip
Selected: TypeAlias = Literal[
    "corporate", "subscription", "balance", "bank_transfer", "payment_terminal", "external", "visa", "mastercard", "maestro",
    "amex", "paypal", "unknown", "apple_pay", "google_pay", "twint", "bancontact", "other",
]  # fmt: skip


def _older(description: str) -> Meta:
    return Meta(description=description, extra_json_schema={"deprecated": True})


class Energy(Wire):
    """Delivered energy in Wh. Nothing tells local generation apart yet: all of it is the grid's."""

    total: Decimal
    grid: Decimal
    local: Decimal | UnsetType = UNSET


class Power(Wire):
    """Power in W: the newest that was told, the highest, and energy by time."""

    latest: Decimal | UnsetType | None = UNSET
    peak: Decimal | UnsetType | None = UNSET
    average: Decimal | UnsetType | None = UNSET


class SessionTax(Wire):
    """The tax that a session was priced with."""

    tax_id: int | UnsetType = UNSET
    tax_percentage: Decimal | UnsetType = UNSET


class SessionRoaming(Wire):
    """Where a session of a roaming partner comes from."""

    cdr_ids: list[int] | UnsetType = UNSET
    session_id: str | UnsetType = UNSET
    roaming_operator_cpo_id: int | UnsetType = UNSET
    cpo_last_updated_at: datetime | UnsetType = UNSET


class AuthorizationRoaming(Wire):
    """Who vouched for a driver of somebody else."""

    platform_id: int | UnsetType = UNSET
    platform_role_id: int | UnsetType = UNSET
    platform_role: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET
    client: str | UnsetType = UNSET


class SessionAuthorization(Wire):
    """The decision that a session came of, in the words of the first version."""

    id: int
    method: Literal["user_device", "rfid_tag", "admin", "plug_and_charge"]
    source: Literal["local", "roaming", "third_party"]
    created_at: datetime
    status: Literal["accepted", "rejected"]
    rejection_reason: str | None
    operator_id: int | UnsetType | None = UNSET
    user_id: int | UnsetType | None = UNSET
    rfid_tag_uid: str | UnsetType | None = UNSET
    roaming: AuthorizationRoaming | UnsetType = UNSET
    last_updated_at: datetime | UnsetType = UNSET


class SessionPriceLine(PriceLine, kw_only=True):
    """A line of the whole session."""

    total_price: Annotated[Decimal, _older("The same as price, with tax.")]
    unit_price: Annotated[Decimal, _older("The same as pricePerUnit, with tax.")]


class ChargingPeriod(Wire):
    """A stretch of a session that is charged alike."""

    id: int
    energy: Annotated[int, Meta(description="Wh, rounded.")]
    started_at: datetime
    state: Annotated[str, _older("State and slot in one word, such as charging@day.")]
    energy_precise: Annotated[Decimal | UnsetType | None, Meta(description="Wh")] = UNSET
    stopped_at: datetime | UnsetType | None = UNSET
    charging_state: Literal["charging", "idle"] | UnsetType = UNSET
    grace_time_end_at: Annotated[datetime | UnsetType, Meta(description="When idle time begins to cost.")] = UNSET
    pricing_details: Details | UnsetType = UNSET
    amount: Annotated[Decimal | UnsetType | None, _older("The total with tax.")] = UNSET
    total_amount: TaxedAmount | UnsetType = UNSET
    price_breakdown: list[PriceLine] | UnsetType = UNSET


class Slice(Wire):
    """What was delivered between two marks of the wall clock, and what of the session's price falls on it."""

    start: datetime
    end: datetime
    energy_consumed: Annotated[int, _older("Wh, rounded.")]
    energy_consumption: Energy
    total_cost: TaxedAmount | UnsetType = UNSET


class Sample(Wire):
    """Energy since the start (Wh) and power (W) at an instant."""

    energy: Decimal | None
    power: Decimal | None
    timestamp: datetime


class Session(Wire):
    """One delivery of energy at one EVSE."""

    id: str
    operator_id: int
    charge_point_id: int
    evse_id: int
    status: Status
    user_id: int | None
    started_at: datetime
    energy: Annotated[Decimal, _older("Wh; the same as energyConsumption.total.")]
    authorization_id: int | None
    energy_consumption: Energy
    billing_status: Billing | None
    connector_id: int | UnsetType | None = UNSET
    reason: Reason | UnsetType = UNSET
    booking_id: int | UnsetType = UNSET
    stopped_at: datetime | UnsetType | None = UNSET
    power_kw: Annotated[Decimal, _older("The newest power in kW.")] | UnsetType = UNSET
    soc_percent: Annotated[Decimal, Meta(description="State of charge, where it is told.")] | UnsetType = UNSET
    amount: Annotated[Decimal | UnsetType | None, _older("The total with tax.")] = UNSET
    total_amount: TaxedAmount | UnsetType | None = UNSET
    tax: Annotated[SessionTax | UnsetType | None, Meta(extra_json_schema={"deprecated": True})] = UNSET
    currency: Currency | UnsetType = UNSET
    payment_type: PaymentType | UnsetType = UNSET
    payment_method_id: str | UnsetType | None = UNSET
    terminal_id: int | UnsetType | None = UNSET
    non_billable_energy: Annotated[Decimal, Meta(description="Wh of an allowance.")] | UnsetType = UNSET
    payment_status: Payment | UnsetType | None = UNSET
    payment_status_updated_at: datetime | UnsetType | None = UNSET
    id_tag: str | UnsetType = UNSET
    id_tag_label: str | UnsetType = UNSET
    id_tag_type: Literal["rfid", "emaid", "mac_address"] | UnsetType | None = UNSET
    extending_session_id: Annotated[int | UnsetType | None, _older("The same as originalSessionId.")] = UNSET
    original_session_id: int | UnsetType = UNSET
    extended_by_session_id: int | UnsetType = UNSET
    reimbursement_eligibility: bool | UnsetType = UNSET
    external_session_id: Annotated[str | UnsetType | None, _older("The idTag of a remote start.")] = UNSET
    authorization: SessionAuthorization | UnsetType = UNSET
    charging_periods: list[ChargingPeriod] | UnsetType = UNSET
    price_breakdown: list[SessionPriceLine] | UnsetType = UNSET
    tariff_snapshot_id: int | UnsetType | None = UNSET
    electricity_cost: Decimal | UnsetType | None = UNSET
    evse_physical_reference: str | UnsetType | None = UNSET
    charge_point_operator_roaming_id: str | UnsetType = UNSET
    roaming: SessionRoaming | UnsetType = UNSET
    last_updated_at: datetime | UnsetType = UNSET
    randomised_delay: Annotated[int, Meta(description="Seconds.")] | UnsetType = UNSET
    receipt_id: Annotated[int | UnsetType | None, Meta(extra_json_schema={"deprecated": True})] = UNSET
    external_app_data: dict[str, Any] | UnsetType | None = UNSET
    clock_aligned_energy_consumption: list[Slice] | UnsetType = UNSET
    estimated_savings: Decimal | UnsetType = UNSET
    billing_completed_at: datetime | UnsetType = UNSET
    power: Power | UnsetType = UNSET


class AssignUser(Wire):
    """Whose a session becomes."""

    user_id: Id


class ChangeTariff(Wire):
    """By which tariff a session is priced."""

    tariff_id: Id


class RetryPayment(Wire):
    """With which card to try again; none: the one it was tried with."""

    payment_method_id: Id | UnsetType | None = UNSET
