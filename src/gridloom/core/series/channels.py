"""Measuring points and their channels: found by what others know them by, made when they are missing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec

from gridloom.core.series.errors import ChannelDiffers, PointTaken, UnknownChannel, UnknownPoint
from gridloom.core.series.structs import Channel, Kind, Point
from gridloom.core.series.tables import point as point_table
from gridloom.kernel import units
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.tables import metadata
from gridloom.kernel.database.transaction import Tx

_POINT = "id, owner_cid, eid, name, lat, lon"
_CHANNEL = "id, point_id, code, quantity, unit, kind, step_s, attributes, first_cap, last_cap"

_LOCK_EID = sql("SELECT pg_advisory_xact_lock(hashtextextended('series.point:' || CAST(:eid AS text), :tenant))")
_BY_EID = sql(
    f"""
    SELECT {_POINT} FROM series.point WHERE eid = :eid
    AND (CAST(:owner_cid AS integer) IS NULL OR owner_cid = :owner_cid OR owner_cid IS NULL)
    ORDER BY owner_cid IS NOT DISTINCT FROM CAST(:owner_cid AS integer) DESC, id LIMIT 1
    """
)
_CLAIM = sql(
    f"UPDATE series.point SET owner_cid = :owner_cid, updated_at = now() WHERE id = :id AND owner_cid IS NULL "
    f"RETURNING {_POINT}"
)
_NEW_POINT = sql(
    "INSERT INTO series.point (tenant_id, owner_cid, eid, name, lat, lon) "
    f"VALUES (:tenant, :owner_cid, :eid, :name, :lat, :lon) RETURNING {_POINT}"
)
_LOCK_POINT = sql(f"SELECT {_POINT} FROM series.point WHERE id = :id FOR NO KEY UPDATE")
_TAKEN = sql(
    "SELECT EXISTS (SELECT FROM series.point WHERE eid = :eid AND id <> :id "
    "AND owner_cid IS NOT DISTINCT FROM CAST(:owner_cid AS integer))"
)
_CHANGE_POINT = sql(
    "UPDATE series.point SET owner_cid = :owner_cid, eid = :eid, name = :name, lat = :lat, lon = :lon, "
    f"updated_at = now() WHERE id = :id RETURNING {_POINT}"
)
_POINTS = sql(f"SELECT {_POINT} FROM series.point WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id")
_POINTS_BY_EID = sql(f"SELECT {_POINT} FROM series.point WHERE eid = ANY(CAST(:eids AS text[])) ORDER BY id")
_DROP_POINT = sql("DELETE FROM series.point WHERE id = :id")

_NEW_CHANNEL = sql(
    f"""
    INSERT INTO series.channel (tenant_id, point_id, code, quantity, unit, kind, step_s, attributes)
    VALUES (:tenant, :point_id, :code, :quantity, :unit, :kind, :step_s, CAST(:attributes AS jsonb))
    ON CONFLICT (tenant_id, point_id, code) DO NOTHING RETURNING {_CHANNEL}
    """
)
_CHANNEL_OF = sql(f"SELECT {_CHANNEL} FROM series.channel WHERE point_id = :point_id AND code = :code")
_CHANNELS = sql(f"SELECT {_CHANNEL} FROM series.channel WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id")
_CHANNELS_OF_POINTS = sql(
    f"""
    SELECT {_CHANNEL} FROM series.channel WHERE point_id = ANY(CAST(:points AS bigint[]))
    AND (CAST(:codes AS integer[]) IS NULL OR code = ANY(CAST(:codes AS integer[]))) ORDER BY point_id, code
    """
)
_CHANNELS_FOR = sql(
    """
    SELECT c.id, c.point_id, c.code, c.quantity, c.unit, c.kind, c.step_s, c.attributes, c.first_cap, c.last_cap
    FROM unnest(CAST(:points AS bigint[]), CAST(:codes AS integer[])) w(point_id, code)
    JOIN series.channel c ON c.point_id = w.point_id AND c.code = w.code
    """
)
_DROP_CHANNELS = sql(
    "DELETE FROM series.channel WHERE id = ANY(CAST(:ids AS bigint[])) RETURNING id, first_cap, last_cap"
)
_DROP_READINGS = sql(
    """
    DELETE FROM series.reading WHERE tenant_id = :tenant AND channel_id = ANY(CAST(:ids AS bigint[]))
    AND cap_time >= :first AND cap_time <= :last
    """
)


async def ensure_point(
    tx: Tx,
    *,
    eid: str | None = None,
    owner_cid: int | None = None,
    name: str = "",
    lat: float | None = None,
    lon: float | None = None,
) -> Point:
    """The point with this number (EAN), made when there is none; safe at the same time from several transactions.

    Without an `owner_cid` any point with the number will do; with one, that client's point or one that no client owns
    yet, which becomes the client's: a meter that a community knew first and a client describes later stays one meter.
    Without an `eid` a new point is made every time. name, lat, lon: for a new point only.
    """
    if eid is not None:
        await tx.run(_LOCK_EID, eid=eid, tenant=tx.tenant)
        found = await tx.one(_BY_EID, eid=eid, owner_cid=owner_cid)
        if found is not None and found["owner_cid"] is None and owner_cid is not None:
            found = await tx.one(_CLAIM, id=found["id"], owner_cid=owner_cid)
        if found is not None:
            return _point(found)
    row = await tx.one(_NEW_POINT, tenant=tx.tenant, owner_cid=owner_cid, eid=eid, name=name, lat=lat, lon=lon)
    return _point(row)


async def change_point(tx: Tx, point_id: int, **given: Any) -> Point:
    """Change some of owner_cid, eid, name, lat and lon; what is not given stays.

    Raises UnknownPoint, and PointTaken when another point has that number for the same owner.
    """
    row = await tx.one(_LOCK_POINT, id=point_id)
    if row is None:
        raise UnknownPoint(f"there is no measuring point {point_id}")
    values = dict(row) | given
    if values["eid"] is not None and (values["eid"], values["owner_cid"]) != (row["eid"], row["owner_cid"]):
        await tx.run(_LOCK_EID, eid=values["eid"], tenant=tx.tenant)
        if await tx.scalar(_TAKEN, eid=values["eid"], id=point_id, owner_cid=values["owner_cid"]):
            raise PointTaken(f"another measuring point has the number {values['eid']}", field="eid")
    return _point(await tx.one(_CHANGE_POINT, **values))


async def release_point(tx: Tx, point_id: int) -> None:
    """Remove a point whose owner gives it up; one that somebody else knows as well (a community's meter) stays, unowned, with
    all of its readings. Raises UnknownPoint."""
    if not await is_known_besides(tx, point_id):
        await remove_point(tx, point_id)
        return
    # Where an unowned one with the same number is there already, this one keeps its owner, who finds it again by its number.
    with suppress(PointTaken):
        await change_point(tx, point_id, owner_cid=None)


async def is_known_besides(tx: Tx, point_id: int, *, owner: str | None = None) -> bool:
    """Whether a table outside of the series store points at a point. owner: the name of one that does not count."""
    return bool(await tx.scalar(_known(owner), id=point_id))


@cache
def _known(owner: str | None) -> Statement:
    """Every foreign key that leads to a point, from the declarations of all modules."""
    keys = [
        (table.fullname, constraint.column_keys[-1])
        for table in metadata.sorted_tables
        for constraint in table.foreign_key_constraints
        if constraint.referred_table is point_table and table.schema != point_table.schema and table.fullname != owner
    ]
    found = " OR ".join(f"EXISTS (SELECT FROM {name} WHERE {column} = :id)" for name, column in keys)
    return sql(f"SELECT {found or 'false'} FROM (SELECT CAST(:id AS bigint)) asked")


async def find_points(tx: Tx, *, ids: Sequence[int] | None = None, eids: Sequence[str] | None = None) -> list[Point]:
    """The points with these ids, or with these numbers (several may carry one), by id; unknown ones are left out."""
    if ids is not None:
        return [_point(row) for row in await tx.all(_POINTS, ids=list(ids))]
    return [_point(row) for row in await tx.all(_POINTS_BY_EID, eids=list(eids or ()))]


async def remove_point(tx: Tx, point_id: int) -> None:
    """Remove a point with its channels and their readings. Raises UnknownPoint.

    Archived files keep what they hold; nothing leads to it any more.
    """
    await remove_channels(tx, [each.id for each in await find_channels(tx, points=[point_id])])
    if not await tx.run(_DROP_POINT, id=point_id):
        raise UnknownPoint(f"there is no measuring point {point_id}")


async def ensure_channel(
    tx: Tx,
    point: int | Point,
    code: int,
    *,
    unit: str,
    kind: Kind,
    step_s: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Channel:
    """The channel of a point for a signal type, made when there is none; the quantity follows from the unit.

    step_s and attributes are for a new channel only. Raises UnknownUnit, UnknownPoint, and ChannelDiffers when the
    channel is there with another unit or kind: its values would change their meaning.
    """
    given = units.unit(unit)
    point_id = point.id if isinstance(point, Point) else point
    row = await tx.one(_CHANNEL_OF, point_id=point_id, code=code)
    if row is None:
        if not await find_points(tx, ids=[point_id]):
            raise UnknownPoint(f"there is no measuring point {point_id}")
        values = {"quantity": given.quantity, "unit": given.symbol, "kind": kind, "step_s": step_s}
        row = await tx.one(
            _NEW_CHANNEL, tenant=tx.tenant, point_id=point_id, code=code, attributes=dict(attributes or {}), **values
        ) or await tx.one(_CHANNEL_OF, point_id=point_id, code=code)
    channel = _channel(row)
    if (channel.unit, channel.kind) != (given.symbol, kind):
        raise ChannelDiffers(f"channel {channel.id} is {channel.kind} in {channel.unit}, not {kind} in {given.symbol}")
    return channel


async def find_channels(
    tx: Tx,
    *,
    ids: Sequence[int] | None = None,
    points: Sequence[int] | None = None,
    codes: Sequence[int] | None = None,
) -> list[Channel]:
    """The channels with these ids, by id; or those of these points (only with these codes), by point and code."""
    if ids is not None:
        return [_channel(row) for row in await tx.all(_CHANNELS, ids=list(ids))]
    wanted = None if codes is None else list(codes)
    return [_channel(row) for row in await tx.all(_CHANNELS_OF_POINTS, points=list(points or ()), codes=wanted)]


async def get_channel(tx: Tx, channel_id: int) -> Channel:
    """One channel by id. Raises UnknownChannel."""
    found = await find_channels(tx, ids=[channel_id])
    if not found:
        raise UnknownChannel(f"there is no channel {channel_id}")
    return found[0]


async def channels_for(tx: Tx, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Channel]:
    """The channels of (point id, code) pairs in one statement, by pair; pairs without a channel are left out."""
    wanted = list(pairs)
    rows = await tx.all(_CHANNELS_FOR, points=[point for point, _ in wanted], codes=[code for _, code in wanted])
    return {(row["point_id"], row["code"]): _channel(row) for row in rows}


async def remove_channels(tx: Tx, ids: Sequence[int]) -> int:
    """Remove channels and their readings; those that are not the caller's stay. Returns how many channels went."""
    gone = await tx.all(_DROP_CHANNELS, ids=list(ids))
    filled = [row for row in gone if row["first_cap"] is not None]
    if filled:
        async with tx.as_owner():
            await tx.run(
                _DROP_READINGS,
                tenant=tx.tenant,
                ids=[row["id"] for row in filled],
                first=min(row["first_cap"] for row in filled),
                last=max(row["last_cap"] for row in filled),
            )
    return len(gone)


def _point(row: Any) -> Point:
    return msgspec.convert(dict(row), Point)


def _channel(row: Any) -> Channel:
    return Channel(**row)
