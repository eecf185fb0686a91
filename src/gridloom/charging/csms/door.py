"""The listener for charge points inside an application: opened last, closed first."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Self
from uuid import UUID

import structlog
from websockets.frames import CloseCode

from gridloom.charging.communication.public import Buffer
from gridloom.charging.csms import seats
from gridloom.charging.csms.bus import Bus
from gridloom.charging.csms.commands import ALIVE, DISCONNECT, Commands, channel_of
from gridloom.charging.csms.errands import Errands
from gridloom.charging.csms.handler import OLD_ANSWERS_WITHIN, Attended, Central
from gridloom.charging.csms.reaping import reap
from gridloom.charging.csms.records import Records
from gridloom.charging.csms.seats import Held, Key
from gridloom.charging.csms.turns import Arrivals
from gridloom.charging.ocpp.public import (
    Answered,
    Journal,
    Limits,
    Listener,
    Offline,
    Outcome,
    Payload,
    Policy,
    Silent,
    TimedOut,
    Version,
    tls,
)
from gridloom.charging.stations.public import append_network_status
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.kernel.ids import uuid7
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

log = structlog.get_logger(__name__)

LOOK_EVERY = 2  # beats between two looks at whether each seat is still ours


class Door:
    """An application part of a process that holds sockets of stations. `async with` opens and closes it."""

    def __init__(self, services: Services, *, policy: Policy | None = None, limits: Limits | None = None) -> None:
        self.process: UUID = uuid7()
        self._services = services
        self._database = services.part(Database)
        self._bus: Bus = services[Bus]
        self.policy, self.limits = policy, limits  # None: as the settings say
        self.look_every = LOOK_EVERY
        self._central: Central | None = None
        self._listener: Listener | None = None
        self._errands: Errands | None = None
        self._beating: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on. RuntimeError when it is closed."""
        return self.listener.port

    @property
    def listener(self) -> Listener:
        """The open listener. RuntimeError when it is closed."""
        if self._listener is None:
            raise RuntimeError("the door for charge points is closed")
        return self._listener

    async def __aenter__(self) -> Self:
        """Say that this process lives, then listen."""
        journal: Journal = self._services.get(Buffer) or Silent()
        commands = self._services.part(Commands)
        self._central = Central(self._services, self.process, journal)
        self._listener = self._built(journal)
        await seats.beat(self._database, self.process, socket.gethostname())
        self._errands = Errands(self._database, self._bus, self)
        self._bus.subscribe(channel_of(self.process), self._heard)
        commands.here = self
        self._errands.start()
        try:
            await self._listener.open()
        except BaseException:
            await self._leave()
            raise
        self._beating = asyncio.create_task(self._beat(), name="station process beat")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Say goodbye to each station, then end."""
        await self.listener.close()
        await self._leave()

    async def _leave(self) -> None:
        for task in (self._beating, *self._tasks):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._services.part(Commands).here = None
        self._bus.unsubscribe(channel_of(self.process), self._heard)
        if self._errands is not None:
            await self._errands.stop()
        if self._central is not None:
            await self._central.close()
        await seats.gone(self._database, self.process)
        self._listener = None

    def _built(self, journal: Journal) -> Listener:
        settings = self._services.part(Settings)
        policy = self.policy or Policy(
            connections=settings.ocpp_connections, trusted_proxies=tuple(settings.trusted_proxies)
        )
        limits = self.limits or Limits(rate=settings.ocpp_rate, call_timeout=settings.ocpp_call_timeout)
        return Listener(
            Records(self._database, self._services.part(Sealer), self._services.part(Arrivals)),
            self._central_of(),
            policy=policy,
            limits=limits,
            journal=journal,
            tls=_secured(settings),
            host=settings.ocpp_address,
            port=settings.ocpp_port,
        )

    def _central_of(self) -> Central:
        assert self._central is not None  # noqa: S101 - made just before
        return self._central

    # `commands.Seats`

    def version_of(self, key: Key) -> Version | None:
        """See `commands.Seats`."""
        attended = self._attended(key)
        return None if attended is None else attended.connection.version

    async def ask(self, key: Key, action: str, payload: Payload, timeout: float) -> Outcome:  # noqa: ASYNC109 - the outcome TimedOut
        """See `commands.Seats`."""
        attended = self._attended(key)
        if attended is None:
            return Offline(sent=False)
        if action == ALIVE:
            lives = await attended.connection.alive(min(timeout, OLD_ANSWERS_WITHIN))
            return Answered({}) if lives else TimedOut(sent=True)
        if action == DISCONNECT:
            await attended.connection.close(CloseCode.NORMAL_CLOSURE, str(payload["reason"])[:100])
            return Answered({})
        return await attended.connection.call(action, payload, timeout)

    def _attended(self, key: Key) -> Attended | None:
        attended = None if self._central is None else self._central.attended.get(key)
        return attended if attended is not None and attended.connection.is_open else None

    # What others say

    def _heard(self, text: str) -> None:
        assert self._errands is not None  # noqa: S101 - subscribed after it was made
        self._errands.stir()
        word, _, rest = text.partition(" ")
        if word == "evict":
            tenant, station, connection = rest.split(" ")
            self._end(Key(int(tenant), int(station)), UUID(connection), "replaced by a newer connection")

    def _end(self, key: Key, connection: UUID, reason: str) -> None:
        attended = self._attended(key)
        if attended is not None and attended.id == connection:
            attended.connection.leave(CloseCode.POLICY_VIOLATION, reason)

    # Living

    async def _beat(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(seats.BEAT_S)
            count += 1
            try:
                await seats.beat(self._database, self.process, socket.gethostname())
                if count % self.look_every == 0:
                    await self.look()
                    await reap(self._database)
            except Exception as error:  # noqa: BLE001 - the database may be away; the next beat tries again
                log.warning("station_process_beat_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Compare the seats in the database with the sockets that are held here, and mend what differs."""
        central = self._central_of()
        known = {attended.id: key for key, attended in list(central.attended.items())}
        held = {each.connection: each for each in await seats.ours(self._database, self.process, list(known))}
        for connection, key in known.items():
            await self._compare(key, connection, held.get(connection))
        for each in held.values():
            key = Key(each.tenant, each.station)
            here = key in central.attended or key in central.arriving
            if each.process == self.process and each.connection not in known and not here:
                await self._free(each)

    async def _compare(self, key: Key, connection: UUID, seat: Held | None) -> None:
        if seat is None:
            self._end(key, connection, "another connection has taken the seat")
        elif seat.barred:
            self._end(key, connection, "this station may not be connected")
        elif seat.process is None:
            async with self._database.tenant(key.tenant) as tx:
                if await seats.resume(tx, key.charge_point_id, self.process, connection):
                    await append_network_status(tx, key.charge_point_id, "available", clock.now())

    async def _free(self, seat: Held) -> None:
        async with self._database.tenant(seat.tenant) as tx:
            at = clock.now()
            if await seats.release(tx, seat.station, seat.connection, at):
                await append_network_status(tx, seat.station, "temporarily_unavailable", at)


def _secured(settings: Settings) -> ssl.SSLContext | None:
    if settings.ocpp_certificate is None or settings.ocpp_key is None:
        return None
    authorities = settings.ocpp_client_authorities
    return tls(
        Path(settings.ocpp_certificate), Path(settings.ocpp_key), None if authorities is None else Path(authorities)
    )
