"""Writing values over HTTP: both forms, every column, and what is refused at which place."""

from typing import Any

import pytest
from tests.metering.calls import (
    DATA,
    MANY,
    STEP,
    T0,
    columns,
    data,
    get,
    key_of,
    places,
    put,
    sensor,
    values,
    wrote,
)
from tests.suites.client import Caller, Callers, answers

from gridloom.kernel import clock

EARLIEST = 946_684_800_000
YEAR = 366 * 86_400_000


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


@pytest.fixture
async def key(caller: Caller) -> str:
    """A sensor without values."""
    return await sensor(caller)


async def many(caller: Caller, body: Any, path: str = f"{MANY}/v2") -> Any:
    answer = await caller.put(path, json=body)
    answers(caller.api, answer, "PUT", path)
    return answer


class TestForms:
    async def test_columns_and_rows_say_the_same(self, caller: Caller, key: str) -> None:
        answer = await put(caller, key, 132, columns([1.0, 2.0]))
        answers(caller.api, answer, "PUT", DATA + "/v2")
        assert (answer.status_code, answer.json()) == (200, None)
        rows = [{"time": T0, "value": 1.0}, {"time": T0 + STEP, "value": 2.0, "type": "DBL", "origin": 1}]
        await wrote(caller, key, 134, rows)
        assert await data(caller, key, 132, get_last=True) == await data(caller, key, 134, get_last=True)

    async def test_both_forms_stand_beside_one_another_in_one_request(self, caller: Caller, key: str) -> None:
        body = [
            {**key_of(key), "signal_type_moid": 132, "data": columns([1.0, 2.0])},
            {**key_of(key), "signal_type_moid": 134, "data": [{"time": T0, "value": 3.0}], "unit": "W.h"},
        ]
        answer = await many(caller, body)
        assert (answer.status_code, answer.json()) == (200, None)
        assert await values(caller, key, 132) == [1.0, 2.0]
        assert await values(caller, key, 134) == [0.003]

    async def test_every_column_is_read_back(self, caller: Caller, key: str) -> None:
        whole = {
            "time": [T0, T0 + 1, T0 + 2],
            "value": [1.5, 2.5, 3.5],
            "type": ["DBL", "DBL", "DBL"],
            "origin": [2, 2, 2],
            "lower_prediction_bound": [1.0, None, 3.0],
            "upper_prediction_bound": [2.0, None, None],
            "original_acq": [T0 - 5, None, T0 - 3],
            "com": ["gerätselt, 東京", None, ""],
        }
        await wrote(caller, key, 132, whole)
        assert await data(caller, key, 132, get_last=True) == whole
        history = await data(caller, key, 132)
        assert {name: history[name] for name in whole} == whole
        assert len(set(history["acq"])) == 1

    async def test_rows_hold_every_column_too(self, caller: Caller, key: str) -> None:
        full = {
            "time": T0, "value": 1.5, "type": "DBL", "origin": 4, "lower_prediction_bound": 1.0,
            "upper_prediction_bound": 2.0, "original_acq": T0 - 1, "com": "x",
        }  # fmt: skip
        await wrote(caller, key, 132, [full, {"time": T0 + 1, "value": 2.5}])
        found = await data(caller, key, 132, get_last=True)
        assert {name: column[0] for name, column in found.items()} == full
        assert {name: column[1] for name, column in found.items()} == {
            **dict.fromkeys(full), "time": T0 + 1, "value": 2.5, "type": "DBL", "origin": 1,
        }  # fmt: skip

    async def test_columns_in_which_nothing_stands_are_not_answered(self, caller: Caller, key: str) -> None:
        nothing = {"lower_prediction_bound": [None], "original_acq": [None], "com": [None]}
        await wrote(caller, key, 132, {**columns([1.0]), **nothing})
        assert set(await data(caller, key, 132, get_last=True)) == {"time", "value", "type", "origin"}

    async def test_nothing_at_all_may_be_written(self, caller: Caller, key: str) -> None:
        for empty in ({"time": [], "value": []}, []):
            await wrote(caller, key, 132, empty)
        assert (await many(caller, [])).json() is None
        assert await values(caller, key, 132) == []

    @pytest.mark.parametrize("origin", [1, 2, 3, 4, 5])
    async def test_every_origin_is_kept(self, caller: Caller, key: str, origin: int) -> None:
        await wrote(caller, key, 132, {**columns([1.0]), "origin": [origin]})
        assert (await data(caller, key, 132))["origin"] == [origin]

    async def test_of_several_rows_about_one_time_the_last_counts(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, {"time": [T0, T0 + 1, T0], "value": [1.0, 5.0, 2.0]})
        assert await values(caller, key, 132) == [2.0, 5.0]
        assert (await data(caller, key, 132))["value"] == [2.0, 5.0]

    async def test_what_stands_is_not_written_again(self, caller: Caller, key: str) -> None:
        for _ in range(3):
            await wrote(caller, key, 132, columns([1.0, 2.0]))
        assert (await data(caller, key, 132))["value"] == [1.0, 2.0]

    async def test_the_routes_without_a_version_do_the_same(self, caller: Caller, key: str) -> None:
        one = f"/api/sensors/{key}/signals/132/data"
        answer = await caller.put(one, json={"data": columns([1500.0])}, params={"unit": "W.h"})
        answers(caller.api, answer, "PUT", DATA)
        assert (answer.status_code, answer.json()) == (200, None)
        item = {**key_of(key), "signal_type_moid": 134, "data": columns([2.5])}
        assert (await many(caller, [item], MANY)).status_code == 200
        asked = [{**key_of(key), "signal_type_moid": m, "since": T0, "till": T0 + 1} for m in (132, 134)]
        found = await caller.post(MANY, json=asked)
        answers(caller.api, found, "POST", MANY)
        assert [each["data"]["value"] for each in found.json()] == [[1.5], [2.5]]


