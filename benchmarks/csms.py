"""Heartbeats and states of charge points: messages a second that are committed when the station hears its answer.

    .venv/bin/python benchmarks/csms.py [stations …]

One `gridloom run --only ocpp` on an embedded PostgreSQL of its own; the stations are sockets of this process, half of what
they send are heartbeats, half are states. Each waits for its answer before it goes on, so that many stations show how much
is written together, and one alone shows what a commit costs.
"""

import asyncio
import base64
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from gridloom.charging.stations.secrets import seal_password
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.migrate import migrate
from gridloom.kernel.database.pool import Database
from gridloom.kernel.discovery import load_tables
from gridloom.kernel.security.sealing import Sealer

PORT = 18_981
KEY = b"k" * 32
PASSWORD = "benchmark-password-16"
SECONDS = 10.0
FLOORS = {1: 0.0, 50: 0.3, 1000: 0.3}  # of the 1,000 messages a second that are aimed at
AIM = 1_000
FEW = 20
GATE = asyncio.Semaphore(200)
WORDS = ("Available", "Preparing", "Charging", "Finishing")


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    mark = "ok  " if ratio >= floor else "LOW "
    print(f"{mark}{name:<44} {ratio:6.2f}  (at least {floor})   {text}", flush=True)


async def prepare(url: str, count: int) -> None:
    """A tenant with stations, each with one EVSE."""
    database = await Database(url).open()
    async with database.system() as tx:
        tenant = await tx.scalar("INSERT INTO identity.tenant (slug, name) VALUES ('bench', 'Bench') RETURNING id")
    sealed = seal_password(Sealer(KEY), tenant, PASSWORD)
    async with database.tenant(tenant) as tx:
        await tx.run(
            "INSERT INTO charging.charge_point (tenant_id, operator_id, name, type, status, network_id, network_password) "
            "SELECT :tenant, 1, 'CP-' || n, 'public', 'enabled', 'CP-' || n, :sealed FROM generate_series(1, :count) n",
            tenant=tenant, sealed=sealed, count=count,
        )  # fmt: skip
        await tx.run(
            "INSERT INTO charging.evse (tenant_id, charge_point_id, operator_id, physical_reference, network_id, "
            "current_type, status) SELECT tenant_id, id, 1, name, '1', 'ac', 'enabled' FROM charging.charge_point"
        )
    await database.close()


async def ask(socket: ClientConnection, number: int, action: str, payload: dict[str, Any]) -> float:
    """One message and its answer; seconds between them."""
    started = time.perf_counter()
    await socket.send(msgspec.json.encode([2, str(number), action, payload]).decode())
    answer = msgspec.json.decode(await socket.recv())
    if answer[0] != 3:
        raise RuntimeError(f"{action} was answered {answer}")
    return time.perf_counter() - started


async def dialled(number: int) -> ClientConnection:
    """A socket of a station."""
    name = f"CP-{number}"
    pair = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
    return await connect(
        f"ws://127.0.0.1:{PORT}/ocpp/{name}", subprotocols=[Subprotocol("ocpp1.6")], compression=None, proxy=None,
        ping_interval=None, additional_headers={"Authorization": f"Basic {pair}"}, open_timeout=60,
    )  # fmt: skip


async def dial(number: int, gate: asyncio.Semaphore) -> ClientConnection:
    """A station that has booted."""
    async with gate:
        socket = await dialled(number)
    await ask(socket, 0, "BootNotification", {"chargePointVendor": "Gridloom", "chargePointModel": "Bench"})
    return socket


