"""Parties as other modules see them: people and organisations, their addresses and phone numbers, and every version.

What one API writes, the others read: there is one row behind all of them. Addresses and phone numbers never change;
somebody who moves gets another address, and by that a new version.

    home = await add_address(tx, AddressFields(street="Kerkstraat", number="12A", postcode="9000", country="BE"))
    ada = await create(tx, "person", PartyFields(given_name="Ada", email="ada@example.org",
                                                 addresses={"home": Listed(home)}))
    ada = await change(tx, ada.id, PartyFields(family_name="Peeters"))      # version 2
    ada = await change(tx, ada.id, PartyFields(family_name="Peeters"))      # still version 2: nothing is different

For foreign keys: `gridloom.core.parties.public.party`, `.address` and `.phone_number` are the tables, with integer keys.
"""

from gridloom.core.parties.changes import moved, replaced
from gridloom.core.parties.events import PartyChanged, PartyCreated, PartyRemoved
from gridloom.core.parties.reading import (
    addresses,
    at_version,
    by_id,
    by_ids,
    by_public_ids,
    find,
    find_by_email,
    ids_of_emails,
    organisations_of,
    page,
    page_of_addresses,
    page_of_phones,
    party_of_user,
    phones,
    versions,
)
from gridloom.core.parties.records import (
    Address,
    AddressFields,
    Kind,
    Listed,
    Membership,
    Party,
    PartyFields,
    PaymentTerms,
    Phone,
    PhoneType,
    Registration,
    Role,
    Version,
)
from gridloom.core.parties.rules import BAD_PHONE, Checked, email_key, iban, is_email, national_number, vat_number
from gridloom.core.parties.tables import address, party, party_version, phone_number
from gridloom.core.parties.values import add_address, add_phone
from gridloom.core.parties.writing import (
    attach_user,
    change,
    create,
    join,
    lock_email,
    remove,
    set_address,
    set_phone,
)

__all__ = [
    "BAD_PHONE",
    "Address",
    "AddressFields",
    "Checked",
    "Kind",
    "Listed",
    "Membership",
    "Party",
    "PartyChanged",
    "PartyCreated",
    "PartyFields",
    "PartyRemoved",
    "PaymentTerms",
    "Phone",
    "PhoneType",
    "Registration",
    "Role",
    "Version",
    "add_address",
    "add_phone",
    "address",
    "addresses",
    "at_version",
    "attach_user",
    "by_id",
    "by_ids",
    "by_public_ids",
    "change",
    "create",
    "email_key",
    "find",
    "find_by_email",
    "iban",
    "ids_of_emails",
    "is_email",
    "join",
    "lock_email",
    "moved",
    "national_number",
    "organisations_of",
    "page",
    "page_of_addresses",
    "page_of_phones",
    "party",
    "party_of_user",
    "party_version",
    "phone_number",
    "phones",
    "remove",
    "replaced",
    "set_address",
    "set_phone",
    "vat_number",
    "versions",
]
