"""Calls to stations, wherever they are connected."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, Self
from uuid import UUID

import structlog

from gridloom.charging.csms import outcomes, seats
from gridloom.charging.csms.bus import Bus
from gridloom.charging.ocpp.public import Answered, Offline, Outcome, Payload, TimedOut, Version
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.ids import uuid7

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # between two looks at the table, for a word that was lost on its way
DISCONNECT = ":disconnect"  # no action of OCPP begins with a colon
ALIVE = ":alive"

_ASK = sql("""
    INSERT INTO charging.station_call
        (tenant_id, id, charge_point_id, process_id, caller_id, action, payload, deadline)
    VALUES (:tenant, :id, :station, :process, :caller, :action, :payload, now() + CAST(:within AS interval))
""")
_LOOK = sql("""
    SELECT c.state, c.outcome, p.id IS NOT NULL AS lives FROM charging.station_call c
    LEFT JOIN charging.csms_process p
        ON p.id = c.process_id AND p.beat_at > now() - make_interval(secs => :dead)
    WHERE c.tenant_id = :tenant AND c.id = :id
""")
_END = sql("DELETE FROM charging.station_call WHERE tenant_id = :tenant AND id = :id RETURNING state, outcome")


class Seats(Protocol):
    """The stations that are connected to this process."""

    process: UUID

    def version_of(self, key: seats.Key) -> Version | None:
        """The version of the station's connection here, None without one."""
        ...

    async def ask(self, key: seats.Key, action: str, payload: Payload, timeout: float) -> Outcome:  # noqa: ASYNC109 - the outcome TimedOut
        """Ask a station that is connected here, or do one of the errands above; Offline when it is not. May raise InvalidCall."""
        ...


def channel_of(owner: UUID) -> str:
    """Where a process, or one who waits for outcomes, is spoken to."""
    return f"gridloom_csms_{owner.hex}"


class Commands:
    """An application part, in every process: asks stations. Never use it with a transaction open: stations are slow."""

    def __init__(self, database: Database, bus: Bus, *, timeout: float = 30.0) -> None:
        self.here: Seats | None = None
        self._database, self._bus, self._timeout = database, bus, timeout
        self._id = uuid7()
        self._waiting: dict[UUID, asyncio.Event] = {}

    async def __aenter__(self) -> Self:
        """Listen for outcomes."""
        self._bus.subscribe(channel_of(self._id), self._heard)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        self._bus.unsubscribe(channel_of(self._id), self._heard)

    async def call(  # the outcome TimedOut is a promise of the interface
        self,
        tenant: int,
        charge_point_id: int,
        action: str,
        payload: Payload,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it is told as the outcome TimedOut
    ) -> Outcome:
        """Ask a station, after all that was asked of it before; never raises for what the station does.

        timeout: seconds until the answer. Raises `InvalidCall` when the station's version does not know the action or the
        payload breaks its schema: that is a mistake of ours.
        """
        key = seats.Key(tenant, charge_point_id)
        within = self._timeout if timeout is None else timeout
        if self.here is not None and self.here.version_of(key) is not None:
            return await self.here.ask(key, action, payload, within)
        return await self._elsewhere(key, action, payload, within)

    async def version(self, tenant: int, charge_point_id: int) -> Version | None:
        """What the station speaks on its connection; None when it is not connected."""
        key = seats.Key(tenant, charge_point_id)
        here = None if self.here is None else self.here.version_of(key)
        if here is not None:
            return here
        seat = await self._seat(key)
        return None if seat is None else seat.version

    async def disconnect(self, tenant: int, charge_point_id: int, reason: str) -> bool:
        """End the station's connection (it will come back by itself); False when it was not connected."""
        outcome = await self.call(tenant, charge_point_id, DISCONNECT, {"reason": reason})
        return isinstance(outcome, Answered)

    async def _seat(self, key: seats.Key) -> seats.Seat | None:
        async with self._database.system() as tx:
            seat = await seats.live(tx, key.tenant, key.charge_point_id)
        ours = self.here is not None and seat is not None and seat.process_id == self.here.process
        return None if ours else seat  # a seat of ours without a connection is about to be freed

    async def _elsewhere(self, key: seats.Key, action: str, payload: Payload, within: float) -> Outcome:
        seat = await self._seat(key)
        if seat is None:
            return Offline(sent=False)
        return await self.errand(seat.process_id, key, action, payload, within)

    async def errand(self, process: UUID, key: seats.Key, action: str, payload: Payload, within: float) -> Outcome:
        """Have another process ask a station that is connected there."""
        number, answered = uuid7(), asyncio.Event()
        self._waiting[number] = answered
        try:
            async with self._database.system() as tx:
                await tx.run(
                    _ASK, tenant=key.tenant, id=number, station=key.charge_point_id, process=process, caller=self._id,
                    action=action, payload=outcomes.payload_text(payload), within=timedelta(seconds=within),
                )  # fmt: skip
            await self.tell(process, "call")
            return await self._outcome(key, number, answered, within)
        finally:
            del self._waiting[number]

    async def tell(self, process: UUID, text: str) -> None:
        """Say something to a process that holds sockets; it may get lost, then the process finds out by itself."""
        try:
            await self._bus.publish(channel_of(process), text)
        except Exception as error:  # noqa: BLE001 - whatever ails the bus, the tables say the same
            log.warning("station_process_not_told", error=type(error).__name__)

    async def _outcome(self, key: seats.Key, number: UUID, answered: asyncio.Event, within: float) -> Outcome:
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while True:
            left = end - loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(left, LOOK_S))):
                    await answered.wait()
            answered.clear()
            async with self._database.system() as tx:
                row = await tx.one(_LOOK, tenant=key.tenant, id=number, dead=seats.DEAD_S)
                if row is None:  # the station is gone, and with it what was asked of it
                    return Offline(sent=True)
                if row["outcome"] is None and row["lives"] and loop.time() < end:
                    continue
                # What was asked may hold a password: it stays no longer than somebody waits for it.
                ended = await tx.one(_END, tenant=key.tenant, id=number)
            if ended is not None and ended["outcome"] is not None:
                return outcomes.read(ended["outcome"])
            sent = ended is None or ended["state"] != "waiting"
            return TimedOut(sent=sent) if row["lives"] else Offline(sent=sent)

    def _heard(self, text: str) -> None:
        """The number of an answered call; nothing: look at all of them."""
        for number, answered in self._waiting.items():
            if not text or text == number.hex:
                answered.set()
