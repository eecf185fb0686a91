"""Weather at a position: find the points, read them, blend them."""

from typing import NamedTuple

from gridloom.metering.weather import rules
from gridloom.metering.weather.faults import BeyondReach
from gridloom.metering.weather.quantities import BY_MOID
from gridloom.metering.weather.rules import Position, Samples, Share
from gridloom.metering.weather.store import SensorKey, WeatherStore


class Weather(NamedTuple):
    """One signal at one position: the nearest sensor, the share of each that spoke, the blended values."""

    nearest: SensorKey
    shares: list[Share[SensorKey]]
    samples: Samples


async def weather_at(
    store: WeatherStore, at: Position, moid: int, since_ms: int, till_ms: int, origin: int | None = None
) -> Weather:
    """The signal at a position in [since, till), in the unit it is stored in. Raises BeyondReach."""
    points = await store.points(moid, rules.box_around(at))
    found = rules.shares(at, points)
    if not found:
        raise BeyondReach
    heaviest = max(found, key=lambda share: share.weight)
    series = await store.read([share.key for share in found], moid, since_ms, till_ms, origin)
    quantity = BY_MOID.get(moid)
    circular = quantity is not None and quantity.circular
    parts = [(share.weight, series[share.key]) for share in found if share.key in series]
    return Weather(heaviest.key, found, rules.blend(parts, circular=circular))
