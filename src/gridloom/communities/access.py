"""The door of the API: in which community a caller is, and as what.

A user of ours has the role that the membership says. A caller whom a gateway names has a role as far as both say it, the
gateway and the membership: whoever is demoted or sent away on either side is so at once. A community that the gateway names
for the first time is taken over into the memberships; one that the caller has left here stays left.
"""

from typing import Any

import msgspec

from gridloom.communities.faults import CommunityMissing, NotInCommunity, RoleTooLow, UserMissing
from gridloom.communities.membership import public as memberships
from gridloom.communities.roles import NEEDED, Role, at_least, lower
from gridloom.communities.users import public as profiles
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import QueryField
from gridloom.kernel.http.subject import Subject

COMMUNITY = "x-community-id"
# For the document of every operation that needs it; the door reads the header itself.
IN_COMMUNITY = (QueryField(COMMUNITY, str, msgspec.NODEFAULT, "header"),)


class Standing(msgspec.Struct, frozen=True):
    """A caller inside one community. profile_id: None for a program, which acts for no user."""

    community_id: int
    role: Role
    profile_id: int | None


async def enter(call: Call, subject: Subject) -> Subject:
    """The caller with a place in the named community. Raises CommunityMissing, UserMissing, NotInCommunity, RoleTooLow."""
    need = NEEDED[call.operation.name]
    is_user = subject.user_id is not None or "external_id" in subject.attributes
    if need.user and not is_user:
        raise UserMissing
    if "claims" in subject.attributes:
        subject = await _taken_over(call, subject)
    if need.least is None:
        return subject
    named = call.headers.get(COMMUNITY, "").strip()
    if not named or subject.attributes.get("claims", {}) is None:
        raise CommunityMissing
    standing = await _standing(call, subject, named, is_user=is_user)
    if standing is None:
        raise NotInCommunity(named)
    if not at_least(standing.role, need.least):
        raise RoleTooLow(need.least, standing.role)
    return _with(subject, community_id=standing.community_id, role=standing.role, profile_id=standing.profile_id)


def standing_of(subject: Subject) -> Standing:
    """Where the caller of an operation stands that names a community."""
    found = subject.attributes
    return Standing(found["community_id"], found["role"], found["profile_id"])


async def _standing(call: Call, subject: Subject, named: str, *, is_user: bool) -> Standing | None:
    key = profiles.key_of(subject)
    async with call.services.part(Database).tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
        row = await memberships.standing(tx, named, key)
    if row is None:
        return None
    if not is_user:
        return Standing(row["community_id"], "ADMIN", None)
    role: Role | None = row["role"]
    claimed = subject.attributes.get("claims")
    if claimed is not None:
        role = lower(role, claimed[named]) if role is not None and named in claimed else None
    return None if role is None else Standing(row["community_id"], role, row["profile_id"])


async def _taken_over(call: Call, subject: Subject) -> Subject:
    """Memberships for what a gateway says of a caller and nobody here has heard of yet."""
    claimed: dict[str, Role] | None = subject.attributes["claims"]
    if not claimed:
        return subject
    database = call.services.part(Database)
    key = profiles.key_of(subject)
    async with database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
        fresh = await memberships.unknown_memberships(tx, list(claimed), key)
    if fresh:
        async with database.tenant(subject.tenant_id, subject=subject) as tx:
            profile = await profiles.ensure(tx, subject)
            for community_id, named in fresh:
                await memberships.join(tx, community_id, profile, claimed[named], again=False)
    return subject


def _with(subject: Subject, **attributes: Any) -> Subject:
    return msgspec.structs.replace(subject, attributes={**subject.attributes, **attributes})
