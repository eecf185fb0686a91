"""Weather from the Open-Meteo services: forecast and archive, hourly, as JSON.

Open-Meteo answers any place of the earth from a grid of its own; one question may name many places. It stamps the mean
irradiance of an hour with the end of that hour, gridloom with the beginning. Source: the services' public documentation
(https://open-meteo.com/en/docs and /en/docs/historical-weather-api).
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, Self

import httpx
import msgspec
import numpy as np
import structlog

from gridloom.kernel import units
from gridloom.metering.weather.faults import WeatherRefused, WeatherUnavailable
from gridloom.metering.weather.importer import WeatherSeries
from gridloom.metering.weather.quantities import (
    CLOUD_COVER,
    DIFFUSE_IRRADIANCE,
    DIRECT_IRRADIANCE,
    GLOBAL_IRRADIANCE,
    HUMIDITY,
    PRESSURE,
    QUANTITIES,
    TEMPERATURE,
    WIND_DIRECTION,
    WIND_SPEED,
    Quantity,
)
from gridloom.metering.weather.rules import Position, Samples

PUBLIC_URL = "https://api.open-meteo.com"
FORECAST_URL = f"{PUBLIC_URL}/v1/forecast"
ARCHIVE_URL = "https://archive-api.open-meteo.com/v1/archive"

VARIABLES: Mapping[str, Quantity] = {
    "temperature_2m": TEMPERATURE,
    "shortwave_radiation": GLOBAL_IRRADIANCE,
    "direct_normal_irradiance": DIRECT_IRRADIANCE,
    "diffuse_radiation": DIFFUSE_IRRADIANCE,
    "wind_speed_10m": WIND_SPEED,
    "wind_direction_10m": WIND_DIRECTION,
    "relative_humidity_2m": HUMIDITY,
    "surface_pressure": PRESSURE,
    "cloud_cover": CLOUD_COVER,
}

_PRECEDING_HOUR = {GLOBAL_IRRADIANCE.name, DIRECT_IRRADIANCE.name, DIFFUSE_IRRADIANCE.name}
_HOUR_MS = 3_600_000
_LAST_STAMP = 253_402_300_799  # the end of the year 9999
_PLACES_PER_QUESTION = 50
_LONGEST_DAYS = 366
_MAX_BYTES = 64 * 1024 * 1024
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}

log = structlog.get_logger(__name__)


class Place(msgspec.Struct):
    """What is read of the answer for one place."""

    hourly: dict[str, list[float | None]]
    hourly_units: dict[str, str]


class _Refusal(msgspec.Struct):
    reason: str = ""


class OpenMeteo:
    """The adapter. One per process; `close` it at the end.

    forecast_url, archive_url: full addresses, so that a self-hosted or paid service can take their place. api_key: only
    for the paid service. timeout_s: for one request; deadline_s: for one question with all its repetitions and pauses.
    """

    def __init__(
        self,
        *,
        forecast_url: str = FORECAST_URL,
        archive_url: str = ARCHIVE_URL,
        api_key: str | None = None,
        timeout_s: float = 10.0,
        deadline_s: float = 45.0,
        attempts: int = 4,
        pause_s: float = 0.5,
    ) -> None:
        self._urls = {"forecast": forecast_url, "archive": archive_url}
        self._api_key = api_key
        self._deadline_s = deadline_s
        self._attempts = attempts
        self._pause_s = pause_s
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(timeout_s), follow_redirects=False)

    @classmethod
    def at(cls, base_url: str) -> "OpenMeteo":
        """The adapter for a service at this address, `https://api.open-meteo.com` or one's own.

        The public service keeps its archive at another address than its forecast, a self-hosted one has both.
        """
        base = base_url.rstrip("/")
        if base == PUBLIC_URL:
            return cls()
        return cls(forecast_url=f"{base}/v1/forecast", archive_url=f"{base}/v1/archive")

    async def __aenter__(self) -> Self:
        """Connections are opened when they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def fetch(
        self,
        places: Sequence[Position],
        first: date,
        last: date,
        *,
        quantities: Sequence[Quantity] = QUANTITIES,
        source: Literal["forecast", "archive"] = "forecast",
    ) -> list[WeatherSeries]:
        """Hourly weather of the UTC days first … last at each place, in stored units.

        Irradiance begins and ends an hour earlier, its stamps being shifted (see above); the next fetch has the rest.
        Raises WeatherUnavailable when the service does not answer in time or not with weather, WeatherRefused when it
        refuses the question; ValueError for a window that is no window.
        """
        if not first <= last <= first + timedelta(days=_LONGEST_DAYS):
            raise ValueError(f"{first} to {last} are not 1 to {_LONGEST_DAYS + 1} days")
        found: list[WeatherSeries] = []
        for start in range(0, len(places), _PLACES_PER_QUESTION):
            batch = places[start : start + _PLACES_PER_QUESTION]
            raw = await self._ask(self._urls[source], self._question(batch, first, last, quantities))
            for at, answer in zip(batch, _places(raw, len(batch)), strict=True):
                found.extend(_series(at, answer, quantities))
        return found

    def _question(
        self, places: Sequence[Position], first: date, last: date, quantities: Sequence[Quantity]
    ) -> dict[str, str]:
        wanted = {quantity.name for quantity in quantities}
        question = {
            "latitude": ",".join(f"{at.lat:.6f}" for at in places),
            "longitude": ",".join(f"{at.lon:.6f}" for at in places),
            "hourly": ",".join(name for name, quantity in VARIABLES.items() if quantity.name in wanted),
            "start_date": first.isoformat(),
            "end_date": last.isoformat(),
            "timeformat": "unixtime",
            "timezone": "GMT",
            "wind_speed_unit": "ms",
        }
        if self._api_key is not None:
            question["apikey"] = self._api_key
        return question

    async def _ask(self, url: str, question: Mapping[str, str]) -> bytes:
        end = time.monotonic() + self._deadline_s
        reason = ""
        for attempt in range(1, self._attempts + 1):
            pause = self._pause_s * 2 ** (attempt - 1)
            try:
                async with asyncio.timeout(max(0.0, end - time.monotonic())):
                    status, headers, body = await self._once(url, question)
            except TimeoutError:
                reason = "no answer in time"
            except httpx.HTTPError as error:
                reason = type(error).__name__
            else:
                if status == 200:
                    return body
                if status not in _WORTH_ANOTHER_TRY:
                    raise WeatherRefused(f"The weather service refused the request ({status}): {_reason(body)}")
                reason = f"status {status}"
                pause = max(pause, _retry_after(headers))
            log.warning("weather_partner_failed", attempt=attempt, reason=reason)
            if attempt == self._attempts or time.monotonic() + pause >= end:
                break
            await asyncio.sleep(pause)
        raise WeatherUnavailable(f"The weather service is not available at the moment ({reason}).")

    async def _once(self, url: str, question: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
        async with self._client.stream("GET", url, params=question) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise WeatherUnavailable("The weather service sent an answer that is too large.")
            return response.status_code, response.headers, bytes(body)


def _reason(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Refusal).reason[:300]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "no reason given"


def _retry_after(headers: httpx.Headers) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _places(raw: bytes, count: int) -> list[Place]:
    """One object for one place, a list for several."""
    wanted: Any = Place if count == 1 else list[Place]
    try:
        answer = msgspec.json.decode(raw, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise WeatherUnavailable("The weather service sent something that is no weather.") from None
    places: list[Place] = [answer] if count == 1 else answer
    if len(places) != count:
        raise WeatherUnavailable(f"The weather service answered for {len(places)} places instead of {count}.")
    return places


def _series(at: Position, answer: Place, quantities: Sequence[Quantity]) -> list[WeatherSeries]:
    times = answer.hourly.get("time", [])
    if any(stamp is None or stamp % 1 or not 0 <= stamp <= _LAST_STAMP for stamp in times):
        raise WeatherUnavailable("The weather service sent times that are no times.")
    stamps = np.array(times, np.int64) * 1000
    if (np.diff(stamps) <= 0).any():
        raise WeatherUnavailable("The weather service sent times out of order.")
    found: list[WeatherSeries] = []
    for name, quantity in VARIABLES.items():
        if quantity not in quantities or name not in answer.hourly:
            continue
        samples = _samples(name, quantity, stamps, answer)
        if samples.times.size:
            found.append(WeatherSeries(at, quantity, samples))
    return found


def _samples(name: str, quantity: Quantity, stamps: np.ndarray[Any, np.dtype[np.int64]], answer: Place) -> Samples:
    column = answer.hourly[name]
    if len(column) != stamps.size:
        raise WeatherUnavailable(f"The weather service sent {len(column)} values of {name} for {stamps.size} times.")
    given = np.array([np.nan if value is None else value for value in column], np.float64)
    try:
        values = units.convert(given, answer.hourly_units.get(name, ""), quantity.unit)
    except (units.UnknownUnit, units.UnitMismatch):
        raise WeatherUnavailable(f"The weather service sent {name} in a unit that is not known.") from None
    present = ~np.isnan(values)
    if not ((values[present] >= quantity.lowest) & (values[present] <= quantity.highest)).all():
        raise WeatherUnavailable(f"The weather service sent values of {name} that cannot be.")
    times = stamps - _HOUR_MS if quantity.name in _PRECEDING_HOUR else stamps
    return Samples(times[present], values[present])
