"""Charge points that live: messages a second that are in the database when the station hears its answer, and the API meanwhile.

    .venv/bin/python benchmarks/live.py [--seconds 60] [--stations 50,1000,5000] [--rate 1000]

One `gridloom run` serves HTTP, charge points and background work. The stations are sockets of another process that send what
they are told: of ten messages six carry meter values of a running transaction, two a status, two are heartbeats. `rate` is what
they send together; a station waits for each answer, and of ten statuses nine repeat the one before. Meanwhile the API answers
20 reads a second. With `--rate 0` the stations send as fast as they are answered.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvloop
from stations import PASSWORD, Station, dial, now

OCPP_PORT, PORT = 18970, 18971
ASKED_RATE, ASKED_P99_MS = 1_000, 200
READS_A_SECOND = 20


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    url: str
    token: str
    pid: int


async def load(count: int, seconds: float, rate: float) -> dict[str, float]:
    """The stations' side: connect, begin, wait for the word `go`, send, and tell what came of it."""
    limit = asyncio.Semaphore(50)

    async def arrive(number: int) -> Station:
        async with limit:
            station = await dial(f"BENCH-{number:04d}", OCPP_PORT, number)
            await station.begin(f"BENCHTAG{number:04d}")
            return station

    started = time.perf_counter()
    stations = await asyncio.gather(*[arrive(number) for number in range(count)])
    arrived = time.perf_counter() - started
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    until = time.perf_counter() + seconds
    waits: list[float] = []
    pause = count / rate if rate else 0.0

    async def live(station: Station, number: int) -> None:
        due = time.perf_counter() + pause * number / count
        while due < until and time.perf_counter() < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            await station.step()
            waits.append(time.perf_counter() - began)
            due = max(due + pause, began)

    began = time.perf_counter()
    await asyncio.gather(*[live(station, number) for number, station in enumerate(stations)])
    took = time.perf_counter() - began
    registers = sum(each.register_wh for each in stations)
    for each in stations:
        each.abort()
    return {
        "rate": len(waits) / took, "arrived_s": arrived, "answer_p50_ms": percentile(waits, 50),
        "answer_p99_ms": percentile(waits, 99), "messages": len(waits), "registers_wh": registers,
    }  # fmt: skip


