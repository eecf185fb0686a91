"""A right request of each operation of this module."""

from typing import Any

from tests.communities.documents.samples import form, made, new_member
from tests.communities.kit import Prepare, Scene


async def keep(scene: Scene) -> tuple[str, dict[str, Any]]:
    return "/documents/", form(await new_member(scene.community))


async def list_documents(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/documents/{await new_member(scene.community)}", {}


async def download(scene: Scene) -> tuple[str, dict[str, Any]]:
    member = await new_member(scene.community)
    return f"/documents/{member}/{await made(scene.community, member)}", {}


async def forget(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"/documents/{await made(scene.community, await new_member(scene.community))}", {}


REQUESTS: dict[str, Prepare] = {
    "post_documents": keep,
    "get_documents_member_id": list_documents,
    "get_documents_member_id_document_id": download,
    "delete_documents_document_id": forget,
}
