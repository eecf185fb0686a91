"""Sensor states over HTTP: which meter hung at a sensor when."""

import asyncio
from typing import Any

import pytest
from tests.metering.calls import T0, key_of, places, sensor, signal_state, state
from tests.suites.client import Caller, Callers, answers

from gridloom.kernel.database.transaction import Tx

STATES = "/api/sensors/states"
STATE = "/api/sensors/states/{sensor_state_id}"
A, B, C, D = T0, T0 + 1000, T0 + 2000, T0 + 3000
OVERLAP = {"detail": "Another state of this sensor overlaps with this period."}


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


async def listed(caller: Caller, **params: Any) -> list[dict[str, Any]]:
    answer = await caller.get(STATES, params=params)
    assert answer.status_code == 200, answer.text
    answers(caller.api, answer, "GET", STATES)
    found: list[dict[str, Any]] = answer.json()
    return found


async def periods(caller: Caller, key: str) -> list[tuple[int | None, int | None]]:
    return [(each["since"], each["till"]) for each in await listed(caller, **key_of(key))]


async def attempt(caller: Caller, key: str, **params: Any) -> Any:
    answer = await caller.post(STATES, params={**key_of(key), **params})
    answers(caller.api, answer, "POST", STATES)
    return answer


class TestCreating:
    async def test_a_state_is_answered_whole(self, caller: Caller) -> None:
        key = await sensor(caller)
        given = {"since": A, "till": B, "meter_eid": "LG-1", "meter_type_id": 2, "info": '{"multiplier": 40}'}
        answer = await attempt(caller, key, **given)
        assert answer.status_code == 201
        made = answer.json()
        assert made == {
            "sensor_state_id": made["sensor_state_id"],
            "client_cid": 7,
            "sensor_mid": 1,
            "since": A,
            "till": B,
            "meter_eid": "LG-1",
            "info": '{"multiplier": 40}',
            "meter_type_id": 2,
            "meter_type_name": "smart",
            "meter_type_is_ami": True,
            "meter_type_is_dcu": False,
            "signal_states": [],
        }
        assert await listed(caller, **key_of(key)) == [made]

    async def test_only_the_sensor_is_needed(self, caller: Caller) -> None:
        made = await state(caller, await sensor(caller))
        open_fields = {name: value for name, value in made.items() if value is None}
        assert set(open_fields) == {
            *("since", "till", "meter_eid", "info"),
            *("meter_type_id", "meter_type_name", "meter_type_is_ami", "meter_type_is_dcu"),
        }

    @pytest.mark.parametrize(
        ("number", "name", "is_ami", "is_dcu"),
        [
            (1, "manual", False, False),
            (2, "smart", True, False),
            (3, "concentrator", False, True),
            (4, "smart_concentrator", True, True),
        ],
    )
    async def test_the_kinds_of_meters(
        self, caller: Caller, number: int, name: str, is_ami: bool, is_dcu: bool
    ) -> None:
        made = await state(caller, await sensor(caller), meter_type_id=number)
        kind = (made["meter_type_name"], made["meter_type_is_ami"], made["meter_type_is_dcu"])
        assert kind == (name, is_ami, is_dcu)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("client_cid", "x"),
            ("sensor_mid", "-1"),
            ("since", "yesterday"),
            ("since", "-1"),
            ("since", str(A) + ".5"),
            ("till", "99999999999999999"),
            ("meter_type_id", "5"),
            ("meter_type_id", "0"),
            ("meter_eid", "m" * 101),
            ("info", "{"),
            ("info", '{"current_ratio": "200:5"}'),
        ],
    )
    async def test_a_wrong_value_is_named_and_nothing_is_made(self, caller: Caller, name: str, value: str) -> None:
        key = await sensor(caller)
        assert places(await attempt(caller, key, **{name: value})) == [["query", name]]
        assert await listed(caller) == []

    async def test_everything_missing_is_named_at_once(self, caller: Caller) -> None:
        answer = await caller.post(STATES, params={"since": "x"})
        assert places(answer) == [["query", "client_cid"], ["query", "sensor_mid"], ["query", "since"]]

    @pytest.mark.parametrize(("since", "till"), [(B, B), (B, A), (1, 0)])
    async def test_a_period_ends_after_it_begins(self, caller: Caller, since: int, till: int) -> None:
        key = await sensor(caller)
        assert places(await attempt(caller, key, since=since, till=till)) == [["query", "till"]]
        assert await listed(caller) == []

    async def test_an_unknown_sensor_is_not_found(self, caller: Caller) -> None:
        answer = await attempt(caller, "7.1")
        assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such sensor."})


