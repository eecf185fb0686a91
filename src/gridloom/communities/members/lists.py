"""The list of members, and how a member is called in every list."""

from typing import Any, Literal

from sqlalchemy import BigInteger, bindparam, case, func, select

from gridloom.communities.lists import Listing
from gridloom.communities.members.schemas import INDIVIDUAL, MemberPartial
from gridloom.communities.members.tables import member
from gridloom.core.parties.public import party
from gridloom.kernel.http.filters import contains, equals

# For selects over MEMBERS: the family name of a person, the name of a company.
_CALLED: Any = case(
    (member.c.member_type == INDIVIDUAL, func.coalesce(party.c.family_name, party.c.name)), else_=party.c.name
)
NAME = _CALLED.label("name")
MEMBERS = member.join(party, (party.c.tenant_id == member.c.tenant_id) & (party.c.id == member.c.party_id))

LIST = Listing(
    select(member.c.id, NAME, member.c.member_type, member.c.status)
    .select_from(MEMBERS)
    .where(member.c.community_id == bindparam("community_id", type_=BigInteger), member.c.removed_at.is_(None)),
    MemberPartial,
    key=member.c.id,
    filters={
        "name": contains(_CALLED),
        "member_type": equals(member.c.member_type, Literal[1, 2]),
        "status": equals(member.c.status, Literal[1, 2, 3]),
    },
    sorts={"name": func.lower(_CALLED)},
)
