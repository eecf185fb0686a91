"""Meters for the rest of the API: which there are, and what holds of them from when to when.

meters = await by_eans(tx, community_id, ["541448820000000011"])
await open_period(tx, meters["541448820000000011"].id, date(2026, 4, 1), status=3, sharing_operation_id=7)
"""

from gridloom.communities.meters.faults import LaterPeriod, MeterShared
from gridloom.communities.meters.reading import (
    by_eans,
    ever_in_operation,
    hold,
    in_operation,
    latest_periods,
    member_has_periods,
)
from gridloom.communities.meters.records import (
    ACTIVE,
    INACTIVE,
    WAITS_FOR_GRID,
    WAITS_FOR_MANAGER,
    MeterRef,
    Period,
    Presence,
)
from gridloom.communities.meters.tables import meter, period
from gridloom.communities.meters.writing import open_period

__all__ = [
    "ACTIVE",
    "INACTIVE",
    "WAITS_FOR_GRID",
    "WAITS_FOR_MANAGER",
    "LaterPeriod",
    "MeterRef",
    "MeterShared",
    "Period",
    "Presence",
    "by_eans",
    "ever_in_operation",
    "hold",
    "in_operation",
    "latest_periods",
    "member_has_periods",
    "meter",
    "open_period",
    "period",
]
