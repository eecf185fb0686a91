"""What travels about contacts, organisations, addresses and phone numbers.

What nobody knows is left out of an answer. In a write, what is left out stays, and null empties it.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.core.parties.public import PhoneType

Maybe: TypeAlias = str | UnsetType
Short = Annotated[str, Meta(max_length=500)]
Given: TypeAlias = Short | UnsetType | None
Email = Annotated[str, Meta(min_length=3, max_length=320)]
Audience = Annotated[str, Meta(min_length=1, max_length=100)]
Tags = Annotated[list[Short], Meta(max_length=500)]
OrganisationName = Annotated[str, Meta(max_length=500, pattern=r"\S")]
VatNumber = Annotated[str, Meta(max_length=50, pattern="[A-Za-z0-9]")]
CountryCode = Annotated[str, Meta(pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.")]
Amount = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, description="In minor units of the currency.")]
Days = Annotated[int, Meta(ge=0, le=36_500)]
PremiseNumber = Annotated[int, Meta(ge=0, le=999_999_999)]
Ids = Annotated[list[UUID], Meta(max_length=500)]


# --- addresses and phone numbers ------------------------------------------------------------------------------------------


class RelLatLong(Struct, kw_only=True):
    """A point on the map, in degrees."""

    lat: float
    long: float


class RelGeolocationBox(Struct, kw_only=True):
    """The corners of what is meant, and its middle."""

    north_east: RelLatLong
    south_west: RelLatLong
    lat: float | UnsetType = UNSET
    long: float | UnsetType = UNSET


class RelGeolocationAddress(Struct, kw_only=True):
    """The address that stands at a place."""

    premise_number: int | UnsetType = UNSET
    premise_number_suffix: Maybe = UNSET
    thoroughfare: Maybe = UNSET
    postal_code: Maybe = UNSET
    locality: Maybe = UNSET
    administrative_area: Maybe = UNSET
    country_code: Maybe = UNSET


class RelGeoLocation(Struct, kw_only=True):
    """Where an address lies. is_precise: the house itself, and not only its street or town."""

    lat: float
    long: float
    box: RelGeolocationBox | UnsetType = UNSET
    is_precise: bool
    address: RelGeolocationAddress


class RelAddress(Struct, kw_only=True):
    """An address. It never changes: another address has another id."""

    id: UUID
    country_code: Maybe = UNSET
    administrative_area: Maybe = UNSET
    locality: Maybe = UNSET
    dependent_locality: Maybe = UNSET
    postal_code: Maybe = UNSET
    sorting_code: Maybe = UNSET
    address_line_1: Maybe = UNSET
    address_line_2: Maybe = UNSET
    thoroughfare: Maybe = UNSET
    premise_number: int | UnsetType = UNSET
    premise_number_suffix: Maybe = UNSET
    organisation: Maybe = UNSET
    given_name: Maybe = UNSET
    additional_name: Maybe = UNSET
    family_name: Maybe = UNSET
    geo_location: RelGeoLocation | UnsetType = UNSET
    created_at: datetime


class RelAddressModel(Struct, kw_only=True):
    """A new address; it needs a country."""

    country_code: CountryCode | UnsetType | None = UNSET
    administrative_area: Given = UNSET
    locality: Given = UNSET
    dependent_locality: Given = UNSET
    postal_code: Given = UNSET
    sorting_code: Given = UNSET
    address_line_1: Given = UNSET
    address_line_2: Given = UNSET
    thoroughfare: Given = UNSET
    premise_number: PremiseNumber | UnsetType | None = UNSET
    premise_number_suffix: Given = UNSET
    organisation: Given = UNSET
    given_name: Given = UNSET
    additional_name: Given = UNSET
    family_name: Given = UNSET


class RelPhoneNumber(Struct, kw_only=True):
    """A phone number. It never changes. number: E.164; national: as it is dialled in its country."""

    id: UUID
    country_code: Maybe = UNSET
    number: str
    national: str
    type: PhoneType | UnsetType = UNSET
    created_at: datetime


class RelPhoneNumberModel(Struct, kw_only=True):
    """A new phone number. country_code: where it is dialled so; it may be left out when the number begins with +."""

    country_code: CountryCode | UnsetType | None = UNSET
    number: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType = UNSET


class RelAddressList(Struct, kw_only=True):
    """The address to use, and further ones."""

    primary: RelAddress | UnsetType = UNSET
    secondary: list[RelAddress]


class RelPhoneNumberList(Struct, kw_only=True):
    """The number to call, and further ones."""

    primary: RelPhoneNumber | UnsetType = UNSET
    secondary: list[RelPhoneNumber]


class RelIds(Struct, kw_only=True):
    """Ids of addresses or phone numbers."""

    primary: UUID | UnsetType | None = UNSET
    secondary: Ids | UnsetType = UNSET


# --- organisations --------------------------------------------------------------------------------------------------------


class RelAdministration(Struct, kw_only=True):
    """Who keeps an organisation's books."""

    email: Maybe = UNSET


class RelVatRegistrationVerification(Struct, kw_only=True):
    """What is known about a VAT number. type: how it was checked; `checksum` is by its digits alone."""

    is_pending: bool
    is_valid: bool
    country_code: Maybe = UNSET
    name: Maybe = UNSET
    type: Maybe = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    verified_at: datetime | UnsetType = UNSET


