"""Users as a declared resource over two rows: the driver's own, and the person's in the parties core."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from gridloom.charging.drivers import people
from gridloom.charging.drivers.user_schemas import UserPatch, said
from gridloom.core.parties import public as parties
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound, Unavailable
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.refusals import told
from gridloom.kernel.http.resource import Resource
from gridloom.kernel.security.passwords import PasswordsBusy, hash_password

_LOCK = sql(
    "SELECT * FROM charging.driver WHERE id = :id AND deleted_at IS NULL "
    "AND operator_id = coalesce(CAST(:owner AS bigint), operator_id) FOR UPDATE"
)
_GROUPS = sql(
    "SELECT id FROM charging.user_group WHERE operator_id = :operator_id AND id = ANY(CAST(:ids AS bigint[])) FOR KEY SHARE"
)
_LEAVE = sql("DELETE FROM charging.user_group_member WHERE driver_id = :id")
_JOIN = sql(
    "INSERT INTO charging.user_group_member (tenant_id, group_id, driver_id) "
    "SELECT CAST(:tenant_id AS integer), group_id, CAST(:id AS bigint) FROM unnest(CAST(:groups AS bigint[])) group_id"
)
_LET_GO = sql("UPDATE charging.id_tag SET driver_id = NULL, updated_at = now() WHERE driver_id = :id")


class Users(Resource):
    """A user is written together with its person, its password and its groups."""

    async def create(self, tx: Tx, given: msgspec.Struct, path: Mapping[str, Any], *, call: Call | None = None) -> Any:
        """A new user, as it is shown."""
        given = cast("UserPatch", given)
        columns = self.writing[type(given)].columns(given)
        self._set_owner(tx, columns)
        groups = await _known_groups(tx, given, columns["operator_id"])
        columns |= await _hashed(given)
        columns |= {
            "party_id": await people.write(tx, given, None, columns["email"]),
            "tenant_id": tx.tenant,
            "created_by": _creator(tx),
        }
        columns |= {"last_activity_at": clock.now(), "last_activity_source": "registration"}
        names = ", ".join(sorted(columns))
        insert = sql(
            f"INSERT INTO charging.driver ({names}) VALUES ({', '.join(f':{each}' for each in sorted(columns))}) RETURNING id"
        )
        with told(self.taken, self.in_use):
            key = await tx.scalar(insert, **columns)
        await _join(tx, key, groups)
        return await self.read(tx, key, (), path, call=call)

    async def update(
        self,
        tx: Tx,
        key: Any,
        given: msgspec.Struct,
        includes: Sequence[str],
        path: Mapping[str, Any],
        *,
        call: Call | None = None,
    ) -> Any:
        """The changed user, as it is shown. Raises NotFound."""
        given = cast("UserPatch", given)
        current = await tx.one(_LOCK, id=key, owner=self._owner_value(tx))
        if current is None:
            raise NotFound
        groups = await _known_groups(tx, given, current["operator_id"])
        columns = self.writing[type(given)].columns(given) | await _hashed(given)
        if "bank_details" in columns:
            columns["bank_details"] = {**current["bank_details"], **columns["bank_details"]}
        if said(given, "email", *people.PERSON):
            columns["party_id"] = await people.write(
                tx, given, current["party_id"], columns.get("email", current["email"])
            )
        if groups is not None:
            await tx.run(_LEAVE, id=key)
            await _join(tx, key, groups)
        columns["updated_at"] = clock.now()
        changes = ", ".join(f"{name} = :{name}" for name in sorted(columns))
        with told(self.taken, self.in_use):
            await tx.run(sql(f"UPDATE charging.driver SET {changes} WHERE id = :id"), id=key, **columns)
        return await self.read(tx, key, includes, path, call=call)

    async def delete(self, tx: Tx, key: Any, path: Mapping[str, Any]) -> Any:
        """Stop showing a user, who lets go of tags and groups; the person stays with whoever else knows it."""
        gone = await super().delete(tx, key, path)
        await tx.run(_LET_GO, id=key)
        await tx.run(_LEAVE, id=key)
        return gone


def instant(given: datetime | None) -> datetime | None:
    """A moment without an offset is UTC."""
    return given if given is None or given.tzinfo is not None else given.replace(tzinfo=UTC)


def email(given: str) -> Mapping[str, Any]:
    """The address and the form in which it is compared."""
    return {"email": given, "email_key": parties.email_key(given)}


async def _hashed(given: UserPatch) -> dict[str, Any]:
    if given.password is msgspec.UNSET:
        return {}
    try:
        return {"password_hash": await hash_password(given.password)}
    except PasswordsBusy:
        raise Unavailable(headers={"Retry-After": "1"}) from None


async def _known_groups(tx: Tx, given: UserPatch, operator_id: int) -> list[int] | None:
    """The groups to be in, each once; None when nothing is said. Raises Invalid for those that the operator does not have."""
    if given.user_group_ids is msgspec.UNSET:
        return None
    ids = list(dict.fromkeys(given.user_group_ids))
    known = {row["id"] for row in await tx.all(_GROUPS, operator_id=operator_id, ids=ids)} if ids else set()
    unknown = [i for i, each in enumerate(given.user_group_ids) if each not in known]
    if unknown:
        wrong = "There is no such user group."
        raise Invalid(errors=[FieldError("body", ("userGroupIds", i), wrong) for i in unknown])
    return ids


async def _join(tx: Tx, driver_id: int, groups: list[int] | None) -> None:
    if groups:
        await tx.run(_JOIN, tenant_id=tx.tenant, id=driver_id, groups=groups)


def _creator(tx: Tx) -> str:
    """`admin:<id>` where an administrator stands behind the caller, else `token:<id>`."""
    subject = tx.subject
    if subject is None:
        return "mobile_api"
    return f"admin:{subject.user_id}" if subject.user_id is not None else str(subject.id)
