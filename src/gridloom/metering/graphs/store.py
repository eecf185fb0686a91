"""What graphs need from the store of series; bound to the metering sensors and the series core in `binding.py`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from gridloom.metering.graphs.data import Kind, Request, SensorSignal, Signal, Times, Values


class Target(NamedTuple):
    """A signal that a result is written to: what kind of values it takes, in which unit."""

    kind: Kind
    unit: str


class Result(NamedTuple):
    """Values to write to a signal, in `unit`, all with origin 4. uncertain: (n,) which are not to be relied on."""

    target: SensorSignal
    unit: str
    times: Times
    values: Values
    uncertain: Sequence[bool]


class SignalStore(Protocol):
    """Signals of sensors and of places, as far as the caller may see and write them. Bound to one transaction."""

    async def read(self, requests: Sequence[Request]) -> Mapping[Request, Signal]:
        """Each series asked for, energies in kW.h and powers in kW; nothing known is a series of no values.

        Raises WrongValue for a sensor the caller may not read or a signal type that does not exist.
        """
        ...

    async def describe(self, targets: Sequence[SensorSignal]) -> Mapping[SensorSignal, Target]:
        """What each target takes. Raises WrongValue for one the caller may not write."""
        ...

    async def write(self, results: Sequence[Result]) -> None:
        """Write all results; a value that stands there already with origin 4 is not written again."""
        ...
