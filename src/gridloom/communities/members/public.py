"""Members for the rest of the API: who holds a meter, who is in a settlement, who is invited."""

from gridloom.communities.members.faults import UnknownManager
from gridloom.communities.members.lists import MEMBERS, NAME
from gridloom.communities.members.schemas import Email, MemberPartial, MemberWrite
from gridloom.communities.members.store import exists, hold, link, partials
from gridloom.communities.members.tables import member
from gridloom.communities.members.writing import create

__all__ = [
    "MEMBERS",
    "NAME",
    "Email",
    "MemberPartial",
    "MemberWrite",
    "UnknownManager",
    "create",
    "exists",
    "hold",
    "link",
    "member",
    "partials",
]
