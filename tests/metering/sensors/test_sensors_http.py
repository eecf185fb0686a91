"""Sensors over HTTP: made, read, changed, removed; and what is refused."""

import asyncio
from typing import Any

import pytest
from tests.metering.calls import T0, columns, data, get, key_of, places, sensor, signal_state, state, values, wrote
from tests.suites.client import Caller, Callers, answers

from gridloom.core.series import public as series

SENSORS = "/api/sensors"
SENSOR = "/api/sensors/{client_cid}.{sensor_mid}"

EVERYTHING: dict[str, Any] = {
    "client_cid": 7,
    "name": "Bäckerei “Ähre”",
    "sensor_type_id": 13,
    "sensor_eid": "541448820000000011",
    "lat": 50.25,
    "lon": -4.5,
    "info": '{"power": 9.9}',
    "comments": "behind the oven",
    "uncertain": True,
    "negligible": True,
    "balance_calculation": False,
}


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


async def shown(caller: Caller, key: str) -> dict[str, Any]:
    answer = await caller.get(f"{SENSORS}/{key}")
    assert answer.status_code == 200, answer.text
    answers(caller.api, answer, "GET", SENSOR)
    found: dict[str, Any] = answer.json()
    return found


class TestCreating:
    async def test_each_sensor_gets_the_next_number_of_its_client(self, caller: Caller) -> None:
        answer = await caller.post(SENSORS, params={"client_cid": 7, "name": "first"})
        answers(caller.api, answer, "POST", SENSORS)
        assert (answer.status_code, answer.json()) == (201, {"client_cid": 7, "sensor_mid": 1})
        assert await sensor(caller) == "7.2"
        assert await sensor(caller, client_cid=8) == "8.1"
        assert await sensor(caller) == "7.3"

    async def test_two_at_once_get_two_numbers(self, caller: Caller) -> None:
        await sensor(caller)
        keys = await asyncio.gather(*(sensor(caller, name=f"n{n}") for n in range(8)))
        assert sorted(keys) == [f"7.{n}" for n in range(2, 10)]
        assert {(await shown(caller, key))["name"] for key in keys} == {f"n{n}" for n in range(8)}

    async def test_two_at_once_of_a_client_that_nobody_knew_get_two_numbers(self, caller: Caller) -> None:
        keys = await asyncio.gather(*(sensor(caller, client_cid=99) for _ in range(4)))
        assert sorted(keys) == ["99.1", "99.2", "99.3", "99.4"]

    async def test_only_client_and_name_are_needed(self, caller: Caller) -> None:
        assert await shown(caller, await sensor(caller, name="plain")) == {
            "client_cid": 7,
            "sensor_mid": 1,
            "sensor_type_id": 12,
            "name": "plain",
            "sensor_eid": None,
            "lat": None,
            "lon": None,
            "info": None,
            "comments": None,
            "annotations": None,
            "node_id": None,
            "negligible": False,
            "uncertain": False,
            "balance_calculation": True,
            "acq_min": None,
            "sensor_type_name": "meter_station",
            "sensor_type_description": "A place where a meter hangs.",
            "sensor_type_sensor_state_custom_fields": (
                '{"multiplier":"number","current_ratio":"number","voltage_ratio":"number"}'
            ),
            "sensor_type_sensor_custom_fields": (
                '{"multiplier":"number","current_ratio":"number","voltage_ratio":"number"}'
            ),
            "write": True,
            "read": True,
            "execute": True,
            "existing_sensor_state": False,
        }

    async def test_everything_that_is_given_is_read_back(self, caller: Caller) -> None:
        found = await shown(caller, await sensor(caller, **EVERYTHING))
        assert {name: found[name] for name in EVERYTHING} == EVERYTHING

    async def test_a_number_is_taken_once_a_client(self, caller: Caller) -> None:
        await sensor(caller, sensor_eid="541000000000000001")
        twice = {"client_cid": 7, "name": "twin", "sensor_eid": "541000000000000001"}
        refused = await caller.post(SENSORS, params=twice)
        answers(caller.api, refused, "POST", SENSORS)
        assert (refused.status_code, refused.json()) == (
            409,
            {"detail": "This client has a sensor with this sensor_eid already."},
        )
        assert await sensor(caller, client_cid=8, sensor_eid="541000000000000001") == "8.1"
        assert await sensor(caller, name="the refused one took no number") == "7.2"

    async def test_two_at_once_with_one_number_make_one_sensor(self, caller: Caller) -> None:
        await sensor(caller)
        same = {"client_cid": 7, "name": "same", "sensor_eid": "541000000000000002"}
        got = await asyncio.gather(*(caller.post(SENSORS, params=same) for _ in range(4)))
        assert sorted(answer.status_code for answer in got) == [201, 409, 409, 409]
        assert await sensor(caller) == "7.3"

    async def test_an_empty_number_is_none(self, caller: Caller) -> None:
        first, second = await sensor(caller, sensor_eid=""), await sensor(caller, sensor_eid="")
        assert first != second
        assert (await shown(caller, first))["sensor_eid"] is None

    async def test_blanks_around_a_number_do_not_make_another(self, caller: Caller) -> None:
        key = await sensor(caller, sensor_eid=" 541000000000000008 ")
        assert (await shown(caller, key))["sensor_eid"] == "541000000000000008"
        refused = await caller.post(SENSORS, params={"client_cid": 7, "name": "x", "sensor_eid": "541000000000000008"})
        assert refused.status_code == 409
        assert (await caller.put(f"{SENSORS}/{key}", params={"sensor_eid": "  9 "})).status_code == 200
        assert (await shown(caller, key))["sensor_eid"] == "9"
        assert (await caller.put(f"{SENSORS}/{key}", params={"sensor_eid": "  "})).status_code == 200
        assert (await shown(caller, key))["sensor_eid"] is None

    async def test_a_meter_that_others_know_becomes_the_sensors_point_with_its_readings(self, caller: Caller) -> None:
        async with caller.application.database.tenant(caller.tenant) as tx:
            point = await series.ensure_point(tx, eid="541000000000000003", name="known elsewhere", lat=50.0, lon=4.0)
            channel = await series.ensure_channel(tx, point, 132, unit="kW.h", kind="interval")
            await series.write(tx, series.Batch.of(channel.id, [T0], [1.25]))
        key = await sensor(caller, name="ours", sensor_eid="541000000000000003", lat=51.0)
        assert await values(caller, key, 132) == [1.25]
        found = await shown(caller, key)
        assert (found["name"], found["lat"], found["lon"]) == ("ours", 51.0, 4.0)
        refused = await caller.post(SENSORS, params={"client_cid": 7, "name": "x", "sensor_eid": "541000000000000003"})
        assert refused.status_code == 409
        theirs = await sensor(caller, client_cid=8, sensor_eid="541000000000000003")
        assert await values(caller, theirs, 132) == []

    async def test_everything_that_is_missing_or_wrong_is_named_at_once(self, caller: Caller) -> None:
        nothing = await caller.post(SENSORS)
        answers(caller.api, nothing, "POST", SENSORS)
        assert places(nothing) == [["query", "client_cid"], ["query", "name"]]
        wrong = {
            "client_cid": "seven",
            "name": "",
            "sensor_type_id": "-1",
            "sensor_eid": "9" * 101,
            "lat": "90.5",
            "lon": "north",
            "comments": "c" * 4001,
            "uncertain": "perhaps",
            "negligible": "2",
            "balance_calculation": "",
        }
        assert places(await caller.post(SENSORS, params=wrong)) == [["query", name] for name in wrong]
        assert await sensor(caller) == "7.1"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("client_cid", "-1"),
            ("client_cid", "2147483648"),
            ("client_cid", "7.5"),
            ("lat", "nan"),
            ("lon", "inf"),
            ("lon", "-180.001"),
            ("info", "{"),
            ("info", "[" * 15_000),
            ("info", '{"multiplier": "many"}'),
            ("info", '{"current_ratio": "200/0"}'),
            ("info", '{"voltage_ratio": -1}'),
            ("sensor_type_id", "999"),
            ("name", "a" * 256),
        ],
    )
    async def test_a_wrong_value_is_named_and_nothing_is_made(self, caller: Caller, name: str, value: str) -> None:
        refused = await caller.post(SENSORS, params={"client_cid": 7, "name": "Meter", name: value})
        assert places(refused) == [["query", name]]
        assert await sensor(caller) == "7.1"

    async def test_a_parameter_given_twice_is_refused(self, caller: Caller) -> None:
        refused = await caller.post(f"{SENSORS}?client_cid=7&client_cid=8&name=x")
        assert places(refused) == [["query", "client_cid"]]

    async def test_booleans_come_as_python_clients_write_them(self, caller: Caller) -> None:
        key = await sensor(caller, uncertain="True", negligible="False", balance_calculation="0")
        found = await shown(caller, key)
        assert (found["uncertain"], found["negligible"], found["balance_calculation"]) == (True, False, False)


