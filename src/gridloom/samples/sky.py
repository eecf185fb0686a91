"""The weather of the sample: clouds that drift, the sun behind them, temperature and wind to match. Hourly means.

A model to try things with, not a forecast. Clouds weaken the clear sky's global irradiance to 1 − 0.75 · c^3.4 (Kasten
and Czeplak); the direct and diffuse parts follow from it (Erbs).
"""

import math
from typing import NamedTuple

import numpy as np

from gridloom.metering.graphs.data import HOUR_MS, Times, Values
from gridloom.samples.noise import chance, drift

POINTS = ((50.4, 4.8), (50.4, 4.9), (50.5, 4.8), (50.5, 4.9))
COLUMNS = (
    "temperature",
    "global_irradiance",
    "direct_irradiance",
    "diffuse_irradiance",
    "wind_speed",
    "wind_direction",
    "humidity",
    "pressure",
    "cloud_cover",
)
_DECIMALS = (2, 1, 1, 1, 2, 0, 1, 1, 0)


class Hour(NamedTuple):
    """The mean of one hour at one point, in the stored units of `COLUMNS`, rounded as in the file."""

    time_ms: int
    lat: float
    lon: float
    values: tuple[float, ...]


def weather(first_ms: int, last_ms: int) -> list[Hour]:
    """Every hour of [first, last) at every point, by time."""
    times = np.arange(first_ms, last_ms, HOUR_MS, dtype=np.int64)
    by_point = [_at(lat, lon, times) for lat, lon in POINTS]
    return [column[place] for place in range(times.size) for column in by_point]


def _at(lat: float, lon: float, times: Times) -> list[Hour]:
    import pandas as pd
    import pvlib

    middles = pd.to_datetime(times + HOUR_MS // 2, unit="ms", utc=True)
    sun = pvlib.solarposition.get_solarposition(middles, lat, lon)
    zenith = sun["zenith"].to_numpy()
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    clouds = np.array([_clouds(lat, lon, int(time) / HOUR_MS) for time in times.tolist()])
    ghi = clear * (1 - 0.75 * clouds**3.4)
    parts = pvlib.irradiance.erbs(ghi, zenith, middles)
    up = np.maximum(np.cos(np.radians(zenith)), 0.0)
    sunny: Values = np.stack([ghi, np.asarray(parts["dni"]), np.asarray(parts["dhi"])], axis=1)
    return [
        Hour(
            int(time),
            lat,
            lon,
            _rounded(_hour(lat, lon, int(time) / HOUR_MS, float(clouds[place]), float(up[place])), sunny[place]),
        )
        for place, time in enumerate(times.tolist())
    ]


def _clouds(lat: float, lon: float, hour: float) -> float:
    """Cover 0 … 1: fronts over a day and a half, showers over hours, a little of each place's own."""
    fronts, showers = drift("fronts", hour, 37), drift("showers", hour, 5)
    own = drift(f"clouds {lat} {lon}", hour, 3)
    return min(1.0, max(0.0, 1.5 * fronts + 0.5 * showers + 0.15 * own - 0.6))


def _hour(lat: float, lon: float, hour: float, clouds: float, up: float) -> dict[str, float]:
    day = math.sin(2 * math.pi * (hour - 9) / 24)
    temperature = 281.5 + 6 * (drift("warmth", hour, 61) - 0.5) + (4.5 - 2.5 * clouds) * day + 0.3 * chance(lat, lon)
    wind = 1.0 + 7.5 * drift("wind", hour, 13) + 1.5 * up + 0.6 * drift(f"wind {lat} {lon}", hour, 2)
    return {
        "temperature": temperature,
        "wind_speed": wind,
        "wind_direction": (150 + 200 * drift("direction", hour, 23)) % 360,
        "humidity": min(99.0, 62 + 22 * clouds - 14 * day + 8 * drift("damp", hour, 7)),
        "pressure": 1002 + 24 * drift("pressure", hour, 71),
        "cloud_cover": 100 * clouds,
    }


def _rounded(others: dict[str, float], sun: Values) -> tuple[float, ...]:
    all_values = others | dict(zip(COLUMNS[1:4], sun.tolist(), strict=True))
    # Adding zero turns -0.0 into 0.0.
    return tuple(round(all_values[name], places) + 0.0 for name, places in zip(COLUMNS, _DECIMALS, strict=True))
