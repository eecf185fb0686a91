"""What a count is worth, over HTTP: multipliers and ratios of the meter of the time, else of the sensor."""

import json
from typing import Any

import pytest
from tests.metering.calls import HOUR, MANY, STEP, T0, columns, data, key_of, sensor, signal_state, state, values, wrote
from tests.suites.client import Caller, Callers

from gridloom.kernel.units import unit

AMOUNTS = (*range(132, 147, 2), *range(148, 155, 2))
"""Energies at the point, which nobody multiplies once more."""


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


@pytest.mark.parametrize(
    ("moid", "info", "factor"),
    [
        (32, {"multiplier": 40}, 40),
        (34, {"current_ratio": "200/5"}, 40),
        (46, {"current_ratio": "200/5", "voltage_ratio": "10000/100", "multiplier": 2}, 8000),
        (32, {"multiplier": "1.5", "other": "ignored"}, 1.5),
        *((moid, {"multiplier": 40, "current_ratio": 4, "voltage_ratio": 5}, 1) for moid in AMOUNTS),
        (56, {"multiplier": 3, "current_ratio": "200/5", "voltage_ratio": 100}, 40),
        (53, {"multiplier": 3, "current_ratio": "200/5", "voltage_ratio": 100}, 100),
        (60, {"multiplier": 3, "current_ratio": 4, "voltage_ratio": 5}, 20),
        (103, {"multiplier": 3, "current_ratio": 4, "voltage_ratio": 5}, 1),
        (202, {"multiplier": 10, "current_ratio": 4}, 10),
        (210, {"multiplier": 10}, 1),
    ],
)
async def test_the_factors_that_the_signal_takes_are_multiplied(
    caller: Caller, moid: int, info: dict[str, Any], factor: float
) -> None:
    key = await sensor(caller, info=json.dumps(info))
    await wrote(caller, key, moid, columns([1.5, 2.5]))
    expected = [1.5 * factor, 2.5 * factor]
    assert await values(caller, key, moid) == expected
    assert await values(caller, key, moid, apply_multiplier=True) == expected
    assert await values(caller, key, moid, apply_multiplier=False) == [1.5, 2.5]
    assert await values(caller, key, moid, raw=True) == [1.5, 2.5]
    asked = {**key_of(key), "signal_type_moid": moid, "since": T0, "till": T0 + HOUR}
    many = await caller.post(f"{MANY}/v2", json=[asked, {**asked, "apply_multiplier": False}])
    assert [each["data"]["value"] for each in many.json()] == [expected, [1.5, 2.5]]


async def test_the_meter_of_the_time_has_its_own_factors_before_the_sensors(caller: Caller) -> None:
    key = await sensor(caller, info='{"current_ratio": "200/5", "voltage_ratio": 2}')
    await state(caller, key, since=T0 + HOUR, till=T0 + 2 * HOUR, info='{"current_ratio": "100/5"}')
    await state(caller, key, since=T0 + 2 * HOUR, till=T0 + 3 * HOUR, info='{"voltage_ratio": 1}')
    await wrote(caller, key, 60, columns([1.0, 1.0, 1.0, 1.0, 1.0], step=HOUR))
    assert await values(caller, key, 60) == [80.0, 40.0, 40.0, 80.0, 80.0]
    assert await values(caller, key, 60, apply_multiplier=False) == [1.0] * 5
    assert await values(caller, key, 60, delta_t=180) == [160 / 3, 80.0]
    await wrote(caller, key, 132, columns([1.0, 1.0, 1.0, 1.0, 1.0], step=HOUR))
    assert await values(caller, key, 132) == [1.0] * 5
    assert await values(caller, key, 132, delta_t=180) == [3.0, 2.0]


async def test_bounds_are_worth_as_much_as_their_values(caller: Caller) -> None:
    key = await sensor(caller, info='{"current_ratio": 40}')
    await state(caller, key, since=T0 + STEP, info='{"current_ratio": 2}')
    bounds = {"lower_prediction_bound": [0.5, None], "upper_prediction_bound": [1.5, 3.0]}
    await wrote(caller, key, 60, {**columns([1.0, 2.0]), **bounds})
    found = await data(caller, key, 60, get_last=True)
    assert found["value"] == [40.0, 4.0]
    assert found["lower_prediction_bound"] == [20.0, None]
    assert found["upper_prediction_bound"] == [60.0, 6.0]
    in_watts = await data(caller, key, 60, output_unit_id=unit("W").id)
    assert in_watts["lower_prediction_bound"] == [20_000.0, None]
    raw = await data(caller, key, 60, raw=True)
    assert (raw["lower_prediction_bound"], raw["upper_prediction_bound"]) == ([0.5, None], [1.5, 3.0])


async def test_bounds_of_a_register_are_freed_of_the_jump_of_a_meter_change_too(caller: Caller) -> None:
    key = await sensor(caller)
    old, new = await state(caller, key, till=T0 + HOUR), await state(caller, key, since=T0 + HOUR)
    for made, ends in ((old, {"value_for_since": 90, "value_for_till": 100}), (new, {"value_for_since": 3})):
        await signal_state(caller, made["sensor_state_id"], 32, **ends)
    bounds = {"lower_prediction_bound": [94.0, 3.5], "upper_prediction_bound": [96.0, 4.5]}
    await wrote(caller, key, 32, {**columns([95.0, 4.0], step=HOUR), **bounds})
    found = await data(caller, key, 32, get_last=True)
    assert found["value"] == [5.0, 11.0]
    assert found["lower_prediction_bound"] == [4.0, 10.5]
    assert found["upper_prediction_bound"] == [6.0, 11.5]


async def test_a_sensors_info_may_be_anything_else(caller: Caller) -> None:
    for info in ("[1]", '"text"', "null", '{"multiplier": null}', ""):
        key = await sensor(caller, info=info)
        await wrote(caller, key, 132, columns([1.5]))
        assert await values(caller, key, 132) == [1.5]
