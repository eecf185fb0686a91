"""Reading values over HTTP: windows, acquisitions, origins, factors, units, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.metering.calls import (
    DATA,
    HOUR,
    MANY,
    STEP,
    T0,
    columns,
    data,
    get,
    key_of,
    places,
    sensor,
    state,
    values,
    wrote,
)
from tests.suites.client import Caller, Callers, answers

from gridloom.metering.signals import actions

END = T0 + 24 * HOUR
LAST_MS = 253_402_300_799_999


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


@pytest.fixture
async def key(caller: Caller) -> str:
    """A sensor without values."""
    return await sensor(caller)


async def asked(caller: Caller, *items: dict[str, Any]) -> Any:
    """Several signals at once."""
    window = {"signal_type_moid": 132, "since": T0, "till": END}
    answer = await caller.post(f"{MANY}/v2", json=[{**window, **item} for item in items])
    answers(caller.api, answer, "POST", f"{MANY}/v2")
    return answer


class TestWindows:
    async def test_the_beginning_belongs_to_a_window_and_the_end_does_not(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, {"time": [T0 - 1, T0, T0 + 1, T0 + 9, T0 + 10], "value": [0, 1, 2, 3, 4]})
        assert await values(caller, key, 132, since=T0, till=T0 + 10) == [1.0, 2.0, 3.0]
        assert await values(caller, key, 132, since=T0, till=T0 + 1) == [1.0]

    @pytest.mark.parametrize(
        "more", [{}, {"get_last": True}, {"delta_t": 60}, {"raw": True}, {"calendar": "day"}, {"delta_t": 5_256_000}]
    )
    async def test_an_empty_window_has_empty_columns(self, caller: Caller, key: str, more: dict[str, Any]) -> None:
        for moid in (32, 132, 53):
            await wrote(caller, key, moid, columns([1.0, 2.0]))
            for since in (0, T0, T0 + HOUR, END, LAST_MS):
                answer = await get(caller, key, moid, since=since, till=since, **more)
                answers(caller.api, answer, "GET", DATA)
                assert answer.status_code == 200
                assert {name: column for name, column in answer.json()["data"].items() if name != "acq"} == {
                    "time": [], "value": [], "type": [], "origin": [],
                }  # fmt: skip

    async def test_a_signal_that_nobody_wrote_has_empty_columns(self, caller: Caller, key: str) -> None:
        answer = await get(caller, key, 132)
        answers(caller.api, answer, "GET", DATA)
        body = answer.json()
        assert body["data"] == {"time": [], "value": [], "type": [], "origin": []}
        assert (body["client_cid"], body["sensor_mid"], body["signal_type_moid"]) == (7, 1, 132)
        assert body["unit"] == "kW.h"
        assert body["time_tstorage"] >= 0
        assert body["time_other"] >= 0

    async def test_all_of_time_is_a_window(self, caller: Caller, key: str) -> None:
        for moid in (32, 53, 132):
            await wrote(caller, key, moid, columns([1.0, 2.0]))
            window = {"since": 0, "till": LAST_MS}
            assert await values(caller, key, moid, **window) == [1.0, 2.0]
            for more in ({"delta_t": 15}, {"calendar": "hour"}, {"calendar": "year"}):
                assert (await get(caller, key, moid, **window, **more)).status_code == 200

    async def test_a_window_ends_after_it_begins(self, caller: Caller, key: str) -> None:
        answer = await get(caller, key, 132, since=T0, till=T0 - 1)
        answers(caller.api, answer, "GET", DATA)
        assert places(answer) == [["query", "till"]]
        item = key_of(key)
        assert places(await asked(caller, item, {**item, "since": T0, "till": T0 - 1})) == [["body", 1, "till"]]


class TestParameters:
    async def test_window_is_required_and_everything_wrong_is_named_at_once(self, caller: Caller, key: str) -> None:
        path = f"/api/sensors/{key}/signals/132/data"
        assert places(await caller.get(path)) == [["query", "since"], ["query", "till"]]
        wrong = {
            "delta_t": "0",
            "raw": "2",
            "apply_multiplier": "maybe",
            "output_unit_id": "kW",
            "signal_origin_id": "6",
            "since": "now",
            "till": "-1",
            "get_last": "x",
            "calendar": "week",
            "zone": "z" * 65,
        }
        assert places(await caller.get(path, params=wrong)) == [["query", name] for name in wrong]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("delta_t", "-5"),
            ("delta_t", "0"),
            ("delta_t", "1.5"),
            ("delta_t", "5256001"),
            ("output_unit_id", "9999"),
            ("output_unit_id", "20"),
            ("output_unit_id", "-1"),
            ("output_unit_id", "99999999999999999999999"),
            ("signal_origin_id", "0"),
            ("since", ""),
            ("till", "253402300800000"),
            ("zone", "Europe/Brussels"),
        ],
    )
    async def test_a_wrong_value_is_named(self, caller: Caller, key: str, name: str, value: str) -> None:
        for _ in ("before there are values", "and when there are"):
            answer = await get(caller, key, 132, **{name: value})
            answers(caller.api, answer, "GET", DATA)
            assert places(answer) == [["query", name]]
            await wrote(caller, key, 132, columns([1.0]))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("delta_t", 0),
            ("delta_t", -5),
            ("delta_t", "15"),
            ("output_unit_id", 9999),
            ("output_unit_id", 20),
            ("signal_origin_id", 6),
            ("last_acq", "True"),
            ("raw", 1),
            ("since", -1),
            ("till", 1.5),
        ],
    )
    async def test_a_wrong_value_among_many_is_named_with_its_place(
        self, caller: Caller, key: str, name: str, value: Any
    ) -> None:
        item = key_of(key)
        assert places(await asked(caller, item, {**item, name: value})) == [["body", 1, name]]

    @pytest.mark.parametrize(("text", "is_last"), [("True", True), ("true", True), ("1", True), ("False", False)])
    async def test_booleans_come_as_python_clients_write_them(
        self, caller: Caller, key: str, text: str, is_last: bool
    ) -> None:
        await wrote(caller, key, 132, columns([1.0]))
        await wrote(caller, key, 132, columns([2.0]))
        found = await data(caller, key, 132, get_last=text)
        assert found["value"] == ([2.0] if is_last else [1.0, 2.0])

    async def test_an_answer_names_its_unit_and_columns(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.0]))
        answer = await get(caller, key, 132, get_last=True)
        answers(caller.api, answer, "GET", DATA)
        assert answer.json()["data"] == {"time": [T0], "value": [1.0], "type": ["DBL"], "origin": [1]}


class TestAcquisitions:
    async def test_every_acquisition_is_there_by_capture_and_acquisition_time(self, caller: Caller, key: str) -> None:
        for value in (1.0, 2.0, 3.0):
            await wrote(caller, key, 132, columns([value, 10 * value]))
        history = await data(caller, key, 132)
        assert history["time"] == [T0, T0, T0, T0 + STEP, T0 + STEP, T0 + STEP]
        assert history["value"] == [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]
        assert history["acq"][:3] == sorted(history["acq"][:3]) == history["acq"][3:]
        newest = await data(caller, key, 132, get_last=True)
        assert newest == {
            "time": [T0, T0 + STEP], "value": [3.0, 30.0], "type": ["DBL"] * 2, "origin": [1, 1],
        }  # fmt: skip

    async def test_the_newest_of_each_origin_stands(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, {"time": [T0, T0], "value": [1.0, 2.0], "origin": [1, 2]})
        await wrote(caller, key, 132, {"time": [T0], "value": [3.0], "origin": [2]})
        found = await data(caller, key, 132, get_last=True)
        assert (found["origin"], found["value"]) == ([1, 2], [1.0, 3.0])

    async def test_one_origin_may_be_asked_for(self, caller: Caller, key: str) -> None:
        given = {"time": [T0] * 5, "value": [1.0, 2.0, 3.0, 4.0, 5.0], "origin": [1, 2, 3, 4, 5]}
        await wrote(caller, key, 132, given)
        for origin in range(1, 6):
            for more in ({}, {"get_last": True}, {"raw": True}):
                found = await data(caller, key, 132, signal_origin_id=origin, **more)
                assert (found["value"], found["origin"]) == ([float(origin)], [origin])
            assert (await data(caller, key, 132, signal_origin_id=origin, delta_t=15))["value"] == [float(origin)]
            many = await asked(caller, {**key_of(key), "signal_origin_id": origin})
            assert many.json()[0]["data"]["value"] == [float(origin)]

    async def test_buckets_take_the_most_trusted_origin_of_each_time(self, caller: Caller, key: str) -> None:
        given = {"time": [T0, T0, T0 + STEP, T0 + STEP], "value": [1.0, 2.0, 10.0, 20.0], "origin": [1, 5, 4, 2]}
        await wrote(caller, key, 132, given)
        found = await data(caller, key, 132, delta_t=60)
        assert (found["value"], found["origin"]) == ([12.0], [3])
        assert "acq" not in found


class TestUnits:
    @pytest.mark.parametrize(
        ("moid", "given", "unit_id", "symbol", "shown"),
        [
            (210, 293.15, 41, "degC", 20.0),
            (210, 0.0, 41, "degC", -273.15),
            (210, 273.15, 42, "degF", 32.0),
            (132, 0.1, 2, "W.h", 100.0),
            (132, 1.0, 5, "J", 3_600_000.0),
            (132, 1.5, 3, "MW.h", 0.0015),
            (132, 1.5, 1, "kW.h", 1.5),
            (202, 0.001, 66, "l", 1.0),
            (60, 0.007, 21, "W", 7.0),
        ],
    )
    async def test_values_are_shown_in_another_unit_of_the_same_quantity(
        self, caller: Caller, key: str, moid: int, given: float, unit_id: int, symbol: str, shown: float
    ) -> None:
        bounds = {"lower_prediction_bound": [given], "upper_prediction_bound": [None]}
        await wrote(caller, key, moid, {**columns([given]), **bounds})
        body = (await get(caller, key, moid, output_unit_id=unit_id, get_last=True)).json()
        assert (body["unit"], body["data"]["value"]) == (symbol, [shown])
        assert body["data"]["lower_prediction_bound"] == [shown]
        bucket = (await get(caller, key, moid, output_unit_id=unit_id, delta_t=60)).json()
        assert (bucket["unit"], bucket["data"]["value"]) == (symbol, [shown])
        raw = (await get(caller, key, moid, output_unit_id=unit_id, raw=True)).json()
        assert raw["data"]["value"] == [given]
        assert raw["unit"] == (await get(caller, key, moid)).json()["unit"]

    async def test_a_value_that_ends_beyond_numbers_is_refused_and_not_shown_as_nothing(
        self, caller: Caller, key: str
    ) -> None:
        await wrote(caller, key, 132, columns([1.0, 1.5e308, 1.5e308]))
        assert await values(caller, key, 132) == [1.0, 1.5e308, 1.5e308]
        for more in ({"output_unit_id": 2}, {"delta_t": 60}):
            answer = await get(caller, key, 132, **more)
            answers(caller.api, answer, "GET", DATA)
            assert answer.status_code == 422, answer.text
        item = key_of(key)
        assert places(await asked(caller, item, {**item, "delta_t": 60})) == [["body", 1]]


class TestRaw:
    async def test_what_is_stored_is_shown_untouched(self, caller: Caller) -> None:
        key = await sensor(caller, info='{"multiplier": 40}')
        await state(caller, key, till=T0 + STEP, info='{"multiplier": 3}')
        await wrote(caller, key, 32, columns([100.0, 5.0, 6.0]))
        body = (await get(caller, key, 32, raw=True, delta_t=60, output_unit_id=2, get_last=True)).json()
        assert (body["data"]["value"], body["unit"]) == ([100.0, 5.0, 6.0], "kW.h")
        assert body["data"]["time"] == [T0, T0 + STEP, T0 + 2 * STEP]
        assert body["data"]["origin"] == [1, 1, 1]


class TestMany:
    async def test_answers_stand_in_the_order_of_the_questions(self, caller: Caller) -> None:
        first, second = await sensor(caller), await sensor(caller)
        await wrote(caller, first, 132, columns([1.0, 2.0, 3.0, 4.0]))
        await wrote(caller, second, 132, columns([5.0]))
        await wrote(caller, second, 132, columns([6.0]))
        answer = await asked(
            caller,
            {**key_of(second), "last_acq": True},
            {**key_of(first), "delta_t": 60},
            {**key_of(second)},
            {**key_of(first), "signal_type_moid": 134},
            {**key_of(first), "since": T0 + STEP, "till": T0 + 2 * STEP, "output_unit_id": 2},
        )
        assert answer.status_code == 200
        body = answer.json()
        assert [each["sensor_mid"] for each in body] == [2, 1, 2, 1, 1]
        assert [each["signal_type_moid"] for each in body] == [132, 132, 132, 134, 132]
        assert [each["data"]["value"] for each in body] == [[6.0], [10.0], [5.0, 6.0], [], [2000.0]]
        assert [each["unit"] for each in body] == ["kW.h"] * 4 + ["W.h"]

    async def test_nothing_asked_is_nothing_answered(self, caller: Caller) -> None:
        answer = await asked(caller)
        assert (answer.status_code, answer.json()) == (200, [])

    async def test_everything_that_is_missing_is_named_at_once(self, caller: Caller) -> None:
        answer = await caller.post(f"{MANY}/v2", json=[{}])
        names = ["client_cid", "sensor_mid", "signal_type_moid", "since", "till"]
        assert places(answer) == [["body", 0, name] for name in names]

    async def test_more_values_than_one_answer_holds_are_refused(
        self, caller: Caller, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await wrote(caller, key, 132, columns([1.0, 2.0]))
        monkeypatch.setattr(actions, "MAX_ANSWERED", 4)
        item = key_of(key)
        assert len((await asked(caller, item, item)).json()) == 2
        assert places(await asked(caller, item, item, item)) == [["body", 2]]

    async def test_the_first_wrong_question_is_named(self, caller: Caller, key: str) -> None:
        item = key_of(key)
        assert places(await asked(caller, item, {**item, "sensor_mid": 99})) == [["body", 1, "sensor_mid"]]
        assert places(await asked(caller, {**item, "signal_type_moid": 1}, item)) == [["body", 0, "signal_type_moid"]]


class TestTypes:
    async def test_the_known_signals_have_their_numbers_units_and_kinds(self, caller: Caller) -> None:
        answer = await caller.get("/api/sensors/signals/types")
        answers(caller.api, answer, "GET", "/api/sensors/signals/types")
        found = {each["signal_type_moid"]: each for each in answer.json()}
        shown = {
            moid: (found[moid]["unit_symbol"], found[moid]["chart_expected_unit"], found[moid]["time_series_type"])
            for moid in (32, 34, 36, 44, 53, 56, 103, 132, 210)
        }
        assert shown == {
            32: ("kW.h", "kW", 1),
            34: ("kW.h", "kW", 1),
            36: ("kvar.h", "kvar", 1),
            44: ("kV.A.h", "kV.A", 1),
            53: ("V", "V", 0),
            56: ("A", "A", 0),
            103: ("Hz", "Hz", 0),
            132: ("kW.h", "kW.h", 2),
            210: ("K", "K", 0),
        }
        assert (found[32]["obis_mapping"], found[32]["unit_id"], found[32]["group_id"]) == ("1.8.0", 1, 2)
        assert len(found) == len(answer.json())


async def test_times_are_milliseconds_to_the_last_one(caller: Caller, key: str) -> None:
    instant = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    ms = round(instant.timestamp() * 1000)
    await wrote(caller, key, 53, {"time": [ms, ms + 1], "value": [230.0, 231.0]})
    assert (await data(caller, key, 53, since=ms, till=ms + 2, get_last=True))["time"] == [ms, ms + 1]
