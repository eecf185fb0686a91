"""Filling gaps: energy is conserved to the last digit, shapes are nowhere negative, nothing is made up."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.metering.graphs.graph_memory import HOUR, NOON, QUARTER, signal

from gridloom.metering.graphs import estimation, profiles
from gridloom.metering.graphs.data import Estimate, Gap, SensorSignal, Times, Window
from gridloom.metering.graphs.exact import distribute
from gridloom.metering.graphs.faults import WrongValue
from gridloom.metering.graphs.profiles import Profile

SENSOR = SensorSignal(1, 1, 32)
readings = st.decimals(0, 10**7, places=3).map(float)
fine_readings = st.decimals(0, 10**5, places=9).map(float)
shapes = st.lists(st.one_of(st.just(0.0), st.floats(0, 1e300)), min_size=1, max_size=60).map(np.array)


def exactly(value: float) -> Decimal:
    return Decimal(repr(value))


@settings(deadline=None)
@given(st.one_of(st.tuples(readings, readings), st.tuples(fine_readings, fine_readings)), shapes)
def test_the_parts_of_a_difference_add_up_to_it_to_the_last_digit(pair: tuple[float, float], shape: np.ndarray) -> None:
    start, end = sorted(pair)
    divided = distribute(start, end, shape)
    assert divided is not None
    amounts, registers = divided
    assert sum(map(exactly, amounts.tolist()), Decimal(0)) == exactly(end) - exactly(start)
    assert registers[-1] == end


@settings(deadline=None)
@given(readings, readings, shapes)
def test_a_divided_register_never_runs_backwards_and_stays_between_its_ends(
    a: float, b: float, shape: np.ndarray
) -> None:
    start, end = sorted((a, b))
    divided = distribute(start, end, shape)
    assert divided is not None
    amounts, registers = divided
    assert (amounts >= 0).all()
    assert (np.diff(np.concatenate([[start], registers])) >= 0).all()
    assert (registers <= end).all()


@settings(deadline=None)
@given(readings, st.lists(st.floats(0.001, 1000), min_size=1, max_size=40))
def test_parts_follow_their_shape_to_the_millionth(total: float, weights: list[float]) -> None:
    divided = distribute(0.0, total, np.array(weights))
    assert divided is not None
    whole = sum(map(Fraction, weights))
    for amount, weight in zip(divided[0].tolist(), weights, strict=True):
        assert abs(Fraction(amount) - Fraction(total) * Fraction(weight) / whole) <= Fraction(3, 10**6)


def test_a_shape_of_nothing_divides_equally() -> None:
    divided = distribute(10.0, 12.0, np.zeros(4))
    assert divided is not None
    assert divided[0].tolist() == [0.5, 0.5, 0.5, 0.5]
    assert divided[1].tolist() == [10.5, 11.0, 11.5, 12.0]


@pytest.mark.parametrize(("start", "end"), [(5.0, 4.0), (np.nan, 4.0), (0.0, np.inf), (0.0, 1e300)])
def test_a_register_that_ran_backwards_or_is_no_number_is_not_divided(start: float, end: float) -> None:
    assert distribute(start, end, np.ones(3)) is None


def flat(edges: Times) -> Profile:
    return Profile(np.ones(edges.size - 1), absolute=False, certain=True)


def test_the_gap_between_two_readings_is_filled_at_each_step_between_them() -> None:
    known = signal({NOON: 100.0, NOON + HOUR: 102.0})
    (gap,) = estimation.estimate(known, Window(NOON, NOON + HOUR), QUARTER, flat)
    made = Estimate(SENSOR, "kW.h", Window(NOON, NOON + HOUR), (gap,))
    times, values, uncertain = estimation.registers(made)
    assert times.tolist() == [NOON + QUARTER, NOON + 2 * QUARTER, NOON + 3 * QUARTER]
    assert values.tolist() == [100.5, 101.0, 101.5]
    assert uncertain == [False, False, False]
    times, values, _ = estimation.amounts(made)
    assert times.tolist() == [NOON, NOON + QUARTER, NOON + 2 * QUARTER, NOON + 3 * QUARTER]
    assert values.tolist() == [0.5, 0.5, 0.5, 0.5]
    _, values, _ = estimation.powers(made)
    assert values.tolist() == [2.0, 2.0, 2.0, 2.0]


def test_readings_that_follow_each_other_step_by_step_leave_no_gap() -> None:
    known = signal({NOON + step * QUARTER: 100.0 + step for step in range(5)})
    assert estimation.estimate(known, Window(NOON, NOON + HOUR), QUARTER, flat) == ()


def test_readings_off_the_grid_are_filled_on_the_grid() -> None:
    known = signal({NOON + 60_000: 10.0, NOON + 2 * QUARTER - 60_000: 11.0})
    (gap,) = estimation.estimate(known, Window(NOON, NOON + 2 * QUARTER - 60_000), QUARTER, flat)
    assert gap.edges.tolist() == [NOON + 60_000, NOON + QUARTER, NOON + 2 * QUARTER - 60_000]


def test_a_gap_across_the_windows_end_is_divided_whole_and_reported_inside_only() -> None:
    known = signal({NOON: 0.0, NOON + 4 * HOUR: 16.0})
    window = Window(NOON + HOUR, NOON + 2 * HOUR)
    gaps = estimation.estimate(known, window, QUARTER, flat)
    times, values, _ = estimation.registers(Estimate(SENSOR, "kW.h", window, gaps))
    assert times.tolist() == [NOON + HOUR + step * QUARTER for step in range(4)]
    assert values.tolist() == [4.0, 5.0, 6.0, 7.0]
    assert estimation.reach(estimation.stretches(known, window, QUARTER), window) == Window(NOON, NOON + 4 * HOUR)


def test_a_register_that_ran_backwards_is_left_alone() -> None:
    known = signal({NOON: 5.0, NOON + HOUR: 1.0})
    assert estimation.estimate(known, Window(NOON, NOON + HOUR), QUARTER, flat) == ()


def test_after_the_last_reading_a_mere_shape_says_nothing() -> None:
    known = signal({NOON: 5.0})
    assert estimation.estimate(known, Window(NOON, NOON + HOUR), QUARTER, flat) == ()


def test_after_the_last_reading_an_amount_goes_on_from_it_and_is_uncertain() -> None:
    known = signal({NOON: 5.0})
    window = Window(NOON, NOON + 2 * QUARTER)
    gaps = estimation.estimate(
        known, window, QUARTER, lambda edges: Profile(np.full(edges.size - 1, 0.25), absolute=True, certain=True)
    )
    times, values, uncertain = estimation.registers(Estimate(SENSOR, "kW.h", window, gaps))
    assert times.tolist() == [NOON + QUARTER]
    assert values.tolist() == [5.25]
    assert uncertain == [True]


def test_without_any_reading_there_are_amounts_but_no_register() -> None:
    window = Window(NOON, NOON + 2 * QUARTER)
    gaps = estimation.estimate(
        signal({}), window, QUARTER, lambda edges: Profile(np.full(edges.size - 1, 0.25), absolute=True, certain=True)
    )
    made = Estimate(SENSOR, "kW.h", window, gaps)
    assert estimation.registers(made)[0].size == 0
    assert estimation.amounts(made)[1].tolist() == [0.25, 0.25]


def test_missing_amounts_are_filled_one_run_at_a_time() -> None:
    known = signal({NOON: 1.0, NOON + 3 * QUARTER: 1.0}, kind="interval")
    window = Window(NOON, NOON + 5 * QUARTER)
    gaps = estimation.estimate(
        known, window, QUARTER, lambda edges: Profile(np.full(edges.size - 1, 0.5), absolute=True, certain=True)
    )
    assert [gap.edges.tolist() for gap in gaps] == [
        [NOON + QUARTER, NOON + 2 * QUARTER, NOON + 3 * QUARTER],
        [NOON + 4 * QUARTER, NOON + 5 * QUARTER],
    ]


def test_a_gap_of_centuries_is_refused_before_it_is_filled() -> None:
    known = signal({0: 1.0, 10**14: 2.0})
    with pytest.raises(WrongValue, match="200,000"):
        estimation.stretches(known, Window(NOON, NOON + HOUR), 60_000)


def gap_of(expected: float | None, start: float, end: float, energies: list[float]) -> Gap:
    edges = NOON + QUARTER * np.arange(len(energies) + 1)
    return Gap(edges, np.array(energies), np.cumsum(energies) + start, start, end, expected, uncertain=False)


def settled(gap: Gap, tolerance: float) -> Gap:
    return estimation.settle(Estimate(SENSOR, "kW.h", Window(0, 1), (gap,)), tolerance).gaps[0]


def test_settling_scales_to_the_readings() -> None:
    gap = settled(gap_of(3.0, 10.0, 14.0, [1.0, 2.0, 0.0]), tolerance=1.0)
    assert gap.energies.tolist() == [1.333333, 2.666667, 0.0]
    assert gap.registers is not None
    assert gap.registers.tolist() == [11.333333, 14.0, 14.0]
    assert gap.uncertain is False


def test_settling_marks_what_missed_the_readings_by_more_than_the_tolerance() -> None:
    gap = settled(gap_of(3.0, 10.0, 14.0, [1.0, 2.0, 0.0]), tolerance=0.999)
    assert gap.energies.sum() == 4.0
    assert gap.uncertain is True


def test_settling_a_mere_shape_has_nothing_to_miss() -> None:
    assert settled(gap_of(None, 10.0, 14.0, [1.0, 2.0, 0.0]), tolerance=0.0).uncertain is False


@settings(deadline=None)
@given(readings, readings, shapes, st.floats(0, 100))
def test_settling_conserves_energy_whatever_it_is_given(
    a: float, b: float, shape: np.ndarray, tolerance: float
) -> None:
    start, end = sorted((a, b))
    energies = np.minimum(shape, 1e9)
    edges = NOON + QUARTER * np.arange(energies.size + 1)
    gap = settled(Gap(edges, energies, None, start, end, float(energies.sum()), uncertain=False), tolerance)
    assert sum(map(exactly, gap.energies.tolist()), Decimal(0)) == exactly(end) - exactly(start)
    assert gap.uncertain == (abs(float(energies.sum()) - (end - start)) > tolerance)


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(-20, 20), st.floats(-10, 10), max_size=20),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_a_held_series_lies_between_its_values_and_is_unknown_where_they_ended(
    steps: dict[int, float], hold_steps: int, count: int
) -> None:
    series = signal({NOON + step * QUARTER: value for step, value in steps.items()})
    edges = NOON + QUARTER * np.arange(count + 1)
    means = profiles.held(series.times, series.values, hold_steps * QUARTER, edges)
    for place, mean in enumerate(means.tolist()):
        holding = [steps[step] for step in range(place, place - hold_steps, -1) if step in steps]
        if holding:
            assert mean == pytest.approx(holding[0], abs=1e-6)
        else:
            assert np.isnan(mean)


def test_a_shorter_series_is_averaged_by_time() -> None:
    series = signal({NOON: 1.0, NOON + 300_000: 4.0})
    means = profiles.held(series.times, series.values, QUARTER, np.array([NOON, NOON + QUARTER]))
    assert means.tolist() == pytest.approx([3.0])


def test_a_register_gives_the_power_between_its_readings() -> None:
    series = signal({NOON: 1.0, NOON + HOUR: 3.0, NOON + 2 * HOUR: 3.5})
    means = profiles.of_register(series.times, series.values, HOUR, NOON + 2 * QUARTER * np.arange(5))
    assert means.tolist() == pytest.approx([2.0, 2.0, 0.5, 0.5])


@settings(deadline=None)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(-5, 5)), min_size=1, max_size=20))
def test_a_signals_shape_is_nowhere_negative_or_unknown(means: list[float]) -> None:
    edges = NOON + QUARTER * np.arange(len(means) + 1)
    profile = profiles.of_signal(np.array(means), edges)
    assert (profile.values >= 0).all()
    assert profile.certain == (not np.isnan(means).any())


def test_where_a_signal_is_unknown_the_mean_of_the_known_stands() -> None:
    edges = NOON + QUARTER * np.arange(4)
    profile = profiles.of_signal(np.array([1.0, np.nan, 3.0]), edges)
    assert profile.values.tolist() == [0.25, 0.5, 0.75]
    assert profile.certain is False


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(0, 49))
def test_an_estimate_of_a_known_shape_gives_each_step_its_share(count: int, place: int) -> None:
    assume(place < count)
    known = signal({NOON: 0.0, NOON + count * QUARTER: 7.0})
    weights = np.zeros(count)
    weights[place] = 1.0
    gaps = estimation.estimate(
        known,
        Window(NOON, NOON + count * QUARTER),
        QUARTER,
        lambda edges: Profile(weights, absolute=False, certain=True),
    )
    assert sum(float(gap.energies.sum()) for gap in gaps) == (7.0 if count > 1 else 0.0)
    assert all(gap.energies[place] == 7.0 for gap in gaps)
