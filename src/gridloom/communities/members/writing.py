"""Members, their people and their managers, written together."""

from typing import Any

from msgspec import UNSET, UnsetType

from gridloom.communities import addresses, people
from gridloom.communities.addresses import COUNTRY, AddressWrite
from gridloom.communities.members import rules, store
from gridloom.communities.members.faults import UnknownManager, UnknownNewManager
from gridloom.communities.members.schemas import (
    COMPANY,
    INDIVIDUAL,
    AddressChange,
    ManagerWrite,
    MemberUpdate,
    MemberWrite,
)
from gridloom.communities.members.store import Guardian, Member
from gridloom.communities.numbers import Numbered
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.validation import MISSING


async def create(tx: Tx, community_id: int, given: MemberWrite, *, inside: str | None = None) -> int:
    """A new member; gives its number. inside: the field of the body that holds it, when the member's own user writes it:
    such a one names managers who are known, and changes nothing about them.

    Raises Invalid for what its kind has to have and UnknownManager, before anything is written.
    """
    if lacking := list(rules.missing(given)):
        before = () if inside is None else (inside,)
        raise Invalid(errors=[_lacking((*before, name)) for name in lacking])
    manager = await _chosen(tx, community_id, given.manager_id)
    if manager is None and isinstance(given.manager_id, int):
        raise UnknownManager
    homes: dict[parties.Role, AddressWrite] = {"home": given.home_address, "billing": given.billing_address}
    fields = _fields(given, None)
    fields.addresses = {role: await _listed(tx, each) for role, each in homes.items()}
    if given.phone_number and given.phone_number.strip() and given.member_type == INDIVIDUAL:
        fields.phones = parties.Listed(await parties.add_phone(tx, given.phone_number, COUNTRY, soft=True))
    party = await parties.create(tx, _kind(given.member_type), fields)
    return await store.add(
        tx,
        community_id,
        party_id=party.id,
        member_type=given.member_type,
        status=given.status,
        social_rate=given.member_type == INDIVIDUAL and given.social_rate is True,
        guardian_id=await _managed(tx, community_id, manager, given.manager, is_trusted=inside is None),
    )


def _lacking(path: tuple[str, ...]) -> FieldError:
    if path[-1] == "manager":
        return Numbered("body", path, "This field is required.", MISSING, says="manager_missing")
    return FieldError("body", path, "This field is required.", MISSING)


async def update(tx: Tx, community_id: int, member: Member, given: MemberUpdate) -> None:
    """Write what changes. Raises Invalid when a company would be without a manager, and UnknownNewManager."""
    manager = await _chosen(tx, community_id, given.manager_id)
    if manager is None and isinstance(given.manager_id, int):
        raise UnknownNewManager
    is_company = member.member_type == COMPANY
    if is_company and given.manager_id is None and not isinstance(given.manager, ManagerWrite):
        raise Invalid(errors=[FieldError("body", ("manager_id",), "This field is required.", MISSING)])
    person = await parties.by_id(tx, member.party_id) or await _again(tx, member)
    phone = UNSET if is_company else given.phone_number
    home = _merged(given.home_address, person.address("home"))
    billing = _merged(given.billing_address, person.address("billing"))
    await people.change(tx, person, _fields(given, person, member.member_type), phone, home, billing)
    await store.change(
        tx,
        member.id,
        party_id=person.id,
        status=member.status if given.status is UNSET else given.status,
        social_rate=member.social_rate if is_company or given.social_rate is UNSET else given.social_rate,
        guardian_id=await _guardian_after(tx, community_id, member, given, manager),
    )


async def _guardian_after(
    tx: Tx, community_id: int, member: Member, given: MemberUpdate, manager: Guardian | None
) -> int | None:
    if manager is not None or isinstance(given.manager, ManagerWrite):
        return await _managed(tx, community_id, manager, given.manager)
    return (
        None if None in (given.manager_id, given.manager) and member.member_type == INDIVIDUAL else member.guardian_id
    )


async def _chosen(tx: Tx, community_id: int, given: int | UnsetType | None) -> Guardian | None:
    return await store.guardian(tx, community_id, given) if isinstance(given, int) else None


async def _managed(
    tx: Tx,
    community_id: int,
    chosen: Guardian | None,
    given: ManagerWrite | UnsetType | None,
    *,
    is_trusted: bool = True,
) -> int | None:
    """The manager's number: the chosen one, the one with this national number, or a new one; with what was given of it.

    From somebody who is not trusted with managers who are there, what is given of one is a new one.
    """
    if not isinstance(given, ManagerWrite):
        return None if chosen is None else chosen.id
    if not is_trusted:
        chosen = None
    checked = parties.national_number(given.nrn)
    if chosen is None and checked.is_valid and is_trusted:
        chosen = await store.guardian_of_number(tx, community_id, checked.value)
    fields = parties.PartyFields(
        given_name=given.name, family_name=given.surname, national_number=given.nrn, email=given.email
    )
    there = None if chosen is None else await parties.by_id(tx, chosen.party_id)
    person = there or await parties.create(tx, "person", fields)
    await people.change(tx, person, fields, given.phone_number)
    if chosen is None:
        return await store.add_guardian(tx, community_id, person.id)
    if there is None:
        await store.repoint_guardian(tx, chosen.id, person.id)
    return chosen.id


async def _again(tx: Tx, member: Member) -> parties.Party:
    """A party for a member whose party another API has removed."""
    if member.member_type == INDIVIDUAL:
        return await parties.create(tx, "person", parties.PartyFields(family_name=member.name))
    return await parties.create(tx, "organisation", parties.PartyFields(name=member.name))


def _fields(
    given: MemberWrite | MemberUpdate, person: parties.Party | None, member_type: int | None = None
) -> parties.PartyFields:
    kind = given.member_type if isinstance(given, MemberWrite) else member_type
    accounts = people.ibans(given.iban, person.ibans if person is not None else ())
    if kind == INDIVIDUAL:
        return parties.PartyFields(
            given_name=given.first_name,
            family_name=given.name,
            national_number=given.nrn,
            email=given.email,
            ibans=accounts,
        )
    others = [(each.country, each.number) for each in person.registrations[1:]] if person is not None else []
    return parties.PartyFields(name=given.name, registrations=_registrations(given.vat_number, others), ibans=accounts)


def _registrations(given: str | UnsetType | None, others: list[tuple[str | None, str]]) -> Any:
    """The VAT number that this API shows in front; further ones stay."""
    if given is UNSET:
        return UNSET
    return [*([(None, given)] if given and given.strip() else []), *others]


def _merged(given: AddressChange | UnsetType, there: parties.Address | None) -> AddressWrite | UnsetType:
    """The whole address after a change of parts of it."""
    if not isinstance(given, AddressChange):
        return UNSET

    def part(name: str) -> Any:
        new = getattr(given, name)
        return (getattr(there, name, None) or "") if new is UNSET else new

    return AddressWrite(
        street=part("street"), number=part("number"), city=part("city"), postcode=part("postcode"),
        supplement=given.supplement,
    )  # fmt: skip


async def _listed(tx: Tx, given: AddressWrite) -> parties.Listed[parties.Address]:
    written = addresses.fields(given)
    return parties.Listed() if written is None else parties.Listed(await parties.add_address(tx, written))


def _kind(member_type: int) -> parties.Kind:
    return "person" if member_type == INDIVIDUAL else "organisation"
