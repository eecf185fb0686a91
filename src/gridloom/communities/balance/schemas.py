"""What travels about consumption."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.dates import Day

_Times = Annotated[list[str], Meta(description="Where each interval begins, in UTC, ascending.")]
_Kwh = Annotated[list[float], Meta(description="In kWh, one for each time.")]


class MeterConsumption(Struct):
    """What a meter took and injected: gross, of that shared, and the net rest; arrays of one length."""

    EAN: str
    timestamps: _Times
    gross: _Kwh
    net: _Kwh
    shared: _Kwh
    inj_gross: _Kwh
    inj_net: _Kwh
    inj_shared: _Kwh


class OperationConsumption(Struct):
    """What all meters of a sharing operation took and injected together; arrays of one length."""

    id: int
    timestamps: _Times
    gross: _Kwh
    net: _Kwh
    shared: _Kwh
    inj_gross: _Kwh
    inj_net: _Kwh
    inj_shared: _Kwh


class ConsumptionQuery(Struct):
    """From which to which day of the grid, both included; without one, from the first or to the last reading there is."""

    date_start: Day | UnsetType = UNSET
    date_end: Day | UnsetType = UNSET
