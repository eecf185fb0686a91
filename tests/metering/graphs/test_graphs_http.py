"""Graphs over HTTP, on stored series."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.suites.client import Caller, Callers, answers

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.kernel.http.call import Services
from gridloom.metering.graphs import library, parts
from gridloom.metering.graphs.faults import TookTooLong, WrongDefinition
from gridloom.metering.graphs.runner import InProcess, OnCluster
from gridloom.metering.graphs.runs import GraphRuns
from gridloom.metering.weather.filling import import_file
from gridloom.samples import readings

PATH = "/api/tasks/graphs/run/name"
QUARTER = 900_000
HOUR = 3_600_000
NOON = 1_774_605_600_000  # 2026-03-27T10:00Z
WINDOW = {"since": NOON, "till": NOON + HOUR}


async def sensor(caller: Caller, client: int = 1, **more: Any) -> dict[str, int]:
    made = await caller.post("/api/sensors", params={"client_cid": client, "name": "Meter", **more})
    assert made.status_code == 201, made.text
    key: dict[str, int] = made.json()
    return key


async def put(caller: Caller, key: dict[str, int], moid: int, values: dict[int, float], **more: Any) -> None:
    url = f"/api/sensors/{key['client_cid']}.{key['sensor_mid']}/signals/{moid}/data/v2"
    data = {"time": list(values), "value": list(values.values()), **more}
    assert (await caller.put(url, json={"data": data})).status_code == 200


async def stored(caller: Caller, key: dict[str, int], moid: int, **more: Any) -> dict[str, Any]:
    """What stands between NOON and two hours later: time -> (value, origin)."""
    url = f"/api/sensors/{key['client_cid']}.{key['sensor_mid']}/signals/{moid}/data"
    answer = await caller.get(
        url, params={"since": NOON, "till": NOON + 2 * HOUR, "get_last": True, "raw": True, **more}
    )
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return dict(zip(data["time"], zip(data["value"], data["origin"], strict=True), strict=True))


async def run(caller: Caller, body: Any, name: str = "estimation", **more: Any) -> httpx.Response:
    answer = await caller.post(PATH, params={"graph_name": name, **WINDOW, **more}, json=body)
    answers(caller.api, answer, "POST", PATH)
    return answer


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    return await callers.with_scopes("metering", ["*"])


@pytest.fixture
async def meter(caller: Caller) -> dict[str, Any]:
    """A meter with two readings of its import register, an hour apart; what names it in a body."""
    key = await sensor(caller)
    await put(caller, key, 32, {NOON: 100.0, NOON + HOUR: 102.0})
    return {**key, "signal_type_moid": 32}


async def test_an_estimate_is_answered_and_stands_with_origin_four(caller: Caller, meter: dict[str, Any]) -> None:
    (found,) = (await run(caller, meter)).json()
    assert found["data"] == {
        "time": [NOON + QUARTER, NOON + 2 * QUARTER, NOON + 3 * QUARTER],
        "value": [100.5, 101.0, 101.5],
        "type": ["DBL"] * 3,
        "origin": [4] * 3,
        "com": ["uncertain"] * 3,
    }
    assert {name: found[name] for name in meter} == meter
    assert (found["unit"], found["hook_from"], found["hook_to"], found["uncertain"]) == (
        "kW.h",
        "settle",
        "write",
        True,
    )
    assert len(found["signature_id"]) == 32
    assert await stored(caller, meter, 32) == {
        NOON: (100.0, 1),
        NOON + QUARTER: (100.5, 4),
        NOON + 2 * QUARTER: (101.0, 4),
        NOON + 3 * QUARTER: (101.5, 4),
        NOON + HOUR: (102.0, 1),
    }


async def test_a_second_run_stores_nothing_new(caller: Caller, meter: dict[str, Any]) -> None:
    first = (await run(caller, meter)).json()
    again = (await run(caller, meter)).json()
    assert [each["data"] for each in first] == [each["data"] for each in again]
    url = f"/api/sensors/{meter['client_cid']}.{meter['sensor_mid']}/signals/32/data"
    every = await caller.get(url, params={"since": NOON, "till": NOON + HOUR})
    assert len(every.json()["data"]["time"]) == 4


async def test_an_estimate_counts_until_the_reading_arrives(caller: Caller, meter: dict[str, Any]) -> None:
    await run(caller, meter)
    await put(caller, meter, 32, {NOON + 2 * QUARTER: 101.5})
    (found,) = (await run(caller, meter)).json()
    assert found["data"]["time"] == [NOON + QUARTER, NOON + 3 * QUARTER]
    assert found["data"]["value"] == [100.75, 101.75]


async def test_readings_outside_the_window_bound_its_gaps(caller: Caller, meter: dict[str, Any]) -> None:
    (found,) = (await run(caller, meter, since=NOON + QUARTER, till=NOON + 3 * QUARTER)).json()
    assert found["data"]["value"] == [100.5, 101.0]


async def test_a_change_of_the_meter_is_no_consumption(caller: Caller) -> None:
    key = await sensor(caller)
    await put(caller, key, 32, {NOON: 900.0, NOON + HOUR: 3.0})
    changed = NOON + 2 * QUARTER
    for period, ends in (
        ({"till": changed}, {"value_for_till": 901.0}),
        ({"since": changed}, {"value_for_since": 2.0}),
    ):
        state = (await caller.post("/api/sensors/states", params={**key, **period})).json()["sensor_state_id"]
        answer = await caller.post(f"/api/sensors/states/{state}/signals", params={"signal_type_moid": 32, **ends})
        assert answer.status_code == 201, answer.text
    (found,) = (await run(caller, {**key, "signal_type_moid": 32})).json()
    assert found["data"]["time"] == [NOON + QUARTER, NOON + 3 * QUARTER]
    assert found["data"]["value"] == [900.5, 2.5]


async def test_a_change_of_the_meter_that_nobody_read_leaves_its_gap(caller: Caller) -> None:
    key = await sensor(caller)
    await put(caller, key, 32, {NOON: 900.0, NOON + HOUR: 903.0})
    await caller.post("/api/sensors/states", params={**key, "since": NOON + 2 * QUARTER})
    (found,) = (await run(caller, {**key, "signal_type_moid": 32})).json()
    assert found["data"]["time"] == []


async def test_a_plants_yield_is_measured_in_what_its_meter_counts(caller: Caller) -> None:
    """A meter behind transformers counts a fortieth: 30 kWh are 0.75 of it."""
    key = await sensor(caller, info='{"current_ratio": "200/5"}')
    await put(caller, key, 34, {NOON: 10.0, NOON + HOUR: 10.75})
    place = {"client_cid": 1, "name": "Mast", "sensor_type_id": 20, "lat": 50.0, "lon": 4.0}
    mast = (await caller.post("/api/sensors", params=place)).json()
    await put(caller, mast, 605, {NOON: 15.0})
    body = {**key, "lat": 50.0, "lon": 4.0, "power": 30, "hub_height": 10, "signal_discrepancy_tolerance_kWh": 0.001}
    (found,) = (await run(caller, body, "wind")).json()
    assert found["data"]["value"] == [10.1875, 10.375, 10.5625]
    assert found["uncertain"] is False
    (missed,) = (await run(caller, {**body, "power": 31}, "wind")).json()
    assert missed["uncertain"] is True


async def test_a_roof_of_the_sample_is_estimated_from_the_samples_weather(caller: Caller) -> None:
    await import_file(caller.application.database, caller.tenant, readings.WEATHER)
    roof = next(each for each in readings.meters() if each.signal == readings.EXPORT)
    register = {
        int(each.time.timestamp() * 1000): float(each.value) for each in readings.readings() if each.ean == roof.ean
    }
    key = await sensor(caller, sensor_eid=roof.ean)
    await put(caller, key, 34, {time: register[time] for time in (NOON, NOON + HOUR)})
    plane = {"inclination": roof.inclination, "orientation": roof.orientation}
    body = {**key, "lat": roof.lat, "lon": roof.lon, "power": float(roof.size), **plane}
    (found,) = (await run(caller, body, "pv")).json()
    truth = [register[NOON + step * QUARTER] for step in (1, 2, 3)]
    assert found["data"]["value"] == pytest.approx(truth, abs=0.002)
    assert found["uncertain"] is False


async def test_a_plant_far_from_any_weather_is_estimated_under_a_clear_sky_and_uncertain(caller: Caller) -> None:
    key = await sensor(caller)
    await put(caller, key, 34, {NOON: 10.0, NOON + HOUR: 12.0})
    body = {**key, "lat": -30.0, "lon": 20.0, "power": 4, "orientation": 0}
    (found,) = (await run(caller, body, "pv")).json()
    assert found["data"]["value"] == pytest.approx([10.5, 11.0, 11.5], abs=0.05)
    assert found["uncertain"] is True


async def test_several_objects_are_run_together_or_not_at_all(caller: Caller, meter: dict[str, Any]) -> None:
    answer = await run(caller, [meter, {**meter, "sensor_mid": 999}])
    assert answer.status_code == 422
    assert answer.json() == {"detail": "There is no sensor 1.999."}
    assert sorted(await stored(caller, meter, 32)) == [NOON, NOON + HOUR]
    second = await sensor(caller, client=2)
    await put(caller, second, 32, {NOON: 0.0, NOON + HOUR: 4.0})
    found = (await run(caller, [meter, {**second, "signal_type_moid": 32}])).json()
    assert [each["client_cid"] for each in found] == [1, 2]
    assert [each["data"]["value"] for each in found] == [[100.5, 101.0, 101.5], [1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"client_cid": 1, "sensor_mid": 1}, ["body", "signal_type_moid"]),
        ([{"client_cid": 1, "sensor_mid": 1}], ["body", 0, "signal_type_moid"]),
        ([{"client_cid": 1, "sensor_mid": 1, "signal_type_moid": 32}, 7], ["body", 1]),
        ([{"client_cid": "x", "sensor_mid": 1, "signal_type_moid": 32}], ["body", 0]),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_with_its_place(caller: Caller, body: Any, loc: list[Any]) -> None:
    answer = await run(caller, body)
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [loc]


@pytest.mark.parametrize(
    ("params", "loc"),
    [
        ({"graph_name": ""}, ["query", "graph_name"]),
        ({"graph_name": "x" * 65}, ["query", "graph_name"]),
        ({"since": NOON + 2 * HOUR}, ["query", "since"]),
        ({"since": "soon"}, ["query", "since"]),
        ({"since": 0}, ["query", "till"]),
    ],
)
async def test_wrong_parameters_are_refused_by_name(
    caller: Caller, meter: dict[str, Any], params: dict[str, Any], loc: list[str]
) -> None:
    answer = await caller.post(PATH, params={"graph_name": "estimation", **WINDOW, **params}, json=meter)
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [loc]


@pytest.mark.parametrize("name", ["none", "../estimation", "estimation.json", "pv/../estimation"])
async def test_a_graph_that_is_not_there_is_not_found(caller: Caller, meter: dict[str, Any], name: str) -> None:
    assert (await run(caller, meter, name)).status_code == 404


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"\xff"])
async def test_a_body_that_is_no_json_is_refused(caller: Caller, raw: bytes) -> None:
    answer = await caller.post(PATH, params={"graph_name": "estimation", **WINDOW}, content=raw)
    assert answer.status_code == 422


async def test_only_who_may_run_graphs_runs_them(caller: Caller, callers: Callers, meter: dict[str, Any]) -> None:
    reader = await callers.with_scopes("metering", ["metering.sensors:read", "metering.signals:read"])
    assert (await reader.post(PATH, params={"graph_name": "estimation"}, json=meter)).status_code == 403
    async with caller.anonymous() as anonymous:
        assert (await anonymous.post(PATH, params={"graph_name": "estimation"}, json=meter)).status_code == 401


async def test_whoever_may_not_run_things_for_a_client_runs_nothing_for_it(
    caller: Caller, callers: Callers, meter: dict[str, Any], other_tenant: int
) -> None:
    # Without `metering.clients:all` a service token sees no client.
    narrow = await callers.with_scopes("metering", ["metering.graphs:run", "metering.signals:read"])
    answer = await run(narrow, meter)
    assert answer.json() == {"detail": "There is no sensor 1.1."}
    other = await callers.with_scopes("metering", ["*"], other_tenant)
    assert (await run(other, meter)).json() == {"detail": "There is no sensor 1.1."}
    assert sorted(await stored(caller, meter, 32)) == [NOON, NOON + HOUR]


async def test_a_user_with_read_but_not_execute_runs_nothing(caller: Caller, meter: dict[str, Any]) -> None:
    application = caller.application
    grant = (
        "INSERT INTO metering.client_right (tenant_id, user_id, client_cid, can_read, can_execute) "
        "VALUES (:tenant, :user, 1, true, :execute) ON CONFLICT (tenant_id, user_id, client_cid) "
        "DO UPDATE SET can_execute = :execute"
    )
    identity = application.services.part(Identity)
    async with application.database.tenant(caller.tenant) as tx:
        user = await identity.create_user(tx, "user@example.org", "correct horse battery", roles=[])
        scopes = ["metering.graphs:run", "metering.signals:read"]
        token = await identity.issue(tx, "metering", name="test", user_id=user, scopes=scopes)
        await tx.run(grant, tenant=tx.tenant, user=user, execute=False)
    caller.client.headers["authorization"] = f"Bearer {token.secret}"
    refused = await run(caller, meter)
    assert refused.json() == {"detail": "There is no sensor 1.1."}
    async with application.database.tenant(caller.tenant) as tx:
        await tx.run(grant, tenant=tx.tenant, user=user, execute=True)
    allowed = await run(caller, meter)
    assert allowed.status_code == 200


async def test_a_run_beyond_its_time_limit_is_not_available_and_writes_nothing(
    caller: Caller, meter: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(*_: Any) -> None:
        raise TookTooLong

    monkeypatch.setattr(InProcess, "run", too_long)
    answer = await caller.post(PATH, params={"graph_name": "estimation", **WINDOW}, json=meter)
    assert answer.status_code == 503
    assert answer.json() == {"detail": "The graph took too long; nothing was written."}
    assert sorted(await stored(caller, meter, 32)) == [NOON, NOON + HOUR]


async def test_a_graph_that_writes_to_no_signal_answers_created(
    caller: Caller, meter: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "look.json").write_text(json.dumps({"nodes": [{"function": "estimation", "params": meter}]}))
    runs = caller.application.services.part(GraphRuns)
    monkeypatch.setattr(runs, "_library", library.load(tmp_path))
    answer = await run(caller, {}, "look")
    assert (answer.status_code, answer.content) == (201, b"")


def services_with(application: Application, **settings: Any) -> Services:
    services = Services()
    services.update(application.services)
    services.add(msgspec.structs.replace(application.settings, **settings))
    return services


async def test_the_settings_choose_the_folder_and_the_cluster(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"nodes": [{"function": "post_estimation"}]}')
    wrong = services_with(caller.application, graphs_folder=str(tmp_path))
    with pytest.raises(WrongDefinition, match=r"mine\.json: node 'post_estimation': post_estimation takes 1 inputs"):
        parts.provide(wrong)
    cluster = services_with(caller.application, dask_address="tcp://127.0.0.1:8786")
    parts.provide(cluster)
    assert isinstance(cluster.part(GraphRuns)._runner, OnCluster)
    assert cluster.running == [cluster.part(GraphRuns)]
