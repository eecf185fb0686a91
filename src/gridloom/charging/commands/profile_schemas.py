"""What travels about charging profiles. A start takes the same."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.commands.messages import stamp
from gridloom.charging.commands.schemas import EvseNumber
from gridloom.charging.schemas import Mistakes, Moment, Wire
from gridloom.kernel import clock
from gridloom.kernel.http.checks import number

Tenths = Annotated[Decimal, number(ge=0, le=10_000_000, places=1, description="In tenths at most.")]
Purpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
Seconds = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Level = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Higher levels win.")]
TransactionNumber = Annotated[int, Meta(ge=-(2**31), le=2**63 - 1)]


class ProfilePeriod(Wire):
    """From this second of the schedule on, this limit holds."""

    start_period: Seconds
    limit: Annotated[Tenths, Meta(extra_json_schema={"multipleOf": 0.1})]
    number_phases: Annotated[int, Meta(ge=1, le=3)] | UnsetType = UNSET


class ProfileSchedule(Wire):
    """Limits one after the other, in A or W."""

    charging_rate_unit: Literal["A", "W"]
    charging_schedule_period: Annotated[list[ProfilePeriod], Meta(min_length=1, max_length=1024)]
    id: float | UnsetType | None = UNSET
    duration: Seconds | UnsetType = UNSET
    start_schedule: Moment | UnsetType = UNSET
    min_charging_rate: Annotated[Tenths, Meta(extra_json_schema={"multipleOf": 0.1})] | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """The first period begins with the schedule, each next one later."""
        starts = [each.start_period for each in self.charging_schedule_period]
        if starts and starts[0] != 0:
            yield "chargingSchedulePeriod.0.startPeriod", "The first period begins at 0."
        for index, (before, after) in enumerate(pairwise(starts), start=1):
            if after <= before:
                yield f"chargingSchedulePeriod.{index}.startPeriod", "A period begins after the one before it."


class ChargingProfile(Wire):
    """How much may be drawn, and when."""

    stack_level: Level
    charging_profile_purpose: Purpose
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    charging_schedule: ProfileSchedule
    transaction_id: TransactionNumber | UnsetType = UNSET
    recurrency_kind: Literal["Daily", "Weekly"] | UnsetType = UNSET
    valid_from: Moment | UnsetType = UNSET
    valid_to: Moment | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """What OCPP asks of a profile beyond the types of its fields."""
        if self.charging_profile_kind == "Recurring" and self.recurrency_kind is UNSET:
            yield "recurrencyKind", "A recurring profile says whether it is daily or weekly."
        starts = self.charging_schedule.start_schedule is not UNSET
        if self.charging_profile_kind == "Relative" and starts:
            yield "chargingSchedule.startSchedule", "A relative profile begins with the charging."
        if self.transaction_id is not UNSET and self.charging_profile_purpose != "TxProfile":
            yield "transactionId", "Only a TxProfile is about one transaction."
        ends = (self.valid_from, self.valid_to)
        if isinstance(ends[0], datetime) and isinstance(ends[1], datetime) and ends[1] <= ends[0]:
            yield "validTo", "This is not after validFrom."

    def plain(self) -> dict[str, Any]:
        """As it is kept and told: instants as text in UTC to the second, decimals as numbers."""
        found: dict[str, Any] = _written(msgspec.to_builtins(self, builtin_types=(datetime, Decimal)))
        return found


class ProfileApplied(Wire):
    """The number of the profile that was installed."""

    id: int


class ClearProfileWrite(Wire):
    """Which profiles to take back. Nothing said: the limit of the whole charge point."""

    id: Annotated[Decimal, number(ge=0, le=2**31 - 1, places=0)] | UnsetType = UNSET
    evse_network_id: EvseNumber | Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")] | UnsetType = UNSET
    charging_profile_purpose: Purpose | UnsetType = UNSET
    stack_level: Annotated[Decimal, number(ge=0, le=2**31 - 1, places=0)] | UnsetType = UNSET


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _written(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, datetime):
        return stamp(clock.utc(value))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
