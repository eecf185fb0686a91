"""What travels about the ways in which a user pays."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from gridloom.charging.schemas import Mistakes, Wire


class PaymentMethod(Wire, kw_only=True):
    """A way in which a user pays. id: null is the balance."""

    id: str | None
    user_id: int
    type: Literal["tokenized", "corporate", "balance", "subscription", "wallet", "bank_transfer"] | None
    tokenized_type: Literal["card", "bank_transfer"] | UnsetType = UNSET
    bank_transfer_type: Literal["sepa", "pse"] | UnsetType = UNSET
    wallet_type: Literal["applepay", "googlepay", "twint", "bancontact", "other"] | UnsetType = UNSET
    issuer: Literal["visa", "mastercard", "maestro", "amex", "paypal", "unknown"] | None = None
    name: str
    default: bool
    expire_year: int | None = None
    expire_month: int | None = None
    last_updated_at: datetime | UnsetType = UNSET
    added_at: datetime | None = None
    removed_at: datetime | None = None


class PaymentMethodWrite(Wire):
    """A step of registering a way to pay: the first begins, the second names the transaction of the first."""

    tokenized_type: Literal["card", "bank_transfer"] | UnsetType = UNSET
    bank_transfer_type: Literal["sepa"] | UnsetType = UNSET
    transaction_id: int | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """A bank transfer says of which kind."""
        if self.tokenized_type == "bank_transfer" and self.bank_transfer_type is UNSET:
            yield "bankTransferType", "This field is required for a bank transfer."


class PaymentMethodPatch(Wire):
    """Whether this is the first way to use."""

    default: bool | UnsetType = UNSET


class PaymentMethodBegun(Wire):
    """What the second step of a registration needs."""

    transaction_id: int | UnsetType = UNSET
    success_url: str | UnsetType | None = UNSET
    redirect_url: str | UnsetType | None = UNSET
    publishable_key: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET
    setup_intent_reference: str | UnsetType = UNSET


class PaymentMethodRegistered(Wire):
    """A way to pay that was registered."""

    data: PaymentMethod
