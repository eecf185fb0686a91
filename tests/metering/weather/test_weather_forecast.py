"""The forecast of every station, from an imitated service into stored series."""

from datetime import UTC, datetime

import pytest
from tests.metering.weather.test_open_meteo import DAY, MIDNIGHT, Service, adapter, service
from tests.suites.client import Caller, Callers

from gridloom.kernel import clock
from gridloom.kernel.jobs.context import Context
from gridloom.metering.weather.faults import WeatherUnavailable
from gridloom.metering.weather.filling import refresh_forecast
from gridloom.metering.weather.importer import Stored
from gridloom.metering.weather.jobs import refresh_weather
from gridloom.metering.weather.open_meteo import OpenMeteo

__all__ = ["service"]

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
URL = "/api/weather/50.85/4.35/601/data"
WINDOW = {"since": MIDNIGHT, "till": MIDNIGHT + 86_400_000}


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """A caller with one weather station at 50.85, 4.35 and another sensor without a position."""
    made = await callers.with_scopes("metering", ["*"])
    station = {"client_cid": 1, "name": "Station", "sensor_type_id": 20, "lat": 50.85, "lon": 4.35}
    assert (await made.post("/api/sensors", params=station)).status_code == 201
    assert (await made.post("/api/sensors", params={"client_cid": 1, "name": "Meter"})).status_code == 201
    return made


async def test_every_station_gets_its_forecast_as_predicted_values(caller: Caller, service: Service) -> None:
    with clock.at(NOON):
        done = await refresh_forecast(caller.application.database, caller.tenant, adapter(service), days=2)
    assert done == Stored(points=1, written=18, unchanged=0)
    assert service.asked[0]["start_date"] == [DAY.isoformat()]
    assert service.asked[0]["end_date"] == ["2026-03-22"]
    answer = await caller.get(URL, params=WINDOW)
    assert answer.json()["data"]["value"] == [280.65, 280.65]
    predicted = await caller.get("/api/sensors/1.1/signals/601/data", params={**WINDOW, "get_last": True})
    assert predicted.json()["data"]["origin"] == [2, 2]


async def test_the_same_forecast_is_not_stored_twice(caller: Caller, service: Service) -> None:
    database = caller.application.database
    with clock.at(NOON):
        await refresh_forecast(database, caller.tenant, adapter(service))
        assert await refresh_forecast(database, caller.tenant, adapter(service)) == Stored(1, 0, 18)


async def test_a_service_that_is_away_leaves_everything_as_it_was(caller: Caller, service: Service) -> None:
    service.canned = [(503, b"", {})] * 10
    with pytest.raises(WeatherUnavailable):
        await refresh_forecast(caller.application.database, caller.tenant, adapter(service, attempts=2))
    assert (await caller.get(URL, params=WINDOW)).status_code == 404


async def test_without_a_station_nobody_is_asked(callers: Callers, service: Service) -> None:
    empty = await callers.with_scopes("metering", ["*"])
    assert await refresh_forecast(empty.application.database, empty.tenant, adapter(service)) == Stored(0, 0, 0)
    assert service.asked == []


async def test_the_job_fetches_where_a_service_is_configured_and_rests_where_none_is(
    caller: Caller, service: Service
) -> None:
    def context(resources: dict[type, OpenMeteo]) -> Context:
        return Context(
            caller.application.database, "test", job_id=1, attempt=1, tenant_id=caller.tenant, resources=resources
        )

    assert await refresh_weather.function(context({})) == {"points": 0, "written": 0, "unchanged": 0}
    done = await refresh_weather.function(context({OpenMeteo: adapter(service)}))
    assert done == {"points": 1, "written": 18, "unchanged": 0}
