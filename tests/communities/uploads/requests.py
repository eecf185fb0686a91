"""A right request of the operation of this module."""

from datetime import date
from typing import Any

from tests.communities.kit import Prepare, Scene
from tests.communities.sharing.samples import meter, operation
from tests.communities.uploads.samples import CSV, EAN, ROOT, lines


async def upload(scene: Scene) -> tuple[str, dict[str, Any]]:
    number = await operation(scene.community)
    await meter(scene.community, date(2026, 1, 1), ean=EAN, sharing_operation_id=number)
    raw = lines(f"2026-03-01T00:00:00Z,{EAN},consumption,1.5,,")
    return ROOT, {"data": {"id_sharing_operation": number}, "files": {"file": ("readings.csv", raw, CSV)}}


REQUESTS: dict[str, Prepare] = {"post_sharing_operations_consumptions": upload}
