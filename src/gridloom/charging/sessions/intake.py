"""Meter values of a thousand stations: gathered for a moment, written in one transaction a tenant, then answered.

A station's next message is read when this one was answered, so that no station has more than one report in here; a queue
that is full holds stations back at their sockets.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import asyncpg
import structlog

from gridloom.charging.sessions.channels import Channels
from gridloom.charging.sessions.stops import Stops
from gridloom.charging.sessions.values import Fate, Report, write
from gridloom.core.series.public import UnknownChannel
from gridloom.kernel.database.pool import Database

MOST = 500
WAIT_S = 0.01
QUEUE = 5000
ATTEMPTS = 4
IDLE_S = 30.0

_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, UnknownChannel)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    report: Report
    answer: asyncio.Future[Fate]


class Intake:
    """A part of the application. `put` returns when the report is committed, and raises what kept it from being so."""

    def __init__(self, database: Database, stops: Stops) -> None:
        self.channels = Channels()
        self.stops = stops
        self._database = database
        self._queues: dict[int, asyncio.Queue[_Waiting]] = {}
        self._writers: dict[int, asyncio.Task[None]] = {}
        self.batches = 0

    async def __aenter__(self) -> Self:
        """Ready."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is there, then stop."""
        for tenant, queue in list(self._queues.items()):
            if tenant in self._writers:
                await queue.join()
        writers = list(self._writers.values())
        for task in writers:
            task.cancel()
        await asyncio.gather(*writers, return_exceptions=True)

    async def put(self, tenant: int, report: Report) -> Fate:
        """Have a report written with those of other stations, and wait for the commit."""
        queue = self._queues.setdefault(tenant, asyncio.Queue(QUEUE))
        waiting = _Waiting(report, asyncio.get_running_loop().create_future())
        await queue.put(waiting)
        if tenant not in self._writers:
            self._writers[tenant] = asyncio.create_task(self._serve(tenant, queue))
        return await waiting.answer

    async def _serve(self, tenant: int, queue: "asyncio.Queue[_Waiting]") -> None:
        try:
            while True:
                try:
                    batch = [await asyncio.wait_for(queue.get(), IDLE_S)]
                except TimeoutError:
                    if queue.empty():
                        return
                    continue
                await self._gather(queue, batch)
                await self._write(tenant, batch)
                for _ in batch:
                    queue.task_done()
        finally:
            self._writers.pop(tenant, None)
            if queue.empty():
                self._queues.pop(tenant, None)

    async def _gather(self, queue: "asyncio.Queue[_Waiting]", batch: list[_Waiting]) -> None:
        await asyncio.sleep(WAIT_S)
        while len(batch) < MOST and not queue.empty():
            batch.append(queue.get_nowait())

    async def _write(self, tenant: int, batch: Sequence[_Waiting]) -> None:
        try:
            fates = await self.written(tenant, [each.report for each in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the station that waits for an answer
            if len(batch) == 1:
                _fail(batch[0], error)
                return
            # One report that cannot be written is nobody else's misfortune.
            log.warning("reports_one_by_one", tenant=tenant, count=len(batch), error=type(error).__name__)
            for each in batch:
                await self._write(tenant, [each])
            return
        for each, fate in zip(batch, fates, strict=True):
            if not each.answer.done():
                each.answer.set_result(fate)

    async def written(self, tenant: int, reports: Sequence[Report]) -> list[Fate]:
        """Reports in a transaction of their own, again when another one was in the way."""
        for attempt in range(1, ATTEMPTS + 1):
            with suppress(*() if attempt == ATTEMPTS else _AGAIN):
                async with self._database.tenant(tenant) as tx:
                    fates = await write(tx, reports, self.channels, self.stops)
                self.batches += 1
                return fates
            self.channels.forget(tenant)
            await asyncio.sleep(0.01 * attempt)
        raise AssertionError("the last attempt returns or raises")


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)
