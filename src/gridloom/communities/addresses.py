"""Addresses as this API writes and shows them; the parties core keeps them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.core.parties import public as parties

COUNTRY = "BE"

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


def shown(there: parties.Address) -> Address:
    """An address as it travels."""
    return Address(
        id=there.id,
        street=there.street or there.line_1 or "",
        number=number(there.number or ""),
        city=there.city or "",
        postcode=there.postcode or "",
        supplement=there.supplement or UNSET,
    )


def fields(given: AddressWrite, there: parties.Address | None = None) -> parties.AddressFields | None:
    """What to write, given the address that is there now; None when it is the same one.

    A box is kept as long as the house is the same.
    """
    house = (given.street, str(given.number), given.postcode, given.city)
    is_same = there is not None and house == (there.street, there.number, there.postcode, there.city)
    kept = there.supplement if there is not None and is_same else None
    supplement = kept if given.supplement is UNSET else given.supplement
    if is_same and supplement == kept:
        return None
    street, number_, postcode, city = house
    country = there.country if there is not None else None
    return parties.AddressFields(
        street=street, number=number_, postcode=postcode, city=city, supplement=supplement, country=country
    )


def number(text: str) -> int | str:
    """A house number as a number where it is one."""
    return int(text) if text.isascii() and text.isdecimal() and text == str(int(text)) else text