class TestRemoving:
    async def test_a_removed_value_is_gone_until_it_is_written_again(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.0, 2.0, 3.0]))
        await wrote(caller, key, 132, {"time": [T0 + STEP], "value": [None], "type": ["RM"]})
        assert await values(caller, key, 132) == [1.0, 3.0]
        assert await values(caller, key, 132, delta_t=60) == [4.0]
        await wrote(caller, key, 132, {"time": [T0 + STEP], "value": [7.0]})
        assert await values(caller, key, 132) == [1.0, 7.0, 3.0]
        history = await data(caller, key, 132)
        assert history["value"] == [1.0, 2.0, None, 7.0, 3.0]
        assert history["type"] == ["DBL", "DBL", "RM", "DBL", "DBL"]

    async def test_only_the_value_of_that_origin_goes(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, {"time": [T0, T0], "value": [1.0, 2.0], "origin": [1, 2]})
        await wrote(caller, key, 132, [{"time": T0, "type": "RM", "origin": 2}])
        assert await data(caller, key, 132, get_last=True) == {
            "time": [T0], "value": [1.0], "type": ["DBL"], "origin": [1],
        }  # fmt: skip

    async def test_the_value_of_a_removal_is_not_looked_at(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.0]))
        await wrote(caller, key, 132, {"time": [T0], "value": [99.0], "type": ["RM"]})
        assert await values(caller, key, 132) == []

    async def test_to_remove_what_does_not_stand_changes_nothing(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, [{"time": T0, "type": "RM"}])
        assert (await data(caller, key, 132))["time"] == []


