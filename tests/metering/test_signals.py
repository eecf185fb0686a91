"""Values written and read back over HTTP."""

from typing import Any

from tests.suites.client import Caller, Callers, answers

PATH = "/api/sensors/{client_cid}.{sensor_mid}/signals/{signal_type_moid}/data"
T0 = 1_770_000_000_000 // 900_000 * 900_000
STEP = 900_000


async def sensor(caller: Caller, **more: Any) -> str:
    """A new sensor; its key as it stands in paths."""
    answer = await caller.post("/api/sensors", params={"client_cid": 7, "name": "Meter", **more})
    assert answer.status_code == 201, answer.text
    key = answer.json()
    return f"{key['client_cid']}.{key['sensor_mid']}"


async def put(caller: Caller, key: str, moid: int, data: Any, **params: Any) -> Any:
    return await caller.put(f"/api/sensors/{key}/signals/{moid}/data/v2", json={"data": data}, params=params)


async def read(caller: Caller, key: str, moid: int, **params: Any) -> Any:
    window = {"since": T0, "till": T0 + 96 * STEP}
    return await caller.get(f"/api/sensors/{key}/signals/{moid}/data", params={**window, **params})


def columns(values: list[float], *, start: int = T0) -> dict[str, Any]:
    return {"time": [start + i * STEP for i in range(len(values))], "value": values}


async def test_values_are_read_back_as_they_were_written(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    values = [0.1, 0.2, 0.30000000000000004, 1e-9, 123456.789]
    assert (await put(caller, key, 132, columns(values))).status_code == 200
    answer = await read(caller, key, 132, get_last=True)
    answers(caller.api, answer, "GET", PATH)
    body = answer.json()
    assert body["unit"] == "kW.h"
    assert body["data"] == {
        "time": [T0 + i * STEP for i in range(5)],
        "value": values,
        "type": ["DBL"] * 5,
        "origin": [1] * 5,
    }


async def test_hours_are_the_exact_sums_of_their_quarters(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    hour = T0 // 3_600_000 * 3_600_000
    await put(caller, key, 132, columns([0.1, 0.2, 0.3, 0.1, 0.7, 0.1, 0.1, 0.1], start=hour))
    answer = await read(caller, key, 132, since=hour, till=hour + 2 * 3_600_000, delta_t=60)
    assert answer.json()["data"]["value"] == [0.7, 1.0]
    assert answer.json()["data"]["time"] == [hour, hour + 3_600_000]


async def test_a_register_shows_what_it_counted_in_each_bucket(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    hour = T0 // 3_600_000 * 3_600_000
    readings = [100.0, 100.5, 101.25, 102.0, 103.5, 104.0, 104.5, 105.0, 106.0]
    await put(caller, key, 32, columns(readings, start=hour))
    answer = await read(caller, key, 32, since=hour, till=hour + 2 * 3_600_000, delta_t=60)
    assert answer.json()["data"]["value"] == [3.5, 2.5]
    again = await read(caller, key, 32, since=hour, till=hour + 2 * 3_600_000, delta_t=60, output_unit_id=2)
    assert again.json()["data"]["value"] == [3500.0, 2500.0]
    assert again.json()["unit"] == "W.h"


async def test_a_value_never_lands_in_the_wrong_unit(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    assert (await put(caller, key, 132, columns([1500.0]), unit="W.h")).status_code == 200
    assert (await read(caller, key, 132, get_last=True)).json()["data"]["value"] == [1.5]
    refused = await put(caller, key, 132, columns([1.0]), unit="kW")
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "unit"]
    assert (await read(caller, key, 132, get_last=True)).json()["data"]["value"] == [1.5]


async def test_a_write_of_several_is_all_or_nothing_and_names_the_place(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    cid, mid = (int(each) for each in key.split("."))
    good = {"client_cid": cid, "sensor_mid": mid, "signal_type_moid": 132, "data": columns([1.0, 2.0])}
    bad = {**good, "signal_type_moid": 134, "data": {"time": [T0, T0 + STEP], "value": [1.0]}}
    refused = await caller.put("/api/sensors/signals/data/v2", json=[good, bad])
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", 1, "data", "value"]
    assert (await read(caller, key, 132)).json()["data"]["value"] == []
    unknown = await caller.put("/api/sensors/signals/data/v2", json=[good, {**good, "sensor_mid": 999_999}])
    assert unknown.status_code == 422
    assert unknown.json()["detail"][0]["loc"] == ["body", 1, "sensor_mid"]
    assert (await read(caller, key, 132)).json()["data"]["value"] == []


async def test_removing_and_correcting_keep_what_was_there_before(callers: Callers) -> None:
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    await put(caller, key, 132, columns([1.0, 2.0]))
    await put(caller, key, 132, [{"time": T0, "value": 5.0}, {"time": T0 + STEP, "type": "RM"}])
    assert (await read(caller, key, 132, get_last=True)).json()["data"]["value"] == [5.0]
    history = (await read(caller, key, 132)).json()["data"]
    assert history["value"] == [1.0, 5.0, 2.0, None]
    assert history["type"] == ["DBL", "DBL", "DBL", "RM"]
    assert history["acq"][0] == history["acq"][2] < history["acq"][1] == history["acq"][3]


async def test_another_tenants_sensor_is_not_found(callers: Callers, other_tenant: int) -> None:
    mine, theirs = (
        await callers.with_scopes("metering", ["*"]),
        await callers.with_scopes("metering", ["*"], other_tenant),
    )
    key = await sensor(mine)
    await put(mine, key, 132, columns([1.0]))
    assert (await read(theirs, key, 132)).status_code == 404
    assert (await put(theirs, key, 132, columns([9.0]))).status_code == 404
    assert (await read(mine, key, 132, get_last=True)).json()["data"]["value"] == [1.0]
