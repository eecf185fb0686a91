"""From the outbox to the handlers: one statement makes, for each new event, a row for each handler that wants it.

Whole or not at all: a relay that dies here leaves the events where they were. One relay at a time does this, so that
rows of one aggregate appear in the order of their positions.
"""

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.events.event import lock_number
from gridloom.kernel.events.handlers import Handlers

_TURN = sql("SELECT pg_try_advisory_xact_lock(CAST(:turn AS bigint))")
_TURN_NUMBER = lock_number("events:fanout")

_GENERAL = """
        UNION ALL
        SELECT o.tenant_id, o.id, o.aggregate, '{handler}' FROM batch AS o WHERE {condition}"""

# An event behind one that is waiting for its next attempt waits as long.
_FAN_OUT = """
    WITH batch AS MATERIALIZED (
        SELECT tenant_id, id, name, aggregate FROM events.outbox
        WHERE relayed_at IS NULL ORDER BY id LIMIT CAST(:size AS integer) FOR UPDATE SKIP LOCKED
    ), relayed AS (
        UPDATE events.outbox SET relayed_at = now() WHERE relayed_at IS NULL AND id = ANY(ARRAY(SELECT id FROM batch))
    ), wanted (tenant_id, position, aggregate, handler) AS (
        SELECT o.tenant_id, o.id, o.aggregate, h.handler FROM batch AS o
        JOIN unnest(CAST(:names AS text[]), CAST(:handlers AS text[])) AS h (name, handler) ON h.name = o.name{general}
    ), spread AS (
        INSERT INTO events.handling (tenant_id, handler, position, aggregate, next_at)
        SELECT w.tenant_id, w.handler, w.position, w.aggregate, coalesce((
            SELECT max(stuck.next_at) FROM (
                SELECT next_at FROM events.handling
                WHERE tenant_id = w.tenant_id AND handler = w.handler AND aggregate = w.aggregate
                    AND status = 'waiting' AND attempts > 0 OFFSET 0
            ) AS stuck
        ), now())
        FROM wanted AS w ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM batch
"""


def statement_for(handlers: Handlers) -> Statement:
    """The statement of these handlers. Its text holds names and conditions from declarations only."""
    general = "".join(_GENERAL.format(handler=each.name, condition=each.when or "TRUE") for each in handlers.general())
    return sql(_FAN_OUT.format(general=general))


class FanOut:
    """Hands out batches of new events."""

    def __init__(self, db: Database, handlers: Handlers, size: int) -> None:
        self._db = db
        self._size = size
        self._statement = statement_for(handlers)
        named = handlers.named()
        self._names = [event for event, _ in named]
        self._handlers = [handler for _, handler in named]

    async def once(self) -> int:
        """Hand out one batch; gives its size, which is 0 while another relay is at it."""
        async with self._db.system() as tx:
            if not await tx.scalar(_TURN, turn=_TURN_NUMBER):
                return 0
            count: int = await tx.scalar(self._statement, size=self._size, names=self._names, handlers=self._handlers)
            return count

    async def all(self) -> int:
        """Hand out everything that waits; gives how many events that were."""
        total = 0
        while count := await self.once():
            total += count
            if count < self._size:
                break
        return total
