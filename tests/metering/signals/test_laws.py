"""What always holds, whatever is written: nothing changes on the way, sums are exact, meters lose and invent nothing."""

from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metering.calls import HOUR, STEP, T0, data, sensor, signal_state, state, wrote
from tests.suites.client import Caller, Callers

AGAINST_THE_DATABASE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.integers(1_767_225_600_000, 1_785_000_000_000)
COLUMNS = ("time", "value", "origin", "lower_prediction_bound", "upper_prediction_bound", "original_acq", "com")
TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


def decimals(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    """Numbers as meters give them."""
    most = 10**digits - 1
    return st.integers(0, most).map(lambda number: Decimal(number).scaleb(-places))


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


@AGAINST_THE_DATABASE
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "time": TIMES,
                "value": FLOATS,
                "origin": st.integers(1, 5),
                "lower_prediction_bound": st.none() | FLOATS,
                "upper_prediction_bound": st.none() | FLOATS,
                "original_acq": st.none() | st.integers(0, 253_402_300_799_999),
                "com": TEXTS,
            }
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda row: (row["time"], row["origin"]),
    ),
    in_columns=st.booleans(),
)
async def test_what_is_written_is_read_back_bit_for_bit(
    caller: Caller, rows: list[dict[str, Any]], in_columns: bool
) -> None:
    key = await sensor(caller)
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    await wrote(caller, key, 132, columns if in_columns else rows)
    window = {"since": 0, "till": 2_000_000_000_000}
    for more in ({"get_last": True}, {"raw": True}, {}):
        found = await data(caller, key, 132, **window, **more)
        count = len(found["time"])
        got = [tuple(found[name][place] if name in found else None for name in columns) for place in range(count)]
        expected = [tuple(row[name] for name in columns) for row in sorted(rows, key=itemgetter("time", "origin"))]
        assert repr(got) == repr(expected)


@AGAINST_THE_DATABASE
@given(
    amounts=st.lists(st.tuples(st.integers(0, 400), decimals(9, 3)), min_size=1, max_size=60, unique_by=lambda a: a[0]),
    minutes=st.sampled_from([15, 30, 60, 45, 90, 1440, 7]),
)
async def test_the_sum_of_a_bucket_is_the_exact_sum_of_its_amounts(
    caller: Caller, amounts: list[tuple[int, Decimal]], minutes: int
) -> None:
    key = await sensor(caller)
    times = [T0 + place * STEP for place, _ in amounts]
    await wrote(caller, key, 132, {"time": times, "value": [float(value) for _, value in amounts]})
    length = minutes * 60_000
    expected: dict[int, Decimal] = {}
    for time, (_, value) in zip(times, amounts, strict=True):
        begin = time // length * length
        expected[begin] = expected.get(begin, Decimal()) + value
    found = await data(caller, key, 132, since=T0, till=T0 + 401 * STEP, delta_t=minutes)
    assert dict(zip(found["time"], found["value"], strict=True)) == {t: float(v) for t, v in expected.items()}
    assert sum((Decimal(repr(each)) for each in found["value"]), Decimal()) == sum(
        (value for _, value in amounts), Decimal()
    )


class Meters:
    """Meters that follow one another at one sensor, each with readings of its own register."""

    def __init__(self, counted: list[list[Decimal]], starts: list[Decimal], factors: list[int]) -> None:
        self.counted = counted
        self.starts = starts
        self.factors = factors

    def __repr__(self) -> str:
        return f"Meters({self.counted}, {self.starts}, {self.factors})"

    @property
    def energy(self) -> list[Decimal]:
        """What was counted in each hour, from the first reading on: the truth, known without any register."""
        return [amount * factor for hours, factor in zip(self.counted, self.factors, strict=True) for amount in hours]

    async def hang(self, caller: Caller) -> str:
        """A sensor with their states; at each hour one reading, and at each change one of the meter that comes."""
        key = await sensor(caller)
        hour, times, readings = 0, [T0], [float(self.starts[0])]
        for place, (hours, start, factor) in enumerate(zip(self.counted, self.starts, self.factors, strict=True)):
            begin, register = hour, start
            for amount in hours:
                hour, register = hour + 1, register + amount
                times.append(T0 + hour * HOUR)
                readings.append(float(register))
            is_last = place == len(self.counted) - 1
            if not is_last:
                readings[-1] = float(self.starts[place + 1])
            since = {} if place == 0 else {"since": T0 + begin * HOUR}
            till = {} if is_last else {"till": T0 + hour * HOUR}
            made = await state(caller, key, info=f'{{"multiplier": {factor}}}', **since, **till)
            ends = {"value_for_since": float(start), "value_for_till": float(register)}
            await signal_state(caller, made["sensor_state_id"], 32, **ends)
        await wrote(caller, key, 32, {"time": times, "value": readings})
        return key


METERS = st.lists(
    st.tuples(st.lists(decimals(6, 3), min_size=1, max_size=6), decimals(8, 3), st.integers(1, 60)),
    min_size=1,
    max_size=5,
).map(lambda parts: Meters([p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts]))


@AGAINST_THE_DATABASE
@given(meters=METERS)
async def test_changes_of_meters_neither_lose_nor_invent_energy(caller: Caller, meters: Meters) -> None:
    key = await meters.hang(caller)
    energy = meters.energy
    window = {"since": T0, "till": T0 + (len(energy) + 1) * HOUR}
    hourly = await data(caller, key, 32, delta_t=60, **window)
    assert hourly["time"] == [T0 + n * HOUR for n in range(len(energy))]
    assert [Decimal(repr(each)) for each in hourly["value"]] == energy
    whole = await data(caller, key, 32, delta_t=5_256_000, **window)
    assert [Decimal(repr(each)) for each in whole["value"]] == [sum(energy, Decimal())]
    count = await data(caller, key, 32, get_last=True, **window)
    assert [Decimal(repr(each)) for each in count["value"]] == [
        sum(energy[:n], Decimal()) for n in range(len(energy) + 1)
    ]


@AGAINST_THE_DATABASE
@given(
    values=st.lists(decimals(9, 4), min_size=1, max_size=20),
    over=st.integers(1, 10_000),
    under=st.integers(1, 999),
)
async def test_a_ratio_is_applied_exactly_and_rounded_once(
    caller: Caller, values: list[Decimal], over: int, under: int
) -> None:
    key = await sensor(caller, info=f'{{"current_ratio": "{over}/{under}"}}')
    times = [T0 + n * STEP for n in range(len(values))]
    await wrote(caller, key, 60, {"time": times, "value": [float(value) for value in values]})
    found = await data(caller, key, 60, since=T0, till=T0 + 20 * STEP, get_last=True)
    exact = [Fraction(value) * over / under for value in values]
    assert found["value"] == [each.numerator / each.denominator for each in exact]
