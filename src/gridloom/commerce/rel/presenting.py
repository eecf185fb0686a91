"""Parties as this API shows them."""

import re
from collections.abc import Sequence
from typing import TypeVar

from msgspec import UNSET, UnsetType

from gridloom.commerce.rel.schemas import (
    RelAddress,
    RelAddressList,
    RelAdministration,
    RelContact,
    RelGeoLocation,
    RelGeolocationAddress,
    RelInvoiceSettings,
    RelOrganisation,
    RelOrganisationList,
    RelOrganisationPaymentSettings,
    RelPhoneNumber,
    RelPhoneNumberList,
    RelPostPayment,
    RelVatRegistration,
    RelVatRegistrationVerification,
)
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import Address, Listed, Party, PaymentTerms, Phone, Registration
from gridloom.kernel.database.transaction import Tx

T = TypeVar("T")

_LEADING_NUMBER = re.compile(r"(\d{1,9})(?!\d)\s*(.*)", re.DOTALL)
_NUMBER_FIRST = frozenset({"AU", "CA", "FR", "GB", "IE", "LU", "NZ", "US"})


async def contacts(tx: Tx, people: Sequence[Party], *, as_then: bool = False) -> list[RelContact]:
    """Contacts with their organisations, in a fixed number of statements however many they are."""
    organisations = await parties.organisations_of(tx, people, as_then=as_then)
    return [_contact(person, organisations[person.id]) for person in people]


async def contact(tx: Tx, person: Party, *, as_then: bool = False) -> RelContact:
    """One contact with its organisations."""
    return (await contacts(tx, [person], as_then=as_then))[0]


def organisation(party: Party) -> RelOrganisation:
    """An organisation."""
    billing_email = maybe(party.billing_email)
    return RelOrganisation(
        id=party.public_id,
        version=party.version,
        name=party.name,
        file_id=maybe(party.file_id),
        coc_number=maybe(party.trade_number),
        account_manager=maybe(party.account_manager),
        administration=RelAdministration(email=billing_email),
        email=billing_email,
        tags=list(party.tags),
        metadata=party.metadata,
        registrations=[registration(each) for each in party.registrations],
        payment_settings=_payment(party.payment_terms, party.ibans),
        phone_numbers=_phones(party.phones),
        billing=_addresses(party.addresses.get("billing", Listed())),
        shipping=_addresses(party.addresses.get("shipping", Listed())),
        created_at=party.created_at,
        updated_at=party.updated_at,
        deleted_at=maybe(party.deleted_at),
    )


def registration(given: Registration) -> RelVatRegistration:
    """A VAT number and what is known about it."""
    return RelVatRegistration(
        country_code=maybe(given.country),
        number=given.number,
        verification=RelVatRegistrationVerification(
            is_pending=given.is_valid is None,
            is_valid=given.is_valid is True,
            country_code=maybe(given.country),
            type=UNSET if given.is_valid is None else "checksum",
            verified_at=maybe(given.checked_at),
        ),
    )


def address(given: Address) -> RelAddress:
    """An address. The first line is put together where nobody wrote one."""
    place = _place(given)
    return RelAddress(
        id=given.public_id,
        country_code=place.country_code,
        administrative_area=place.administrative_area,
        locality=place.locality,
        dependent_locality=maybe(given.district),
        postal_code=place.postal_code,
        sorting_code=maybe(given.sorting_code),
        address_line_1=maybe(given.line_1 or _line(given)),
        address_line_2=maybe(given.line_2),
        thoroughfare=place.thoroughfare,
        premise_number=place.premise_number,
        premise_number_suffix=place.premise_number_suffix,
        organisation=maybe(given.organisation),
        given_name=maybe(given.given_name),
        additional_name=maybe(given.additional_name),
        family_name=maybe(given.family_name),
        geo_location=location(given) or UNSET,
        created_at=given.created_at,
    )


