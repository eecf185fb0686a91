"""A right request of each operation of this module."""

from typing import Any

from tests.communities.kit import Prepare, Scene
from tests.communities.meters.samples import EAN, METER, made, patch


async def list_meters(_: Scene) -> tuple[str, dict[str, Any]]:
    return "/meters/", {}


async def register(_: Scene) -> tuple[str, dict[str, Any]]:
    return "/meters/", {"json": METER}


async def one(scene: Scene) -> tuple[str, dict[str, Any]]:
    await made(scene.community)
    return f"/meters/{EAN}", {}


async def change(scene: Scene) -> tuple[str, dict[str, Any]]:
    await made(scene.community)
    return "/meters/data", {"json": patch("2026-03-01", status=2)}


REQUESTS: dict[str, Prepare] = {
    "get_meters": list_meters,
    "post_meters": register,
    "get_meters_id": one,
    "delete_meters_id": one,
    "patch_meters_data": change,
}
