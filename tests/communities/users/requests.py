"""A right request of each operation of this module."""

from tests.communities.kit import Prepare
from tests.communities.membership.requests import to

REQUESTS: dict[str, Prepare] = {
    "get_users": to("/users/"),
    "put_users": to("/users/", {"first_name": "Ada"}),
}
