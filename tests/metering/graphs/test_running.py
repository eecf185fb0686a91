"""Runs: from a body to what is written; hostile bodies; a time limit; nothing written on a refusal."""

import asyncio
import importlib
import json
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metering.graphs.graph_memory import HOUR, NOON, QUARTER, MemorySignals

from gridloom.kernel import clock
from gridloom.kernel.errors import Invalid
from gridloom.metering.graphs import library, nodes, running
from gridloom.metering.graphs.data import PlaceSignal, SensorSignal, Window
from gridloom.metering.graphs.faults import MissingValue, TookTooLong, WrongValue
from gridloom.metering.graphs.library import Graph
from gridloom.metering.graphs.runner import InProcess
from gridloom.metering.weather.public import GLOBAL_IRRADIANCE, WIND_SPEED

METER = SensorSignal(1, 7, 32)
ROOF = SensorSignal(1, 8, 34)
WINDOW = Window(NOON, NOON + HOUR)
BODY = {"client_cid": 1, "sensor_mid": 7, "signal_type_moid": 32}
GRAPHS = library.load().graphs


@pytest.fixture
async def runner() -> AsyncIterator[InProcess]:
    made = InProcess()
    yield made
    await made.close()


@pytest.fixture
def store() -> MemorySignals:
    made = MemorySignals()
    made.put(METER, {NOON: 100.0, NOON + HOUR: 102.0})
    return made


async def run(
    graph: Graph, body: Any, store: MemorySignals, runner: InProcess, window: Window = WINDOW, limit_s: float = 20.0
) -> list[running.Propagated]:
    prepared = await running.prepare(graph, body, window, store)
    return await running.conclude(prepared, await runner.run(prepared.plans, limit_s), store)


def graph_of(*chain: dict[str, Any]) -> Graph:
    edges = [{"from": place, "to": place + 1} for place in range(len(chain) - 1)]
    return library.parse("made", json.dumps({"nodes": chain, "edges": edges}).encode())


async def test_a_gap_is_estimated_and_its_readings_are_written(store: MemorySignals, runner: InProcess) -> None:
    (done,) = await run(GRAPHS["estimation"], BODY, store, runner)
    assert store.written == [done.result]
    assert done.result.target == METER
    assert done.result.unit == "kW.h"
    assert done.result.times.tolist() == [NOON + QUARTER, NOON + 2 * QUARTER, NOON + 3 * QUARTER]
    assert done.result.values.tolist() == [100.5, 101.0, 101.5]
    # Nothing was known of the course in between.
    assert list(done.result.uncertain) == [True, True, True]
    assert (done.hook_from, done.hook_to) == ("settle", "write")


async def test_the_course_follows_the_profile_signal(store: MemorySignals, runner: InProcess) -> None:
    shape = SensorSignal(5, 9, 132)
    store.put(shape, {NOON: 3.0, NOON + QUARTER: 1.0, NOON + 2 * QUARTER: 0.0, NOON + 3 * QUARTER: 4.0})
    body = {**BODY, "contractor_id": 5, "profile_sensor_mid": 9, "profile_signal_moid": 132}
    (done,) = await run(GRAPHS["estimation"], body, store, runner)
    assert done.result.values.tolist() == [100.75, 101.0, 101.0]
    assert list(done.result.uncertain) == [False, False, False]


async def test_zone_signals_are_summed_into_one_shape(store: MemorySignals, runner: InProcess) -> None:
    store.put(SensorSignal(1, 7, 132), {NOON: 1.0})
    store.put(SensorSignal(1, 7, 232), {NOON: 0.0, NOON + 2 * QUARTER: 2.0})
    body = {**BODY, "zone_signals_freq_minutes": {"132": 60, "232": 30}}
    (done,) = await run(GRAPHS["estimation"], body, store, runner)
    assert done.result.values.tolist() == [100.25, 100.5, 101.25]


async def test_a_roof_follows_the_weather_of_its_place(store: MemorySignals, runner: InProcess) -> None:
    store.put(ROOF, {NOON: 50.0, NOON + HOUR: 52.0})
    weather = PlaceSignal(50.85, 4.35, GLOBAL_IRRADIANCE.moid)
    store.put(weather, {NOON + step * QUARTER: value for step, value in enumerate([200.0, 400.0, 200.0, 0.0])})
    body = {"client_cid": 1, "sensor_mid": 8, "lat": 50.85, "lon": 4.35, "power": 4}
    (done,) = await run(GRAPHS["pv"], {**body, "zone_signals_freq_minutes": {"602": 15}}, store, runner)
    first, second, third = np.diff([50.0, *done.result.values.tolist()])
    assert second > first > 0.3
    assert second > third > 0.3
    assert done.result.values[-1] == pytest.approx(52.0, abs=1e-5)
    assert {request.source for request in store.reads} == {ROOF, weather}