def location(given: Address) -> RelGeoLocation | None:
    """Where an address lies; None when nobody knows."""
    if given.latitude is None or given.longitude is None:
        return None
    return RelGeoLocation(lat=given.latitude, long=given.longitude, is_precise=given.is_precise, address=_place(given))


def phone(given: Phone) -> RelPhoneNumber:
    """A phone number."""
    return RelPhoneNumber(
        id=given.public_id,
        country_code=maybe(given.country),
        number=given.number,
        national=given.national,
        type=maybe(given.type),
        created_at=given.created_at,
    )


def premise(number: str | None, supplement: str | None) -> tuple[int | None, str | None]:
    """A house number as this API splits it: the digits it begins with, and everything else."""
    match = _LEADING_NUMBER.fullmatch(number or "")
    digits, rest = (int(match[1]), match[2]) if match else (None, number)
    return digits, " ".join(part for part in (rest, supplement) if part) or None


def maybe(value: T | None) -> T | UnsetType:
    """What is not known is left out."""
    return UNSET if value is None else value


def _contact(person: Party, organisations: Listed[Party]) -> RelContact:
    return RelContact(
        id=person.public_id,
        version=person.version,
        email=maybe(person.email),
        is_guest=person.is_guest,
        audience=person.audience,
        tags=list(person.tags),
        given_name=maybe(person.given_name),
        additional_name=maybe(person.additional_name),
        family_name=maybe(person.family_name if _has_parts(person) else person.name or None),
        organisations=RelOrganisationList(
            primary=organisation(organisations.primary) if organisations.primary else UNSET,
            secondary=[organisation(each) for each in organisations.others],
        ),
        billing=_addresses(person.addresses.get("billing", Listed())),
        shipping=_addresses(person.addresses.get("shipping", Listed())),
        phone_numbers=_phones(person.phones),
        metadata=person.metadata,
        created_at=person.created_at,
        updated_at=person.updated_at,
        deleted_at=maybe(person.deleted_at),
    )


def _has_parts(person: Party) -> bool:
    """Whether the name is known in parts; another API may know only the whole of it."""
    return any((person.given_name, person.additional_name, person.family_name))


def _addresses(listed: Listed[Address]) -> RelAddressList:
    first = address(listed.primary) if listed.primary else UNSET
    return RelAddressList(primary=first, secondary=[address(each) for each in listed.others])


def _phones(listed: Listed[Phone]) -> RelPhoneNumberList:
    first = phone(listed.primary) if listed.primary else UNSET
    return RelPhoneNumberList(primary=first, secondary=[phone(each) for each in listed.others])


def _payment(terms: PaymentTerms, ibans: Sequence[str]) -> RelOrganisationPaymentSettings:
    return RelOrganisationPaymentSettings(
        post_payment=RelPostPayment(
            spending_limit=maybe(terms.spending_limit),
            current_due_amount=maybe(terms.current_due_amount),
            due_after=maybe(terms.due_after),
            iban=list(ibans),
        ),
        invoice=RelInvoiceSettings(
            is_expected_through_post_mail=maybe(terms.invoice_by_post),
            is_expected_through_email=maybe(terms.invoice_by_email),
            is_expected_at_delivery=maybe(terms.invoice_at_delivery),
        ),
    )


def _place(given: Address) -> RelGeolocationAddress:
    number, suffix = premise(given.number, given.supplement)
    return RelGeolocationAddress(
        premise_number=maybe(number),
        premise_number_suffix=maybe(suffix),
        thoroughfare=maybe(given.street),
        postal_code=maybe(given.postcode),
        locality=maybe(given.city),
        administrative_area=maybe(given.region),
        country_code=maybe(given.country),
    )


def _line(given: Address) -> str | None:
    """Street and house number in the order of the country."""
    parts = [given.street, given.number, given.supplement]
    if given.country in _NUMBER_FIRST:
        parts = [given.number, given.supplement, given.street]
    return " ".join(part for part in parts if part) or None