class TestWrongData:
    async def refused(self, caller: Caller, key: str, given: Any, *path: str | int) -> None:
        """Alone and as the second of two, the place is named and nothing is written."""
        await wrote(caller, key, 132, columns([5.0], start=T0 - STEP))
        answer = await put(caller, key, 132, given)
        answers(caller.api, answer, "PUT", DATA + "/v2")
        assert places(answer) == [["body", "data", *path]], answer.text
        good = {**key_of(key), "signal_type_moid": 134, "data": columns([1.0])}
        both = await many(caller, [good, {**good, "signal_type_moid": 132, "data": given}])
        assert places(both) == [["body", 1, "data", *path]], both.text
        assert await values(caller, key, 132, since=0) == [5.0]
        assert await values(caller, key, 134) == []

    @pytest.mark.parametrize(
        ("column", "entries"),
        [
            ("value", [1.0]),
            ("type", ["DBL", "DBL", "DBL"]),
            ("origin", []),
            ("lower_prediction_bound", [1.0]),
            ("upper_prediction_bound", [1.0]),
            ("original_acq", [1]),
            ("com", ["x", "y", "z"]),
        ],
    )
    async def test_every_column_is_as_long_as_time(
        self, caller: Caller, key: str, column: str, entries: list[Any]
    ) -> None:
        await self.refused(caller, key, {**columns([1.0, 2.0]), column: entries}, column)

    @pytest.mark.parametrize(
        ("column", "wrong"),
        [
            ("time", "2026-02-02"),
            ("time", 1.5),
            ("time", None),
            ("value", "1.5"),
            ("value", True),
            ("value", [1.0]),
            ("type", "INT"),
            ("origin", "1"),
            ("origin", 0),
            ("origin", 6),
            ("origin", -1),
            ("origin", 10**30),
            ("lower_prediction_bound", "low"),
            ("upper_prediction_bound", "high"),
            ("original_acq", "now"),
            ("original_acq", -1),
            ("original_acq", 10**18),
            ("original_acq", 10**30),
            ("com", 5),
            ("com", "c" * 1001),
            ("com", "nul\x00"),
            ("time", 0),
            ("time", EARLIEST - 1),
            ("time", -(10**15)),
            ("time", 10**15),
            ("time", 10**18),
            ("time", 10**30),
            ("time", -(10**30)),
        ],
    )
    async def test_the_place_of_a_wrong_entry_is_named(self, caller: Caller, key: str, column: str, wrong: Any) -> None:
        good: dict[str, Any] = {"time": T0, "value": 1.0, "type": "DBL", "origin": 1}
        good |= {"lower_prediction_bound": 0.5, "upper_prediction_bound": 1.5, "original_acq": T0, "com": "x"}
        given = {name: [entry, entry, entry] for name, entry in good.items()}
        given["time"] = [T0, T0 + 1, T0 + 2]
        given[column][1] = wrong
        await self.refused(caller, key, given, column, 1)

    async def test_a_number_that_is_missing_is_named(self, caller: Caller, key: str) -> None:
        await self.refused(caller, key, {"time": [T0, T0 + 1], "value": [1.0, None]}, "value", 1)
        await self.refused(caller, key, [{"time": T0, "value": 1.0}, {"time": T0 + 1}], "value", 1)

    async def test_the_place_of_a_wrong_row_is_named(self, caller: Caller, key: str) -> None:
        row = {"time": T0, "value": 1.0}
        await self.refused(caller, key, [row, {"value": 1.0}], 1, "time")
        await self.refused(caller, key, [row, {**row, "value": "x"}], 1, "value")
        await self.refused(caller, key, [row, {**row, "type": "X"}], 1, "type")
        await self.refused(caller, key, [row, {**row, "origin": 9}], "origin", 1)
        await self.refused(caller, key, [row, {**row, "time": 0}], "time", 1)
        await self.refused(caller, key, [row, 5], 1)

    async def test_required_columns_are_named(self, caller: Caller, key: str) -> None:
        answer = await put(caller, key, 132, {})
        assert places(answer) == [["body", "data", "time"], ["body", "data", "value"]]
        for body in ({}, {"data": None}, {"data": 5}, {"data": "x"}):
            answer = await caller.put(f"/api/sensors/{key}/signals/132/data/v2", json=body)
            assert places(answer) == [["body", "data"]]

    async def test_every_wrong_entry_is_named_at_once(self, caller: Caller, key: str) -> None:
        answer = await put(
            caller, key, 132, {"time": [T0, "x", None], "value": [1.0, 2.0, "y"], "com": [1, None, None]}
        )
        wrong = [["time", 1], ["time", 2], ["value", 2], ["com", 0]]
        assert places(answer) == [["body", "data", *each] for each in wrong]

    async def test_items_of_many_are_named_at_once(self, caller: Caller, key: str) -> None:
        answer = await many(caller, [{"client_cid": "x"}, {**key_of(key), "signal_type_moid": 132, "data": 1}])
        assert places(answer) == [
            ["body", 0, "client_cid"],
            ["body", 0, "sensor_mid"],
            ["body", 0, "signal_type_moid"],
            ["body", 0, "data"],
            ["body", 1, "data"],
        ]
        assert places(await many(caller, {})) == [["body"]]

    async def test_more_than_a_million_values_at_once_are_refused(self, caller: Caller, key: str) -> None:
        count = 1_000_001
        body = b'{"data": {"time": [%s], "value": [%s]}}' % (b",".join([b"1"] * count), b",".join([b"1"] * count))
        answer = await caller.put(f"/api/sensors/{key}/signals/132/data/v2", content=body)
        assert places(answer) == [["body", "data", "time"]]

    async def test_more_than_64_megabytes_are_not_read(self, caller: Caller, key: str) -> None:
        answer = await caller.put(f"/api/sensors/{key}/signals/132/data/v2", content=b" " * 64_000_001)
        assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large."})

    async def test_capture_times_reach_from_the_year_2000_to_ten_years_ahead(self, caller: Caller, key: str) -> None:
        ahead = clock.to_ms(clock.now()) + 9 * YEAR
        await wrote(caller, key, 132, {"time": [EARLIEST, ahead], "value": [1.0, 2.0]})
        assert (await data(caller, key, 132, since=0, till=ahead + 1, get_last=True))["time"] == [EARLIEST, ahead]
        beyond = ahead + 2 * YEAR
        answer = await put(caller, key, 132, {"time": [T0, beyond], "value": [1.0, 2.0]})
        assert places(answer) == [["body", "data", "time", 1]]
        gone = await caller.delete(f"/api/sensors/{key}")  # the months far away are empty again, for other tests
        assert gone.status_code == 204

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b'{"data": {"time": [1], "value": [1e999]}}'])
    async def test_what_is_no_json_is_refused(self, caller: Caller, key: str, body: bytes) -> None:
        answer = await caller.put(f"/api/sensors/{key}/signals/132/data/v2", content=body)
        assert places(answer)[0][0] == "body"


