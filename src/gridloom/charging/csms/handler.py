"""The business behind the sockets: who has which seat, and which function answers which message."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog
from websockets.frames import CloseCode

from gridloom.charging.csms import messages, seats, throttle
from gridloom.charging.csms.commands import ALIVE, Commands
from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.messages import Contact
from gridloom.charging.csms.seats import Key, Taken
from gridloom.charging.csms.seen import LastSeen
from gridloom.charging.csms.turns import Arrivals
from gridloom.charging.ocpp.public import (
    Answered,
    Connection,
    Incident,
    Journal,
    Payload,
    Problem,
    Refusal,
    Station,
    Version,
)
from gridloom.charging.stations.public import append_network_status, record_profile
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Services
from gridloom.kernel.ids import uuid7

log = structlog.get_logger(__name__)

ATTEMPTS = 4
AT_ONCE = 20  # stations that come or go in one transaction: none of them waits long for the others
OLD_ANSWERS_WITHIN = 3.0
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
BOOT = "BootNotification"


@dataclass(slots=True)
class Attended:
    """A connected station of this process. id: of the connection."""

    id: UUID
    connection: Connection
    operator_id: int | None
    booted: bool
    asked_to_boot: bool = False


@dataclass(slots=True)
class _Arrival:
    """A station that takes its seat. taken: the seat as it was; sits: whether it was left to this connection."""

    key: Key
    attended: Attended
    taken: Taken = seats.FREE
    sits: bool = False


class Central:
    """`ocpp.ports.Handler`."""

    def __init__(self, services: Services, process: UUID, journal: Journal) -> None:
        self.process = process
        self.attended: dict[Key, Attended] = {}
        self.arriving: set[Key] = set()  # whose seat may be taken already, and who are not attended yet
        self._services, self._journal = services, journal
        self._database = services.part(Database)
        self._arrivals = services.part(Arrivals)
        self._seen = services.part(LastSeen)
        self._commands = services.part(Commands)
        self._leaving: Gathering[int, tuple[int, UUID, datetime]] = Gathering(self._release, most=AT_ONCE)
        self._coming: Gathering[int, _Arrival] = Gathering(self._arrive, most=AT_ONCE)
        self._throttle = throttle.Throttle()
        self._tasks: set[asyncio.Task[None]] = set()
        messages.discover()

    # Coming and going

    async def connected(self, connection: Connection) -> None:
        """Take the station's seat, from whichever process has it; the record says then how it came."""
        key = key_of(connection.station)
        attended = Attended(uuid7(), connection, key.operator_id, booted=False)
        self.arriving.add(key)
        try:
            taken = await self._seat(key, attended)
            if taken is None:
                connection.leave(CloseCode.POLICY_VIOLATION, "another connection is open")
                return
            attended.booted = taken.booted_at is not None
            self.attended[key] = attended
        finally:
            self.arriving.discard(key)
        if taken.process_id not in (None, self.process):
            assert taken.process_id is not None  # noqa: S101 - for the type checker
            await self._evict(taken.process_id, key, taken.connection_id)

    async def _seat(self, key: Key, attended: Attended) -> Taken | None:
        connection = attended.connection
        arrival = _Arrival(key, attended)
        await self._coming.add(key.tenant, arrival)
        taken = arrival.taken
        if arrival.sits:
            return taken
        if await self._alive(taken, key):
            return None
        async with self._transaction(key) as tx:
            again = await seats.held(tx, key.charge_point_id)
            if again.connection_id != taken.connection_id and not self._gives_way(again, connection):
                return None
            await self._sit(tx, key, attended, again)
            return again

    async def _arrive(self, tenant: int, arrivals: list["_Arrival"]) -> None:
        """All that come at once share a commit. In one order, so that two processes do not wait for each other."""
        async with self._arrivals, self._database.tenant(tenant) as tx:
            for each in sorted(arrivals, key=lambda each: each.key.charge_point_id):
                each.taken = await seats.held(tx, each.key.charge_point_id)
                each.sits = self._gives_way(each.taken, each.attended.connection)
                if each.sits:
                    await self._sit(tx, each.key, each.attended, each.taken)

    def _gives_way(self, taken: Taken, connection: Connection) -> bool:
        """A seat is free, ours (the listener has decided then), or left to at least its own proof."""
        if taken.process_id in (None, self.process):
            return True
        return 0 < connection.strength >= taken.strength

    async def _alive(self, taken: Taken, key: Key) -> bool:
        assert taken.process_id is not None  # noqa: S101 - a free seat gives way
        outcome = await self._commands.errand(taken.process_id, key, ALIVE, {}, OLD_ANSWERS_WITHIN + 1)
        return isinstance(outcome, Answered)

    async def _sit(self, tx: Tx, key: Key, attended: Attended, taken: Taken) -> None:
        connection, number = attended.connection, key.charge_point_id
        await seats.take(
            tx, number, self.process, attended.id, connection.version, profile=connection.profile,
            strength=connection.strength, at=connection.opened_at,
        )  # fmt: skip
        if taken.process_id is None:
            await append_network_status(tx, number, "available", connection.opened_at)
        if key.profile != connection.profile:
            await record_profile(tx, number, connection.profile)

    async def _evict(self, process: UUID, key: Key, connection: UUID | None) -> None:
        if connection is not None:
            text = f"evict {key.tenant} {key.charge_point_id} {connection.hex}"
            await self._commands.tell(process, text)

    async def disconnected(self, connection: Connection) -> None:
        """Leave the seat, unless somebody else has it by now."""
        key = key_of(connection.station)
        attended = self.attended.get(key)
        if attended is None or attended.connection is not connection:
            return
        del self.attended[key]
        self._throttle.forget(key)
        await self._leaving.add(key.tenant, (key.charge_point_id, attended.id, clock.now()))

    async def _release(self, tenant: int, leaving: list[tuple[int, UUID, datetime]]) -> None:
        """All that leave at once, when a line is cut or this process ends."""
        async with self._arrivals, self._database.tenant(tenant) as tx:
            for number, connection, at in sorted(leaving, key=lambda each: each[0]):
                if await seats.release(tx, number, connection, at):
                    await append_network_status(tx, number, "temporarily_unavailable", at)

    @asynccontextmanager
    async def _transaction(self, key: Key) -> AsyncIterator[Tx]:
        async with self._arrivals, self._database.tenant(key.tenant) as tx:
            yield tx

    # Messages

    async def handle(self, station: Station, version: Version, action: str, payload: Payload) -> Payload | Refusal:
        """Give a message to whoever answers it."""
        key = key_of(station)
        attended = self.attended.get(key)
        if attended is None:
            return Refusal(Problem.GENERIC, "the connection is about to end")
        received_at = clock.now()
        self._seen.note(key, received_at)
        if not attended.booted and action != BOOT:
            return self._not_booted(attended, version)
        if action == "Authorize" and self._throttle.holds(key):
            self._journal.incident(
                Incident.TOKENS_THROTTLED, station.network_id, "", "too many unknown tokens", station
            )
            return throttle.refusal(version)
        answering = messages.answering(version, action)
        if answering is None:
            return Refusal(Problem.NOT_SUPPORTED, f"{action} is not supported here")
        contact = Contact(
            key.tenant,
            key.charge_point_id,
            attended.operator_id,
            station.network_id,
            version,
            received_at,
            self._services,
        )
        answer = await self._answer(answering, contact, action, payload)
        if isinstance(answer, dict):
            if action == BOOT:
                attended.booted = answer.get("status") == "Accepted"
            elif action == "Authorize":
                self._throttle.note(key, version, answer)
        return answer

    async def _answer(
        self, answering: messages.Answering, contact: Contact, action: str, payload: Payload
    ) -> Payload | Refusal:
        """Once more when a deadlock ended it: what it had written is undone then."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await answering(contact, payload)
            except AGAIN as error:
                if attempt == ATTEMPTS:
                    raise
                log.info("station_message_again", action=action, attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - a pause, no secret
        raise AssertionError("the last attempt returns or raises")

    def _not_booted(self, attended: Attended, version: Version) -> Refusal:
        """2.0.1 part 2, B02.FR.09 names the code; 1.6 §4.2 only forbids it. The station is asked once to introduce itself."""
        if not attended.asked_to_boot:
            attended.asked_to_boot = True
            task = asyncio.create_task(self._ask_to_boot(attended))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        problem = Problem.PROTOCOL if version is Version.V16 else Problem.SECURITY
        return Refusal(problem, "the station has not booted yet")

    async def _ask_to_boot(self, attended: Attended) -> None:
        outcome = await attended.connection.call("TriggerMessage", {"requestedMessage": BOOT})
        log.info("station_asked_to_boot", station=attended.connection.station.key, outcome=type(outcome).__name__)

    async def close(self) -> None:
        """End what runs beside the messages."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def key_of(station: Station) -> Key:
    """The station's key, as `records` makes it. TypeError for another one."""
    if not isinstance(station.key, Key):
        raise TypeError("a station that no record stands behind")
    return station.key
