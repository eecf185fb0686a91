"""Moving old months of a tenant out of the database, into Parquet files of an object store.

A month goes in one transaction with one snapshot: its readings are written to files, the files are read back and
compared, their rows enter `series.archive`, and exactly the readings of that snapshot are deleted. What is written
meanwhile stays and is read together with the files. A crash before the commit leaves at most files that nothing
refers to.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import obstore
import structlog
from obstore.store import ObjectStore

from gridloom.core.series import archive_files, reads
from gridloom.core.series.errors import ArchiveUnreachable, MonthTooRecent
from gridloom.core.series.moments import month_bounds, month_of
from gridloom.core.series.partitions import month_named, name_of
from gridloom.core.series.structs import Readings
from gridloom.kernel import clock, ids
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

ROWS_PER_FILE = 1_000_000

_ONE_SNAPSHOT = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0; "
    "SET LOCAL idle_in_transaction_session_timeout = 0"
)

_LOCK = sql("SELECT pg_try_advisory_xact_lock(hashtextextended('series.archive', :tenant))")
_COUNTS = sql(
    "SELECT channel_id, count(*) AS rows FROM series.reading WHERE cap_time >= :since AND cap_time < :till "
    "GROUP BY channel_id ORDER BY channel_id"
)
_ENTER = sql(
    """
    INSERT INTO series.archive (tenant_id, month, first_channel, last_channel, path, row_count, byte_count, digest)
    VALUES (:tenant, :month, :first_channel, :last_channel, :path, :row_count, :byte_count, :digest)
    """
)
_DELETE = sql("DELETE FROM series.reading WHERE tenant_id = :tenant AND cap_time >= :since AND cap_time < :till")
_PARTITIONS = sql(
    """
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = CAST('series.reading' AS regclass) AND c.relname < :before ORDER BY c.relname
    """
)
_KEPT = sql("SELECT keep_months FROM series.retention")
_KEEP_ALL = sql("DELETE FROM series.retention")
_KEEP = sql(
    "INSERT INTO series.retention (tenant_id, keep_months) VALUES (:tenant, :months) "
    "ON CONFLICT (tenant_id) DO UPDATE SET keep_months = excluded.keep_months, updated_at = now()"
)

log = structlog.get_logger(__name__)


class Exported(NamedTuple):
    """One month that went: how many readings, in how many files, of how many bytes together."""

    month: date
    readings: int
    files: int
    size_bytes: int


async def export_month(db: Database, store: ObjectStore, tenant: int, month: date) -> Exported:
    """Move one month (UTC) of a tenant's readings to the object store; none is left behind, none is lost.

    month: any day of it. A month that was exported before and got late readings since gets further files. A month with
    nothing to move changes nothing. Raises MonthTooRecent for the present month and later ones, and ArchiveUnreachable
    when a file does not read back as it was written; then nothing has changed.
    """
    first = month.replace(day=1)
    if first >= month_of(clock.now()):
        raise MonthTooRecent(f"{first:%Y-%m} is not over yet")
    done = Exported(first, 0, 0, 0)
    since, till = month_bounds(first)
    async with db.tenant(tenant) as tx:
        await tx.connection.execute(_ONE_SNAPSHOT)
        if not await tx.scalar(_LOCK, tenant=tenant):
            return done
        counts = [(row["channel_id"], row["rows"]) for row in await tx.all(_COUNTS, since=since, till=till)]
        for channels in _portions(counts):
            file = await _write_file(tx, store, first, channels)
            await tx.run(_ENTER, tenant=tenant, **file)
            done = Exported(
                first, done.readings + file["row_count"], done.files + 1, done.size_bytes + file["byte_count"]
            )
        if done.files:
            async with tx.as_owner():
                deleted = await tx.run(_DELETE, tenant=tenant, since=since, till=till)
            if deleted != done.readings:
                raise ArchiveUnreachable(f"{done.readings} readings were written, {deleted} would have been deleted")
    log.info("series_month_archived", tenant=tenant, month=str(first), readings=done.readings, files=done.files)
    return done


async def set_keep_months(tx: Tx, months: int | None) -> None:
    """How many whole months of readings stay in the database besides the present one; None keeps all."""
    if months is None:
        await tx.run(_KEEP_ALL)
    else:
        await tx.run(_KEEP, tenant=tx.tenant, months=months)


async def keep_months(tx: Tx) -> int | None:
    """What `set_keep_months` said; None when the tenant keeps all."""
    months: int | None = await tx.scalar(_KEPT)
    return months


async def apply_retention(db: Database, store: ObjectStore, tenant: int) -> list[Exported]:
    """Move out every month beyond the tenant's limit, the oldest first; returns those that had readings. For a job."""
    async with db.tenant(tenant, read_only=True) as tx:
        months = await keep_months(tx)
        if months is None:
            return []
        first_kept = _months_before(month_of(clock.now()), months)
        names = [row["name"] for row in await tx.all(_PARTITIONS, before=name_of(first_kept))]
    exported = [await export_month(db, store, tenant, month_named(name)) for name in names]
    return [each for each in exported if each.files]


async def _write_file(tx: Tx, store: ObjectStore, month: date, channels: Sequence[int]) -> dict[str, Any]:
    """Write the month's readings of these channels as one file, prove that it reads back, and describe it."""
    since, till = month_bounds(month)
    readings, _ = await reads.live(tx, channels, since, till, origins=None, full=True)
    content, rows = await asyncio.to_thread(_packed, readings)
    path = f"series/{tx.tenant}/{month:%Y-%m}/{ids.uuid7()}.parquet"
    await obstore.put_async(store, path, content)
    digest = hashlib.sha256(content).digest()
    if await asyncio.to_thread(_differs, await archive_files.fetch(store, path, digest), readings):
        raise ArchiveUnreachable(f"{path} does not hold what was written")
    return {
        "month": month,
        "first_channel": channels[0],
        "last_channel": channels[-1],
        "path": path,
        "row_count": rows,
        "byte_count": len(content),
        "digest": digest,
    }


def _packed(readings: Mapping[int, Readings]) -> tuple[bytes, int]:
    table = archive_files.frame_of(readings)
    return archive_files.to_bytes(table), len(table)


def _differs(content: bytes, readings: Mapping[int, Readings]) -> bool:
    return not archive_files.from_bytes(content).equals(archive_files.frame_of(readings))


def _portions(counts: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Channels in portions of so many readings that a file stays handy. counts: (channel, readings), ascending."""
    portion: list[int] = []
    rows = 0
    for channel, count in counts:
        if portion and rows + count > ROWS_PER_FILE:
            yield portion
            portion, rows = [], 0
        portion.append(channel)
        rows += count
    if portion:
        yield portion


def _months_before(month: date, count: int) -> date:
    total = month.year * 12 + month.month - 1 - count
    return date(total // 12, total % 12 + 1, 1)
