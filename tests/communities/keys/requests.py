"""A right request of each operation of this module."""

from typing import Any

from tests.communities.keys.samples import SIMPLE, stored
from tests.communities.kit import Prepare, Scene


def about(path: str, body: dict[str, Any] | None = None) -> Prepare:
    """A request about a key that is there."""

    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        number = await stored(scene.community)
        options = {} if body is None else {"json": {**body, "id": number}}
        return path.format(id=number), options

    return prepare


async def post(scene: Scene) -> tuple[str, dict[str, Any]]:
    return "/keys/", {"json": SIMPLE}


REQUESTS: dict[str, Prepare] = {
    "get_keys": about("/keys/"),
    "post_keys": post,
    "put_keys": about("/keys/", SIMPLE),
    "get_keys_id": about("/keys/{id}"),
    "delete_keys_id": about("/keys/{id}"),
    "get_keys_id_download": about("/keys/{id}/download"),
}
