"""What an upload of consumption costs against COPY of the same rows, over a real socket, with the memory it takes.

    .venv/bin/python benchmarks/uploads.py [METERS] [settled]

A year of quarter hours of METERS (100) meters as one CSV of 3.5 million rows, through the whole application in one process;
against COPY of the same rows, encoded beforehand, into the same table while it is empty. With `settled` the file has shared and
net as well, three values a row. Memory is the server process's: its largest resident size, before and after the upload. Beside
it somebody asks /health/live all the time, and the longest answer is said.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import polars as pl
from apis import KEY, QUARTERS, START_MS, process, say, serve_api, wait_for
from load import get, once

from gridloom.app import Application, Roles
from gridloom.communities.membership import public as memberships
from gridloom.communities.meters import public as meters
from gridloom.communities.uploads.store import BLOCK_ROWS
from gridloom.communities.users import public as users
from gridloom.core.identity.store import Identity
from gridloom.core.parties import public as parties
from gridloom.core.series import partitions
from gridloom.core.series.encoding import Copy
from gridloom.core.series.public import Batch, ensure_point
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

PORT = 18913
MOST_SECONDS, MOST_MB = 60.0, 500.0
BOUNDARY = "bench-of-uploads"


def eans(count: int) -> list[str]:
    """Numbers of so many meters."""
    return [f"5414488{number:011}" for number in range(count)]


async def fill(url: str, var: str, count: int) -> tuple[int, str, str, int]:
    """A community with one operation and its meters; returns (tenant, token, the community's id, the operation's number)."""
    application = Application(Settings(var=var), url, Sealer(KEY), roles=Roles(0))
    async with application.running():
        identity = application.services.part(Identity)
        tenant = await identity.create_tenant("bench", "Bench")
        async with application.database.tenant(tenant) as tx:
            token = await identity.issue(tx, "service", scopes=["*"])
            user = await identity.create_user(tx, "bench@example.org", None, roles=["admin"])
            founder = Subject(tenant_id=tenant, id=f"user:{user}", kind="communities", user_id=user, attributes={})
            community = await memberships.establish(tx, "Bench", await users.ensure(tx, founder))
            auth_id = await tx.scalar(
                "SELECT auth_community_id FROM communities.community WHERE id = :id", id=community
            )
            operation = await tx.scalar(
                "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
                "VALUES (:t, :c, 'Bench', 2) RETURNING id", t=tenant, c=community,
            )  # fmt: skip
            for ean in eans(count):
                await add_meter(tx, community, operation, ean)
    return tenant, token.secret, auth_id, operation


async def add_meter(tx: Tx, community: int, operation: int, ean: str) -> None:
    """A meter that is in the operation since ever."""
    point = await ensure_point(tx, eid=ean)
    address = await parties.add_address(tx, parties.AddressFields(city="Namur"))
    meter = await tx.scalar(
        "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, tarif_group, "
        "phases_number, reading_frequency) VALUES (:t, :c, :e, :p, '1', :a, 1, 1, 1) RETURNING id",
        t=tx.tenant, c=community, e=ean, p=point.id, a=address.id,
    )  # fmt: skip
    await tx.run(
        "INSERT INTO communities.period (tenant_id, meter_id, point_id, start_date, status, rate, client_type, "
        "sharing_operation_id) VALUES (:t, :m, :p, :s, :status, 1, 1, :o)",
        t=tx.tenant, m=meter, p=point.id, s=date(2020, 1, 1), status=meters.ACTIVE, o=operation,
    )  # fmt: skip


def write_file(path: Path, count: int, *, is_settled: bool, shift: int = 0) -> None:
    """The year of all meters, quarter by quarter, as a grid operator's export has it."""
    header = ["timestamp", "ean", "direction", "gross", *(["shared", "net"] if is_settled else [])]
    numbers = eans(count)
    with path.open("wb") as file:
        file.write((",".join(header) + "\n").encode())
        for start in range(0, QUARTERS, 2000):
            places = np.arange(start, min(start + 2000, QUARTERS))
            quarter, meter = (each.ravel() for each in np.meshgrid(places, np.arange(count), indexing="ij"))
            gross = (50 + (quarter * 37 + meter * 11 + shift) % 977).astype(np.int64)
            columns: dict[str, Any] = {
                "timestamp": pl.Series(START_MS + quarter * 900_000)
                .cast(pl.Datetime("ms"))
                .dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "ean": pl.Series(numbers).gather(meter),
                "direction": pl.repeat("consumption", len(meter), eager=True),
                "gross": gross / 1000,
            }
            if is_settled:
                columns |= {"shared": (gross // 3) / 1000, "net": (gross - gross // 3) / 1000}
            file.write(pl.DataFrame(columns).write_csv(include_header=False).encode())


def pieces(path: Path, operation: int) -> Iterator[bytes]:
    """The form that carries the file."""
    yield (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="id_sharing_operation"\r\n\r\n{operation}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="year.csv"\r\nContent-Type: text/csv\r\n\r\n'
    ).encode()
    with path.open("rb") as file:
        while chunk := file.read(1 << 18):
            yield chunk
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def size_of(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


async def upload(path: Path, token: str, community: str, operation: int) -> float:
    """Send the file; returns the seconds until the answer."""
    length = size_of(path) + sum(len(piece) for piece in pieces(Path(os.devnull), operation))
    head = (
        "POST /sharing_operations/consumptions HTTP/1.1\r\nHost: bench\r\n"
        f"Authorization: Bearer {token}\r\nX-Community-Id: {community}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
    )
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(head.encode())
    for piece in pieces(path, operation):
        writer.write(piece)
        await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError((answer + await reader.read(2000)).decode())
    writer.close()
    return time.perf_counter() - started


async def ask(token: str, waits: list[float]) -> None:
    """Somebody else, all the time."""
    while True:
        started = time.perf_counter()
        await once(PORT, get("/health/live", token))
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0.02)


def memory_mb(pid: int, what: str) -> float:
    """VmRSS or VmHWM (the largest so far) of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1000


async def copy(url: str, tenant: int, count: int, *, is_settled: bool) -> float:
    """COPY of the same rows into the empty table in one transaction, encoded beforehand; returns its seconds.

    As many rows at a time as an upload writes. Leaves the table empty again.
    """
    times = np.arange(QUARTERS) * 900_000 + START_MS
    connection = await asyncpg.connect(url)
    await connection.execute("TRUNCATE series.reading")
    channels = count * (3 if is_settled else 1)
    each = max(1, -(-BLOCK_ROWS // QUARTERS))
    seconds = 0.0
    async with connection.transaction():
        for first in range(0, channels, each):
            numbers = np.repeat(np.arange(first, min(first + each, channels)) + 10**9, QUARTERS)
            ticks = np.tile(times, len(numbers) // QUARTERS)
            encoded = Copy(
                Batch.of(numbers, ticks, 0.05 + (ticks // 900_000 * 37 % 977) / 1000), tenant, START_MS * 1000
            )
            blocks = [block async for block in encoded.blocks()]

            async def source(blocks: list[bytes] = blocks) -> AsyncIterator[bytes]:
                for block in blocks:
                    yield block

            started = time.perf_counter()
            await connection.copy_to_table(
                "reading", schema_name="series", columns=encoded.columns, format="binary", source=source()
            )
            seconds += time.perf_counter() - started
    await connection.execute("TRUNCATE series.reading")
    await connection.close()
    return seconds


async def make_months(url: str) -> None:
    """The partitions of the year, so that both find them."""
    database = await Database(url).open()
    async with database.system() as tx:
        await partitions.make(tx, [date(2025, month, 1) for month in range(1, 13)])
    await database.close()


async def bench(url: str, var: Path, count: int, *, is_settled: bool) -> None:
    """Upload, the same file again, and a corrected one."""
    await make_months(url)
    tenant, token, community, operation = await fill(url, str(var), count)
    path, corrected = var / "year.csv", var / "corrected.csv"
    write_file(path, count, is_settled=is_settled)
    write_file(corrected, count, is_settled=is_settled, shift=1)
    rows = QUARTERS * count
    values = rows * (3 if is_settled else 1)
    first = await copy(url, tenant, count, is_settled=is_settled)
    with process(serve_api, url, str(var), PORT) as server:
        await wait_for(PORT, get("/health/live", token))
        before = memory_mb(server.pid, "VmRSS")
        waits: list[float] = []
        other = asyncio.create_task(ask(token, waits))
        seconds = await upload(path, token, community, operation)
        most = memory_mb(server.pid, "VmHWM")
        again = await upload(path, token, community, operation)
        stored = await stored_rows(url, tenant)
        if stored != values:
            raise RuntimeError(f"{stored} values are stored, and {values} were sent")
        mended = await upload(corrected, token, community, operation)
        at_last = memory_mb(server.pid, "VmHWM")
        other.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await other
    ceiling = min(first, await copy(url, tenant, count, is_settled=is_settled))
    rates = f"{values / seconds:,.0f} of {values / ceiling:,.0f} values a second"
    say("upload / COPY of the same rows", ceiling / seconds, 0.25, rates)
    text = f"{seconds:.1f} s, {size_of(path) / 1e6:.0f} MB"
    say(f"a minute / upload of {rows:,} rows", MOST_SECONDS * count / 100 / seconds, 1.0, text)
    print(f"    the same file again {again:.1f} s, a corrected one {mended:.1f} s")
    mostly = np.quantile(waits, 0.99) * 1000
    print(f"    longest wait of somebody else {max(waits) * 1000:.0f} ms, 99 of 100 within {mostly:.0f} ms")
    text = f"{most:.0f} MB, {before:.0f} MB before it, {at_last:.0f} MB after all three"
    say(f"{MOST_MB:.0f} MB / largest size of the process", MOST_MB / most, 1.0, text)


async def stored_rows(url: str, tenant: int) -> int:
    """How many readings the tenant has."""
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM series.reading WHERE tenant_id = $1", tenant)
        return found
    finally:
        await connection.close()


def main() -> None:
    """One run, on a server of its own."""
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    folder = Path(tempfile.mkdtemp(prefix="gridloom-bench-"))
    server = EmbeddedServer(folder / "postgres", settings={"max_wal_size": "4GB"}).start()
    try:
        load_tables()
        url = server.url()
        migrate(url)
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        asyncio.run(bench(url, folder, numbers[0] if numbers else 100, is_settled="settled" in sys.argv))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
