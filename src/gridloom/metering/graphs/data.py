"""What travels along the edges of a graph, and what a node asks for before it can work.

Times are whole milliseconds since 1970 (int64), values float64. Everything here is plain and can be pickled: on a
cluster a node works on another machine.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Kind = Literal["instant", "register", "interval"]

MEASURED, PREDICTED, CALCULATED, ESTIMATED, CORRECTED = 1, 2, 3, 4, 5
KNOWN_ORIGINS = (MEASURED, CALCULATED, CORRECTED)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


class Window(NamedTuple):
    """The part of time that a run is about: [since, till) in ms."""

    since: int
    till: int


class SensorSignal(NamedTuple):
    """One signal of one sensor."""

    client_cid: int
    sensor_mid: int
    moid: int


class PlaceSignal(NamedTuple):
    """A weather signal at a position."""

    lat: float
    lon: float
    moid: int


Source: TypeAlias = SensorSignal | PlaceSignal


class Request(NamedTuple):
    """A series that a node needs: [since, till) of a source.

    origins: only these; None: any, the best one at each time. around: also the nearest value on either side of the
    window, which the ends of a gap need.
    """

    source: Source
    since: int
    till: int
    origins: tuple[int, ...] | None = None
    around: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """A series as it was read. kind: an instant's state, a register's reading, or the amount of an interval.

    worth: what one count of a meter stands for, its multiplier and ratios. Where a meter was changed a register has two
    readings one millisecond apart, the last of the old and the first of the new one, NaN where nobody read.
    """

    source: Source
    kind: Kind
    unit: str
    times: Times
    values: Values
    worth: float = 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without readings, and what is estimated to have happened in it.

    edges: (n+1,) ms, the ends of its n intervals. energies: (n,) amounts. start, end: the readings at the first and
    the last edge, None where nothing is known. registers: (n,) the reading at the end of each interval, None without a
    start. expected: what the profile alone says, in the signal's unit; None when the profile has only a shape.
    uncertain: not to be relied upon.
    """

    edges: Times
    energies: Values
    registers: Values | None
    start: float | None
    end: float | None
    expected: float | None
    uncertain: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was estimated for one signal: its gaps in the order of time, of which only `window` is reported."""

    source: SensorSignal
    unit: str
    window: Window
    gaps: tuple[Gap, ...]
    worth: float = 1.0


Output: TypeAlias = Signal | Estimate | None