class TestNames:
    async def test_an_unknown_signal_is_not_found_on_the_path_and_named_in_a_list(
        self, caller: Caller, key: str
    ) -> None:
        unknown = {"detail": "There is no such signal type."}
        for answer, method, path in [
            (await put(caller, key, 33, columns([1.0])), "PUT", DATA + "/v2"),
            (await get(caller, key, 33), "GET", DATA),
        ]:
            answers(caller.api, answer, method, path)
            assert (answer.status_code, answer.json()) == (404, unknown)
        good = {**key_of(key), "signal_type_moid": 132, "data": columns([1.0])}
        assert places(await many(caller, [good, {**good, "signal_type_moid": 33}])) == [["body", 1, "signal_type_moid"]]
        window = {"since": T0, "till": T0 + 1}
        asked = [{**key_of(key), "signal_type_moid": 33, **window}]
        answer = await caller.post(f"{MANY}/v2", json=asked)
        answers(caller.api, answer, "POST", f"{MANY}/v2")
        assert places(answer) == [["body", 0, "signal_type_moid"]]
        assert await values(caller, key, 132) == []

    async def test_an_unknown_sensor_is_not_found_on_the_path_and_named_in_a_list(
        self, caller: Caller, key: str
    ) -> None:
        for answer in (await put(caller, "7.99", 132, columns([1.0])), await get(caller, "7.99", 132)):
            assert (answer.status_code, answer.json()) == (404, {"detail": "There is no such sensor."})
        good = {**key_of(key), "signal_type_moid": 132, "data": columns([1.0])}
        assert places(await many(caller, [good, {**good, "client_cid": 8}])) == [["body", 1, "sensor_mid"]]
        asked = {**key_of("7.99"), "signal_type_moid": 132, "since": T0, "till": T0 + 1}
        assert places(await caller.post(f"{MANY}/v2", json=[asked])) == [["body", 0, "sensor_mid"]]
        assert await values(caller, key, 132) == []

    @pytest.mark.parametrize("moid", ["x", "1.5", "99999999999999999999"])
    async def test_a_signal_that_is_no_number_is_named(self, caller: Caller, key: str, moid: str) -> None:
        path = f"/api/sensors/{key}/signals/{moid}/data"
        assert places(await caller.get(path, params={"since": 0, "till": 1})) == [["path", "signal_type_moid"]]
        assert places(await caller.put(f"{path}/v2", json={"data": []})) == [["path", "signal_type_moid"]]

    async def test_more_than_ten_thousand_signals_at_once_are_refused(self, caller: Caller, key: str) -> None:
        item = {**key_of(key), "signal_type_moid": 132, "data": []}
        answer = await many(caller, [item] * 10_001)
        assert answer.status_code == 422
        assert (await many(caller, [item] * 10_000)).status_code == 200


