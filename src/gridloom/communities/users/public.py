"""Profiles for the rest of the API: whose request this is."""

from typing import NamedTuple

from gridloom.core.parties import public as parties
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.subject import Subject

_COLUMNS = "id, email, party_id"
_FIND = sql(
    f"SELECT {_COLUMNS} FROM communities.profile "
    "WHERE user_id = CAST(:user_id AS bigint) OR external_id = CAST(:external_id AS text)"
)
_LOCK = sql("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_CREATE = sql(
    "INSERT INTO communities.profile (tenant_id, user_id, external_id, email, party_id) "
    f"VALUES (:tenant_id, :user_id, :external_id, :email, :party_id) RETURNING {_COLUMNS}"
)
_REPOINT = sql("UPDATE communities.profile SET party_id = :party_id, updated_at = now() WHERE id = :id")
_READDRESS = sql("UPDATE communities.profile SET email = :email, updated_at = now() WHERE id = :id")


class Key(NamedTuple):
    """The account behind a profile: a login of ours, or one of an identity provider. Both None: a program."""

    user_id: int | None
    external_id: str | None


class Profile(NamedTuple):
    """A user of the communities."""

    id: int
    email: str
    party_id: int


def key_of(subject: Subject) -> Key:
    """The account of a caller."""
    return Key(subject.user_id, subject.attributes.get("external_id"))


async def find(tx: Tx, subject: Subject) -> Profile | None:
    """The caller's profile; None before its first use."""
    row = await tx.one(_FIND, **key_of(subject)._asdict())
    return None if row is None else Profile(**row)


async def ensure(tx: Tx, subject: Subject) -> int:
    """The number of the caller's profile, which is made at its first use."""
    return (await up_to_date(tx, subject)).id


async def up_to_date(tx: Tx, subject: Subject) -> Profile:
    """The caller's profile with the address that the caller has now; made, with its person, at the first use."""
    email = address_of(subject)
    found = await find(tx, subject)
    if found is None:
        key = key_of(subject)
        await tx.run(_LOCK, name=f"communities.profile:{tx.tenant}:{key.user_id}:{key.external_id}")
        found = await find(tx, subject) or await _create(tx, key, email)
    if email and found.email != email:
        await tx.run(_READDRESS, id=found.id, email=email)
        found = found._replace(email=email)
    return found


def address_of(subject: Subject) -> str:
    """The e-mail address of a caller: the login's, or what the gateway says; "" when nobody says."""
    said = subject.attributes.get("email") or subject.attributes.get("login") or ""
    return str(said) if "@" in said else ""


async def person_of(tx: Tx, subject: Subject, found: Profile) -> parties.Party:
    """The person behind the caller's profile; a new one when another API has removed it."""
    person = await parties.by_id(tx, found.party_id)
    if person is None:
        person = await _new_person(tx, key_of(subject), found.email)
        await tx.run(_REPOINT, id=found.id, party_id=person.id)
    return person


async def _create(tx: Tx, key: Key, email: str) -> Profile:
    known = await parties.party_of_user(tx, key.user_id) if key.user_id is not None else None
    person = known or await _new_person(tx, key, email)
    row = await tx.one(_CREATE, tenant_id=tx.tenant, **key._asdict(), email=email, party_id=person.id)
    assert row is not None  # noqa: S101 - an INSERT … RETURNING of one row
    return Profile(**row)


async def _new_person(tx: Tx, key: Key, email: str) -> parties.Party:
    person = await parties.create(tx, "person", parties.PartyFields(email=email or None))
    if key.user_id is not None:
        await parties.attach_user(tx, key.user_id, person.id)
    return person