def percentile(seconds: Sequence[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000 if len(seconds) > 1 else 0.0


async def prepare(url: str, var: str, count: int) -> str:
    """An operator, `count` stations with an EVSE each, as many drivers with a tag each; gives a token."""
    from gridloom import runtime
    from gridloom.app import Application, Roles
    from gridloom.charging.stations.public import add_operator
    from gridloom.charging.stations.secrets import seal_password
    from gridloom.core.identity.store import Identity
    from gridloom.kernel.database.statement import sql
    from gridloom.settings import Settings

    settings = Settings(var=var, database_url=url)
    sealer = runtime.sealer(settings)
    application = Application(settings, url, sealer, roles=Roles(0))
    async with application.running():
        identity = application.services.part(Identity)
        tenant = await identity.create_tenant("bench", "Bench")
        async with application.database.tenant(tenant) as tx:
            operator = await add_operator(tx, "Bench", is_default=True)
            token = await identity.issue(tx, "charging", name="bench", scopes=["*"])
            numbers = {"tenant": tenant, "operator": operator, "count": count}
            await tx.run(
                sql(
                    "INSERT INTO charging.location (tenant_id, operator_id, latitude, longitude, country) "
                    "VALUES (:tenant, :operator, 51, 4, 'BE')"
                ),
                tenant=tenant, operator=operator,
            )  # fmt: skip
            await tx.run(
                sql(
                    "INSERT INTO charging.charge_point (tenant_id, operator_id, name, type, status, location_id, network_id, "
                    "network_protocol, network_password) SELECT :tenant, :operator, 'B' || n, 'public', 'enabled', l.id, "
                    "'BENCH-' || lpad(n::text, 4, '0'), 'ocpp 1.6', :password FROM charging.location l, "
                    "generate_series(0, CAST(:count AS integer) - 1) n"
                ),
                password=seal_password(sealer, tenant, PASSWORD), **numbers,
            )  # fmt: skip
            await tx.run(
                sql(
                    "INSERT INTO charging.evse (tenant_id, charge_point_id, operator_id, physical_reference, network_id, "
                    "current_type, status) SELECT tenant_id, id, operator_id, network_id, '1', 'ac', 'enabled' "
                    "FROM charging.charge_point"
                )
            )
    await drivers(token.secret, operator, url, var, count)
    return token.secret


async def drivers(token: str, operator: int, url: str, var: str, count: int) -> None:
    """One driver, made as an integrator would, and copies: a row of each is written when its session starts."""
    from gridloom import runtime
    from gridloom.app import Application, Roles
    from gridloom.kernel.database.statement import sql
    from gridloom.settings import Settings

    settings = Settings(var=var, database_url=url)
    application = Application(settings, url, runtime.sealer(settings), roles=Roles.API)
    async with application.running():
        transport = httpx.ASGITransport(app=application.asgi)
        headers = {"Authorization": f"Bearer {token}"}
        person = {
            "operatorId": operator, "email": "bench@gridloom.example", "password": PASSWORD, "emailVerified": now(),
        }  # fmt: skip
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            answer = await client.post("/public-api/resources/users/v1.1", json=person)
            if answer.status_code != 201:
                raise RuntimeError(answer.text)
        async with application.database.system() as tx:
            await tx.run(
                sql(
                    "INSERT INTO charging.driver (tenant_id, operator_id, party_id, email, email_key, password_hash, "
                    "email_verified_at, created_by) SELECT d.tenant_id, d.operator_id, d.party_id, n || d.email, "
                    "n || d.email_key, d.password_hash, d.email_verified_at, d.created_by "
                    "FROM charging.driver d, generate_series(1, CAST(:count AS integer) - 1) n"
                ),
                count=count,
            )  # fmt: skip
            await tx.run(
                sql(
                    "INSERT INTO charging.id_tag (tenant_id, operator_id, uid, uid_key, status, driver_id) "
                    "SELECT d.tenant_id, d.operator_id, t.uid, t.uid, 'enabled', d.id "
                    "FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS number FROM charging.driver) d "
                    "CROSS JOIN LATERAL (SELECT 'BENCHTAG' || lpad(d.number::text, 4, '0') AS uid) t"
                )
            )
            await tx.run("ANALYZE")


async def reads(token: str, stop: asyncio.Event) -> list[float]:
    """How long the API takes, meanwhile: lists of charge points and sessions in turn."""
    found: list[float] = []
    paths = ("charge-points/v2.0?cursor=&per_page=20", "sessions/v1.0?cursor=&per_page=20")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{PORT}", headers=headers, trust_env=False, timeout=60
    ) as client:
        number = 0
        while not stop.is_set():
            began = time.perf_counter()
            answer = await client.get(f"/public-api/resources/{paths[number % 2]}")
            found.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
            number += 1
            await asyncio.sleep(max(0.0, 1 / READS_A_SECOND - found[-1]))
    return found


async def persisted(url: str) -> tuple[int, int]:
    """Wh of all sessions' newest registers, and statuses kept."""
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        wh = await connection.fetchval("SELECT coalesce(sum(meter_wh), 0)::bigint FROM charging.session")
        return int(wh), int(await connection.fetchval("SELECT count(*) FROM charging.hardware_status_log"))
    finally:
        await connection.close()


async def settled(url: str) -> None:
    """Until the work behind the arrivals is done: events told, jobs run."""
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        for _ in range(600):
            waiting = await connection.fetchval(
                "SELECT (SELECT count(*) FROM events.outbox WHERE relayed_at IS NULL) "
                "+ (SELECT count(*) FROM events.handling WHERE status = 'waiting') "
                "+ (SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'doing' OR status = 'todo' "
                "AND coalesce(scheduled_at, now()) <= now())"
            )
            if waiting == 0:
                return
            await asyncio.sleep(0.2)
        raise TimeoutError
    finally:
        await connection.close()


def resident_mb(pid: int) -> float:
    """Of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@asynccontextmanager
async def served(count: int) -> AsyncIterator[Served]:
    """A server on a fresh database with so many stations on record."""
    from gridloom.kernel.database.embedded import EmbeddedServer
    from gridloom.kernel.database.migrate import migrate
    from gridloom.kernel.discovery import load_tables

    with tempfile.TemporaryDirectory(prefix="gridloom-bench-") as var:
        database = EmbeddedServer(Path(var) / "postgres")
        database.start()
        try:
            url = database.url()
            load_tables()
            await asyncio.to_thread(migrate, url)
            token = await prepare(url, var, count)
            environment = {
                **os.environ, "DATABASE_URL": url, "GRIDLOOM_VAR": var, "GRIDLOOM_OCPP_PORT": str(OCPP_PORT),
                "GRIDLOOM_LOG_LEVEL": "error", "GRIDLOOM_RATE_PER_SUBJECT": "1000000",
            }  # fmt: skip
            command = [str(Path(sys.executable).parent / "gridloom"), "run", "--no-demo", "--port", str(PORT)]
            nowhere = subprocess.DEVNULL
            # Nothing else runs in this loop yet.
            server = subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)  # noqa: ASYNC220 - see above
            try:
                await answering()
                yield Served(url, token, server.pid)
            finally:
                server.send_signal(signal.SIGINT)
                await asyncio.to_thread(server.wait, 60)
        finally:
            database.stop()


async def measure(count: int, seconds: float, rate: float) -> None:
    """One level."""
    async with served(count) as server:
        await level(server.url, server.token, server.pid, count, seconds, rate)


async def answering() -> None:
    """Until the server is there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(600):
            try:
                if (await client.get(f"http://127.0.0.1:{PORT}/health/live")).status_code == 200:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
    raise TimeoutError


async def level(url: str, token: str, server: int, count: int, seconds: float, rate: float) -> None:
    """Stations in a process of their own, reads in this one."""
    before_mb = resident_mb(server)
    stations = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--load", str(count), "--seconds", str(seconds), "--rate", str(rate),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert stations.stdout is not None
    assert stations.stdin is not None
    ready = await stations.stdout.readline()
    if ready.strip() != b"ready":
        raise RuntimeError("the stations did not get ready")
    began = time.perf_counter()
    await settled(url)
    settling = time.perf_counter() - began
    idle_kb = (resident_mb(server) - before_mb) * 1000 / count
    stop = asyncio.Event()
    reading = asyncio.create_task(reads(token, stop))
    stations.stdin.write(b"go\n")
    result = json.loads(await stations.stdout.read())
    stop.set()
    api = await reading
    stored_wh, statuses = await persisted(url)
    if stored_wh != result["registers_wh"]:
        raise RuntimeError(f"{result['registers_wh'] - stored_wh} Wh were answered and are not there")
    asked, p99, name = rate or ASKED_RATE, percentile(api, 99), f"{count} stations"
    waits = f"a station waits {result['answer_p50_ms']:.0f} ms, p99 {result['answer_p99_ms']:.0f} ms"
    floor = 0.95 if count <= 1000 else 0.5
    say(
        f"messages persisted / asked, {name}", result["rate"] / asked, floor, f"{result['rate']:,.0f} a second; {waits}"
    )
    arrived = f"all charge after {result['arrived_s']:.1f} s, settled {settling:.1f} s later; {statuses} statuses"
    arrived += f"; {idle_kb:.0f} kB more a station that is idle"
    read = f"p99 {p99:.0f} ms, median {percentile(api, 50):.0f} ms, {len(api)} reads; {arrived}"
    say(f"asked p99 of reads / measured, {name}", ASKED_P99_MS / max(p99, 0.001), 1.0, read)


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    print(f"{'ok  ' if ratio >= floor else 'LOW '}{name:<44} {ratio:6.2f}  (at least {floor})   {text}", flush=True)


def main() -> None:
    """Each level, or the stations of one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--stations", default="50,1000,5000")
    parser.add_argument("--rate", type=float, default=ASKED_RATE)
    parser.add_argument("--load", type=int)
    given = parser.parse_args()
    if given.load is not None:
        print(json.dumps(uvloop.run(load(given.load, given.seconds, given.rate))), flush=True)
        return
    for count in given.stations.split(","):
        uvloop.run(measure(int(count), given.seconds, given.rate))


if __name__ == "__main__":
    main()