class TestChanging:
    async def test_only_what_is_given_changes(self, caller: Caller) -> None:
        key = await sensor(caller, **EVERYTHING)
        before = await shown(caller, key)
        for name, value in [
            ("name", "Renamed"),
            ("sensor_type_id", 15),
            ("sensor_eid", "541000000000000099"),
            ("lat", -33.5),
            ("lon", 151.25),
            ("info", '{"power":1}'),
            ("annotations", '{"from": "plan"}'),
            ("comments", "moved"),
            ("node_id", 12),
            ("uncertain", False),
            ("negligible", False),
            ("balance_calculation", True),
        ]:
            answer = await caller.put(f"{SENSORS}/{key}", params={name: value})
            answers(caller.api, answer, "PUT", SENSOR)
            assert (answer.status_code, answer.json()) == (200, None), answer.text
            after = await shown(caller, key)
            expected = {**before, name: value}
            if name == "sensor_type_id":
                expected |= {each: after[each] for each in after if each.startswith("sensor_type_")}
                assert after["sensor_type_name"] == "battery"
            assert after == expected
            before = after

    async def test_nothing_given_changes_nothing(self, caller: Caller) -> None:
        key = await sensor(caller, **EVERYTHING)
        before = await shown(caller, key)
        assert (await caller.put(f"{SENSORS}/{key}")).status_code == 200
        assert await shown(caller, key) == before

    async def test_an_empty_number_takes_the_number_away(self, caller: Caller) -> None:
        key = await sensor(caller, sensor_eid="541000000000000004")
        assert (await caller.put(f"{SENSORS}/{key}", params={"sensor_eid": ""})).status_code == 200
        assert (await shown(caller, key))["sensor_eid"] is None
        assert (await shown(caller, await sensor(caller, sensor_eid="541000000000000004")))["sensor_mid"] == 2

    async def test_a_number_of_another_sensor_of_the_client_is_refused(self, caller: Caller) -> None:
        await sensor(caller, sensor_eid="541000000000000005")
        key = await sensor(caller, sensor_eid="541000000000000006")
        before = await shown(caller, key)
        refused = await caller.put(f"{SENSORS}/{key}", params={"sensor_eid": "541000000000000005", "name": "x"})
        answers(caller.api, refused, "PUT", SENSOR)
        assert refused.status_code == 409
        assert isinstance(refused.json()["detail"], str)
        assert await shown(caller, key) == before

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("name", ""),
            ("sensor_type_id", "999"),
            ("node_id", "x"),
            ("lat", "91"),
            ("lon", "nan"),
            ("info", "no json"),
            ("annotations", "{'single': 1}"),
            ("info", '{"multiplier": 0}'),
            ("uncertain", "yes please"),
        ],
    )
    async def test_a_wrong_value_is_named_and_nothing_changes(self, caller: Caller, name: str, value: str) -> None:
        key = await sensor(caller, **EVERYTHING)
        before = await shown(caller, key)
        changed = {"comments": "would change", name: value}
        assert places(await caller.put(f"{SENSORS}/{key}", params=changed)) == [["query", name]]
        assert await shown(caller, key) == before

    async def test_an_unknown_sensor_is_not_found(self, caller: Caller) -> None:
        answer = await caller.put(f"{SENSORS}/7.1", params={"name": "x"})
        answers(caller.api, answer, "PUT", SENSOR)
        assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such sensor."})


