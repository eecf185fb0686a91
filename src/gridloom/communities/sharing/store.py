"""Reading and writing sharing operations and their keys, in the caller's transaction."""

from datetime import date
from typing import Literal, NamedTuple

from gridloom.communities.keys import public as keys
from gridloom.communities.keys.public import Key, KeyPartial
from gridloom.communities.sharing.rules import Row
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_COLUMNS = "id, community_id, name, type, point_id"
_THIS_ONE = "FROM communities.sharing_operation WHERE id = :id AND community_id = :community_id AND deleted_at IS NULL"
_FIND = sql(f"SELECT {_COLUMNS} {_THIS_ONE}")
_HOLD = sql(f"SELECT {_COLUMNS} {_THIS_ONE} FOR NO KEY UPDATE")
# Waits for everybody who is just putting something into the operation.
_HOLD_ALONE = sql(f"SELECT {_COLUMNS} {_THIS_ONE} FOR UPDATE")
_ALL = sql(
    f"SELECT {_COLUMNS} FROM communities.sharing_operation "
    "WHERE community_id = :community_id AND deleted_at IS NULL ORDER BY id"
)
_ADD = sql(
    "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
    "VALUES (:tenant_id, :community_id, :name, :type) RETURNING id"
)
_DELETE = sql("UPDATE communities.sharing_operation SET deleted_at = now(), updated_at = now() WHERE id = :id")
_SET_POINT = sql(
    "UPDATE communities.sharing_operation SET point_id = coalesce(point_id, :point_id) WHERE id = :id RETURNING point_id"
)
_HAS_METERS = sql(
    "SELECT 1 FROM communities.period p JOIN communities.meter m ON m.id = p.meter_id "
    "WHERE p.sharing_operation_id = :id AND m.removed_at IS NULL AND (p.end_date IS NULL OR p.end_date >= :today) LIMIT 1"
)
_APPROVED = sql(
    "SELECT greatest(start_date, CAST(:since AS date)) AS start, "
    'least(coalesce(end_date, CAST(:till AS date)), CAST(:till AS date)) AS "end", key_id, key_version_id '
    "FROM communities.operation_key WHERE sharing_operation_id = :id AND status = 1 "
    "AND start_date <= CAST(:till AS date) AND (end_date IS NULL OR end_date >= CAST(:since AS date)) ORDER BY start_date"
)
_USES = sql(
    "SELECT 1 FROM communities.operation_key o "
    "JOIN communities.sharing_operation s ON s.id = o.sharing_operation_id AND s.deleted_at IS NULL "
    "WHERE o.key_id = :key_id AND "
    "((o.status = 2 AND o.end_date IS NULL) OR (o.status = 1 AND (o.end_date IS NULL OR o.end_date >= :today))) LIMIT 1"
)
_ROWS = sql(
    "SELECT id, key_id, key_version_id, start_date AS start, end_date, status FROM communities.operation_key "
    "WHERE sharing_operation_id = :id ORDER BY start_date, id"
)
_NAMES = sql(
    "SELECT id, name, description FROM communities.allocation_key WHERE id IN "
    "(SELECT key_id FROM communities.operation_key WHERE sharing_operation_id = :id)"
)
_ADD_ROW = sql(
    "INSERT INTO communities.operation_key "
    "(tenant_id, sharing_operation_id, key_id, key_version_id, start_date, end_date, status) "
    "VALUES (:tenant_id, :operation_id, :key_id, :key_version_id, :start, :end, :status)"
)
_CHANGE_ROW = sql(
    "UPDATE communities.operation_key SET end_date = :end, status = :status, updated_at = now() WHERE id = :id"
)


class Operation(NamedTuple):
    """A sharing operation. point_id: where its sums stand in the series store; None before the first one."""

    id: int
    community_id: int
    name: str
    type: Literal[1, 2, 3]
    point_id: int | None


