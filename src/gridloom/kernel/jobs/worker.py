"""The worker: runs jobs inside the program's own event loop."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import msgspec
import procrastinate
import structlog
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import GiveUp, Job, Jobs, Schedule, discover
from gridloom.kernel.jobs.deferral import defer
from gridloom.kernel.jobs.queue import return_lost
from gridloom.kernel.jobs.schema import SCHEMA

_TENANTS = sql("SELECT id FROM identity.tenant WHERE status = 'active' ORDER BY id")

_DUE = sql(f"""
    SELECT EXISTS (
        SELECT FROM {SCHEMA}.procrastinate_jobs
        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
            AND (CAST(:queues AS text[]) IS NULL OR queue_name = ANY(CAST(:queues AS text[])))
    )
""")

_MADE_UP_FOR_S = 3600.0
_ERROR_LENGTH = 2000

log = structlog.get_logger(__name__)

# procrastinate writes the arguments of jobs into its log; what is worth telling is told here, without them.
logging.getLogger("procrastinate").setLevel(logging.WARNING)
logging.getLogger("procrastinate.worker").addFilter(lambda record: not hasattr(record, "job"))


class Worker:
    """Runs in the background between `start` and `stop`.

    resources: what jobs may ask for, by type (`context.get(FileStore)`). queues: the ones it serves, all when None.
    concurrency: jobs at once. heartbeat_s: how often it says that it lives; silent_s: after how long a silence the
    jobs of a worker are given to others. lost_attempts: how often a job that workers die over is tried. grace_s: how
    long running jobs may go on after `stop`. connections: most connections it holds, apart from one to listen.
    """

    def __init__(
        self,
        db: Database,
        *,
        jobs: Jobs | None = None,
        resources: Mapping[type, Any] | None = None,
        concurrency: int = 10,
        queues: list[str] | None = None,
        poll_s: float = 5.0,
        heartbeat_s: float = 10.0,
        silent_s: float = 60.0,
        lost_attempts: int = 5,
        grace_s: float = 10.0,
        connections: int = 4,
    ) -> None:
        self._db = db
        self._jobs = discover() if jobs is None else jobs
        self._resources = resources or {}
        self._concurrency = concurrency
        self._queues = queues
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._silent_s = silent_s
        self._lost_attempts = lost_attempts
        self._grace_s = grace_s
        self._connections = connections
        self._app: procrastinate.App | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_ending = False

    async def start(self) -> None:
        """Begin to work."""
        if self._app is not None:
            return
        self._is_ending = False
        app = await self._open()
        self._tasks = [
            asyncio.create_task(self._serve(app), name="worker"),
            asyncio.create_task(self._look_for_lost(), name="worker lost jobs"),
        ]

    async def stop(self) -> None:
        """End: take no more jobs, give running ones their grace, and put back what is not done then."""
        if self._app is None:
            return
        self._is_ending = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._app.close_async()
        self._app = None

    async def __aenter__(self) -> Self:
        """See `start`."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `stop`."""
        await self.stop()

    async def drain(self) -> None:
        """Run what is due, here and now, until nothing is. For tests and commands."""
        app = await self._open()
        try:
            while await self._is_due():
                await app.run_worker_async(**self._options(), wait=False, listen_notify=False)
        finally:
            await app.close_async()
            self._app = None

    async def _open(self) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(
            conninfo=self._db.url,
            min_size=1,
            max_size=self._connections,
            kwargs={"options": f"-c search_path={SCHEMA}", "application_name": "gridloom worker"},
        )
        app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": _MADE_UP_FOR_S})
        for job in self._jobs.known.values():
            self._register(app, job)
        await app.open_async()
        self._app = app
        return app

    def _options(self) -> dict[str, Any]:
        return {
            "queues": self._queues,
            "concurrency": self._concurrency,
            "fetch_job_polling_interval": self._poll_s,
            "shutdown_graceful_timeout": self._grace_s,
            "delete_jobs": "successful",
            "install_signal_handlers": False,
            "update_heartbeat_interval": self._heartbeat_s,
            "stalled_worker_timeout": self._silent_s,
        }

    async def _is_due(self) -> bool:
        async with self._db.system() as tx:
            return bool(await tx.scalar(_DUE, queues=self._queues))

    async def _serve(self, app: procrastinate.App) -> None:
        while True:
            try:
                await app.run_worker_async(**self._options())
            except Exception:
                log.exception("worker_failed")
            log.warning("worker_starts_again")
            await asyncio.sleep(1.0)

    async def _look_for_lost(self) -> None:
        while True:
            try:
                async with self._db.system() as tx:
                    lost = await return_lost(tx, silent_s=self._silent_s, attempts=self._lost_attempts)
                if lost:
                    log.warning("lost_jobs_returned", jobs=lost)
            except Exception:
                log.exception("lost_jobs_not_returned")
            await asyncio.sleep(self._heartbeat_s)

    def _register(self, app: procrastinate.App, job: Job) -> None:
        async def run(running: procrastinate.JobContext, /, **stored: Any) -> None:
            await self._attempt(job, running, stored)

        declare = app.task(
            name=job.name, queue=job.queue, priority=job.priority, retry=_Retry(job.retry), pass_context=True
        )
        task = declare(run)
        for number, each in enumerate(job.schedules):
            self._schedule(app, job, task, number, each)

    def _schedule(self, app: procrastinate.App, job: Job, task: Any, number: int, each: Schedule) -> None:
        async def spread(**_: Any) -> None:
            try:
                await self._spread(job, f"schedule:{number}", each.args)
            except Exception:
                log.exception("schedule_failed", job=job.name)
                raise

        chosen = task
        if each.each_tenant:
            chosen = app.task(name=f"{job.name}:tenants:{number}", queue=job.queue, retry=_Retry(job.retry))(spread)
        stored: dict[str, Any] = {"tenant": None, "args": job.packed(each.args), "follow": None}
        repeat = app.periodic(
            cron=each.cron,
            periodic_id=str(number),
            queueing_lock=f"schedule:{chosen.name}:{number}",
            task_kwargs=stored,
        )
        repeat(chosen)

    async def _spread(self, job: Job, key: str, args: Mapping[str, Any]) -> None:
        async with self._db.system() as tx:
            for row in await tx.all(_TENANTS):
                await defer(tx, job, tenant=row["id"], key=key, **args)

    async def _attempt(self, job: Job, running: procrastinate.JobContext, stored: Mapping[str, Any]) -> None:
        tenant, follow = stored.get("tenant"), stored.get("follow")
        context = Context(
            db=self._db,
            name=job.name,
            job_id=running.job.id or 0,
            attempt=running.job.attempts + 1,
            tenant_id=tenant,
            follow=None if follow is None else UUID(follow),
            resources=self._resources,
            ending=lambda: self._is_ending or running.should_abort(),
        )
        with structlog.contextvars.bound_contextvars(job=job.name, job_id=context.job_id, tenant=tenant):
            try:
                await self._call(job, context, stored.get("args") or {})
            except asyncio.CancelledError:
                await context.failed("the worker stopped", final=False)
                raise
            except Exception as error:
                final = _wait(job.retry, error, context.attempt) is None
                log.warning("job_failed", attempt=context.attempt, final=final, exc_info=error)
                await context.failed(f"{type(error).__name__}: {error}"[:_ERROR_LENGTH], final=final)
                raise

    async def _call(self, job: Job, context: Context, args: Mapping[str, Any]) -> None:
        try:
            arguments = job.unpacked(args)
        except msgspec.ValidationError as error:
            raise GiveUp(f"the arguments do not fit the job any more: {error}") from error
        await context.started()
        began = time.perf_counter()
        async with asyncio.timeout(job.timeout_s):
            result = await job.function(context, **arguments)
        await context.succeeded(msgspec.to_builtins(result))
        # The installation's own schedules run every few seconds; a line for each would bury the others.
        say = log.debug if job.queue == "kernel" else log.info
        say("job_done", attempt=context.attempt, took_s=round(time.perf_counter() - began, 3))


class _Retry(BaseRetryStrategy):
    """Our waits in procrastinate's terms; a job that the worker's end interrupted comes back at once."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate.jobs.Job) -> RetryDecision | None:
        wait_s = _wait(self._backoff, exception, job.attempts + 1)
        return None if wait_s is None else RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait_s))


def _wait(backoff: Backoff, error: BaseException, failures: int) -> float | None:
    if isinstance(error, asyncio.CancelledError):
        return 0.0
    return None if isinstance(error, GiveUp) else backoff.after(failures)
