"""A profile's person, as the parties core keeps it and as this API shows it."""

from msgspec import UNSET, UnsetType

from gridloom.communities import addresses, people
from gridloom.communities.addresses import Address
from gridloom.communities.users.public import Profile
from gridloom.communities.users.schemas import User, UserUpdate
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx


def shown(profile: Profile, person: parties.Party) -> User:
    """The profile as it travels."""
    return User(
        id=profile.id,
        email=profile.email,
        first_name=person.given_name,
        last_name=person.family_name,
        nrn=people.national_number(person.national_number),
        phone_number=people.phone_number(person),
        iban=people.iban(person),
        home_address=_address(person.address("home")),
        billing_address=_address(person.address("billing")),
    )


async def change(tx: Tx, person: parties.Party, given: UserUpdate) -> None:
    """Write what was given; the person gets a new version where something became different."""
    fields = parties.PartyFields(
        given_name=given.first_name,
        family_name=given.last_name,
        national_number=given.nrn,
        ibans=people.ibans(given.iban, person.ibans),
    )
    await people.change(tx, person, fields, given.phone_number, given.home_address, given.billing_address)


def _address(there: parties.Address | None) -> Address | UnsetType:
    return UNSET if there is None else addresses.shown(there)
