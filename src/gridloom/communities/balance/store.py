"""What the database knows about what is shared already, and holding still what is about to be shared."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from gridloom.communities.balance.days import Span
from gridloom.communities.dates import LATEST, ZONE_NAME
from gridloom.communities.sharing.public import Operation
from gridloom.core.series.codes import (
    GROSS_CONSUMPTION,
    GROSS_INJECTION,
    NET_CONSUMPTION,
    NET_INJECTION,
    REGISTER_CONSUMPTION,
    REGISTER_INJECTION,
    SHARED_CONSUMPTION,
    SHARED_INJECTION,
)
from gridloom.core.series.public import Origin
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

ACTIVE = 1
REGISTERS = (REGISTER_CONSUMPTION, REGISTER_INJECTION)
GROSS = (GROSS_CONSUMPTION, GROSS_INJECTION)
PARTS = (SHARED_CONSUMPTION, NET_CONSUMPTION, SHARED_INJECTION, NET_INJECTION)
OF_METERS = (*REGISTERS, *GROSS, *PARTS)

_POINTS = "SELECT p.point_id FROM communities.period p WHERE p.sharing_operation_id = CAST(:operation_id AS bigint)"
_IS_FRESH = sql(
    f"""
    SELECT NOT EXISTS (
        SELECT FROM communities.stale t WHERE t.sharing_operation_id = CAST(:operation_id AS bigint)
        AND t.since <= CAST(:last AS date) AND (t.till IS NULL OR t.till >= CAST(:first AS date))
    ) AND NOT EXISTS (
        SELECT FROM series.channel c
        LEFT JOIN communities.shared s ON s.channel_id = c.id AND s.sharing_operation_id = CAST(:operation_id AS bigint)
        WHERE c.point_id IN ({_POINTS}) AND c.code = ANY(CAST(:codes AS integer[]))
        AND c.last_acq IS NOT NULL AND c.last_acq IS DISTINCT FROM s.last_acq
    )
    """
)
_HOLD = sql("SELECT pg_advisory_xact_lock(hashtextextended('communities.shared:' || CAST(:id AS bigint), :tenant))")
# Whoever makes a new channel holds its point meanwhile: after this, no channel is being made.
_HOLD_POINTS = sql("SELECT id FROM series.point WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE")
_PLACES = sql(
    """
    SELECT DISTINCT m.point_id, p.sharing_operation_id, p.status, p.start_date, p.end_date
    FROM communities.meter m
    LEFT JOIN communities.period p ON p.point_id = m.point_id AND p.sharing_operation_id IS NOT NULL
    WHERE m.community_id = :community_id ORDER BY m.point_id, p.start_date
    """
)
_HOLD_CHANNELS = sql(
    "SELECT id, last_acq FROM series.channel WHERE point_id = ANY(CAST(:points AS bigint[])) "
    "AND code = ANY(CAST(:codes AS integer[])) ORDER BY id FOR NO KEY UPDATE"
)
_STALE = sql(
    "SELECT id, since, till FROM communities.stale WHERE sharing_operation_id = :operation_id ORDER BY since, id"
)
_DROP = sql("DELETE FROM communities.stale WHERE id = ANY(CAST(:ids AS bigint[]))")
_ADD = sql(
    "INSERT INTO communities.stale (tenant_id, sharing_operation_id, since, till) "
    "SELECT :tenant_id, :operation_id, each.since, each.till "
    "FROM unnest(CAST(:since AS date[]), CAST(:till AS date[])) each(since, till)"
)
_SHARED = sql(
    "INSERT INTO communities.shared (tenant_id, sharing_operation_id, channel_id, last_acq) "
    "SELECT :tenant_id, :operation_id, id, last_acq FROM series.channel "
    "WHERE point_id = ANY(CAST(:points AS bigint[])) AND code = ANY(CAST(:codes AS integer[])) AND last_acq IS NOT NULL "
    "ON CONFLICT (tenant_id, sharing_operation_id, channel_id) DO UPDATE SET last_acq = excluded.last_acq "
    "WHERE communities.shared.last_acq <> excluded.last_acq"
)
# What we wrote ourselves does not count as arrived. A register's reading ends one step and begins the next, of an hour at most
# each: both may lie on another day than the reading.
_ARRIVED = sql(
    f"""
    SELECT DISTINCT CAST((r.cap_time + e.further) AT TIME ZONE '{ZONE_NAME}' AS date) AS day
    FROM communities.period p
    JOIN series.channel c ON c.tenant_id = p.tenant_id AND c.point_id = p.point_id
    JOIN series.reading r ON r.tenant_id = c.tenant_id AND r.channel_id = c.id
    LEFT JOIN communities.shared s ON s.tenant_id = c.tenant_id AND s.channel_id = c.id
        AND s.sharing_operation_id = p.sharing_operation_id
    CROSS JOIN LATERAL (
        SELECT interval '0' AS further UNION ALL
        SELECT each FROM unnest(ARRAY[interval '-1 hour', interval '1 hour']) each
        WHERE c.code = ANY(CAST(:registers AS integer[]))
    ) e
    WHERE p.sharing_operation_id = :operation_id AND p.status = 1
    AND c.code = ANY(CAST(:codes AS integer[])) AND c.last_acq IS DISTINCT FROM s.last_acq
    AND r.acq_time > coalesce(s.last_acq, '-infinity')
    AND r.cap_time >= p.start_date - interval '1 day'
    AND r.cap_time < coalesce(p.end_date, CAST(:latest AS date)) + interval '3 days'
    AND NOT (r.origin = {int(Origin.CALCULATED)} AND c.code = ANY(CAST(:parts AS integer[])))
    """
)
_OF_POINT = sql(
    "SELECT m.community_id, p.sharing_operation_id AS operation_id, p.status, p.start_date, p.end_date "
    "FROM communities.period p JOIN communities.meter m ON m.tenant_id = p.tenant_id AND m.id = p.meter_id "
    "WHERE p.point_id = :point_id ORDER BY p.start_date"
)
_OPERATIONS = sql(
    "SELECT id, community_id, name, type, point_id FROM communities.sharing_operation "
    "WHERE community_id = :community_id AND id = ANY(CAST(:ids AS bigint[])) ORDER BY id"
)
# What stands of an operation's meters while they are in it, in days of the grid.
_REACH = sql(
    f"""
    SELECT min(known.first) AS first, max(known.last) AS last FROM (
        SELECT greatest(p.start_date, CAST(:first AS date), CAST(c.first_cap AT TIME ZONE '{ZONE_NAME}' AS date)) AS first,
            least(p.end_date, CAST(:last AS date), CAST(c.last_cap AT TIME ZONE '{ZONE_NAME}' AS date)) AS last
        FROM communities.period p
        JOIN series.channel c ON c.tenant_id = p.tenant_id AND c.point_id = p.point_id
        WHERE p.sharing_operation_id = :operation_id AND p.status = {ACTIVE}
        AND c.code = ANY(CAST(:codes AS integer[])) AND c.first_cap IS NOT NULL
    ) known WHERE known.first <= known.last
    """
)


class Place(NamedTuple):
    """A point of the community, and a time in which it is in some operation."""

    point_id: int
    operation_id: int | None
    status: int | None
    span: Span | None


class Held(NamedTuple):
    """A time in which a point is the meter of a community, and in which of its operations, if any."""

    community_id: int
    operation_id: int | None
    is_active: bool
    span: Span


class Stale(NamedTuple):
    """A note that days have to be shared again; the open end is the end of the calendar."""

    id: int
    span: Span


async def is_fresh(tx: Tx, operation_id: int, window: Span) -> bool:
    """Whether no day of the window has to be shared again, and nothing was written to any channel since it was shared."""
    return bool(
        await tx.scalar(
            _IS_FRESH, operation_id=operation_id, first=window.first, last=window.last, codes=list(OF_METERS)
        )
    )


async def hold_operation(tx: Tx, operation_id: int) -> None:
    """Only one at a time shares an operation."""
    await tx.run(_HOLD, id=operation_id, tenant=tx.tenant)


async def hold_points(tx: Tx, points: Sequence[int]) -> None:
    """No channel of these points is made until this transaction ends, and none is being made."""
    await tx.all(_HOLD_POINTS, ids=list(points))


async def places(tx: Tx, community_id: int) -> list[Place]:
    """Every point of the community with its times in operations, this one and others."""
    rows = await tx.all(_PLACES, community_id=community_id)
    return [
        Place(row["point_id"], row["sharing_operation_id"], row["status"], _span(row["start_date"], row["end_date"]))
        for row in rows
    ]


async def periods_of_point(tx: Tx, point_id: int) -> list[Held]:
    """When a point is whose meter, in all communities and operations, those that are gone too."""
    rows = await tx.all(_OF_POINT, point_id=point_id)
    return [
        Held(
            row["community_id"], row["operation_id"], row["status"] == ACTIVE,
            Span(row["start_date"], row["end_date"] or LATEST),
        )
        for row in rows
    ]  # fmt: skip


async def operations(tx: Tx, community_id: int, ids: Iterable[int]) -> list[Operation]:
    """These operations of a community, deleted ones too: what was shared in them was shared."""
    return [Operation(**row) for row in await tx.all(_OPERATIONS, community_id=community_id, ids=list(ids))]


async def reach(tx: Tx, operation_id: int, window: Span) -> Span | None:
    """From which to which day of the window anything can stand of the operation's meters."""
    row = await tx.one(_REACH, operation_id=operation_id, first=window.first, last=window.last, codes=list(OF_METERS))
    return _span(row["first"], row["last"]) if row is not None else None


