"""The pool of connections, and the two kinds of transaction it hands out.

A tenant's transaction runs as the role `gridloom_tenant`, which owns nothing and sees, by row-level security, only the rows
whose `tenant_id` is the one set on the connection. The installation's own transaction (migrations, relays, sign-in before the
tenant is known) runs as the owner. Both are opened in one round trip, which also ends what the connection read before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any

import asyncpg
import msgspec

from gridloom.kernel.database.transaction import TENANT_ROLE, Flusher, Tx
from gridloom.kernel.observability import Pool

TENANT_SETTING = "gridloom.tenant"
WAIT_S = 20.0
REST_S = 0.01

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder().decode


class Database:
    """A pool on one database. Open it with `open`, close it with `close`."""

    def __init__(self, url: str, *, size: int = 10, statement_timeout_s: float = 60.0) -> None:
        self.url = url
        self._size = size
        self._timeout_ms = int(statement_timeout_s * 1000)
        self._pool: Any = None
        # What one tenant may hold at once; the rest is left to the others, to the relays and to /health/ready.
        self._share = max(1, size * 3 // 4)
        self._turns: dict[int, asyncio.Semaphore] = {}
        self._resting: list[Any] = []
        self._waiting = 0
        self._sweeping: asyncio.Task[None] | None = None
        self.outbox_flusher: Flusher | None = None
        self.trail_flusher: Flusher | None = None
        self.observer: Callable[[Tx], None] | None = None

    async def open(self) -> "Database":
        """Connect; every connection speaks UTC and decodes jsonb to Python objects."""
        self._pool = await asyncpg.create_pool(
            self.url,
            min_size=1,
            max_size=self._size,
            init=_prepare,
            reset=_keep,
            server_settings={
                "timezone": "UTC",
                "application_name": "gridloom",
                "statement_timeout": str(self._timeout_ms),
                "idle_in_transaction_session_timeout": "120000",
                "jit": "off",
            },
        )
        return self

    async def close(self) -> None:
        """Return every connection; running transactions are waited for."""
        if self._pool is not None:
            if self._sweeping is not None:
                await self._sweeping
            await self._pool.close()
            self._pool = None

    def load(self) -> Pool:
        """Connections of this process: open, idle, and the most there may be."""
        if self._pool is None:
            return Pool(0, 0, self._size)
        return Pool(self._pool.get_size(), self._pool.get_idle_size(), self._size)

    def tenant(self, tenant_id: int, *, subject: Any = None, read_only: bool = False) -> "Transaction":
        """A transaction in which only this tenant's rows exist. Commits at the end, rolls back on any exception."""
        mode = "READ ONLY" if read_only else "READ WRITE"
        begin = f"BEGIN {mode}; SET LOCAL ROLE {TENANT_ROLE}; SET LOCAL {TENANT_SETTING} = '{int(tenant_id)}'"
        return Transaction(self, begin, int(tenant_id), subject, read_only=read_only)

    def system(self) -> "Transaction":
        """A transaction of the installation: sees every tenant. Not for handlers that act for a caller."""
        return Transaction(self, "BEGIN", None, None, read_only=False)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A bare connection of the owner, for LISTEN and for statements that refuse to run in a transaction."""
        async with self._pool.acquire() as connection:
            yield connection

    async def take_turn(self, tenant: int) -> asyncio.Semaphore:
        """One of the tenant's connections, until released. Raises TimeoutError when all of them stay busy."""
        turns = self._turns.setdefault(tenant, asyncio.Semaphore(self._share))
        if turns.locked():
            async with asyncio.timeout(WAIT_S):
                await turns.acquire()
        else:
            await turns.acquire()
        return turns

    async def begin(self, script: str) -> Any:
        """A connection on which `script`, which begins a transaction, has been executed."""
        while self._resting:
            connection = self._resting.pop()
            if not connection.is_closed():
                return await self._started(connection, f"COMMIT; {script}")
            await self._pool.release(connection)
        self._waiting += 1
        try:
            connection = await self._pool.acquire()
        finally:
            self._waiting -= 1
        return await self._started(connection, script)

    async def _started(self, connection: Any, script: str) -> Any:
        try:
            await connection.execute(script)
        except BaseException:
            await self.give_back(connection, rollback=True)
            raise
        return connection

    async def rest(self, connection: Any) -> None:
        """Take back a connection whose transaction only read: its COMMIT, which changes nothing, travels with the next
        transaction's BEGIN, in one round trip instead of two, or is sent after REST_S when there is no next one."""
        if self._waiting:
            await self.give_back(connection, end="COMMIT")
            return
        self._resting.append(connection)
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        try:
            while self._resting:
                await asyncio.sleep(REST_S)
                rested, self._resting = self._resting, []
                for connection in rested:
                    with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
                        await self.give_back(connection, end="COMMIT")
        finally:
            self._sweeping = None

    async def give_back(self, connection: Any, *, end: str = "", rollback: bool = False) -> None:
        """Return a connection to the pool, after `end` or a rollback."""
        try:
            if rollback:
                # A connection that is gone has nothing to roll back, and must not hide what happened.
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                    await connection.execute("ROLLBACK")
            elif end:
                await connection.execute(end)
        finally:
            await self._pool.release(connection)


class Transaction:
    """`async with` around one transaction; see `Database.tenant` and `Database.system`."""

    __slots__ = ("_begin", "_connection", "_database", "_read_only", "_subject", "_tenant", "_turns", "_tx")

    def __init__(self, database: Database, begin: str, tenant: int | None, subject: Any, *, read_only: bool) -> None:
        self._database = database
        self._begin = begin
        self._tenant = tenant
        self._subject = subject
        self._read_only = read_only
        self._turns: asyncio.Semaphore | None = None
        self._connection: Any = None

    async def __aenter__(self) -> Tx:
        if self._tenant is not None:
            self._turns = await self._database.take_turn(self._tenant)
        try:
            self._connection = await self._database.begin(self._begin)
        except BaseException:
            self._end_turn()
            raise
        self._tx = Tx(self._connection, self._tenant, self._subject)
        return self._tx

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        database, tx = self._database, self._tx
        try:
            if kind is not None:
                await database.give_back(self._connection, rollback=True)
                return
            if self._read_only and not tx.trail and not tx.outbox:
                await database.rest(self._connection)
            else:
                await self._commit(tx)
        finally:
            self._end_turn()
        if database.observer is not None:
            database.observer(tx)
        await tx.effects()

    async def _commit(self, tx: Tx) -> None:
        database, connection = self._database, self._connection
        try:
            if tx.trail and database.trail_flusher:
                await database.trail_flusher(tx, tx.trail)
            if tx.outbox and database.outbox_flusher:
                await database.outbox_flusher(tx, tx.outbox)
            await connection.execute("COMMIT")
        except BaseException:
            await database.give_back(connection, rollback=True)
            raise
        await database.give_back(connection)

    def _end_turn(self) -> None:
        if self._turns is not None:
            self._turns.release()


async def _prepare(connection: Any) -> None:
    # As text the decoder is called by the driver itself, without a Python function between them for each value.
    for name in ("jsonb", "json"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_to_json, decoder=_decode, format="text")


def _to_json(value: Any) -> str:
    return _encode(value).decode()


async def _keep(_: Any) -> None:
    """Nothing outlives a transaction here (every setting is LOCAL), so a connection needs no reset round trip."""
