"""Which values of one step may come where values of another one stand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.uploads.steps import Clash, Said, Standing, clash
from gridloom.communities.uploads.times import DAY_MS, HOUR_MS, QUARTER_MS

DAYS = np.array([0, DAY_MS, 2 * DAY_MS])
HOURS = list(range(0, DAY_MS, HOUR_MS))
QUARTERS = list(range(0, DAY_MS, QUARTER_MS))


def found(
    said: list[int], stood: list[int], step_ms: int = QUARTER_MS, *, is_certain: bool = True, is_hourly: bool = False
) -> Clash | None:
    return clash(
        Said(np.array(said, np.int64), step_ms, is_certain), Standing(np.array(stood, np.int64), is_hourly), DAYS
    )


@pytest.mark.parametrize(
    ("said", "stood"),
    [
        (QUARTERS, []),
        (QUARTERS, QUARTERS),
        (QUARTERS[:7], QUARTERS[7:]),
        (QUARTERS, HOURS),
        (QUARTERS, HOURS[3:9]),
        (QUARTERS[:8], HOURS[:2]),
        (QUARTERS, [each + DAY_MS for each in HOURS]),
    ],
)
def test_quarters_come_beside_quarters_and_in_place_of_every_hour_of_a_day(said: list[int], stood: list[int]) -> None:
    assert found(said, stood) is None


@pytest.mark.parametrize(
    "said",
    [
        [each for each in QUARTERS if each % HOUR_MS],
        [each for each in QUARTERS if each % HOUR_MS == 0],
        QUARTERS[:-1],
        QUARTERS[1:],
        QUARTERS[:92],
        [QUARTER_MS],
    ],
)
def test_quarters_that_leave_an_hour_of_the_day_are_refused(said: list[int]) -> None:
    wrong = found([each + DAY_MS for each in said], [each + DAY_MS for each in HOURS])
    assert wrong == Clash("upload_over_hours", 1)


def test_hours_never_come_where_quarters_stand_on_the_same_day() -> None:
    assert found(HOURS[5:], QUARTERS[:4], HOUR_MS) == Clash("upload_over_quarters", 0)
    assert found(HOURS, [each + DAY_MS for each in QUARTERS], HOUR_MS) is None
    assert found(HOURS, HOURS, HOUR_MS) is None


@pytest.mark.parametrize("step_ms", [QUARTER_MS, HOUR_MS])
def test_nothing_comes_where_minutes_stand(step_ms: int) -> None:
    assert found(HOURS, [0, 300_000, 600_000], step_ms) == Clash("upload_over_minutes", 0)


def test_a_value_alone_at_a_full_hour_takes_the_place_of_an_hour_or_a_quarter() -> None:
    assert found([HOUR_MS], HOURS, is_certain=False) is None
    assert found([HOUR_MS], QUARTERS, is_certain=False) is None
    assert found([HOUR_MS + QUARTER_MS], HOURS, is_certain=False) == Clash("upload_over_hours", 0)


def test_an_hour_alone_on_its_day_is_known_by_what_is_next_to_it() -> None:
    late = [DAY_MS - HOUR_MS + QUARTER_MS]
    for stood, is_hourly, expected in (
        ([DAY_MS - HOUR_MS], True, "upload_over_hours"),
        ([DAY_MS - HOUR_MS], False, None),
        ([DAY_MS - HOUR_MS, DAY_MS], False, "upload_over_hours"),
        ([DAY_MS - HOUR_MS, DAY_MS - QUARTER_MS], True, None),
    ):
        wrong = found(late, stood, is_hourly=is_hourly)
        assert (None if wrong is None else wrong.says) == expected


@given(st.sets(st.integers(0, 191)), st.sets(st.integers(0, 47), min_size=2))
def test_after_quarters_came_no_hour_is_left_beside_them(said: set[int], stood: set[int]) -> None:
    times = sorted(each * QUARTER_MS for each in said)
    hours = sorted(each * HOUR_MS for each in stood)
    if found(times, hours, is_hourly=True) is None:
        for hour in hours:
            quarters = {hour + place * QUARTER_MS for place in range(4)} & set(times)
            assert len(quarters) in (0, 4)
