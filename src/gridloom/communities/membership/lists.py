"""The lists of this module."""

from sqlalchemy import BigInteger, Text, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from gridloom.communities.lists import Listing
from gridloom.communities.membership.schemas import MyCommunity, UserOfCommunity
from gridloom.communities.membership.tables import community, membership
from gridloom.communities.roles import ROLES, Role
from gridloom.communities.users.tables import profile
from gridloom.kernel.http.filters import contains, equals

_rank = func.array_position(array(ROLES, type_=Text), membership.c.role)
_inside = membership.join(
    community,
    (community.c.tenant_id == membership.c.tenant_id) & (community.c.id == membership.c.community_id),
).join(profile, (profile.c.tenant_id == membership.c.tenant_id) & (profile.c.id == membership.c.profile_id))
_now = membership.c.ended_at.is_(None) & community.c.deleted_at.is_(None)

MINE = Listing(
    select(community.c.id, community.c.auth_community_id, community.c.name, membership.c.role)
    .select_from(_inside)
    .where(
        _now,
        or_(
            profile.c.user_id == bindparam("user_id", type_=BigInteger),
            profile.c.external_id == bindparam("external_id", type_=Text),
        ),
    ),
    MyCommunity,
    key=community.c.id,
    filters={"name": contains(community.c.name)},
    sorts={"name": community.c.name, "id": community.c.id},
)

USERS = Listing(
    select(profile.c.id.label("id_user"), community.c.id.label("id_community"), profile.c.email, membership.c.role)
    .select_from(_inside)
    .where(
        _now,
        community.c.id == bindparam("community_id", type_=BigInteger),
        membership.c.role == func.any(bindparam("roles", type_=ARRAY(Text))),
    ),
    UserOfCommunity,
    key=profile.c.id,
    filters={"email": contains(profile.c.email), "role": equals(membership.c.role, Role)},
    sorts={"email": profile.c.email, "id": profile.c.id, "role": _rank},
)
