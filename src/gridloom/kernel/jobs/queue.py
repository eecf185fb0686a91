"""Looking into the queue, and mending it: what waits, what failed, and what a dead worker left behind."""

from datetime import datetime
from typing import Any

import msgspec

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import lock_number
from gridloom.kernel.jobs.schema import SCHEMA

_COUNTS = sql(f"SELECT status::text AS status, count(*) AS count FROM {SCHEMA}.procrastinate_jobs GROUP BY status")

_FAILED = sql(f"""
    SELECT j.id, j.task_name, CAST(j.args->>'tenant' AS integer), j.args->'args', j.attempts,
        (SELECT max(e.at) FROM {SCHEMA}.procrastinate_events AS e WHERE e.job_id = j.id)
    FROM {SCHEMA}.procrastinate_jobs AS j
    WHERE j.status = 'failed' AND j.id > CAST(:after AS bigint)
        AND (CAST(:tenant AS integer) IS NULL OR CAST(j.args->>'tenant' AS integer) = CAST(:tenant AS integer))
    ORDER BY j.id LIMIT CAST(:limit AS integer)
""")

_RETRY = sql(f"""
    WITH chosen AS MATERIALIZED (
        SELECT id FROM {SCHEMA}.procrastinate_jobs
        WHERE status = 'failed' AND id = ANY(CAST(:jobs AS bigint[])) FOR UPDATE
    ), reset AS (
        UPDATE {SCHEMA}.procrastinate_jobs AS j SET attempts = -1 FROM chosen WHERE j.id = chosen.id RETURNING j.id
    )
    SELECT id FROM reset
""")

_AGAIN = sql(f"SELECT {SCHEMA}.procrastinate_retry_job_v2(CAST(:job AS bigint), now(), NULL, NULL, NULL)")

_LOST = sql(f"""
    SELECT j.id, j.task_name, j.attempts FROM {SCHEMA}.procrastinate_jobs AS j
    WHERE j.status = 'doing' AND NOT EXISTS (
        SELECT FROM {SCHEMA}.procrastinate_workers AS w
        WHERE w.id = j.worker_id
            AND w.last_heartbeat >= now() - make_interval(secs => CAST(:silent_s AS double precision))
    )
    FOR UPDATE OF j SKIP LOCKED
""")

_GIVE_UP = sql(f"SELECT {SCHEMA}.procrastinate_finish_job_v1(CAST(:job AS bigint), 'failed', false)")

_GIVE_UP_PROGRESS = sql("""
    UPDATE jobs.progress SET status = 'failed', completed_at = now(), error = 'the process died each time it tried'
    WHERE job_id = CAST(:job AS bigint)
""")

_WAIT_PROGRESS = sql("""
    UPDATE jobs.progress SET status = 'waiting', completed_at = NULL WHERE job_id = CAST(:job AS bigint)
""")

_PRUNE = sql(f"""
    DELETE FROM {SCHEMA}.procrastinate_jobs AS j
    WHERE j.status NOT IN ('todo', 'doing') AND NOT EXISTS (
        SELECT FROM {SCHEMA}.procrastinate_events AS e
        WHERE e.job_id = j.id AND e.at > now() - make_interval(days => CAST(:keep_days AS integer))
    )
""")

_PRUNE_PROGRESS = sql("DELETE FROM jobs.progress WHERE expires_at < now()")

_ONE_AT_A_TIME = sql(f"SELECT pg_try_advisory_xact_lock({lock_number('jobs:lost')})")


class FailedJob(msgspec.Struct, frozen=True):
    """A job that was given up."""

    id: int
    name: str
    tenant: int | None
    args: Any
    attempts: int
    failed_at: datetime | None


async def counts(tx: Tx) -> dict[str, int]:
    """Jobs by state (`todo`, `doing`, `failed`, …), in a transaction of the installation."""
    return {row["status"]: row["count"] for row in await tx.all(_COUNTS)}


async def failed_jobs(tx: Tx, *, tenant: int | None = None, after: int = 0, limit: int = 100) -> list[FailedJob]:
    """Jobs that were given up, by number; page with `after`. In a transaction of the installation."""
    return [FailedJob(*row) for row in await tx.all(_FAILED, tenant=tenant, after=after, limit=limit)]


async def retry_jobs(tx: Tx, jobs: list[int]) -> int:
    """Try failed jobs again, from their first attempt on; gives how many. In a transaction of the installation."""
    chosen = await tx.all(_RETRY, jobs=jobs)
    for row in chosen:
        await tx.run(_AGAIN, job=row["id"])
        await tx.run(_WAIT_PROGRESS, job=row["id"])
    return len(chosen)


async def return_lost(tx: Tx, *, silent_s: float, attempts: int) -> list[int]:
    """Put back what workers were at when they fell silent for so long; gives the numbers.

    A job that has been tried `attempts` times by now is given up: it may be what kills the workers.
    """
    if not await tx.scalar(_ONE_AT_A_TIME):
        return []
    lost = await tx.all(_LOST, silent_s=silent_s)
    for row in lost:
        if row["attempts"] + 1 < attempts:
            await tx.run(_AGAIN, job=row["id"])
        else:
            await tx.run(_GIVE_UP, job=row["id"])
            await tx.run(_GIVE_UP_PROGRESS, job=row["id"])
    return [row["id"] for row in lost]


async def prune(tx: Tx, *, keep_days: int) -> int:
    """Remove what ended more than so many days ago, and progress that has expired; gives how many jobs."""
    await tx.run(_PRUNE_PROGRESS)
    return await tx.run(_PRUNE, keep_days=keep_days)
