"""Tasks: read by who has the id, for as long as they are kept."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from tests.commerce.kit import caller_of, done, refused
from tests.suites.client import Callers

from gridloom.commerce.mes import public as tasks
from gridloom.kernel import clock


async def finished(callers: Callers, result: Any) -> UUID:
    caller = await caller_of(callers)
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await tasks.finished(tx, "odr.print", result, description="Print an invoice")


async def test_a_task_is_read_without_a_token_by_who_has_its_id(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    task = await finished(callers, {"file_id": "f-1"})
    caller = await caller_of(callers)
    shown = await done(caller, "GET", f"/mes/tasks/{task}", "/mes/tasks/{task}")
    assert (await anonymous.get(f"/mes/tasks/{task}")).json() == shown
    assert (shown["id"], shown["name"], shown["description"]) == (str(task), "odr.print", "Print an invoice")
    assert (shown["progress"], shown["is_success"], shown["is_failed"]) == (100, True, False)
    assert msgspec.json.decode(base64.b64decode(shown["result"])) == {"file_id": "f-1"}
    assert shown["completed_at"] == shown["started_at"] < shown["expires_at"]


async def test_a_task_is_forgotten_after_a_week(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    task = await finished(callers, [])
    with clock.travel(timedelta(days=6, hours=23)):
        assert (await anonymous.get(f"/mes/tasks/{task}")).status_code == 200
    with clock.travel(timedelta(days=7, seconds=1)):
        assert (await anonymous.get(f"/mes/tasks/{task}")).status_code == 404


async def test_unknown_tasks_and_the_work_of_others_are_not_found(
    callers: Callers, anonymous: httpx.AsyncClient
) -> None:
    caller = await caller_of(callers)
    other = uuid4()
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(
            "INSERT INTO jobs.progress (tenant_id, id, name, expires_at) "
            "VALUES (:tenant, :id, 'metering.import', now() + interval '1 day')",
            tenant=tx.tenant,
            id=other,
        )
    for each in (uuid4(), other):
        assert (await anonymous.get(f"/mes/tasks/{each}")).status_code == 404
    refused(await anonymous.get("/mes/tasks/7"), "task")


async def test_a_task_under_way_says_how_far_it_is(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    caller = await caller_of(callers)
    task = uuid4()
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(
            "INSERT INTO jobs.progress (tenant_id, id, name, status, done, total, started_at, expires_at) "
            "VALUES (:tenant, :id, 'commerce.import', 'running', 1, 3, now(), now() + interval '1 day')",
            tenant=tx.tenant,
            id=task,
        )
    shown = await done(caller, "GET", f"/mes/tasks/{task}", "/mes/tasks/{task}")
    assert (shown["progress"], shown["is_success"], shown["is_failed"]) == (33, False, False)
    assert not {"result", "completed_at"} & shown.keys()
