"""Documents for the tests."""

from typing import Any

import httpx
from tests.communities.kit import Community, Person, World
from tests.communities.members.samples import made as new_member

from gridloom.communities.documents import store
from gridloom.kernel.files.library import Files

LIST, ONE, DELETE = "/documents/{member_id}", "/documents/{member_id}/{document_id}", "/documents/{document_id}"
PDF = b"%PDF-1.7 a contract"

__all__ = ["new_member"]


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


def form(
    member: int | str, content: bytes = PDF, name: str = "contract.pdf", media_type: str = "application/pdf"
) -> dict[str, Any]:
    return {"data": {"id_member": str(member)}, "files": {"file": (name, content, media_type)}}


async def upload(caller: Person, community: Community, member: int | str, *file: Any) -> httpx.Response:
    return await caller.call("POST", "/documents/", community, **form(member, *file))


async def listed(caller: Person, community: Community, member: int, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.call("GET", f"/documents/{member}?limit=200&{query}", community, template=LIST)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def download(caller: Person, community: Community, member: int, document: int) -> httpx.Response:
    return await caller.call("GET", f"/documents/{member}/{document}", community, template=ONE)


async def delete(caller: Person, community: Community, document: int) -> httpx.Response:
    return await caller.call("DELETE", f"/documents/{document}", community, template=DELETE)


async def made(community: Community, member: int, content: bytes = PDF, name: str = "contract.pdf") -> int:
    """A document, made without a request."""
    world = community.world
    files = world.application.services.part(Files)
    async with world.database.tenant(community.tenant) as tx:
        file = await files.save(tx, content, name=name, media_type="application/pdf")
        return await store.add(tx, member, file.id)


async def kept(world: World, tenant: int | None = None) -> list[int]:
    """The sizes of all bytes that the tenant has in the store."""
    files, owner = world.application.services.part(Files), world.tenant if tenant is None else tenant
    return sorted([blob.size_bytes async for blob in files.store.blobs(owner, "files")])