class TestOverlaps:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({}, {}),
            ({}, {"since": A, "till": B}),
            ({"since": A}, {"since": B}),
            ({"since": A}, {"till": B}),
            ({"till": B}, {"till": A}),
            ({"till": B}, {"since": A}),
            ({"since": A, "till": C}, {"since": B, "till": D}),
            ({"since": A, "till": D}, {"since": B, "till": C}),
            ({"since": B, "till": C}, {"since": A, "till": D}),
            ({"since": A, "till": B}, {"since": A, "till": B}),
            ({"since": A, "till": C}, {"since": C - 1}),
            ({"since": C}, {"till": C + 1}),
        ],
    )
    async def test_two_meters_never_hang_at_one_sensor_at_once(
        self, caller: Caller, first: dict[str, int], second: dict[str, int]
    ) -> None:
        key = await sensor(caller)
        made = await state(caller, key, **first)
        refused = await attempt(caller, key, **second)
        assert (refused.status_code, refused.json()) == (409, OVERLAP)
        assert await listed(caller) == [made]

    async def test_periods_that_touch_follow_one_another(self, caller: Caller) -> None:
        key = await sensor(caller)
        await state(caller, key, since=C)
        await state(caller, key, till=A)
        await state(caller, key, since=B, till=C)
        await state(caller, key, since=A, till=B)
        assert await periods(caller, key) == [(None, A), (A, B), (B, C), (C, None)]

    async def test_another_sensor_has_its_own_periods(self, caller: Caller) -> None:
        first, second, third = await sensor(caller), await sensor(caller), await sensor(caller, client_cid=8)
        for key in (first, second, third):
            await state(caller, key, since=A, till=C)
        assert len(await listed(caller)) == 3

    async def test_of_two_at_once_one_is_refused(self, caller: Caller) -> None:
        key = await sensor(caller)
        got = await asyncio.gather(*(attempt(caller, key, since=A + n, till=C) for n in range(4)))
        assert sorted(answer.status_code for answer in got) == [201, 409, 409, 409]
        assert len(await listed(caller)) == 1


class TestChanging:
    async def test_only_what_is_given_changes(self, caller: Caller) -> None:
        key = await sensor(caller)
        before = await state(caller, key, since=B, till=C, meter_eid="one", meter_type_id=1, info="{}")
        await signal_state(caller, before["sensor_state_id"], 32, value_for_since=5.5)
        (before,) = await listed(caller)
        path = f"{STATES}/{before['sensor_state_id']}"
        for name, value in [
            ("since", A),
            ("till", D),
            ("meter_eid", "two"),
            ("info", '{"multiplier":2}'),
            ("meter_type_id", 3),
        ]:
            answer = await caller.put(path, params={name: value})
            answers(caller.api, answer, "PUT", STATE)
            expected = {**before, name: value}
            if name == "meter_type_id":
                expected |= {
                    "meter_type_name": "concentrator",
                    "meter_type_is_ami": False,
                    "meter_type_is_dcu": True,
                }
            assert (answer.status_code, answer.json()) == (200, expected)
            assert await listed(caller) == [expected]
            before = expected
        assert (await caller.put(path)).json() == before

    async def test_an_empty_type_takes_the_type_away(self, caller: Caller) -> None:
        made = await state(caller, await sensor(caller), meter_type_id=4)
        path = f"{STATES}/{made['sensor_state_id']}"
        cleared = await caller.put(path, params={"meter_type_id": ""})
        assert cleared.json() == {
            **made,
            "meter_type_id": None,
            "meter_type_name": None,
            "meter_type_is_ami": None,
            "meter_type_is_dcu": None,
        }

    async def test_a_sensor_never_changes(self, caller: Caller) -> None:
        first, second = await sensor(caller), await sensor(caller)
        made = await state(caller, first)
        answer = await caller.put(f"{STATES}/{made['sensor_state_id']}", params=key_of(second))
        assert answer.json() == made

    async def test_a_period_is_not_moved_onto_another(self, caller: Caller) -> None:
        key = await sensor(caller)
        await state(caller, key, since=A, till=B)
        made = await state(caller, key, since=C)
        path = f"{STATES}/{made['sensor_state_id']}"
        refused = await caller.put(path, params={"since": B - 1})
        answers(caller.api, refused, "PUT", STATE)
        assert (refused.status_code, refused.json()) == (409, OVERLAP)
        assert await periods(caller, key) == [(A, B), (C, None)]
        assert (await caller.put(path, params={"since": B})).status_code == 200
        assert await periods(caller, key) == [(A, B), (B, None)]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("since", str(C)),
            ("till", str(B)),
            ("since", ""),
            ("till", "x"),
            ("meter_type_id", "smart"),
            ("meter_type_id", "1.5"),
            ("meter_type_id", "9"),
            ("meter_type_id", "nan"),
            ("meter_type_id", "1e300"),
            ("info", "{"),
            ("info", '{"voltage_ratio": []}'),
        ],
    )
    async def test_a_wrong_value_is_named_and_nothing_changes(self, caller: Caller, name: str, value: str) -> None:
        key = await sensor(caller)
        made = await state(caller, key, since=B, till=C, meter_type_id=1)
        answer = await caller.put(f"{STATES}/{made['sensor_state_id']}", params={"meter_eid": "new", name: value})
        wanted = "till" if name == "since" and value else name
        assert places(answer) == [["query", wanted]]
        assert await listed(caller) == [made]


