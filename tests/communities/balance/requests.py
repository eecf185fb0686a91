"""A right request of each operation of this module."""

from datetime import date
from typing import Any

from tests.communities.balance.street import Meter, Street, quarters
from tests.communities.kit import Prepare, Scene

from gridloom.core.series import codes

DAY = date(2026, 5, 4)


async def filled(scene: Scene) -> tuple[Street, Meter]:
    """An operation with one meter and one hour."""
    street = await Street.of(scene.community)
    meter = await street.meter(DAY)
    await street.readings(meter, codes.GROSS_CONSUMPTION, quarters(DAY)[:4], [0.25, 0.5, 0.75, 1.0])
    return street, meter


def of_operation(path: str) -> Prepare:
    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        street, _ = await filled(scene)
        return path.format(id=street.operation.id), {}

    return prepare


def of_meter(path: str) -> Prepare:
    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        _, meter = await filled(scene)
        return path.format(id=meter.ean), {}

    return prepare


REQUESTS: dict[str, Prepare] = {
    "get_sharing_operations_id_consumptions": of_operation("/sharing_operations/{id}/consumptions"),
    "get_sharing_operations_id_consumptions_download": of_operation("/sharing_operations/{id}/consumptions/download"),
    "get_meters_id_consumptions": of_meter("/meters/{id}/consumptions"),
    "get_meters_id_consumptions_download": of_meter("/meters/{id}/consumptions/download"),
}
