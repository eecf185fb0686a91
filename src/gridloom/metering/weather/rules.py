"""Weather between the points where it is known: distance, the share of each point, the blend. Pure; no I/O.

Times are whole milliseconds since 1970 (int64), values float64; both of shape (n,), times strictly increasing.
"""

import math
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gridloom.metering.weather.faults import WrongPosition

Times = NDArray[np.int64]
Values = NDArray[np.float64]
K = TypeVar("K")

EARTH_RADIUS_KM = 6371.0088
REACH_KM = 50.0
GRID_STEPS_PER_DEGREE = 10

_AROUND = 360 * GRID_STEPS_PER_DEGREE
_ON_GRID = 1e-6
_SAME_PLACE_KM = 1e-6
_KM_PER_DEGREE = math.pi * EARTH_RADIUS_KM / 180


class Position(NamedTuple):
    """A place on earth in degrees (WGS 84)."""

    lat: float
    lon: float


class Point(NamedTuple, Generic[K]):
    """A place whose weather is known, and the key of its sensor."""

    key: K
    lat: float
    lon: float


class Share(NamedTuple, Generic[K]):
    """How much one point counts; the weights of an answer add up to 1."""

    key: K
    weight: float


class Box(NamedTuple):
    """A range of latitudes and longitudes. west > east: it spans the 180th meridian."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a place lies inside."""
        inside = self.west <= lon <= self.east if self.west <= self.east else lon >= self.west or lon <= self.east
        return inside and self.south <= lat <= self.north


class Samples(NamedTuple):
    """A series: times in ms (n,), values (n,)."""

    times: Times
    values: Values

    @classmethod
    def empty(cls) -> "Samples":
        """No values."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float64))


def position(lat: float, lon: float) -> Position:
    """A checked position; longitudes up to 360 are taken round to -180 … 180. Raises WrongPosition."""
    if not (math.isfinite(lat) and -90.0 <= lat <= 90.0):
        raise WrongPosition("The latitude lies between -90 and 90 degrees.", field="lat", where="path")
    if not (math.isfinite(lon) and -180.0 <= lon <= 360.0):
        raise WrongPosition("The longitude lies between -180 and 180 degrees.", field="lon", where="path")
    return Position(lat, lon - 360.0 if lon > 180.0 else lon)


def distance_km(a: Position, b: Position) -> float:
    """Great-circle distance on a sphere of the earth's mean radius (haversine, exact enough for neighbours too)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    across = math.sin((lat_b - lat_a) / 2) ** 2
    along = math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, across + along)))


def box_around(at: Position, reach_km: float = REACH_KM) -> Box:
    """The smallest box of degrees that holds everything within reach; near a pole all longitudes."""
    high = reach_km / _KM_PER_DEGREE
    south, north = at.lat - high, at.lat + high
    if south <= -90.0 or north >= 90.0:
        return Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0)
    wide = math.degrees(math.asin(min(1.0, math.sin(math.radians(high)) / math.cos(math.radians(at.lat)))))
    return Box(south, north, _wrapped(at.lon - wide), _wrapped(at.lon + wide))


def shares(at: Position, points: Sequence[Point[K]], reach_km: float = REACH_KM) -> list[Share[K]]:
    """Which points speak for a position, and how much each; an empty list beyond reach.

    A point at the position speaks alone. Inside a cell of the 0.1° grid whose corners are all known: bilinear between
    them (two corners on an edge of the cell). Else inverse square distance among the points within reach.
    """
    distances = [distance_km(at, Position(point.lat, point.lon)) for point in points]
    for point, distance in zip(points, distances, strict=True):
        if distance <= _SAME_PLACE_KM:
            return [Share(point.key, 1.0)]
    if corners := _bilinear(at, points):
        return corners
    near = [(p.key, d) for p, d in zip(points, distances, strict=True) if d <= reach_km]
    # Relative to the nearest, so that a tiny distance does not overflow.
    nearest = min((d for _, d in near), default=0.0)
    raw = [(nearest / d) ** 2 for _, d in near]
    total = math.fsum(raw)
    return [Share(key, weight / total) for (key, _), weight in zip(near, raw, strict=True)]


