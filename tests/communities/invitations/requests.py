"""A right request of each operation of this module."""

from typing import Any

from tests.communities.invitations.samples import invited, invited_for, invited_to_manage
from tests.communities.kit import Community, Prepare, Scene
from tests.communities.members.samples import INDIVIDUAL, made

NEW = "new@example.org"


def to(path: str, body: dict[str, Any] | None = None) -> Prepare:
    """A request that needs nothing."""

    async def prepare(_: Scene) -> tuple[str, dict[str, Any]]:
        return path, {} if body is None else {"json": body}

    return prepare


async def elsewhere(scene: Scene) -> Community:
    """A community in which the caller is nothing yet."""
    world = scene.caller.world
    return await world.community(await world.person(tenant=scene.caller.tenant), "Elsewhere")


async def accept(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await invited_for(scene.community, await made(scene.community), scene.caller.email)
    return "/invitations/accept", {"json": {"invitation_id": number}}


async def accept_encoded(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await invited(scene.community, scene.caller.email)
    return "/invitations/accept/encoded", {"json": {"invitation_id": number, "member": INDIVIDUAL}}


async def accept_manager(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await invited_to_manage(await elsewhere(scene), scene.caller.email)
    return "/invitations/accept/manager", {"json": {"invitation_id": number}}


async def cancel_member(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/invitations/{await invited(scene.community, NEW)}/member", {}


async def cancel_manager(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/invitations/{await invited_to_manage(scene.community, NEW)}/manager", {}


async def refuse_member(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/invitations/{await invited(scene.community, scene.caller.email)}/own/member", {}


async def refuse_manager(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/invitations/{await invited_to_manage(scene.community, scene.caller.email)}/own/manager", {}


REQUESTS: dict[str, Prepare] = {
    "get_invitations": to("/invitations/"),
    "get_invitations_managers": to("/invitations/managers"),
    "get_invitations_own": to("/invitations/own"),
    "get_invitations_own_managers": to("/invitations/own/managers"),
    "post_invitations_member": to("/invitations/member", {"user_email": NEW}),
    "post_invitations_manager": to("/invitations/manager", {"user_email": NEW}),
    "post_invitations_accept": accept,
    "post_invitations_accept_encoded": accept_encoded,
    "post_invitations_accept_manager": accept_manager,
    "delete_invitations_id_invitation_member": cancel_member,
    "delete_invitations_id_invitation_manager": cancel_manager,
    "delete_invitations_id_invitation_own_member": refuse_member,
    "delete_invitations_id_invitation_own_manager": refuse_manager,
}
