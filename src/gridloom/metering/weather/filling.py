"""Where the weather comes from: a file, or the forecast of a weather service for every station."""

import asyncio
from datetime import timedelta
from pathlib import Path

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.metering.weather.binding import WEATHER_CLIENT, StoredWeather, weather_stations
from gridloom.metering.weather.importer import Stored, read_file, store_series
from gridloom.metering.weather.open_meteo import OpenMeteo
from gridloom.metering.weather.rules import Position
from gridloom.metering.weather.store import MEASURED, PREDICTED


async def import_file(
    database: Database, tenant: int, path: Path, *, client_cid: int = WEATHER_CLIENT, origin: int = MEASURED
) -> Stored:
    """Store a weather file: all of it, or nothing. Repeating it changes nothing.

    Stations that are missing are made for the client. Raises WrongFile.
    """
    series = await asyncio.to_thread(read_file, path)
    async with database.tenant(tenant) as tx:
        return await store_series(StoredWeather(tx, client_cid), series, origin)


async def refresh_forecast(database: Database, tenant: int, service: OpenMeteo, *, days: int = 3) -> Stored:
    """Store the forecast of today and the days after it (UTC) for every weather station, as predicted values.

    Raises WeatherUnavailable and WeatherRefused; then nothing was stored.
    """
    async with database.tenant(tenant, read_only=True) as tx:
        stations = await weather_stations(tx)
    if not stations:
        return Stored(0, 0, 0)
    first = clock.now().date()
    places = list(dict.fromkeys(Position(station.lat, station.lon) for station in stations))
    found = await service.fetch(places, first, first + timedelta(days=days))
    values = [
        (station.key, series.quantity, series.samples)
        for station in stations
        for series in found
        if series.at == (station.lat, station.lon)
    ]
    async with database.tenant(tenant) as tx:
        written, unchanged = await StoredWeather(tx).write(values, PREDICTED)
    return Stored(len(stations), written, unchanged)
