"""A right request of each operation of this module."""

from typing import Any

from tests.communities.kit import Prepare, Scene
from tests.communities.members.samples import COMPANY, linked, made


def about(path: str, **body: Any) -> Prepare:
    """A request about a member who is there."""

    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        number = await made(scene.community)
        filled = {name: number if value == "member" else value for name, value in body.items()}
        return path.format(id_member=number), {"json": filled} if filled else {}

    return prepare


async def list_members(_: Scene) -> tuple[str, dict[str, Any]]:
    return "/members/", {}


async def add(_: Scene) -> tuple[str, dict[str, Any]]:
    return "/members/", {"json": COMPANY}


async def unlink(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await made(scene.community)
    await linked(scene.community, number, await scene.caller.world.person())
    return f"/members/{number}/link", {}


REQUESTS: dict[str, Prepare] = {
    "get_members": list_members,
    "post_members": add,
    "put_members": about("/members/", id="member", name="Peeters"),
    "patch_members_status": about("/members/status", id_member="member", status=2),
    "patch_members_invite": about("/members/invite", id_member="member", user_email="new@example.org"),
    "get_members_id_member": about("/members/{id_member}"),
    "delete_members_id_member": about("/members/{id_member}"),
    "get_members_id_member_link": about("/members/{id_member}/link"),
    "delete_members_id_member_link": unlink,
}
