"""What travels about settlements. Energies are kWh with six decimals, exact."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.dates import Day
from gridloom.communities.members.public import MemberPartial
from gridloom.communities.schemas import Sort
from gridloom.communities.settlements.rules import Amounts, Reason, kwh

Format = Annotated[Literal["csv", "xlsx", "parquet"], Meta(extra={"says": "settlement_format"})]


class Sums(Struct):
    """Taken from the grid (gross = shared + net) and fed into it, in kWh."""

    gross: float
    shared: float
    net: float
    inj_gross: float
    inj_shared: float
    inj_net: float

    @classmethod
    def of(cls, amounts: Amounts) -> "Sums":
        """Micro-kWh as they are shown; six decimals survive the way through a binary number."""
        return cls(*(float(kwh(each)) for each in amounts))


class Settle(Struct):
    """What to settle: whole days, of one sharing operation or of every one of the community."""

    date_start: Day
    date_end: Day
    id_sharing_operation: int | UnsetType = UNSET


class OperationPartial(Struct):
    """The sharing operation of a settlement."""

    id: int
    name: str
    type: Literal[1, 2, 3]


class SettlementPartial(Struct):
    """A settlement in a list. The newest version of an operation and period is the one that counts."""

    id: int
    sharing_operation: OperationPartial
    date_start: datetime
    date_end: datetime
    version: int
    as_of: Annotated[datetime, Meta(description="Readings that got here later are not in it.")]
    created_at: datetime
    totals: Sums


class KeyInForce(Struct):
    """A key and the days of the period on which it shared."""

    id_key: int
    id_key_version: int
    date_start: datetime
    date_end: datetime


class MemberSums(Struct):
    """A member's sums; without a member: what belonged to nobody."""

    sums: Sums
    member: MemberPartial | UnsetType = UNSET


class Settlement(SettlementPartial):
    """A settlement with its members' sums."""

    sharing_rate: Annotated[float, Meta(description="What was shared of what was fed in, 0 to 1.")]
    self_sufficiency: Annotated[float, Meta(description="What was shared of what was taken, 0 to 1.")]
    missing_count: Annotated[int, Meta(description="Intervals of a meter without a reading; they count as 0.")]
    inputs_digest: Annotated[str, Meta(description="SHA-256 of everything it was computed from.")]
    keys: list[KeyInForce]
    members: list[MemberSums]
    unknown_consumers: Annotated[
        list[str],
        Meta(
            description="Consumers in the keys that are no EAN of a meter in the operation on these days: their fixed shares "
            "go to nobody. Names and old EANs come here, most often by mistake."
        ),
    ]


class LineShown(Struct):
    """One meter on one day."""

    EAN: str
    day: date
    sums: Sums
    missing_count: int
    member_id: int | UnsetType = UNSET


class DifferenceShown(Struct):
    """One meter on one day, in an earlier settlement and in this one, and what explains the difference.

    reasons: `readings` of the meter itself, the `key` in force, the `member`, `meter_joined`, `meter_left`; `missing`: the
    amounts are the same, and another number of intervals has no reading; or `others`: only what the others took or gave is
    different.
    """

    EAN: str
    day: date
    reasons: list[Reason]
    before: Sums | UnsetType = UNSET
    after: Sums | UnsetType = UNSET
    member_before: int | UnsetType = UNSET
    member_after: int | UnsetType = UNSET


class SettlementsQuery(Struct):
    """Filters and sorts."""

    id_sharing_operation: int | UnsetType = UNSET
    sort_id: Sort | UnsetType = UNSET
    sort_date_start: Sort | UnsetType = UNSET


class LinesQuery(Struct):
    """Filters of lines."""

    EAN: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    member_id: int | UnsetType = UNSET


class DifferencesQuery(Struct):
    """With which other settlement of the same operation and period; by default the version before."""

    id_other: int | UnsetType = UNSET


class DownloadQuery(Struct):
    """As what."""

    format: Format = "csv"
