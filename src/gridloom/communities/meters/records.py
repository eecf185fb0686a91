"""Meters and their periods as Python sees them."""

from datetime import date
from typing import NamedTuple

from msgspec import Struct

NEW = 0

ACTIVE, INACTIVE, WAITS_FOR_GRID, WAITS_FOR_MANAGER = 1, 2, 3, 4


class MeterRef(NamedTuple):
    """A meter, and where its readings stand."""

    id: int
    ean: str
    point_id: int


class Period(Struct, frozen=True, kw_only=True):
    """What holds of a meter from its first to its last day (None: while it lasts). id: NEW before it is written."""

    meter_id: int
    point_id: int
    start_date: date
    status: int
    rate: int
    client_type: int
    id: int = NEW
    end_date: date | None = None
    description: str | None = None
    sampling_power: float | None = None
    amperage: float | None = None
    grd: str | None = None
    injection_status: int | None = None
    production_chain: int | None = None
    total_generating_capacity: float | None = None
    member_id: int | None = None
    sharing_operation_id: int | None = None

    def covers(self, day: date) -> bool:
        """Whether the day is one of the period's."""
        return self.start_date <= day and (self.end_date is None or day <= self.end_date)


class Presence(NamedTuple):
    """A meter that takes part in an operation, from the first to the last day, as far as the window reaches."""

    meter_id: int
    ean: str
    point_id: int
    member_id: int | None
    start: date
    end: date
    injects: bool
    status: int
