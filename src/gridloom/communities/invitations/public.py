"""Invitations for the rest of the API: a member's open one."""

from gridloom.communities.invitations import letters, store
from gridloom.communities.invitations.store import invited_for, withdraw
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.mail.outbox import Mail

__all__ = ["invite_for", "invited_for", "withdraw"]


async def invite_for(tx: Tx, mail: Mail, call: Call, community_id: int, member_id: int, email: str) -> None:
    """Ask somebody to be this member, by mail; the one invitation that the member has is refreshed."""
    if await store.invite_member(tx, community_id, member_id, email):
        await letters.send(tx, mail, call, "member", community_id, email)
