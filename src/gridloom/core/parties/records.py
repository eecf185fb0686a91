"""Parties as Python sees them, and what may be written of them.

What is read is frozen. In what is written a field that is left out (UNSET) stays as it is, and None empties it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field

T = TypeVar("T")

Kind: TypeAlias = Literal["person", "organisation"]
Role: TypeAlias = Literal["home", "billing", "shipping"]
PhoneType: TypeAlias = Literal["fixed_number", "mobile", "toll-free", "premium", "shared_cost", "voip", "personal"]
Text: TypeAlias = str | UnsetType | None


class Listed(Struct, Generic[T], frozen=True):
    """Several of a kind, of which one may be the first to use."""

    primary: T | None = None
    others: tuple[T, ...] = ()

    @property
    def all(self) -> tuple[T, ...]:
        """The primary one first, when there is one."""
        return self.others if self.primary is None else (self.primary, *self.others)


class AddressFields(Struct, frozen=True, kw_only=True):
    """A new address. country: ISO 3166-1 alpha-2. number: with letters where they belong to it."""

    street: str | None = None
    number: str | None = None
    supplement: str | None = None
    postcode: str | None = None
    city: str | None = None
    district: str | None = None
    region: str | None = None
    country: str | None = None
    sorting_code: str | None = None
    line_1: str | None = None
    line_2: str | None = None
    organisation: str | None = None
    given_name: str | None = None
    additional_name: str | None = None
    family_name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    is_precise: bool = False


class Address(AddressFields, frozen=True, kw_only=True):
    """An address; it never changes. Somebody who moves gets another one."""

    id: int
    public_id: UUID
    created_at: datetime


class Phone(Struct, frozen=True, kw_only=True):
    """A phone number; it never changes. number: E.164 when `is_valid`, else as it was written."""

    id: int
    public_id: UUID
    country: str | None
    number: str
    national: str
    type: PhoneType | None
    is_valid: bool
    created_at: datetime


class Registration(Struct, frozen=True, kw_only=True):
    """A VAT number. is_valid: None while nobody can say (no rule for the country)."""

    number: str
    country: str | None = None
    is_valid: bool | None = None
    checked_at: datetime | None = None


class PaymentTerms(Struct, frozen=True, kw_only=True):
    """How an organisation pays. Amounts in minor units of the tenant's currency, due_after in days."""

    spending_limit: int | None = None
    current_due_amount: int | None = None
    due_after: int | None = None
    invoice_by_post: bool | None = None
    invoice_by_email: bool | None = None
    invoice_at_delivery: bool | None = None


class Membership(Struct, frozen=True, kw_only=True):
    """A person's place in an organisation.

    pinned: the version of the organisation that was asked for; without it the newest is meant. seen: its newest version
    when this was written, so that an old version of the person shows the organisation as it was.
    """

    organisation_id: int
    public_id: UUID
    role: str = "member"
    pinned: UUID | None = None
    seen: UUID | None = None


class Party(Struct, frozen=True, kw_only=True):
    """A person or an organisation in one version of it.

    id and public_id are the same thing for APIs that count and for those that use UUIDs. version is this version's id,
    number its place in the row of versions.
    """

    id: int
    public_id: UUID
    kind: Kind
    version: UUID
    number: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    name: str = ""
    given_name: str | None = None
    additional_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    billing_email: str | None = None
    language: str | None = None
    audience: str = "default"
    is_guest: bool = False
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    national_number: str | None = None
    trade_number: str | None = None
    registrations: tuple[Registration, ...] = ()
    ibans: tuple[str, ...] = ()
    account_manager: str | None = None
    file_id: str | None = None
    payment_terms: PaymentTerms = PaymentTerms()
    addresses: dict[Role, Listed[Address]] = field(default_factory=dict)
    phones: Listed[Phone] = Listed()
    organisations: Listed[Membership] = Listed()

    def address(self, role: Role) -> Address | None:
        """The primary address of a role."""
        return self.addresses.get(role, Listed[Address]()).primary


class PartyFields(Struct, kw_only=True):
    """What is written of a party.

    registrations: VAT numbers as (country or None, number). addresses: the roles that are named are replaced, the others
    stay. trade_number: the number in the trade register. file_id: a picture, in the file store.
    """

    name: str | UnsetType = UNSET
    given_name: Text = UNSET
    additional_name: Text = UNSET
    family_name: Text = UNSET
    email: Text = UNSET
    billing_email: Text = UNSET
    language: Text = UNSET
    audience: str | UnsetType = UNSET
    is_guest: bool | UnsetType = UNSET
    tags: Sequence[str] | UnsetType = UNSET
    metadata: Mapping[str, Any] | UnsetType = UNSET
    national_number: Text = UNSET
    trade_number: Text = UNSET
    registrations: Sequence[tuple[str | None, str]] | UnsetType = UNSET
    ibans: Sequence[str] | UnsetType = UNSET
    account_manager: Text = UNSET
    file_id: Text = UNSET
    payment_terms: PaymentTerms | UnsetType = UNSET
    addresses: Mapping[Role, Listed[Address]] | UnsetType = UNSET
    phones: Listed[Phone] | UnsetType = UNSET
    organisations: Listed[Membership] | UnsetType = UNSET


class Version(Struct, frozen=True):
    """One version in the row of a party's versions."""

    id: UUID
    number: int
    changed_by: str
    created_at: datetime
