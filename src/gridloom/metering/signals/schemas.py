"""What travels about signals: columns of time and value, in and out."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.metering.sensors.schemas import Cid, Mid, Moid, Ms

ValueType = Literal["DBL", "RM"]
OriginId = Annotated[
    int, Meta(ge=1, le=5, description="1 measured, 2 predicted, 3 calculated, 4 estimated, 5 corrected.")
]
Unit = Annotated[str, Meta(max_length=32, description="Symbol of the unit the values are in, such as `kW.h`.")]
Minutes = Annotated[
    int, Meta(gt=0, le=5_256_000, description="Length of a bucket in minutes, counted from 1970 in UTC.")
]
Comment = Annotated[str, Meta(max_length=1000)]


class Columns(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Values as equally long columns.

    type: `DBL` a number, `RM` removes what stands at this time and origin. acq: when the value reached this store (only where
    all acquisitions are shown). com: a comment on the value.
    """

    time: list[int]
    value: list[float | None]
    type: list[ValueType] | UnsetType = UNSET
    origin: list[int] | UnsetType = UNSET
    lower_prediction_bound: list[float | None] | UnsetType = UNSET
    upper_prediction_bound: list[float | None] | UnsetType = UNSET
    original_acq: list[int | None] | UnsetType = UNSET
    com: list[Comment | None] | UnsetType = UNSET
    acq: list[int] | UnsetType = UNSET


class Row(msgspec.Struct, kw_only=True):
    """One value, as older clients send them."""

    time: int
    value: float | None = None
    type: ValueType = "DBL"
    origin: int = 1
    lower_prediction_bound: float | None = None
    upper_prediction_bound: float | None = None
    original_acq: int | None = None
    com: Comment | None = None


class PutSignal(msgspec.Struct):
    """Values of one signal: columns, or a list of rows."""

    data: Columns | list[Row]


class PutOneOfMany(msgspec.Struct, kw_only=True):
    """Values of one signal of one sensor among several."""

    client_cid: Cid
    sensor_mid: Mid
    signal_type_moid: Moid
    data: Columns | list[Row]
    unit: Unit | None = None


class UnitQuery(msgspec.Struct):
    """The unit of the values that are sent; without it they are in the unit of the signal type."""

    unit: Unit | UnsetType = UNSET


class Reading(msgspec.Struct, kw_only=True):
    """How values are wanted.

    delta_t: in buckets of so many minutes. raw: as they are stored, without corrections, factors or another unit.
    apply_multiplier: false leaves the factors of meter and transformers out.
    """

    delta_t: Minutes | None = None
    raw: bool = False
    apply_multiplier: bool | None = None
    output_unit_id: int | None = None
    signal_origin_id: OriginId | None = None


class ReadQuery(Reading, kw_only=True):
    """One signal in [since, till). get_last: of each time only what was acquired last.

    calendar and zone are an addition of ours: buckets as a calendar has them (a day in March may have 23 hours).
    """

    since: Ms
    till: Ms
    get_last: bool = False
    calendar: Literal["hour", "day", "month", "year"] | None = None
    zone: (
        Annotated[str, Meta(max_length=64, description="Zone of the calendar; the tenant's own when left out.")] | None
    ) = None


class GetOneOfMany(Reading, kw_only=True):
    """One signal among several. last_acq: of each time only what was acquired last."""

    client_cid: Cid
    sensor_mid: Mid
    signal_type_moid: Moid
    since: Ms
    till: Ms
    last_acq: bool = False


class SignalResponse(msgspec.Struct, kw_only=True):
    """Values of one signal. time_tstorage, time_other: seconds spent in the store and elsewhere."""

    client_cid: int
    sensor_mid: int
    signal_type_moid: int
    data: Columns
    unit: str
    time_tstorage: float
    time_other: float
