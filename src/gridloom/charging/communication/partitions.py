"""The daily parts of `charging.communication`: made ahead and at need, dropped whole when their time is over.

A part is made beside the table and then attached, which no reader or writer has to wait for; two transactions that miss
the same day follow one another by an advisory lock. Parts get no grants: tenants reach them through the parent.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import asyncpg

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx

MAKING = 7_361_811
"""Advisory lock: a day is being made."""

_PREFIX = "communication_"
_DAY = timedelta(days=1)

_MISSING = """
    SELECT array(
        SELECT n FROM unnest($1::text[]) n WHERE NOT EXISTS (
            SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
            WHERE s.nspname = 'charging' AND c.relname = n
        ) ORDER BY n
    )
"""
_PARTS = (
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = CAST('charging.communication' AS regclass) AND c.relname < :before ORDER BY 1"
)


def day_of(at: datetime) -> date:
    """The day (UTC) in whose part an entry is."""
    return at.astimezone(UTC).date()


def name_of(day: date) -> str:
    """The part's name without the schema: `communication_2026_11_20`."""
    return f"{_PREFIX}{day:%Y_%m_%d}"


def bounds_of(day: date) -> tuple[str, str]:
    """From when to when (exclusive), as SQL takes it."""
    return f"{day.isoformat()}T00:00:00+00:00", f"{(day + _DAY).isoformat()}T00:00:00+00:00"


async def make(tx: Tx, days: Iterable[date]) -> None:
    """Make the parts of these days that are missing; in a transaction of the installation."""
    names = {name_of(day): day for day in days}
    tx.statements += 1
    await tx.connection.execute(f"SELECT pg_advisory_xact_lock({MAKING})")
    for name in await tx.connection.fetchval(_MISSING, list(names)):
        since, till = bounds_of(names[name])
        tx.statements += 1
        await tx.connection.execute(
            f"CREATE TABLE charging.{name} (LIKE charging.communication INCLUDING ALL);"
            f"ALTER TABLE charging.communication ATTACH PARTITION charging.{name} "
            f"FOR VALUES FROM ('{since}') TO ('{till}')"
        )


async def make_ahead(db: Database, days: int = 7) -> None:
    """Make the present day and so many after it, each in a transaction of its own."""
    today = day_of(clock.now())
    for ahead in range(days + 1):
        async with db.system() as tx:
            await make(tx, [today + ahead * _DAY])


async def drop_before(db: Database, day: date) -> list[str]:
    """Drop the parts of the days before this one; returns their names.

    Gives way at once: what cannot be locked within two seconds is left for the next time.
    """
    async with db.system() as tx:
        parts = [row["name"] for row in await tx.all(_PARTS, before=name_of(day))]
    dropped = []
    for name in parts:
        try:
            async with db.system() as tx:
                await tx.connection.execute(f"SET LOCAL lock_timeout = '2s'; DROP TABLE charging.{name}")
            dropped.append(name)
        except (asyncpg.LockNotAvailableError, asyncpg.UndefinedTableError):
            continue
    return dropped
