"""A store of weather in memory, for rules that need one and no SQL."""

from collections.abc import Sequence

import numpy as np

from gridloom.metering.weather.quantities import Quantity
from gridloom.metering.weather.rules import Box, Point, Samples
from gridloom.metering.weather.store import SensorKey


class MemoryStore:
    """Keeps the newest value of each (sensor, moid, time, origin); `writes` counts values written."""

    def __init__(self) -> None:
        self.places: dict[SensorKey, tuple[float, float]] = {}
        self.values: dict[tuple[SensorKey, int], dict[int, float]] = {}
        self.writes = 0

    async def points(self, moid: int, box: Box) -> list[Point[SensorKey]]:
        known = {key for key, code in self.values if code == moid}
        return [Point(key, lat, lon) for key, (lat, lon) in self.places.items() if key in known and box.holds(lat, lon)]

    async def read(
        self, keys: Sequence[SensorKey], moid: int, since_ms: int, till_ms: int, origin: int | None
    ) -> dict[SensorKey, Samples]:
        found = {}
        for key in keys:
            inside = sorted((t, v) for t, v in self.values.get((key, moid), {}).items() if since_ms <= t < till_ms)
            found[key] = Samples(
                np.array([t for t, _ in inside], np.int64), np.array([v for _, v in inside], np.float64)
            )
        return found

    async def ensure(self, lat: float, lon: float) -> SensorKey:
        for key, place in self.places.items():
            if place == (lat, lon):
                return key
        key = SensorKey(1, len(self.places) + 1)
        self.places[key] = (lat, lon)
        return key

    async def write(self, series: Sequence[tuple[SensorKey, Quantity, Samples]], origin: int) -> tuple[int, int]:
        written = unchanged = 0
        for key, quantity, samples in series:
            there = self.values.setdefault((key, quantity.moid), {})
            for time, value in zip(samples.times.tolist(), samples.values.tolist(), strict=True):
                if there.get(time) == value:
                    unchanged += 1
                else:
                    there[time] = value
                    written += 1
        self.writes += written
        return written, unchanged
