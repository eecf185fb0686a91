"""From one version of a party to the next, without a database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from gridloom.core.parties import rules
from gridloom.core.parties.records import Listed, Membership, Party, PartyFields, Registration
from gridloom.kernel.errors import Invalid

T = TypeVar("T")

_PLAIN = (
    "given_name", "additional_name", "family_name", "language", "audience", "is_guest", "trade_number", "account_manager",
    "file_id", "payment_terms", "phones", "organisations",
)  # fmt: skip


def applied(party: Party, fields: PartyFields, now: datetime) -> Party:
    """The party as it is after this write. Raises Invalid for an e-mail address that is none."""
    new: dict[str, Any] = {
        name: value
        for name in _PLAIN
        if (value := getattr(fields, name)) is not UNSET and value != getattr(party, name)
    }
    for name in ("email", "billing_email"):
        if (text := getattr(fields, name)) is not UNSET:
            new[name] = _email(text, name)
    if fields.tags is not UNSET:
        new["tags"] = tuple(dict.fromkeys(fields.tags))
    if fields.metadata is not UNSET:
        new["metadata"] = dict(fields.metadata)
    if fields.national_number is not UNSET:
        text = fields.national_number
        new["national_number"] = rules.national_number(text).value if text else None
    if fields.ibans is not UNSET:
        new["ibans"] = tuple(dict.fromkeys(rules.iban(text).value for text in fields.ibans))
    if fields.registrations is not UNSET:
        new["registrations"] = _registrations(party.registrations, fields.registrations, now)
    if fields.addresses is not UNSET:
        new["addresses"] = {**party.addresses, **fields.addresses}
    after = msgspec.structs.replace(party, **new)
    return msgspec.structs.replace(after, name=_name(after, fields.name))


def is_same(one: Party, other: Party) -> bool:
    """Whether nothing but stamps tells two versions apart."""
    return _content(one) == _content(other)


def moved(listed: Listed[T], primary: T | UnsetType | None, others: Sequence[T] | UnsetType) -> Listed[T]:
    """A list after an upsert: what was primary and is displaced goes to the others, and nothing is ever dropped.

    primary: the new one; None for none. others: further ones, added when they are not there.
    """
    first = listed.primary if primary is UNSET else primary
    displaced = () if listed.primary is None else (listed.primary,)
    rest = (*displaced, *listed.others, *(() if others is UNSET else others))
    return Listed(first, _unique(rest, without=first))


def replaced(listed: Listed[T], primary: T | UnsetType | None, others: Sequence[T] | UnsetType) -> Listed[T]:
    """A list after an update that says what it holds from now on; what is left out of it stays."""
    first = listed.primary if primary is UNSET else primary
    return Listed(first, _unique(listed.others if others is UNSET else others, without=first))


def _unique(items: Sequence[T], *, without: T | None) -> tuple[T, ...]:
    found: dict[int, T] = {}
    for item in items:
        found.setdefault(number_of(item), item)
    if without is not None:
        found.pop(number_of(without), None)
    return tuple(found.values())


def number_of(item: Any) -> int:
    """The number of the row that an item of a list stands for."""
    number: int = item.organisation_id if isinstance(item, Membership) else item.id
    return number


def _email(text: str | None, field: str) -> str | None:
    if not text:
        return None
    if not rules.is_email(text):
        raise Invalid("This is no e-mail address.", field=field)
    return text.strip()


def _name(party: Party, given: str | UnsetType) -> str:
    """An organisation is called as it was given; a person by the parts of the name, or as given while there are none."""
    if party.kind == "person":
        parts = [part for part in (party.given_name, party.additional_name, party.family_name) if part]
        if parts:
            return " ".join(parts)
    return party.name if given is UNSET else given


def _registrations(
    before: Sequence[Registration], given: Sequence[tuple[str | None, str]], now: datetime
) -> tuple[Registration, ...]:
    known = {(each.country, each.number): each for each in before}
    found: dict[tuple[str | None, str], Registration] = {}
    for country, text in given:
        key = (country.upper() if country else rules.vat_country(text), rules.vat_number(text).value)
        found[key] = known.get(key) or _registration(*key, now)
    return tuple(found.values())


def _registration(country: str | None, number: str, now: datetime) -> Registration:
    is_valid = rules.vat_number(number, country).is_valid
    return Registration(number=number, country=country, is_valid=is_valid, checked_at=None if is_valid is None else now)


_NOBODY = UUID(int=0)


def _content(party: Party) -> Mapping[str, Any]:
    seen = [msgspec.structs.replace(each, seen=None) for each in party.organisations.all]
    first = seen.pop(0) if party.organisations.primary is not None else None
    plain: dict[str, Any] = msgspec.to_builtins(
        msgspec.structs.replace(
            party, version=_NOBODY, number=0, updated_at=party.created_at, organisations=Listed(first, tuple(seen))
        )
    )
    plain["addresses"] = {role: each for role, each in plain["addresses"].items() if each["primary"] or each["others"]}
    return plain
