"""From the clock on the wall to instants, and the step of a file."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.uploads.times import (
    DAY_MS,
    HOUR_MS,
    QUARTER_MS,
    Steps,
    common_step_ms,
    in_utc,
    steps_of,
)
from gridloom.core.series.public import ABSENT

BRUSSELS = ZoneInfo("Europe/Brussels")
AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)


def walls(instants: list[datetime]) -> np.ndarray:
    """Each instant as the wall shows it, as if that were UTC."""
    shown = [each.astimezone(BRUSSELS).replace(tzinfo=UTC) for each in instants]
    return np.array([round(each.timestamp() * 1000) for each in shown], np.int64)


def utc(instants: list[datetime]) -> list[int]:
    return [round(each.timestamp() * 1000) for each in instants]


def found(wall_ms: np.ndarray) -> list[int]:
    return in_utc(wall_ms, np.ones(len(wall_ms), np.bool_)).tolist()


@pytest.mark.parametrize("step_min", [15, 60])
def test_a_day_of_twenty_five_hours_comes_through_whole(step_min: int) -> None:
    day = [AUTUMN + place * timedelta(minutes=step_min) for place in range(25 * 60 // step_min)]
    assert found(walls(day)) == utc(day)


def test_a_day_that_runs_backwards_comes_through_whole() -> None:
    day = [AUTUMN + place * timedelta(minutes=15) for place in range(100)][::-1]
    assert found(walls(day)) == utc(day)


def test_the_double_hour_counts_in_the_order_of_the_file_even_when_its_quarters_alternate() -> None:
    first = AUTUMN + timedelta(hours=2)
    again = first + timedelta(hours=1)
    mixed = [first, again, first + timedelta(minutes=15), again + timedelta(minutes=15)]
    assert found(walls(mixed)) == utc(mixed)


def test_a_double_hour_that_comes_once_is_the_earlier_one() -> None:
    hours = [AUTUMN + timedelta(hours=each) for each in (0, 1, 2, 4, 5)]
    assert found(walls(hours)) == utc(hours)


def test_the_hour_that_spring_leaves_out_is_no_time() -> None:
    assert found(np.array([round(datetime(2026, 3, 29, 2, 30, tzinfo=UTC).timestamp() * 1000)])) == [ABSENT]


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=60, unique=True))
def test_every_ascending_series_comes_back_from_the_wall_but_for_a_double_hour_seen_once(places: list[int]) -> None:
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + each * timedelta(minutes=15) for each in sorted(places)]
    shown = walls(instants)
    once = [
        each.astimezone(BRUSSELS).fold == 1 and int((shown == wall).sum()) == 1
        for each, wall in zip(instants, shown.tolist(), strict=True)
    ]
    expected = [t - HOUR_MS if alone else t for t, alone in zip(utc(instants), once, strict=True)]
    assert found(shown) == expected


def test_instants_stay_what_they_are_beside_the_wall() -> None:
    summer = round(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
    mixed = in_utc(np.array([summer, summer]), np.array([False, True]))
    assert mixed.tolist() == [summer, summer - 2 * HOUR_MS]


def test_the_steps_of_a_series_are_its_smallest_distance() -> None:
    assert steps_of(np.array([0, 2 * HOUR_MS, 3 * HOUR_MS])) == Steps(HOUR_MS, is_hourly=True)
    assert steps_of(np.array([QUARTER_MS, 2 * QUARTER_MS])) == Steps(QUARTER_MS, is_hourly=False)
    assert steps_of(np.array([HOUR_MS])) == Steps(None, is_hourly=True)


@pytest.mark.parametrize(
    ("series", "step"),
    [
        ([(QUARTER_MS, False)], QUARTER_MS),
        ([(QUARTER_MS, False), (None, True), (5 * HOUR_MS, True)], QUARTER_MS),
        ([(HOUR_MS, True), (None, True), (2 * HOUR_MS, True)], HOUR_MS),
        ([(None, True)], QUARTER_MS),
        ([(HOUR_MS, False)], None),
        ([(HOUR_MS, True), (None, False)], None),
        ([(QUARTER_MS, False), (HOUR_MS, True)], None),
        ([(2 * QUARTER_MS, False)], None),
        ([(3 * HOUR_MS, True)], None),
        ([(DAY_MS, True)], None),
        ([(QUARTER_MS, False), (DAY_MS, True)], None),
    ],
)
def test_a_file_has_quarters_or_hours_and_nothing_else(series: list[tuple[int | None, bool]], step: int | None) -> None:
    assert common_step_ms([Steps(*each) for each in series]) == step
