"""The arithmetic of series: property tests of every rule, and worked examples."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.core.series.series_kit import QUARTER_MS, ms, quarters
from tests.core.series.series_strategies import (
    BRUSSELS,
    HOUR_MS,
    ZONES,
    any_float,
    decimal_sum,
    grids,
    of,
    series,
    written,
)

from gridloom.core.series.public import (
    Calendar,
    FixedStep,
    Readings,
    Samples,
    WrongStep,
    gaps,
    is_regular,
    prefer,
    resample,
    total,
    within,
)
from gridloom.kernel.clock import UnknownZone


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
