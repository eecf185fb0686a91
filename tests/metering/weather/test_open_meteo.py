"""The Open-Meteo adapter against a real HTTP server that answers in the service's form."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gridloom.metering.weather.faults import WeatherRefused, WeatherUnavailable
from gridloom.metering.weather.open_meteo import VARIABLES, OpenMeteo
from gridloom.metering.weather.quantities import GLOBAL_IRRADIANCE, TEMPERATURE, WIND_SPEED
from gridloom.metering.weather.rules import Position

BRUSSELS, NAMUR = Position(50.85, 4.35), Position(50.47, 4.87)
DAY = date(2026, 3, 20)
MIDNIGHT = 1_773_964_800_000
UNITS = {
    "time": "unixtime",
    "temperature_2m": "°C",
    "shortwave_radiation": "W/m²",
    "direct_normal_irradiance": "W/m²",
    "diffuse_radiation": "W/m²",
    "wind_speed_10m": "m/s",
    "wind_direction_10m": "°",
    "relative_humidity_2m": "%",
    "surface_pressure": "hPa",
    "cloud_cover": "%",
}
VALUES = {
    "temperature_2m": 7.5,
    "shortwave_radiation": 120.0,
    "direct_normal_irradiance": 80.0,
    "diffuse_radiation": 60.0,
    "wind_speed_10m": 3.5,
    "wind_direction_10m": 210.0,
    "relative_humidity_2m": 81.0,
    "surface_pressure": 1012.5,
    "cloud_cover": 75.0,
}


class Service:
    """What the imitated service was asked, and how it shall misbehave: canned (status, body, headers) come first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.canned: list[tuple[int, bytes, dict[str, str]]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.url = ""

    def answer(self, question: dict[str, list[str]]) -> tuple[int, bytes, dict[str, str]]:
        self.asked.append(question)
        if self.canned:
            return self.canned.pop(0)
        places = list(zip(question["latitude"][0].split(","), question["longitude"][0].split(","), strict=True))
        found = [place(float(lat), float(lon), question["hourly"][0].split(",")) for lat, lon in places]
        return 200, json.dumps(found[0] if len(found) == 1 else found).encode(), {}


def place(lat: float, lon: float, names: list[str], hours: int = 3) -> dict[str, Any]:
    """One place's answer, snapped to the service's own grid as the real one does."""
    return {
        "latitude": round(lat * 8) / 8,
        "longitude": round(lon * 8) / 8,
        "generationtime_ms": 0.05,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 27.0,
        "hourly_units": {"time": "unixtime", **{name: UNITS[name] for name in names}},
        "hourly": {
            "time": [MIDNIGHT // 1000 + 3600 * hour for hour in range(hours)],
            **{name: [VALUES[name]] * (hours - 1) + [None] for name in names},
        },
    }


@pytest.fixture
def service() -> Iterator[Service]:
    served = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.may_answer.wait(timeout=10)
            status, body, headers = served.answer(parse_qs(urlsplit(self.path).query))
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/v1/forecast"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    served.may_answer.set()
    server.shutdown()
    server.server_close()


def adapter(service: Service, **options: Any) -> OpenMeteo:
    return OpenMeteo(forecast_url=service.url, archive_url=service.url + "?archive", pause_s=0.01, **options)


def refusal(reason: str) -> bytes:
    return json.dumps({"error": True, "reason": reason}).encode()


async def test_every_signal_is_asked_for_and_comes_back_in_stored_units(service: Service) -> None:
    found = await adapter(service).fetch([BRUSSELS], DAY, DAY)
    assert {series.quantity.name: series.samples.values.tolist() for series in found} == {
        "temperature": [280.65, 280.65],
        "global_irradiance": [120.0, 120.0],
        "direct_irradiance": [80.0, 80.0],
        "diffuse_irradiance": [60.0, 60.0],
        "wind_speed": [3.5, 3.5],
        "wind_direction": [210.0, 210.0],
        "humidity": [81.0, 81.0],
        "pressure": [1012.5, 1012.5],
        "cloud_cover": [75.0, 75.0],
    }
    assert all(series.at == BRUSSELS for series in found)
    assert service.asked == [
        {
            "latitude": ["50.850000"],
            "longitude": ["4.350000"],
            "hourly": [",".join(VARIABLES)],
            "start_date": ["2026-03-20"],
            "end_date": ["2026-03-20"],
            "timeformat": ["unixtime"],
            "timezone": ["GMT"],
            "wind_speed_unit": ["ms"],
        }
    ]


async def test_the_mean_of_the_preceding_hour_is_stamped_with_its_beginning(service: Service) -> None:
    sun, warmth = await adapter(service).fetch([BRUSSELS], DAY, DAY, quantities=[GLOBAL_IRRADIANCE, TEMPERATURE])
    if sun.quantity is not GLOBAL_IRRADIANCE:
        sun, warmth = warmth, sun
    assert sun.samples.times.tolist() == [MIDNIGHT - 3_600_000, MIDNIGHT]
    assert warmth.samples.times.tolist() == [MIDNIGHT, MIDNIGHT + 3_600_000]


async def test_many_places_are_asked_for_together_and_keep_their_order(service: Service) -> None:
    places = [Position(50 + step / 100, 4.0) for step in range(60)]
    found = await adapter(service).fetch(places, DAY, DAY, quantities=[WIND_SPEED])
    assert [series.at for series in found] == places
    assert [len(asked["latitude"][0].split(",")) for asked in service.asked] == [50, 10]


async def test_a_busy_service_is_asked_again_after_the_time_it_names(service: Service) -> None:
    service.canned = [(503, b"", {}), (429, refusal("Minutely API request limit exceeded."), {"retry-after": "0"})]
    found = await adapter(service).fetch([BRUSSELS], DAY, DAY, quantities=[WIND_SPEED])
    assert found[0].samples.values.tolist() == [3.5, 3.5]
    assert len(service.asked) == 3


async def test_a_service_that_stays_busy_is_given_up_after_a_bounded_number_of_questions(service: Service) -> None:
    service.canned = [(502, b"<html>", {})] * 10
    with pytest.raises(WeatherUnavailable, match="status 502"):
        await adapter(service, attempts=3).fetch([BRUSSELS], DAY, DAY)
    assert len(service.asked) == 3


async def test_a_service_that_asks_for_more_patience_than_there_is_is_given_up_at_once(service: Service) -> None:
    service.canned = [(429, b"", {"retry-after": "3600"})]
    with pytest.raises(WeatherUnavailable, match="status 429"):
        await adapter(service).fetch([BRUSSELS], DAY, DAY)
    assert len(service.asked) == 1


async def test_a_silent_service_is_given_up_at_the_deadline(service: Service) -> None:
    service.may_answer.clear()
    with pytest.raises(WeatherUnavailable, match=r"no answer in time|ReadTimeout"):
        await adapter(service, timeout_s=0.1, deadline_s=0.3).fetch([BRUSSELS], DAY, DAY)


async def test_a_service_that_is_not_there_is_said_to_be_unavailable() -> None:
    gone = OpenMeteo(forecast_url="http://127.0.0.1:9/v1/forecast", attempts=2, pause_s=0.01)
    with pytest.raises(WeatherUnavailable, match="ConnectError"):
        await gone.fetch([BRUSSELS], DAY, DAY)


async def test_a_refusal_is_told_with_its_reason_and_not_repeated(service: Service) -> None:
    service.canned = [(400, refusal("Parameter 'start_date' is out of allowed range"), {})]
    with pytest.raises(WeatherRefused, match="'start_date' is out of allowed range"):
        await adapter(service).fetch([BRUSSELS], DAY, DAY)
    assert len(service.asked) == 1


def damaged(**changes: Any) -> bytes:
    answer = place(50.85, 4.35, ["temperature_2m"])
    answer["hourly"].update(changes.get("hourly", {}))
    answer["hourly_units"].update(changes.get("units", {}))
    return json.dumps(answer).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "no weather"),
        (b"[]", "no weather"),
        (b"{}", "no weather"),
        (b"[" * 100_000, "no weather"),
        (damaged(hourly={"temperature_2m": [1.0]}), "1 values of temperature_2m for 3 times"),
        (damaged(hourly={"temperature_2m": ["warm"] * 3}), "no weather"),
        (damaged(units={"temperature_2m": "°X"}), "in a unit that is not known"),
        (damaged(hourly={"temperature_2m": [5000.0] * 3}), "that cannot be"),
        (damaged(hourly={"time": [1e300, 2e300, 3e300]}), "times that are no times"),
        (damaged(hourly={"time": [0.5, 1.5, 2.5]}), "times that are no times"),
        (damaged(hourly={"time": [3600, 0, 7200]}), "times out of order"),
    ],
)
async def test_an_answer_that_is_no_weather_is_not_taken(service: Service, body: bytes, said: str) -> None:
    service.canned = [(200, body, {})]
    with pytest.raises(WeatherUnavailable, match=said):
        await adapter(service).fetch([BRUSSELS], DAY, DAY, quantities=[TEMPERATURE])


