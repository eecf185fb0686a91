"""Stations that cost next to nothing: OCPP 1.6J on a bare transport, so that what is measured is the server.

Frames are masked with zeros, which leaves them as they are: a station that hides its bytes from proxies in between pays for
each of them, and there are none here.
"""

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

PASSWORD = "benchmark-password-16"
PLAN = ("values", "status", "values", "beat", "values", "values", "status", "values", "beat", "values")
FLIPS = 10
"""Of so many statuses one is another than the one before: stations mostly repeat themselves."""
TEXT, PONG, ENDS, PING = 0x81, 0x8A, 0x88, 0x89
NO_MASK = b"\x00\x00\x00\x00"


class Refused(ConnectionError):
    """The door said no, or nothing."""


def now() -> str:
    """This instant as it travels."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Station(asyncio.Protocol):
    """One socket, and what a station in the middle of a transaction says on it."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.transaction = 0
        self.register_wh = 1_000
        self.sent = 0
        # Each begins somewhere else in the plan, as they would.
        self.steps, self.statuses = number, number
        self._transport: Any = None  # uvloop's is of no class of asyncio
        self._buffer = b""
        self._upgraded = False
        self._answer: asyncio.Future[bytes] | None = None

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer hears none."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Refused(f"{self.name}: {exc}"))

    def data_received(self, data: bytes) -> None:
        """The answer to the upgrade, then frames."""
        self._buffer += data
        if not self._upgraded:
            if b"\r\n\r\n" in self._buffer and self._answer is not None and not self._answer.done():
                head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
                self._upgraded = True
                self._answer.set_result(head)
            return
        for kind, payload in self._frames():
            if kind == TEXT and payload.startswith(b"[2"):
                self._send(b'[4,%s,"NotSupported","",{}]' % json.dumps(json.loads(payload)[1]).encode())
            elif kind == TEXT and self._answer is not None and not self._answer.done():
                self._answer.set_result(payload)
            elif kind == PING:
                self._send(payload, PONG)
            elif kind == ENDS:
                self.abort()

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        buffer = self._buffer
        while len(buffer) >= 2:
            size, begins = buffer[1], 2
            if size == 126:
                size, begins = int.from_bytes(buffer[2:4], "big"), 4
            if len(buffer) < begins + size:
                break
            yield buffer[0], buffer[begins : begins + size]
            buffer = self._buffer = buffer[begins + size :]

    def _send(self, payload: bytes, kind: int = TEXT) -> None:
        if self._transport is None:
            raise Refused(self.name)
        size = len(payload)
        head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
        self._transport.write(head + NO_MASK + payload)

    async def ask(self, data: bytes) -> bytes:
        """Write bytes as they are; gives the head of the answer. Refused when there is none."""
        if self._transport is None:
            raise Refused(self.name)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._answer

    def abort(self) -> None:
        """Gone without a goodbye."""
        if self._transport is not None:
            self._transport.abort()

    # What it says

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        """Send, and wait for the answer. RuntimeError when it is an error, Refused when the line is gone."""
        self.sent += 1
        self._answer = asyncio.get_running_loop().create_future()
        self._send(b'[2,"%d","%s",%s]' % (self.sent, action.encode(), json.dumps(payload).encode()))
        answer = json.loads(await self._answer)
        if answer[0] != 3:
            raise RuntimeError(f"{action}: {answer[2:]}")
        return answer[2]

    async def boot(self) -> None:
        """Boot, be free."""
        await self.call("BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "B1"})
        await self.status("Available")

    async def begin(self, tag: str) -> None:
        """Boot, be free, start to charge; the first values make the series of the EVSE."""
        await self.boot()
        begun = await self.call(
            "StartTransaction", {"connectorId": 1, "idTag": tag, "meterStart": self.register_wh, "timestamp": now()}
        )
        if begun["idTagInfo"]["status"] != "Accepted":
            raise RuntimeError(str(begun))
        self.transaction = begun["transactionId"]
        await self.status("Charging")
        await self.values()

    async def status(self, status: str) -> None:
        """Tell a status."""
        told = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": now()}
        await self.call("StatusNotification", told)

    async def values(self) -> None:
        """Tell register, power and state of charge."""
        self.register_wh += 30
        sampled = [
            {"value": str(self.register_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
            {"value": "11.0", "measurand": "Power.Active.Import", "unit": "kW"},
            {"value": "55", "measurand": "SoC", "unit": "Percent"},
        ]
        values = [{"timestamp": now(), "sampledValue": sampled}]
        await self.call("MeterValues", {"connectorId": 1, "transactionId": self.transaction, "meterValue": values})

    async def step(self) -> None:
        """The next message of the plan."""
        self.steps += 1
        kind = PLAN[self.steps % len(PLAN)]
        if kind == "values":
            await self.values()
        elif kind == "status":
            self.statuses += 1
            await self.status("Charging" if self.statuses // FLIPS % 2 else "SuspendedEV")
        else:
            await self.call("Heartbeat", {})


async def connected(name: str, port: int, number: int = 0) -> Station:
    """One attempt. Refused when the door does not open."""
    pair = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ocpp/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
        f"Authorization: Basic {pair}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    try:
        _, station = await loop.create_connection(lambda: Station(name, number), "127.0.0.1", port)
    except OSError as error:
        raise Refused(name) from error
    try:
        async with asyncio.timeout(30):
            answer = await station.ask(head.encode())
    except TimeoutError as error:
        station.abort()
        raise Refused(name) from error
    if not answer.startswith(b"HTTP/1.1 101"):
        station.abort()
        raise Refused(f"{name}: {answer.splitlines()[0].decode()}")
    return station


async def dial(name: str, port: int, number: int = 0) -> Station:
    """A station that is let in, however busy the door is; it tries twice a second for a minute."""
    for _ in range(120):
        try:
            return await connected(name, port, number)
        except Refused:
            await asyncio.sleep(0.5)
    raise TimeoutError(name)
