"""What the sudden end of a process leaves behind, and stations that stay away."""

from datetime import timedelta
from itertools import groupby
from uuid import UUID

import structlog

from gridloom.charging.csms import seats
from gridloom.charging.stations.public import append_network_status
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql

log = structlog.get_logger(__name__)

_AWAY = sql(
    "SELECT tenant_id AS tenant, id AS station FROM charging.charge_point "
    "WHERE network_status = 'temporarily_unavailable' AND network_status_at < :before "
    "ORDER BY tenant_id, id LIMIT 2000"
)
_STILL_AWAY = sql(
    "SELECT id FROM charging.charge_point WHERE id = ANY(CAST(:stations AS bigint[])) "
    "AND network_status = 'temporarily_unavailable' AND network_status_at < :before ORDER BY id FOR UPDATE"
)
AT_ONCE = 200


async def reap(database: Database) -> int:
    """Free the seats of processes that are dead; their stations cannot be reached. Several may reap at once."""
    freed = 0
    found = await seats.left(database)
    for tenant, group in groupby(found, key=lambda each: each[0]):
        rows = [(station, process) for _, station, process in group]
        for start in range(0, len(rows), AT_ONCE):
            freed += await _free(database, tenant, rows[start : start + AT_ONCE])
    await seats.bury(database)
    if freed:
        log.warning("seats_of_dead_processes_freed", seats=freed)
    return freed


async def _free(database: Database, tenant: int, rows: list[tuple[int, UUID]]) -> int:
    freed, at = 0, clock.now()
    async with database.tenant(tenant) as tx:
        for station, process in rows:
            if await seats.release_of(tx, station, process, at):
                await append_network_status(tx, station, "temporarily_unavailable", at)
                freed += 1
    return freed


async def note_long_absences(database: Database, after: timedelta) -> int:
    """Say of stations that have been away for `after` that they are away for long."""
    at = clock.now()
    before = at - after
    async with database.system() as tx:
        found = [(row["tenant"], row["station"]) for row in await tx.all(_AWAY, before=before)]
    noted = 0
    for tenant, group in groupby(found, key=lambda each: each[0]):
        stations = [station for _, station in group]
        for start in range(0, len(stations), AT_ONCE):
            async with database.tenant(tenant) as tx:
                some = stations[start : start + AT_ONCE]
                for row in await tx.all(_STILL_AWAY, stations=some, before=before):
                    await append_network_status(tx, row["id"], "long-term_unavailable", at)
                    noted += 1
    return noted