class TestRemoving:
    async def test_register_readings_go_and_other_states_stay(self, caller: Caller) -> None:
        key = await sensor(caller)
        first, second = await state(caller, key, till=A), await state(caller, key, since=A)
        register = await signal_state(caller, first["sensor_state_id"], 32, value_for_till=9)
        answer = await caller.delete(f"{STATES}/{first['sensor_state_id']}")
        answers(caller.api, answer, "DELETE", STATE)
        assert (answer.status_code, answer.content) == (204, b"")
        assert await listed(caller) == [second]
        gone = await caller.put(f"{STATES}/signals/{register['signal_state_id']}", params={"value_for_till": "1"})
        assert gone.status_code == 404

        async def counted(tx: Tx) -> int:
            return int(await tx.scalar("SELECT count(*) FROM metering.signal_state"))

        async with caller.application.database.tenant(caller.tenant) as tx:
            assert await counted(tx) == 0


class TestListing:
    async def test_all_of_a_client_of_a_sensor_and_everything_in_order(self, caller: Caller) -> None:
        eight, first, second = await sensor(caller, client_cid=8), await sensor(caller), await sensor(caller)
        made = [
            await state(caller, first, till=A),
            await state(caller, first, since=B),
            await state(caller, second, since=A),
            await state(caller, eight, since=A),
        ]
        assert await listed(caller) == made
        assert await listed(caller, client_cid=7) == made[:3]
        assert await listed(caller, client_cid=8) == made[3:]
        assert await listed(caller, client_cid=7, sensor_mid=1) == made[:2]
        assert await listed(caller, client_cid=9) == []

    async def test_a_sensor_that_is_named_has_to_be_there(self, caller: Caller) -> None:
        answer = await caller.get(STATES, params={"client_cid": 7, "sensor_mid": 1})
        answers(caller.api, answer, "GET", STATES)
        assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such sensor."})

    async def test_a_number_without_its_client_is_refused(self, caller: Caller) -> None:
        for path in (STATES, f"{STATES}/signals"):
            answer = await caller.get(path, params={"sensor_mid": 1})
            answers(caller.api, answer, "GET", path)
            assert places(answer) == [["query", "client_cid"]]

    async def test_wrong_filters_are_named_at_once(self, caller: Caller) -> None:
        wrong = {"client_cid": "x", "sensor_mid": "-1"}
        assert places(await caller.get(STATES, params=wrong)) == [["query", name] for name in wrong]
        wrong["signal_type_moid"] = "32.5"
        assert places(await caller.get(f"{STATES}/signals", params=wrong)) == [["query", name] for name in wrong]


class TestPaths:
    @pytest.mark.parametrize("number", ["0", "-1", "9223372036854775807"])
    async def test_an_unknown_state_is_not_found(self, caller: Caller, number: str) -> None:
        for method, path, template in [
            ("PUT", f"{STATES}/{number}", STATE),
            ("DELETE", f"{STATES}/{number}", STATE),
            ("POST", f"{STATES}/{number}/signals?signal_type_moid=32", STATE + "/signals"),
            ("PUT", f"{STATES}/signals/{number}", STATES + "/signals/{signal_state_id}"),
            ("DELETE", f"{STATES}/signals/{number}", STATES + "/signals/{signal_state_id}"),
        ]:
            answer = await caller.request(method, path)
            answers(caller.api, answer, method, template)
            assert answer.status_code == 404
            assert isinstance(answer.json()["detail"], str)

    @pytest.mark.parametrize("number", ["x", "1.5", "9223372036854775808"])
    async def test_what_is_no_number_is_named(self, caller: Caller, number: str) -> None:
        for method, path, name in [
            ("PUT", f"{STATES}/{number}", "sensor_state_id"),
            ("DELETE", f"{STATES}/{number}", "sensor_state_id"),
            ("POST", f"{STATES}/{number}/signals?signal_type_moid=32", "sensor_state_id"),
            ("PUT", f"{STATES}/signals/{number}", "signal_state_id"),
            ("DELETE", f"{STATES}/signals/{number}", "signal_state_id"),
        ]:
            assert places(await caller.request(method, path)) == [["path", name]]
