"""Reading parties, addresses and phone numbers: one, many, or a page of them; now, or as they were."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, and_, cast
from sqlalchemy.sql.elements import ColumnElement

from gridloom.core.parties import rules, tables
from gridloom.core.parties.records import Address, Kind, Listed, Membership, Party, Phone, Version
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.filters import one_or_many
from gridloom.kernel.http.pages import PageOf, PageRequest
from gridloom.kernel.http.resource import Resource

_NEWEST = (
    "SELECT CAST(v.snapshot AS text) AS snapshot FROM parties.party p "
    "JOIN parties.party_version v ON v.tenant_id = p.tenant_id AND v.id = p.version_id WHERE p.deleted_at IS NULL "
)
_BY_ID = sql(_NEWEST + "AND p.id = :id")
_BY_PUBLIC_ID = sql(_NEWEST + "AND p.public_id = :public_id AND p.kind = :kind")
_BY_EMAIL = sql(
    _NEWEST + "AND p.email_key = :key AND p.kind = :kind AND p.audience = coalesce(:audience, p.audience) "
    "ORDER BY p.id LIMIT 1"
)
_BY_USER = sql(_NEWEST + 'AND p.id = (SELECT party_id FROM identity."user" WHERE id = :user_id)')
_MANY = sql(_NEWEST + "AND p.id = ANY(CAST(:ids AS bigint[]))")
_MANY_PUBLIC = sql(_NEWEST + "AND p.public_id = ANY(CAST(:ids AS uuid[])) AND p.kind = :kind")
_IDS_OF_EMAILS = sql(
    "SELECT public_id FROM parties.party WHERE kind = :kind AND deleted_at IS NULL "
    "AND email_key = ANY(CAST(:keys AS text[]))"
)
_EXISTS = sql("SELECT id FROM parties.party WHERE public_id = :public_id AND kind = :kind")
_VERSIONS = sql(
    "SELECT id, number, changed_by, created_at FROM parties.party_version WHERE party_id = :party_id ORDER BY number DESC"
)
_AT_VERSION = sql(
    "SELECT CAST(v.snapshot AS text) AS snapshot FROM parties.party_version v "
    "JOIN parties.party p ON p.tenant_id = v.tenant_id AND p.id = v.party_id "
    "WHERE v.id = :version AND p.public_id = :public_id AND p.kind = :kind"
)
_AT_VERSIONS = sql(
    "SELECT v.id, CAST(v.snapshot AS text) AS snapshot FROM parties.party_version v "
    "JOIN parties.party p ON p.tenant_id = v.tenant_id AND p.id = v.party_id "
    "WHERE v.id = ANY(CAST(:ids AS uuid[])) AND (p.deleted_at IS NULL OR :removed_too)"
)

_read = msgspec.json.Decoder(Party).decode


class _Stored(msgspec.Struct):
    """A party's newest snapshot, as a page reads it."""

    snapshot: str


def _pages_of(kind: Kind) -> Resource:
    party, version = tables.party, tables.party_version
    newest: ColumnElement[bool] = and_(
        version.c.tenant_id == party.c.tenant_id,
        version.c.id == party.c.version_id,
        party.c.kind == kind,
        party.c.deleted_at.is_(None),
    )
    by_email = replace(one_or_many(party.c.email_key), value=lambda given: [rules.email_key(each) for each in given])
    return Resource(
        party, f"parties/{kind}", shows=_Stored, scope="parties", verbs=(), where=newest,
        columns={"snapshot": cast(version.c.snapshot, Text)},
        filters={"ids": one_or_many(party.c.public_id), "emails": by_email},
    )  # fmt: skip


_PAGES: dict[Kind, Resource] = {"person": _pages_of("person"), "organisation": _pages_of("organisation")}
_ADDRESSES = Resource(
    tables.address, "parties/address", shows=Address, scope="parties", verbs=(),
    filters={"ids": one_or_many(tables.address.c.public_id)},
)  # fmt: skip
_PHONES = Resource(
    tables.phone_number, "parties/phone", shows=Phone, scope="parties", verbs=(),
    filters={"ids": one_or_many(tables.phone_number.c.public_id)},
)  # fmt: skip


async def by_id(tx: Tx, party_id: int) -> Party | None:
    """The newest version of a party; None for an unknown or a removed one."""
    return _party(await tx.scalar(_BY_ID, id=party_id))


async def find(tx: Tx, kind: Kind, public_id: UUID) -> Party | None:
    """The same by its UUID."""
    return _party(await tx.scalar(_BY_PUBLIC_ID, public_id=public_id, kind=kind))


