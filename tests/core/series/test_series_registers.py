"""Counters, changes of the meter, and what a count is worth."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.series.series_kit import QUARTER_MS, ms, quarters
from tests.core.series.series_strategies import (
    BRUSSELS,
    HOUR_MS,
    ZONES,
    grids,
    of,
    series,
    written,
)

from gridloom.core.series.public import (
    Calendar,
    FixedStep,
    OverlappingPeriods,
    Period,
    Samples,
    WrongRatio,
    WrongWindow,
    amounts,
    continuous,
    factor_of,
    mean_power,
    ordered,
    ratio,
    resample,
    scaled,
    total,
)


class TestRegisters:
    def test_what_was_counted_lies_between_the_readings_at_the_ends(self) -> None:
        samples = of(quarters(0, 9), [10.0, 10.1, 10.3, 10.6, 11.0, 11.0, 11.0, 11.5, 12.3])
        hours = amounts(samples, FixedStep(60), 0, 2 * HOUR_MS)
        assert (hours.time_ms.tolist(), hours.value.tolist()) == ([0, HOUR_MS], [1.0, 1.3])
        assert mean_power(hours, FixedStep(60)).value.tolist() == [1.0, 1.3]
        quarter = amounts(samples, FixedStep(15), 0, HOUR_MS)
        assert mean_power(quarter, FixedStep(15)).value.tolist() == [0.4, 0.8, 1.2, 1.6]

    def test_the_last_reading_before_a_boundary_stands_for_a_missing_one(self) -> None:
        samples = of([-60_000, 3 * QUARTER_MS, HOUR_MS + QUARTER_MS, 3 * HOUR_MS], [5.0, 6.5, 9.0, 9.0])
        hours = amounts(samples, FixedStep(60), 0, 3 * HOUR_MS)
        assert (hours.time_ms.tolist(), hours.value.tolist()) == ([0, HOUR_MS, 2 * HOUR_MS], [1.5, 2.5, 0.0])

    def test_a_bucket_that_was_not_read_again_is_left_out(self) -> None:
        hours = amounts(of([0, 3 * HOUR_MS], [1.0, 4.0]), FixedStep(60), 0, 4 * HOUR_MS)
        assert (hours.time_ms.tolist(), hours.value.tolist()) == ([2 * HOUR_MS], [3.0])
        assert amounts(of([0], [1.0]), FixedStep(60), 0, HOUR_MS).time_ms.tolist() == []
        assert amounts(of([], []), FixedStep(60), 0, HOUR_MS).time_ms.tolist() == []

    def test_a_register_keeps_its_last_reading_of_a_bucket(self) -> None:
        days = resample(of(quarters(0, 97), list(np.arange(97) / 10)), FixedStep(1440), "register")
        assert days.value.tolist() == [9.5, 9.6]

    def test_a_register_that_starts_again_is_left_alone(self) -> None:
        hours = amounts(of([0, HOUR_MS, 2 * HOUR_MS], [99999.5, 0.5, 1.0]), FixedStep(60), 0, 2 * HOUR_MS)
        assert hours.value.tolist() == [-99999.0, 0.5]

    @given(samples=series(written, least=2), grid=grids)
    def test_amounts_add_up_to_the_last_reading_less_the_first(
        self, samples: Samples, grid: FixedStep | Calendar
    ) -> None:
        first, last = int(samples.time_ms[0]), int(samples.time_ms[-1])
        values = samples.value.tolist()
        counted = amounts(samples, grid, first, last)
        assert total(counted.value) == float(Decimal(repr(values[-1])) - Decimal(repr(values[0])))

    @given(samples=series(written, least=2), zone=st.sampled_from(ZONES))
    def test_hours_of_a_register_add_up_to_its_days(self, samples: Samples, zone: str) -> None:
        first, last = int(samples.time_ms[0]), int(samples.time_ms[-1])
        hours = amounts(samples, Calendar("hour", zone), first, last)
        days = amounts(samples, Calendar("day", zone), first, last)
        again = resample(hours, Calendar("day", zone), "interval")
        assert again.time_ms.tolist() == days.time_ms.tolist()
        assert again.value.tolist() == days.value.tolist()

    def test_power_over_a_day_of_23_hours_knows_how_long_it_was(self) -> None:
        day = Calendar("day", BRUSSELS)
        counted = of([ms("2026-03-29T00:00+01:00")], [46.0])
        assert mean_power(counted, day).value.tolist() == [2.0]
        assert mean_power(of([], []), day).value.tolist() == []


class TestMeterChanges:
    def test_the_count_goes_on_over_a_change_of_the_meter(self) -> None:
        old, new = Period(None, 1000, 100.0, 250.5), Period(1000, None, 7.0, None)
        samples = of([0, 500, 999, 1000, 1500], [100.0, 200.0, 250.0, 7.0, 17.25])
        assert continuous(samples, ordered([new, old])).value.tolist() == [0.0, 100.0, 150.0, 150.5, 160.75]

    def test_what_nobody_noted_is_taken_from_the_readings(self) -> None:
        samples = of([0, 500, 1000, 1500], [100.1, 200.4, 7.0, 17.0])
        line = ordered([Period(None, 1000), Period(1000, None)])
        assert continuous(samples, line).value.tolist() == [0.0, 100.3, 100.3, 110.3]

    def test_readings_between_two_meters_are_not_lost(self) -> None:
        samples = of([0, 500, 1200, 1400, 2000], [1.0, 2.0, 50.0, 51.0, 3.0])
        line = ordered([Period(0, 1000), Period(2000, None)])
        assert [(each.since_ms, each.till_ms) for each in line] == [(None, 0), (0, 1000), (1000, 2000), (2000, None)]
        assert continuous(samples, line).value.tolist() == [0.0, 1.0, 1.0, 2.0, 2.0]

    def test_each_meter_counts_with_its_own_factor(self) -> None:
        line = ordered([Period(None, 10, 0.0, 2.5, Fraction(40)), Period(10, None, 1.0, None, Fraction(1, 2))])
        assert continuous(of([0, 10, 20], [1.0, 1.0, 4.0]), line).value.tolist() == [40.0, 100.0, 101.5]

    def test_without_a_known_meter_a_register_stays_as_it_is(self) -> None:
        samples = of([0, 1], [5.0, 6.0])
        assert ordered([]) == []
        assert continuous(samples, []) == samples

    def test_a_meter_without_any_reading_counted_nothing(self) -> None:
        line = ordered([Period(None, 5), Period(5, 10, 3.0, None), Period(10, None, 0.0)])
        assert continuous(of([12], [4.0]), line).value.tolist() == [4.0]

    @pytest.mark.parametrize(
        "periods",
        [
            [Period(0, 10), Period(9, 20)],
            [Period(None, None), Period(5, None)],
            [Period(None, 5), Period(None, 7)],
            [Period(0, None), Period(5, 6)],
        ],
    )
    def test_two_meters_at_once_are_refused(self, periods: list[Period]) -> None:
        with pytest.raises(OverlappingPeriods):
            ordered(periods)

    @pytest.mark.parametrize("till", [5, 4])
    def test_a_period_ends_after_it_begins(self, till: int) -> None:
        with pytest.raises(WrongWindow):
            ordered([Period(5, till)])

    @given(samples=series(written, least=3), data=st.data())
    def test_cutting_one_meter_into_several_changes_nothing_but_the_start(
        self, samples: Samples, data: st.DataObject
    ) -> None:
        """The same counter, described as several meters that took over from each other's reading, counts the same."""
        times, values = samples.time_ms.tolist(), samples.value.tolist()
        places = sorted(data.draw(st.sets(st.integers(1, len(times) - 1), max_size=3)))
        bounds = [None, *(times[place] for place in places), None]
        known = [values[0], *(values[place] for place in places), None]
        line = [Period(bounds[n], bounds[n + 1], known[n], known[n + 1]) for n in range(len(bounds) - 1)]
        got = continuous(samples, ordered(line)).value.tolist()
        zero = Fraction(Decimal(repr(values[0])))
        assert got == [float(Fraction(Decimal(repr(value))) - zero) for value in values]


