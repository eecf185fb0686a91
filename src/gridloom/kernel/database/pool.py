"""The pool of connections, and the two kinds of transaction it hands out.

A tenant's transaction runs as the role `gridloom_tenant`, which owns nothing and sees, by row-level security, only the rows
whose `tenant_id` is the one set on the connection. The installation's own transaction (migrations, relays, sign-in before the
tenant is known) runs as the owner. Both are opened in one round trip.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import asyncpg
import msgspec

from gridloom.kernel.database.transaction import TENANT_ROLE, Flusher, Tx
from gridloom.kernel.observability import Pool

TENANT_SETTING = "gridloom.tenant"
WAIT_S = 20.0

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
            await self._pool.close()
            self._pool = None

    def load(self) -> Pool:
        """Connections of this process: open, idle, and the most there may be."""
        if self._pool is None:
            return Pool(0, 0, self._size)
        return Pool(self._pool.get_size(), self._pool.get_idle_size(), self._size)

    def tenant(
        self, tenant_id: int, *, subject: Any = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[Tx]:
        """A transaction in which only this tenant's rows exist. Commits at the end, rolls back on any exception."""
        mode = "READ ONLY" if read_only else "READ WRITE"
        begin = f"BEGIN {mode}; SET LOCAL ROLE {TENANT_ROLE}; SET LOCAL {TENANT_SETTING} = '{int(tenant_id)}'"
        return self._transaction(begin, int(tenant_id), subject)

    def system(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the installation: sees every tenant. Not for handlers that act for a caller."""
        return self._transaction("BEGIN", None, None)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A bare connection of the owner, for LISTEN and for statements that refuse to run in a transaction."""
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def _turn(self, tenant: int | None) -> AsyncIterator[None]:
        """One of the tenant's connections. Raises TimeoutError when all of them stay busy."""
        if tenant is None:
            yield
            return
        turns = self._turns.setdefault(tenant, asyncio.Semaphore(self._share))
        async with asyncio.timeout(WAIT_S):
            await turns.acquire()
        try:
            yield
        finally:
            turns.release()

    @asynccontextmanager
    async def _transaction(self, begin: str, tenant: int | None, subject: Any) -> AsyncIterator[Tx]:
        async with self._turn(tenant), self._pool.acquire() as connection:
            await connection.execute(begin)
            tx = Tx(connection, tenant, subject)
            try:
                yield tx
                if tx.trail and self.trail_flusher:
                    await self.trail_flusher(tx, tx.trail)
                if tx.outbox and self.outbox_flusher:
                    await self.outbox_flusher(tx, tx.outbox)
                await connection.execute("COMMIT")
            except BaseException:
                # A connection that is gone has nothing to roll back, and must not hide what happened.
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                    await connection.execute("ROLLBACK")
                raise
        if self.observer is not None:
            self.observer(tx)
        await tx.effects()


async def _prepare(connection: Any) -> None:
    # As text the decoder is called by the driver itself, without a Python function between them for each value.
    for name in ("jsonb", "json"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_to_json, decoder=_decode, format="text")


def _to_json(value: Any) -> str:
    return _encode(value).decode()


async def _keep(_: Any) -> None:
    """Nothing outlives a transaction here (every setting is LOCAL), so a connection needs no reset round trip."""
