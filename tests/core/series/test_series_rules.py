"""The arithmetic of series: property tests of every rule, and worked examples."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from series_kit import QUARTER_MS, ms, quarters

from gridloom.core.series.public import (
    Calendar,
    FixedStep,
    OverlappingPeriods,
    Period,
    Readings,
    Samples,
    WrongRatio,
    WrongStep,
    WrongWindow,
    amounts,
    continuous,
    factor_of,
    gaps,
    is_regular,
    mean_power,
    ordered,
    prefer,
    ratio,
    resample,
    scaled,
    total,
    within,
)
from gridloom.kernel.clock import UnknownZone

HOUR_MS = 4 * QUARTER_MS
BRUSSELS = "Europe/Brussels"
ZONES = [BRUSSELS, "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut"]

written = st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(float)
any_float = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
moments = st.integers(min_value=ms("2000-01-01T00:00Z") // 1000, max_value=ms("2036-01-01T00:00Z") // 1000)


def decimal_sum(values: list[float]) -> float:
    """The sum as somebody with a pencil makes it: on the decimals as they were written."""
    return float(sum((Fraction(Decimal(repr(value))) for value in values), Fraction(0)))


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float] = written, *, least: int = 0) -> Samples:
    """Some values at ascending times."""
    start = draw(moments) * 1000
    steps = draw(st.lists(st.integers(min_value=1, max_value=5000), min_size=least, max_size=60))
    times = np.cumsum(np.array([start, *(step * 60_000 for step in steps)], dtype=np.int64))[: len(steps)]
    column = draw(st.lists(values, min_size=len(times), max_size=len(times)))
    return Samples(times.astype(np.int64), np.array(column, dtype=float))


def of(times: list[int], values: list[float]) -> Samples:
    return Samples(np.array(times, dtype=np.int64), np.array(values, dtype=float))


grids = st.one_of(
    st.sampled_from([1, 7, 15, 60, 1440]).map(FixedStep),
    st.builds(Calendar, st.sampled_from(["hour", "day", "month", "year"]), st.sampled_from(ZONES)),
)


class TestTotals:
    @given(values=st.lists(written | any_float, max_size=200))
    @example(values=[0.1] * 10)
    @example(values=[1e15, 0.1, -1e15])
    @example(values=[0.30000000000000004, 0.1])
    @example(values=[9007199254740993.0, 1.0, 1.0])
    def test_a_total_is_that_of_the_decimals_as_written(self, values: list[float]) -> None:
        assert total(np.array(values, dtype=float)) == decimal_sum(values)

    def test_a_year_of_quarter_hours_adds_up_to_the_last_digit(self) -> None:
        values = np.round(np.random.default_rng(3).random(35_040) * 3, 3)
        assert total(values) == float(sum(Decimal(repr(value)) for value in values.tolist()))

    @given(samples=series(written | any_float), grid=grids)
    def test_each_bucket_holds_the_exact_sum_of_its_values(self, samples: Samples, grid: FixedStep | Calendar) -> None:
        begins = grid.floor(samples.time_ms).tolist()
        expected: dict[int, list[float]] = {}
        for begin, value in zip(begins, samples.value.tolist(), strict=True):
            expected.setdefault(begin, []).append(value)
        got = resample(samples, grid, "interval")
        assert dict(zip(got.time_ms.tolist(), got.value.tolist(), strict=True)) == {
            begin: decimal_sum(values) for begin, values in expected.items()
        }

    @given(samples=series(written), zone=st.sampled_from(ZONES))
    def test_nothing_is_lost_on_the_way_from_quarters_to_hours_days_months_and_years(
        self, samples: Samples, zone: str
    ) -> None:
        steps = [FixedStep(15), Calendar("hour", zone), Calendar("day", zone), Calendar("month", zone)]
        steps.append(Calendar("year", zone))
        expected = total(samples.value)
        for step in steps:
            samples = resample(samples, step, "interval")
            assert total(samples.value) == expected


class TestBuckets:
    @given(samples=series(least=1), grid=grids)
    @example(samples=of([ms("2026-10-25T00:30Z"), ms("2026-10-25T01:30Z")], [1, 1]), grid=Calendar("hour", BRUSSELS))
    @example(
        samples=of([ms("2026-04-04T15:10Z"), ms("2026-04-04T15:40Z")], [1, 1]),
        grid=Calendar("hour", "Australia/Lord_Howe"),
    )
    def test_every_time_lies_in_its_own_bucket_and_buckets_do_not_overlap(
        self, samples: Samples, grid: FixedStep | Calendar
    ) -> None:
        begins = grid.floor(samples.time_ms)
        ends = grid.after(begins)
        assert (begins <= samples.time_ms).all()
        assert (samples.time_ms < ends).all()
        assert (begins[1:] >= begins[:-1]).all()
        assert ((begins[1:] >= ends[:-1]) | (begins[1:] == begins[:-1])).all()
        assert grid.floor(begins).tolist() == begins.tolist()
        assert grid.floor(ends - 1).tolist() == begins.tolist()
        assert grid.floor(ends).tolist() == ends.tolist()

    @pytest.mark.parametrize(
        ("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-24", 24), ("2026-10-25", 25)]
    )
    def test_a_day_is_as_long_as_it_is_in_its_zone(self, day: str, hours: int) -> None:
        offset = {23: "+01:00", 25: "+02:00"}.get(hours, "+01:00" if day < "2026-03-29" else "+02:00")
        start = ms(f"{day}T00:00{offset}")
        times = np.array(quarters(start - HOUR_MS, 30 * 4), dtype=np.int64)
        days = resample(Samples(times, np.full(len(times), 0.1)), Calendar("day", BRUSSELS), "interval")
        assert days.time_ms[1] == start
        assert days.value[1] == float(Decimal("0.1") * 4 * hours)
        hourly = resample(Samples(times, np.full(len(times), 0.1)), Calendar("hour", BRUSSELS), "interval")
        assert len(within(hourly, start, start + hours * HOUR_MS).time_ms) == hours
        assert resample(hourly, Calendar("day", BRUSSELS), "interval").value.tolist() == days.value.tolist()

    def test_a_day_that_begins_at_one_o_clock_begins_there(self) -> None:
        first = ms("2018-11-04T03:00Z")  # Sao Paulo set its clocks forward at midnight
        assert Calendar("day", "America/Sao_Paulo").floor(np.array([first - 1, first])).tolist() == [
            ms("2018-11-03T03:00Z"),
            first,
        ]

    def test_hours_of_a_zone_with_half_hours_begin_on_its_own_clock(self) -> None:
        time = np.array([ms("2026-05-01T10:15Z"), ms("2026-05-01T10:30Z")])
        assert Calendar("hour", "Asia/Kolkata").floor(time).tolist() == [
            ms("2026-05-01T09:30Z"),
            ms("2026-05-01T10:30Z"),
        ]

    def test_months_and_years_begin_in_the_zone(self) -> None:
        time = np.array([ms("2025-12-31T23:00Z"), ms("2026-07-31T21:59Z")])
        assert Calendar("month", BRUSSELS).floor(time).tolist() == [
            ms("2026-01-01T00:00+01:00"),
            ms("2026-07-01T00:00+02:00"),
        ]
        assert Calendar("year", BRUSSELS).floor(time).tolist() == [ms("2026-01-01T00:00+01:00")] * 2

    @pytest.mark.parametrize("minutes", [0, -15])
    def test_a_step_has_a_length(self, minutes: int) -> None:
        with pytest.raises(WrongStep):
            FixedStep(minutes)

    def test_a_calendar_has_known_steps_and_a_known_zone(self) -> None:
        with pytest.raises(WrongStep):
            Calendar("fortnight", BRUSSELS)  # type: ignore[arg-type]
        with pytest.raises(UnknownZone):
            Calendar("day", "Europe/Atlantis")


class TestInstants:
    def test_regular_values_are_averaged_plainly_though_some_are_missing(self) -> None:
        times = [*quarters(0, 3), *quarters(HOUR_MS, 1)]
        hourly = resample(of(times, [1.0, 2.0, 6.0, 5.0]), FixedStep(60), "instant")
        assert (hourly.time_ms.tolist(), hourly.value.tolist()) == ([0, HOUR_MS], [3.0, 5.0])

    def test_irregular_values_count_for_as_long_as_they_hold(self) -> None:
        times = [0, 54 * 60_000, 60 * 60_000, 90 * 60_000]
        hourly = resample(of(times, [0.0, 100.0, 10.0, 20.0]), FixedStep(60), "instant")
        assert hourly.value.tolist() == [10.0, 15.0]
        cut = resample(of(times, [0.0, 100.0, 10.0, 20.0]), FixedStep(60), "instant", till_ms=100 * 60_000)
        assert cut.value.tolist() == [10.0, 12.5]

    def test_a_known_step_decides_over_the_look_of_the_times(self) -> None:
        samples = of([0, 3 * QUARTER_MS], [0.0, 100.0])
        assert resample(samples, FixedStep(60), "instant", step_s=900).value.tolist() == [50.0]
        assert resample(samples, FixedStep(60), "instant").value.tolist() == [25.0]

    @given(samples=series(any_float, least=1), grid=grids)
    def test_a_mean_lies_between_the_least_and_the_most(self, samples: Samples, grid: FixedStep | Calendar) -> None:
        mean = resample(samples, grid, "instant").value
        assert (mean >= resample(samples, grid, "instant", how="min").value).all()
        assert (mean <= resample(samples, grid, "instant", how="max").value).all()

    @given(value=any_float, times=series(least=1), grid=grids)
    def test_the_mean_of_what_never_changes_is_just_that(
        self, value: float, times: Samples, grid: FixedStep | Calendar
    ) -> None:
        constant = Samples(times.time_ms, np.full(len(times.time_ms), value))
        assert set(resample(constant, grid, "instant").value.tolist()) == {value}

    @given(values=st.lists(written, min_size=96, max_size=96))
    def test_the_mean_of_a_full_day_is_exact(self, values: list[float]) -> None:
        day = resample(of(quarters(0, 96), values), FixedStep(1440), "instant")
        assert day.value.tolist() == [float(sum(Fraction(Decimal(repr(v))) for v in values) / 96)]

    @pytest.mark.parametrize(
        ("times", "regular"),
        [
            ([0, 10, 20, 30], True),
            ([0, 10, 20, 50, 60], True),
            ([0, 10, 25, 35], False),
            ([0, 1, 8, 20, 33], False),
            ([5], False),
            ([], False),
        ],
    )
    def test_regularity_is_seen_in_the_times(self, times: list[int], *, regular: bool) -> None:
        assert is_regular(np.array(times, dtype=np.int64)) is regular


class TestOtherWays:
    samples = of([0, QUARTER_MS, 3 * QUARTER_MS, HOUR_MS], [4.0, 1.0, 3.0, 7.0])

    @pytest.mark.parametrize(
        ("how", "expected"),
        [
            ("sum", [8.0, 7.0]),
            ("min", [1.0, 7.0]),
            ("max", [4.0, 7.0]),
            ("first", [4.0, 7.0]),
            ("last", [3.0, 7.0]),
            ("count", [3.0, 1.0]),
        ],
    )
    def test_a_bucket_can_be_asked_for_something_else(self, how: str, expected: list[float]) -> None:
        assert resample(self.samples, FixedStep(60), "instant", how=how).value.tolist() == expected  # type: ignore[arg-type]

    def test_an_unknown_way_is_refused(self) -> None:
        with pytest.raises(WrongStep):
            resample(self.samples, FixedStep(60), "instant", how="mode")  # type: ignore[arg-type]

    @given(samples=series(), zone=st.sampled_from(ZONES), how=st.sampled_from(["sum", "min", "max", "first", "last"]))
    def test_hours_first_and_days_then_is_days_at_once(self, samples: Samples, zone: str, how: str) -> None:
        hour, day = Calendar("hour", zone), Calendar("day", zone)
        at_once = resample(samples, day, "interval", how=how)  # type: ignore[arg-type]
        in_steps = resample(resample(samples, hour, "interval", how=how), day, "interval", how=how)  # type: ignore[arg-type]
        assert at_once.time_ms.tolist() == in_steps.time_ms.tolist()
        assert at_once.value.tolist() == in_steps.value.tolist()

    def test_nothing_becomes_nothing(self) -> None:
        for kind in ("instant", "register", "interval"):
            assert resample(of([], []), Calendar("day", BRUSSELS), kind).time_ms.tolist() == []  # type: ignore[arg-type]
            assert resample(of([], []), FixedStep(5), kind).value.tolist() == []  # type: ignore[arg-type]


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


class TestGaps:
    def test_missing_steps_are_found_and_joined(self) -> None:
        times = np.array([0, QUARTER_MS + 5, 4 * QUARTER_MS], dtype=np.int64)
        found = gaps(times, 900, 0, 6 * QUARTER_MS)
        assert found.tolist() == [[2 * QUARTER_MS, 4 * QUARTER_MS], [5 * QUARTER_MS, 6 * QUARTER_MS]]

    def test_only_whole_steps_inside_the_window_are_asked_for(self) -> None:
        none = np.array([], dtype=np.int64)
        assert gaps(none, 900, 1, 3 * QUARTER_MS - 1).tolist() == [[QUARTER_MS, 2 * QUARTER_MS]]
        assert gaps(none, 900, 1, QUARTER_MS).tolist() == []
        assert gaps(none, 900, 5, 5).tolist() == []

    def test_a_step_has_a_length(self) -> None:
        with pytest.raises(WrongStep):
            gaps(np.array([], dtype=np.int64), 0, 0, 1)

    @given(
        present=st.sets(st.integers(min_value=-5, max_value=45)),
        since=st.integers(0, 20),
        length=st.integers(0, 25),
        jitter=st.integers(0, QUARTER_MS - 1),
    )
    def test_gaps_and_what_is_there_fill_the_window(
        self, present: set[int], since: int, length: int, jitter: int
    ) -> None:
        times = np.array([step * QUARTER_MS + jitter for step in sorted(present)], dtype=np.int64)
        found = gaps(times, 900, since * QUARTER_MS, (since + length) * QUARTER_MS).tolist()
        missing = [step for begin, end in found for step in range(begin // QUARTER_MS, end // QUARTER_MS)]
        assert missing == [step for step in range(since, since + length) if step not in present]
        assert all(before[1] < after[0] for before, after in pairwise(found))


class TestPreference:
    readings = Readings(
        np.array([0, 0, 1, 2, 2, 3]),
        np.array([1.0, 5.0, 1.1, 2.2, 4.2, 0.0]),
        np.array([1, 5, 1, 2, 4, 2], dtype=np.int16),
        np.zeros(6, dtype=np.int64),
    )

    def test_a_corrected_value_stands_before_a_measured_one(self) -> None:
        chosen = prefer(self.readings)
        assert chosen.time_ms.tolist() == [0, 1, 2, 3]
        assert chosen.value.tolist() == [5.0, 1.1, 4.2, 0.0]

    def test_origins_that_nobody_asked_for_are_left_out(self) -> None:
        assert prefer(self.readings, [1]).value.tolist() == [1.0, 1.1]
        assert prefer(self.readings, [2, 4]).value.tolist() == [2.2, 0.0]
        assert prefer(self.readings.take(slice(2, 4)), [2]).value.tolist() == [2.2]

    @settings(max_examples=50)
    @given(times=st.lists(st.integers(0, 5), max_size=12), data=st.data())
    def test_there_is_at_most_one_value_at_a_time(self, times: list[int], data: st.DataObject) -> None:
        pairs = sorted({(time, data.draw(st.integers(1, 5))) for time in times})
        readings = Readings(
            np.array([time for time, _ in pairs], dtype=np.int64),
            np.array([float(origin) for _, origin in pairs]),
            np.array([origin for _, origin in pairs], dtype=np.int16),
            np.zeros(len(pairs), dtype=np.int64),
        )
        rank = {5: 0, 1: 1, 3: 2, 4: 3, 2: 4}
        expected = {}
        for time, origin in sorted(pairs, key=lambda pair: -rank[pair[1]]):
            expected[time] = float(origin)
        chosen = prefer(readings)
        assert dict(zip(chosen.time_ms.tolist(), chosen.value.tolist(), strict=True)) == expected
        assert chosen.time_ms.tolist() == sorted(expected)
