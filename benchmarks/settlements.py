"""Settling 200 communities over a month of quarter hours: one process against two.

    .venv/bin/python benchmarks/settlements.py

Each community has five consumers and a roof. Both runs start from nothing settled; the processes of the second are started before
the clock, and end where the last settlement stands committed. The ratio is the time of one process over that of two.
"""

import asyncio
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from apis import KEY, say

from gridloom.app import Application, Roles
from gridloom.communities import dates
from gridloom.communities.settlements import batch
from gridloom.core.identity.store import Identity
from gridloom.core.parties import public as parties
from gridloom.core.series import codes
from gridloom.core.series import public as series
from gridloom.kernel import clock, observability
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.files.library import Files
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

COMMUNITIES, CONSUMERS = 200, 5
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)

_COMMUNITY = "INSERT INTO communities.community (tenant_id, auth_community_id, name) VALUES (:t, :a, :a) RETURNING id"
_OPERATION = (
    "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
    "VALUES (:t, :c, 'Roof', 1) RETURNING id"
)
_METER = (
    "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, tarif_group, "
    "phases_number, reading_frequency) VALUES (:t, :c, :ean, :p, '1', :a, 1, 1, 1) RETURNING id"
)
_PERIOD = (
    "INSERT INTO communities.period (tenant_id, meter_id, point_id, start_date, status, rate, client_type, injection_status, "
    "sharing_operation_id) VALUES (:t, :m, :p, '2026-01-01', 1, 1, 1, :i, :o)"
)
_KEY = "INSERT INTO communities.allocation_key (tenant_id, community_id, name) VALUES (:t, :c, 'By need') RETURNING id"
_VERSION = "INSERT INTO communities.key_version (tenant_id, key_id, number) VALUES (:t, :k, 1) RETURNING id"
_ROUND = (
    "INSERT INTO communities.iteration (tenant_id, key_version_id, number, energy_allocated_percentage) "
    "VALUES (:t, :v, 0, 1) RETURNING id"
)
_CONSUMER = (
    "INSERT INTO communities.consumer (tenant_id, iteration_id, position, name, energy_allocated_percentage) "
    "VALUES (:t, :r, :n, :ean, -1)"
)
_APPROVED = (
    "INSERT INTO communities.operation_key (tenant_id, sharing_operation_id, key_id, key_version_id, start_date, status) "
    "VALUES (:t, :o, :k, :v, '2026-01-01', 1)"
)


async def fill(application: Application) -> int:
    """A tenant with all communities and their readings."""
    identity = application.services.part(Identity)
    tenant = await identity.create_tenant("bench", "Bench")
    begin, end = clock.to_ms(dates.begin(FIRST)), clock.to_ms(dates.end(LAST))
    times = np.arange(begin, end, 900_000)
    day = np.maximum(np.sin((times % 86_400_000) / 86_400_000 * 2 * np.pi - np.pi / 2), 0)
    for number in range(COMMUNITIES):
        async with application.database.tenant(tenant) as tx:
            await _community(tx, number, times, day)
    return tenant


async def _community(tx: Any, number: int, times: Any, day: Any) -> None:
    t = tx.tenant
    community = await tx.scalar(_COMMUNITY, t=t, a=f"c{number}")
    operation = await tx.scalar(_OPERATION, t=t, c=community)
    key = await tx.scalar(_KEY, t=t, c=community)
    version = await tx.scalar(_VERSION, t=t, k=key)
    round_id = await tx.scalar(_ROUND, t=t, v=version)
    address = await parties.add_address(tx, parties.AddressFields(street="Kerkstraat", city="Gent"))
    batches = []
    for place in range(CONSUMERS + 1):
        is_roof = place == CONSUMERS
        ean = f"5414{number:06d}{place:08d}"
        point = await series.ensure_point(tx, eid=ean)
        code = codes.GROSS_INJECTION if is_roof else codes.GROSS_CONSUMPTION
        channel = await series.ensure_channel(tx, point, code, unit="kW.h", kind="interval", step_s=900)
        wave = day * 2 if is_roof else 0.1 + 0.05 * np.sin(times / 3_600_000 + place + number)
        batches.append(series.Batch.of(channel.id, times, np.round(wave, 3)))
        meter = await tx.scalar(_METER, t=t, c=community, ean=ean, p=point.id, a=address.id)
        await tx.run(_PERIOD, t=t, m=meter, p=point.id, o=operation, i=1 if is_roof else None)
        if not is_roof:
            await tx.run(_CONSUMER, t=t, r=round_id, n=place, ean=ean)
    await tx.run(_APPROVED, t=t, o=operation, k=key, v=version)
    await series.write(tx, series.Batch.join(batches))


async def forget(application: Application) -> None:
    """Nothing is settled."""
    async with application.database.system() as tx:
        await tx.run("TRUNCATE communities.settlement, communities.settlement_line")


async def measure(url: str, var: str) -> None:
    """Both ways, one after the other."""
    application = Application(Settings(var=var), url, Sealer(KEY), roles=Roles(0))
    async with application.running():
        tenant = await fill(application)
        tasks = await batch.tasks_of(application.database, tenant, FIRST, LAST)
        files = application.services.part(Files)
        started = time.perf_counter()
        alone = [outcome async for outcome in batch.settle_here(application.database, files, tasks)]
        one = time.perf_counter() - started
        await forget(application)
        place = batch.Place(url, str(Path(var) / "files"))
        async with batch.workers(None, 2) as client:
            await asyncio.gather(*client.map(time.sleep, [0.1] * 4, pure=False))
            started = time.perf_counter()
            together = [outcome async for outcome in batch.settle_there(client, place, tasks)]
            two = time.perf_counter() - started
    sums = [sorted((each.task.operation_id, each.totals["shared"]) for each in found) for found in (alone, together)]
    if sums[0] != sums[1] or len(sums[0]) != COMMUNITIES:
        raise RuntimeError("two processes settled something else than one")
    text = f"{COMMUNITIES / one:.1f} and {COMMUNITIES / two:.1f} communities a second"
    say("200 communities, one process / two", one / two, 1.2, text)


def main() -> None:
    """One embedded server for all of it."""
    observability.configure_logging("console", "error")
    folder = Path(tempfile.mkdtemp(prefix="gridloom-bench-"))
    server = EmbeddedServer(folder / "postgres", settings={"max_wal_size": "4GB"}).start()
    try:
        load_tables()
        migrate(server.url())
        asyncio.run(measure(server.url(), str(folder)))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
