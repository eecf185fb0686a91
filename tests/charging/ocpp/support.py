"""Stations in memory, a handler that remembers, and bare sockets on the other end."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.charging.ocpp.generate import published, smallest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from gridloom.charging.ocpp.admission import Policy
from gridloom.charging.ocpp.connection import Connection, Limits
from gridloom.charging.ocpp.listener import Listener
from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.ports import Frame, Incident, KeyedDigest, Refusal, Station

SECRET = "a-password-of-16+"
TIME = {"currentTime": "2026-01-01T00:00:00Z"}
HEARTBEAT = [2, "1", "Heartbeat", {}]
METER_VALUES = smallest(published(Version.V16)["MeterValues"][0])
UNHURRIED = Limits(rate=1e9, burst=1e9, volume=1e12, volume_burst=1e12, message_size=2**24)


def station(network_id: str = "CP-1", password: str | None = SECRET, **facts: Any) -> Station:
    """A station that proves itself with a password."""
    held = () if password is None else (KeyedDigest.of(password.encode(), b"salt"),)
    return Station(network_id, key=(1, network_id), credentials=held, **facts)


class Memory:
    """Stations in a dictionary."""

    def __init__(self, *known: Station) -> None:
        self.known = {each.network_id: each for each in known}
        self.namesakes: list[Station] = []
        self.recorded: list[tuple[str, str, Version]] = []
        self.lookups = 0
        self.broken = False

    async def lookup(self, network_id: str) -> list[Station]:
        """The station, and others of its name."""
        self.lookups += 1
        if self.broken:
            raise ConnectionError("the database is away")
        known = self.known.get(network_id)
        return [] if known is None else [known, *self.namesakes]

    async def pending(self, network_id: str, address: str, version: Version) -> None:
        """Remember it."""
        self.recorded.append((network_id, address, version))


Answers = Callable[[Station, Version, str, Payload], Awaitable[Payload | Refusal]]


class Recorder:
    """Remembers what came; answers with what `answers` says, or with the smallest answer that the tests need."""

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers = answers
        self.handled: list[tuple[str, str, Payload]] = []
        self.connections: list[Connection] = []
        self.gone: list[Connection] = []

    async def connected(self, connection: Connection) -> None:
        """Remember it."""
        self.connections.append(connection)

    async def disconnected(self, connection: Connection) -> None:
        """Remember it."""
        self.gone.append(connection)

    async def handle(self, station: Station, version: Version, action: str, payload: Payload) -> Payload | Refusal:
        """Remember and answer."""
        self.handled.append((station.network_id, action, payload))
        if self.answers is not None:
            return await self.answers(station, version, action, payload)
        return {"currentTime": "2026-01-01T00:00:00Z"} if action == "Heartbeat" else {}


class Notebook:
    """A journal in two lists."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.incidents: list[tuple[Incident, str, str]] = []

    def frame(self, frame: Frame) -> None:
        """Write it down."""
        self.frames.append(frame)

    def incident(
        self, incident: Incident, network_id: str, address: str, detail: str, station: Station | None = None
    ) -> None:
        """Write it down."""
        assert station is None or station.network_id == network_id
        self.incidents.append((incident, network_id, detail))


@asynccontextmanager
async def listening(
    *known: Station, answers: Answers | None = None, policy: Policy | None = None, limits: Limits | None = None,
    stations: Memory | None = None, journal: Notebook | None = None, handler: Recorder | None = None, **options: Any,
) -> AsyncIterator[tuple[Listener, Recorder]]:  # fmt: skip
    """A listener on a free port."""
    recorder = handler or Recorder(answers)
    listener = Listener(
        stations or Memory(*(known or (station(),))), recorder, policy=policy or Policy(connects=1000),
        limits=limits or UNHURRIED, journal=journal, **options,
    )  # fmt: skip
    async with listener:
        yield listener, recorder


def basic(user: str, password: str | bytes) -> dict[str, str]:
    """The header of a password."""
    secret = password.encode() if isinstance(password, str) else password
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()}


def dial(
    listener: Listener, network_id: str = "CP-1", password: str | bytes | None = SECRET, *,
    version: Version | str | None = Version.V16, path: str | None = None, scheme: str = "ws", **options: Any,
) -> connect:  # fmt: skip
    """A socket to the listener; await it, or use it with `async with`."""
    headers = {} if password is None else basic(network_id, password)
    headers |= options.pop("headers", {})
    offered = [Subprotocol(version)] if version is not None else None
    return connect(
        f"{scheme}://127.0.0.1:{listener.port}{path if path is not None else '/ocpp/' + network_id}",
        subprotocols=options.pop("subprotocols", offered), additional_headers=headers, compression=None,
        ping_interval=None, max_size=None, proxy=None, **options,
    )  # fmt: skip


async def refused(dialled: connect) -> InvalidStatus:
    """The refusal of a handshake; fails when it succeeds."""
    try:
        socket = await dialled
    except InvalidStatus as refusal:
        return refusal
    await socket.close()
    raise AssertionError("the connection was accepted")


async def ask(socket: ClientConnection, *frame: Any) -> list[Any]:
    """Send a frame, return the answer."""
    await socket.send(json.dumps(frame))
    answer: list[Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
    return answer


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


async def works(socket: Any) -> bool:
    """Whether a heartbeat is answered."""
    answer = await ask(socket, *HEARTBEAT)
    return bool(answer[:2] == [3, "1"])


def limits(**changed: Any) -> Limits:
    """No pace, and what the test changes."""
    return Limits(**({"rate": 1e9, "burst": 1e9, "volume": 1e12, "volume_burst": 1e12} | changed))


async def the_station(handler: Recorder) -> Connection:
    """The first connection."""
    await until(lambda: bool(handler.connections))
    return handler.connections[0]


async def heard(socket: ClientConnection) -> list[Any]:
    """The next frame."""
    frame: list[Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
    return frame
