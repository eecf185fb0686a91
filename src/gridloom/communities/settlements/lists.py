"""The lists of this module."""

from functools import cache
from typing import Any

from msgspec import UNSET

from gridloom.communities import dates
from gridloom.communities.settlements.rules import Amounts, micro
from gridloom.communities.settlements.schemas import (
    LineShown,
    LinesQuery,
    OperationPartial,
    SettlementPartial,
    SettlementsQuery,
    Sums,
)
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.pages import PageOf, PageRequest

_SORTS = {"sort_id": "s.id", "sort_date_start": "s.since"}

_LINES = (
    "FROM communities.settlement_line l JOIN communities.meter m ON m.id = l.meter_id WHERE l.settlement_id = :settlement_id "
    "AND (CAST(:ean AS text) IS NULL OR m.ean = :ean) AND (CAST(:member_id AS bigint) IS NULL OR l.member_id = :member_id)"
)
_PAGE_OF_LINES = sql(
    "SELECT m.ean, l.day, l.member_id, l.missing_count, l.gross_kwh, l.shared_kwh, l.net_kwh, l.injected_gross_kwh, "
    f"l.injected_shared_kwh, l.injected_net_kwh {_LINES} ORDER BY l.day, m.ean LIMIT :most OFFSET :skipped"
)
_COUNT_OF_LINES = sql(f"SELECT count(*) {_LINES}")


async def settlements(tx: Tx, page: PageRequest, query: SettlementsQuery, call: Call, community_id: int) -> PageOf:
    """Settlements of a community, the newest first unless something else is asked for."""
    asked = [name for name in dict.fromkeys(name for name, _ in call.pairs) if name in _SORTS]
    order = tuple((_SORTS[name], str(getattr(query, name))) for name in asked)
    operation_id = None if query.id_sharing_operation is UNSET else query.id_sharing_operation
    rows = await tx.all(
        _page_of_settlements(order), community_id=community_id, operation_id=operation_id, most=page.size,
        skipped=page.offset,
    )  # fmt: skip
    count = await tx.scalar(_COUNT_OF_SETTLEMENTS, community_id=community_id, operation_id=operation_id)
    return PageOf([_partial(row) for row in rows], page, total=count)


async def lines(tx: Tx, page: PageRequest, query: LinesQuery, settlement_id: int) -> PageOf:
    """Lines of a settlement by day and EAN."""
    fixed = {
        "settlement_id": settlement_id,
        "ean": None if query.EAN is UNSET else query.EAN,
        "member_id": None if query.member_id is UNSET else query.member_id,
    }
    rows = await tx.all(_PAGE_OF_LINES, **fixed, most=page.size, skipped=page.offset)
    return PageOf([_line(row) for row in rows], page, total=await tx.scalar(_COUNT_OF_LINES, **fixed))


_FROM = (
    "FROM communities.settlement s JOIN communities.sharing_operation o ON o.id = s.sharing_operation_id "
    "WHERE s.community_id = :community_id "
    "AND (CAST(:operation_id AS bigint) IS NULL OR s.sharing_operation_id = :operation_id)"
)
_COUNT_OF_SETTLEMENTS = sql(f"SELECT count(*) {_FROM}")


@cache
def _page_of_settlements(order: tuple[tuple[str, str], ...]) -> Statement:
    """Column names and directions come from the closed sets above."""
    by = ", ".join([f"{column} {direction}" for column, direction in order] + ["s.id DESC"])
    return sql(
        "SELECT s.id, s.sharing_operation_id, o.name, o.type, s.since, s.till, s.version, s.as_of, s.created_at, s.totals "
        f"{_FROM} ORDER BY {by} LIMIT :most OFFSET :skipped"
    )


def sums_of(stored: dict[str, Any]) -> Sums:
    """Sums as the row of a settlement has them: decimal texts in kWh."""
    return Sums(**{name: float(stored[name]) for name in Sums.__struct_fields__})


def _partial(row: Any) -> SettlementPartial:
    return SettlementPartial(
        id=row["id"],
        sharing_operation=OperationPartial(row["sharing_operation_id"], row["name"], row["type"]),
        date_start=dates.shown(row["since"]),
        date_end=dates.shown(row["till"]),
        version=row["version"],
        as_of=row["as_of"],
        created_at=row["created_at"],
        totals=sums_of(row["totals"]),
    )


def _line(row: Any) -> LineShown:
    amounts = Amounts(*(micro(each) for each in tuple(row)[4:]))
    member_id = UNSET if row["member_id"] is None else row["member_id"]
    return LineShown(row["ean"], row["day"], Sums.of(amounts), row["missing_count"], member_id)
