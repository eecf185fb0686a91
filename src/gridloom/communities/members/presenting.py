"""A member as it travels: its row, its party, its manager."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from gridloom.communities import addresses, people
from gridloom.communities.addresses import Address
from gridloom.communities.members.schemas import INDIVIDUAL, Company, Individual, Manager
from gridloom.communities.members.store import Member
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import Party


async def shown(tx: Any, member: Member) -> Individual | Company:
    """The whole of a member, in one further statement."""
    wanted = [each for each in (member.party_id, member.guardian_party_id) if each is not None]
    there = await parties.by_ids(tx, wanted)
    person = there.get(member.party_id)
    both: dict[str, Any] = {
        "id": member.id,
        "name": member.name,
        "status": member.status,
        "iban": (people.iban(person) if person is not None else None) or "",
        "home_address": _address(person, "home"),
        "billing_address": _address(person, "billing"),
        "user_link_email": UNSET if member.user_email is None else member.user_email,
    }
    manager = _manager(member, there)
    if member.member_type == INDIVIDUAL:
        return Individual(**both, **_individual(person), social_rate=member.social_rate, manager=manager)
    number = person.registrations[0].number if person is not None and person.registrations else ""
    # The database holds that a company has a manager.
    return Company(**both, vat_number=number, manager=manager or Manager(0, "", "", "", ""))


def _individual(person: Party | None) -> dict[str, Any]:
    """What only a person has; empty once another API has removed the person."""
    if person is None:
        return dict.fromkeys(("nrn", "first_name", "email", "phone_number"), "")
    return {
        "nrn": people.national_number(person.national_number) or "",
        "first_name": person.given_name or "",
        "email": person.email or "",
        "phone_number": people.phone_number(person) or "",
    }


def _manager(member: Member, there: Mapping[int, Party]) -> Manager | UnsetType:
    if member.guardian_id is None or member.guardian_party_id is None:
        return UNSET
    person = there.get(member.guardian_party_id)
    if person is None:
        return Manager(member.guardian_id, "", "", "", "")
    return Manager(
        id=member.guardian_id,
        nrn=people.national_number(person.national_number) or "",
        name=person.given_name or "",
        surname=person.family_name or "",
        email=person.email or "",
        phone_number=people.phone_number(person) or UNSET,
    )


def _address(person: Party | None, role: parties.Role) -> Address:
    there = person.address(role) if person is not None else None
    return Address(id=0, street="", number="", city="", postcode="") if there is None else addresses.shown(there)
