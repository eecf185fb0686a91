"""Signal states over HTTP: what the registers of a meter showed when it came and when it went."""

import asyncio
from typing import Any

import pytest
from tests.metering.calls import T0, places, sensor, signal_state, state
from tests.suites.client import Caller, Callers, answers

SIGNALS = "/api/sensors/states/signals"
OF_STATE = "/api/sensors/states/{sensor_state_id}/signals"
ONE = "/api/sensors/states/signals/{signal_state_id}"


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


async def listed(caller: Caller, **params: Any) -> list[dict[str, Any]]:
    answer = await caller.get(SIGNALS, params=params)
    assert answer.status_code == 200, answer.text
    answers(caller.api, answer, "GET", SIGNALS)
    found: list[dict[str, Any]] = answer.json()
    return found


async def registers(caller: Caller) -> list[dict[str, Any]]:
    return [each for found in await listed(caller) for each in found["signal_states"]]


async def test_readings_at_both_ends_are_kept(caller: Caller) -> None:
    made = await state(caller, await sensor(caller))
    given = {"signal_type_moid": 32, "value_for_since": 0.1, "value_for_till": 123456.789, "info": "read by hand"}
    path = f"/api/sensors/states/{made['sensor_state_id']}/signals"
    answer = await caller.post(path, params=given)
    answers(caller.api, answer, "POST", OF_STATE)
    assert answer.status_code == 201
    register = answer.json()
    assert register == {
        "signal_state_id": register["signal_state_id"],
        "sensor_state_id": made["sensor_state_id"],
        **given,
    }
    assert await listed(caller) == [{**made, "signal_states": [register]}]


async def test_only_the_signal_is_needed(caller: Caller) -> None:
    made = await state(caller, await sensor(caller))
    register = await signal_state(caller, made["sensor_state_id"], 34)
    assert (register["value_for_since"], register["value_for_till"], register["info"]) == (None, None, None)


async def test_a_state_holds_a_signal_once(caller: Caller) -> None:
    made = await state(caller, await sensor(caller))
    first = await signal_state(caller, made["sensor_state_id"], 32, value_for_since=1)
    path = f"/api/sensors/states/{made['sensor_state_id']}/signals"
    refused = await caller.post(path, params={"signal_type_moid": 32, "value_for_since": 2})
    answers(caller.api, refused, "POST", OF_STATE)
    assert places(refused) == [["query", "signal_type_moid"]]
    assert await registers(caller) == [first]
    await signal_state(caller, made["sensor_state_id"], 34)
    got = await asyncio.gather(*(caller.post(path, params={"signal_type_moid": 36}) for _ in range(3)))
    assert sorted(each.status_code for each in got) == [201, 422, 422]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signal_type_moid", "33"),
        ("signal_type_moid", "x"),
        ("signal_type_moid", "-32"),
        ("value_for_since", "much"),
        ("value_for_since", "nan"),
        ("value_for_since", "1e400"),
        ("value_for_till", "inf"),
        ("value_for_till", "-Infinity"),
        ("value_for_till", "1,5"),
        ("info", "i" * 4001),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_made(caller: Caller, name: str, value: str) -> None:
    made = await state(caller, await sensor(caller))
    path = f"/api/sensors/states/{made['sensor_state_id']}/signals"
    assert places(await caller.post(path, params={"signal_type_moid": 32, name: value})) == [["query", name]]
    assert await listed(caller) == []


async def test_everything_wrong_is_named_at_once(caller: Caller) -> None:
    made = await state(caller, await sensor(caller))
    path = f"/api/sensors/states/{made['sensor_state_id']}/signals"
    answer = await caller.post(path, params={"value_for_since": "x", "value_for_till": "y"})
    names = ["signal_type_moid", "value_for_since", "value_for_till"]
    assert places(answer) == [["query", name] for name in names]


