"""Reading and writing members and their managers, in the caller's transaction."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from gridloom.communities.members.lists import MEMBERS, NAME
from gridloom.communities.members.schemas import MemberPartial
from gridloom.communities.members.tables import member
from gridloom.communities.membership import public as memberships
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx

_PARTIALS = Statement(
    select(member.c.id, NAME, member.c.member_type, member.c.status)
    .select_from(MEMBERS)
    .where(member.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
)
_HERE = "FROM communities.member WHERE community_id = :community_id AND id = :id AND removed_at IS NULL"
_EXISTS = sql(f"SELECT 1 {_HERE}")
_HOLD = sql(f"SELECT id {_HERE} FOR NO KEY UPDATE")
_HOLD_WHOLE = sql(f"SELECT id {_HERE} FOR UPDATE")
_READ = sql(
    "SELECT m.id, m.party_id, m.member_type, m.status, m.social_rate, m.guardian_id, m.profile_id, "
    "g.party_id AS guardian_party_id, p.email AS user_email, coalesce(o.family_name, o.name) AS name "
    "FROM communities.member m JOIN parties.party o ON o.id = m.party_id "
    "LEFT JOIN communities.guardian g ON g.id = m.guardian_id LEFT JOIN communities.profile p ON p.id = m.profile_id "
    "WHERE m.community_id = :community_id AND m.id = :id AND m.removed_at IS NULL"
)
_CREATE = sql(
    "INSERT INTO communities.member (tenant_id, community_id, party_id, member_type, status, social_rate, guardian_id) "
    "VALUES (:tenant_id, :community_id, :party_id, :member_type, :status, :social_rate, :guardian_id) RETURNING id"
)
_CHANGE = sql(
    "UPDATE communities.member SET party_id = :party_id, status = :status, social_rate = :social_rate, "
    "guardian_id = :guardian_id, updated_at = now() WHERE id = :id"
)
_STATUS = sql(
    "UPDATE communities.member SET status = :status, updated_at = now() "
    "WHERE community_id = :community_id AND id = :id AND removed_at IS NULL"
)
_REMOVE = sql("UPDATE communities.member SET removed_at = now(), profile_id = NULL, updated_at = now() WHERE id = :id")
_LINK = sql(
    "UPDATE communities.member SET profile_id = :profile_id, updated_at = now() WHERE id = :id RETURNING community_id"
)
_UNLINK = sql(
    "UPDATE communities.member SET profile_id = NULL, updated_at = now() WHERE id = :id AND profile_id IS NOT NULL"
)
_GUARDIAN = sql("SELECT id, party_id FROM communities.guardian WHERE community_id = :community_id AND id = :id")
_GUARDIAN_BY_NUMBER = sql(
    "SELECT g.id, g.party_id FROM communities.guardian g JOIN parties.party p ON p.id = g.party_id "
    "WHERE g.community_id = :community_id AND p.national_number = :national_number AND p.deleted_at IS NULL "
    "ORDER BY g.id LIMIT 1"
)
_ADD_GUARDIAN = sql(
    "INSERT INTO communities.guardian (tenant_id, community_id, party_id) "
    "VALUES (:tenant_id, :community_id, :party_id) RETURNING id"
)
_REPOINT_GUARDIAN = sql("UPDATE communities.guardian SET party_id = :party_id, updated_at = now() WHERE id = :id")


class Member(NamedTuple):
    """A member's row with what its detail needs of other rows. name: as it is called, also when the party was removed."""

    id: int
    party_id: int
    member_type: int
    status: int
    social_rate: bool
    guardian_id: int | None
    profile_id: int | None
    guardian_party_id: int | None
    user_email: str | None
    name: str


class Guardian(NamedTuple):
    """A manager's row."""

    id: int
    party_id: int


async def partials(tx: Tx, ids: Iterable[int]) -> dict[int, MemberPartial]:
    """Members by number, in one statement; removed ones too, for a history names them."""
    rows = await tx.all(_PARTIALS, ids=list(ids))
    return {row["id"]: MemberPartial(**row) for row in rows}


async def exists(tx: Tx, community_id: int, member_id: int) -> bool:
    """Whether the community has this member (now; `hold` keeps it so)."""
    return await tx.scalar(_EXISTS, community_id=community_id, id=member_id) is not None


async def hold(tx: Tx, community_id: int, member_id: int, *, whole: bool = False) -> bool:
    """Like `exists`, and until this transaction ends nobody else changes or removes the member.

    For whoever is about to write a row that points to it. whole: keep away even rows that are about to point here.
    """
    query = _HOLD_WHOLE if whole else _HOLD
    return await tx.scalar(query, community_id=community_id, id=member_id) is not None


async def read(tx: Tx, community_id: int, member_id: int) -> Member | None:
    """A member; None for one of another community, or one that was removed."""
    row = await tx.one(_READ, community_id=community_id, id=member_id)
    return None if row is None else Member(**row)


async def add(tx: Tx, community_id: int, **columns: Any) -> int:
    """A new row; gives its number."""
    return int(await tx.scalar(_CREATE, tenant_id=tx.tenant, community_id=community_id, **columns))


async def change(tx: Tx, member_id: int, **columns: Any) -> None:
    """Write a member's own columns."""
    await tx.run(_CHANGE, id=member_id, **columns)


async def set_status(tx: Tx, community_id: int, member_id: int, status: int) -> bool:
    """Another status; False when there is no such member."""
    return await tx.run(_STATUS, community_id=community_id, id=member_id, status=status) > 0


async def remove(tx: Tx, member_id: int) -> None:
    """Stop showing a member; its user is nobody's any more."""
    await tx.run(_REMOVE, id=member_id)


async def link(tx: Tx, member_id: int, profile_id: int) -> None:
    """Say which user this member is; the user belongs to the community from now on, in the role there is or as MEMBER.

    Whoever links holds the community and the member.
    """
    community_id = await tx.scalar(_LINK, id=member_id, profile_id=profile_id)
    await memberships.join(tx, community_id, profile_id, "MEMBER")


async def unlink(tx: Tx, member_id: int) -> bool:
    """No user is this member any more; False when none was. Roles stay."""
    return await tx.run(_UNLINK, id=member_id) > 0


async def guardian(tx: Tx, community_id: int, guardian_id: int) -> Guardian | None:
    """A manager of this community's members."""
    row = await tx.one(_GUARDIAN, community_id=community_id, id=guardian_id)
    return None if row is None else Guardian(**row)


async def guardian_of_number(tx: Tx, community_id: int, national_number: str) -> Guardian | None:
    """The manager with this national number."""
    row = await tx.one(_GUARDIAN_BY_NUMBER, community_id=community_id, national_number=national_number)
    return None if row is None else Guardian(**row)


async def add_guardian(tx: Tx, community_id: int, party_id: int) -> int:
    """A new manager's row; gives its number."""
    return int(await tx.scalar(_ADD_GUARDIAN, tenant_id=tx.tenant, community_id=community_id, party_id=party_id))


async def repoint_guardian(tx: Tx, guardian_id: int, party_id: int) -> None:
    """Another person's row behind a manager."""
    await tx.run(_REPOINT_GUARDIAN, id=guardian_id, party_id=party_id)
