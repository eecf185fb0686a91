"""What travels about communities."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.numbers import EMPTY
from gridloom.communities.roles import Role
from gridloom.communities.schemas import Inside, Sort

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", extra={"number": EMPTY})]


class CommunityWrite(Struct):
    """How a community is called."""

    name: Name


class RoleChange(Struct):
    """Who becomes what."""

    id_user: int
    new_role: Role


class MyCommunity(Struct):
    """A community, and what the caller is in it."""

    id: int
    auth_community_id: Annotated[str, Meta(description="What the header `x-community-id` has to name.")]
    name: str
    role: Role


class UserOfCommunity(Struct):
    """A user in a community."""

    id_user: int
    id_community: int
    email: str
    role: Role


class MyCommunitiesQuery(Struct):
    """Filters and sorts. Several sorts count in the order in which they are given."""

    name: Inside = UNSET
    sort_name: Sort | UnsetType = UNSET
    sort_id: Sort | UnsetType = UNSET


class UsersQuery(Struct):
    """Filters and sorts. Several sorts count in the order in which they are given; roles sort from MEMBER to ADMIN."""

    email: Inside = UNSET
    role: Role | UnsetType = UNSET
    sort_email: Sort | UnsetType = UNSET
    sort_id: Sort | UnsetType = UNSET
    sort_role: Sort | UnsetType = UNSET
