"""A job is done when its transaction committed: at least once, whatever dies meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import ONCE, GiveUp, Jobs, schedule
from gridloom.kernel.jobs.deferral import defer, defer_followed
from gridloom.kernel.jobs.queue import counts, failed_jobs, prune, retry_jobs, return_lost
from gridloom.kernel.jobs.worker import Worker

AT_ONCE = Backoff((0.0, 0.0), jitter=False)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


async def mark(tx: Tx, what: str) -> None:
    await tx.run(
        "INSERT INTO marks.mark (tenant_id, who, what) VALUES (:tenant, 'job', :what)", tenant=tx.tenant, what=what
    )


async def marks(db: Database, tenant: int) -> list[str]:
    async with db.system() as tx:
        rows = await tx.all("SELECT what FROM marks.mark WHERE tenant_id = :tenant ORDER BY id", tenant=tenant)
    return [row["what"] for row in rows]


async def waiting(db: Database) -> list[dict[str, Any]]:
    async with db.system() as tx:
        rows = await tx.all("SELECT * FROM jobs.procrastinate_jobs ORDER BY id")
    return [dict(row) for row in rows]


async def followed(db: Database, tenant: int, task: UUID) -> dict[str, Any]:
    async with db.tenant(tenant) as tx:
        row = await tx.one("SELECT * FROM jobs.progress WHERE id = :id", id=task)
    assert row is not None
    return dict(row)


async def test_a_job_runs_as_its_tenant_with_arguments_of_their_types(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    got: list[Any] = []

    @jobs.job("probe.typed")
    async def typed(
        context: Context, *, channel: int, since: datetime, share: Decimal, which: UUID, label: str = "-"
    ) -> None:
        got.extend([context.tenant, context.attempt, channel, since, share, which, label])
        async with context.transaction() as tx:
            await mark(tx, label)

    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, typed, channel=3, since=noon, share=Decimal("0.30"), which=UUID(int=5))
    await Worker(empty_queue, jobs=jobs).drain()
    assert got == [tenant, 1, 3, noon, Decimal("0.30"), UUID(int=5), "-"]
    assert await marks(empty_queue, tenant) == ["-"]
    assert await waiting(empty_queue) == []


async def test_a_transaction_that_rolls_back_defers_nothing(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    @jobs.job("probe.undone")
    async def undone(context: Context) -> None: ...

    async def fail() -> None:
        async with empty_queue.tenant(tenant) as tx:
            await defer(tx, undone)
            await defer(tx, undone, key="a")
            await defer_followed(tx, undone)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await waiting(empty_queue) == []


async def test_after_deferring_the_transaction_is_the_tenants_again(
    empty_queue: Database, tenant: int, other_tenant: int, jobs: Jobs
) -> None:
    @jobs.job("probe.role")
    async def role(context: Context) -> None: ...

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, role)
        await defer(tx, role, key="a")
        await defer(tx, role, key="a")
        assert await tx.scalar("SELECT current_user") == "gridloom_tenant"
        with pytest.raises(ValueError, match="cannot defer a job of tenant"):
            await defer(tx, role, tenant=other_tenant)
    assert [row["args"]["tenant"] for row in await waiting(empty_queue)] == [tenant, tenant]


async def test_a_tenant_cannot_reach_the_queue_by_itself(queue: Database, tenant: int) -> None:
    async with queue.tenant(tenant) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tx.savepoint():
                await tx.scalar("SELECT count(*) FROM jobs.procrastinate_jobs")


async def test_arguments_that_do_not_fit_are_refused_before_anything_is_written(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    @jobs.job("probe.strict")
    async def strict(context: Context, *, channel: int) -> None: ...

    async with empty_queue.tenant(tenant) as tx:
        for wrong in ({}, {"channel": "many"}, {"channel": 1, "other": 2}):
            with pytest.raises(TypeError, match=r"the job probe\.strict cannot be called like that"):
                await defer(tx, strict, **wrong)
    assert await waiting(empty_queue) == []


async def test_while_a_job_with_a_key_waits_no_second_one_is_made(
    empty_queue: Database, tenant: int, other_tenant: int, jobs: Jobs
) -> None:
    @jobs.job("probe.keyed")
    async def keyed(context: Context) -> None: ...

    async with empty_queue.tenant(tenant) as tx:
        first = await defer(tx, keyed, key="a")
        assert await defer(tx, keyed, key="a") == first
        assert await defer(tx, keyed, key="b") != first
    async with empty_queue.tenant(other_tenant) as tx:
        assert await defer(tx, keyed, key="a") != first
    await Worker(empty_queue, jobs=jobs).drain()
    async with empty_queue.tenant(tenant) as tx:
        assert await defer(tx, keyed, key="a") > first


async def test_a_job_found_waiting_sees_what_the_transaction_that_found_it_wrote(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    seen: list[list[str]] = []

    @jobs.job("probe.sees")
    async def sees(context: Context) -> None:
        seen.append(await marks(context.db, context.tenant))

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, sees, key="a")
    worker = Worker(empty_queue, jobs=jobs, poll_s=0.05)
    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, sees, key="a")
        await mark(tx, "written later")
        await worker.start()
        await asyncio.sleep(0.3)
        assert seen == []
    async with asyncio.timeout(10):
        while not seen:  # noqa: ASYNC110  the worker polls as well
            await asyncio.sleep(0.01)
    await worker.stop()
    assert seen == [["written later"]]


async def test_a_job_waits_for_its_time(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    @jobs.job("probe.later")
    async def later(context: Context) -> None:
        async with context.transaction() as tx:
            await mark(tx, "ran")

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, later, at=clock.now() + timedelta(hours=1))
    await Worker(empty_queue, jobs=jobs).drain()
    assert await marks(empty_queue, tenant) == []
    async with empty_queue.system() as tx:
        await tx.run("UPDATE jobs.procrastinate_jobs SET scheduled_at = now()")
    await Worker(empty_queue, jobs=jobs).drain()
    assert await marks(empty_queue, tenant) == ["ran"]


async def test_jobs_with_one_lock_run_one_after_another_in_their_order(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    running, most, order = 0, 0, []

    @jobs.job("probe.locked")
    async def locked(context: Context, *, number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        order.append(number)
        await asyncio.sleep(0.02)
        running -= 1

    async with empty_queue.tenant(tenant) as tx:
        for number in range(4):
            await defer(tx, locked, lock="one", number=number)
    await Worker(empty_queue, jobs=jobs, concurrency=4).drain()
    assert (most, order) == (1, [0, 1, 2, 3])


async def test_a_failing_job_is_tried_again_then_given_up_listed_and_tried_anew(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    attempts: list[int] = []

    @jobs.job("probe.fails", retry=AT_ONCE)
    async def fails(context: Context, *, wish: str) -> str:
        attempts.append(context.attempt)
        if len(attempts) < 4:
            raise RuntimeError("no")
        return wish

    async with empty_queue.tenant(tenant) as tx:
        task = await defer_followed(tx, fails, wish="come true")
    worker = Worker(empty_queue, jobs=jobs)
    await worker.drain()
    assert attempts == [1, 2, 3]
    async with empty_queue.system() as tx:
        (failed,) = await failed_jobs(tx, tenant=tenant)
        assert await failed_jobs(tx, tenant=tenant + 1) == []
    assert (failed.name, failed.args, failed.attempts) == ("probe.fails", {"wish": "come true"}, 3)
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["error"]) == ("failed", "RuntimeError: no")
    assert row["completed_at"] is not None

    async with empty_queue.system() as tx:
        assert await retry_jobs(tx, [failed.id, -1]) == 1
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["completed_at"]) == ("waiting", None)
    await worker.drain()
    assert attempts == [1, 2, 3, 1]
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["result"], row["error"]) == ("succeeded", "come true", None)


async def test_a_job_that_gives_up_is_not_tried_again(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    calls: list[int] = []

    @jobs.job("probe.hopeless", retry=AT_ONCE)
    async def hopeless(context: Context) -> None:
        calls.append(context.attempt)
        raise GiveUp("the address is wrong")

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, hopeless)
    await Worker(empty_queue, jobs=jobs).drain()
    assert calls == [1]
    async with empty_queue.system() as tx:
        assert await counts(tx) == {"failed": 1}


async def test_a_job_that_takes_too_long_has_failed(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    @jobs.job("probe.endless", retry=ONCE, timeout_s=0.05)
    async def endless(context: Context) -> None:
        await asyncio.sleep(3600)

    async with empty_queue.tenant(tenant) as tx:
        task = await defer_followed(tx, endless)
    await Worker(empty_queue, jobs=jobs).drain()
    assert (await followed(empty_queue, tenant, task))["status"] == "failed"


async def test_progress_can_be_watched_by_its_tenant_only(
    empty_queue: Database, tenant: int, other_tenant: int, jobs: Jobs
) -> None:
    half, go_on = asyncio.Event(), asyncio.Event()

    @jobs.job("probe.progress")
    async def slow(context: Context) -> dict[str, int]:
        context.progress_every_s = 0
        await context.progress(5, 10, "half way")
        half.set()
        await go_on.wait()
        return {"rows": 10}

    async with empty_queue.tenant(tenant) as tx:
        task = await defer_followed(tx, slow, description="Import of readings")
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["description"], row["done"], row["total"]) == ("waiting", "Import of readings", 0, None)
    assert (row["expires_at"] - row["created_at"]).days in (6, 7)
    worker = Worker(empty_queue, jobs=jobs, poll_s=0.1)
    await worker.start()
    await half.wait()
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["done"], row["total"], row["message"]) == ("running", 5, 10, "half way")
    async with empty_queue.tenant(other_tenant) as tx:
        assert await tx.one("SELECT 1 FROM jobs.progress WHERE id = :id", id=task) is None
    go_on.set()
    async with asyncio.timeout(10):
        while (await followed(empty_queue, tenant, task))["status"] == "running":  # noqa: ASYNC110  a row, not an event
            await asyncio.sleep(0.01)
    await worker.stop()
    row = await followed(empty_queue, tenant, task)
    assert (row["status"], row["done"], row["result"]) == ("succeeded", 10, {"rows": 10})


async def test_a_job_interrupted_by_the_end_of_its_worker_comes_back(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    began = asyncio.Event()
    attempts: list[int] = []

    @jobs.job("probe.interrupted", retry=ONCE)
    async def interrupted(context: Context) -> None:
        attempts.append(context.attempt)
        if len(attempts) == 1:
            began.set()
            await asyncio.sleep(3600)

    async with empty_queue.tenant(tenant) as tx:
        task = await defer_followed(tx, interrupted)
    worker = Worker(empty_queue, jobs=jobs, grace_s=0.05)
    await worker.start()
    await began.wait()
    await worker.stop()
    assert [row["status"] for row in await waiting(empty_queue)] == ["todo"]
    assert (await followed(empty_queue, tenant, task))["status"] == "waiting"
    await Worker(empty_queue, jobs=jobs).drain()
    assert attempts == [1, 2]
    assert (await followed(empty_queue, tenant, task))["status"] == "succeeded"


async def test_a_worker_that_stops_lets_a_running_job_finish(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    began = asyncio.Event()
    ended: list[bool] = []

    @jobs.job("probe.finishes")
    async def finishes(context: Context) -> None:
        began.set()
        while not context.is_ending:  # noqa: ASYNC110  a long job looks up between its steps
            await asyncio.sleep(0.01)
        ended.append(True)

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, finishes)
    worker = Worker(empty_queue, jobs=jobs, grace_s=10)
    await worker.start()
    await began.wait()
    await worker.stop()
    assert ended == [True]
    assert await waiting(empty_queue) == []


async def test_jobs_of_a_worker_that_fell_silent_are_given_to_others_and_those_of_a_live_one_are_not(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    @jobs.job("probe.lost")
    async def lost(context: Context) -> None: ...

    async with empty_queue.tenant(tenant) as tx:
        numbers = [await defer(tx, lost) for _ in range(4)]
    async with empty_queue.system() as tx:
        dead = await tx.scalar(
            "INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - interval '61 s') RETURNING id"
        )
        alive = await tx.scalar(
            "INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - interval '59 s') RETURNING id"
        )
        doing = (
            "UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = :worker, attempts = :tried WHERE id = :id"
        )
        await tx.run(doing, id=numbers[0], worker=dead, tried=0)
        await tx.run(doing, id=numbers[1], worker=alive, tried=0)
        await tx.run(doing, id=numbers[2], worker=None, tried=1)
        await tx.run(doing, id=numbers[3], worker=dead, tried=4)
        assert sorted(await return_lost(tx, silent_s=60, attempts=5)) == sorted([numbers[0], numbers[2], numbers[3]])
    states = {row["id"]: (row["status"], row["attempts"]) for row in await waiting(empty_queue)}
    assert states == {
        numbers[0]: ("todo", 1),
        numbers[1]: ("doing", 0),
        numbers[2]: ("todo", 2),
        numbers[3]: ("failed", 5),
    }


async def test_a_schedule_defers_its_job_once_however_many_workers_run(
    empty_queue: Database, tenant: int, other_tenant: int
) -> None:
    ran: list[tuple[int | None, str]] = []
    workers = []
    for _ in range(2):
        jobs = Jobs()

        @schedule("* * * * *", note="installation")
        @schedule("* * * * *", each_tenant=True, note="tenant")
        @jobs.job("probe.scheduled")
        async def scheduled(context: Context, *, note: str) -> None:
            ran.append((context.tenant_id, note))

        workers.append(Worker(empty_queue, jobs=jobs, poll_s=0.05))
    minute = datetime.now(UTC).minute
    for worker in workers:
        await worker.start()
    expected = {(None, "installation"), (tenant, "tenant"), (other_tenant, "tenant")}
    async with asyncio.timeout(20):
        while not expected <= set(ran):  # noqa: ASYNC110  the workers poll as well
            await asyncio.sleep(0.02)
    for worker in workers:
        await worker.stop()
    minutes = (datetime.now(UTC).minute - minute) % 60 + 1
    assert 1 <= ran.count((None, "installation")) <= minutes
    assert 1 <= ran.count((tenant, "tenant")) <= minutes


async def test_a_job_gets_what_the_program_gave_its_worker(empty_queue: Database, tenant: int, jobs: Jobs) -> None:
    class Mailer:
        name = "local"

    got: list[str] = []

    @jobs.job("probe.resources", retry=ONCE)
    async def uses(context: Context) -> None:
        got.append(context.get(Mailer).name)
        with pytest.raises(LookupError, match="the worker was given no Decimal"):
            context.get(Decimal)

    async with empty_queue.tenant(tenant) as tx:
        await defer(tx, uses)
    await Worker(empty_queue, jobs=jobs, resources={Mailer: Mailer()}).drain()
    assert got == ["local"]
    assert await waiting(empty_queue) == []


async def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(
    empty_queue: Database, tenant: int, jobs: Jobs
) -> None:
    @jobs.job("probe.old", retry=ONCE)
    async def old(context: Context) -> None:
        raise RuntimeError

    async with empty_queue.tenant(tenant) as tx:
        first = await defer(tx, old)
        task = await defer_followed(tx, old)
    await Worker(empty_queue, jobs=jobs).drain()
    async with empty_queue.tenant(tenant) as tx:
        third = await defer(tx, old)
    async with empty_queue.system() as tx:
        await tx.run(
            "UPDATE jobs.procrastinate_events SET at = now() - interval '31 days' WHERE job_id <> :id", id=first
        )
        await tx.run("UPDATE jobs.progress SET expires_at = now() - interval '1 s' WHERE id = :id", id=task)
        assert await prune(tx, keep_days=30) == 1
        assert await tx.one("SELECT 1 FROM jobs.progress WHERE id = :id", id=task) is None
    assert [row["id"] for row in await waiting(empty_queue)] == [first, third]


def test_a_job_is_refused_that_could_not_be_called_later(jobs: Jobs) -> None:
    async def fine(context: Context) -> None: ...
    async def untyped(context: Context, channel) -> None: ...  # type: ignore[no-untyped-def]
    async def reserved(context: Context, *, key: str) -> None: ...
    def sync(context: Context) -> None: ...

    jobs.job("probe.one")(fine)
    with pytest.raises(ValueError, match=r"two jobs are called probe\.one"):
        jobs.job("probe.one")(fine)
    with pytest.raises(ValueError, match="is no name of a job"):
        jobs.job("Probe one")(fine)
    for function in (untyped, reserved):
        with pytest.raises(TypeError, match="is reserved or not annotated"):
            jobs.job("probe.two")(function)
    with pytest.raises(TypeError, match="must be an async function"):
        jobs.job("probe.two")(sync)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot be called like that"):
        schedule("* * * * *", channel=1)(jobs.find("probe.one"))
    assert list(jobs.known) == ["probe.one"]
    with pytest.raises(LookupError):
        jobs.find("probe.two")