async def test_an_answer_for_another_number_of_places_is_not_taken(service: Service) -> None:
    service.canned = [(200, json.dumps([place(50.85, 4.35, ["temperature_2m"])]).encode(), {})]
    with pytest.raises(WeatherUnavailable, match="1 places instead of 2"):
        await adapter(service).fetch([BRUSSELS, NAMUR], DAY, DAY, quantities=[TEMPERATURE])


async def test_an_answer_in_another_unit_is_converted_and_never_taken_as_it_is(service: Service) -> None:
    body = damaged(units={"temperature_2m": "°F"}, hourly={"temperature_2m": [50.0, None, 32.0]})
    service.canned = [(200, body, {})]
    (found,) = await adapter(service).fetch([BRUSSELS], DAY, DAY, quantities=[TEMPERATURE])
    assert found.samples.values.tolist() == [283.15, 273.15]


async def test_a_key_is_sent_only_when_there_is_one(service: Service) -> None:
    await adapter(service, api_key="k-123").fetch([BRUSSELS], DAY, DAY, quantities=[TEMPERATURE])
    assert service.asked[0]["apikey"] == ["k-123"]


async def test_a_window_that_ends_before_it_begins_is_refused_without_a_question(service: Service) -> None:
    with pytest.raises(ValueError, match="are not 1 to 367 days"):
        await adapter(service).fetch([BRUSSELS], DAY, date(2026, 3, 19))
    assert service.asked == []
