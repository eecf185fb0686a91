"""How much of PostgreSQL's own speed is left in the series store: ratios, measured in one run on one machine.

    .venv/bin/python benchmarks/series.py [--channels 20]

write: rows a second of `write` (a transaction each, a year of quarter hours of several channels) against a COPY of the
same rows, encoded beforehand, into the same table. read: a year of quarter hours of one channel, read and made JSON,
against `SELECT cap_time, value` through asyncpg and the same JSON encoder. They take turns; what counts is the median.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from sqlalchemy import create_engine, make_url

from gridloom.core.identity import tables as identity_tables
from gridloom.core.series import ddl
from gridloom.core.series import tables as series_tables
from gridloom.core.series.encoding import Copy
from gridloom.core.series.moments import months_in
from gridloom.core.series.partitions import make
from gridloom.core.series.public import Batch, Channel, ensure_channel, ensure_point, read, write
from gridloom.kernel import clock
from gridloom.kernel.database import tenancy
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import create_schemas
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tables import metadata

QUARTERS = 35_040
QUARTER_MS = 900_000
START = clock.to_ms(datetime.fromisoformat("2025-01-01T00:00Z"))
ROUNDS = 9
NEEDED = (identity_tables, series_tables)  # importing them declares the tables

_RAW = """
    SELECT cap_time, value FROM series.reading
    WHERE tenant_id = $1 AND channel_id = $2 AND cap_time >= $3 AND cap_time < $4 ORDER BY cap_time
"""


@asynccontextmanager
async def database() -> AsyncIterator[Database]:
    """An embedded server of its own with all tables, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gridloom-bench-"))
    server = EmbeddedServer(folder, settings={"max_wal_size": "4GB"}).start()
    try:
        engine = create_engine(make_url(server.url()).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            create_schemas(connection)
            metadata.create_all(connection)
            tenancy.secure(connection)
            ddl.create(connection)
        engine.dispose()
        db = await Database(server.url()).open()
        yield db
        await db.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def prepare(db: Database, channels: int) -> tuple[int, list[Channel]]:
    """A tenant with channels, and the partitions of the year."""
    async with db.system() as tx:
        tenant: int = await tx.scalar("INSERT INTO identity.tenant (slug, name) VALUES ('bench', 'Bench') RETURNING id")
        await make(tx, months_in(START + np.arange(QUARTERS) * QUARTER_MS))
    async with db.tenant(tenant) as tx:
        point = await ensure_point(tx, name="meter")
        made = [await ensure_channel(tx, point, code, unit="kW.h", kind="interval") for code in range(channels)]
    return tenant, made


def year_of(channels: list[Channel]) -> Batch:
    """A year of quarter hours of every channel, three decimals."""
    times = np.tile(START + np.arange(QUARTERS) * QUARTER_MS, len(channels))
    values = np.round(np.random.default_rng(1).random(len(times)) * 3, 3)
    return Batch.of(np.repeat([each.id for each in channels], QUARTERS), times, values)


async def empty(db: Database) -> None:
    """Every reading gone, every channel as if new."""
    async with db.system() as tx:
        await tx.run("TRUNCATE series.reading")
        await tx.run("UPDATE series.channel SET first_cap = NULL, last_cap = NULL, last_acq = NULL")
    async with db.connection() as connection:
        await connection.execute("VACUUM series.channel")
        await connection.execute("CHECKPOINT")


async def timed(action: Callable[[], Awaitable[object]]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    await action()
    return time.perf_counter() - start


async def writes(db: Database, channels: int) -> None:
    """Print the ratios of writing."""
    tenant, made = await prepare(db, channels)
    batch = year_of(made)
    copy = Copy(batch, tenant, clock.to_ms(clock.now()) * 1000)
    blocks = [block async for block in copy.blocks()]
    records = list(
        zip(
            [tenant] * len(batch),
            batch.channel.tolist(),
            [clock.from_ms(each) for each in batch.time_ms.tolist()],
            batch.origin.tolist(),
            [clock.now()] * len(batch),
            batch.value.tolist(),
            strict=True,
        )
    )

    async def encoded() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    async def plain() -> None:
        async with db.system() as tx:
            await tx.connection.copy_to_table(
                "reading", schema_name="series", columns=copy.columns, format="binary", source=encoded()
            )

    async def of_records() -> None:
        names = ["tenant_id", "channel_id", "cap_time", "origin", "acq_time", "value"]
        async with db.system() as tx:
            await tx.connection.copy_records_to_table("reading", schema_name="series", columns=names, records=records)

    async def ours() -> None:
        async with db.tenant(tenant) as tx:
            await write(tx, batch)

    seconds: dict[str, list[float]] = {"plain": [], "records": [], "ours": [], "again": []}
    for _ in range(ROUNDS // 2 + 1):
        for name, action in (("plain", plain), ("records", of_records), ("ours", ours)):
            await empty(db)
            seconds[name].append(await timed(action))
        seconds["again"].append(await timed(ours))
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    for name, label in (
        ("plain", "COPY, encoded beforehand"),
        ("records", "asyncpg copy_records_to_table"),
        ("ours", "series write"),
        ("again", "series write, repeated"),
    ):
        rate = len(batch) / medians[name]
        print(f"{label:<34}{rate / 1e3:>8.0f} k rows/s   ratio to COPY {medians['plain'] / medians[name]:.2f}")


async def reads(db: Database) -> None:
    """Print the ratios of reading; the table is filled from `writes`."""
    async with db.system() as tx:
        tenant, channel = await tx.connection.fetchrow("SELECT tenant_id, id FROM series.channel ORDER BY id LIMIT 1")
    async with db.connection() as connection:
        await connection.execute("VACUUM ANALYZE series.reading")
    since, till = clock.from_ms(START), clock.from_ms(START + QUARTERS * QUARTER_MS)
    encode = msgspec.json.Encoder().encode
    sizes: dict[str, int] = {}

    async def raw_rows() -> None:
        async with db.system() as tx:
            rows = await tx.connection.fetch(_RAW, tenant, channel, since, till)
            sizes["raw rows"] = len(encode([tuple(row) for row in rows]))

    async def raw_columns() -> None:
        async with db.system() as tx:
            rows = await tx.connection.fetch(_RAW, tenant, channel, since, till)
            sizes["raw columns"] = len(encode({"time": [row[0] for row in rows], "value": [row[1] for row in rows]}))

    async def ours() -> None:
        async with db.tenant(tenant, read_only=True) as tx:
            found = await read(tx, channel, since, till)
            columns = {"time": found.time_ms.tolist(), "value": found.value.tolist(), "origin": found.origin.tolist()}
            sizes["series read"] = len(encode(columns))

    seconds: dict[str, list[float]] = {"raw rows": [], "raw columns": [], "series read": []}
    for _ in range(2 * ROUNDS):
        for name, action in (("raw rows", raw_rows), ("raw columns", raw_columns), ("series read", ours)):
            seconds[name].append(await timed(action))
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    print(f"a year of quarter hours as JSON ({QUARTERS} values):")
    for name, median in medians.items():
        ratio = medians["raw columns"] / median
        print(f"{name:<34}{median * 1e3:>8.1f} ms, {sizes[name] / 1e6:.2f} MB   ratio to raw columns {ratio:.2f}")


async def main(channels: int) -> None:
    """Everything, one after the other."""
    async with database() as db:
        await writes(db, channels)
        await reads(db)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=10, help="how many channels a written batch has")
    asyncio.run(main(parser.parse_args().channels))
