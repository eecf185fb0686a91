"""A right request of each operation of this module."""

from tests.communities.kit import Prepare
from tests.communities.membership.requests import to

REQUESTS: dict[str, Prepare] = {"post_communities_logout": to("/communities/logout")}
