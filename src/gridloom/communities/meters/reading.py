"""Reading and holding meters and periods, in the caller's transaction."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from gridloom.communities import dates
from gridloom.communities.meters.records import ACTIVE, MeterRef, Period, Presence
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

FIELDS = tuple(field.name for field in msgspec.structs.fields(Period))
_PERIOD = ", ".join(f"p.{name}" for name in FIELDS)

_BY_EANS = sql(
    "SELECT id, ean, point_id FROM communities.meter WHERE community_id = :community_id "
    "AND ean = ANY(CAST(:eans AS text[])) AND removed_at IS NULL ORDER BY id"
)
_HOLD = sql("SELECT id FROM communities.meter WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_HOLD_ONE = sql("SELECT id FROM communities.meter WHERE id = :id AND removed_at IS NULL FOR NO KEY UPDATE")
_HOLD_EAN = sql(
    "SELECT id, ean, point_id FROM communities.meter WHERE community_id = :community_id AND ean = :ean "
    "AND removed_at IS NULL FOR NO KEY UPDATE"
)
_LATEST = sql(
    f"SELECT DISTINCT ON (p.meter_id) {_PERIOD} FROM communities.period p "
    "WHERE p.meter_id = ANY(CAST(:ids AS bigint[])) ORDER BY p.meter_id, p.start_date DESC"
)
_PERIODS = sql(f"SELECT {_PERIOD} FROM communities.period p WHERE p.meter_id = :id ORDER BY p.start_date")
_IN_OPERATION = sql(
    "SELECT p.meter_id, m.ean, p.point_id, p.member_id, p.status, p.injection_status IS NOT NULL AS injects, "
    "greatest(p.start_date, CAST(:since AS date)) AS start, least(p.end_date, CAST(:till AS date)) AS end "
    "FROM communities.period p JOIN communities.meter m ON m.tenant_id = p.tenant_id AND m.id = p.meter_id "
    "WHERE p.sharing_operation_id = :operation_id AND p.status = :active "
    "AND p.start_date <= CAST(:till AS date) AND (p.end_date IS NULL OR p.end_date >= CAST(:since AS date)) "
    "ORDER BY p.meter_id, p.start_date"
)
_EVER = sql(
    "SELECT DISTINCT m.id, m.ean, m.point_id, m.removed_at IS NULL AS is_there FROM communities.period p "
    "JOIN communities.meter m ON m.tenant_id = p.tenant_id AND m.id = p.meter_id "
    "WHERE p.sharing_operation_id = :operation_id ORDER BY is_there, m.id"
)
_HAS_PERIODS = sql(
    "SELECT EXISTS (SELECT FROM communities.period WHERE member_id = :member_id "
    "AND (end_date IS NULL OR end_date >= CAST(:today AS date)))"
)


async def by_eans(tx: Tx, community_id: int, eans: Iterable[str]) -> dict[str, MeterRef]:
    """Those of these meters that the community has, by EAN; removed ones are not there any more."""
    rows = await tx.all(_BY_EANS, community_id=community_id, eans=list(eans))
    return {row["ean"]: _ref(row) for row in rows}


async def hold(tx: Tx, meter_ids: Iterable[int]) -> None:
    """Let nobody else change these meters or their periods until this transaction ends; always taken in one order."""
    await tx.all(_HOLD, ids=sorted(set(meter_ids)))


async def hold_one(tx: Tx, meter_id: int) -> bool:
    """The same for one meter; False when it is not there (any more)."""
    return await tx.scalar(_HOLD_ONE, id=meter_id) is not None


async def held(tx: Tx, community_id: int, ean: str) -> MeterRef | None:
    """A meter of the community, held as `hold` does; None when there is none (any more)."""
    row = await tx.one(_HOLD_EAN, community_id=community_id, ean=ean)
    return None if row is None else _ref(row)


async def latest_periods(tx: Tx, meter_ids: Iterable[int]) -> dict[int, Period]:
    """The period of each meter that begins last, by meter; also one that has ended, or has yet to begin."""
    return {row["meter_id"]: _period(row) for row in await tx.all(_LATEST, ids=list(meter_ids))}


async def periods_of(tx: Tx, meter_id: int) -> dict[int, Period]:
    """All periods of a meter by id, the earliest first."""
    return {row["id"]: _period(row) for row in await tx.all(_PERIODS, id=meter_id)}


async def in_operation(tx: Tx, operation_id: int, since: date, till: date) -> list[Presence]:
    """Who takes part in an operation from the day `since` to the day `till`, both included, by meter and first day.

    Only active periods (status 1) do. A meter is in the list once for each of its periods. Removed meters are in it for the
    days on which they took part.
    """
    rows = await tx.all(_IN_OPERATION, operation_id=operation_id, since=since, till=till, active=ACTIVE)
    return [Presence(**row) for row in rows]


async def ever_in_operation(tx: Tx, operation_id: int) -> dict[str, MeterRef]:
    """Every meter that was, is or will be in an operation, whatever its status, by EAN.

    Of a removed meter and the one that was registered with the same EAN afterwards the later one; both have one point.
    """
    return {row["ean"]: _ref(row) for row in await tx.all(_EVER, operation_id=operation_id)}


async def member_has_periods(tx: Tx, member_id: int) -> bool:
    """Whether a member holds a meter today or later; a meter that changed hands before today does not count."""
    return bool(await tx.scalar(_HAS_PERIODS, member_id=member_id, today=dates.today()))


def _ref(row: Any) -> MeterRef:
    return MeterRef(row["id"], row["ean"], row["point_id"])


def _period(row: Any) -> Period:
    return Period(**row)
