"""A right request of each operation of this module."""

from typing import Any

from tests.communities.kit import Prepare, Scene


def to(path: str, body: dict[str, Any] | None = None) -> Prepare:
    """A request that needs nothing but the community and its member."""

    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        filled = None if body is None else {k: scene.member if v == "member" else v for k, v in body.items()}
        place = path.format(id_community=scene.community.id, id_user=scene.member)
        return place, {} if filled is None else {"json": filled}

    return prepare


REQUESTS: dict[str, Prepare] = {
    "get_communities_my_communities": to("/communities/my-communities"),
    "get_communities_users": to("/communities/users"),
    "get_communities_admins": to("/communities/admins"),
    "post_communities": to("/communities/", {"name": "Moon Street"}),
    "put_communities": to("/communities/", {"name": "Moon Street"}),
    "patch_communities": to("/communities/", {"id_user": "member", "new_role": "MEMBER"}),
    "delete_communities_leave_id_community": to("/communities/leave/{id_community}"),
    "delete_communities_kick_id_user": to("/communities/kick/{id_user}"),
    "delete_communities_delete_id_community": to("/communities/delete/{id_community}"),
}