async def chatter(socket: ClientConnection, until: float, waits: list[float]) -> None:
    """Heartbeats and states in turn."""
    number = 0
    while time.perf_counter() < until:
        number += 1
        if number % 2:
            waits.append(await ask(socket, number, "Heartbeat", {}))
        else:
            state = {"connectorId": 1, "errorCode": "NoError", "status": WORDS[number // 2 % len(WORDS)]}
            waits.append(await ask(socket, number, "StatusNotification", state))


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure(url: str, pid: int, count: int) -> None:
    """One line for a number of stations."""
    held = memory(pid)
    began = time.perf_counter()
    sockets = await asyncio.gather(*(dial(number, GATE) for number in range(1, count + 1)))
    there = time.perf_counter() - began
    each = (memory(pid) - held) / count
    before = await states(url)
    waits: list[float] = []
    spent, started = processor(pid), time.perf_counter()
    await asyncio.gather(*(chatter(socket, started + SECONDS, waits) for socket in sockets))
    took, spent = time.perf_counter() - started, processor(pid) - spent
    kept = await states(url) - before
    asked = len(waits)
    if kept < asked // 2 - count or kept > asked // 2 + count:
        raise RuntimeError(f"{kept} states were kept of {asked} messages")
    p99 = statistics.quantiles(waits, n=100)[98] * 1000
    text = (
        f"{asked / took:,.0f} messages a second; answer after {statistics.median(waits) * 1000:.1f} ms, p99 {p99:.0f} ms; "
        f"{spent / asked * 1e6:,.0f} µs of processor a message; all there after {there:.1f} s"
    )
    text += f", {each / 1024:.0f} kB a connection" if count > 100 else ""
    say(f"committed messages / {count} stations", asked / took / AIM, FLOORS.get(count, 0.0), text)
    await asyncio.gather(*(socket.close() for socket in sockets))


async def storm(count: int) -> None:
    """All but a few lose their line and come back at once; how long the few wait for their heartbeats meanwhile."""
    few = [await dial(number, asyncio.Semaphore(1)) for number in range(1, FEW + 1)]
    names = range(FEW + 1, count + 1)
    sockets = await asyncio.gather(*(dial(number, GATE) for number in names))
    for socket in sockets:
        socket.transport.abort()
    over = asyncio.Event()
    waits: list[float] = []

    async def beats(socket: ClientConnection) -> None:
        number = 0
        while not over.is_set():
            number += 1
            waits.append(await ask(socket, number, "Heartbeat", {}))
            await asyncio.sleep(0.1)

    beating = [asyncio.create_task(beats(socket)) for socket in few]
    began = time.perf_counter()
    sockets = await asyncio.gather(*(again(number) for number in names))
    took = time.perf_counter() - began
    over.set()
    await asyncio.gather(*beating)
    p99 = statistics.quantiles(waits, n=100)[98] * 1000
    say(
        f"storm of {count - FEW} / others' p99 of 100 ms", 100 / p99, 0.0,
        f"p99 {p99:.0f} ms of {len(waits)} heartbeats, median {statistics.median(waits) * 1000:.0f} ms",
    )  # fmt: skip
    say(f"storm of {count - FEW} / all back in 30 s", 30 / took, 1.0, f"{took:.1f} s")
    await asyncio.gather(*(socket.close() for socket in [*few, *sockets]))


async def again(number: int) -> ClientConnection:
    """A station that tries until it is back; it does not boot again."""
    while True:
        try:
            socket = await dialled(number)
        except (OSError, WebSocketException):
            await asyncio.sleep(0.5)
        else:
            await ask(socket, 1, "Heartbeat", {})
            return socket


async def states(url: str) -> int:
    """States in the log."""
    database = await Database(url, size=2).open()
    async with database.system() as tx:
        count: int = await tx.scalar("SELECT count(*) FROM charging.hardware_status_log")
    await database.close()
    return count


async def run(url: str, pid: int, counts: list[int]) -> None:
    """All of them."""
    await prepare(url, max(counts))
    for count in counts:
        await measure(url, pid, count)
    await storm(max(counts))


def main() -> None:
    """A database, a process for charge points, and this one."""
    counts = [int(each) for each in sys.argv[1:]] or [1, 50, 1000]
    with tempfile.TemporaryDirectory(prefix="gridloom-bench-") as var:
        server = EmbeddedServer(Path(var) / "postgres").start()
        try:
            load_tables()
            migrate(server.url())
            environment = {
                **os.environ, "DATABASE_URL": server.url(), "GRIDLOOM_VAR": var, "GRIDLOOM_OCPP_PORT": str(PORT),
                "GRIDLOOM_SECRET_KEY": base64.b64encode(KEY).decode(), "GRIDLOOM_LOG_LEVEL": "error",
                "GRIDLOOM_OCPP_RATE": "100000",
            }  # fmt: skip
            command = [str(Path(sys.executable).parent / "gridloom"), "run", "--only", "ocpp"]
            door = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            try:
                assert door.stdout is not None
                assert "charge points" in door.stdout.readline()
                uvloop.run(run(server.url(), door.pid, counts))
            finally:
                door.send_signal(signal.SIGINT)
                door.wait(60)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
