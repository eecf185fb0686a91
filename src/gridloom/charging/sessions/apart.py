"""Which values a session may see: those of the EVSE in its turn, and those that were told for it alone.

The channels of an EVSE hold what was told of whoever charged there. What a station tells for one transaction outside of its
turn (after its stop, before its start, all of it where the time was another's when it began) is kept with that session.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from gridloom.kernel.clock import from_ms
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

Own: TypeAlias = tuple[int, tuple[str, str, str], int]
"""A session, one of its series (measurand, phase, location), milliseconds since 1970."""

# Where two overlap that are both in the channels, the time is that of the later start.
_SIGHTS = sql(
    "SELECT s.id, s.is_apart, e.max_power_w, CASE WHEN NOT s.is_apart THEN (SELECT min(n.started_at) "
    "FROM charging.session n WHERE n.evse_id = s.evse_id AND n.id <> s.id AND NOT n.is_apart AND n.transaction_id IS NOT NULL "
    "AND n.started_at > s.started_at "
    "AND n.started_at < coalesce(s.stopped_at, 'infinity')) END AS until, "
    "(SELECT jsonb_agg(jsonb_build_array(v.measurand, v.location, v.time_ms, v.value)) FROM charging.session_value v "
    "WHERE v.session_id = s.id AND v.phase = '') AS own "
    "FROM charging.session s JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "WHERE s.id = ANY(CAST(:ids AS bigint[]))"
)
_PUT = sql(
    "INSERT INTO charging.session_value (tenant_id, session_id, measurand, phase, location, time_ms, value) "
    "SELECT CAST(:tenant AS integer), v.* FROM unnest(CAST(:sessions AS bigint[]), CAST(:measurands AS text[]), "
    "CAST(:phases AS text[]), CAST(:locations AS text[]), CAST(:times AS bigint[]), CAST(:values AS double precision[])) v "
    "ON CONFLICT (tenant_id, session_id, measurand, phase, location, time_ms) DO UPDATE SET value = excluded.value "
    "WHERE excluded.value > session_value.value"
)


class Sight(NamedTuple):
    """What a session sees. reads: the channels of its EVSE, before `until` where that is not None. own: values (Wh, W, %) by
    measurand and location, in no order. max_power_w: of the EVSE."""

    reads: bool
    until: datetime | None
    own: Mapping[tuple[str, str], Mapping[datetime, Decimal]]
    max_power_w: int | None

    def inside(self, measurand: str, location: str, start: datetime, stop: datetime) -> dict[datetime, Decimal]:
        """What was told for it alone, within these instants."""
        told = self.own.get((measurand, location), {})
        return {at: value for at, value in told.items() if start <= at <= stop}

    def sees(self, at: datetime) -> bool:
        """Whether what the channels hold of an instant is its own."""
        return self.reads and (self.until is None or at < self.until)


async def sights(tx: Tx, session_ids: Sequence[int]) -> dict[int, Sight]:
    """What each of these sessions sees, in one statement."""
    found = {}
    for row in await tx.all(_SIGHTS, ids=list(session_ids)):
        own: dict[tuple[str, str], dict[datetime, Decimal]] = {}
        for measurand, location, time_ms, value in row["own"] or ():
            # As the series reads them: a float stands for the shortest decimal that reads back as the same one.
            own.setdefault((measurand, location), {})[from_ms(time_ms)] = Decimal(repr(float(value)))
        found[row["id"]] = Sight(not row["is_apart"], row["until"], own, row["max_power_w"])
    return found


async def put(tx: Tx, values: Mapping[Own, Any]) -> int:
    """Keep values with their sessions; of two of one instant the higher holds. Says how many changed something."""
    if not values:
        return 0
    keys = sorted(values)
    return await tx.run(
        _PUT,
        tenant=tx.tenant,
        sessions=[session for session, _, _ in keys],
        measurands=[measurand for _, (measurand, _, _), _ in keys],
        phases=[phase for _, (_, phase, _), _ in keys],
        locations=[location for _, (_, _, location), _ in keys],
        times=[ms for _, _, ms in keys],
        values=[float(values[key]) for key in keys],
    )
