"""What callers write, as the parties core takes it: ids looked up, every wrong one named."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from gridloom.commerce.rel.schemas import (
    RelAddressModel,
    RelContactUpdate,
    RelContactUpdateOrganisations,
    RelIds,
    RelOrganisationPaymentSettings,
    RelOrganisationRef,
    RelOrganisationUpdateModel,
)
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import (
    Address,
    AddressFields,
    Membership,
    Party,
    PartyFields,
    PaymentTerms,
    Phone,
    Role,
)
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid

T = TypeVar("T")

Path: TypeAlias = tuple[str | int, ...]
Lists: TypeAlias = Mapping[str, RelIds | UnsetType | None]
Merge: TypeAlias = Callable[[Any, Any, Any], Any]

ROLES: tuple[Role, ...] = ("billing", "shipping")


class Found(msgspec.Struct):
    """Everything that a write points at, by id, and what of it is not there."""

    addresses: dict[UUID, Address] = {}
    phones: dict[UUID, Phone] = {}
    organisations: dict[UUID, Party] = {}
    errors: list[FieldError] = []

    def check(self) -> "Found":
        """Raises Invalid naming every id that stands for nothing."""
        if self.errors:
            raise Invalid(errors=self.errors)
        return self


async def for_contact(tx: Tx, body: RelContactUpdate) -> Found:
    """What a contact points at. Raises Invalid."""
    found = await _found(tx, {role: getattr(body, role) for role in ROLES}, body.phone_numbers)
    if isinstance(body.organisations, RelContactUpdateOrganisations):
        refs = list(_organisation_refs(body.organisations))
        found.organisations = await parties.by_public_ids(tx, "organisation", [ref.id for _, ref in refs])
        for path, ref in refs:
            if ref.id not in found.organisations:
                found.errors.append(_unknown((*path, "id")))
            elif ref.version and not await parties.at_version(tx, "organisation", ref.id, ref.version):
                found.errors.append(_unknown((*path, "version")))
    return found.check()


async def for_organisation(tx: Tx, body: RelOrganisationUpdateModel) -> Found:
    """What an organisation points at. Raises Invalid, also for a registration without a number."""
    found = await _found(tx, {role: getattr(body, role) for role in ROLES}, body.phone_numbers)
    for index, each in enumerate(body.registrations or ()):
        if each.number is UNSET:
            found.errors.append(_required(("registrations", index, "number")))
    return found.check()


def contact_fields(body: RelContactUpdate, found: Found, person: Party | None) -> PartyFields:
    """The fields of a contact. person: who is there already."""
    fields = PartyFields(
        email=body.email,
        is_guest=body.is_guest,
        audience=body.audience,
        tags=body.tags,
        given_name=body.given_name,
        additional_name=body.additional_name,
        family_name=body.family_name,
        metadata=body.metadata,
    )
    _put_lists(fields, body, found, person, parties.moved)
    if isinstance(body.organisations, RelContactUpdateOrganisations):
        given = body.organisations
        primary: Membership | UnsetType | None = UNSET
        if given.primary is not UNSET:
            primary = None if given.primary is None else _membership(given.primary, found)
        others = [_membership(ref, found) for ref in given.secondary or ()]
        there = person.organisations if person else parties.Listed[Membership]()
        fields.organisations = parties.moved(there, primary, others)
    return fields


def organisation_fields(body: RelOrganisationUpdateModel, found: Found, there: Party | None) -> PartyFields:
    """The fields of an organisation. there: the one there is already."""
    fields = PartyFields(
        name=body.name,
        file_id=body.file_id,
        trade_number=body.coc_number,
        account_manager=body.account_manager,
        tags=body.tags,
        metadata=body.metadata,
    )
    if body.administration:
        fields.billing_email = body.administration.email
    if body.registrations is not UNSET:
        fields.registrations = [(each.country_code or None, each.number or "") for each in body.registrations]
    if body.payment_settings:
        fields.payment_terms = _terms(body.payment_settings, there.payment_terms if there else PaymentTerms())
        if body.payment_settings.post_payment:
            fields.ibans = body.payment_settings.post_payment.iban
    _put_lists(fields, body, found, there, parties.replaced)
    return fields


def address_fields(body: RelAddressModel) -> AddressFields:
    """The fields of an address. Raises Invalid without a country."""
    if not body.country_code:
        raise Invalid(errors=[_required(("country_code",))])
    return AddressFields(
        street=_text(body.thoroughfare),
        number=None if body.premise_number in (UNSET, None) else str(body.premise_number),
        supplement=_text(body.premise_number_suffix),
        postcode=_text(body.postal_code),
        city=_text(body.locality),
        district=_text(body.dependent_locality),
        region=_text(body.administrative_area),
        country=body.country_code,
        sorting_code=_text(body.sorting_code),
        line_1=_text(body.address_line_1),
        line_2=_text(body.address_line_2),
        organisation=_text(body.organisation),
        given_name=_text(body.given_name),
        additional_name=_text(body.additional_name),
        family_name=_text(body.family_name),
    )


async def _found(tx: Tx, addresses: Lists, phones: RelIds | UnsetType | None) -> Found:
    errors: list[FieldError] = []
    return Found(
        addresses=await _known(tx, parties.addresses, addresses, errors),
        phones=await _known(tx, parties.phones, {"phone_numbers": phones}, errors),
        errors=errors,
    )


async def _known(
    tx: Tx, load: Callable[[Tx, Sequence[UUID]], Awaitable[dict[UUID, T]]], lists: Lists, errors: list[FieldError]
) -> dict[UUID, T]:
    named = [(path, each) for name, ids in lists.items() if ids for path, each in _ids(name, ids)]
    if not named:
        return {}
    there = await load(tx, [each for _, each in named])
    errors.extend(_unknown(path) for path, each in named if each not in there)
    return there


def _ids(name: str, ids: RelIds) -> Iterator[tuple[Path, UUID]]:
    if ids.primary:
        yield (name, "primary"), ids.primary
    for index, each in enumerate(ids.secondary or ()):
        yield (name, "secondary", index), each


def _organisation_refs(given: RelContactUpdateOrganisations) -> Iterator[tuple[Path, RelOrganisationRef]]:
    if given.primary:
        yield ("organisations", "primary"), given.primary
    for index, each in enumerate(given.secondary or ()):
        yield ("organisations", "secondary", index), each


def _put_lists(
    fields: PartyFields,
    body: RelContactUpdate | RelOrganisationUpdateModel,
    found: Found,
    there: Party | None,
    merge: Merge,
) -> None:
    given = {role: ids for role in ROLES if (ids := getattr(body, role))}
    if given:
        before = there.addresses if there else {}
        fields.addresses = {
            role: _merged(ids, found.addresses, before.get(role, parties.Listed()), merge)
            for role, ids in given.items()
        }
    if body.phone_numbers:
        phones = there.phones if there else parties.Listed[Phone]()
        fields.phones = _merged(body.phone_numbers, found.phones, phones, merge)


def _merged(ids: RelIds, found: Mapping[UUID, T], there: parties.Listed[T], merge: Merge) -> parties.Listed[T]:
    primary: T | UnsetType | None = UNSET
    if ids.primary is not UNSET:
        primary = None if ids.primary is None else found[ids.primary]
    others = UNSET if ids.secondary is UNSET else [found[each] for each in ids.secondary]
    merged: parties.Listed[T] = merge(there, primary, others)
    return merged


def _membership(ref: RelOrganisationRef, found: Found) -> Membership:
    party = found.organisations[ref.id]
    return Membership(organisation_id=party.id, public_id=party.public_id, pinned=ref.version or None)


def _terms(given: RelOrganisationPaymentSettings, there: PaymentTerms) -> PaymentTerms:
    """The terms that are there with those that were given."""
    changed: dict[str, Any] = {}
    if post := given.post_payment:
        changed |= {name: getattr(post, name) for name in ("spending_limit", "current_due_amount", "due_after")}
    if invoice := given.invoice:
        changed |= {
            "invoice_by_post": invoice.is_expected_through_post_mail,
            "invoice_by_email": invoice.is_expected_through_email,
            "invoice_at_delivery": invoice.is_expected_at_delivery,
        }
    return msgspec.structs.replace(there, **{name: each for name, each in changed.items() if each is not UNSET})


def _text(given: str | UnsetType | None) -> str | None:
    """A text without the space around it; an empty one is none."""
    return (given.strip() or None) if given else None


def _unknown(path: Path) -> FieldError:
    return FieldError("body", path, "There is nothing with this id.")


def _required(path: Path) -> FieldError:
    return FieldError("body", path, "This field is required.", "required")
