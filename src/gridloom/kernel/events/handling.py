"""Running handlers: each call and the note that it was done commit together, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Event
from gridloom.kernel.events.handlers import Handler, Received

_DUE = sql("""
    SELECT tenant_id, position, aggregate, attempts FROM events.handling
    WHERE handler = CAST(:handler AS text) AND status = 'waiting' AND next_at <= now()
    ORDER BY next_at, position LIMIT CAST(:size AS integer)
""")

# What another process holds is left to it, and so is whatever stands behind it in the line of its aggregate. Arrays, and
# a state that is written as what it is not, lead PostgreSQL to the rows by their primary key instead of by an index for
# other ends, also while it has no statistics of a table that was empty a moment ago.
_TAKE = sql("""
    WITH free AS MATERIALIZED (
        SELECT position, aggregate FROM events.handling
        WHERE tenant_id = CAST(:tenant AS integer) AND handler = CAST(:handler AS text)
            AND position = ANY(CAST(:positions AS bigint[])) AND status NOT IN ('done', 'dead')
        FOR UPDATE SKIP LOCKED
    ), clear AS MATERIALIZED (
        SELECT position FROM free
        WHERE aggregate IS NULL OR NOT EXISTS (
            SELECT FROM events.handling AS earlier
            WHERE earlier.tenant_id = CAST(:tenant AS integer) AND earlier.handler = CAST(:handler AS text)
                AND earlier.aggregate = free.aggregate AND earlier.status = 'waiting'
                AND earlier.position < free.position AND earlier.position <> ALL(ARRAY(SELECT position FROM free))
        )
    ), taken AS (
        UPDATE events.handling SET status = 'done', attempts = attempts + 1, handled_at = now(), error = NULL
        WHERE tenant_id = CAST(:tenant AS integer) AND handler = CAST(:handler AS text)
            AND position = ANY(ARRAY(SELECT position FROM clear))
        RETURNING position, attempts
    )
    SELECT o.event_id, o.id, o.tenant_id, o.name, o.version, o.aggregate, o.occurred_at, o.request_id, taken.attempts,
        o.payload
    FROM taken CROSS JOIN LATERAL (
        SELECT * FROM events.outbox WHERE tenant_id = CAST(:tenant AS integer) AND id = taken.position OFFSET 0
    ) AS o
    ORDER BY o.id
""")

_FAIL = sql("""
    WITH failed AS (
        UPDATE events.handling SET attempts = attempts + 1, error = CAST(:error AS text),
            status = CASE WHEN CAST(:wait_s AS double precision) IS NULL THEN 'dead' ELSE 'waiting' END,
            next_at = now() + make_interval(secs => coalesce(CAST(:wait_s AS double precision), 0))
        WHERE tenant_id = CAST(:tenant AS integer) AND handler = CAST(:handler AS text)
            AND position = CAST(:position AS bigint) AND status = 'waiting'
        RETURNING aggregate, next_at
    )
    UPDATE events.handling AS behind SET next_at = failed.next_at FROM failed
    WHERE behind.tenant_id = CAST(:tenant AS integer) AND behind.handler = CAST(:handler AS text)
        AND behind.aggregate = failed.aggregate AND behind.position > CAST(:position AS bigint)
        AND behind.status = 'waiting' AND behind.next_at < failed.next_at
""")

_ERROR_LENGTH = 2000

log = structlog.get_logger(__name__)


class Runner:
    """Works off what is due for one handler. `slots` bounds the transactions that run at once in this process."""

    def __init__(self, db: Database, slots: asyncio.Semaphore, size: int) -> None:
        self._db = db
        self._slots = slots
        self._size = size

    async def once(self, handler: Handler) -> int:
        """Work off one round of what is due; gives how many events this process took, handled or not."""
        async with self._db.system() as tx:
            due = await tx.all(_DUE, handler=handler.name, size=self._size)
        if not due:
            return 0
        lines = _lines(due, by_tenant=handler.batch > 0)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work_off(handler, line)) for line in lines]
        return sum(task.result() for task in tasks)

    async def _work_off(self, handler: Handler, line: list[Any]) -> int:
        """One line of events of a tenant, in order; behind one that failed, none of its aggregate is tried."""
        total = 0
        blocked: set[str] = set()
        size = handler.batch or 1
        for start in range(0, len(line), size):
            rows = [row for row in line[start : start + size] if row["aggregate"] not in blocked]
            taken = await self._attempt(handler, rows, note=False) if len(rows) > 1 else None
            if taken is not None:
                total += taken
                continue
            for row in rows:
                if row["aggregate"] in blocked:
                    continue
                taken = await self._attempt(handler, [row], note=True)
                total += 1 if taken is None else taken
                if taken is None and row["aggregate"] is not None:
                    blocked.add(row["aggregate"])
        return total

    async def _attempt(self, handler: Handler, rows: Sequence[Any], *, note: bool) -> int | None:
        """Call the handler for these rows in one transaction; gives how many it took, or None when it failed.

        note: write the failure down with the (single) event.
        """
        tenant = rows[0]["tenant_id"]
        try:
            async with self._slots, self._transaction(handler, tenant) as tx:
                found = await tx.all(
                    _TAKE, tenant=tenant, handler=handler.name, positions=[row["position"] for row in rows]
                )
                events = [Received[Event](*record) for record in found]
                if events:
                    async with asyncio.timeout(handler.timeout_s):
                        await handler.function(tx, events if handler.batch else events[0])
        except Exception as error:  # noqa: BLE001  whatever a handler raises is its failure, and kept with the event
            if note:
                await self._failed(handler, rows[0], error)
            else:
                log.warning("handler_batch_failed", handler=handler.name, tenant=tenant, error=_said(error))
            return None
        return len(events)

    @asynccontextmanager
    async def _transaction(self, handler: Handler, tenant: int) -> AsyncIterator[Tx]:
        chosen: AbstractAsyncContextManager[Tx] = self._db.system() if handler.system else self._db.tenant(tenant)
        async with chosen as tx:
            yield tx

    async def _failed(self, handler: Handler, row: Any, error: Exception) -> None:
        failures = row["attempts"] + 1
        wait_s = handler.backoff.after(failures)
        log.warning(
            "handler_failed",
            handler=handler.name,
            tenant=row["tenant_id"],
            position=row["position"],
            attempt=failures,
            again_in_s=wait_s,
            exc_info=error,
        )
        async with self._db.system() as tx:
            await tx.run(
                _FAIL,
                tenant=row["tenant_id"],
                handler=handler.name,
                position=row["position"],
                error=_said(error),
                wait_s=wait_s,
            )


def _lines(due: Sequence[Any], *, by_tenant: bool) -> list[list[Any]]:
    """What must be handled one after another: a tenant's events when they come in batches, else an aggregate's."""
    lines: dict[tuple[Any, ...], list[Any]] = {}
    for row in sorted(due, key=lambda each: each["position"]):
        alone = row["position"] if row["aggregate"] is None else None
        line = (row["tenant_id"],) if by_tenant else (row["tenant_id"], row["aggregate"], alone)
        lines.setdefault(line, []).append(row)
    return list(lines.values())


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]
