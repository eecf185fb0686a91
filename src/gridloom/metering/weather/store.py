"""What weather needs from the store of series; bound to the metering sensors and the series core in `binding.py`."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gridloom.metering.weather.quantities import Quantity
from gridloom.metering.weather.rules import Box, Point, Samples

MEASURED, PREDICTED, CALCULATED = 1, 2, 3


class SensorKey(NamedTuple):
    """The key of a sensor within its tenant."""

    client_cid: int
    sensor_mid: int


class WeatherStore(Protocol):
    """Virtual sensors with a position, and their series. Bound to one transaction."""

    async def points(self, moid: int, box: Box) -> list[Point[SensorKey]]:
        """The sensors inside the box that have a series of this signal."""
        ...

    async def read(
        self, keys: Sequence[SensorKey], moid: int, since_ms: int, till_ms: int, origin: int | None
    ) -> dict[SensorKey, Samples]:
        """Newest values in [since, till) of each sensor, in the stored unit; origin None: the best one at each time."""
        ...

    async def ensure(self, lat: float, lon: float) -> SensorKey:
        """The weather sensor at this position, made when there is none."""
        ...

    async def write(self, series: Sequence[tuple[SensorKey, Quantity, Samples]], origin: int) -> tuple[int, int]:
        """Add values in the stored unit; how many were new or different, and how many said what stood there already."""
        ...
