"""The lists of this module: a community's open invitations, and those for one address."""

from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, func, or_, select

from gridloom.communities.invitations.schemas import UserManagerInvitation, UserMemberInvitation
from gridloom.communities.invitations.tables import manager_invitation, member_invitation
from gridloom.communities.lists import Listing
from gridloom.communities.members.public import NAME, member
from gridloom.communities.membership.public import community
from gridloom.core.parties.public import party
from gridloom.kernel.http.filters import Filter, contains, equals

_FOR_MEMBER, _FOR_MANAGER = member_invitation.c, manager_invitation.c
_NAMED = func.jsonb_build_object("id", community.c.id, "name", community.c.name).label("community")
_THERE = community.c.deleted_at.is_(None)
_HERE = community.c.id == bindparam("community_id", type_=BigInteger)

_members = (
    select(
        _FOR_MEMBER.id,
        _FOR_MEMBER.email.label("user_email"),
        _FOR_MEMBER.created_at,
        _FOR_MEMBER.to_be_encoded,
        _FOR_MEMBER.member_id,
        NAME.element.label("member_name"),
        _NAMED,
    )
    .select_from(
        member_invitation.join(
            community, (community.c.tenant_id == _FOR_MEMBER.tenant_id) & (community.c.id == _FOR_MEMBER.community_id)
        )
        .outerjoin(member, (member.c.tenant_id == _FOR_MEMBER.tenant_id) & (member.c.id == _FOR_MEMBER.member_id))
        .outerjoin(party, (party.c.tenant_id == member.c.tenant_id) & (party.c.id == member.c.party_id))
    )
    .where(_THERE)
)
_managers = (
    select(_FOR_MANAGER.id, _FOR_MANAGER.email.label("user_email"), _NAMED, _FOR_MANAGER.created_at)
    .select_from(
        manager_invitation.join(
            community, (community.c.tenant_id == _FOR_MANAGER.tenant_id) & (community.c.id == _FOR_MANAGER.community_id)
        )
    )
    .where(_THERE)
)


def _anywhere(*columns: Any) -> Filter:
    """The text is inside one of several columns, whatever the case."""
    one = contains(columns[0])
    return Filter(one.type, lambda value: or_(*(contains(each).clause(value) for each in columns)), one.bind, one.value)


_member_name = func.lower(func.coalesce(NAME.element, _FOR_MEMBER.email))

OF_MEMBERS = Listing(
    _members.where(_HERE),
    UserMemberInvitation,
    key=_FOR_MEMBER.id,
    filters={
        "name": _anywhere(_FOR_MEMBER.email, NAME.element),
        "to_be_encoded": equals(_FOR_MEMBER.to_be_encoded),
    },
    sorts={"name": _member_name, "date": _FOR_MEMBER.created_at},
)
OF_MANAGERS = Listing(
    _managers.where(_HERE),
    UserManagerInvitation,
    key=_FOR_MANAGER.id,
    filters={"name": contains(_FOR_MANAGER.email)},
    sorts={"name": func.lower(_FOR_MANAGER.email), "date": _FOR_MANAGER.created_at},
)
OWN = Listing(
    _members.where(_FOR_MEMBER.email_key == bindparam("email_key", type_=Text)),
    UserMemberInvitation,
    key=_FOR_MEMBER.id,
    filters={
        "name": _anywhere(_FOR_MEMBER.email, NAME.element, community.c.name),
        "to_be_encoded": equals(_FOR_MEMBER.to_be_encoded),
    },
    sorts={"name": func.lower(func.coalesce(NAME.element, community.c.name)), "date": _FOR_MEMBER.created_at},
)
OWN_MANAGERS = Listing(
    _managers.where(_FOR_MANAGER.email_key == bindparam("email_key", type_=Text)),
    UserManagerInvitation,
    key=_FOR_MANAGER.id,
    filters={"name": _anywhere(_FOR_MANAGER.email, community.c.name)},
    sorts={"name": func.lower(community.c.name), "date": _FOR_MANAGER.created_at},
)
