"""What travels about sharing operations."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.dates import Day
from gridloom.communities.keys.public import Id, KeyPartial
from gridloom.communities.numbers import EMPTY
from gridloom.communities.schemas import Inside, Sort

WRONG_TYPE, WRONG_KEY_STATUS, WRONG_METER_STATUS = 75000, 75001, 75005
MAX_METERS = 1_000

_TYPES = "1 local (one building), 2 renewable energy community, 3 citizen energy community."
_KEY_STATUSES = "1 approved, 2 pending, 3 rejected."
OperationType: TypeAlias = Annotated[Literal[1, 2, 3], Meta(description=_TYPES, extra={"number": WRONG_TYPE})]
KeyStatus: TypeAlias = Annotated[Literal[1, 2, 3], Meta(description=_KEY_STATUSES, extra={"number": WRONG_KEY_STATUS})]
MeterStatus: TypeAlias = Annotated[
    Literal[1, 2, 3, 4],
    Meta(
        description="1 active, 3 waits for the grid operator, 4 waits for a manager; 2 is refused: remove the meter instead.",
        extra={"number": WRONG_METER_STATUS},
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", extra={"number": EMPTY})]
Ean = Annotated[str, Meta(min_length=1, max_length=50, description="The EAN of a meter of the community.")]


class OperationWrite(Struct):
    """A new sharing operation."""

    name: Name
    type: OperationType


class KeyHandIn(Struct):
    """Which key an operation shall follow once it is approved."""

    id_key: Id
    id_sharing: Id


class KeyDecision(Struct):
    """What becomes of a key that waits, and from which day on."""

    id_key: Id
    id_sharing: Id
    status: Annotated[
        KeyStatus, Meta(description="1 approves the key, 3 rejects it; 2 is refused, since the key waits already.")
    ]
    date: Day


class MetersEnter(Struct):
    """Which meters enter an operation, and when."""

    id_sharing: Id
    date: Day
    ean_list: Annotated[list[Ean], Meta(min_length=1, max_length=MAX_METERS)]


class MeterChange(Struct):
    """What a meter in an operation is from a day on."""

    id_meter: Ean
    id_sharing: Id
    status: MeterStatus
    date: Day


class MeterLeaves(Struct):
    """Which meter leaves an operation, and the first day without it."""

    id_meter: Ean
    id_sharing: Id
    date: Day


class OperationPartial(Struct):
    """A sharing operation without its keys."""

    id: int
    name: str
    type: OperationType


class OperationKey(Struct):
    """A key in an operation. A key that is changed later stays here as it was handed in."""

    id: int
    key: KeyPartial
    start_date: Annotated[datetime, Meta(description="The first day.")]
    end_date: Annotated[datetime | None, Meta(description="The last day; null while it lasts.")]
    status: KeyStatus


class OperationDetail(Struct):
    """A sharing operation with its keys over time."""

    id: int
    name: str
    type: OperationType
    key: Annotated[
        OperationKey | None,
        Meta(
            description="The key in force; before the first one begins, the approved one that will be; "
            "null while none is approved."
        ),
    ]
    history_keys: Annotated[
        list[OperationKey],
        Meta(description="All others, newest first: over, rejected, decided, also waiting, or approved for later."),
    ]
    key_waiting_approval: Annotated[
        OperationKey | None, Meta(description="The key that has waited longest for approval; null when none does.")
    ]


class OperationsQuery(Struct):
    """Filters and sorts. Several sorts count in the order in which they are given."""

    name: Inside = UNSET
    type: Annotated[Literal["1", "2", "3"], Meta(description=_TYPES, extra={"number": WRONG_TYPE})] | UnsetType = UNSET
    sort_name: Sort | UnsetType = UNSET
    sort_type: Sort | UnsetType = UNSET
