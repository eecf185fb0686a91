"""A right request of each operation of this module."""

from typing import Any

from tests.communities.keys.samples import stored
from tests.communities.kit import Prepare, Scene
from tests.communities.sharing.samples import BEGIN, KEY, METER, ROOT, meter, operation, waiting

from gridloom.communities.meters import public as meters

DATE = "2026-03-01"


async def listing(scene: Scene) -> tuple[str, dict[str, Any]]:
    await operation(scene.community)
    return ROOT, {}


async def post(scene: Scene) -> tuple[str, dict[str, Any]]:
    return ROOT, {"json": {"name": "Roofs", "type": 2}}


async def about(scene: Scene) -> tuple[str, dict[str, Any]]:
    return f"{ROOT}{await operation(scene.community)}", {}


async def hand_in(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    return KEY, {"json": {"id_key": await stored(scene.community), "id_sharing": number}}


async def decide(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    key = await waiting(scene.community, number)
    return KEY, {"json": {"id_key": key, "id_sharing": number, "status": 1, "date": DATE}}


async def enter(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    return METER, {"json": {"id_sharing": number, "date": DATE, "ean_list": [await meter(scene.community)]}}


async def change(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    ean = await meter(scene.community, BEGIN, sharing_operation_id=number, status=meters.WAITS_FOR_GRID)
    return METER, {"json": {"id_meter": ean, "id_sharing": number, "status": 1, "date": DATE}}


async def leave(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    ean = await meter(scene.community, BEGIN, sharing_operation_id=number)
    return f"{ROOT}{number}/meter", {"json": {"id_meter": ean, "id_sharing": number, "date": DATE}}


REQUESTS: dict[str, Prepare] = {
    "get_sharing_operations": listing,
    "post_sharing_operations": post,
    "get_sharing_operations_id": about,
    "delete_sharing_operations_id": about,
    "post_sharing_operations_key": hand_in,
    "patch_sharing_operations_key": decide,
    "post_sharing_operations_meter": enter,
    "patch_sharing_operations_meter": change,
    "delete_sharing_operations_id_meter": leave,
}
