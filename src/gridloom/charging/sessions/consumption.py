"""What a session has drawn over time: slices by the wall clock for a page of sessions, samples for one."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar

from msgspec import UNSET

from gridloom.charging.sessions.amounts import TaxedAmount
from gridloom.charging.sessions.curves import Paid, Piece, curves, marks, pieces
from gridloom.charging.sessions.period_rows import numbers, plain, wanted_of
from gridloom.charging.sessions.places import zone_of
from gridloom.charging.sessions.schemas import Energy, Sample, Slice
from gridloom.charging.sessions.timeline import timeline_of
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call

MOST_SAMPLES = 300
_WHOLE = Decimal(1)
_Item = TypeVar("_Item")

_SESSIONS = sql(
    "SELECT s.*, e.max_power_w, l.timezone AS location_zone, o.timezone AS operator_zone FROM charging.session s "
    "JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "JOIN charging.charge_point p ON p.tenant_id = s.tenant_id AND p.id = s.charge_point_id "
    "LEFT JOIN charging.location l ON l.tenant_id = p.tenant_id AND l.id = p.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = s.tenant_id AND o.id = s.operator_id "
    "WHERE s.id = ANY(CAST(:ids AS bigint[])) AND s.status IN ('active', 'finished', 'unknown')"
)
_PERIODS = sql(
    "SELECT session_id, started_at, stopped_at, total_with_tax, total_without_tax FROM charging.session_period "
    "WHERE session_id = ANY(CAST(:ids AS bigint[])) AND stopped_at IS NOT NULL AND total_with_tax IS NOT NULL "
    "ORDER BY session_id, position"
)


async def slices(tx: Tx, ids: Sequence[Any], call: Call) -> Mapping[Any, list[Slice]]:
    """Energy and cost of sessions between marks of the wall clock where they happen: five statements for a whole page, and
    one more where neither a location nor its operator names a zone."""
    sessions = await tx.all(_SESSIONS, ids=numbers(ids))
    if not sessions:
        return {}
    minutes = wanted_of(call).clock_aligned_interval
    lines = await curves(tx, sessions)
    paid: dict[int, list[Paid]] = {}
    for row in await tx.all(_PERIODS, ids=numbers(ids)):
        each = Paid(row["started_at"], row["stopped_at"], row["total_with_tax"], row["total_without_tax"])
        paid.setdefault(row["session_id"], []).append(each)
    zones: dict[Any, Any] = {}
    found = {}
    for row in sessions:
        named = row["location_zone"] or row["operator_zone"]
        if named not in zones:
            zones[named] = await zone_of(tx, row["location_zone"], row["operator_zone"])
        line = lines[row["id"]]
        total = None
        if row["billing_status"] == "completed":
            total = (row["total_with_tax"], row["total_without_tax"])
        cuts = marks(line.started_at, line.stopped_at, minutes, zones[named])
        found[str(row["id"])] = [_slice(each) for each in pieces(line, cuts, paid.get(row["id"], ()), total)]
    return found


def _slice(piece: Piece) -> Slice:
    energy = plain(piece.energy_wh)
    cost = piece.cost
    return Slice(
        start=piece.start,
        end=piece.stop,
        energy_consumed=int(piece.energy_wh.quantize(_WHOLE, ROUND_HALF_UP)),
        energy_consumption=Energy(total=energy, grid=energy),
        total_cost=UNSET if cost is None else TaxedAmount(with_tax=plain(cost[0]), without_tax=plain(cost[1])),
    )


async def samples(tx: Tx, session: Any) -> list[Sample]:
    """Energy since the start and power of a session, a row of `charging.session`: every reading of one that runs, and at most
    300 of one that is over."""
    if session["status"] in ("pending", "failed", "expired"):
        return []
    timeline = await timeline_of(tx, session, clock.now())
    inside = [each for each in timeline.readings if timeline.started_at <= each.at <= timeline.stopped_at]
    begin = timeline.register_wh(timeline.started_at)
    shown = inside if session["status"] == "active" else thinned(inside, MOST_SAMPLES)
    return [
        Sample(
            energy=plain(each.energy_wh - begin),
            power=None if each.power_w is None else plain(each.power_w),
            timestamp=each.at,
        )
        for each in shown
    ]


def thinned(items: Sequence[_Item], most: int) -> list[_Item]:
    """At most so many (two or more) of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    last = len(items) - 1
    return [items[(place * last + (most - 1) // 2) // (most - 1)] for place in range(most)]
