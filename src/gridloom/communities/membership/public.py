"""Communities for the rest of the API: who belongs where, as what."""

from gridloom.communities.membership.store import (
    appoint,
    establish,
    hold,
    join,
    role_of,
    standing,
    unknown_memberships,
)
from gridloom.communities.membership.tables import community

__all__ = ["appoint", "community", "establish", "hold", "join", "role_of", "standing", "unknown_memberships"]