async def hold_channels(tx: Tx, points: Sequence[int]) -> datetime | None:
    """Nobody writes to these meters until this transaction ends; the acquisition time of the last who did.

    All channels in the order of their numbers, as every writer takes them, so that nobody waits in a circle.
    """
    rows = await tx.all(_HOLD_CHANNELS, points=list(points), codes=list(OF_METERS))
    return max((row["last_acq"] for row in rows if row["last_acq"] is not None), default=None)


async def stale_spans(tx: Tx, operation_id: int) -> list[Stale]:
    """Every note about an operation."""
    rows = await tx.all(_STALE, operation_id=operation_id)
    return [Stale(row["id"], Span(row["since"], row["till"] or LATEST)) for row in rows]


async def arrived_days(tx: Tx, operation_id: int) -> list[date]:
    """The days of readings of the operation's meters that got here after what is shared of their channel."""
    rows = await tx.all(
        _ARRIVED, operation_id=operation_id, latest=LATEST, codes=list(OF_METERS),
        registers=list(REGISTERS), parts=list(PARTS),
    )  # fmt: skip
    return sorted(row["day"] for row in rows)


async def note(tx: Tx, operation_id: int, done: Iterable[int], left: Sequence[Span], points: Sequence[int]) -> None:
    """Take away the notes that are done, note what is left of them, and up to which write the points' channels are shared.

    Nobody else writes to these channels meanwhile: what stands there is what was read, and what was written after it.
    """
    if ids := list(done):
        await tx.run(_DROP, ids=ids)
    if left:
        tills = [None if span.last == LATEST else span.last for span in left]
        firsts = [span.first for span in left]
        await tx.run(_ADD, tenant_id=tx.tenant, operation_id=operation_id, since=firsts, till=tills)
    await tx.run(_SHARED, tenant_id=tx.tenant, operation_id=operation_id, points=list(points), codes=list(OF_METERS))


def _span(start: date | None, end: date | None) -> Span | None:
    return None if start is None else Span(start, end or LATEST)
