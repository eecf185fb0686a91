"""What the other metering modules may use of the weather."""

from gridloom.metering.weather.faults import BeyondReach
from gridloom.metering.weather.quantities import (
    BY_MOID,
    DIFFUSE_IRRADIANCE,
    DIRECT_IRRADIANCE,
    GLOBAL_IRRADIANCE,
    QUANTITIES,
    TEMPERATURE,
    WEATHER_MOIDS,
    WIND_SPEED,
    Quantity,
)
from gridloom.metering.weather.reading import Weather, weather_at
from gridloom.metering.weather.rules import Position, Samples, chart_power, position
from gridloom.metering.weather.store import SensorKey, WeatherStore

__all__ = [
    "BY_MOID",
    "DIFFUSE_IRRADIANCE",
    "DIRECT_IRRADIANCE",
    "GLOBAL_IRRADIANCE",
    "QUANTITIES",
    "TEMPERATURE",
    "WEATHER_MOIDS",
    "WIND_SPEED",
    "BeyondReach",
    "Position",
    "Quantity",
    "Samples",
    "SensorKey",
    "Weather",
    "WeatherStore",
    "chart_power",
    "position",
    "weather_at",
]
