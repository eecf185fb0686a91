"""What travels about users."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Text = Annotated[str, Meta(max_length=200)]
Number = Annotated[
    int | str, Meta(description="House number; text where it has letters (`12A`). At most 20 characters count.")
]


class AddressWrite(Struct):
    """An address."""

    street: Text
    number: Number
    city: Text
    postcode: Annotated[str, Meta(max_length=20)]
    supplement: Annotated[str, Meta(max_length=100, description="Box, floor.")] | UnsetType | None = UNSET


class Address(Struct):
    """An address as it is kept. An address that changes gets another id."""

    id: int
    street: str
    number: int | str
    city: str
    postcode: str
    supplement: str | UnsetType = UNSET


class User(Struct):
    """The caller's own profile. Names, numbers and addresses are those of the person, whichever API wrote them."""

    id: int
    email: str
    first_name: str | None
    last_name: str | None
    nrn: Annotated[str | None, Meta(description="National number, `YY.MM.DD-NNN.CC`.")]
    phone_number: str | None
    iban: str | None
    home_address: Address | UnsetType = UNSET
    billing_address: Address | UnsetType = UNSET


class UserUpdate(Struct):
    """What changes about a profile; what is left out stays, null empties it."""

    first_name: Text | UnsetType | None = UNSET
    last_name: Text | UnsetType | None = UNSET
    nrn: Annotated[str, Meta(max_length=30)] | UnsetType | None = UNSET
    phone_number: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    iban: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    home_address: AddressWrite | UnsetType | None = UNSET
    billing_address: AddressWrite | UnsetType | None = UNSET
