"""Dead letters: events that a handler could not take however often it was tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.outbox import CHANNEL

_LIST = sql("""
    SELECT h.tenant_id, h.handler, h.position, o.event_id, o.name, o.aggregate, o.payload, o.occurred_at, h.attempts,
        h.error
    FROM events.handling AS h JOIN events.outbox AS o ON o.tenant_id = h.tenant_id AND o.id = h.position
    WHERE h.status = 'dead'
        AND (CAST(:handler AS text) IS NULL OR h.handler = CAST(:handler AS text))
        AND h.position > CAST(:after AS bigint)
    ORDER BY h.position, h.handler LIMIT CAST(:limit AS integer)
""")

_REPLAY = sql(f"""
    WITH again AS (
        UPDATE events.handling AS h SET status = 'waiting', attempts = 0, next_at = now()
        FROM events.outbox AS o
        WHERE h.status = 'dead' AND o.tenant_id = h.tenant_id AND o.id = h.position
            AND (CAST(:handler AS text) IS NULL OR h.handler = CAST(:handler AS text))
            AND (CAST(:events AS uuid[]) IS NULL OR o.event_id = ANY(CAST(:events AS uuid[])))
            AND (CAST(:since AS timestamptz) IS NULL OR o.occurred_at >= CAST(:since AS timestamptz))
            AND (CAST(:until AS timestamptz) IS NULL OR o.occurred_at < CAST(:until AS timestamptz))
        RETURNING 1
    )
    SELECT count(*), pg_notify('{CHANNEL}', '') FROM again
""")

_PRUNE = sql("""
    DELETE FROM events.outbox WHERE (tenant_id, id) IN (
        SELECT o.tenant_id, o.id FROM events.outbox AS o
        WHERE o.occurred_at < now() - make_interval(days => CAST(:keep_days AS integer)) AND o.relayed_at IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM events.handling AS h
                WHERE h.tenant_id = o.tenant_id AND h.position = o.id AND h.status <> 'done'
            )
        LIMIT CAST(:limit AS integer)
    )
""")

_BACKLOG = sql("""
    SELECT (SELECT count(*) FROM events.outbox WHERE relayed_at IS NULL),
        (SELECT count(*) FROM events.handling WHERE status = 'waiting'),
        (SELECT count(*) FROM events.handling WHERE status = 'dead'),
        (SELECT extract(epoch FROM now() - min(occurred_at)) FROM events.outbox WHERE relayed_at IS NULL)
""")


class Backlog(msgspec.Struct, frozen=True):
    """How far the relay is behind: events not handed out, calls that wait, dead letters, age of the oldest event (s)."""

    new: int
    waiting: int
    dead: int
    oldest_s: float


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that one handler gave up. `error` is what its last attempt said."""

    tenant: int
    handler: str
    position: int
    event_id: UUID
    name: str
    aggregate: str | None
    payload: Any
    occurred_at: datetime
    attempts: int
    error: str | None


async def dead_letters(tx: Tx, *, handler: str | None = None, after: int = 0, limit: int = 100) -> list[DeadLetter]:
    """Dead letters by position: of the tenant, or in a transaction of the installation of all. Page with `after`."""
    rows = await tx.all(_LIST, handler=handler, after=after, limit=limit)
    return [DeadLetter(*row) for row in rows]


async def replay(
    tx: Tx,
    *,
    handler: str | None = None,
    events: Sequence[UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Try dead letters again from their first attempt on: of a handler, some events, a time window, or all of them."""
    count: int = await tx.scalar(
        _REPLAY, handler=handler, events=None if events is None else list(events), since=since, until=until
    )
    return count


async def prune(tx: Tx, *, keep_days: int, limit: int = 5000) -> int:
    """Remove events older than so many days that every handler has taken; gives how many. Dead letters are kept."""
    return await tx.run(_PRUNE, keep_days=keep_days, limit=limit)


async def backlog(tx: Tx) -> Backlog:
    """For the gauges of an installation: of the tenant, or in a transaction of the installation of all."""
    row = await tx.one(_BACKLOG)
    assert row is not None  # noqa: S101  an aggregate always gives a row
    return Backlog(row[0], row[1], row[2], float(row[3] or 0))
