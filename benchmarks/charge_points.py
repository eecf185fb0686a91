"""What an OCPP message costs: reading and checking alone, over a socket against a bare echo, under a neighbour's flood,
and the memory of an idle connection.

    .venv/bin/python benchmarks/charge_points.py

Listener, echo and clients share one process and one loop, so that both sides of each pair pay the same for the client.
"""

import asyncio
import gc
import logging
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from gridloom.charging.ocpp.admission import Policy
from gridloom.charging.ocpp.connection import Connection, Limits
from gridloom.charging.ocpp.listener import Listener
from gridloom.charging.ocpp.messages.framing import Call, read
from gridloom.charging.ocpp.messages.schemas import checks
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.ports import Refusal, Station

ROUNDS = 7
MESSAGES = 2_000
IDLE = 500
METER_VALUES = {
    "connectorId": 1,
    "transactionId": 4711,
    "meterValue": [
        {
            "timestamp": "2026-01-01T00:00:00Z",
            "sampledValue": [
                {"value": "123456.7", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
                {"value": "7.4", "measurand": "Power.Active.Import", "unit": "kW"},
                {"value": "230.1", "measurand": "Voltage", "phase": "L1", "unit": "V"},
            ],
        }
    ],
}
ANSWERS: dict[str, dict[str, Any]] = {"Heartbeat": {"currentTime": "2026-01-01T00:00:00Z"}, "MeterValues": {}}


class Open:
    """Everybody is known, nobody proves anything: the doorkeeper is not what is measured."""

    async def lookup(self, network_id: str) -> list[Station]:
        """A station of profile 0."""
        return [Station(network_id, key=network_id, profile=0)]

    async def pending(self, network_id: str, address: str, version: Version) -> None:
        """Nobody is unknown."""


class Nothing:
    """A handler that answers and does nothing."""

    async def connected(self, connection: Connection) -> None:
        """Nothing."""

    async def disconnected(self, connection: Connection) -> None:
        """Nothing."""

    async def handle(self, station: Station, version: Version, action: str, payload: dict[str, Any]) -> Any | Refusal:  # noqa: ARG002 - the interface
        """The constant answer."""
        return ANSWERS[action]


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    mark = "ok  " if ratio >= floor else "LOW "
    print(f"{mark}{name:<44} {ratio:6.2f}  (at least {floor})   {text}")


def frame(number: int, action: str, payload: dict[str, Any]) -> str:
    """A call."""
    return msgspec.json.encode([2, str(number), action, payload]).decode()


def bench_reading() -> None:
    """The decoder and the schema check alone, against all that a frame goes through."""
    for action, payload, floor in (("Heartbeat", {}, 0.08), ("MeterValues", METER_VALUES, 0.4)):
        texts = [frame(number, action, payload) for number in range(10_000)]
        valid, decode = checks(Version.V16).requests[action].is_valid, msgspec.json.decode
        ratios, rates = [], []
        for _ in range(ROUNDS):
            alone = timed(lambda text: valid(decode(text)[3]), texts)  # noqa: B023 - called at once
            checked = timed(lambda text: read(text, Version.V16), texts)
            ratios.append(alone / checked)
            rates.append(len(texts) / checked)
        assert isinstance(read(texts[0], Version.V16), Call)
        rate = statistics.median(rates)
        say(f"decoder and schema / {action} read", statistics.median(ratios), floor, f"{rate:,.0f} a second")


def timed(read_one: Callable[[str], Any], texts: list[str]) -> float:
    """CPU seconds for all of them."""
    started = time.process_time()
    for text in texts:
        read_one(text)
    return time.process_time() - started


async def dial(port: int, name: str) -> ClientConnection:
    """A station."""
    return await connect(
        f"ws://127.0.0.1:{port}/ocpp/{name}", subprotocols=[Subprotocol("ocpp1.6")], compression=None, proxy=None,
        ping_interval=None,
    )  # fmt: skip


async def exchange(socket: ClientConnection, texts: list[str]) -> float:
    """CPU seconds of the process for all, one after the other as the standard wants it."""
    started = time.process_time()
    for text in texts:
        await socket.send(text)
        await socket.recv()
    return time.process_time() - started


async def bench_echo(listener: Listener) -> None:
    """The same messages to the listener and to an echo that answers with text of the same length as ours."""
    answer = '[3,"12345",{"currentTime":"2026-01-01T00:00:00Z"}]'

    async def echo(socket: ServerConnection) -> None:
        async for _ in socket:
            await socket.send(answer)

    async with serve(echo, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        bare = await connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None, ping_interval=None)
        ours = await dial(listener.port, "ECHO")
        for action, payload in (("Heartbeat", {}), ("MeterValues", METER_VALUES)):
            costs, echoes = [], []
            for number in range(ROUNDS + 1):
                texts = [frame(number * MESSAGES + i, action, payload) for i in range(MESSAGES)]
                echoes.append(await exchange(bare, texts))
                costs.append(await exchange(ours, texts))
            # The first round warms up.
            ratio = statistics.median(e / c for e, c in zip(echoes[1:], costs[1:], strict=True))
            cost, bound = (statistics.median(each[1:]) / MESSAGES * 1e6 for each in (costs, echoes))
            say(
                f"bare echo / {action} answered, client included",
                ratio,
                0.4,
                f"{cost:.0f} µs, echo {bound:.0f} µs of CPU",
            )
        await bare.close()
        await ours.close()


async def bench_flood(listener: Listener) -> None:
    """p99 of a quiet station while another sends without pause, against p99 while it is quiet too."""
    quiet, loud = await dial(listener.port, "QUIET"), await dial(listener.port, "LOUD")
    alone = await p99(quiet, 1_000, 0)

    async def flood() -> None:
        number = 0
        while True:
            number += 1
            await loud.send(frame(number, "MeterValues", METER_VALUES))
            await asyncio.sleep(0)

    async def drain() -> None:
        async for _ in loud:
            pass

    tasks = [asyncio.create_task(flood()), asyncio.create_task(drain())]
    await asyncio.sleep(0.5)
    crowded = await p99(quiet, 1_000, 1_000_000)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    loud.transport.abort()
    await quiet.close()
    say("p99 alone / p99 beside a flood", alone / crowded, 0.05, f"{alone * 1000:.2f} ms, {crowded * 1000:.2f} ms")


async def p99(socket: ClientConnection, count: int, first: int) -> float:
    """Of heartbeats one after the other, seconds."""
    waits = []
    for number in range(count):
        started = time.perf_counter()
        await socket.send(frame(first + number, "Heartbeat", {}))
        await socket.recv()
        waits.append(time.perf_counter() - started)
    return statistics.quantiles(waits, n=100)[98]


def resident_kb() -> int:
    """Memory of this process."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


async def bare_client(port: int, name: str) -> asyncio.StreamWriter:
    """A station of which the client side costs next to nothing: a handshake by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(
        f"GET /ocpp/{name} HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head:
        raise RuntimeError(head.decode())
    return writer


async def grown(prepare: Callable[[int], Awaitable[asyncio.StreamWriter]]) -> float:
    """kB of resident memory that each of IDLE connections takes, both ends."""
    before = resident_kb()
    writers = [await prepare(number) for number in range(IDLE)]
    await asyncio.sleep(0.5)
    size = (resident_kb() - before) / IDLE
    for writer in writers:
        writer.close()
    await asyncio.sleep(0.5)
    return size


async def bench_memory(listener: Listener) -> None:
    """Both ends of an idle connection, less a bare TCP pair."""
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def bare(_: int) -> asyncio.StreamWriter:
        return (await asyncio.open_connection("127.0.0.1", port, limit=1024))[1]

    tcp = await grown(bare)
    server.close()
    idle = await grown(lambda number: bare_client(listener.port, f"IDLE-{number}"))
    say(
        "40 kB / memory of an idle connection",
        40 / max(idle, 0.1),
        1.0,
        f"{idle:.1f} kB with its client (bare TCP {tcp:.1f})",
    )


async def storm(port: int, count: int) -> float:
    """Seconds until so many stations, all at once, are connected."""
    started = time.perf_counter()
    writers = await asyncio.gather(*(bare_client(port, f"STORM-{number}") for number in range(count)))
    took = time.perf_counter() - started
    for writer in writers:
        writer.close()
    await asyncio.sleep(0.5)
    return took


async def bench_storm(listener: Listener) -> None:
    """1,000 stations that come back at once, against a server that lets in everybody."""

    async def stay(socket: ServerConnection) -> None:
        await socket.wait_closed()

    names = [Subprotocol("ocpp1.6")]
    async with serve(
        stay, "127.0.0.1", 0, compression=None, ping_interval=None, subprotocols=names, backlog=1024
    ) as server:
        port = server.sockets[0].getsockname()[1]
        pairs = [(await storm(port, 1_000), await storm(listener.port, 1_000)) for _ in range(3)]
    bare, ours = (statistics.median(each) for each in zip(*pairs, strict=True))
    say("everybody let in / 1,000 stations at once", bare / ours, 0.4, f"{ours:.2f} s, bare {bare:.2f} s")


async def bench() -> None:
    """Every pair."""
    policy = Policy(connects=10**9)
    async with Listener(Open(), Nothing(), policy=policy, limits=Limits(rate=1e9, burst=1e9)) as listener:
        await bench_memory(listener)
        await bench_storm(listener)
        await bench_echo(listener)
        await bench_flood(listener)


def main() -> None:
    """Reading first, then over sockets."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    bench_reading()
    uvloop.run(bench())


if __name__ == "__main__":
    main()
