"""The person behind a user: what the parties core keeps, as this API writes it and shows it."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import ColumnElement, Text, and_, func, literal_column
from sqlalchemy.sql.elements import KeyedColumnElement

from gridloom.charging.drivers.tables import driver
from gridloom.charging.drivers.user_schemas import STATED, UserPatch, said
from gridloom.charging.places import STATES
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import party_version
from gridloom.kernel.database.tables import Instant
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound

ADDRESS = ("country", "state", "city", "post_code", "address")
_PLAIN = {"country": "country", "city": "city", "post_code": "postcode"}
_ADDRESS_FIELDS = tuple(each.name for each in msgspec.structs.fields(parties.AddressFields))
_SHOWN = ("street", "number", "supplement", "line_1", "postcode", "city", "region", "country")
PERSON = ("first_name", "middle_name", "last_name", "phone", "locale", *ADDRESS)
BEHIND: ColumnElement[bool] = and_(
    parties.party.c.tenant_id == driver.c.tenant_id,
    parties.party.c.id == driver.c.party_id,
    party_version.c.tenant_id == parties.party.c.tenant_id,
    party_version.c.id == parties.party.c.version_id,
)
CHANGED: KeyedColumnElement[Any] = func.greatest(driver.c.updated_at, parties.party.c.updated_at, type_=Instant).label(
    "changed"
)


def _of(*path: str) -> ColumnElement[Any]:
    """A text somewhere in the newest version of the person."""
    steps: list[ColumnElement[Any]] = [literal_column(f"'{step}'") for step in path]
    return func.json_extract_path_text(party_version.c.snapshot, *steps, type_=Text())


def _home(name: str) -> ColumnElement[Any]:
    return _of("addresses", "home", "primary", name)


_IN_PARTS = func.nullif(func.concat_ws(" ", _home("street"), _home("number"), _home("supplement")), "")
COLUMNS: dict[str, ColumnElement[Any]] = {
    "first_name": parties.party.c.given_name,
    "middle_name": _of("additional_name"),
    "last_name": parties.party.c.family_name,
    "locale": parties.party.c.language,
    "phone": _of("phones", "primary", "number"),
    "country": _home("country"),
    "state": _home("region"),
    "city": _home("city"),
    "post_code": _home("postcode"),
    "address": func.coalesce(_home("line_1"), _IN_PARTS, type_=Text()),
    "last_updated_at": CHANGED,
}


async def write(tx: Tx, given: UserPatch, party_id: int | None, email: str) -> int:
    """Write what a body says about the person; gives its number, a new one when there is none (any more). email: the driver's.

    A new user is always a new person, also beside somebody with the same e-mail address: whoever may create users is not by
    that allowed to read what other APIs know.
    """
    person = await _held(tx, party_id) if party_id is not None else None
    fields = await _fields(tx, given, person)
    if person is None:
        fields.email = email
        return (await parties.create(tx, "person", fields)).id
    return (await parties.change(tx, person.id, fields)).id


async def _held(tx: Tx, party_id: int) -> parties.Party | None:
    """The person, whom nobody else changes until this transaction ends; None when it was removed."""
    try:
        return await parties.change(tx, party_id, parties.PartyFields())
    except NotFound:
        return None


async def _fields(tx: Tx, given: UserPatch, person: parties.Party | None) -> parties.PartyFields:
    fields = parties.PartyFields(
        given_name=_text(given.first_name),
        additional_name=_text(given.middle_name),
        family_name=_text(given.last_name),
        email=given.email,
        language=_text(given.locale),
    )
    home = person.address("home") if person is not None else None
    wanted = _address(given, home)
    if wanted is not UNSET:
        fields.addresses = {"home": parties.Listed(await parties.add_address(tx, wanted) if wanted else None)}
    if given.phone is not UNSET:
        country = wanted.country if isinstance(wanted, parties.AddressFields) else home.country if home else None
        there = person.phones.primary if person is not None else None
        text = given.phone.strip()
        if there is None or text not in (there.number, there.national):
            fields.phones = parties.Listed(await parties.add_phone(tx, text, country, soft=True) if text else None)
    return fields


def _text(given: str | UnsetType | None) -> str | UnsetType | None:
    return given if given is UNSET else given or None


def _address(given: UserPatch, home: parties.Address | None) -> parties.AddressFields | UnsetType | None:
    """The home address after a write: UNSET when it stays, None when nothing is left of it."""
    new = {name: value or None for name, value in said(given, *ADDRESS).items()}
    if not new:
        return UNSET
    before = {name: getattr(home or parties.AddressFields(), name) for name in _ADDRESS_FIELDS}
    after = before | {column: new[name] for name, column in _PLAIN.items() if name in new}
    if "address" in new and new["address"] != _line(home):
        after |= {"line_1": new["address"], "street": None, "number": None, "supplement": None}
    after["region"] = _region(new, before, after["country"])
    if after == before:
        return UNSET
    if not any(after[name] for name in _SHOWN):
        return None
    # A point on the map was where the old address is.
    return parties.AddressFields(**after | {"latitude": None, "longitude": None, "is_precise": False})


def _region(new: dict[str, Any], before: dict[str, Any], country: str | None) -> str | None:
    """The state, where users of the country say one; a region that another API wrote goes when the country changes."""
    if country in STATED and new.get("state") is not None:
        if new["state"] not in STATES[country]:
            raise Invalid(f"This is no state of {country}.", field="state")
        return str(new["state"])
    gone = country != before["country"] or (country in STATED and "state" in new)
    return None if gone else before["region"]


def _line(address: parties.Address | None) -> str | None:
    """Street and number as one line: as somebody wrote it, or put together."""
    if address is None:
        return None
    parts = (address.street, address.number, address.supplement)
    return address.line_1 or " ".join(part for part in parts if part) or None
