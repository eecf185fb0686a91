"""Tasks as other modules see them: work whose outcome is asked for later, by its id.

An operation that starts work answers with `x-task-id`; whoever has that id may read `GET /mes/tasks/{id}` for a week. A task
is the progress of a job (see `kernel/jobs/deferral.py: defer_followed`) whose name begins with `commerce.`.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

HEADER = "x-task-id"
KEPT = timedelta(days=7)
PREFIX = "commerce."

_DONE = sql(
    "INSERT INTO jobs.progress "
    "(tenant_id, id, name, description, status, done, total, result, started_at, completed_at, expires_at) "
    "VALUES (:tenant_id, :id, :name, :description, 'succeeded', 1, 1, :result, :now, :now, :expires_at)"
)


async def finished(tx: Tx, name: str, result: Any, *, description: str = "") -> UUID:
    """A task that needed no waiting: it is done when the transaction commits. result: anything JSON can say."""
    # Random, not time-ordered: the id is what opens it.
    task, now = uuid4(), clock.now()
    await tx.run(
        _DONE, tenant_id=tx.tenant, id=task, name=PREFIX + name, description=description, result=result, now=now,
        expires_at=now + KEPT,
    )  # fmt: skip
    return task