async def test_a_turbine_follows_the_wind_of_its_place(store: MemorySignals, runner: InProcess) -> None:
    store.put(ROOF, {NOON: 0.0, NOON + HOUR: 30.0})
    store.put(PlaceSignal(50.0, 4.0, WIND_SPEED.moid), {NOON: 30.0, NOON + QUARTER: 8.0, NOON + 2 * QUARTER: 12.0})
    body = {"client_cid": 1, "sensor_mid": 8, "lat": 50.0, "lon": 4.0, "power": 50, "hub_height": 10}
    (done,) = await run(GRAPHS["wind"], body, store, runner)
    share = (8**3 - 27) / (12**3 - 27)
    assert done.result.values.tolist() == pytest.approx([0.0, 30 * share / (share + 2), 30 * (share + 1) / (share + 2)])


async def test_what_misses_the_readings_by_more_than_the_tolerance_is_uncertain(
    store: MemorySignals, runner: InProcess
) -> None:
    store.put(ROOF, {NOON: 0.0, NOON + HOUR: 30.0})
    store.put(PlaceSignal(50.0, 4.0, WIND_SPEED.moid), {NOON: 15.0})
    body = {"client_cid": 1, "sensor_mid": 8, "lat": 50.0, "lon": 4.0, "power": 25, "hub_height": 10}
    (missed,) = await run(GRAPHS["wind"], {**body, "signal_discrepancy_tolerance_kWh": 4.9}, store, runner)
    (met,) = await run(GRAPHS["wind"], {**body, "signal_discrepancy_tolerance_kWh": 5.1}, store, runner)
    assert list(missed.result.uncertain) == [True] * 3
    assert list(met.result.uncertain) == [False] * 3
    assert missed.result.values.tolist() == met.result.values.tolist() == [7.5, 15.0, 22.5]


@pytest.mark.parametrize(
    ("moid", "unit", "values"),
    [(32, "kW.h", [100.5, 101.0, 101.5]), (132, "kW.h", [0.5] * 4), (232, "kW", [2.0] * 4)],
)
async def test_a_signal_gets_readings_amounts_or_powers_as_its_kind_asks(
    store: MemorySignals, runner: InProcess, moid: int, unit: str, values: list[float]
) -> None:
    graph = graph_of(
        {"function": "estimation", "params": BODY}, {"function": "signals", "params": {"signal_type_moid": moid}}
    )
    (done,) = await run(graph, {}, store, runner)
    assert (done.result.unit, done.result.values.tolist()) == (unit, values)


async def test_a_signal_that_was_read_is_propagated_to_another_of_its_kind(
    store: MemorySignals, runner: InProcess
) -> None:
    read = {"function": "signals", "id": "in", "params": {**BODY, "mode": "read"}}
    graph = graph_of(read, {"function": "signals", "id": "out", "params": {"sensor_mid": 9}})
    (done,) = await run(graph, {}, store, runner)
    assert done.result.target == SensorSignal(1, 9, 32)
    assert done.result.values.tolist() == [100.0]
    with pytest.raises(WrongValue, match="takes values of kind interval, not register"):
        await run(
            graph_of(read, {"function": "signals", "id": "out", "params": {"signal_type_moid": 132}}), {}, store, runner
        )
    assert store.written == [done.result]


async def test_a_signal_that_was_read_can_be_the_shape(store: MemorySignals, runner: InProcess) -> None:
    store.put(SensorSignal(2, 2, 132), {NOON: 1.0, NOON + 3 * QUARTER: 1.0})
    read = {"client_cid": 2, "sensor_mid": 2, "signal_type_moid": 132, "mode": "read"}
    graph = graph_of(
        {"function": "signals", "id": "in", "params": read},
        {"function": "estimation", "params": {**BODY, "profile_signal_freq_minutes": 30}},
        {"function": "signals", "id": "out"},
    )
    (done,) = await run(graph, {}, store, runner)
    assert done.result.values.tolist() == pytest.approx([100.5, 101.0, 101.5], abs=1e-6)


async def test_each_object_of_the_body_is_a_run_of_its_own(store: MemorySignals, runner: InProcess) -> None:
    store.put(SensorSignal(1, 8, 32), {NOON: 0.0, NOON + HOUR: 4.0})
    first, second = await run(GRAPHS["estimation"], [BODY, {**BODY, "sensor_mid": 8}], store, runner)
    assert first.result.values.tolist() == [100.5, 101.0, 101.5]
    assert second.result.values.tolist() == [1.0, 2.0, 3.0]
    assert first.signature != second.signature


