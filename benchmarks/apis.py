"""What the APIs cost against named ceilings, over real sockets, each pair in turn in one run.

    .venv/bin/python benchmarks/apis.py

list: a declared list of 50 (charging taxes, cursor pages, row-level security, envelope) against a bare ASGI handler that
fetches the same columns with asyncpg and encodes structs with msgspec. write: a year of quarter hours of one channel in one PUT
against COPY of the same rows, encoded beforehand, into the same table. read: that year as JSON against `SELECT cap_time, value`
and the same encoder. Medians of several rounds.
"""

import asyncio
import multiprocessing
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import uvicorn
from load import get, once, put, requests_per_second

from gridloom.app import Application, Roles
from gridloom.charging.pricing.schemas import Tax
from gridloom.core.identity.store import Identity
from gridloom.core.series.encoding import Copy
from gridloom.core.series.public import Batch
from gridloom.kernel import observability
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

QUARTERS = 35_040
START_MS = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
KEY = b"b" * 32
NOWHERE = Path("/dev/null").open("w")  # noqa: SIM115 - as long as the process
ROUNDS = 5
LIST_ROUNDS = 9


def serve_api(url: str, var: str, port: int) -> None:
    """The whole application, every part of it, in one process."""
    # Log lines are written as in production, to where nobody looks.
    observability.configure_logging("json", "info", NOWHERE)
    settings = Settings(var=var, rate_per_subject=10**9, rate_per_address=10**9)
    application = Application(settings, url, Sealer(KEY), roles=Roles.API)
    uvicorn.run(application.asgi, port=port, loop="uvloop", http="httptools", log_config=None, access_log=False)


def serve_bare(url: str, tenant: int, port: int) -> None:
    """The ceiling: one handler, one query, one encoder."""
    pool: Any = None
    encode = msgspec.json.Encoder(decimal_format="number").encode
    query = (
        "SELECT id, name, display_name, percentage, tax_identification_number_id, updated_at FROM charging.tax "
        f"WHERE tenant_id = {tenant} ORDER BY id LIMIT 51"
    )

    async def prepare(connection: Any) -> None:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=lambda v: b"\x01" + msgspec.json.encode(v),
            decoder=lambda d: msgspec.json.decode(d[1:]), format="binary",
        )  # fmt: skip

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            await receive()
            pool = await asyncpg.create_pool(url, min_size=10, max_size=10, init=prepare)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        rows = await pool.fetch(query)
        body = encode({"data": [_tax(row) for row in rows[:50]]})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_config=None, access_log=False)


def _tax(row: Any) -> Tax:
    return Tax(
        id=row[0], name=row[1], display_name=row[2], percentage=row[3], tax_identification_number_id=row[4],
        last_updated_at=row[5],
    )  # fmt: skip


@contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """A server of its own, gone afterwards."""
    started = multiprocessing.get_context("spawn").Process(target=target, args=arguments, daemon=True)
    started.start()
    try:
        yield started
    finally:
        started.terminate()
        started.join(10)


async def fill(url: str, var: str) -> tuple[int, str, int]:
    """A tenant with 200 taxes and a token; returns (tenant, token, a sensor's number)."""
    application = Application(Settings(var=var), url, Sealer(KEY), roles=Roles(0))
    async with application.running():
        identity = application.services.part(Identity)
        tenant = await identity.create_tenant("bench", "Bench")
        async with application.database.tenant(tenant) as tx:
            token = await identity.issue(tx, "service", scopes=["*"])
            for number in range(200):
                await tx.run(
                    "INSERT INTO charging.tax (tenant_id, name, percentage, display_name) VALUES (:t, :n, 21, :d)",
                    t=tenant, n=f"Tax {number}", d=[{"locale": "en", "translation": f"Tax {number}"}],
                )  # fmt: skip
    return tenant, token.secret, 1


async def wait_for(port: int, request: bytes) -> None:
    """Until the server answers."""
    for _ in range(200):
        try:
            await once(port, request)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    mark = "ok  " if ratio >= floor else "LOW "
    print(f"{mark}{name:<44} {ratio:6.2f}  (at least {floor})   {text}")


