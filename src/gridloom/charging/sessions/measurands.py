"""Which measured numbers are kept, and in which channel of an EVSE. No I/O."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from gridloom.charging.ocpp.public import Sample
from gridloom.charging.sessions.timeline import LOCATIONS, POWER, REGISTER
from gridloom.core.series.public import Kind


class Measurand(NamedTuple):
    """Its number (part of the channel's code, never changed), its unit here, what kind of series it is, OCPP's unit."""

    number: int
    unit: str
    kind: Kind
    told: str


class Channel(NamedTuple):
    """One series of an EVSE. phase: empty for all together."""

    measurand: str
    phase: str
    location: str

    @property
    def code(self) -> int:
        """The signal type of the series core."""
        place = LOCATIONS.index(self.location)
        return _FIRST_CODE + MEASURANDS[self.measurand].number * 1000 + place * 100 + _PHASES.index(self.phase)


class Value(NamedTuple):
    """A number of a channel at an instant, in Wh, W, A, V, % or °C."""

    channel: Channel
    at: datetime
    value: Decimal


MEASURANDS = {
    REGISTER: Measurand(1, "W.h", "register", "Wh"),
    POWER: Measurand(2, "W", "instant", "W"),
    "Power.Offered": Measurand(3, "W", "instant", "W"),
    "Current.Import": Measurand(4, "A", "instant", "A"),
    "Current.Offered": Measurand(5, "A", "instant", "A"),
    "Voltage": Measurand(6, "V", "instant", "V"),
    "SoC": Measurand(7, "%", "instant", "Percent"),
    "Temperature": Measurand(8, "degC", "instant", "Celsius"),
}
_FIRST_CODE = 20_000
_PHASES = ("", "L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
_LINES = {"L1": "L1", "L2": "L2", "L3": "L3", "L1-N": "L1", "L2-N": "L2", "L3-N": "L3"}
_ADDED_UP = (REGISTER, POWER)
_ZERO_CELSIUS = Decimal("273.15")


def values_of(samples: Iterable[Sample]) -> Iterator[Value]:
    """The numbers that are kept. Registers and powers of single phases are added up where the station tells no total."""
    for _, told in groupby(samples, key=lambda each: each.at):
        yield from _of_one_instant([value for each in told if (value := _kept(each)) is not None])


def _of_one_instant(values: list[Value]) -> Iterator[Value]:
    yield from values
    there = {each.channel for each in values}
    for measurand in _ADDED_UP:
        for location in LOCATIONS:
            total = Channel(measurand, "", location)
            lines = {
                _LINES[each.channel.phase]: each
                for each in values
                if each.channel[::2] == (measurand, location) and each.channel.phase in _LINES
            }
            if lines and total not in there:
                yield Value(total, values[0].at, sum((each.value for each in lines.values()), Decimal(0)))


def _kept(sample: Sample) -> Value | None:
    known = MEASURANDS.get(sample.measurand)
    phase = sample.phase or ""
    if known is None or sample.value is None or phase not in _PHASES or sample.location not in LOCATIONS:
        return None
    value = _in_unit(sample.value, sample.unit, known.told)
    return None if value is None else Value(Channel(sample.measurand, phase, sample.location), sample.at, value)


def _in_unit(value: Decimal, unit: str | None, wanted: str) -> Decimal | None:
    if unit is None or unit == wanted:
        return value
    if wanted == "Celsius":
        if unit in ("K", "Kelvin"):
            return value - _ZERO_CELSIUS
        if unit == "Fahrenheit":
            return (value - 32) * 5 / 9
    return value if (wanted, unit) == ("Percent", "%") else None
