"""What travels when somebody starts a session."""

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.commands.public import ChargingProfile
from gridloom.charging.schemas import Id, Mistakes, Wire
from gridloom.kernel.http.checks import number

Tag = Annotated[str, Meta(min_length=1, max_length=36)]
PaymentMethod = Annotated[str, Meta(max_length=255)]

StationError: TypeAlias = Literal[
    "BILLING_NOT_ASSOCIATED", "BILLING_NOT_PARTNER_ASSOCIATED", "INTERNAL_ISSUE", "AGILE_STREETS_CALCULATE",
    "AGILE_STREETS_COMMUNICATION", "CHARGING_NOT_ALLOWED", "LOCATION_IS_CLOSED", "USER_VALIDATION_NOT_COMPLETE",
    "TERMS_NOT_ACCEPTED", "USER_IS_DISABLED", "SUBSCRIPTION_REQUIRED", "SESSION_ALREADY_RUNNING", "PREVIOUS_SESSION_NOT_PAID",
    "ACCESS_RESTRICTED",
]  # fmt: skip
EvseError: TypeAlias = Literal[
    "BILLING_NOT_ASSOCIATED", "BILLING_NOT_PARTNER_ASSOCIATED", "INTERNAL_ISSUE", "SESSION_EXISTS", "AGILE_STREETS_CALCULATE",
    "AGILE_STREETS_COMMUNICATION", "CHARGING_NOT_ALLOWED", "LOCATION_IS_CLOSED", "USER_VALIDATION_NOT_COMPLETE",
    "TERMS_NOT_ACCEPTED", "USER_IS_DISABLED", "SUBSCRIPTION_REQUIRED", "SESSION_ALREADY_RUNNING", "PREVIOUS_SESSION_NOT_PAID",
    "ACCESS_RESTRICTED", "PAYMENT_METHOD_REQUIRED", "CANNOT_BILL_PAYMENT_METHOD", "CORPORATE_ACCOUNT_LIMIT_REACHED",
    "CANNOT_USE_EXPIRED_PAYMENT_METHOD", "CANNOT_USE_PAYMENT_METHOD", "PAYMENT_NO_FUNDS",
]  # fmt: skip


class StopConditions(Wire):
    """When the session ends by itself. Where the tariff has a limit as well, the lower one holds."""

    max_energy_kwh: Annotated[Decimal, number(ge=0.1, le=999_999, places=3)] | UnsetType | None = UNSET
    max_duration_minutes: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    max_soc_percent: Annotated[int, Meta(ge=1, le=100)] | UnsetType | None = UNSET
    max_amount: Annotated[Decimal, number(ge=0.01, le=1_000_000_000, places=5)] | UnsetType | None = UNSET


class StartWrite(Wire):
    """Who wants to charge, and how long. Without a user the session is nobody's."""

    user_id: Id | UnsetType = UNSET
    payment_method_id: PaymentMethod | UnsetType | None = UNSET
    external_session_id: Annotated[
        Tag | UnsetType | None,
        Meta(description="The older name of idTag, which wins.", extra_json_schema={"deprecated": True}),
    ] = UNSET
    id_tag: Tag | UnsetType = UNSET
    connector_id: Id | UnsetType | None = UNSET
    booking_id: Id | UnsetType | None = UNSET
    stop_conditions: StopConditions | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """A way to pay is somebody's."""
        if self.payment_method_id and self.user_id is UNSET:
            yield "userId", "A payment method needs its user."


class StartAtEvseWrite(StartWrite):
    """The same, at an EVSE that is known."""

    charging_profile: ChargingProfile | UnsetType = UNSET


class Started(Wire, omit_defaults=True):
    """Whether the charge point was told to start, or why not. The session appears when it starts."""

    success: bool
    authorization_id: int | None
    message: str | UnsetType = UNSET
    error_code: StationError | UnsetType = UNSET


class StartedAtEvse(Wire, omit_defaults=True):
    """Whether the charge point was told to start, or why not."""

    success: bool
    session_id: int | None
    authorization_id: int | None
    message: str | UnsetType = UNSET
    error_code: EvseError | UnsetType = UNSET