async def find_by_email(tx: Tx, email: str, *, kind: Kind = "person", audience: str | None = None) -> Party | None:
    """Who has this e-mail address, whatever its case; of several the one that has been known longest."""
    return _party(await tx.scalar(_BY_EMAIL, key=rules.email_key(email), kind=kind, audience=audience))


async def party_of_user(tx: Tx, user_id: int) -> Party | None:
    """The person behind a login."""
    return _party(await tx.scalar(_BY_USER, user_id=user_id))


async def by_ids(tx: Tx, ids: Iterable[int]) -> dict[int, Party]:
    """Those of these parties that are there, in one statement."""
    return {each.id: each for row in await tx.all(_MANY, ids=list(ids)) if (each := _read(row["snapshot"]))}


async def by_public_ids(tx: Tx, kind: Kind, ids: Iterable[UUID]) -> dict[UUID, Party]:
    """The same by their UUIDs."""
    rows = await tx.all(_MANY_PUBLIC, ids=list(ids), kind=kind)
    return {each.public_id: each for row in rows if (each := _read(row["snapshot"]))}


async def ids_of_emails(tx: Tx, kind: Kind, emails: Iterable[str]) -> list[UUID]:
    """The UUIDs of everybody with one of these e-mail addresses."""
    rows = await tx.all(_IDS_OF_EMAILS, kind=kind, keys=[rules.email_key(each) for each in emails])
    return [row["public_id"] for row in rows]


async def page(tx: Tx, kind: Kind, request: PageRequest, filters: Mapping[str, Any] | None = None) -> PageOf:
    """A page of parties in the order in which they became known. filters: `ids` (UUIDs) and `emails`, both lists."""
    found = await _PAGES[kind].page(tx, request, filters or {}, (), {})
    found.items = [_read(each.snapshot) for each in found.items]
    return found


async def versions(tx: Tx, kind: Kind, public_id: UUID) -> list[Version]:
    """Every version of a party, the newest first, also of a removed one. Raises NotFound."""
    party_id = await tx.scalar(_EXISTS, public_id=public_id, kind=kind)
    if party_id is None:
        raise NotFound
    return [Version(**row) for row in await tx.all(_VERSIONS, party_id=party_id)]


async def at_version(tx: Tx, kind: Kind, public_id: UUID, version: UUID) -> Party | None:
    """A party as it was in one of its versions; None when it never had that one."""
    return _party(await tx.scalar(_AT_VERSION, public_id=public_id, kind=kind, version=version))


async def organisations_of(tx: Tx, people: Sequence[Party], *, as_then: bool = False) -> dict[int, Listed[Party]]:
    """The organisations of several people, by the person's number.

    Pinned ones in the version that was asked for, the others in their newest; with `as_then` all of them as they were when
    the person was written. Removed ones are left out, but for `as_then`.
    """
    places = [place for person in people for place in person.organisations.all]
    fixed = {place: place.pinned or (place.seen if as_then else None) for place in places}
    old = [version for version in fixed.values() if version is not None]
    live = [place.organisation_id for place, version in fixed.items() if version is None]
    rows = await tx.all(_AT_VERSIONS, ids=old, removed_too=as_then) if old else []
    then = {row["id"]: _read(row["snapshot"]) for row in rows}
    now = await by_ids(tx, live) if live else {}

    def shown(place: Membership) -> Party | None:
        version = fixed[place]
        return now.get(place.organisation_id) if version is None else then.get(version)

    return {person.id: _listed(person.organisations, shown) for person in people}


async def addresses(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Address]:
    """Those of these addresses that are there."""
    found = await page_of_addresses(tx, PageRequest(), {"ids": list(ids)})
    return {each.public_id: each for each in found.items}


async def phones(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Phone]:
    """Those of these phone numbers that are there."""
    found = await page_of_phones(tx, PageRequest(), {"ids": list(ids)})
    return {each.public_id: each for each in found.items}


async def page_of_addresses(tx: Tx, request: PageRequest, filters: Mapping[str, Any]) -> PageOf:
    """A page of addresses, the oldest first. filters: `ids` (UUIDs)."""
    return await _ADDRESSES.page(tx, request, filters, (), {})


async def page_of_phones(tx: Tx, request: PageRequest, filters: Mapping[str, Any]) -> PageOf:
    """A page of phone numbers, the oldest first. filters: `ids` (UUIDs)."""
    return await _PHONES.page(tx, request, filters, (), {})


def _party(snapshot: str | None) -> Party | None:
    return None if snapshot is None else _read(snapshot)


def _listed(places: Listed[Membership], shown: Callable[[Membership], Party | None]) -> Listed[Party]:
    first = shown(places.primary) if places.primary is not None else None
    return Listed(first, tuple(each for place in places.others if (each := shown(place)) is not None))