class TestUnits:
    @pytest.mark.parametrize(
        ("moid", "unit", "given", "kept"),
        [
            (132, "W.h", 1500.0, 1.5),
            (132, "Wh", 0.1, 0.0001),
            (132, "MW.h", 0.3, 300.0),
            (132, "J", 3_600_000.0, 1.0),
            (132, "kW.h", 0.1, 0.1),
            (210, "degC", 20.0, 293.15),
            (210, "°C", -273.15, 0.0),
            (210, "degF", 32.0, 273.15),
            (202, "l", 1.0, 0.001),
            (60, "W", 7.0, 0.007),
        ],
    )
    async def test_values_are_turned_into_the_unit_of_the_signal(
        self, caller: Caller, key: str, moid: int, unit: str, given: float, kept: float
    ) -> None:
        bounds = {"lower_prediction_bound": [given], "upper_prediction_bound": [None]}
        await wrote(caller, key, moid, {**columns([given]), **bounds}, unit=unit)
        found = await data(caller, key, moid, get_last=True)
        assert (found["value"], found["lower_prediction_bound"]) == ([kept], [kept])

    @pytest.mark.parametrize(("moid", "unit"), [(132, "kW"), (132, "kvar.h"), (60, "V.A"), (210, "l"), (132, "parsec")])
    async def test_a_unit_of_another_quantity_is_refused(self, caller: Caller, key: str, moid: int, unit: str) -> None:
        assert places(await put(caller, key, moid, columns([1.0]), unit=unit)) == [["query", "unit"]]
        item = {**key_of(key), "signal_type_moid": moid, "data": columns([1.0])}
        assert places(await many(caller, [item, {**item, "unit": unit}])) == [["body", 1, "unit"]]
        assert await values(caller, key, moid) == []

    async def test_an_empty_unit_is_the_signals_own(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.5]), unit="")
        assert await values(caller, key, 132) == [1.5]

    async def test_a_value_too_large_for_the_unit_of_the_signal_is_named(self, caller: Caller, key: str) -> None:
        given = {"time": [T0, T0 + 1], "value": [1.0, 1e306]}
        assert places(await put(caller, key, 132, given, unit="MW.h")) == [["body", "data", "value", 1]]
        assert await values(caller, key, 132) == []
