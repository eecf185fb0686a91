"""Reading channels: whole columns in one answer, the newest acquisition of each value, live and archived rows alike.

PostgreSQL packs each column of a channel into one byte string, which numpy takes over as it is: a year of quarter hours
is one row on the wire. The same statement lists the archived files of that time, so that a month that moves out of the
database at this moment is found in one of the two places, whichever way the race ends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from gridloom.core.series import archive_files, columns
from gridloom.core.series.moments import EARLIEST, FOREVER, Moment, milliseconds, month_bounds, month_of, window
from gridloom.core.series.structs import ABSENT, Channel, Readings
from gridloom.kernel import clock
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx

_BASIC = """
    string_agg(timestamptz_send(cap_time), NULL::bytea) AS cap,
    string_agg(int2send(origin), NULL::bytea) AS origin,
    string_agg(timestamptz_send(acq_time), NULL::bytea) AS acq,
    string_agg(float8send(coalesce(value, 'NaN')), NULL::bytea) AS value"""
_FULL = f"""{_BASIC},
    string_agg(float8send(coalesce(lower, 'NaN')), NULL::bytea) AS lower,
    string_agg(float8send(coalesce(upper, 'NaN')), NULL::bytea) AS upper,
    string_agg(coalesce(timestamptz_send(original_acq), int8send({ABSENT})), NULL::bytea) AS original,
    CASE WHEN count(comment) > 0 THEN array_agg(comment) END AS comment"""
_ARCHIVED = """ARRAY(
    SELECT a.id FROM series.archive a
    WHERE a.month >= CAST(:first_month AS date) AND a.month < CAST(:till AS timestamptz)
    AND EXISTS (SELECT FROM unnest(CAST(:ids AS bigint[])) i(id) WHERE i.id BETWEEN a.first_channel AND a.last_channel)
)"""


def _range(packed: str) -> Statement:
    return sql(
        f"""
        SELECT w.id, r.*, {_ARCHIVED} AS archived
        FROM unnest(CAST(:ids AS bigint[])) w(id)
        CROSS JOIN LATERAL (
            SELECT {packed} FROM series.reading
            WHERE channel_id = w.id
            AND cap_time >= CAST(:since AS timestamptz) AND cap_time < CAST(:till AS timestamptz)
            AND (CAST(:origins AS smallint[]) IS NULL OR origin = ANY(CAST(:origins AS smallint[])))
        ) r
        """
    )


def _edge(direction: str) -> Statement:
    return sql(
        f"""
        SELECT w.id, e.cap_time, e.value, {_ARCHIVED} AS archived
        FROM unnest(CAST(:ids AS bigint[])) w(id)
        LEFT JOIN LATERAL (
            SELECT cap_time, value FROM (
                SELECT DISTINCT ON (cap_time, origin) cap_time, origin, value FROM series.reading
                WHERE channel_id = w.id
                AND cap_time >= CAST(:since AS timestamptz) AND cap_time < CAST(:till AS timestamptz)
                AND (CAST(:origins AS smallint[]) IS NULL OR origin = ANY(CAST(:origins AS smallint[])))
                ORDER BY cap_time {direction}, origin {direction}, acq_time DESC
            ) standing
            WHERE value IS NOT NULL LIMIT 1
        ) e ON true
        """
    )


_READ = _range(_BASIC)
_READ_FULL = _range(_FULL)
_FIRST = _edge("ASC")
_LAST = _edge("DESC")
_FILES = sql(
    "SELECT id, month, path, digest, first_channel, last_channel FROM series.archive "
    "WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY month, first_channel"
)


async def read(
    tx: Tx,
    channel: int | Channel,
    since: Moment,
    till: Moment,
    *,
    origins: Sequence[int] | None = None,
    newest: bool = True,
    full: bool = False,
) -> Readings:
    """The readings of one channel with a capture time in [since, till), by capture time and origin.

    newest: only the newest acquisition of each (capture time, origin), removed values left out; else every acquisition
    by capture and acquisition time, NaN where a value was removed. origins: only these. full: with bounds, original
    acquisition times and comments. A channel that is not there, or not the caller's, has no readings.
    Raises WrongWindow when since is after till, and ArchiveUnreachable.
    """
    many = await read_many(tx, [channel], since, till, origins=origins, newest=newest, full=full)
    return many[channel.id if isinstance(channel, Channel) else channel]


async def read_many(
    tx: Tx,
    channels: Iterable[int | Channel],
    since: Moment,
    till: Moment,
    *,
    origins: Sequence[int] | None = None,
    newest: bool = True,
    full: bool = False,
) -> dict[int, Readings]:
    """The same for several channels in one statement, by channel id; each asked for is there, if only empty."""
    found = await stored(tx, ids_of(channels), since, till, origins=origins, full=full)
    arrange = columns.newest if newest else columns.history
    return {channel: arrange(readings) for channel, readings in found.items()}


async def stored(
    tx: Tx, ids: Sequence[int], since: Moment, till: Moment, *, origins: Sequence[int] | None = None, full: bool = False
) -> dict[int, Readings]:
    """Every acquisition of these channels as they stand, live and archived, in no order."""
    start, end = window(since, till)
    if start >= end or not ids:
        return dict.fromkeys(ids, columns.empty(full=full))
    found, archived = await live(tx, ids, start, end, origins=origins, full=full)
    if archived:
        for file in await tx.all(_FILES, ids=archived):
            for channel, part in (await archive_files.load(file, ids, start, end, origins, full=full)).items():
                found[channel] = columns.join([found[channel], part])
    return found


async def live(
    tx: Tx, ids: Sequence[int], since: datetime, till: datetime, *, origins: Sequence[int] | None, full: bool
) -> tuple[dict[int, Readings], list[int]]:
    """What the database itself holds, and the ids of the archived files that hold more of the same time."""
    wanted = {"ids": list(ids), "since": since, "till": till, "origins": None if origins is None else list(origins)}
    rows = await tx.all(_READ_FULL if full else _READ, **wanted, first_month=month_of(since))
    return {row["id"]: columns.unpack(row, full=full) for row in rows}, list(rows[0]["archived"])


async def first_reading(
    tx: Tx,
    channel: int | Channel,
    since: Moment | None = None,
    till: Moment | None = None,
    *,
    origins: Sequence[int] | None = None,
) -> tuple[int, float] | None:
    """(time in ms, value) of the earliest value that holds in [since, till), or None; a bound of None is open."""
    (only,) = (await _edges(tx, [channel], since, till, origins, is_last=False)).values()
    return only


async def last_reading(
    tx: Tx,
    channel: int | Channel,
    since: Moment | None = None,
    till: Moment | None = None,
    *,
    origins: Sequence[int] | None = None,
) -> tuple[int, float] | None:
    """(time in ms, value) of the latest value that holds in [since, till), or None; a bound of None is open."""
    (only,) = (await _edges(tx, [channel], since, till, origins, is_last=True)).values()
    return only


async def last_readings(
    tx: Tx,
    channels: Iterable[int | Channel],
    since: Moment | None = None,
    till: Moment | None = None,
    *,
    origins: Sequence[int] | None = None,
) -> dict[int, tuple[int, float] | None]:
    """The latest value that holds in [since, till) of each channel, in one statement."""
    return await _edges(tx, channels, since, till, origins, is_last=True)


async def _edges(
    tx: Tx,
    channels: Iterable[int | Channel],
    since: Moment | None,
    till: Moment | None,
    origins: Sequence[int] | None,
    *,
    is_last: bool,
) -> dict[int, tuple[int, float] | None]:
    ids = ids_of(channels)
    # An open end lies where readings end, or at the other bound when that is further out.
    first = min(EARLIEST, EARLIEST if till is None else till, key=milliseconds) if since is None else since
    start, end = window(first, max(FOREVER, first, key=milliseconds) if till is None else till)
    found: dict[int, tuple[int, float] | None] = dict.fromkeys(ids)
    if start >= end or not ids:
        return found
    wanted = {"ids": ids, "since": start, "till": end, "origins": None if origins is None else list(origins)}
    rows = await tx.all(_LAST if is_last else _FIRST, **wanted, first_month=month_of(start))
    for row in rows:
        if row["cap_time"] is not None:
            found[row["id"]] = (clock.to_ms(row["cap_time"]), row["value"])
    if rows[0]["archived"]:
        files = await tx.all(_FILES, ids=rows[0]["archived"])
        for channel in ids:
            found[channel] = await _archived_edge(tx, channel, files, found[channel], wanted, is_last=is_last)
    return found


async def _archived_edge(
    tx: Tx, channel: int, files: Sequence[Any], live: tuple[int, float] | None, wanted: dict[str, Any], *, is_last: bool
) -> tuple[int, float] | None:
    """The edge of one channel when files may hold it: month by month from that end, live and archived rows together."""
    months = {file["month"] for file in files if file["first_channel"] <= channel <= file["last_channel"]}
    for month in sorted(months, reverse=is_last):
        first, after = month_bounds(month)
        if live is not None and (live[0] >= clock.to_ms(after) if is_last else live[0] < clock.to_ms(first)):
            return live
        since, till = max(first, wanted["since"]), min(after, wanted["till"])
        readings = await read(tx, channel, since, till, origins=wanted["origins"])
        if len(readings):
            place = -1 if is_last else 0
            return int(readings.time_ms[place]), float(readings.value[place])
    return live


def ids_of(channels: Iterable[int | Channel]) -> list[int]:
    """The ids, each once, in the given order."""
    return list(dict.fromkeys(each.id if isinstance(each, Channel) else each for each in channels))