class TestChanging:
    async def changed(self, caller: Caller, **params: str) -> dict[str, Any]:
        made = await state(caller, await sensor(caller))
        register = await signal_state(
            caller, made["sensor_state_id"], 32, value_for_since=1.5, value_for_till=2.5, info="first"
        )
        answer = await caller.put(f"{SIGNALS}/{register['signal_state_id']}", params=params)
        answers(caller.api, answer, "PUT", ONE)
        assert (answer.status_code, answer.json()) == (200, None), answer.text
        (after,) = await registers(caller)
        return {name: value for name, value in after.items() if value != register[name]}

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, {}),
            ({"value_for_since": "7"}, {"value_for_since": 7.0}),
            ({"value_for_till": "-0.125"}, {"value_for_till": -0.125}),
            ({"value_for_since": " 8.25 "}, {"value_for_since": 8.25}),
            ({"value_for_since": "1e3"}, {"value_for_since": 1000.0}),
            ({"value_for_since": ""}, {"value_for_since": None}),
            ({"value_for_till": "  "}, {"value_for_till": None}),
            ({"value_for_since": "", "value_for_till": ""}, {"value_for_since": None, "value_for_till": None}),
            ({"info": "second"}, {"info": "second"}),
        ],
    )
    async def test_readings_travel_as_text_and_an_empty_one_clears(
        self, caller: Caller, given: dict[str, str], expected: dict[str, Any]
    ) -> None:
        assert await self.changed(caller, **given) == expected

    @pytest.mark.parametrize("text", ["abc", "nan", "inf", "-Infinity", "1_000", "1,5", "0x10", "1e400", "1" * 65, "٣"])
    @pytest.mark.parametrize("name", ["value_for_since", "value_for_till"])
    async def test_what_is_no_number_is_named_and_nothing_changes(self, caller: Caller, name: str, text: str) -> None:
        made = await state(caller, await sensor(caller))
        register = await signal_state(caller, made["sensor_state_id"], 32, value_for_since=1.5, value_for_till=2.5)
        changed = {"info": "new", name: text}
        answer = await caller.put(f"{SIGNALS}/{register['signal_state_id']}", params=changed)
        assert places(answer) == [["query", name]]
        assert await registers(caller) == [register]

    async def test_both_wrong_readings_are_named_at_once(self, caller: Caller) -> None:
        made = await state(caller, await sensor(caller))
        register = await signal_state(caller, made["sensor_state_id"], 32)
        wrong = {"value_for_since": "x", "value_for_till": "y"}
        answer = await caller.put(f"{SIGNALS}/{register['signal_state_id']}", params=wrong)
        assert places(answer) == [["query", name] for name in wrong]


async def test_a_signal_state_is_removed_alone(caller: Caller) -> None:
    made = await state(caller, await sensor(caller))
    first = await signal_state(caller, made["sensor_state_id"], 32)
    second = await signal_state(caller, made["sensor_state_id"], 34)
    answer = await caller.delete(f"{SIGNALS}/{first['signal_state_id']}")
    answers(caller.api, answer, "DELETE", ONE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await registers(caller) == [second]
    assert (await caller.delete(f"{SIGNALS}/{first['signal_state_id']}")).status_code == 404


async def test_states_are_listed_by_the_signal_they_hold(caller: Caller) -> None:
    first, second = await sensor(caller), await sensor(caller, client_cid=8)
    one = await state(caller, first, till=T0)
    both = await state(caller, first, since=T0)
    other = await state(caller, second)
    await state(caller, await sensor(caller))
    one["signal_states"] = [await signal_state(caller, one["sensor_state_id"], 32)]
    both["signal_states"] = [
        await signal_state(caller, both["sensor_state_id"], 32),
        await signal_state(caller, both["sensor_state_id"], 34),
    ]
    other["signal_states"] = [await signal_state(caller, other["sensor_state_id"], 34)]
    assert await listed(caller) == [one, both, other]
    assert await listed(caller, client_cid=7) == [one, both]
    assert await listed(caller, client_cid=8, sensor_mid=1) == [other]
    of_32 = [one, {**both, "signal_states": both["signal_states"][:1]}]
    assert await listed(caller, signal_type_moid=32) == of_32
    of_34 = [{**both, "signal_states": both["signal_states"][1:]}]
    assert await listed(caller, client_cid=7, sensor_mid=1, signal_type_moid=34) == of_34
    assert await listed(caller, signal_type_moid=36) == []
    missing = await caller.get(SIGNALS, params={"client_cid": 7, "sensor_mid": 99})
    answers(caller.api, missing, "GET", SIGNALS)
    assert (missing.status_code, missing.json()) == (404, {"detail": "There is no such sensor."})
