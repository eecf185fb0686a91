"""A profile's person, as the parties core keeps it and as this API shows it."""

from msgspec import UNSET, UnsetType

from gridloom.communities.users.public import Profile
from gridloom.communities.users.schemas import Address, AddressWrite, User, UserUpdate
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx

COUNTRY = "BE"
_ROLES: tuple[parties.Role, ...] = ("home", "billing")


def shown(profile: Profile, person: parties.Party) -> User:
    """The profile as it travels."""
    phone = person.phones.primary
    return User(
        id=profile.id,
        email=profile.email,
        first_name=person.given_name,
        last_name=person.family_name,
        nrn=_national_number(person.national_number),
        phone_number=phone.number if phone is not None else None,
        iban=person.ibans[0] if person.ibans else None,
        home_address=_address(person.address("home")),
        billing_address=_address(person.address("billing")),
    )


async def change(tx: Tx, person: parties.Party, given: UserUpdate) -> None:
    """Write what was given; the person gets a new version where something became different."""
    fields = parties.PartyFields(
        given_name=given.first_name,
        family_name=given.last_name,
        national_number=given.nrn,
        ibans=UNSET if given.iban is UNSET else _first(given.iban, person.ibans),
    )
    await parties.change(tx, person.id, fields)
    if given.phone_number is not UNSET:
        await parties.set_phone(tx, person.id, given.phone_number, COUNTRY, soft=True)
    for role, address in zip(_ROLES, (given.home_address, given.billing_address), strict=True):
        if address is None:
            await parties.set_address(tx, person.id, role, None)
        elif address is not UNSET:
            await _move(tx, person, role, address)


async def _move(tx: Tx, person: parties.Party, role: parties.Role, given: AddressWrite) -> None:
    """Another address, unless it is the one that is there. A box is kept as long as the house is the same."""
    there = person.address(role)
    house = (given.street, str(given.number), given.postcode, given.city)
    is_same = there is not None and house == (there.street, there.number, there.postcode, there.city)
    kept = there.supplement if there is not None and is_same else None
    supplement = kept if given.supplement is UNSET else given.supplement
    if is_same and supplement == kept:
        return
    street, number, postcode, city = house
    country = there.country if there is not None else None
    fields = parties.AddressFields(
        street=street, number=number, postcode=postcode, city=city, supplement=supplement, country=country
    )
    await parties.set_address(tx, person.id, role, fields)


def _first(iban: str | None, others: tuple[str, ...]) -> list[str]:
    """The account that this API shows in front; further ones of other APIs stay."""
    return [*([iban] if iban else []), *others[1:]]


def _address(there: parties.Address | None) -> Address | UnsetType:
    if there is None:
        return UNSET
    return Address(
        id=there.id,
        street=there.street or there.line_1 or "",
        number=_number(there.number or ""),
        city=there.city or "",
        postcode=there.postcode or "",
        supplement=there.supplement or UNSET,
    )


def _number(text: str) -> int | str:
    """A house number as a number where it is one."""
    return int(text) if text.isascii() and text.isdecimal() and text == str(int(text)) else text


def _national_number(text: str | None) -> str | None:
    """The usual way of writing eleven digits: `YY.MM.DD-NNN.CC`."""
    if text is None or len(text) != 11 or not text.isascii() or not text.isdecimal():
        return text
    return f"{text[:2]}.{text[2:4]}.{text[4:6]}-{text[6:9]}.{text[9:]}"