class TestRemoving:
    async def test_states_and_data_go_with_a_sensor(self, caller: Caller) -> None:
        key = await sensor(caller, sensor_eid="541000000000000007")
        meter = await state(caller, key, till=T0)
        await signal_state(caller, meter["sensor_state_id"], 32, value_for_since=1)
        await wrote(caller, key, 132, columns([1.0, 2.0]))
        answer = await caller.delete(f"{SENSORS}/{key}")
        answers(caller.api, answer, "DELETE", SENSOR)
        assert (answer.status_code, answer.content) == (204, b"")
        for method, path in [("GET", key), ("PUT", key), ("DELETE", key), ("GET", f"{key}/signals/132/data")]:
            gone = await caller.request(method, f"{SENSORS}/{path}", params={"since": T0, "till": T0 + 1})
            assert (gone.status_code, gone.json()) == (404, {"detail": "There is no such sensor."})
        assert (await caller.get("/api/sensors/states")).json() == []
        again = await sensor(caller, sensor_eid="541000000000000007")
        assert again == "7.2"
        assert (await data(caller, again, 132))["time"] == []
        async with caller.application.database.tenant(caller.tenant) as tx:
            assert await tx.scalar("SELECT count(*) FROM series.reading") == 0

    async def test_other_sensors_keep_theirs(self, caller: Caller) -> None:
        first, second = await sensor(caller), await sensor(caller)
        for key in (first, second):
            await wrote(caller, key, 132, columns([1.0]))
            await state(caller, key)
        await caller.delete(f"{SENSORS}/{first}")
        assert await values(caller, second, 132) == [1.0]
        assert [each["sensor_mid"] for each in (await caller.get("/api/sensors/states")).json()] == [2]