class TestMultipliers:
    def test_the_factor_is_the_product_of_what_applies(self) -> None:
        info = {"multiplier": 2, "current_ratio": "200/5", "voltage_ratio": 1.5}
        assert factor_of(info) == 120
        assert factor_of(info, apply_current_ratio=False) == 3
        assert factor_of(info, apply_multiplier=False, apply_voltage_ratio=False) == 40
        assert factor_of(None, {}) == 1

    def test_the_first_that_says_something_counts(self) -> None:
        assert factor_of({"multiplier": None}, {"multiplier": 3}, {"multiplier": 5}) == 3

    @pytest.mark.parametrize(
        ("given_ratio", "expected"),
        [
            (40, Fraction(40)),
            (0.1, Fraction(1, 10)),
            ("40", Fraction(40)),
            (" 200 / 5 ", Fraction(40)),
            ("1.5/2", Fraction(3, 4)),
        ],
    )
    def test_a_ratio_is_read_exactly(self, given_ratio: object, expected: Fraction) -> None:
        assert ratio(given_ratio) == expected

    @pytest.mark.parametrize(
        "given_ratio",
        [
            0,
            -1,
            "0",
            "5/0",
            "",
            "a",
            "1/",
            "1/2/3",
            "1e400000000",
            True,
            None,
            [1],
            float("nan"),
            float("inf"),
            1e13,
            "٤",
        ],
    )
    def test_what_is_no_ratio_is_refused(self, given_ratio: object) -> None:
        with pytest.raises(WrongRatio) as raised:
            ratio(given_ratio)
        assert raised.value.status == 422

    def test_values_are_multiplied_exactly(self) -> None:
        samples = of([0, 1], [0.1, 1.15])
        assert scaled(samples, Fraction(3)).value.tolist() == [0.3, 3.45]
        assert scaled(samples, Fraction(1)) is samples
