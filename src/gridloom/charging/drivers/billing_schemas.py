"""What travels about the periods that subscriptions are billed by."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Wire


class Amount(Wire, kw_only=True):
    """Money with its tax, and without it where the tax is known."""

    with_tax: Decimal
    without_tax: Decimal | UnsetType = UNSET


class BillingPeriod(Wire, kw_only=True):
    """One period of a user's subscription: what it cost, and what happened to its payment."""

    id: int
    subscription_plan_id: int
    subscription_id: int
    started_at: datetime
    ended_at: datetime
    total_amount: Amount
    base_fee: Amount
    charge_point_fees: Amount | UnsetType = UNSET
    session_fees: Amount | UnsetType = UNSET
    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    first_payment_failure_at: datetime | UnsetType = UNSET
    latest_payment_failure_at: datetime | UnsetType = UNSET
    latest_payment_failure_reason: str | UnsetType = UNSET
    obligations_transferred_at: datetime | UnsetType = UNSET
    created_at: datetime


class BillingPeriodFilter(Wire):
    """Which periods are asked for."""

    subscription_plan_id: int | UnsetType = UNSET
    subscription_id: int | UnsetType = UNSET
    has_unresolved_payment_failure: bool | UnsetType = UNSET
    started_after: datetime | UnsetType = UNSET
    started_before: datetime | UnsetType = UNSET
    ended_after: datetime | UnsetType = UNSET
    ended_before: datetime | UnsetType = UNSET


class BillingPeriodQuery(Wire):
    """The query of a list of periods."""

    filter: BillingPeriodFilter | UnsetType = UNSET
