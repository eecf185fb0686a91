"""A charge point to play with: it boots, reports, charges a car along a plausible curve, and obeys the central system.

Built on the client of the `ocpp` package, so that the two sides of a conversation are two programs. Every step is a
method; a script is a function that awaits them:

    async with simulated(Version.V16, "CP-1", "ws://127.0.0.1:9000/ocpp", password="...") as station:
        await station.boot()
        await station.start(1, "04A2B3")
        await station.meter(1, seconds=60)
        await station.stop(1)

`refuse` and `silent` are sets of actions that it rejects or never answers; `commands` is what it was told.
"""

import asyncio
import base64
import logging
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gridloom.charging.ocpp.curve import Car
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel import clock
from gridloom.kernel.ids import uuid7

# The client's own lines hold whole messages, tokens among them.
_quiet = logging.getLogger(f"{__name__}.client")
_quiet.setLevel(logging.CRITICAL + 1)

VENDOR, MODEL, FIRMWARE = "Gridloom", "Simulated", "1.0"


@dataclass(slots=True)
class Transaction:
    """A charging process at a connector."""

    id: Any
    token: str
    car: Car
    begun_wh: int
    remote_start_id: int | None = None
    sequence: int = 0


@dataclass(slots=True)
class Plug:
    """A connector: its meter goes on through all transactions."""

    number: int
    status: str = "Available"
    register_wh: float = 0.0
    transaction: Transaction | None = None


@dataclass(slots=True)
class Facts:
    """What a station is told to be."""

    network_id: str
    address: str
    password: str | None = None
    plugs: int = 1
    tls: ssl.SSLContext | None = None
    now: Callable[[], datetime] = field(default=clock.now)
    checked: bool = True  # whether the client checks each message against its schema; the slower half of its work


