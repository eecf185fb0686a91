"""Writing parties: the row, its links, its new version and the event, in the caller's transaction."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from gridloom.core.parties import changes, rules
from gridloom.core.parties.events import PartyChanged, PartyCreated, PartyRemoved
from gridloom.core.parties.reading import by_id
from gridloom.core.parties.records import (
    Address,
    AddressFields,
    Kind,
    Listed,
    Membership,
    Party,
    PartyFields,
    Phone,
    Role,
)
from gridloom.core.parties.tables import ADDRESS_ROLES
from gridloom.core.parties.values import add_address, add_phone, address_values
from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
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


async def create(tx: Tx, kind: Kind, fields: PartyFields) -> Party:
    """A new party in its first version. Raises Invalid for an e-mail address that is none."""
    now = clock.now()
    blank = Party(id=0, public_id=uuid7(), kind=kind, version=uuid7(), number=1, created_at=now, updated_at=now)
    party = changes.applied(blank, fields, now)
    number = await tx.scalar(_INSERT, tenant_id=tx.tenant, **_columns(party))
    party = msgspec.structs.replace(party, id=int(number))
    party = await _link(tx, party, blank)
    await _keep(tx, party)
    emit(tx, PartyCreated(party_id=party.id, public_id=party.public_id, kind=kind, version_id=party.version))
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
    emit(tx, PartyChanged(party_id=after.id, public_id=after.public_id, kind=after.kind, version_id=after.version))
    return after


async def remove(tx: Tx, party_id: int) -> Party:
    """Stop showing a party; the version that says so is its last. Raises NotFound."""
    before = await _locked(tx, party_id)
    now = clock.now()
    gone = msgspec.structs.replace(before, version=uuid7(), number=before.number + 1, updated_at=now, deleted_at=now)
    await _renew(tx, gone)
    emit(tx, PartyRemoved(party_id=gone.id, public_id=gone.public_id, kind=gone.kind, version_id=gone.version))
    return gone


async def lock_email(tx: Tx, email: str) -> None:
    """Wait for everybody else who is about to find or create somebody with this address; ends with the transaction."""
    await tx.run(_LOCK_EMAIL, name=f"parties.email:{tx.tenant}:{rules.email_key(email)}")


async def set_address(tx: Tx, party_id: int, role: Role, fields: AddressFields | None) -> Party:
    """Give a party its address of a role, or take it away; what it had there is no longer linked. Raises NotFound."""
    before = await _locked(tx, party_id)
    there = before.address(role)
    if fields is None:
        listed = Listed[Address]()
    elif there is not None and address_values(there) == address_values(fields):
        return before
    else:
        listed = Listed(await add_address(tx, fields))
    return await change(tx, party_id, PartyFields(addresses={role: listed}))


async def set_phone(
    tx: Tx, party_id: int, text: str | None, country: str | None = None, *, soft: bool = False
) -> Party:
    """Give a party its one phone number, or take it away. Raises NotFound, and Invalid as `add_phone` does."""
    before = await _locked(tx, party_id)
    if not text:
        return await change(tx, party_id, PartyFields(phones=Listed[Phone]()))
    read, there = rules.phone(text, country), before.phones.primary
    if there is not None and there.number == (read.number if read else text.strip()):
        return before
    return await change(tx, party_id, PartyFields(phones=Listed(await add_phone(tx, text, country, soft=soft))))


async def join(
    tx: Tx, person_id: int, organisation: Party, *, role: str = "member", pinned: UUID | None = None
) -> Party:
    """Put a person into an organisation; the first one is the primary one. Raises NotFound."""
    place = Membership(organisation_id=organisation.id, public_id=organisation.public_id, role=role, pinned=pinned)

    def joined(person: Party) -> PartyFields:
        listed = person.organisations
        others = [each for each in listed.all if each.organisation_id != organisation.id]
        if listed.primary is None or listed.primary.organisation_id == organisation.id:
            return PartyFields(organisations=Listed(place, tuple(others)))
        return PartyFields(organisations=Listed(listed.primary, (*others[1:], place)))

    return await change(tx, person_id, joined)


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
    return msgspec.structs.replace(
        party, organisations=msgspec.structs.replace(listed, primary=first, others=tuple(seen))
    )


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