class Approved(NamedTuple):
    """A key, and from which to which day of a window an operation follows it."""

    start: date
    end: date
    key_id: int
    key_version_id: int
    key: Key


async def find(tx: Tx, community_id: int, operation_id: int) -> Operation | None:
    """An operation of a community; None when there is none of that number, or it was deleted."""
    row = await tx.one(_FIND, id=operation_id, community_id=community_id)
    return None if row is None else Operation(**row)


async def hold(tx: Tx, community_id: int, operation_id: int, *, alone: bool = False) -> Operation | None:
    """`find`, and until this transaction ends nobody else changes the keys or the meters of the operation, or deletes it.

    Whoever holds meters too holds the operation first. alone: for who deletes it; waits for every period that is being written.
    """
    row = await tx.one(_HOLD_ALONE if alone else _HOLD, id=operation_id, community_id=community_id)
    return None if row is None else Operation(**row)


async def operations_of(tx: Tx, community_id: int) -> list[Operation]:
    """The operations of a community in the order in which they were made."""
    return [Operation(**row) for row in await tx.all(_ALL, community_id=community_id)]


async def set_point(tx: Tx, operation_id: int, point_id: int) -> int:
    """Say where the sums of an operation stand; gives the point that holds, which is the one that was said first."""
    return int(await tx.scalar(_SET_POINT, id=operation_id, point_id=point_id))


async def approved(tx: Tx, operation_id: int, since: date, till: date) -> list[Approved]:
    """The keys of an operation in force on the days from `since` to `till` (both included), clipped to them, in order.

    Days without a key are in none of them.
    """
    rows = await tx.all(_APPROVED, id=operation_id, since=since, till=till)
    found = await keys.versions(tx, {row["key_version_id"] for row in rows}) if rows else {}
    return [Approved(**row, key=found[row["key_version_id"]]) for row in rows]


async def uses_key(tx: Tx, key_id: int, today: date) -> bool:
    """Whether a key waits for approval somewhere, or is approved and not over yet."""
    return await tx.scalar(_USES, key_id=key_id, today=today) is not None


async def add(tx: Tx, community_id: int, name: str, kind: int) -> int:
    """A new operation; gives its number."""
    return int(await tx.scalar(_ADD, tenant_id=tx.tenant, community_id=community_id, name=name, type=kind))


async def delete(tx: Tx, operation_id: int) -> None:
    """Stop showing an operation."""
    await tx.run(_DELETE, id=operation_id)


async def has_meters(tx: Tx, operation_id: int, today: date) -> bool:
    """Whether a meter is in the operation, whatever its status, today or later."""
    return await tx.scalar(_HAS_METERS, id=operation_id, today=today) is not None


async def key_rows(tx: Tx, operation_id: int) -> list[Row]:
    """The keys of an operation over time, oldest first."""
    rows = await tx.all(_ROWS, id=operation_id)
    return [
        Row(row["key_id"], row["key_version_id"], row["start"], row["end_date"], row["status"], row["id"])
        for row in rows
    ]


async def names_of_keys(tx: Tx, operation_id: int) -> dict[int, KeyPartial]:
    """The keys that an operation ever had, by their numbers; also those that were deleted since."""
    rows = await tx.all(_NAMES, id=operation_id)
    return {row["id"]: KeyPartial(row["id"], row["name"], row["description"]) for row in rows}


async def write_rows(tx: Tx, operation_id: int, rows: list[Row]) -> None:
    """Write rows that changed and rows that are new, in this order: what ends makes room for what begins."""
    changed = [{"id": row.id, "end": row.end, "status": row.status} for row in rows if row.id is not None]
    if changed:
        await tx.many(_CHANGE_ROW, changed)
    for row in rows:
        if row.id is None:
            period = {"start": row.start, "end": row.end, "status": row.status}
            given = {"key_id": row.key_id, "key_version_id": row.key_version_id, **period}
            await tx.run(_ADD_ROW, tenant_id=tx.tenant, operation_id=operation_id, **given)
