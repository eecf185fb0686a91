"""Days, steps and rows, without a database."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.balance.amounts import (
    NOTHING,
    Amounts,
    Given,
    arranged,
    common_steps,
    key_of,
    matrix,
    split_key,
    spread,
    standing,
)
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Span, joined, portions

FIRST = date(2026, 1, 1)
spans = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(
    lambda pair: Span(FIRST + timedelta(days=pair[0]), FIRST + timedelta(days=pair[0] + pair[1]))
)


def days_of(*found: Span) -> set[date]:
    return {each.first + timedelta(days=n) for each in found for n in range((each.last - each.first).days + 1)}


@given(st.lists(spans, max_size=6))
def test_joined_spans_have_the_same_days_and_do_not_touch(found: list[Span]) -> None:
    line = joined(found)
    assert days_of(*line) == days_of(*found)
    assert all(a.last + timedelta(days=1) < b.first for a, b in pairwise(line))


@given(spans, spans)
def test_a_span_is_what_it_shares_with_another_and_the_rest(one: Span, other: Span) -> None:
    both, rest = one.meets(other), one.without(other)
    assert days_of(*([both] if both else [])) == days_of(one) & days_of(other)
    assert days_of(*rest) == days_of(one) - days_of(other)
    assert sum(len(days_of(each)) for each in rest) == len(days_of(*rest))


@given(spans, st.integers(1, 9))
def test_portions_are_the_whole_in_order(span: Span, most: int) -> None:
    pieces = list(portions(span, most))
    assert joined(pieces) == [span]
    assert all((each.last - each.first).days < most for each in pieces)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (FIRST, 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    days = Days.of(Span(day - timedelta(days=1), day + timedelta(days=1)))
    assert np.diff(days.begin_ms).tolist() == [24 * HOUR_MS, hours * HOUR_MS, 24 * HOUR_MS]
    times = np.arange(days.since_ms, days.till_ms, QUARTER_MS)
    steps = common_steps(days)
    assert steps.times().tolist() == times.tolist()
    assert steps.of_times(times).tolist() == list(range(len(times)))


@pytest.mark.parametrize(
    ("minutes", "step"),
    [
        ((0, 15, 30), 15), ((0, 60, 120), 60), ((0, 30, 60), 30), ((0, 10, 20), 10), ((0,), 15), ((0, 7, 90), 15),
        ((0, 180), 15),
    ],
)  # fmt: skip
def test_a_meters_step_is_the_shortest_between_its_values(minutes: tuple[int, ...], step: int) -> None:
    days = Days.of(Span(FIRST, FIRST))
    times = days.since_ms + np.array(minutes) * 60_000
    rows = arranged(np.zeros(len(times), dtype=np.int64), times, np.ones(len(times), dtype=np.int64), days)
    assert set(rows.step_ms.tolist()) == {step * 60_000}
    assert int(rows.micro.sum()) == len(minutes)
    assert (rows.time_ms % rows.step_ms == 0).all()


def test_a_day_has_the_step_at_which_everybody_is_whole() -> None:
    days = Days.of(Span(FIRST, FIRST + timedelta(days=1)))

    def rows(place: int, day: int, minutes: int) -> Amounts:
        times = np.arange(days.begin_ms[day], days.begin_ms[day + 1], minutes * 60_000)
        return arranged(np.full(len(times), place), times, np.ones(len(times), dtype=np.int64), days)

    assert (common_steps(days, rows(0, 0, 15), rows(1, 1, 60)).step_ms // 60_000).tolist() == [15, 60]
    assert (common_steps(days, rows(0, 0, 1), rows(1, 0, 20)).step_ms // 60_000).tolist() == [60, 15]
    assert (common_steps(days, rows(0, 0, 30), rows(1, 0, 15)).step_ms // 60_000).tolist() == [30, 15]


@given(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), st.integers(0, 10**6))
def test_a_finer_meter_gets_its_part_spread_over_what_it_took(micro: list[int], thousandths: int) -> None:
    days = Days.of(Span(FIRST, FIRST))
    fine = arranged(np.zeros(4, dtype=np.int64), days.since_ms + np.arange(4) * QUARTER_MS, np.array(micro), days)
    hourly = Amounts(*(np.array([value]) for value in (1, days.since_ms, 1, HOUR_MS)))
    steps = common_steps(days, hourly, fine)
    whole = matrix(fine, steps, 2)
    assert whole[0].tolist() == [sum(micro), 0]
    part = whole * thousandths // 10**6
    pieces = spread(fine, steps, whole, part).tolist()
    assert sum(pieces) == int(part[0, 0])
    assert all(0 <= piece <= taken for piece, taken in zip(pieces, micro, strict=True))
    for piece, taken in zip(pieces, micro, strict=True):
        assert abs(piece * sum(micro) - taken * int(part[0, 0])) <= sum(micro)


def test_places_and_times_come_back_from_their_number() -> None:
    place, time = np.array([0, 3, 100_000]), np.array([1, 1_767_222_000_000, 4_000_000_000_000])
    back: tuple[Any, Any] = split_key(key_of(place, time))
    assert (back[0].tolist(), back[1].tolist()) == (place.tolist(), time.tolist())


def test_what_the_operator_says_stands_before_what_we_compute() -> None:
    time = np.arange(5) * QUARTER_MS
    rows = Amounts(np.zeros(4, dtype=np.int64), time[:4], np.array([10, 10, 10, 10]), np.full(4, QUARTER_MS))
    ours = np.array([4, 4, 4, 4])
    plain = standing(rows, ours, NOTHING, NOTHING)
    assert (plain.shared.tolist(), plain.net.tolist()) == ([4] * 4, [6] * 4)
    # Both, shared alone, net alone, neither; and a step of which only the operator knows.
    stands = standing(
        rows, ours, Given(time[[0, 1, 4]], np.array([3, 2, 5])), Given(time[[0, 2, 4]], np.array([8, 1, 6]))
    )
    assert stands.gross.tolist() == [10, 10, 10, 10, 11]
    assert stands.shared.tolist() == [3, 2, 9, 4, 5]
    assert stands.net.tolist() == [8, 8, 1, 6, 6]
