"""`gridloom import readings` against COPY of the same rows into the same table.

    .venv/bin/python benchmarks/imports.py

A year of quarter hours of 20 meters as CSV (700,800 rows), from the file to the commit, against a COPY of the rows alone, encoded
beforehand. Rounds take turns on fresh tenants; the medians count.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gridloom.core.series.encoding import Copy
from gridloom.core.series.public import Batch
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.database.pool import Database
from gridloom.kernel.discovery import load_tables
from gridloom.metering.imports.importer import import_file

METERS = 20
QUARTERS = 35_040
START = datetime(2025, 1, 1, tzinfo=UTC)
ROUNDS = 3


def write(path: Path) -> None:
    """The file."""
    stamps = [f"{START + timedelta(minutes=15 * i):%Y-%m-%dT%H:%M:%SZ}" for i in range(QUARTERS)]
    with path.open("w") as file:
        file.write("ean,signal,time,value,unit\n")
        for meter in range(METERS):
            file.writelines(
                f"5414{meter:014d},132,{stamp},{(i * 7 % 977) / 1000:.3f},kWh\n" for i, stamp in enumerate(stamps)
            )


async def copied(database: Database, tenant: int) -> float:
    """Seconds of the plain COPY."""
    first = int(START.timestamp() * 1000)
    times = [first + 900_000 * i for i in range(QUARTERS)] * METERS
    values = [(i * 7 % 977) / 1000 for i in range(QUARTERS)] * METERS
    channels = [1_000_000 + meter for meter in range(METERS) for _ in range(QUARTERS)]
    copy = Copy(Batch.of(channels, times, values), tenant, first * 1000)
    blocks = [block async for block in copy.blocks()]

    async def source() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    started = time.perf_counter()
    async with database.system() as tx:
        await tx.connection.copy_to_table(
            "reading", schema_name="series", columns=copy.columns, format="binary", source=source()
        )
    return time.perf_counter() - started


async def run(url: str, path: Path) -> None:
    """Rounds in turn."""
    database = await Database(url).open()
    imports, copies = [], []
    for number in range(ROUNDS + 1):
        async with database.system() as tx:
            insert = "INSERT INTO identity.tenant (slug, name) VALUES (:slug, :slug) RETURNING id"
            tenant = int(await tx.scalar(insert, slug=f"bench-{number}"))
        started = time.perf_counter()
        await import_file(database, tenant, path, client_cid=1)
        imports.append(time.perf_counter() - started)
        copies.append(await copied(database, tenant))
    await database.close()
    # The first round makes the partitions.
    ours, plain = statistics.median(imports[1:]), statistics.median(copies[1:])
    rows = METERS * QUARTERS
    mark = "ok  " if plain / ours >= 0.5 else "LOW "
    rates = f"{rows / ours:,.0f} of {rows / plain:,.0f} rows a second"
    print(f"{mark}{'import command / COPY':<44} {plain / ours:6.2f}  (at least 0.5)   {rates}")


def main() -> None:
    """On an embedded server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="gridloom-bench-"))
    server = EmbeddedServer(folder / "postgres", settings={"max_wal_size": "4GB"}).start()
    try:
        load_tables()
        migrate(server.url())
        write(folder / "readings.csv")
        asyncio.run(run(server.url(), folder / "readings.csv"))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
