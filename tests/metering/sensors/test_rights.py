"""Who sees and changes which client's sensors, states and values; for everybody else they are not there."""

from typing import Any

import pytest
from tests.metering.calls import (
    MANY,
    T0,
    columns,
    get,
    key_of,
    limited,
    member,
    places,
    put,
    sensor,
    signal_state,
    state,
    values,
    wrote,
)
from tests.suites.client import Caller, Callers

ALL_SCOPES = ["metering.sensors:*", "metering.signals:*", "metering.states:*"]
NOT_THERE = {"detail": "There is no such sensor."}


@pytest.fixture
async def admin(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


async def furnished(admin: Caller) -> tuple[str, dict[str, Any]]:
    """A sensor with one value and one state."""
    key = await sensor(admin)
    await wrote(admin, key, 132, columns([1.0]))
    made = await state(admin, key, till=T0)
    made["signal_states"] = [await signal_state(admin, made["sensor_state_id"], 32, value_for_since=1.0)]
    return key, made


def every_read(key: str) -> list[tuple[str, str, dict[str, Any]]]:
    window = {"since": T0, "till": T0 + 1}
    return [
        ("GET", f"/api/sensors/{key}", {}),
        ("GET", "/api/sensors/states", key_of(key)),
        ("GET", "/api/sensors/states/signals", key_of(key)),
        ("GET", f"/api/sensors/{key}/signals/132/data", window),
    ]


def every_write(key: str, made: dict[str, Any]) -> list[tuple[str, str, dict[str, Any], Any]]:
    own, register = made["sensor_state_id"], made["signal_states"][0]["signal_state_id"]
    return [
        ("PUT", f"/api/sensors/{key}", {"name": "theirs"}, None),
        ("POST", "/api/sensors/states", {**key_of(key), "since": T0}, None),
        ("PUT", f"/api/sensors/states/{own}", {"meter_eid": "theirs"}, None),
        ("POST", f"/api/sensors/states/{own}/signals", {"signal_type_moid": 34}, None),
        ("PUT", f"/api/sensors/states/signals/{register}", {"value_for_since": "99"}, None),
        ("DELETE", f"/api/sensors/states/signals/{register}", {}, None),
        ("DELETE", f"/api/sensors/states/{own}", {}, None),
        ("PUT", f"/api/sensors/{key}/signals/132/data/v2", {}, {"data": columns([9.0])}),
        ("DELETE", f"/api/sensors/{key}", {}, None),
    ]


async def untouched(admin: Caller, key: str, made: dict[str, Any]) -> None:
    shown = (await admin.get(f"/api/sensors/{key}")).json()
    assert shown["name"] == "Meter"
    assert (await admin.get("/api/sensors/states", params=key_of(key))).json() == [made]
    assert await values(admin, key, 132) == [1.0]


async def test_without_a_right_nothing_is_there(admin: Caller) -> None:
    key, made = await furnished(admin)
    nobody = await member(admin, {}, scopes=ALL_SCOPES)
    for method, path, params in every_read(key):
        answer = await nobody.request(method, path, params=params)
        assert (answer.status_code, answer.json()) == (404, NOT_THERE), path
    for method, path, params, body in every_write(key, made):
        answer = await nobody.request(method, path, params=params, json=body)
        assert answer.status_code == 404, (path, answer.text)
    assert (await nobody.get("/api/sensors/states")).json() == []
    assert (await nobody.get("/api/sensors/states", params={"client_cid": 7})).json() == []
    window = {"since": T0, "till": T0 + 1}
    many = await nobody.post(f"{MANY}/v2", json=[{**key_of(key), "signal_type_moid": 132, **window}])
    assert places(many) == [["body", 0, "sensor_mid"]]
    written = await nobody.put(f"{MANY}/v2", json=[{**key_of(key), "signal_type_moid": 132, "data": columns([9.0])}])
    assert places(written) == [["body", 0, "sensor_mid"]]
    await untouched(admin, key, made)


async def test_who_may_read_sees_everything_and_changes_nothing(admin: Caller) -> None:
    key, made = await furnished(admin)
    reader = await member(admin, {7: "r"}, scopes=ALL_SCOPES)
    for method, path, params in every_read(key):
        answer = await reader.request(method, path, params=params)
        assert answer.status_code == 200, (path, answer.text)
    shown = (await reader.get(f"/api/sensors/{key}")).json()
    assert (shown["read"], shown["write"], shown["execute"]) == (True, False, False)
    for method, path, params, body in every_write(key, made):
        answer = await reader.request(method, path, params=params, json=body)
        assert answer.status_code == 403, (path, answer.text)
        assert answer.json() == {"detail": "You may not change the sensors of client 7."}
    made_here = await reader.post("/api/sensors", params={"client_cid": 7, "name": "x"})
    assert (made_here.status_code, made_here.json()) == (
        403,
        {"detail": "You may not change the sensors of client 7."},
    )
    written = await reader.put(f"{MANY}/v2", json=[{**key_of(key), "signal_type_moid": 132, "data": columns([9.0])}])
    assert places(written) == [["body", 0, "client_cid"]]
    await untouched(admin, key, made)
    assert await sensor(admin) == "7.2"


async def test_who_may_write_changes_the_sensors_of_that_client_only(admin: Caller) -> None:
    key, made = await furnished(admin)
    other = await sensor(admin, client_cid=8)
    writer = await member(admin, {7: "rw", 8: "r"}, scopes=ALL_SCOPES)
    for method, path, params, body in every_write(key, made):
        answer = await writer.request(method, path, params=params, json=body)
        assert answer.is_success, (path, answer.text)
    assert (await writer.get(f"/api/sensors/{key}")).status_code == 404
    assert await sensor(writer) == "7.2"
    assert (await put(writer, other, 132, columns([1.0]))).status_code == 403
    refused = await writer.post("/api/sensors", params={"client_cid": 9, "name": "x"})
    assert places(refused) == [["query", "client_cid"]]
    assert await values(admin, other, 132) == []


async def test_a_right_to_write_without_one_to_read_is_none(admin: Caller) -> None:
    key, made = await furnished(admin)
    blind = await member(admin, {7: "wx"}, scopes=ALL_SCOPES)
    for method, path, params, body in every_write(key, made):
        answer = await blind.request(method, path, params=params, json=body)
        assert answer.status_code == 404, (path, answer.text)
    await untouched(admin, key, made)


async def test_one_write_of_several_sensors_names_the_one_that_may_not_be_written(admin: Caller) -> None:
    mine, theirs = await sensor(admin), await sensor(admin, client_cid=8)
    writer = await member(admin, {7: "rw", 8: "r"}, scopes=ALL_SCOPES)
    body = [{**key_of(key), "signal_type_moid": 132, "data": columns([1.0])} for key in (mine, theirs)]
    assert places(await writer.put(f"{MANY}/v2", json=body)) == [["body", 1, "client_cid"]]
    assert await values(admin, mine, 132) == []


async def test_the_role_of_a_reader_reads_its_clients(admin: Caller) -> None:
    key, made = await furnished(admin)
    reader = await member(admin, {7: "rw"}, roles=["metering-reader"])
    for method, path, params in every_read(key):
        answer = await reader.request(method, path, params=params)
        assert answer.status_code == 200, (path, answer.text)
    for method, path, params, body in every_write(key, made):
        answer = await reader.request(method, path, params=params, json=body)
        assert (answer.status_code, answer.json()) == (403, {"detail": "This action is unauthorized."}), path
    await untouched(admin, key, made)


async def test_the_role_metering_has_every_client(admin: Caller) -> None:
    key, _ = await furnished(admin)
    keeper = await member(admin, {}, roles=["metering"])
    assert (await get(keeper, key, 132)).status_code == 200
    assert await sensor(keeper, client_cid=55) == "55.1"


async def test_a_role_of_another_api_reaches_nothing_here(admin: Caller) -> None:
    key, _ = await furnished(admin)
    stranger = await member(admin, {7: "rwx"}, roles=["charging"])
    for method, path, params in every_read(key):
        answer = await stranger.request(method, path, params=params)
        assert (answer.status_code, answer.json()) == (403, {"detail": "This action is unauthorized."})


async def test_a_token_for_some_clients_is_good_for_those_only(admin: Caller) -> None:
    mine, theirs = await sensor(admin), await sensor(admin, client_cid=8)
    caller = await limited(admin, [7])
    await wrote(caller, mine, 132, columns([2.0]))
    assert await values(caller, mine, 132) == [2.0]
    assert await sensor(caller) == "7.2"
    for answer in (
        await put(caller, theirs, 132, columns([2.0])),
        await get(caller, theirs, 132),
        await caller.get(f"/api/sensors/{theirs}"),
        await caller.delete(f"/api/sensors/{theirs}"),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_THERE)
    for cid in (8, 9):
        refused = await caller.post("/api/sensors", params={"client_cid": cid, "name": "x"})
        assert places(refused) == [["query", "client_cid"]]
    async with admin.application.database.tenant(admin.tenant) as tx:
        known = await tx.all("SELECT cid, next_mid FROM metering.client ORDER BY cid")
    assert [tuple(row) for row in known] == [(7, 3), (8, 2)]


async def test_another_tenant_finds_none_of_it(admin: Caller, callers: Callers, other_tenant: int) -> None:
    key, made = await furnished(admin)
    stranger = await callers.with_scopes("metering", ["*"], other_tenant)
    for method, path, params in every_read(key):
        answer = await stranger.request(method, path, params=params)
        assert (answer.status_code, answer.json()) == (404, NOT_THERE), path
    for method, path, params, body in every_write(key, made):
        answer = await stranger.request(method, path, params=params, json=body)
        assert answer.status_code == 404, (path, answer.text)
    assert (await stranger.get("/api/sensors/states")).json() == []
    assert await sensor(stranger) == "7.1"
    await untouched(admin, key, made)
