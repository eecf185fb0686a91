"""What travels about users."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.addresses import Address, AddressWrite, Text


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
