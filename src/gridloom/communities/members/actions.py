"""Members of a community, and which user is which member.

Whoever removes, links or invites holds the member first: of two at once the second sees what the first has done.
"""

from typing import Any

from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.invitations import public as invitations
from gridloom.communities.members import presenting, store, writing
from gridloom.communities.members.faults import (
    HoldsMeters,
    LinkedAlready,
    NobodyToInviteFor,
    NoStatusToSet,
    NoSuchMember,
    NothingToChange,
    NothingToRemove,
    NothingToUnlink,
    NotLinked,
    UnknownManager,
    UnknownNewManager,
)
from gridloom.communities.members.lists import LIST
from gridloom.communities.members.schemas import (
    Company,
    Individual,
    LinkQuery,
    MemberInvitation,
    MemberLink,
    MemberPartial,
    MembersQuery,
    MemberUpdate,
    MemberWrite,
    StatusChange,
)
from gridloom.communities.meters import public as meters
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.mail.outbox import Mail

READ, WRITE = "communities.members:read", "communities.members:write"
DONE = "success"
SHARED: dict[str, Any] = {"extra": IN_COMMUNITY, "tags": ("Members",)}


@action("GET", "/members/", scope=READ, answers={200: MemberPartial}, lists=Pages.NUMBER, name="get_members", **SHARED)
async def list_members(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: MembersQuery) -> PageOf:
    """The members of the community."""
    return await LIST.page(tx, page, query, call, community_id=standing_of(subject).community_id)


@action("POST", "/members/", scope=WRITE, answers={200: str}, faults=(UnknownManager,), name="post_members", **SHARED)
async def add(tx: Tx, subject: Subject, body: MemberWrite) -> str:
    """Add a member: an individual, or a company with the person who speaks for it.

    A manager with the national number of one who is known here already is that one. National numbers, VAT numbers and bank
    accounts are taken as they are, right or wrong.
    """
    await writing.create(tx, standing_of(subject).community_id, body)
    return DONE


@action(
    "PUT", "/members/", scope=WRITE, answers={200: str}, faults=(NothingToChange, UnknownNewManager), name="put_members",
    **SHARED,
)  # fmt: skip
async def change(tx: Tx, subject: Subject, body: MemberUpdate) -> str:
    """Change a member; what is left out stays. The kind of a member never changes."""
    here = standing_of(subject).community_id
    if not await store.hold(tx, here, body.id) or (member := await store.read(tx, here, body.id)) is None:
        raise NothingToChange
    await writing.update(tx, here, member, body)
    return DONE


@action(
    "PATCH", "/members/status", scope=WRITE, answers={200: str}, faults=(NoStatusToSet,), name="patch_members_status",
    **SHARED,
)  # fmt: skip
async def set_status(tx: Tx, subject: Subject, body: StatusChange) -> str:
    """Say whether a member is active, inactive or pending."""
    if not await store.set_status(tx, standing_of(subject).community_id, body.id_member, body.status):
        raise NoStatusToSet
    return DONE


@action(
    "PATCH", "/members/invite", scope=WRITE, answers={200: str}, faults=(NobodyToInviteFor, LinkedAlready),
    name="patch_members_invite", **SHARED,
)  # fmt: skip
async def invite(tx: Tx, subject: Subject, call: Call, mail: Mail, body: MemberInvitation) -> str:
    """Ask a user, by mail, to be this member.

    There is one invitation a member: asking again refreshes it, and asking somebody else takes it from the first.
    """
    here = standing_of(subject).community_id
    member = await store.read(tx, here, body.id_member) if await store.hold(tx, here, body.id_member) else None
    if member is None:
        raise NobodyToInviteFor
    if member.profile_id is not None:
        raise LinkedAlready
    await invitations.invite_for(tx, mail, call, here, member.id, body.user_email)
    return DONE


@action(
    "GET", "/members/{id_member}", scope=READ, answers={200: Individual | Company}, faults=(NoSuchMember,),
    name="get_members_id_member", **SHARED,
)  # fmt: skip
async def read(tx: Tx, subject: Subject, id_member: int) -> Individual | Company:
    """A member, as an individual or a company."""
    member = await store.read(tx, standing_of(subject).community_id, id_member)
    if member is None:
        raise NoSuchMember
    return await presenting.shown(tx, member)


@action(
    "DELETE", "/members/{id_member}", scope=WRITE, answers={200: str}, faults=(NothingToRemove, HoldsMeters),
    name="delete_members_id_member", **SHARED,
)  # fmt: skip
async def remove(tx: Tx, subject: Subject, id_member: int) -> str:
    """Remove a member who holds no meter today or later. Open invitations end; what was settled is kept."""
    if not await store.hold(tx, standing_of(subject).community_id, id_member, whole=True):
        raise NothingToRemove
    if await meters.member_has_periods(tx, id_member):
        raise HoldsMeters
    await invitations.withdraw(tx, id_member)
    await store.remove(tx, id_member)
    return DONE


@action(
    "GET", "/members/{id_member}/link", scope=READ, answers={200: MemberLink}, faults=(NoSuchMember,),
    name="get_members_id_member_link", **SHARED,
)  # fmt: skip
async def read_link(tx: Tx, subject: Subject, id_member: int, query: LinkQuery) -> MemberLink:
    """Which user a member is, or which address was asked."""
    member = await store.read(tx, standing_of(subject).community_id, id_member)
    if member is None:
        raise NoSuchMember
    link = MemberLink(status=2)
    if member.profile_id is not None:
        link = MemberLink(1, member.user_email or "", member.profile_id)
    elif (invited := await invitations.invited_for(tx, id_member)) is not None:
        link = MemberLink(3, invited)
    if query.email and parties.email_key(query.email) != parties.email_key(link.user_email or ""):
        return MemberLink(status=2)
    return link


@action(
    "DELETE", "/members/{id_member}/link", scope=WRITE, answers={200: str}, faults=(NothingToUnlink, NotLinked),
    name="delete_members_id_member_link", **SHARED,
)  # fmt: skip
async def unlink(tx: Tx, subject: Subject, id_member: int) -> str:
    """Take the user, or the open invitation, away from a member. The user keeps the role in the community."""
    if not await store.hold(tx, standing_of(subject).community_id, id_member):
        raise NothingToUnlink
    was_linked = await store.unlink(tx, id_member)
    if not await invitations.withdraw(tx, id_member) and not was_linked:
        raise NotLinked
    return DONE
