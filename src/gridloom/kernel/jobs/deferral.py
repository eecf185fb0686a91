"""Putting a job into the queue, inside the transaction that needs it done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from gridloom.kernel import clock, ids
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.jobs.declare import Job
from gridloom.kernel.jobs.schema import SCHEMA

_DEFER = sql(f"""
    SELECT unnest({SCHEMA}.procrastinate_defer_jobs_v1(ARRAY[CAST(ROW(
        CAST(:queue AS varchar), CAST(:name AS varchar), CAST(:priority AS integer), CAST(:lock AS text),
        CAST(:key AS text), CAST(:args AS jsonb), CAST(:at AS timestamptz)
    ) AS {SCHEMA}.procrastinate_job_to_defer_v1)]))
""")

# Whoever finds its job waiting already holds it back until its own commit: it will see what was written here. The
# worker that passes over the row meanwhile is called again.
_HOLD = sql(f"""
    WITH held AS MATERIALIZED (
        SELECT id, queue_name FROM {SCHEMA}.procrastinate_jobs
        WHERE queueing_lock = CAST(:key AS text) AND status = 'todo' FOR UPDATE
    ), told AS (
        SELECT id, pg_notify(channel, CAST(json_build_object('type', 'job_inserted', 'job_id', id) AS text))
        FROM held
        CROSS JOIN unnest(ARRAY['procrastinate_any_queue_v1', 'procrastinate_queue_v1#' || queue_name]) AS channel
    )
    SELECT id FROM told
""")

_FOLLOW = sql("""
    INSERT INTO jobs.progress (tenant_id, id, name, description, expires_at)
    VALUES (:tenant, :id, :name, :description, :expires_at)
""")

_LINK = sql("UPDATE jobs.progress SET job_id = CAST(:job AS bigint) WHERE tenant_id = :tenant AND id = :id")

_TURNS = 5


async def defer(
    tx: Tx,
    job: Job,
    *,
    tenant: int | None = None,
    key: str | None = None,
    at: datetime | None = None,
    lock: str | None = None,
    **args: Any,
) -> int:
    """Have a job done once this transaction has committed; never when it rolls back. Gives its number in the queue.

    tenant: whom it works for; the transaction's own, or any (or none) in a transaction of the installation. key: while
    a job of the tenant with this key waits, no second one is made; the waiting one is given, and sees what this
    transaction wrote. at: not before. lock: jobs of the tenant with one lock run one after another, in their order.
    Raises TypeError when the arguments do not fit the job.
    """
    return await _put(tx, job, _owner(tx, tenant), job.packed(args), key=key, at=at, lock=lock, follow=None)


async def defer_followed(
    tx: Tx,
    job: Job,
    *,
    description: str = "",
    keep: timedelta = timedelta(days=7),
    tenant: int | None = None,
    at: datetime | None = None,
    lock: str | None = None,
    **args: Any,
) -> UUID:
    """Like `defer`, with a row in `jobs.progress` of the id that is given, kept for `keep` from now on."""
    owner = _owner(tx, tenant)
    if owner is None:
        raise LookupError(f"{job.name} works for no tenant, so nobody can follow it")
    packed = job.packed(args)
    follow = ids.uuid7()
    expires_at = clock.now() + keep
    await tx.run(_FOLLOW, tenant=owner, id=follow, name=job.name, description=description, expires_at=expires_at)
    number = await _put(tx, job, owner, packed, key=None, at=at, lock=lock, follow=follow)
    await tx.run(_LINK, tenant=owner, id=follow, job=number)
    return follow


async def _put(
    tx: Tx,
    job: Job,
    tenant: int | None,
    packed: dict[str, Any],
    *,
    key: str | None,
    at: datetime | None,
    lock: str | None,
    follow: UUID | None,
) -> int:
    values = {
        "queue": job.queue,
        "name": job.name,
        "priority": job.priority,
        "lock": None if lock is None else f"{tenant}:{lock}",
        "key": None if key is None else f"{job.name}:{tenant}:{key}",
        "args": {"tenant": tenant, "args": packed, "follow": None if follow is None else str(follow)},
        "at": at,
    }
    async with _owner_step(tx):
        if key is None:
            number: int = await tx.scalar(_DEFER, **values)
            return number
        return await _put_once(tx, values)


async def _put_once(tx: Tx, values: dict[str, Any]) -> int:
    for _ in range(_TURNS):
        try:
            async with tx.savepoint():
                number: int = await tx.scalar(_DEFER, **values)
                return number
        except asyncpg.UniqueViolationError:
            waiting: int | None = await tx.scalar(_HOLD, key=values["key"])
            if waiting is not None:
                return waiting
    raise TimeoutError(f"the job {values['key']} starts each time before it can be found waiting")


def _owner(tx: Tx, tenant: int | None) -> int | None:
    if tx.tenant_id is None:
        return tenant
    if tenant is not None and tenant != tx.tenant_id:
        raise ValueError(f"a transaction of tenant {tx.tenant_id} cannot defer a job of tenant {tenant}")
    return tx.tenant_id


@asynccontextmanager
async def _owner_step(tx: Tx) -> AsyncIterator[None]:
    """The queue belongs to the owner; the rows that go in carry the transaction's own tenant, see `_owner`."""
    if tx.tenant_id is None:
        yield
    else:
        async with tx.as_owner():
            yield
