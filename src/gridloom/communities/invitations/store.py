"""Reading and writing invitations, in the caller's transaction."""

from datetime import datetime, timedelta
from typing import NamedTuple

from gridloom.core.parties import public as parties
from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

# Asking the same person again within this time refreshes the invitation and mails nothing.
QUIET = timedelta(minutes=10)

_SAME = (
    "SET email = excluded.email, email_key = excluded.email_key, created_by = excluded.created_by, updated_at = now()"
)
_INSERT_FOR_MEMBER = (
    "INSERT INTO communities.member_invitation "
    "(tenant_id, community_id, member_id, email, email_key, to_be_encoded, created_by) "
    "VALUES (:tenant_id, :community_id, CAST(:member_id AS bigint), :email, :email_key, "
    "CAST(:member_id AS bigint) IS NULL, :created_by) ON CONFLICT "
)
_FOR_MEMBER = sql(
    f"{_INSERT_FOR_MEMBER} (tenant_id, member_id) WHERE member_id IS NOT NULL DO UPDATE {_SAME}, created_at = CASE "
    "WHEN communities.member_invitation.email_key = excluded.email_key THEN communities.member_invitation.created_at "
    "ELSE now() END"
)
_FOR_NEW = sql(f"{_INSERT_FOR_MEMBER} (tenant_id, community_id, email_key) WHERE member_id IS NULL DO UPDATE {_SAME}")
_TO_MANAGE = sql(
    "INSERT INTO communities.manager_invitation (tenant_id, community_id, email, email_key, created_by) "
    "VALUES (:tenant_id, :community_id, :email, :email_key, :created_by) "
    f"ON CONFLICT (tenant_id, community_id, email_key) DO UPDATE {_SAME}"
)
_ASKED_MEMBER = sql(
    "SELECT max(updated_at) FROM communities.member_invitation WHERE community_id = :community_id "
    "AND email_key = :email_key AND member_id IS NOT DISTINCT FROM CAST(:member_id AS bigint)"
)
_ASKED_MANAGER = sql(
    "SELECT max(updated_at) FROM communities.manager_invitation WHERE community_id = :community_id "
    "AND email_key = :email_key"
)
_NAME = sql("SELECT name FROM communities.community WHERE id = :id")
_INVITED_FOR = sql("SELECT email FROM communities.member_invitation WHERE member_id = :member_id")
_WITHDRAW = sql("DELETE FROM communities.member_invitation WHERE member_id = :member_id")
_READ_MEMBER = sql(
    "SELECT i.community_id, i.email_key, i.member_id FROM communities.member_invitation i "
    "JOIN communities.community c ON c.id = i.community_id WHERE i.id = :id AND c.deleted_at IS NULL"
)
_READ_MANAGER = sql(
    "SELECT i.community_id, i.email_key, CAST(NULL AS bigint) AS member_id FROM communities.manager_invitation i "
    "JOIN communities.community c ON c.id = i.community_id WHERE i.id = :id AND c.deleted_at IS NULL"
)
_TAKE_MEMBER = sql("DELETE FROM communities.member_invitation WHERE id = :id AND email_key = :email_key")
_TAKE_MANAGER = sql("DELETE FROM communities.manager_invitation WHERE id = :id AND email_key = :email_key")
_CANCEL_MEMBER = sql("DELETE FROM communities.member_invitation WHERE id = :id AND community_id = :community_id")
_CANCEL_MANAGER = sql("DELETE FROM communities.manager_invitation WHERE id = :id AND community_id = :community_id")


class Invitation(NamedTuple):
    """An open invitation. member_id: None where the member is still to be written, and for managers."""

    community_id: int
    email_key: str
    member_id: int | None


async def invite_member(tx: Tx, community_id: int, member_id: int | None, email: str) -> bool:
    """A new invitation, or the refreshed one; whether it has to be mailed. member_id: None for a member to be."""
    given = {"community_id": community_id, "member_id": member_id, "email_key": parties.email_key(email)}
    is_due = _is_due(await tx.scalar(_ASKED_MEMBER, **given))
    statement = _FOR_NEW if member_id is None else _FOR_MEMBER
    await tx.run(statement, tenant_id=tx.tenant, email=email.strip(), created_by=actor(tx.subject), **given)
    return is_due


async def invite_manager(tx: Tx, community_id: int, email: str) -> bool:
    """The same for a manager."""
    given = {"community_id": community_id, "email_key": parties.email_key(email)}
    is_due = _is_due(await tx.scalar(_ASKED_MANAGER, **given))
    await tx.run(_TO_MANAGE, tenant_id=tx.tenant, email=email.strip(), created_by=actor(tx.subject), **given)
    return is_due


async def community_name(tx: Tx, community_id: int) -> str:
    """How the community is called."""
    return str(await tx.scalar(_NAME, id=community_id) or "")


async def invited_for(tx: Tx, member_id: int) -> str | None:
    """The address that was asked to be this member."""
    email: str | None = await tx.scalar(_INVITED_FOR, member_id=member_id)
    return email


async def withdraw(tx: Tx, member_id: int) -> bool:
    """End the open invitation to be this member; False when there was none."""
    return await tx.run(_WITHDRAW, member_id=member_id) > 0


async def read(tx: Tx, invitation_id: int, *, to_manage: bool) -> Invitation | None:
    """An open invitation of a community that is there."""
    row = await tx.one(_READ_MANAGER if to_manage else _READ_MEMBER, id=invitation_id)
    return None if row is None else Invitation(**row)


async def take(tx: Tx, invitation_id: int, email_key: str, *, to_manage: bool) -> bool:
    """End an invitation by its answer; False when somebody else was faster, or it is for another address now."""
    statement = _TAKE_MANAGER if to_manage else _TAKE_MEMBER
    return await tx.run(statement, id=invitation_id, email_key=email_key) > 0


async def cancel(tx: Tx, community_id: int, invitation_id: int, *, to_manage: bool) -> bool:
    """End an invitation of this community; False when there is none."""
    statement = _CANCEL_MANAGER if to_manage else _CANCEL_MEMBER
    return await tx.run(statement, id=invitation_id, community_id=community_id) > 0


def _is_due(asked_at: datetime | None) -> bool:
    return asked_at is None or clock.now() - asked_at > QUIET
