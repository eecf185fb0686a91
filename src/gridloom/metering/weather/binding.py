"""Weather in the series core: sensors of the kinds `weather_station` and `virtual` that have a position."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridloom.core.series import public as series
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.metering.sensors.catalogue import VIRTUAL, WEATHER_STATION
from gridloom.metering.sensors.store import add_client, add_sensor, next_mid
from gridloom.metering.weather.quantities import Quantity
from gridloom.metering.weather.rules import Box, Point, Samples
from gridloom.metering.weather.store import SensorKey

WEATHER_CLIENT = 0
"""The client that owns the sensors which imports make, unless another one is named."""

# The box is a first sieve on both axes; west beyond east means that it spans the 180th meridian.
_IN_BOX = (
    "p.lat BETWEEN :south AND :north AND CASE WHEN CAST(:west AS double precision) <= :east "
    "THEN p.lon BETWEEN :west AND :east ELSE p.lon >= :west OR p.lon <= :east END"
)
_POINTS = sql(
    "SELECT s.client_cid, s.sensor_mid, p.lat, p.lon FROM metering.sensor s "
    "JOIN series.point p ON p.id = s.point_id JOIN series.channel c ON c.point_id = s.point_id AND c.code = :moid "
    f"WHERE s.sensor_type_id = ANY(CAST(:types AS integer[])) AND {_IN_BOX} ORDER BY s.client_cid, s.sensor_mid"
)
_CHANNELS = sql(
    "SELECT s.client_cid, s.sensor_mid, c.id FROM metering.sensor s "
    "JOIN unnest(CAST(:cids AS integer[]), CAST(:mids AS integer[])) AS k (cid, mid) "
    "ON s.client_cid = k.cid AND s.sensor_mid = k.mid "
    "JOIN series.channel c ON c.point_id = s.point_id AND c.code = :moid"
)
_SENSOR_AT = sql("SELECT client_cid, sensor_mid FROM metering.sensor WHERE point_id = :point_id")
_POINT_OF = sql("SELECT point_id FROM metering.sensor WHERE client_cid = :cid AND sensor_mid = :mid")
_STATIONS = sql(
    "SELECT s.client_cid, s.sensor_mid, p.lat, p.lon FROM metering.sensor s JOIN series.point p ON p.id = s.point_id "
    "WHERE s.sensor_type_id = :kind AND p.lat IS NOT NULL AND p.lon IS NOT NULL ORDER BY s.client_cid, s.sensor_mid"
)


class StoredWeather:
    """The store of one transaction. client_cid: who owns the sensors that `ensure` makes."""

    def __init__(self, tx: Tx, client_cid: int = WEATHER_CLIENT) -> None:
        self._tx = tx
        self._client_cid = client_cid

    async def points(self, moid: int, box: Box) -> list[Point[SensorKey]]:
        """See WeatherStore."""
        rows = await self._tx.all(_POINTS, moid=moid, types=[VIRTUAL, WEATHER_STATION], **box._asdict())
        return [_point(row) for row in rows]

    async def read(
        self, keys: Sequence[SensorKey], moid: int, since_ms: int, till_ms: int, origin: int | None
    ) -> dict[SensorKey, Samples]:
        """See WeatherStore."""
        rows = await self._tx.all(
            _CHANNELS, moid=moid, cids=[key.client_cid for key in keys], mids=[key.sensor_mid for key in keys]
        )
        channels = {SensorKey(row["client_cid"], row["sensor_mid"]): int(row["id"]) for row in rows}
        origins = None if origin is None else [origin]
        found = await series.read_many(self._tx, channels.values(), since_ms, till_ms, origins=origins)
        return {key: Samples(*series.prefer(found[channel])) for key, channel in channels.items()}

    async def ensure(self, lat: float, lon: float) -> SensorKey:
        """See WeatherStore. The sensor is known by its position, so that a second import finds it again."""
        name = f"Weather {lat:.6g}, {lon:.6g}"
        point = await series.ensure_point(
            self._tx, eid=f"weather:{lat:.6f},{lon:.6f}", owner_cid=self._client_cid, name=name, lat=lat, lon=lon
        )
        there = await self._tx.one(_SENSOR_AT, point_id=point.id)
        if there is not None:
            return SensorKey(there["client_cid"], there["sensor_mid"])
        await add_client(self._tx, self._client_cid)
        mid = await next_mid(self._tx, self._client_cid)
        if mid is None:
            raise LookupError(f"client {self._client_cid} went away")
        await add_sensor(
            self._tx,
            client_cid=self._client_cid,
            sensor_mid=mid,
            point_id=point.id,
            sensor_type_id=WEATHER_STATION,
            info=None,
            comments=None,
            uncertain=False,
            negligible=True,
            balance_calculation=False,
        )
        return SensorKey(self._client_cid, mid)

    async def write(self, given: Sequence[tuple[SensorKey, Quantity, Samples]], origin: int) -> tuple[int, int]:
        """See WeatherStore."""
        batches: list[series.Batch] = []
        for key, quantity, samples in given:
            point = await self._tx.scalar(_POINT_OF, cid=key.client_cid, mid=key.sensor_mid)
            channel = await series.ensure_channel(
                self._tx, int(point), quantity.moid, unit=quantity.unit, kind="instant"
            )
            batches.append(series.Batch.of(channel.id, samples.times, np.asarray(samples.values), origin=origin))
        if not batches:
            return 0, 0
        done = await series.write(self._tx, series.Batch.join(batches))
        return done.stored, done.unchanged


async def weather_stations(tx: Tx) -> list[Point[SensorKey]]:
    """Every weather station that has a position."""
    return [_point(row) for row in await tx.all(_STATIONS, kind=WEATHER_STATION)]


def _point(row: Any) -> Point[SensorKey]:
    return Point(SensorKey(row["client_cid"], row["sensor_mid"]), row["lat"], row["lon"])
