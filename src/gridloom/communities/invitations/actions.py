"""Inviting people, and answering: by the address, which a user of that address finds whenever the user appears.

An answer holds the community, then the member, then takes the invitation away: of two answers at once one counts.
"""

from typing import Any

from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.invitations import faults, letters, store
from gridloom.communities.invitations.lists import OF_MANAGERS, OF_MEMBERS, OWN, OWN_MANAGERS
from gridloom.communities.invitations.schemas import (
    Acceptance,
    EncodedAcceptance,
    InviteUser,
    ManagerInvitationsQuery,
    MemberInvitationsQuery,
    UserManagerInvitation,
    UserMemberInvitation,
)
from gridloom.communities.invitations.store import Invitation
from gridloom.communities.members import public as members
from gridloom.communities.membership import public as memberships
from gridloom.communities.users import public as users
from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.mail.outbox import Mail

READ, WRITE = "communities.invitations:read", "communities.invitations:write"
DONE = "success"
HERE: dict[str, Any] = {"extra": IN_COMMUNITY, "tags": ("Invitations",)}
OWN_ONES: dict[str, Any] = {"documented": (403,), "tags": ("Invitations",)}


@action(
    "GET", "/invitations/", scope=READ, answers={200: UserMemberInvitation}, lists=Pages.NUMBER, name="get_invitations",
    **HERE,
)  # fmt: skip
async def of_members(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: MemberInvitationsQuery) -> PageOf:
    """The community's open invitations to be a member."""
    return await OF_MEMBERS.page(tx, page, query, call, community_id=standing_of(subject).community_id)


@action(
    "GET", "/invitations/managers", scope=READ, answers={200: UserManagerInvitation}, lists=Pages.NUMBER,
    name="get_invitations_managers", **HERE,
)  # fmt: skip
async def of_managers(
    tx: Tx, subject: Subject, call: Call, page: PageRequest, query: ManagerInvitationsQuery
) -> PageOf:
    """The community's open invitations to manage it."""
    return await OF_MANAGERS.page(tx, page, query, call, community_id=standing_of(subject).community_id)


@action(
    "GET", "/invitations/own", scope=READ, answers={200: UserMemberInvitation}, lists=Pages.NUMBER,
    name="get_invitations_own", **OWN_ONES,
)  # fmt: skip
async def own(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: MemberInvitationsQuery) -> PageOf:
    """The open invitations to be a member for the caller's address."""
    return await OWN.page(tx, page, query, call, email_key=await _key(tx, subject))


@action(
    "GET", "/invitations/own/managers", scope=READ, answers={200: UserManagerInvitation}, lists=Pages.NUMBER,
    name="get_invitations_own_managers", **OWN_ONES,
)  # fmt: skip
async def own_managers(
    tx: Tx, subject: Subject, call: Call, page: PageRequest, query: ManagerInvitationsQuery
) -> PageOf:
    """The open invitations to manage a community for the caller's address."""
    return await OWN_MANAGERS.page(tx, page, query, call, email_key=await _key(tx, subject))


@action("POST", "/invitations/member", scope=WRITE, answers={200: str}, name="post_invitations_member", **HERE)
async def invite_member(tx: Tx, subject: Subject, call: Call, mail: Mail, body: InviteUser) -> str:
    """Invite somebody, by mail, to become a member and to write the own data.

    Inviting the same address again refreshes the invitation.
    """
    here = standing_of(subject).community_id
    if await store.invite_member(tx, here, None, body.user_email):
        await letters.send(tx, mail, call, "new_member", here, body.user_email)
    return DONE


@action("POST", "/invitations/manager", scope=WRITE, answers={200: str}, name="post_invitations_manager", **HERE)
async def invite_manager(tx: Tx, subject: Subject, call: Call, mail: Mail, body: InviteUser) -> str:
    """Invite somebody, by mail, to manage the community. Inviting the same address again refreshes the invitation."""
    here = standing_of(subject).community_id
    if await store.invite_manager(tx, here, body.user_email):
        await letters.send(tx, mail, call, "manager", here, body.user_email)
    return DONE


@action(
    "POST", "/invitations/accept", scope=WRITE, answers={200: str}, name="post_invitations_accept", **OWN_ONES,
    faults=(faults.Gone, faults.SomebodyElses, faults.DataNeeded),
)  # fmt: skip
async def accept(tx: Tx, subject: Subject, body: Acceptance) -> str:
    """Be the member that the invitation is about; the caller belongs to the community from now on."""
    found = await _for_caller(tx, subject, body.invitation_id, faults.Gone, faults.SomebodyElses)
    if found.member_id is None:
        raise faults.DataNeeded
    if not await memberships.hold(tx, found.community_id):
        raise faults.Gone
    if not await members.hold(tx, found.community_id, found.member_id):
        raise faults.Gone
    await _take(tx, body.invitation_id, found, faults.Gone)
    await members.link(tx, found.member_id, await users.ensure(tx, subject))
    return DONE