async def test_the_same_run_has_the_same_signature(store: MemorySignals, runner: InProcess) -> None:
    one = await run(GRAPHS["estimation"], BODY, store, runner)
    two = await run(GRAPHS["estimation"], BODY, store, runner)
    other = await run(GRAPHS["estimation"], BODY, store, runner, Window(NOON, NOON + 1))
    assert one[0].signature == two[0].signature != other[0].signature
    assert len(one[0].signature) == 32


async def test_nothing_to_estimate_writes_no_values(store: MemorySignals, runner: InProcess) -> None:
    (done,) = await run(GRAPHS["estimation"], {**BODY, "sensor_mid": 99}, store, runner)
    assert done.result.times.size == 0


@pytest.mark.parametrize("missing", ["client_cid", "sensor_mid", "signal_type_moid"])
async def test_a_missing_value_is_refused_by_name(store: MemorySignals, runner: InProcess, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    with pytest.raises(MissingValue) as refused:
        await run(GRAPHS["estimation"], [BODY, body], store, runner)
    assert (refused.value.field, refused.value.index) == (missing, 1)
    assert store.written == []
    assert store.reads == []


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "Give an object"),
        (5, "Give an object"),
        ("text", "Give an object"),
        ([], "at least one object"),
        ([BODY, 5], "Give an object"),
        ([[BODY]], "Give an object"),
        ([{}] * 501, "takes 500 objects at once"),
        ({str(place): 0 for place in range(201)}, "at most 200 values"),
        ({**BODY, "params": nested(50)}, "nested more than 8 deep"),
        ({**BODY, "client_cid": "one"}, "Expected `int`, got `str`"),
        ({**BODY, "client_cid": None}, "Expected `int`, got `null`"),
        ({**BODY, "client_cid": 1.5}, "Expected `int`, got `float`"),
        ({**BODY, "client_cid": -1}, "`int` >= 0"),
        ({**BODY, "client_cid": 10**30}, "client_cid"),
        ({**BODY, "client_cid": True}, "Expected `int`, got `bool`"),
        ({**BODY, "client_cid": {}}, "Expected `int`, got `object`"),
        ({**BODY, "freq_minutes": 0}, "`int` >= 1"),
        ({**BODY, "lat": 91}, "`float` <= 90"),
        ({**BODY, "params": {"type": "PV", "power": 1}}, "a plant needs lat and lon"),
        ({**BODY, "params": {"type": "PV", "power": 1e300}}, "`float` <= 1"),
        ({**BODY, "zone_signals_freq_minutes": {str(moid): 1 for moid in range(17)}}, "length <= 16"),
        ({**BODY, "signal_type_moid": 31}, "There is no signal 31"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_and_nothing_is_written(
    store: MemorySignals, runner: InProcess, body: Any, said: str
) -> None:
    with pytest.raises(WrongValue, match=said):
        await run(GRAPHS["estimation"], body, store, runner)
    assert store.written == []


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from([*BODY, "lat", "params", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(anything)
async def test_whatever_the_body_is_it_is_run_or_refused(store: MemorySignals, runner: InProcess, body: Any) -> None:
    try:
        done = await run(GRAPHS["estimation"], body, store, runner)
    except Invalid as fault:
        done = []
        refused = fault.message
    else:
        refused = ""
    assert bool(done) != bool(refused)


async def test_a_target_that_may_not_be_written_is_refused_before_anything_is_read(
    store: MemorySignals, runner: InProcess
) -> None:
    store.forbidden.add(7)
    with pytest.raises(WrongValue, match=r"sensor 1\.7"):
        await run(GRAPHS["estimation"], BODY, store, runner)
    assert store.reads == []


async def test_a_run_of_too_many_steps_is_refused(store: MemorySignals, runner: InProcess) -> None:
    store.put(METER, {NOON + 300 * 24 * HOUR: 200.0})
    with pytest.raises(WrongValue, match="200,000 steps"):
        await run(GRAPHS["estimation"], {**BODY, "freq_minutes": 1}, store, runner, Window(NOON, NOON + 2 * HOUR))
    assert store.written == []


async def test_many_objects_together_are_refused_when_they_ask_for_too_much(
    store: MemorySignals, runner: InProcess
) -> None:
    window = Window(NOON, NOON + 200 * 24 * HOUR)
    with pytest.raises(WrongValue, match="asks for 2,016,000"):
        await run(GRAPHS["estimation"], [{**BODY, "freq_minutes": 1}] * 7, store, runner, window)
    assert store.reads == []


async def test_series_that_are_too_long_are_refused(
    store: MemorySignals, runner: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(METER, {NOON + step * 1000: 100.0 for step in range(51)})
    monkeypatch.setattr(running, "MAX_VALUES", 50)
    with pytest.raises(WrongValue, match="hold more than 50 values"):
        await run(GRAPHS["estimation"], BODY, store, runner)


async def test_volumes_are_estimated_as_they_are_and_never_become_powers(
    store: MemorySignals, runner: InProcess
) -> None:
    store.put(SensorSignal(1, 7, 65), {NOON: 1.0, NOON + HOUR: 3.0})
    water = {"function": "estimation", "params": {**BODY, "signal_type_moid": 65}}
    (done,) = await run(graph_of(water, {"function": "signals"}), {}, store, runner)
    assert (done.result.unit, done.result.values.tolist()) == ("m3", [1.5, 2.0, 2.5])
    with pytest.raises(WrongValue, match="takes powers, and m3 makes none"):
        await run(graph_of(water, {"function": "signals", "params": {"signal_type_moid": 232}}), {}, store, runner)


def test_a_window_ends_now_and_lasts_a_day_unless_it_is_given() -> None:
    with clock.at(datetime(2026, 3, 27, 10, tzinfo=UTC)):
        assert running.window_of(None, None) == Window(NOON - 24 * HOUR, NOON)
        assert running.window_of(None, NOON + HOUR) == Window(NOON - 23 * HOUR, NOON + HOUR)
        assert running.window_of(5, 5) == Window(5, 5)


@pytest.mark.parametrize(
    ("since", "till", "field"),
    [(2, 1, "since"), (-1, 1, "since"), (0, 10**18, "till"), (0, 401 * 24 * HOUR, "till"), (10**18, None, "since")],
)
def test_a_window_that_is_none_is_refused_by_name(since: int, till: int | None, field: str) -> None:
    with pytest.raises(WrongValue) as refused:
        running.window_of(since, till)
    assert refused.value.errors[0].path == (field,)
    assert refused.value.errors[0].where == "query"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Makes every estimation wait 0.3 s; lists the threads it waited in."""
    # What is imported on first use shall not count into the time limits.
    importlib.import_module("dask.base")
    importlib.import_module("dask.delayed")
    waited: list[str] = []
    real = nodes.FUNCTIONS["estimation"]

    def compute(*given: Any) -> Any:
        waited.append(threading.current_thread().name)
        time.sleep(0.3)
        return real.compute(*given)

    monkeypatch.setattr(
        "gridloom.metering.graphs.runner.FUNCTIONS", {**nodes.FUNCTIONS, "estimation": real._replace(compute=compute)}
    )
    return waited


async def test_a_run_beyond_its_time_limit_is_given_up_and_writes_nothing(
    store: MemorySignals, runner: InProcess, slow: list[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(TookTooLong) as given_up:
        await run(GRAPHS["estimation"], [BODY] * 50, store, runner, limit_s=0.1)
    # Fifty times 0.3 s would be fifteen.
    assert time.monotonic() - began < 5
    assert given_up.value.status == 503
    await asyncio.sleep(0.5)
    assert store.written == []
    # The node that was running finished; no other one began.
    assert len(slow) <= 1


async def test_the_event_loop_is_free_while_a_graph_runs(
    store: MemorySignals, runner: InProcess, slow: list[str]
) -> None:
    running_graph = asyncio.create_task(run(GRAPHS["estimation"], BODY, store, runner))
    turns = 0
    while not running_graph.done():
        await asyncio.sleep(0.01)
        turns += 1
    await running_graph
    assert turns > 10
    assert slow[0].startswith("graphs")


async def test_a_run_that_finds_no_free_thread_is_given_up_too(store: MemorySignals, slow: list[str]) -> None:
    narrow = InProcess(threads=1)
    long = asyncio.create_task(run(GRAPHS["estimation"], [BODY] * 2, store, narrow))
    await asyncio.sleep(0.05)
    with pytest.raises(TookTooLong):
        await run(GRAPHS["estimation"], BODY, store, narrow, limit_s=0.1)
    assert len(await long) == 2
    assert len(store.written) == 2
    await narrow.close()


async def test_a_node_that_fails_fails_the_whole_run(
    store: MemorySignals, runner: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(*_: Any) -> Any:
        raise ZeroDivisionError("a node broke")

    broken = nodes.FUNCTIONS["post_estimation"]._replace(compute=compute)
    monkeypatch.setattr("gridloom.metering.graphs.runner.FUNCTIONS", {**nodes.FUNCTIONS, "post_estimation": broken})
    with pytest.raises(ZeroDivisionError, match="a node broke"):
        await run(GRAPHS["estimation"], BODY, store, runner)
    assert store.written == []
