"""Writing parties: the row, its links, its new version and the event, in the caller's transaction."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from gridloom.core.parties import changes, rules
from gridloom.core.parties.events import PartyChanged, PartyCreated, PartyRemoved
from gridloom.core.parties.reading import by_id
from gridloom.core.parties.records import (
    ADDRESS_ROLES,
    Address,
    AddressFields,
    Kind,
    Party,
    PartyFields,
    Phone,
    PhoneType,
)
from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.ids import uuid7

Change: TypeAlias = PartyFields | Callable[[Party], PartyFields]

_COLUMNS = (
    "public_id", "kind", "name", "given_name", "family_name", "email", "email_key", "audience", "language",
    "national_number", "vat_numbers", "ibans", "version_id", "created_at", "updated_at", "deleted_at",
)  # fmt: skip
_INSERT = sql(
    f"INSERT INTO parties.party (tenant_id, {', '.join(_COLUMNS)}) "
    f"VALUES (:tenant_id, {', '.join(f':{name}' for name in _COLUMNS)}) RETURNING id"
)
_UPDATE = sql(f"UPDATE parties.party SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE id = :id")
_LOCK = sql("SELECT kind FROM parties.party WHERE id = :id AND deleted_at IS NULL FOR NO KEY UPDATE")
_LOCK_EMAIL = sql("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_KEEP = sql(
    "INSERT INTO parties.party_version (tenant_id, id, party_id, number, snapshot, changed_by, created_at) "
    "VALUES (:tenant_id, :id, :party_id, :number, :snapshot, :changed_by, :created_at)"
)
_UNLINK_ADDRESSES = sql("DELETE FROM parties.address_link WHERE party_id = :party_id")
_LINK_ADDRESS = sql(
    "INSERT INTO parties.address_link (tenant_id, party_id, role, address_id, position) "
    "VALUES (:tenant_id, :party_id, :role, :address_id, :position)"
)
_UNLINK_PHONES = sql("DELETE FROM parties.phone_link WHERE party_id = :party_id")
_LINK_PHONE = sql(
    "INSERT INTO parties.phone_link (tenant_id, party_id, phone_id, position) "
    "VALUES (:tenant_id, :party_id, :phone_id, :position)"
)
_LEAVE = sql("DELETE FROM parties.membership WHERE person_id = :party_id")
_JOIN = sql(
    "INSERT INTO parties.membership (tenant_id, person_id, organisation_id, role, position) "
    "VALUES (:tenant_id, :party_id, :organisation_id, :role, :position)"
)
_NEWEST = sql("SELECT id, version_id FROM parties.party WHERE id = ANY(CAST(:ids AS bigint[]))")
_ATTACH = sql('UPDATE identity."user" SET party_id = :party_id, updated_at = now() WHERE id = :user_id')
_ADD_PHONE = sql(
    "INSERT INTO parties.phone_number (tenant_id, public_id, country, number, national, type, is_valid, created_at) "
    "VALUES (:tenant_id, :public_id, :country, :number, :national, :type, :is_valid, :created_at) RETURNING id"
)
_ADDRESS_COLUMNS = tuple(each.name for each in msgspec.structs.fields(AddressFields))
_ADD_ADDRESS = sql(
    f"INSERT INTO parties.address (tenant_id, public_id, created_at, {', '.join(_ADDRESS_COLUMNS)}) "
    f"VALUES (:tenant_id, :public_id, :created_at, {', '.join(f':{name}' for name in _ADDRESS_COLUMNS)}) RETURNING id"
)


async def create(tx: Tx, kind: Kind, fields: PartyFields) -> Party:
    """A new party in its first version. Raises Invalid for an e-mail address that is none."""
    now = clock.now()
    blank = Party(id=0, public_id=uuid7(), kind=kind, version=uuid7(), number=1, created_at=now, updated_at=now)
    party = changes.applied(blank, fields, now)
    number = await tx.scalar(_INSERT, tenant_id=tx.tenant, **_columns(party))
    party = msgspec.structs.replace(party, id=int(number))
    party = await _link(tx, party, blank)
    await _keep(tx, party)
    emit(tx, PartyCreated(party_id=party.id, public_id=party.public_id, kind=kind, version=party.version))
    return party


async def change(tx: Tx, party_id: int, change: Change) -> Party:
    """The party after a write: a new version of it, or the one there is when nothing became different.

    change: the fields, or a function that works them out from the newest version, which nobody else changes meanwhile.
    Raises NotFound, also for a party that was removed, and Invalid.
    """
    before = await _locked(tx, party_id)
    fields = change(before) if callable(change) else change
    now = clock.now()
    after = changes.applied(before, fields, now)
    if changes.is_same(before, after):
        return before
    after = msgspec.structs.replace(after, version=uuid7(), number=before.number + 1, updated_at=now)
    after = await _link(tx, after, before)
    await _renew(tx, after)
    emit(tx, PartyChanged(party_id=after.id, public_id=after.public_id, kind=after.kind, version=after.version))
    return after


async def remove(tx: Tx, party_id: int) -> Party:
    """Stop showing a party; the version that says so is its last. Raises NotFound."""
    before = await _locked(tx, party_id)
    now = clock.now()
    gone = msgspec.structs.replace(
        before, version=uuid7(), number=before.number + 1, updated_at=now, deleted_at=now
    )
    await _renew(tx, gone)
    emit(tx, PartyRemoved(party_id=gone.id, public_id=gone.public_id, kind=gone.kind, version=gone.version))
    return gone


async def lock_email(tx: Tx, email: str) -> None:
    """Wait for everybody else who is about to find or create somebody with this address; ends with the transaction."""
    await tx.run(_LOCK_EMAIL, name=f"parties.email:{tx.tenant}:{rules.email_key(email)}")


async def add_address(tx: Tx, fields: AddressFields) -> Address:
    """A new address, linked to nobody yet."""
    values = {name: getattr(fields, name) for name in _ADDRESS_COLUMNS}
    if values["country"]:
        values["country"] = values["country"].upper()
    public_id, now = uuid7(), clock.now()
    number = await tx.scalar(_ADD_ADDRESS, tenant_id=tx.tenant, public_id=public_id, created_at=now, **values)
    return Address(id=int(number), public_id=public_id, created_at=now, **values)


async def add_phone(tx: Tx, text: str, country: str | None = None, *, soft: bool = False) -> Phone:
    """A new phone number, linked to nobody yet. country: where it is dialled so, unless it begins with +.

    Raises Invalid for what is no phone number; with `soft` it is kept as it was written.
    """
    read = rules.phone(text, country)
    if read is None and not soft:
        raise Invalid(rules.BAD_PHONE, field="number")
    kind: PhoneType | None = read.type if read else None
    public_id, now = uuid7(), clock.now()
    values: dict[str, Any] = {
        "country": read.country if read else (country.upper() if country else None),
        "number": read.number if read else text.strip(),
        "national": read.national if read else text.strip(),
        "is_valid": read is not None,
    }
    number = await tx.scalar(
        _ADD_PHONE, tenant_id=tx.tenant, public_id=public_id, created_at=now, type=kind, **values
    )
    return Phone(id=int(number), public_id=public_id, created_at=now, type=kind, **values)


async def attach_user(tx: Tx, user_id: int, party_id: int) -> None:
    """Say which person stands behind a login. Raises NotFound when there is no such user."""
    if not await tx.run(_ATTACH, user_id=user_id, party_id=party_id):
        raise NotFound


async def _locked(tx: Tx, party_id: int) -> Party:
    # In two steps: a join would be looked at with the version from before the wait.
    kind = await tx.scalar(_LOCK, id=party_id)
    found = await by_id(tx, party_id) if kind is not None else None
    if found is None:
        raise NotFound
    return found


async def _renew(tx: Tx, party: Party) -> None:
    await tx.run(_UPDATE, id=party.id, **_columns(party))
    await _keep(tx, party)


async def _keep(tx: Tx, party: Party) -> None:
    await tx.run(
        _KEEP,
        tenant_id=tx.tenant,
        id=party.version,
        party_id=party.id,
        number=party.number,
        snapshot=msgspec.to_builtins(party),
        changed_by=actor(tx.subject),
        created_at=party.updated_at,
    )


async def _link(tx: Tx, party: Party, before: Party) -> Party:
    """Write the links that are different now; gives the party with the versions of its organisations seen."""
    mine = {"tenant_id": tx.tenant, "party_id": party.id}
    if party.addresses != before.addresses:
        await tx.run(_UNLINK_ADDRESSES, party_id=party.id)
        rows = [
            {**mine, "role": role, "address_id": each.id, "position": position}
            for role in ADDRESS_ROLES
            if role in party.addresses
            for position, each in _placed(party.addresses[role])
        ]
        await tx.many(_LINK_ADDRESS, rows)
    if party.phones != before.phones:
        await tx.run(_UNLINK_PHONES, party_id=party.id)
        rows = [{**mine, "phone_id": each.id, "position": position} for position, each in _placed(party.phones)]
        await tx.many(_LINK_PHONE, rows)
    if not party.organisations.all and not before.organisations.all:
        return party
    party = await _with_seen(tx, party)
    await tx.run(_LEAVE, party_id=party.id)
    rows = [
        {**mine, "organisation_id": each.organisation_id, "role": each.role, "position": position}
        for position, each in _placed(party.organisations)
    ]
    await tx.many(_JOIN, rows)
    return party


async def _with_seen(tx: Tx, party: Party) -> Party:
    listed = party.organisations
    rows = await tx.all(_NEWEST, ids=[each.organisation_id for each in listed.all])
    newest = {row["id"]: row["version_id"] for row in rows}
    seen = [msgspec.structs.replace(each, seen=newest.get(each.organisation_id)) for each in listed.all]
    first = seen.pop(0) if listed.primary is not None else None
    return msgspec.structs.replace(party, organisations=msgspec.structs.replace(listed, primary=first, others=tuple(seen)))


def _placed(listed: Any) -> Iterable[tuple[int, Any]]:
    return enumerate(listed.all, start=0 if listed.primary is not None else 1)


def _columns(party: Party) -> dict[str, Any]:
    return {
        "public_id": party.public_id,
        "kind": party.kind,
        "name": party.name,
        "given_name": party.given_name,
        "family_name": party.family_name,
        "email": party.email,
        "email_key": rules.email_key(party.email) if party.email else None,
        "audience": party.audience,
        "language": party.language,
        "national_number": party.national_number,
        "vat_numbers": [each.number for each in party.registrations],
        "ibans": list(party.ibans),
        "version_id": party.version,
        "created_at": party.created_at,
        "updated_at": party.updated_at,
        "deleted_at": party.deleted_at,
    }
