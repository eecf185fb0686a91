"""Asking how far a task is."""

import base64
from uuid import UUID

import msgspec

from gridloom.commerce.mes.public import PREFIX
from gridloom.commerce.mes.schemas import MesTask
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.operation import PUBLIC, action

_TASK = sql(
    "SELECT t.id, t.name, t.description, t.status, t.done, t.total, t.result, t.started_at, t.completed_at, t.expires_at "
    "FROM jobs.progress t JOIN identity.tenant o ON o.id = t.tenant_id AND o.status = 'active' "
    "WHERE t.id = :id AND t.expires_at > :now AND starts_with(t.name, :prefix)"
)


@action(
    "GET", "/mes/tasks/{task}", scope=PUBLIC, answers={200: MesTask}, faults=(NotFound,), documented=(401, 403),
    name="get_mes_tasks_id", tags=("Tasks", "mes"),
)  # fmt: skip
async def read_task(task: UUID, database: Database) -> MesTask:
    """Read a task: how far it is, and its result.

    The id is the credential, so that a checkout without a signed-in person can wait for its outcome.
    """
    async with database.system() as tx:
        row = await tx.one(_TASK, id=task, now=clock.now(), prefix=PREFIX)
    if row is None:
        raise NotFound
    result = row["result"]
    return MesTask(
        id=row["id"],
        name=row["name"].removeprefix(PREFIX),
        description=row["description"],
        progress=_percent(row["done"], row["total"]),
        is_success=row["status"] == "succeeded",
        is_failed=row["status"] == "failed",
        result=msgspec.UNSET if result is None else base64.b64encode(msgspec.json.encode(result)).decode(),
        started_at=row["started_at"] or msgspec.UNSET,
        completed_at=row["completed_at"] or msgspec.UNSET,
        expires_at=row["expires_at"],
    )


def _percent(done: float, total: float | None) -> int:
    return min(100, int(100 * done / total)) if total else 0