class SimulatedStation(ABC):
    """What both versions share. Use `simulated`."""

    version: Version
    client: Any  # module of the version in the client library

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.plugs = {number: Plug(number) for number in range(1, facts.plugs + 1)}
        self.configuration: dict[str, str] = {"HeartbeatInterval": "300", "MeterValueSampleInterval": "60"}
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.refuse: set[str] = set()
        self.silent: set[str] = set()
        self.car: Callable[[], Car] = Car
        self.boots = 0
        self._socket: ClientConnection | None = None
        self._point: Any = None
        self._reading: asyncio.Task[None] | None = None
        self._doing: set[asyncio.Task[None]] = set()

    # The line

    async def connect(self) -> Self:
        """Open the socket; raises what `websockets` raises when it is refused."""
        facts = self.facts
        headers = {}
        if facts.password is not None:
            pair = f"{facts.network_id}:{facts.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        self._socket = await connect(
            f"{facts.address}/{quote(facts.network_id)}",
            subprotocols=[Subprotocol(self.version)],
            additional_headers=headers,
            compression=None,
            proxy=None,
            ssl=facts.tls,
        )
        self._point = self.client.ChargePoint(facts.network_id, self._socket, logger=_quiet)
        for action in self.actions():
            self._listen(action)
        self._reading = asyncio.create_task(self._read(self._point))
        return self

    async def disconnect(self) -> None:
        """Close the socket in good order."""
        if self._socket is not None:
            await self._socket.close()
        await self._stop_reading()

    async def vanish(self) -> None:
        """Lose the line without a word."""
        if self._socket is not None:
            self._socket.transport.abort()
        await self._stop_reading()

    async def settle(self) -> None:
        """Wait until what the central system asked for is done."""
        while self._doing:
            await asyncio.gather(*self._doing)

    @property
    def online(self) -> bool:
        """Whether the socket is open."""
        return self._reading is not None and not self._reading.done()

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.connect()

    async def __aexit__(self, *_: object) -> None:
        """Disconnect, and forget what was still to do."""
        for task in self._doing:
            task.cancel()
        await self.disconnect()

    async def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read(self, point: Any) -> None:
        with suppress(ConnectionClosed):
            await point.start()

    async def send(self, action: str, **fields: Any) -> Any:
        """Any message; `fields` in snake case, what lies inside them as on the wire. Returns the checked answer.

        Raises the client library's OCPPError for a CALLERROR, TimeoutError, and ConnectionClosed.
        """
        message = getattr(self.client.call, action)(**fields)
        return await self._point.call(message, suppress=False, skip_schema_validation=not self.facts.checked)

    # What it is told

    def _listen(self, action: str) -> None:
        async def answer(**payload: Any) -> Any:
            self.commands.append((action, payload))
            if action in self.silent:
                await asyncio.Event().wait()
            if action in self.refuse:
                return self.refusal(action)
            return self.obey(action, payload)

        def afterwards(**payload: Any) -> None:
            if action not in self.refuse:
                task = asyncio.create_task(self.carry_out(action, payload))
                self._doing.add(task)
                task.add_done_callback(self._doing.discard)

        self._point.route_map[action] = {
            "_on_action": answer, "_after_action": afterwards, "_skip_schema_validation": not self.facts.checked,
        }  # fmt: skip

    async def restart(self, kind: str, reason: str) -> None:
        """What a reset does: end what runs, go, come back, boot."""
        for plug in self.plugs.values():
            if plug.transaction is not None:
                await self.stop(plug.number, reason)
        await self.disconnect()
        await self.connect()
        await self.boot(kind)

    # What it measures

    def at(self) -> str:
        """The station's clock, as it travels."""
        return self.facts.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def advance(self, plug: Plug, seconds: float) -> None:
        """Let the car at a plug charge for a while."""
        if plug.transaction is not None:
            plug.register_wh += plug.transaction.car.charge(seconds)

    def plugged(self, number: int) -> Transaction:
        """The transaction at a plug; raises LookupError when there is none."""
        transaction = self.plugs[number].transaction
        if transaction is None:
            raise LookupError(f"nothing charges at connector {number}")
        return transaction

    async def heartbeat(self) -> datetime:
        """Ask for the time."""
        answer = await self.send("Heartbeat")
        return datetime.fromisoformat(answer.current_time)

    @abstractmethod
    def actions(self) -> list[str]:
        """What it understands."""

    @abstractmethod
    def obey(self, action: str, payload: dict[str, Any]) -> Any:
        """The answer to a command."""

    @abstractmethod
    def refusal(self, action: str) -> Any:
        """The answer to a command that it does not want to follow."""

    @abstractmethod
    async def carry_out(self, action: str, payload: dict[str, Any]) -> None:
        """What a command leads to after its answer."""

    @abstractmethod
    async def boot(self, reason: str = "PowerUp") -> str:
        """Introduce itself and its connectors; returns Accepted, Pending or Rejected."""

    @abstractmethod
    async def status(self, number: int, status: str) -> None:
        """Report a connector."""

    @abstractmethod
    async def authorise(self, token: str) -> str:
        """Ask for a token; returns its status."""

    @abstractmethod
    async def start(self, number: int, token: str, car: Car | None = None, remote_start_id: int | None = None) -> str:
        """Begin to charge; returns the token's status. Refused tokens do not charge."""

    @abstractmethod
    async def meter(self, number: int, seconds: float) -> None:
        """Let time pass and report what was measured."""

    @abstractmethod
    async def stop(self, number: int, reason: str = "Local") -> None:
        """End the charging."""


def identifier() -> str:
    """A transaction id of a 2.0.1 station."""
    return str(uuid7())


def simulated(version: Version, network_id: str, address: str, **facts: Any) -> SimulatedStation:
    """A station of the version; `address` without the network id, `facts` as in `Facts`."""
    from gridloom.charging.ocpp.simulated import Station16, Station201

    kind = Station16 if version is Version.V16 else Station201
    return kind(Facts(network_id, address, **facts))
