"""What travels about sensors and their states."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

Cid = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number of the client.")]
Mid = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number of the sensor within its client.")]
Moid = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number of the signal type.")]
Small = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Text = Annotated[str, Meta(max_length=4000)]
Json = Annotated[str, Meta(max_length=100_000, description="A JSON text.")]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Eid = Annotated[str, Meta(max_length=100, description="Number of the meter point, mostly its EAN.")]
Lat = Annotated[float, Meta(ge=-90, le=90, description="Degrees north.")]
Lon = Annotated[float, Meta(ge=-180, le=180, description="Degrees east.")]
Ms = Annotated[int, Meta(ge=0, le=253_402_300_799_999, description="Milliseconds since 1970 in UTC.")]


class SensorCreate(msgspec.Struct, kw_only=True):
    """A new sensor; its number is chosen here."""

    client_cid: Cid
    name: Name
    sensor_type_id: Small | UnsetType = UNSET
    sensor_eid: Eid | UnsetType = UNSET
    lat: Lat | UnsetType = UNSET
    lon: Lon | UnsetType = UNSET
    info: Json | UnsetType = UNSET
    comments: Text | UnsetType = UNSET
    uncertain: bool | UnsetType = UNSET
    negligible: bool | UnsetType = UNSET
    balance_calculation: bool | UnsetType = UNSET


class SensorChange(msgspec.Struct, kw_only=True):
    """What changes about a sensor; what is not given stays."""

    node_id: Small | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    sensor_type_id: Small | UnsetType = UNSET
    sensor_eid: Eid | UnsetType = UNSET
    lat: Lat | UnsetType = UNSET
    lon: Lon | UnsetType = UNSET
    annotations: Json | UnsetType = UNSET
    info: Json | UnsetType = UNSET
    comments: Text | UnsetType = UNSET
    uncertain: bool | UnsetType = UNSET
    negligible: bool | UnsetType = UNSET
    balance_calculation: bool | UnsetType = UNSET


class SensorKey(msgspec.Struct):
    """How a sensor is named in paths."""

    client_cid: int
    sensor_mid: int


class Sensor(msgspec.Struct, kw_only=True):
    """A sensor. write, read, execute: what the caller may do with it."""

    client_cid: int
    sensor_mid: int
    sensor_type_id: int
    name: str
    sensor_eid: str | None
    lat: float | None
    lon: float | None
    info: str | None
    comments: str | None
    annotations: str | None
    node_id: int | None
    negligible: bool
    uncertain: bool
    balance_calculation: bool
    acq_min: int | None = None
    sensor_type_name: str
    sensor_type_description: str
    sensor_type_sensor_state_custom_fields: str | None
    sensor_type_sensor_custom_fields: str | None
    write: bool
    read: bool
    execute: bool
    existing_sensor_state: bool


class StateFilter(msgspec.Struct, kw_only=True):
    """Which states; without anything all that the caller may read."""

    client_cid: Cid | UnsetType = UNSET
    sensor_mid: Mid | UnsetType = UNSET


class SignalStateFilter(StateFilter, kw_only=True):
    """Which states that hold register readings."""

    signal_type_moid: Moid | UnsetType = UNSET


class StateCreate(msgspec.Struct, kw_only=True):
    """A meter hangs at a sensor. since left out: always; till left out: still."""

    client_cid: Cid
    sensor_mid: Mid
    since: Ms | UnsetType = UNSET
    till: Ms | UnsetType = UNSET
    info: Json | UnsetType = UNSET
    meter_eid: Eid | UnsetType = UNSET
    meter_type_id: Small | UnsetType = UNSET


class StateChange(msgspec.Struct, kw_only=True):
    """What changes about a state; its sensor never does. meter_type_id is a text here: an empty one clears it."""

    since: Ms | UnsetType = UNSET
    till: Ms | UnsetType = UNSET
    info: Json | UnsetType = UNSET
    meter_eid: Eid | UnsetType = UNSET
    meter_type_id: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET


class SignalState(msgspec.Struct, kw_only=True):
    """The register of one signal when the meter came and when it went."""

    signal_state_id: int
    sensor_state_id: int
    signal_type_moid: int
    value_for_since: float | None
    value_for_till: float | None
    info: str | None


class SensorState(msgspec.Struct, kw_only=True):
    """One meter at one sensor in [since, till), with its registers at both ends. Times in milliseconds."""

    sensor_state_id: int
    client_cid: int
    sensor_mid: int
    since: int | None
    till: int | None
    meter_eid: str | None
    info: str | None
    meter_type_id: int | None
    meter_type_name: str | None
    meter_type_is_ami: bool | None
    meter_type_is_dcu: bool | None
    signal_states: list[SignalState]


class SignalStateCreate(msgspec.Struct, kw_only=True):
    """Register readings of one signal for a state."""

    signal_type_moid: Moid
    value_for_since: float | UnsetType = UNSET
    value_for_till: float | UnsetType = UNSET
    info: Text | UnsetType = UNSET


class SignalStateChange(msgspec.Struct, kw_only=True):
    """What changes; readings travel as text, an empty one clears."""

    value_for_since: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    value_for_till: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    info: Text | UnsetType = UNSET
