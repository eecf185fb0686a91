"""A right request of each operation of this module."""

from datetime import date
from typing import Any

from tests.communities.kit import Prepare, Scene

from gridloom.communities.settlements import settling
from gridloom.communities.sharing import public as sharing
from gridloom.core.parties import public as parties
from gridloom.core.series import public as series
from gridloom.kernel.files.library import Files

_OPERATION = (
    "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
    "VALUES (:t, :c, 'Roofs', 1) RETURNING id"
)
_METER = (
    "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, tarif_group, "
    "phases_number, reading_frequency) VALUES (:t, :c, '541', :p, '1', :a, 1, 1, 1) RETURNING id"
)
_PERIOD = (
    "INSERT INTO communities.period (tenant_id, meter_id, point_id, start_date, status, rate, client_type, "
    "sharing_operation_id) VALUES (:t, :m, :p, '2026-03-01', 1, 1, 1, :o)"
)
DAY, LATER = date(2026, 3, 2), date(2026, 3, 7)


async def operation_of(scene: Scene) -> int:
    """An operation with one meter that never said anything."""
    community, database = scene.community, scene.community.world.database
    async with database.tenant(community.tenant) as tx:
        operation: int = await tx.scalar(_OPERATION, t=tx.tenant, c=community.id)
        point = await series.ensure_point(tx, eid="541")
        address = await parties.add_address(tx, parties.AddressFields(street="Kerkstraat", city="Gent"))
        meter = await tx.scalar(_METER, t=tx.tenant, c=community.id, p=point.id, a=address.id)
        await tx.run(_PERIOD, t=tx.tenant, m=meter, p=point.id, o=operation)
    return operation


async def settle(scene: Scene) -> tuple[str, dict[str, Any]]:
    operation = await operation_of(scene)
    body = {"date_start": str(DAY), "date_end": str(DAY), "id_sharing_operation": operation}
    return "/settlements/", {"json": body}


async def settlements(_: Scene) -> tuple[str, dict[str, Any]]:
    return "/settlements/", {}


def of_one(part: str = "", *, versions: int = 1) -> Prepare:
    """A request about a settlement that is there."""

    async def prepare(scene: Scene) -> tuple[str, dict[str, Any]]:
        operation = await operation_of(scene)
        number = 0
        for version in range(1, versions + 1):
            number = await _settled(scene, operation, version)
        return f"/settlements/{number}{part}", {}

    return prepare


async def _settled(scene: Scene, operation_id: int, version: int) -> int:
    files = scene.community.world.application.services.part(Files)
    async with scene.community.world.database.tenant(scene.community.tenant) as tx:
        if version > 1:
            await tx.run("UPDATE communities.period SET injection_status = 1")
        operation = await sharing.find(tx, scene.community.id, operation_id)
        assert operation is not None
        run = await settling.settle(tx, files, operation, LATER, LATER)
        assert run is not None
    return run.id


REQUESTS: dict[str, Prepare] = {
    "post_settlements": settle,
    "get_settlements": settlements,
    "get_settlements_id": of_one(),
    "get_settlements_id_lines": of_one("/lines"),
    "get_settlements_id_differences": of_one("/differences", versions=2),
    "get_settlements_id_download": of_one("/download"),
}
