"""Charge points that answer what a test says, and what an application has written down."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Self

from tests.charging.csms.support import PASSWORD, commands_of, dialled, rows, station
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from gridloom.app import Application
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database

ACTIONS = "/public-api/actions"
POINT1, POINT2 = f"{ACTIONS}/charge-point/v1.0", f"{ACTIONS}/charge-point/v2.0"
TABLES = (
    "charging_profile", "reservation", "log_upload", "firmware_execution", "configuration_request",
    "configuration_variable", "security_profile_change",
)  # fmt: skip
ACCEPTED = {"status": "Accepted"}
MUTE = "mute"
BOOTS = {
    Version.V16: {"chargePointVendor": "Example", "chargePointModel": "One"},
    Version.V201: {"reason": "PowerUp", "chargingStation": {"vendorName": "Example", "model": "One"}},
}
_names = count(1)


class Point:
    """A charge point on a bare socket.

    answers: action -> payload (or what makes it of the question), MUTE, or the code of an error; it knows no other action.
    before: what it does before it answers.
    """

    def __init__(
        self, application: Application, network_id: str, version: Version, answers: Mapping[str, Any],
        *, password: str | None = PASSWORD,
    ) -> None:  # fmt: skip
        self.network_id, self.version, self.answers = network_id, version, dict(answers)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._dialled = dialled(application, network_id, password, version=version)
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self.before: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._numbers = count(1)

    async def __aenter__(self) -> Self:
        self._socket = await self._dialled
        self._reading = asyncio.create_task(self._read(self._socket))
        booted = await self.send("BootNotification", BOOTS[self.version])
        assert booted["status"] == "Accepted", booted
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        assert self._reading is not None
        await self._socket.close()
        await self._reading

    async def send(self, action: str, payload: dict[str, Any]) -> Any:
        """Say something; the answer's payload, or the error as a list."""
        assert self._socket is not None
        number = f"s{next(self._numbers)}"
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps([2, number, action, payload]))
        async with asyncio.timeout(10):
            return await answer

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                kind, number, *rest = json.loads(text)
                if kind == 2:
                    task = asyncio.create_task(self._answer(socket, number, *rest))
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)
                else:
                    self._waiting.pop(number).set_result(rest[0] if kind == 3 else rest)

    async def _answer(self, socket: ClientConnection, number: str, action: str, payload: dict[str, Any]) -> None:
        self.heard.append((action, payload))
        if action in self.before:
            await self.before[action](payload)
        answer = self.answers.get(action, "NotImplemented")
        if callable(answer):
            answer = answer(payload)
        if answer == MUTE:
            return
        reply = [4, number, answer, "", {}] if isinstance(answer, str) else [3, number, answer]
        await socket.send(json.dumps(reply))


@contextmanager
def hurried(application: Application) -> Iterator[None]:
    """Wait shortly for stations that will not answer; with the others there is time, however busy the machine is."""
    commands = commands_of(application)
    usual, commands._timeout = commands._timeout, 0.3
    try:
        yield
    finally:
        commands._timeout = usual


async def on_record(db: Database, tenant: int, version: Version = Version.V16, **columns: Any) -> tuple[int, str]:
    """A charge point with two EVSEs: its id and its name."""
    name = f"CMD-{tenant}-{next(_names)}"
    return await station(db, tenant, name, version=version, evses=2, **columns), name


async def stored(db: Database, tenant: int, charge_point: int) -> dict[str, Any]:
    """All that commands leave behind: rows, the station's own, lines of the trail, events."""
    found: dict[str, Any] = {
        name: await rows(db, tenant, f"SELECT * FROM charging.{name} ORDER BY 1, 2") for name in TABLES
    }
    (row,) = await rows(db, tenant, "SELECT * FROM charging.charge_point WHERE id = :id", id=charge_point)
    # Whether it is connected is no business of a command.
    found["station"] = {
        name: value for name, value in row.items() if not name.startswith(("network_status", "updated"))
    }
    found["trail"] = len(await trail(db, tenant))
    found["events"] = [each for each in await events(db, tenant) if "network_status" not in each[0]]
    return found


async def trail(db: Database, tenant: int) -> list[dict[str, Any]]:
    """What the trail says of charge points."""
    return await rows(
        db, tenant, "SELECT action, object_id, detail FROM audit.entry WHERE object_kind LIKE 'charge%' ORDER BY id"
    )


async def events(db: Database, tenant: int) -> list[tuple[str, dict[str, Any]]]:
    """What was told, in order."""
    found = await rows(db, tenant, "SELECT name, payload FROM events.outbox ORDER BY id")
    return [(each["name"].removeprefix("charging."), each["payload"]) for each in found]


async def told(db: Database, tenant: int, name: str) -> list[dict[str, Any]]:
    """The events of one name."""
    return [payload for each, payload in await events(db, tenant) if each == name]