class TestPaths:
    @pytest.mark.parametrize("key", ["7.", ".1", "7"])
    async def test_half_a_key_is_no_path(self, caller: Caller, key: str) -> None:
        for method in ("GET", "PUT", "DELETE"):
            answer = await caller.request(method, f"{SENSORS}/{key}")
            assert answer.status_code == 404
            assert list(answer.json()) == ["detail"]
            assert isinstance(answer.json()["detail"], str)

    @pytest.mark.parametrize(
        ("key", "wrong"),
        [
            ("7.1.2", ["sensor_mid"]),
            ("a.b", ["client_cid", "sensor_mid"]),
            ("7.x", ["sensor_mid"]),
            ("7.1.", ["sensor_mid"]),
            ("--7.1", ["client_cid"]),
            ("7.1e3", ["sensor_mid"]),
            ("٧.1", ["client_cid"]),
            ("99999999999999999999.1", ["client_cid"]),
        ],
    )
    async def test_what_is_no_number_is_named(self, caller: Caller, key: str, wrong: list[str]) -> None:
        for method in ("GET", "PUT", "DELETE"):
            answer = await caller.request(method, f"{SENSORS}/{key}")
            answers(caller.api, answer, method, SENSOR)
            assert places(answer) == [["path", name] for name in wrong]

    @pytest.mark.parametrize("key", ["-7.1", "7.-1", "4294967297.1", "7.4294967297", "9223372036854775807.1"])
    async def test_a_number_that_no_sensor_can_have_is_not_found(self, caller: Caller, key: str) -> None:
        await sensor(caller)
        for method, path in [
            ("GET", key),
            ("PUT", key),
            ("DELETE", key),
            ("GET", f"{key}/signals/132/data?since=0&till=1"),
        ]:
            answer = await caller.request(method, f"{SENSORS}/{path}")
            assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such sensor."})

    async def test_a_method_that_a_path_does_not_have_says_so_in_the_same_form(self, caller: Caller) -> None:
        answer = await caller.patch(f"{SENSORS}/7.1")
        assert answer.status_code == 405
        assert list(answer.json()) == ["detail"]


class TestTypes:
    async def test_the_kinds_of_sensors_have_the_known_numbers(self, caller: Caller) -> None:
        answer = await caller.get("/api/sensors/types")
        answers(caller.api, answer, "GET", "/api/sensors/types")
        names = {each["id"]: each["name"] for each in answer.json()}
        assert (names[1], names[12]) == ("virtual", "meter_station")
        assert len(names) == len(answer.json())

    async def test_existing_states_show_on_the_sensor(self, caller: Caller) -> None:
        key = await sensor(caller)
        made = await state(caller, key)
        assert (await shown(caller, key))["existing_sensor_state"] is True
        await caller.delete(f"/api/sensors/states/{made['sensor_state_id']}")
        assert (await shown(caller, key))["existing_sensor_state"] is False


async def test_every_operation_needs_a_token(caller: Caller) -> None:
    key = await sensor(caller)
    async with caller.anonymous() as nobody:
        for method, path, template in [
            ("GET", SENSORS + "/types", SENSORS + "/types"),
            ("POST", SENSORS, SENSORS),
            ("GET", f"{SENSORS}/{key}", SENSOR),
            ("PUT", f"{SENSORS}/{key}", SENSOR),
            ("DELETE", f"{SENSORS}/{key}", SENSOR),
        ]:
            answer = await nobody.request(method, path)
            answers(caller.api, answer, method, template)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
    assert (await get(caller, key, 132)).status_code == 200
    assert key_of(key) == {"client_cid": 7, "sensor_mid": 1}
