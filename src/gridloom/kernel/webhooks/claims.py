"""The statements of the sender: who has work, taking it, and writing down what came of it.

A delivery is taken by moving its `next_at` ahead by a lease: when the process dies over it, it is due again
afterwards, with the same message id. A subscription's rate is kept in its row (`paced_until`), so that it holds for
all processes together.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

# Walks from subscription to subscription over the partial index, however much waits for each of them.
_LANES = sql("""
    WITH RECURSIVE lane AS (
        (SELECT tenant_id, subscription_id FROM webhooks.delivery WHERE status = 'waiting'
         ORDER BY tenant_id, subscription_id LIMIT 1)
        UNION ALL
        SELECT next.tenant_id, next.subscription_id FROM lane CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.subscription_id FROM webhooks.delivery AS d
            WHERE d.status = 'waiting' AND (d.tenant_id, d.subscription_id) > (lane.tenant_id, lane.subscription_id)
            ORDER BY d.tenant_id, d.subscription_id LIMIT 1
        ) AS next
    )
    SELECT lane.tenant_id, lane.subscription_id FROM lane
    JOIN webhooks.subscription AS s ON s.tenant_id = lane.tenant_id AND s.id = lane.subscription_id
    WHERE s.is_enabled AND EXISTS (
        SELECT FROM webhooks.delivery AS d
        WHERE d.tenant_id = lane.tenant_id AND d.subscription_id = lane.subscription_id AND d.status = 'waiting'
            AND d.next_at <= now()
    )
""")

_FIELDS = """
        claimed.tenant_id, claimed.id, claimed.subscription_id, claimed.message_id, claimed.event, claimed.body,
        claimed.attempts, claimed.tries, claimed.tries_most, s.url, s.format, s.secret, s.headers, s.attributes, t.slug,
        claimed.entity_id
"""

# Rate: what is left of the last second (or of the time one message takes) counts, a longer pause does not add up.
_CLAIM = sql(f"""
    WITH ready AS MATERIALIZED (
        SELECT s.tenant_id, s.id, s.rate_per_s, asked.most, greatest(
            s.paced_until, now() - make_interval(secs => greatest(1, 1 / s.rate_per_s))
        ) AS paced_until
        FROM unnest(CAST(:tenants AS integer[]), CAST(:subscriptions AS bigint[]), CAST(:most AS integer[]))
            AS asked (tenant_id, id, most)
        JOIN webhooks.subscription AS s ON s.tenant_id = asked.tenant_id AND s.id = asked.id
        WHERE s.is_enabled FOR NO KEY UPDATE OF s SKIP LOCKED
    ), picked AS MATERIALIZED (
        SELECT chosen.tenant_id, chosen.id FROM ready CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.id FROM webhooks.delivery AS d
            WHERE d.tenant_id = ready.tenant_id AND d.subscription_id = ready.id AND d.status = 'waiting'
                AND d.next_at <= now()
            ORDER BY d.next_at, d.id
            LIMIT CASE WHEN ready.rate_per_s IS NULL THEN ready.most ELSE least(ready.most, CAST(floor(
                extract(epoch FROM now() - ready.paced_until) * ready.rate_per_s + 0.001
            ) AS integer)) END
            FOR UPDATE SKIP LOCKED
        ) AS chosen
    ), claimed AS (
        UPDATE webhooks.delivery AS d
        SET attempts = d.attempts + 1, tries = d.tries + 1,
            next_at = now() + make_interval(secs => CAST(:lease_s AS double precision))
        FROM picked
        WHERE d.tenant_id = picked.tenant_id AND d.id = picked.id
            AND d.tenant_id = ANY(CAST(:tenants AS integer[])) AND d.id = ANY(ARRAY(SELECT id FROM picked))
        RETURNING d.*
    ), paced AS (
        UPDATE webhooks.subscription AS s
        SET paced_until = ready.paced_until + make_interval(secs => taken.count / s.rate_per_s)
        FROM ready JOIN (
            SELECT tenant_id, subscription_id, count(*) AS count FROM claimed GROUP BY tenant_id, subscription_id
        ) AS taken ON taken.tenant_id = ready.tenant_id AND taken.subscription_id = ready.id
        WHERE s.tenant_id = ready.tenant_id AND s.id = ready.id AND s.rate_per_s IS NOT NULL
    )
    SELECT {_FIELDS} FROM claimed
    JOIN webhooks.subscription AS s ON s.tenant_id = claimed.tenant_id AND s.id = claimed.subscription_id
    JOIN identity.tenant AS t ON t.id = claimed.tenant_id
""")

_CLAIM_ONE = sql(f"""
    WITH claimed AS (
        UPDATE webhooks.delivery AS d
        SET attempts = d.attempts + 1, tries = d.tries + 1, status = 'waiting',
            next_at = now() + make_interval(secs => CAST(:lease_s AS double precision)),
            tries_most = CASE WHEN d.status = 'waiting' THEN d.tries_most ELSE d.tries + 1 END
        WHERE d.tenant_id = CAST(:tenant AS integer) AND d.id = CAST(:id AS bigint)
        RETURNING d.*
    )
    SELECT {_FIELDS} FROM claimed
    JOIN webhooks.subscription AS s ON s.tenant_id = claimed.tenant_id AND s.id = claimed.subscription_id
    JOIN identity.tenant AS t ON t.id = claimed.tenant_id