async def bench_list(api: int, bare: int, token: str) -> None:
    """A list of 50."""
    path = "/public-api/resources/taxes/v2.0?per_page=50&cursor="
    ours, theirs = [], []
    for _ in range(LIST_ROUNDS):
        theirs.append(await requests_per_second(bare, get("/", token), seconds=1.5))
        ours.append(await requests_per_second(api, get(path, token), seconds=1.5))
    # Each round's own ratio: what else the machine does changes from round to round.
    ratio = statistics.median(mine / ceiling for mine, ceiling in zip(ours, theirs, strict=True))
    rates = f"{statistics.median(ours):.0f} of {statistics.median(theirs):.0f} requests a second"
    say("declared list of 50 / bare handler", ratio, 0.5, rates)


async def bench_series(api: int, url: str, tenant: int, token: str) -> None:
    """A year of quarter hours in and out."""
    times = [START_MS + 900_000 * i for i in range(QUARTERS)]
    values = [round(0.05 + (i * 37 % 977) / 1000, 3) for i in range(QUARTERS)]
    body = msgspec.json.encode({"data": {"time": times, "value": values}})
    connection = await asyncpg.connect(url)
    writes, copies, reads, raws = [], [], [], []
    for number in range(ROUNDS + 1):
        key = await _sensor(api, token, number)
        path = f"/api/sensors/{key}/signals/132/data"
        started = time.perf_counter()
        await once(api, put(f"{path}/v2", token, body))
        writes.append(time.perf_counter() - started)
        copies.append(await _copy(connection, tenant, 10_000 + number, times, values))
        query = f"{path}?since={times[0]}&till={times[-1] + 1}&get_last=true"
        started = time.perf_counter()
        answer = await once(api, get(query, token))
        reads.append(time.perf_counter() - started)
        if msgspec.json.decode(answer)["data"]["value"] != values:
            raise RuntimeError("what was read is not what was written")
        raws.append(await _raw(connection, tenant, 10_000 + number))
    await connection.close()
    # The first round makes partitions and plans.
    write, copy, read, raw = (statistics.median(each[1:]) for each in (writes, copies, reads, raws))
    rates = f"{QUARTERS / write:,.0f} of {QUARTERS / copy:,.0f} rows a second"
    say("series write through the API / COPY", copy / write, 0.25, rates)
    say(
        "a year of quarter hours as JSON / raw query", raw / read, 0.5, f"{read * 1000:.0f} ms, raw {raw * 1000:.0f} ms"
    )


async def _sensor(api: int, token: str, number: int) -> str:
    request = (
        f"POST /api/sensors?client_cid=1&name=bench-{number} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        "Content-Length: 0\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", api)
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 201 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode())
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    key = msgspec.json.decode(await reader.readexactly(length))
    writer.close()
    return f"{key['client_cid']}.{key['sensor_mid']}"


async def _copy(connection: Any, tenant: int, channel: int, times: list[int], values: list[float]) -> float:
    copy = Copy(Batch.of(channel, times, values), tenant, START_MS * 1000)
    blocks = [block async for block in copy.blocks()]

    async def source() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    started = time.perf_counter()
    await connection.copy_to_table(
        "reading", schema_name="series", columns=copy.columns, format="binary", source=source()
    )
    return time.perf_counter() - started


async def _raw(connection: Any, tenant: int, channel: int) -> float:
    started = time.perf_counter()
    rows = await connection.fetch(
        "SELECT cap_time, value FROM series.reading WHERE tenant_id = $1 AND channel_id = $2 ORDER BY cap_time",
        tenant,
        channel,
    )
    msgspec.json.encode({"time": [r[0] for r in rows], "value": [r[1] for r in rows]})
    return time.perf_counter() - started


def main() -> None:
    """Every pair, one after the other."""
    folder = Path(tempfile.mkdtemp(prefix="gridloom-bench-"))
    server = EmbeddedServer(folder / "postgres", settings={"max_wal_size": "4GB"}).start()
    try:
        load_tables()
        url, var = server.url(), str(folder)
        migrate(url)
        tenant, token, _ = asyncio.run(fill(url, var))
        with process(serve_api, url, var, 18911), process(serve_bare, url, tenant, 18912):
            asyncio.run(wait_for(18911, get("/health/live", token)))
            asyncio.run(wait_for(18912, get("/", token)))
            asyncio.run(bench_list(18911, 18912, token))
            asyncio.run(bench_series(18911, url, tenant, token))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