class RelVatRegistration(Struct, kw_only=True):
    """A VAT number of an organisation."""

    country_code: Maybe = UNSET
    number: str
    verification: RelVatRegistrationVerification


class RelPostPayment(Struct, kw_only=True):
    """Paying after delivery. due_after: days. iban: the accounts it pays from."""

    spending_limit: Amount | UnsetType | None = UNSET
    current_due_amount: Amount | UnsetType | None = UNSET
    due_after: Days | UnsetType | None = UNSET
    iban: Tags | UnsetType = UNSET


class RelInvoiceSettings(Struct, kw_only=True):
    """How an organisation wants its invoices."""

    is_expected_through_post_mail: bool | UnsetType | None = UNSET
    is_expected_through_email: bool | UnsetType | None = UNSET
    is_expected_at_delivery: bool | UnsetType | None = UNSET


class RelOrganisationPaymentSettings(Struct, kw_only=True):
    """How an organisation pays."""

    post_payment: RelPostPayment | UnsetType = UNSET
    invoice: RelInvoiceSettings | UnsetType = UNSET


class RelOrganisation(Struct, kw_only=True):
    """An organisation in one of its versions. email: the one of its administration."""

    id: UUID
    version: UUID
    name: str
    file_id: Maybe = UNSET
    coc_number: Maybe = UNSET
    account_manager: Maybe = UNSET
    administration: RelAdministration
    email: Maybe = UNSET
    tags: list[str]
    metadata: dict[str, Any]
    registrations: list[RelVatRegistration]
    payment_settings: RelOrganisationPaymentSettings
    phone_numbers: RelPhoneNumberList
    billing: RelAddressList
    shipping: RelAddressList
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | UnsetType = UNSET


class RelVatRegistrationModel(Struct, kw_only=True):
    """A VAT number. Without a country the letters in front of the number say it."""

    country_code: CountryCode | UnsetType | None = UNSET
    number: VatNumber | UnsetType = UNSET


class RelOrganisationUpdateAdministration(Struct, kw_only=True):
    """Who keeps the books."""

    email: Email | UnsetType | None = UNSET


class RelOrganisationUpdateModel(Struct, kw_only=True):
    """What is written of an organisation; a new one needs a name. A list that is given replaces the one there is."""

    name: OrganisationName | UnsetType = UNSET
    file_id: Given = UNSET
    coc_number: Given = UNSET
    account_manager: Given = UNSET
    tags: Tags | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    registrations: Annotated[list[RelVatRegistrationModel], Meta(max_length=50)] | UnsetType = UNSET
    payment_settings: RelOrganisationPaymentSettings | UnsetType = UNSET
    billing: RelIds | UnsetType | None = UNSET
    shipping: RelIds | UnsetType | None = UNSET
    phone_numbers: RelIds | UnsetType | None = UNSET
    administration: RelOrganisationUpdateAdministration | UnsetType | None = UNSET


# --- contacts -------------------------------------------------------------------------------------------------------------


class RelOrganisationList(Struct, kw_only=True):
    """The organisation a contact acts for, and further ones."""

    primary: RelOrganisation | UnsetType = UNSET
    secondary: list[RelOrganisation]


class RelContact(Struct, kw_only=True):
    """A person in one version. is_guest: until the person has a login. audience: the public the person belongs to."""

    id: UUID
    version: UUID
    email: Maybe = UNSET
    is_guest: bool
    audience: str
    tags: list[str]
    given_name: Maybe = UNSET
    additional_name: Maybe = UNSET
    family_name: Maybe = UNSET
    organisations: RelOrganisationList
    billing: RelAddressList
    shipping: RelAddressList
    phone_numbers: RelPhoneNumberList
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | UnsetType = UNSET


class RelOrganisationRef(Struct, kw_only=True):
    """An organisation. With a version the contact keeps showing that one, without it shows the newest."""

    id: UUID
    version: UUID | UnsetType | None = UNSET


class RelContactUpdateOrganisations(Struct, kw_only=True):
    """The organisation a contact acts for, and further ones."""

    primary: RelOrganisationRef | UnsetType | None = UNSET
    secondary: Annotated[list[RelOrganisationRef], Meta(max_length=500)] | UnsetType = UNSET


class RelContactUpdate(Struct, kw_only=True):
    """What is written of a contact, who is found by the e-mail address in an audience (`default`), or by `id`.

    Of the four lists the primary is set; one that it displaces moves to the secondary ones, and none of those is dropped.
    """

    id: UUID | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    is_guest: bool | UnsetType = UNSET
    audience: Audience | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    given_name: Given = UNSET
    additional_name: Given = UNSET
    family_name: Given = UNSET
    organisations: RelContactUpdateOrganisations | UnsetType | None = UNSET
    billing: RelIds | UnsetType | None = UNSET
    shipping: RelIds | UnsetType | None = UNSET
    phone_numbers: RelIds | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class RelVersion(Struct):
    """One version of a contact or an organisation."""

    version: UUID
    created_at: datetime


class VersionQuery(Struct):
    """Which version is asked for; without it the newest."""

    version: UUID | UnsetType = UNSET