def _bilinear(at: Position, points: Sequence[Point[K]]) -> list[Share[K]]:
    corners: dict[tuple[int, int], K] = {}
    for point in points:
        if (cell := _grid_index(point.lat, point.lon)) is not None:
            corners.setdefault(cell, point.key)
    row, up = _split(at.lat)
    column, right = _split(at.lon)
    wanted = [
        ((row, column), (1 - up) * (1 - right)),
        ((row, column + 1), (1 - up) * right),
        ((row + 1, column), up * (1 - right)),
        ((row + 1, column + 1), up * right),
    ]
    found = [((r, c % _AROUND), weight) for (r, c), weight in wanted if weight > 0.0]
    if any(cell not in corners for cell, _ in found):
        return []
    return [Share(corners[cell], weight) for cell, weight in found]


def _split(degrees: float) -> tuple[int, float]:
    """The grid line below, and how far from it to the next, 0 … 1."""
    steps = degrees * GRID_STEPS_PER_DEGREE
    nearest = round(steps)
    if abs(steps - nearest) < _ON_GRID:
        return nearest, 0.0
    below = math.floor(steps)
    return below, steps - below


def _grid_index(lat: float, lon: float) -> tuple[int, int] | None:
    (row, up), (column, right) = _split(lat), _split(lon)
    return (row, column % _AROUND) if up == 0.0 and right == 0.0 else None


def _wrapped(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0


def blend(parts: Sequence[tuple[float, Samples]], *, circular: bool = False) -> Samples:
    """The weighted mean of several points' series, at every time at which one of them has a value.

    parts: (weight > 0, samples). Where a point has no value the others' weights are raised in proportion, so every
    result lies between the values it was made of. circular: degrees of a compass, averaged as directions; where
    opposite directions cancel, the heaviest counts.
    """
    filled = [(weight, samples) for weight, samples in parts if samples.times.size]
    if not filled:
        return Samples.empty()
    times = np.unique(np.concatenate([samples.times for _, samples in filled]))
    table = np.full((len(filled), times.size), np.nan)
    for row, (_, samples) in enumerate(filled):
        table[row, np.searchsorted(times, samples.times)] = samples.values
    weights = np.array([weight for weight, _ in filled])
    return Samples(times, _circular_mean(table, weights) if circular else _mean(table, weights))


def _mean(table: NDArray[np.float64], weights: Values) -> Values:
    """(points, n) with NaN for missing, (points,) -> (n,)."""
    present = ~np.isnan(table)
    total = (present * weights[:, None]).sum(axis=0)
    mean = np.where(present, table, 0.0) * (weights[:, None] / total)
    # Clipped, because rounding may carry a mean of equal values a last digit beyond them.
    clipped: Values = np.clip(mean.sum(axis=0), np.nanmin(table, axis=0), np.nanmax(table, axis=0))
    return clipped


def _circular_mean(table: NDArray[np.float64], weights: Values) -> Values:
    angles = np.radians(table)
    east = np.nansum(np.sin(angles) * weights[:, None], axis=0)
    north = np.nansum(np.cos(angles) * weights[:, None], axis=0)
    mean = np.degrees(np.arctan2(east, north)) % 360.0
    heaviest = np.argmax(np.where(np.isnan(table), -1.0, weights[:, None]), axis=0)
    alone = (~np.isnan(table)).sum(axis=0) == 1
    cancelled = np.hypot(east, north) < 1e-9
    directions: Values = np.where(alone | cancelled, table[heaviest, np.arange(table.shape[1])], mean)
    return directions


def chart_power(samples: Samples, *, register: bool) -> Samples:
    """Energy as a chart shows it: kWh -> kW, stamped with the beginning of each interval.

    register: the values are readings of a cumulative register, and the power of an interval is the difference of its
    two ends (one value fewer than readings). Else each value is the energy of an interval that lasts until the next
    value; the last one lasts as long as the one before it, and a value alone has no known length and is left out.
    """
    if samples.times.size < 2:
        return Samples.empty()
    hours = np.diff(samples.times) / 3_600_000
    if register:
        return Samples(samples.times[:-1], np.diff(samples.values) / hours)
    return Samples(samples.times, samples.values / np.append(hours, hours[-1]))
