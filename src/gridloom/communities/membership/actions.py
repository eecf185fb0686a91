"""Communities, and who is what in them.

Whoever changes the members of a community holds it first, so that of two administrators who leave at once one stays.
"""

from gridloom.communities.access import IN_COMMUNITY, Standing, standing_of
from gridloom.communities.faults import RoleTooLow
from gridloom.communities.membership import rules, store
from gridloom.communities.membership.faults import (
    CommunityGone,
    DeletedAlready,
    LastAdminKeepsRole,
    LastAdminStays,
    NobodyToAppoint,
    NoMember,
    OtherCommunity,
)
from gridloom.communities.membership.lists import MINE, USERS
from gridloom.communities.membership.schemas import (
    CommunityWrite,
    MyCommunitiesQuery,
    MyCommunity,
    RoleChange,
    UserOfCommunity,
    UsersQuery,
)
from gridloom.communities.roles import ROLES, Role, at_least, highest, lower
from gridloom.communities.users import public as users
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

TAG = ("Communities",)
READ, WRITE = "communities.communities:read", "communities.communities:write"
DONE = "success"


@action("POST", "/communities/", scope=WRITE, answers={200: str}, name="post_communities", tags=TAG)
async def establish(tx: Tx, subject: Subject, body: CommunityWrite) -> str:
    """Found a community; the caller becomes its first administrator."""
    await store.establish(tx, body.name.strip(), await users.ensure(tx, subject))
    return DONE


@action(
    "PUT", "/communities/", scope=WRITE, answers={200: str}, faults=(CommunityGone,), extra=IN_COMMUNITY,
    name="put_communities", tags=TAG,
)  # fmt: skip
async def rename(tx: Tx, subject: Subject, body: CommunityWrite) -> str:
    """Give the community another name."""
    if not await store.rename(tx, standing_of(subject).community_id, body.name.strip()):
        raise CommunityGone
    return DONE


@action(
    "PATCH", "/communities/", scope=WRITE, answers={200: str}, faults=(NobodyToAppoint, LastAdminKeepsRole, RoleTooLow),
    extra=IN_COMMUNITY, name="patch_communities", tags=TAG,
)  # fmt: skip
async def appoint(tx: Tx, subject: Subject, body: RoleChange) -> str:
    """Give a user of the community another role.

    Nobody gives a role above the own one, and ADMIN is given and taken by an ADMIN only. An ADMIN who makes somebody else ADMIN
    becomes MANAGER. The last ADMIN stays one.
    """
    standing = standing_of(subject)
    here = standing.community_id
    if not await store.hold(tx, here):
        raise CommunityGone
    caller = await _role_now(tx, standing)
    now = await store.role_of(tx, here, body.id_user)
    if now is None:
        raise NobodyToAppoint
    if not at_least(caller, "MANAGER") or not rules.may_appoint(caller, now, body.new_role):
        raise RoleTooLow(highest(("MANAGER", now, body.new_role)) or "ADMIN", caller)
    if now == "ADMIN" and body.new_role != "ADMIN" and not await store.has_other_admin(tx, here, body.id_user):
        raise LastAdminKeepsRole
    await store.appoint(tx, here, body.id_user, body.new_role)
    me = standing.profile_id
    if me is not None and rules.hands_over(caller, now, body.new_role, to_other=me != body.id_user):
        await store.appoint(tx, here, me, "MANAGER")
    return DONE


@action(
    "DELETE", "/communities/leave/{id_community}", scope=WRITE, answers={200: str}, faults=(NoMember, LastAdminStays),
    documented=(403,), name="delete_communities_leave_id_community", tags=TAG,
)  # fmt: skip
async def leave(tx: Tx, subject: Subject, id_community: int) -> str:
    """Leave a community. The last ADMIN stays."""
    me = await users.find(tx, subject)
    if me is None or not await store.hold(tx, id_community):
        raise NoMember
    await _go(tx, id_community, me.id)
    return DONE


@action(
    "DELETE", "/communities/kick/{id_user}", scope=WRITE, answers={200: str}, extra=IN_COMMUNITY,
    faults=(NoMember, LastAdminStays, RoleTooLow), name="delete_communities_kick_id_user", tags=TAG,
)  # fmt: skip
async def send_away(tx: Tx, subject: Subject, id_user: int) -> str:
    """Send a user away from the community. The last ADMIN stays."""
    standing = standing_of(subject)
    if not await store.hold(tx, standing.community_id):
        raise CommunityGone
    await _refuse_below_admin(tx, standing)
    await _go(tx, standing.community_id, id_user)
    return DONE


@action(
    "DELETE", "/communities/delete/{id_community}", scope=WRITE, answers={200: str}, extra=IN_COMMUNITY,
    faults=(OtherCommunity, DeletedAlready), name="delete_communities_delete_id_community", tags=TAG,
)  # fmt: skip
async def delete(tx: Tx, subject: Subject, id_community: int) -> str:
    """Delete the community in which the request is made; nobody finds it any more, and what was settled in it is kept."""
    standing = standing_of(subject)
    if id_community != standing.community_id:
        raise OtherCommunity
    if not await store.hold(tx, id_community):
        raise DeletedAlready
    await _refuse_below_admin(tx, standing)
    await store.delete(tx, id_community)
    return DONE


@action(
    "GET", "/communities/my-communities", scope=READ, answers={200: MyCommunity}, lists=Pages.NUMBER, documented=(403,),
    name="get_communities_my_communities", tags=TAG,
)  # fmt: skip
async def mine(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: MyCommunitiesQuery) -> PageOf:
    """The communities that the caller belongs to, with the caller's role in each."""
    return await MINE.page(tx, page, query, call, **users.key_of(subject)._asdict())


@action(
    "GET", "/communities/users", scope=READ, answers={200: UserOfCommunity}, lists=Pages.NUMBER, extra=IN_COMMUNITY,
    name="get_communities_users", tags=TAG,
)  # fmt: skip
async def users_of(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: UsersQuery) -> PageOf:
    """The users of the community."""
    here = standing_of(subject).community_id
    return await USERS.page(tx, page, query, call, community_id=here, roles=list(ROLES))


@action(
    "GET", "/communities/admins", scope=READ, answers={200: UserOfCommunity}, lists=Pages.NUMBER, extra=IN_COMMUNITY,
    name="get_communities_admins", tags=TAG,
)  # fmt: skip
async def admins_of(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: UsersQuery) -> PageOf:
    """The administrators of the community: whom a member may turn to."""
    here = standing_of(subject).community_id
    return await USERS.page(tx, page, query, call, community_id=here, roles=["ADMIN"])


async def _go(tx: Tx, community_id: int, profile_id: int) -> None:
    role = await store.role_of(tx, community_id, profile_id)
    if role is None:
        raise NoMember
    if role == "ADMIN" and not await store.has_other_admin(tx, community_id, profile_id):
        raise LastAdminStays
    await store.end(tx, community_id, profile_id)


async def _refuse_below_admin(tx: Tx, standing: Standing) -> None:
    role = await _role_now(tx, standing)
    if not at_least(role, "ADMIN"):
        raise RoleTooLow("ADMIN", role)


async def _role_now(tx: Tx, standing: Standing) -> Role:
    """The caller's role now that the community is held; it may have changed since the door. Raises RoleTooLow."""
    if standing.profile_id is None:
        return standing.role
    role = await store.role_of(tx, standing.community_id, standing.profile_id)
    if role is None:
        raise RoleTooLow
    return lower(role, standing.role)
