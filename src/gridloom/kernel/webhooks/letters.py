"""Deliveries that were given up, sending them again, and forgetting old ones."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.webhooks.publish import CHANNEL

_FAILED = sql("""
    SELECT tenant_id, id, subscription_id, message_id, event, entity_type, entity_id, attempts, response_code, error,
        created_at
    FROM webhooks.delivery
    WHERE status = 'dead' AND id > CAST(:after AS bigint)
        AND (CAST(:subscription AS bigint) IS NULL OR subscription_id = CAST(:subscription AS bigint))
        AND (CAST(:events AS text[]) IS NULL OR event = ANY(CAST(:events AS text[])))
    ORDER BY id LIMIT CAST(:limit AS integer)
""")

_AGAIN = sql(f"""
    WITH again AS (
        UPDATE webhooks.delivery SET status = 'waiting', tries = 0, next_at = now(), delivered_at = NULL,
            tries_most = CASE WHEN CAST(:once AS boolean) THEN 1 END
        WHERE (status = 'dead' OR (CAST(:delivered AS boolean) AND status = 'delivered'))
            AND (CAST(:subscription AS bigint) IS NULL OR subscription_id = CAST(:subscription AS bigint))
            AND (CAST(:deliveries AS bigint[]) IS NULL OR id = ANY(CAST(:deliveries AS bigint[])))
            AND (CAST(:events AS text[]) IS NULL OR event = ANY(CAST(:events AS text[])))
            AND (CAST(:since AS timestamptz) IS NULL OR created_at >= CAST(:since AS timestamptz))
            AND (CAST(:until AS timestamptz) IS NULL OR created_at < CAST(:until AS timestamptz))
        RETURNING 1
    )
    SELECT count(*), pg_notify('{CHANNEL}', '') FROM again
""")

_PRUNE = sql("""
    DELETE FROM webhooks.delivery WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM webhooks.delivery
        WHERE created_at < now() - make_interval(days => CAST(:keep_days AS integer)) AND status <> 'waiting'
        LIMIT CAST(:limit AS integer)
    )
""")

_BACKLOG = sql("""
    SELECT (SELECT count(*) FROM webhooks.delivery WHERE status = 'waiting' AND next_at <= now()),
        (SELECT count(*) FROM webhooks.delivery WHERE status = 'waiting'),
        (SELECT count(*) FROM webhooks.delivery WHERE status = 'dead')
""")


class Backlog(msgspec.Struct, frozen=True):
    """Deliveries that are due, that wait (the due ones among them), and that were given up."""

    due: int
    waiting: int
    dead: int


class FailedDelivery(msgspec.Struct, frozen=True):
    """A message that was given up, and why its last attempt failed."""

    tenant: int
    id: int
    subscription: int
    message_id: UUID
    event: str
    entity_type: str | None
    entity_id: str | None
    attempts: int
    response_code: int | None
    error: str | None
    created_at: datetime


async def failed_deliveries(
    tx: Tx,
    *,
    subscription: int | None = None,
    events: Sequence[str] | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[FailedDelivery]:
    """What was given up, by number: of the tenant, or in a transaction of the installation of all. Page with `after`."""
    rows = await tx.all(_FAILED, subscription=subscription, events=_listed(events), after=after, limit=limit)
    return [FailedDelivery(*row) for row in rows]


async def replay(
    tx: Tx,
    *,
    subscription: int | None = None,
    deliveries: Sequence[int] | None = None,
    events: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    once: bool = False,
    delivered: bool = False,
) -> int:
    """Send again what was given up (with `delivered`, also what arrived); gives how many. The message ids stay.

    subscription, deliveries, events (names), since, until (when the message was made): narrow it down. once: with a
    single attempt, after which it is given up again, instead of the whole schedule. A disabled subscription is told
    nothing before it is enabled.
    """
    count: int = await tx.scalar(
        _AGAIN,
        subscription=subscription,
        deliveries=None if deliveries is None else list(deliveries),
        events=_listed(events),
        since=since,
        until=until,
        once=once,
        delivered=delivered,
    )
    return count


async def prune(tx: Tx, *, keep_days: int, limit: int = 5000) -> int:
    """Forget messages older than so many days that wait for nothing more; gives how many."""
    return await tx.run(_PRUNE, keep_days=keep_days, limit=limit)


async def backlog(tx: Tx) -> Backlog:
    """For the gauges of an installation: of the tenant, or in a transaction of the installation of all."""
    row = await tx.one(_BACKLOG)
    assert row is not None  # noqa: S101  an aggregate always gives a row
    return Backlog(*row)


def _listed(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
