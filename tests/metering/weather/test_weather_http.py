"""Weather by position over HTTP, on stored series."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.suites.client import Caller, Callers, answers

from gridloom.core.identity.store import Identity
from gridloom.metering.weather import importer
from gridloom.metering.weather.filling import import_file
from gridloom.metering.weather.importer import Stored
from gridloom.samples import readings

PATH = "/api/weather/{lat}/{lon}/{signal_type_moid}/data"
HOUR = 3_600_000
MIDNIGHT = 1_773_964_800_000  # 2026-03-20T00:00Z
FILE = """time,lat,lon,temperature,wind_direction,global_irradiance
2026-03-20T00:00:00Z,50.8,4.3,280,350,0
2026-03-20T01:00:00Z,50.8,4.3,281,340,0
2026-03-20T00:00:00Z,50.8,4.4,282,20,0
2026-03-20T01:00:00Z,50.8,4.4,283,30,4
2026-03-20T00:00:00Z,50.9,4.3,284,350,0
2026-03-20T00:00:00Z,50.9,4.4,286,20,0
"""


@pytest.fixture
async def caller(callers: Callers, tmp_path: Path) -> Caller:
    """A caller of a tenant whose weather is the file above."""
    path = tmp_path / "weather.csv"
    path.write_text(FILE)
    made = await callers.with_scopes("metering", ["*"])
    done = await import_file(made.application.database, made.tenant, path)
    assert done == Stored(points=4, written=18, unchanged=0)
    return made


async def weather(caller: Caller, place: str, moid: int, **params: Any) -> httpx.Response:
    window = {"since": MIDNIGHT, "till": MIDNIGHT + 2 * HOUR}
    answer = await caller.get(f"/api/weather/{place}/{moid}/data", params={**window, **params})
    answers(caller.api, answer, "GET", PATH)
    return answer


def data(answer: httpx.Response) -> Mapping[str, Any]:
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()["data"]
    return found


async def test_at_a_station_its_own_values_are_given(caller: Caller) -> None:
    answer = await weather(caller, "50.8/4.4", 601)
    assert data(answer) == {
        "time": [MIDNIGHT, MIDNIGHT + HOUR],
        "value": [282.0, 283.0],
        "type": ["DBL", "DBL"],
        "origin": [3, 3],
    }
    body = answer.json()
    assert (body["unit"], body["signal_type_moid"], body["client_cid"]) == ("K", 601, 0)


async def test_between_four_stations_the_values_are_interpolated(caller: Caller) -> None:
    found = data(await weather(caller, "50.85/4.35", 601))
    assert found["time"] == [MIDNIGHT, MIDNIGHT + HOUR]
    assert found["value"] == pytest.approx([283.0, 282.0])


async def test_a_direction_is_interpolated_and_averaged_around_the_north(caller: Caller) -> None:
    assert data(await weather(caller, "50.8/4.35", 606))["value"] == pytest.approx([5.0, 5.0])
    (mean,) = data(await weather(caller, "50.8/4.3", 606, delta_t=120))["value"]
    assert mean == pytest.approx(345.0)


async def test_values_come_in_buckets_and_in_another_unit(caller: Caller) -> None:
    answer = await weather(caller, "50.8/4.3", 601, delta_t=120, output_unit_id=41)
    assert data(answer)["time"] == [MIDNIGHT]
    assert data(answer)["value"] == [7.35]
    assert answer.json()["unit"] == "degC"


async def test_raw_values_stay_as_they_are(caller: Caller) -> None:
    answer = await weather(caller, "50.8/4.3", 601, raw=True, delta_t=120, output_unit_id=41)
    assert data(answer)["value"] == [280.0, 281.0]
    assert answer.json()["unit"] == "K"


async def test_the_window_is_half_open_and_may_have_fractions(caller: Caller) -> None:
    assert data(await weather(caller, "50.8/4.3", 601, till=MIDNIGHT + HOUR))["time"] == [MIDNIGHT]
    assert data(await weather(caller, "50.8/4.3", 601, since=MIDNIGHT + 0.5))["time"] == [MIDNIGHT + HOUR]
    assert data(await weather(caller, "50.8/4.3", 601, since=MIDNIGHT, till=MIDNIGHT))["time"] == []


async def test_only_the_origin_that_is_asked_for_counts(caller: Caller) -> None:
    assert data(await weather(caller, "50.8/4.3", 601, signal_origin_id=1))["value"] == [280.0, 281.0]
    assert data(await weather(caller, "50.8/4.3", 601, signal_origin_id=2))["value"] == []


@pytest.mark.parametrize(("place", "moid"), [("52.0/4.3", 601), ("50.8/4.3", 608), ("50.8/4.3", 699)])
async def test_beyond_reach_and_without_such_a_signal_there_is_nothing(caller: Caller, place: str, moid: int) -> None:
    answer = await weather(caller, place, moid)
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize(
    ("place", "params", "loc"),
    [
        ("91/4.3", {}, ["path", "lat"]),
        ("nan/4.3", {}, ["path", "lat"]),
        ("50.8/inf", {}, ["path", "lon"]),
        ("50.8/east", {}, ["path", "lon"]),
        ("50.8/4.3", {"since": MIDNIGHT + 3 * HOUR}, ["query", "till"]),
        ("50.8/4.3", {"since": "soon"}, ["query", "since"]),
        ("50.8/4.3", {"till": "nan"}, ["query", "till"]),
        ("50.8/4.3", {"till": 1e30}, ["query", "till"]),
        ("50.8/4.3", {"delta_t": 0}, ["query", "delta_t"]),
        ("50.8/4.3", {"signal_origin_id": 6}, ["query", "signal_origin_id"]),
        ("50.8/4.3", {"output_unit_id": 1}, ["query", "output_unit_id"]),
        ("50.8/4.3", {"output_unit_id": 9999}, ["query", "output_unit_id"]),
    ],
)
async def test_wrong_input_is_refused_by_name(
    caller: Caller, place: str, params: dict[str, Any], loc: list[str]
) -> None:
    answer = await weather(caller, place, 601, **params)
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [loc]


async def test_a_missing_window_is_refused_by_name(caller: Caller) -> None:
    answer = await caller.get("/api/weather/50.8/4.3/601/data")
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [["query", "since"], ["query", "till"]]


async def test_the_weather_needs_its_key_and_only_that(caller: Caller) -> None:
    application = caller.application
    async with application.database.tenant(caller.tenant) as tx:
        key = await application.services.part(Identity).issue(
            tx, "metering-key", name="test", scopes=["metering.weather:read"]
        )
    url, window = "/api/weather/50.8/4.3/601/data", {"since": MIDNIGHT, "till": MIDNIGHT + HOUR}
    async with caller.anonymous() as anonymous:
        for headers in ({}, {"x-auth": "wrong"}, {"x-auth": ""}):
            answer = await anonymous.get(url, params=window, headers=headers)
            assert answer.status_code == 401
        answer = await anonymous.get(url, params=window, headers={"X-Auth": key.secret})
        assert data(answer)["value"] == [280.0]
        # The key opens nothing else.
        assert (await anonymous.get("/api/sensors/types", headers={"X-Auth": key.secret})).status_code == 401


async def test_another_tenants_weather_is_not_there(caller: Caller, callers: Callers, other_tenant: int) -> None:
    other = await callers.with_scopes("metering", ["*"], other_tenant)
    assert (await weather(other, "50.8/4.3", 601)).status_code == 404


async def test_amounts_of_energy_become_power_on_a_chart(caller: Caller) -> None:
    made = await caller.post(
        "/api/sensors",
        params={"client_cid": 5, "name": "Zone", "sensor_type_id": 1, "lat": 40.0, "lon": 3.0},
    )
    key = made.json()
    url = f"/api/sensors/{key['client_cid']}.{key['sensor_mid']}/signals"
    times = [MIDNIGHT, MIDNIGHT + 900_000, MIDNIGHT + 1_800_000, MIDNIGHT + 2_700_000]
    for moid, values in ((132, [1.0, 0.5, 0.25, 0.25]), (32, [10.0, 11.0, 11.5, 12.0])):
        body = {"data": {"time": times, "value": values}}
        assert (await caller.put(f"{url}/{moid}/data/v2", json=body)).status_code == 200
    amounts = await weather(caller, "40.0/3.0", 132, is_chart=True)
    assert (data(amounts)["value"], amounts.json()["unit"]) == ([4.0, 2.0, 1.0, 1.0], "kW")
    hourly = await weather(caller, "40.0/3.0", 132, is_chart=True, delta_t=60, output_unit_id=21)
    assert (data(hourly)["value"], hourly.json()["unit"]) == ([2000.0], "W")
    register = await weather(caller, "40.0/3.0", 32, is_chart=True)
    assert (data(register)["value"], register.json()["unit"]) == ([4.0, 2.0, 2.0], "kW")
    plain = await weather(caller, "40.0/3.0", 132)
    assert (data(plain)["value"], plain.json()["unit"]) == ([1.0, 0.5, 0.25, 0.25], "kW.h")


async def test_stations_beyond_the_date_line_are_within_reach(callers: Callers, tmp_path: Path) -> None:
    path = tmp_path / "weather.csv"
    path.write_text(
        "time,lat,lon,temperature\n2026-03-20T00:00:00Z,-17,179.9,300\n2026-03-20T00:00:00Z,-17,-179.9,302\n"
    )
    caller = await callers.with_scopes("metering", ["*"])
    await import_file(caller.application.database, caller.tenant, path)
    assert data(await weather(caller, "-17.0/180.0", 601))["value"] == pytest.approx([301.0])


async def test_a_refused_file_leaves_nothing_behind(callers: Callers, tmp_path: Path) -> None:
    path = tmp_path / "weather.csv"
    path.write_text(FILE + "2026-03-20T01:00:00Z,50.9,4.4,12,20,0\n")
    caller = await callers.with_scopes("metering", ["*"])
    with pytest.raises(importer.WrongFile):
        await import_file(caller.application.database, caller.tenant, path)
    assert (await weather(caller, "50.8/4.3", 601)).status_code == 404


async def test_the_samples_weather_is_imported_once(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    database = caller.application.database
    first = await import_file(database, caller.tenant, readings.WEATHER)
    again = await import_file(database, caller.tenant, readings.WEATHER)
    assert first == Stored(points=4, written=839 * 4 * 9, unchanged=0)
    assert again == Stored(points=4, written=0, unchanged=839 * 4 * 9)
    found = data(await weather(caller, "50.44/4.83", 602, since=MIDNIGHT + 10 * HOUR, till=MIDNIGHT + 11 * HOUR))
    assert 0 < found["value"][0] < 1000
