"""The monthly partitions of `series.reading`.

A partition is made beside the table and then attached, which needs no lock that a reader or writer would wait for; two
transactions that miss the same month at the same time follow one another by an advisory lock. Children get no grants:
tenants reach them through the parent, under its row-level security.
"""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date

import asyncpg

from gridloom.core.series.moments import month_bounds, month_of
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx

MAKING = 7_361_501
"""Advisory lock: a month is being made."""
DROPPING = 7_361_502
"""Advisory lock: shared by every writer, taken alone by what drops empty months."""

_PREFIX = "reading_"

# Asks the catalogue as a table: a look-up by name may answer from a memory older than the lock that was just waited for.
_MISSING = """
    SELECT array(
        SELECT n FROM unnest($1::text[]) n WHERE NOT EXISTS (
            SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
            WHERE s.nspname = 'series' AND c.relname = n
        ) ORDER BY n
    )
"""


def name_of(month: date) -> str:
    """The partition's name without the schema: `reading_2026_11`."""
    return f"{_PREFIX}{month:%Y_%m}"


def month_named(partition: str) -> date:
    """The month of the partition with this name."""
    return date.fromisoformat(f"{partition.removeprefix(_PREFIX).replace('_', '-')}-01")


def is_partition(table: str) -> bool:
    """Whether a table of the schema `series` is such a child, which migrations leave alone."""
    return table.startswith(_PREFIX)


async def make(tx: Tx, months: Iterable[date]) -> None:
    """Make the partitions of these months that are missing; safe at the same time from several transactions.

    The month stays invisible to others until this transaction commits; who needs it meanwhile waits.
    """
    names = {name_of(month): month for month in months}
    if not names:
        return
    async with nullcontext() if tx.tenant_id is None else tx.as_owner():
        tx.statements += 1
        await tx.connection.execute(f"SELECT pg_advisory_xact_lock({MAKING})")
        for name in await tx.connection.fetchval(_MISSING, list(names)):
            since, till = month_bounds(names[name])
            tx.statements += 1
            await tx.connection.execute(
                f"CREATE TABLE series.{name} (LIKE series.reading INCLUDING ALL);"
                f"ALTER TABLE series.reading ATTACH PARTITION series.{name} "
                f"FOR VALUES FROM ('{since.isoformat()}') TO ('{till.isoformat()}')"
            )


async def make_ahead(db: Database, months: int = 3) -> None:
    """Make the present month and so many after it, each in a transaction of its own; for a daily job."""
    month = month_of(clock.now())
    for _ in range(months + 1):
        async with db.system() as tx:
            await make(tx, [month])
        month = clock.next_month(month)


async def drop_empty(db: Database, before: date) -> list[str]:
    """Drop partitions of months before `before` that hold no row of any tenant; returns their names.

    Gives way at once: what cannot be locked within two seconds is left for the next time.
    """
    async with db.system() as tx:
        children = await tx.all(
            "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = CAST('series.reading' AS regclass) AND c.relname < :before ORDER BY 1",
            before=name_of(before),
        )
    dropped = []
    for child in children:
        try:
            async with db.system() as tx:
                if await _drop_if_empty(tx, child["name"]):
                    dropped.append(child["name"])
        except (asyncpg.LockNotAvailableError, asyncpg.UndefinedTableError):
            continue
    return dropped


async def _drop_if_empty(tx: Tx, name: str) -> bool:
    await tx.connection.execute(
        f"SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock({DROPPING}); "
        f"LOCK TABLE series.{name} IN ACCESS EXCLUSIVE MODE"
    )
    if await tx.connection.fetchval(f"SELECT EXISTS (SELECT FROM series.{name})"):
        return False
    await tx.connection.execute(f"DROP TABLE series.{name}")
    return True
