"""One transaction: the only way to the database, and the place where a tenant is switched on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import structlog
from sqlalchemy.sql import ClauseElement

from gridloom.kernel.database.statement import Statement, sql

Query: TypeAlias = Statement | ClauseElement | str
Record: TypeAlias = asyncpg.Record
AfterCommit: TypeAlias = Callable[[], Awaitable[None]]

TENANT_ROLE = "gridloom_tenant"

log = structlog.get_logger(__name__)


def statement(query: Query) -> Statement:
    """The compiled form of whatever a caller holds; build it once where the call is hot."""
    if isinstance(query, Statement):
        return query
    return sql(query) if isinstance(query, str) else Statement(query)


class Tx:
    """A running transaction of one tenant (or, with `tenant_id` None, of the installation itself).

    Nothing in a handler commits: the edge of the request does, once. `statements` counts round trips for the budgets in
    the tests. Rows put into `outbox` and `trail` are written by the flushers just before the commit, in one statement each.
    """

    __slots__ = ("_after", "connection", "outbox", "statements", "subject", "tenant_id", "trail")

    def __init__(self, connection: Any, tenant_id: int | None, subject: Any = None) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.subject = subject
        self.statements = 0
        self.outbox: list[Any] = []
        self.trail: list[Any] = []
        self._after: list[AfterCommit] = []

    @property
    def tenant(self) -> int:
        """The tenant's number; LookupError in a transaction of the installation."""
        if self.tenant_id is None:
            raise LookupError("this transaction belongs to no tenant")
        return self.tenant_id

    async def all(self, query: Query, /, **parameters: Any) -> list[Any]:
        """Every row of the answer, as asyncpg records."""
        built = statement(query)
        self.statements += 1
        rows: list[Any] = await self.connection.fetch(built.text, *built.arguments(parameters))
        return rows

    async def one(self, query: Query, /, **parameters: Any) -> Any | None:
        """The first row, or None."""
        built = statement(query)
        self.statements += 1
        return await self.connection.fetchrow(built.text, *built.arguments(parameters))

    async def scalar(self, query: Query, /, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        built = statement(query)
        self.statements += 1
        return await self.connection.fetchval(built.text, *built.arguments(parameters))

    async def run(self, query: Query, /, **parameters: Any) -> int:
        """Execute, and say how many rows it touched."""
        built = statement(query)
        self.statements += 1
        status: str = await self.connection.execute(built.text, *built.arguments(parameters))
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def many(self, query: Query, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Execute once for each row of parameters, pipelined."""
        built = statement(query)
        self.statements += 1
        await self.connection.executemany(built.text, [built.arguments(row) for row in rows])

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail alone: what it wrote is undone, the transaction goes on."""
        await self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                await self.connection.execute("ROLLBACK TO SAVEPOINT part")
            raise
        await self.connection.execute("RELEASE SAVEPOINT part")

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[None]:
        """Step out of row-level security for one statement that cannot run under it (COPY, DDL of partitions).

        The caller has proven before that every row it touches belongs to `tenant`.
        """
        if self.tenant_id is None:
            yield
            return
        await self.connection.execute("SET LOCAL ROLE NONE")
        try:
            yield
        finally:
            # In a transaction that already failed this fails too, and only a rollback can follow, which undoes the step.
            with suppress(asyncpg.InFailedSQLTransactionError, asyncpg.InterfaceError):
                await self.connection.execute(f"SET LOCAL ROLE {TENANT_ROLE}")

    def after_commit(self, effect: AfterCommit) -> None:
        """Run `effect` once the transaction has been committed; never when it was rolled back.

        For effects inside this process only (waking a relay, closing a socket). What must survive a crash is a job.
        """
        self._after.append(effect)

    async def effects(self) -> None:
        """Run what was asked for after the commit; one failing effect is logged and hinders no other."""
        for effect in self._after:
            try:
                await effect()
            except Exception:
                log.exception("after_commit_failed")
        self._after.clear()


Flusher: TypeAlias = Callable[[Tx, Sequence[Any]], Awaitable[None]]
