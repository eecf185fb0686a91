"""Weather by position."""

import math
import time

from gridloom.core.series import public as series
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.operation import action
from gridloom.metering.signals import payload
from gridloom.metering.signals.catalogue import SIGNAL_TYPES
from gridloom.metering.signals.errors import SignalTypeNotFound
from gridloom.metering.signals.reading import CALCULATED
from gridloom.metering.signals.schemas import SignalResponse
from gridloom.metering.weather.binding import StoredWeather
from gridloom.metering.weather.faults import BeyondReach, WrongPosition
from gridloom.metering.weather.presenting import presented
from gridloom.metering.weather.reading import weather_at
from gridloom.metering.weather.rules import position
from gridloom.metering.weather.schemas import WeatherQuery


@action(
    "GET", "/api/weather/{lat}/{lon}/{signal_type_moid}/data", scope="metering.weather:read", answers={200: SignalResponse},
    faults=(BeyondReach, SignalTypeNotFound, WrongPosition, Invalid), tags=("Weather",), security=("APIKeyHeader",),
)  # fmt: skip
async def get_weather(tx: Tx, lat: float, lon: float, signal_type_moid: int, query: WeatherQuery) -> SignalResponse:
    """A weather signal at a position, from the points around it.

    Between the four points of a 0.1 degree grid the values are interpolated in both directions; elsewhere the points within
    50 km count by the inverse square of their distance. Every value has the origin 3 (calculated). The sensor named is the
    point that counts most.
    """
    started = time.perf_counter()
    at = position(lat, lon)
    kind = SIGNAL_TYPES.get(signal_type_moid)
    if kind is None:
        raise SignalTypeNotFound
    since, till = math.ceil(query.since), math.ceil(query.till)
    if since > till:
        raise Invalid("The window ends before it begins.", field="till", where="query")
    found = await weather_at(StoredWeather(tx), at, signal_type_moid, since, till, query.signal_origin_id)
    stored = time.perf_counter() - started
    samples, unit = presented(found.samples, kind, query, since, till)
    return SignalResponse(
        client_cid=found.nearest.client_cid,
        sensor_mid=found.nearest.sensor_mid,
        signal_type_moid=signal_type_moid,
        data=payload.sampled(series.Samples(*samples), CALCULATED),
        unit=unit,
        time_tstorage=round(stored, 6),
        time_other=round(time.perf_counter() - started - stored, 6),
    )
