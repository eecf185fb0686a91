"""What travels about meters."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gridloom.communities.addresses import Address, AddressWrite
from gridloom.communities.dates import Day
from gridloom.communities.members.public import MemberPartial
from gridloom.communities.numbers import EMPTY
from gridloom.communities.schemas import Inside

MAX_EAN = 40
# The numbers of values that are none of the few, see `numbers.py`.
_STATUS, _RATE, _CLIENT, _INJECTION, _CHAIN, _GROUP, _FREQUENCY, _PHASES = range(65000, 65008)

Status: TypeAlias = Annotated[
    Literal[1, 2, 3, 4],
    Meta(
        description="1 active, 2 inactive, 3 waits for the grid operator, 4 waits for a manager.",
        extra={"number": _STATUS},
    ),
]
Rate: TypeAlias = Annotated[
    Literal[1, 2, 3], Meta(description="1 single, 2 day and night, 3 night only.", extra={"number": _RATE})
]
ClientType: TypeAlias = Annotated[
    Literal[1, 2, 3], Meta(description="1 residential, 2 professional, 3 industrial.", extra={"number": _CLIENT})
]
Injection: TypeAlias = Annotated[
    Literal[1, 2, 3, 4],
    Meta(
        description="What the meter feeds in: 1 own surplus, as owner; 2 own surplus, with a right of use; 3 everything, as "
        "owner; 4 everything, with a right of use. Without it the meter feeds nothing in.",
        extra={"number": _INJECTION},
    ),
]
Chain: TypeAlias = Annotated[
    Literal[1, 2, 3, 4, 5, 6, 7],
    Meta(
        description="What produces: 1 sun, 2 wind, 3 water, 4 solid biomass, 5 biogas, 6 fossil cogeneration, 7 other.",
        extra={"number": _CHAIN},
    ),
]
TarifGroup: TypeAlias = Annotated[
    Literal[1, 2], Meta(description="1 low voltage, 2 high voltage.", extra={"number": _GROUP})
]
Frequency: TypeAlias = Annotated[Literal[1, 2], Meta(description="1 monthly, 2 yearly.", extra={"number": _FREQUENCY})]
Phases: TypeAlias = Annotated[int, Meta(ge=1, le=100, extra={"number": _PHASES})]
OperationType: TypeAlias = Annotated[
    Literal[1, 2, 3], Meta(description="1 local, 2 renewable energy community, 3 citizen energy community.")
]
Amount: TypeAlias = Annotated[float, Meta(ge=0)]
Description: TypeAlias = Annotated[str, Meta(max_length=2000)]
GridOperator: TypeAlias = Annotated[str, Meta(max_length=200, description="The grid operator.")]
MeterNumber: TypeAlias = Annotated[str, Meta(max_length=100, description="The number on the device.")]
NewEan: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_EAN,
        description="Of the access point: 18 digits (13 elsewhere); letters, digits and dashes are taken.",
        extra={"number": EMPTY},
    ),
]
MemberId: TypeAlias = Annotated[int, Meta(description="A member of this community, whose meter it is.")]
OperationId: TypeAlias = Annotated[int, Meta(description="A sharing operation of this community.")]


class PeriodWrite(Struct, kw_only=True):
    """What holds of a meter from a day on."""

    start_date: Day
    end_date: Annotated[Day, Meta(description="The last day.")] | UnsetType | None = UNSET
    status: Status
    rate: Rate
    client_type: ClientType
    description: Description | UnsetType | None = UNSET
    sampling_power: Annotated[Amount, Meta(description="kVA.")] | UnsetType | None = UNSET
    amperage: Annotated[Amount, Meta(description="A.")] | UnsetType | None = UNSET
    grd: GridOperator | UnsetType | None = UNSET
    injection_status: Injection | UnsetType | None = UNSET
    production_chain: Chain | UnsetType | None = UNSET
    total_generating_capacity: Annotated[Amount, Meta(description="kVA.")] | UnsetType | None = UNSET
    member_id: MemberId | UnsetType | None = UNSET
    sharing_operation_id: OperationId | UnsetType | None = UNSET


class PeriodChange(PeriodWrite, kw_only=True):
    """What holds of which meter from a day on.

    What is left out stays as it is, and null takes it away. Only the sharing operation is always taken as it is given: without
    `sharing_operation_id` the meter is in none from that day on.
    """

    ean: str = field(name="EAN")


class MeterWrite(Struct, kw_only=True):
    """A new meter with what holds of it first."""

    ean: NewEan = field(name="EAN")
    meter_number: MeterNumber
    address: AddressWrite
    tarif_group: TarifGroup
    phases_number: Phases
    reading_frequency: Frequency
    initial_data: PeriodWrite


class OperationOfMeter(Struct):
    """The sharing operation that a meter is in."""

    id: int
    name: str
    type: OperationType


class MeterPartial(Struct, kw_only=True):
    """A meter in a list, as it is today. Without data for today its status is 2."""

    ean: str = field(name="EAN")
    meter_number: str
    address: Address
    holder: MemberPartial | UnsetType = UNSET
    status: Status
    sharing_operation: OperationOfMeter | UnsetType = UNSET


class PeriodShown(Struct, kw_only=True):
    """What holds, held or will hold of a meter. Amounts that nobody knows are 0, texts empty; an open end is left out."""

    id: int
    description: str
    sampling_power: float
    status: Status
    amperage: float
    rate: Rate
    client_type: ClientType
    start_date: datetime
    end_date: Annotated[datetime, Meta(description="The last day.")] | UnsetType = UNSET
    injection_status: Injection | None
    production_chain: Chain | None
    total_generating_capacity: float = field(name="totalGenerating_capacity")
    member: MemberPartial | UnsetType = UNSET
    grd: str
    sharing_operation: OperationOfMeter | UnsetType = UNSET


class MeterDetail(Struct, kw_only=True):
    """A meter with all that held, holds and will hold of it, by the day it is today on the grid.

    `meter_data` holds today, and `holder` is its member; `meter_data_history` is over, the latest first; `futur_meter_data` is
    yet to begin, the next first.
    """

    ean: str = field(name="EAN")
    meter_number: str
    address: Address
    holder: MemberPartial | UnsetType = UNSET
    tarif_group: TarifGroup
    phases_number: int
    reading_frequency: Frequency
    meter_data: PeriodShown | UnsetType = UNSET
    meter_data_history: list[PeriodShown]
    futur_meter_data: list[PeriodShown]


class MetersQuery(Struct, kw_only=True):
    """Filters; all that are given have to fit. Status, operation and holder are today's."""

    street: Inside = UNSET
    postcode: Annotated[int | str, Meta(description="Somewhere inside.")] | UnsetType = UNSET
    address_number: Annotated[int | str, Meta(description="Somewhere inside.")] | UnsetType = UNSET
    city: Inside = UNSET
    supplement: Inside = UNSET
    ean: Inside = field(name="EAN", default=UNSET)
    meter_number: Inside = UNSET
    status: Status | UnsetType = UNSET
    sharing_operation_id: int | UnsetType = UNSET
    not_sharing_operation_id: Annotated[int, Meta(description="Meters that are not in this one.")] | UnsetType = UNSET
    holder_id: int | UnsetType = UNSET
