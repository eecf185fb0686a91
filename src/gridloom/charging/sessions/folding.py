"""A session's running columns, as reports move them. No I/O: the row is locked, the result is written for many at once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from gridloom.charging.pricing.engine.public import Reading
from gridloom.charging.sessions.limits import REFUSED, Ends, reached
from gridloom.charging.sessions.measurands import Value
from gridloom.charging.sessions.rules import mark, power_between, trusted, with_marks
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.timeline import LOCATIONS, POWER, REGISTER, SOC

COLUMNS = (
    "started_at", "meter_start_wh", "meter_start_at", "meter_wh", "metered_at", "power_w", "peak_power_w", "soc_percent",
    "heard_at",
)  # fmt: skip


class Folded:
    """One session while a batch is taken in. `row` is what stood before.

    Its registers only ever rise, and its start only ever moves back, so that reports may come in any order.
    """

    __slots__ = (
        "_places", "has_turned", "heard_at", "is_late", "is_moved", "marks", "meter_start_at", "meter_start_wh", "meter_wh",
        "metered_at", "peak_power_w", "power_w", "row", "soc_percent", "started_at", "stopping_for",
    )  # fmt: skip

    def __init__(self, row: Row) -> None:
        self.row = row
        self.started_at: datetime = row["started_at"]
        self.meter_start_wh: Decimal | None = row["meter_start_wh"]
        self.meter_start_at: datetime | None = row["meter_start_at"]
        self.meter_wh: Decimal | None = row["meter_wh"]
        self.metered_at: datetime | None = row["metered_at"]
        self.power_w: Decimal | None = row["power_w"]
        self.peak_power_w: Decimal | None = row["peak_power_w"]
        self.soc_percent: Decimal | None = row["soc_percent"]
        self.heard_at: datetime | None = row["heard_at"]
        self.marks: list[dict[str, Any]] = []
        self.has_turned = False
        self.is_late = False
        self.is_moved = False
        self.stopping_for: str | None = None
        self._places: dict[tuple[str, datetime], int] = {}

    @property
    def suspect(self) -> list[dict[str, Any]]:
        """All marks."""
        kept: list[dict[str, Any]] = self.row["suspect"]
        return with_marks(kept, self.marks) if self.marks else kept

    @property
    def energy_wh(self) -> Decimal | None:
        """What was delivered so far."""
        if self.meter_wh is None or self.meter_start_wh is None:
            return None
        return self.meter_wh - self.meter_start_wh

    def doubt(self, each: dict[str, Any]) -> None:
        """Mark it."""
        self.marks.append(each)

    def hear(self, received_at: datetime) -> None:
        """Its station spoke of it."""
        if self.heard_at is None or received_at > self.heard_at:
            self.heard_at = received_at

    def tell(self, at: datetime, state: str) -> None:
        """The station told a state."""
        self._begin(at)
        self.is_late = self.is_late or self._is_inside(at)
        self.has_turned = self.has_turned or state != self.row["reported_state"]

    def take(self, value: Value) -> None:
        """A value of the session's EVSE."""
        channel, at = value.channel, value.at
        if channel.phase or channel.measurand not in (REGISTER, POWER, SOC) or not self._counts(value):
            return
        self._begin(at)
        self.is_late = self.is_late or self._is_inside(at)
        if self.row["status"] == "finished":
            return
        is_newest = self.metered_at is None or at >= self.metered_at
        if channel.measurand == REGISTER:
            self._take_register(at, value.value, is_newest=is_newest)
        elif channel.measurand == POWER:
            self.power_w = value.value if is_newest else self.power_w
            self.peak_power_w = max(value.value, self.peak_power_w or value.value)
            self.is_moved = True
        elif is_newest:
            self.soc_percent = value.value
            self.is_moved = True

    def _counts(self, value: Value) -> bool:
        """Of one measurand at one instant the first place in LOCATIONS counts."""
        place = LOCATIONS.index(value.channel.location)
        key = (value.channel.measurand, value.at)
        if place > self._places.get(key, place):
            return False
        self._places[key] = place
        return True

    def _begin(self, at: datetime) -> None:
        # Nobody has said yet when it started: it was no later than this.
        if self.row["reported_start"] is None and self.row["original_session_id"] is None and at < self.started_at:
            self.started_at = at
            self.is_moved = True

    def _is_inside(self, at: datetime) -> bool:
        stopped = self.row["stopped_at"]
        return stopped is not None and self.started_at <= at <= stopped

    def is_apart(self, at: datetime) -> bool:
        """Whether a value of an instant, taken already, is kept with the session alone and not with its EVSE."""
        if self.row["is_apart"] or at < self.started_at:
            return True
        stopped = self.row["stopped_at"]
        # Where we have ended it for a start that came, that instant is already the next one's.
        return stopped is not None and (at > stopped or (at == stopped and self.row["reported_stop"] is None))

    def _take_register(self, at: datetime, wh: Decimal, *, is_newest: bool) -> None:
        if self.meter_start_at is None or at < self.meter_start_at:
            self.meter_start_wh, self.meter_start_at = wh, at
        before = [
            Reading(when, known)
            for when, known in ((self.meter_start_at, self.meter_start_wh), (self.metered_at, self.meter_wh))
            if when is not None and known is not None and when <= at
        ]
        good, doubts = trusted([*before, Reading(at, wh)], self.row["max_power_w"])
        for each in doubts:
            self.doubt(mark(each.at, each.what, told_wh=each.told_wh, good_wh=each.good_wh))
        last = good[-1].energy_wh if good else wh
        if is_newest and self.peak_power_w is None and self.metered_at is not None and self.meter_wh is not None:
            newest = Reading(self.metered_at, self.meter_wh)
            if at > newest.at and last >= newest.energy_wh:
                self.power_w = power_between(newest, Reading(at, last))
        self.meter_wh = last if self.meter_wh is None else max(self.meter_wh, last)
        if is_newest:
            self.metered_at = at
        self.is_moved = True

    def check(self, now: datetime) -> None:
        """Whether a limit that needs no price is reached."""
        row = self.row
        if row["status"] == "failed" and row["reason"] in REFUSED and row["stopped_at"] is None:
            # The station was told no, and charges all the same.
            self.stopping_for = row["reason"] if self.is_moved or self.has_turned else None
        if row["status"] != "active":
            return
        ends = Ends.of(row, row["stop_session"])
        self.stopping_for = reached(ends, self.energy_wh, self.soc_percent, now - self.started_at)
