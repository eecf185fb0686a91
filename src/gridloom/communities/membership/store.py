"""Reading and writing communities and memberships, in the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from gridloom.communities import dates
from gridloom.communities.roles import Role
from gridloom.communities.users.public import Key
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.ids import uuid7

_PROFILE = (
    "(SELECT p.id FROM communities.profile p WHERE p.user_id = CAST(:user_id AS bigint) "
    "OR p.external_id = CAST(:external_id AS text))"
)
_STANDING = sql(
    "SELECT c.id AS community_id, m.role, m.profile_id FROM communities.community c "
    f"LEFT JOIN communities.membership m ON m.community_id = c.id AND m.ended_at IS NULL AND m.profile_id = {_PROFILE} "
    "WHERE c.auth_community_id = :named AND c.deleted_at IS NULL"
)
_UNKNOWN = sql(
    "SELECT c.id, c.auth_community_id FROM communities.community c "
    "WHERE c.auth_community_id = ANY(CAST(:named AS text[])) AND c.deleted_at IS NULL AND NOT EXISTS "
    f"(SELECT 1 FROM communities.membership m WHERE m.community_id = c.id AND m.profile_id = {_PROFILE}) ORDER BY c.id"
)
_ESTABLISH = sql(
    "INSERT INTO communities.community (tenant_id, auth_community_id, name) "
    "VALUES (:tenant_id, :auth_community_id, :name) RETURNING id"
)
_RENAME = sql("UPDATE communities.community SET name = :name, updated_at = now() WHERE id = :id AND deleted_at IS NULL")
_LOCK = sql("SELECT id FROM communities.community WHERE id = :id AND deleted_at IS NULL FOR NO KEY UPDATE")
_DELETE = sql("UPDATE communities.community SET deleted_at = now(), updated_at = now() WHERE id = :id")
_METERS = "(SELECT m.id FROM communities.meter m WHERE m.community_id = :id AND m.removed_at IS NULL)"
_DROP_COMING = sql(f"DELETE FROM communities.period WHERE meter_id IN {_METERS} AND start_date >= CAST(:today AS date)")
_END_PERIODS = sql(
    "UPDATE communities.period SET end_date = CAST(:today AS date) - 1, updated_at = now() "
    f"WHERE meter_id IN {_METERS} AND (end_date IS NULL OR end_date >= CAST(:today AS date))"
)
_REMOVE_METERS = sql(
    "UPDATE communities.meter SET removed_at = now(), updated_at = now() "
    "WHERE community_id = :id AND removed_at IS NULL AND CAST(:today AS date) IS NOT NULL"
)
_JOIN = (
    "INSERT INTO communities.membership (tenant_id, community_id, profile_id, role) "
    "VALUES (:tenant_id, :community_id, :profile_id, :role) ON CONFLICT (tenant_id, community_id, profile_id) DO "
)
_JOIN_ONCE = sql(_JOIN + "NOTHING")
_JOIN_AGAIN = sql(
    _JOIN + "UPDATE SET role = excluded.role, ended_at = NULL, updated_at = now() "
    "WHERE communities.membership.ended_at IS NOT NULL"
)
_ROLE = sql(
    "SELECT role FROM communities.membership "
    "WHERE community_id = :community_id AND profile_id = :profile_id AND ended_at IS NULL"
)
_APPOINT = sql(
    "UPDATE communities.membership SET role = :role, updated_at = now() "
    "WHERE community_id = :community_id AND profile_id = :profile_id AND ended_at IS NULL"
)
_END = sql(
    "UPDATE communities.membership SET ended_at = now(), updated_at = now() "
    "WHERE community_id = :community_id AND profile_id = :profile_id AND ended_at IS NULL"
)
_OTHER_ADMIN = sql(
    "SELECT 1 FROM communities.membership WHERE community_id = :community_id AND role = 'ADMIN' "
    "AND ended_at IS NULL AND profile_id <> :profile_id LIMIT 1"
)


async def standing(tx: Tx, named: str, key: Key) -> Any | None:
    """The community of an `auth_community_id` with the account's role in it (None without one); None: no such community."""
    return await tx.one(_STANDING, named=named, **key._asdict())


async def unknown_memberships(tx: Tx, named: Sequence[str], key: Key) -> list[tuple[int, str]]:
    """Those of the named communities that the account was never in, as (id, auth_community_id)."""
    rows = await tx.all(_UNKNOWN, named=list(named), **key._asdict())
    return [(row["id"], row["auth_community_id"]) for row in rows]


async def establish(tx: Tx, name: str, founder: int) -> int:
    """A new community with its first administrator; gives its number."""
    number = int(await tx.scalar(_ESTABLISH, tenant_id=tx.tenant, auth_community_id=str(uuid7()), name=name))
    await join(tx, number, founder, "ADMIN")
    return number


async def rename(tx: Tx, community_id: int, name: str) -> bool:
    """Another name; False when the community is gone."""
    return await tx.run(_RENAME, id=community_id, name=name) > 0


async def hold(tx: Tx, community_id: int) -> bool:
    """Let nobody else change who belongs to the community until this transaction ends; False when it is gone."""
    return await tx.one(_LOCK, id=community_id) is not None


async def delete(tx: Tx, community_id: int) -> None:
    """Stop showing a community. Its meters are free for another one: their data end yesterday, what was settled stays."""
    await tx.run(_DELETE, id=community_id)
    for statement in (_DROP_COMING, _END_PERIODS, _REMOVE_METERS):
        await tx.run(statement, id=community_id, today=dates.today())


async def join(tx: Tx, community_id: int, profile_id: int, role: Role, *, again: bool = True) -> bool:
    """Make somebody a member; False when they are one already, or (without `again`) were one before."""
    statement = _JOIN_AGAIN if again else _JOIN_ONCE
    given = {"community_id": community_id, "profile_id": profile_id, "role": role}
    return await tx.run(statement, tenant_id=tx.tenant, **given) > 0


async def role_of(tx: Tx, community_id: int, profile_id: int) -> Role | None:
    """The role of a member; None for everybody else."""
    role: Role | None = await tx.scalar(_ROLE, community_id=community_id, profile_id=profile_id)
    return role


async def appoint(tx: Tx, community_id: int, profile_id: int, role: Role) -> None:
    """Give a member another role."""
    await tx.run(_APPOINT, community_id=community_id, profile_id=profile_id, role=role)


async def end(tx: Tx, community_id: int, profile_id: int) -> None:
    """End a membership."""
    await tx.run(_END, community_id=community_id, profile_id=profile_id)


async def has_other_admin(tx: Tx, community_id: int, profile_id: int) -> bool:
    """Whether somebody besides this member is an administrator."""
    return await tx.scalar(_OTHER_ADMIN, community_id=community_id, profile_id=profile_id) is not None
