"""What a running job is given."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

T = TypeVar("T")

_STARTED = sql("""
    UPDATE jobs.progress SET status = 'running', started_at = coalesce(started_at, now())
    WHERE tenant_id = :tenant AND id = :id
""")

_PROGRESS = sql("""
    UPDATE jobs.progress SET done = :done, total = coalesce(CAST(:total AS double precision), total),
        message = coalesce(CAST(:message AS text), message)
    WHERE tenant_id = :tenant AND id = :id
""")

_SUCCEEDED = sql("""
    UPDATE jobs.progress SET status = 'succeeded', completed_at = now(), result = CAST(:result AS jsonb), error = NULL,
        done = coalesce(total, done)
    WHERE tenant_id = :tenant AND id = :id
""")

_FAILED = sql("""
    UPDATE jobs.progress SET error = CAST(:error AS text), status = CASE WHEN :final THEN 'failed' ELSE 'waiting' END,
        completed_at = CASE WHEN :final THEN now() END
    WHERE tenant_id = :tenant AND id = :id
""")


@dataclass
class Context:
    """One attempt at a job. `attempt` counts from 1; `resources` are what the program gave its worker, by type."""

    db: Database
    name: str
    job_id: int
    attempt: int
    tenant_id: int | None = None
    follow: UUID | None = None
    resources: Mapping[type, Any] = field(default_factory=dict)
    ending: Callable[[], bool] = bool
    progress_every_s: float = 0.5
    _written: float = 0.0

    @property
    def tenant(self) -> int:
        """Whom the job works for; LookupError when for nobody."""
        if self.tenant_id is None:
            raise LookupError(f"the job {self.name} works for no tenant")
        return self.tenant_id

    @property
    def is_ending(self) -> bool:
        """Whether the worker wants to stop: a long job ends here, and is done again later."""
        return self.ending()

    def transaction(self, *, read_only: bool = False) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the job's tenant, or of the installation when it has none."""
        if self.tenant_id is None:
            return self.db.system()
        return self.db.tenant(self.tenant_id, read_only=read_only)

    def get(self, kind: type[T]) -> T:
        """What the program gave its worker under that type; LookupError when it gave nothing."""
        try:
            found: T = self.resources[kind]
        except KeyError:
            raise LookupError(f"the worker was given no {kind.__name__}, which {self.name} needs") from None
        return found

    async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Say how far it is, when somebody follows. Cheap to call often: it writes twice a second, and at the end."""
        now = time.monotonic()
        due = now - self._written >= self.progress_every_s or done == total
        if self.follow is None or not due:
            return
        self._written = now
        await self._write(_PROGRESS, done=float(done), total=total, message=message)

    async def started(self) -> None:
        """For the worker: the attempt begins."""
        await self._write(_STARTED)

    async def succeeded(self, result: Any) -> None:
        """For the worker: the job is done."""
        await self._write(_SUCCEEDED, result=result)

    async def failed(self, error: str, *, final: bool) -> None:
        """For the worker: the attempt failed, and whether it was the last."""
        await self._write(_FAILED, error=error, final=final)

    async def _write(self, query: Any, **values: Any) -> None:
        if self.follow is not None:
            async with self.db.tenant(self.tenant) as tx:
                await tx.run(query, tenant=self.tenant, id=self.follow, **values)