""")

_TEST = sql("""
    INSERT INTO webhooks.delivery
        (tenant_id, subscription_id, message_id, event, entity_type, entity_id, body, tries_most, next_at)
    SELECT tenant_id, id, :message_id, :event, :entity_type, :entity_id, :body, 1, now() + interval '1 hour'
    FROM webhooks.subscription WHERE tenant_id = :tenant AND id = CAST(:subscription AS bigint) RETURNING id
""")

# A result that comes after its lease, when somebody else has the delivery already, counts only when it is good news.
_SETTLE = sql("""
    WITH outcome AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:tenants AS integer[]), CAST(:ids AS bigint[]), CAST(:numbers AS integer[]),
            CAST(:successes AS boolean[]), CAST(:waits AS double precision[]), CAST(:codes AS integer[]),
            CAST(:bodies AS text[]), CAST(:errors AS text[]), CAST(:times AS bigint[]), CAST(:instants AS timestamptz[])
        ) AS o (tenant_id, id, number, is_success, wait_s, code, body, error, took_ms, attempted_at)
    ), settled AS (
        UPDATE webhooks.delivery AS d SET response_code = o.code, error = o.error,
            status = CASE WHEN o.is_success THEN 'delivered' WHEN o.wait_s IS NULL THEN 'dead' ELSE 'waiting' END,
            next_at = now() + make_interval(secs => coalesce(o.wait_s, 0)),
            delivered_at = CASE WHEN o.is_success THEN o.attempted_at END
        FROM outcome AS o
        WHERE d.tenant_id = o.tenant_id AND d.id = o.id AND d.status <> 'delivered'
            AND (d.attempts = o.number OR o.is_success)
            AND d.tenant_id = ANY(CAST(:tenants AS integer[])) AND d.id = ANY(CAST(:ids AS bigint[]))
    )
    INSERT INTO webhooks.attempt
        (tenant_id, delivery_id, number, is_success, response_code, response_body, error, took_ms, attempted_at)
    SELECT tenant_id, id, number, is_success, code, body, error, took_ms, attempted_at FROM outcome AS o
    WHERE EXISTS (
        SELECT FROM webhooks.delivery AS d
        WHERE d.tenant_id = o.tenant_id AND d.id = o.id
            AND d.tenant_id = ANY(CAST(:tenants AS integer[])) AND d.id = ANY(CAST(:ids AS bigint[]))
    )
    RETURNING tenant_id, delivery_id, number, id
""")


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this process is to attempt, and its subscription."""

    tenant: int
    id: int
    subscription: int
    message_id: Any
    event: str
    body: str
    attempt: int
    tries: int
    tries_most: int | None
    url: str
    format: str
    secret: bytes | None
    headers: Mapping[str, str]
    attributes: Mapping[str, Any]
    slug: str
    entity_id: str | None = None

    @property
    def lane(self) -> tuple[int, int]:
        """Its subscription, among those of all tenants."""
        return self.tenant, self.subscription


class Outcome(msgspec.Struct, frozen=True):
    """What came of an attempt. `wait_s`: until the next one; None when there is none."""

    claimed: Claimed
    is_success: bool
    wait_s: float | None
    code: int | None
    body: str | None
    error: str | None
    took_ms: int
    attempted_at: datetime


async def lanes(tx: Tx) -> list[tuple[int, int]]:
    """(tenant, subscription) of those with something due."""
    return [(row[0], row[1]) for row in await tx.all(_LANES)]


async def claim(tx: Tx, asked: Sequence[tuple[tuple[int, int], int]], lease_s: float) -> list[Claimed]:
    """Take up to so many due deliveries of each lane, oldest first."""
    rows = await tx.all(
        _CLAIM,
        tenants=[lane[0] for lane, _ in asked],
        subscriptions=[lane[1] for lane, _ in asked],
        most=[most for _, most in asked],
        lease_s=lease_s,
    )
    return [Claimed(*row) for row in rows]


async def claim_one(tx: Tx, tenant: int, delivery: int, lease_s: float) -> Claimed | None:
    """Take a certain delivery, whatever its state; when it was not waiting, for one attempt only."""
    row = await tx.one(_CLAIM_ONE, tenant=tenant, id=delivery, lease_s=lease_s)
    return None if row is None else Claimed(*row)


async def insert_test(tx: Tx, subscription: int, **values: Any) -> int | None:
    """Write a delivery for one attempt that the caller takes himself; None when there is no such subscription."""
    number: int | None = await tx.scalar(_TEST, tenant=tx.tenant, subscription=subscription, **values)
    return number


async def settle(tx: Tx, outcomes: Sequence[Outcome]) -> dict[tuple[int, int, int], int]:
    """Write down what came of attempts; gives the attempts' ids by (tenant, delivery, number)."""
    rows = await tx.all(
        _SETTLE,
        tenants=[each.claimed.tenant for each in outcomes],
        ids=[each.claimed.id for each in outcomes],
        numbers=[each.claimed.attempt for each in outcomes],
        successes=[each.is_success for each in outcomes],
        waits=[each.wait_s for each in outcomes],
        codes=[each.code for each in outcomes],
        bodies=[each.body for each in outcomes],
        errors=[each.error for each in outcomes],
        times=[each.took_ms for each in outcomes],
        instants=[each.attempted_at for each in outcomes],
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}