@action(
    "POST", "/invitations/accept/encoded", scope=WRITE, answers={200: str}, name="post_invitations_accept_encoded",
    **OWN_ONES, faults=(faults.EncodedGone, faults.EncodedSomebodyElses, faults.DataThere, members.UnknownManager),
)  # fmt: skip
async def accept_encoded(tx: Tx, subject: Subject, body: EncodedAcceptance) -> str:
    """Become a member with the data that come along; the caller belongs to the community from now on."""
    found = await _for_caller(tx, subject, body.invitation_id, faults.EncodedGone, faults.EncodedSomebodyElses)
    if found.member_id is not None:
        raise faults.DataThere
    if not await memberships.hold(tx, found.community_id):
        raise faults.EncodedGone
    await _take(tx, body.invitation_id, found, faults.EncodedGone)
    member = await members.create(tx, found.community_id, body.member, inside="member")
    await members.link(tx, member, await users.ensure(tx, subject))
    return DONE


@action(
    "POST", "/invitations/accept/manager", scope=WRITE, answers={200: str}, name="post_invitations_accept_manager",
    **OWN_ONES,
    faults=(faults.ManagerGone, faults.ManagerSomebodyElses, faults.AdminAlready, faults.ManagerAlready),
)  # fmt: skip
async def accept_manager(tx: Tx, subject: Subject, body: Acceptance) -> str:
    """Manage the community from now on. The invitation stays open when it is refused because the role is there already."""
    found = await _for_caller(
        tx, subject, body.invitation_id, faults.ManagerGone, faults.ManagerSomebodyElses, to_manage=True
    )
    here = found.community_id
    if not await memberships.hold(tx, here):
        raise faults.ManagerGone
    await _take(tx, body.invitation_id, found, faults.ManagerGone, to_manage=True)
    profile = await users.ensure(tx, subject)
    match await memberships.role_of(tx, here, profile):
        case "ADMIN":
            raise faults.AdminAlready
        case "MANAGER":
            raise faults.ManagerAlready
        case "MEMBER":
            await memberships.appoint(tx, here, profile, "MANAGER")
        case None:
            await memberships.join(tx, here, profile, "MANAGER")
    return DONE


@action(
    "DELETE", "/invitations/{id_invitation}/member", scope=WRITE, answers={200: str}, faults=(faults.NothingToCancel,),
    name="delete_invitations_id_invitation_member", **HERE,
)  # fmt: skip
async def cancel_member(tx: Tx, subject: Subject, id_invitation: int) -> str:
    """Withdraw an invitation to be a member; nobody is told."""
    if not await store.cancel(tx, standing_of(subject).community_id, id_invitation, to_manage=False):
        raise faults.NothingToCancel
    return DONE


@action(
    "DELETE", "/invitations/{id_invitation}/manager", scope=WRITE, answers={200: str},
    faults=(faults.NoManagingToCancel,), name="delete_invitations_id_invitation_manager", **HERE,
)  # fmt: skip
async def cancel_manager(tx: Tx, subject: Subject, id_invitation: int) -> str:
    """Withdraw an invitation to manage the community; nobody is told."""
    if not await store.cancel(tx, standing_of(subject).community_id, id_invitation, to_manage=True):
        raise faults.NoManagingToCancel
    return DONE


@action(
    "DELETE", "/invitations/{id_invitation}/own/member", scope=WRITE, answers={200: str}, **OWN_ONES,
    faults=(faults.NothingToRefuse, faults.SomebodyElses), name="delete_invitations_id_invitation_own_member",
)  # fmt: skip
async def refuse_member(tx: Tx, subject: Subject, id_invitation: int) -> str:
    """Refuse to be a member; nobody is told."""
    found = await _for_caller(tx, subject, id_invitation, faults.NothingToRefuse, faults.SomebodyElses)
    await _take(tx, id_invitation, found, faults.NothingToRefuse)
    return DONE


@action(
    "DELETE", "/invitations/{id_invitation}/own/manager", scope=WRITE, answers={200: str}, **OWN_ONES,
    faults=(faults.NoManagingToRefuse, faults.ManagerSomebodyElses),
    name="delete_invitations_id_invitation_own_manager",
)  # fmt: skip
async def refuse_manager(tx: Tx, subject: Subject, id_invitation: int) -> str:
    """Refuse to manage a community; nobody is told."""
    found = await _for_caller(
        tx, subject, id_invitation, faults.NoManagingToRefuse, faults.ManagerSomebodyElses, to_manage=True
    )
    await _take(tx, id_invitation, found, faults.NoManagingToRefuse, to_manage=True)
    return DONE


async def _key(tx: Tx, subject: Subject) -> str:
    """The caller's address as it is compared: the login's, or the one that a gateway said last; "" is nobody's."""
    said = users.address_of(subject)
    if not said and (profile := await users.find(tx, subject)) is not None:
        said = profile.email
    return parties.email_key(said)


async def _for_caller(
    tx: Tx,
    subject: Subject,
    invitation_id: int,
    gone: type[faults.Gone],
    elses: type[faults.SomebodyElses],
    *,
    to_manage: bool = False,
) -> Invitation:
    found = await store.read(tx, invitation_id, to_manage=to_manage)
    if found is None:
        raise gone
    if found.email_key != await _key(tx, subject):
        raise elses
    return found


async def _take(
    tx: Tx, invitation_id: int, found: Invitation, gone: type[faults.Gone], *, to_manage: bool = False
) -> None:
    if not await store.take(tx, invitation_id, found.email_key, to_manage=to_manage):
        raise gone
