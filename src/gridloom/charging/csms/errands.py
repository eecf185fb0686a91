"""Calls that other processes have asked of the stations that are connected here."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from gridloom.charging.csms import outcomes
from gridloom.charging.csms.bus import Bus
from gridloom.charging.csms.commands import Seats, channel_of
from gridloom.charging.csms.seats import Key
from gridloom.charging.ocpp.public import InvalidCall, Outcome, Rejected
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql

log = structlog.get_logger(__name__)

LOOK_S = 2.0
AT_ONCE = 200

_CLAIM = sql("""
    WITH due AS (
        SELECT tenant_id, id, payload FROM charging.station_call
        WHERE process_id = :process AND state = 'waiting' AND deadline > now()
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE charging.station_call c SET state = 'claimed', payload = '' FROM due
    WHERE c.tenant_id = due.tenant_id AND c.id = due.id
    RETURNING c.tenant_id AS tenant, c.id, c.charge_point_id AS station, c.caller_id AS caller, c.action, due.payload,
        c.deadline - now() AS within
""")
_ANSWER = sql(
    "UPDATE charging.station_call SET state = 'answered', outcome = :outcome WHERE tenant_id = :tenant AND id = :id"
)
_PRUNE = sql("""
    DELETE FROM charging.station_call WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM charging.station_call WHERE deadline < now() - CAST(:age AS interval) LIMIT 10000
    )
""")


class Errands:
    """Claims what waits for this process, asks, and writes what came of it."""

    def __init__(self, database: Database, bus: Bus, here: Seats) -> None:
        self._database, self._bus, self._here = database, bus, here
        self._stir = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def stir(self) -> None:
        """There may be something to do."""
        self._stir.set()

    def start(self) -> None:
        """Work in the background."""
        self._loop = asyncio.create_task(self._run(), name="station errands")

    async def stop(self) -> None:
        """Leave what is not answered yet; whoever asked sees that this process is gone."""
        tasks = [*self._running, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                while await self._claim() == AT_ONCE:
                    pass
            except Exception as error:  # noqa: BLE001 - the database may be away; it is asked again
                log.warning("station_calls_not_claimed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stir.wait()
            self._stir.clear()

    async def _claim(self) -> int:
        async with self._database.system() as tx:
            rows = await tx.all(_CLAIM, process=self._here.process, most=AT_ONCE)
        for row in rows:
            task = asyncio.create_task(self._do(row))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(rows)

    async def _do(self, row: Any) -> None:
        try:
            within: timedelta = row["within"]
            outcome: Outcome | InvalidCall = await self._here.ask(
                Key(row["tenant"], row["station"]), row["action"], outcomes.payload_of(row["payload"]),
                max(0.0, within.total_seconds()),
            )  # fmt: skip
        except InvalidCall as mistake:
            outcome = mistake
        except Exception as error:
            log.exception("station_call_failed", action=row["action"], error=type(error).__name__)
            outcome = Rejected("InternalError")
        await self._answer(row["tenant"], row["id"], row["caller"], outcomes.written(outcome))

    async def _answer(self, tenant: int, number: UUID, caller: UUID, outcome: str) -> None:
        try:
            async with self._database.system() as tx:
                await tx.run(_ANSWER, tenant=tenant, id=number, outcome=outcome)
            await self._bus.publish(channel_of(caller), number.hex)
        except Exception as error:  # noqa: BLE001 - whoever asked runs into the deadline
            log.warning("station_call_not_answered", error=type(error).__name__)


async def prune(database: Database, age: timedelta) -> int:
    """Forget calls whose deadline is long over."""
    async with database.system() as tx:
        return await tx.run(_PRUNE, age=age)
