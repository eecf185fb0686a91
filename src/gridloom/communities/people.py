"""People and organisations as this API writes and shows them; the parties core keeps them."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from gridloom.communities import addresses
from gridloom.communities.addresses import COUNTRY, AddressWrite
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx

Given: TypeAlias = AddressWrite | UnsetType | None


async def change(
    tx: Tx,
    person: parties.Party,
    fields: parties.PartyFields,
    phone: str | UnsetType | None = UNSET,
    home: Given = UNSET,
    billing: Given = UNSET,
) -> None:
    """Write what was given; there is a new version of the party where something became different."""
    await parties.change(tx, person.id, fields)
    if phone is not UNSET:
        await parties.set_phone(tx, person.id, phone.strip() if phone else None, COUNTRY, soft=True)
    await _settle(tx, person, "home", home)
    await _settle(tx, person, "billing", billing)


def national_number(text: str | None) -> str | None:
    """The usual way of writing eleven digits: `YY.MM.DD-NNN.CC`."""
    if text is None or len(text) != 11 or not text.isascii() or not text.isdecimal():
        return text
    return f"{text[:2]}.{text[2:4]}.{text[4:6]}-{text[6:9]}.{text[9:]}"


def phone_number(person: parties.Party) -> str | None:
    """The phone number that this API shows."""
    phone = person.phones.primary
    return phone.number if phone is not None else None


def iban(person: parties.Party) -> str | None:
    """The account that this API shows."""
    return person.ibans[0] if person.ibans else None


def ibans(given: str | UnsetType | None, others: Sequence[str] = ()) -> list[str] | UnsetType:
    """The account that this API shows in front; further ones, which other APIs wrote, stay."""
    return UNSET if given is UNSET else [*([given] if given and given.strip() else []), *others[1:]]


async def _settle(tx: Tx, person: parties.Party, role: parties.Role, given: Given) -> None:
    """Another address, unless it is the one that is there."""
    if given is None:
        await parties.set_address(tx, person.id, role, None)
    elif given is not UNSET and (written := addresses.fields(given, person.address(role))) is not None:
        await parties.set_address(tx, person.id, role, written)
