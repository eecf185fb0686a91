"""Sums of settlements, and what explains that two differ."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.settlements.rules import (
    Amounts,
    Line,
    by_member,
    differences,
    kwh,
    micro,
    rate,
    total,
)

DAY = date(2026, 3, 15)
MICRO = st.integers(0, 10**13)
AMOUNTS = st.builds(
    lambda shared, net, put, kept: Amounts(shared + net, shared, net, put + kept, put, kept), MICRO, MICRO, MICRO, MICRO
)
LINES = st.lists(
    st.builds(Line, st.integers(1, 5), st.just(DAY), st.none() | st.integers(1, 3), AMOUNTS, st.integers(0, 96)),
    max_size=30,
)


def line(meter: int = 1, shared: int = 5, *, member: int | None = 7, day: date = DAY) -> Line:
    return Line(meter, day, member, Amounts(10, shared, 10 - shared, 0, 0, 0), 0)


@given(LINES)
def test_the_members_together_are_the_whole(lines: list[Line]) -> None:
    whole = total(lines)
    assert sum((amounts.gross for amounts in by_member(lines).values()), 0) == whole.gross
    assert [sum(line.amounts[n] for line in lines) for n in range(6)] == list(whole)
    assert whole.gross == whole.shared + whole.net


@given(LINES)
def test_the_order_of_lines_changes_no_sum(lines: list[Line]) -> None:
    assert total(lines) == total(lines[::-1])
    assert by_member(lines) == by_member(lines[::-1])


@given(MICRO)
def test_kilowatt_hours_come_back_as_the_same_micro_kilowatt_hours(amount: int) -> None:
    assert micro(kwh(amount)) == amount
    assert Fraction(kwh(amount)) == Fraction(amount, 1_000_000)
    # What travels is a binary number; with six decimals it still names the same amount.
    assert micro(Decimal(repr(float(kwh(amount))))) == amount


def test_what_has_more_than_six_decimals_is_no_amount() -> None:
    with pytest.raises(ValueError, match="more than six decimals"):
        micro(Decimal("0.0000001"))


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 3, 0.333333), (0, 0, 0.0), (0, 5, 0.0), (5, 5, 1.0)])
def test_a_rate_has_six_decimals_and_is_nothing_of_nothing(part: int, whole: int, expected: float) -> None:
    assert rate(part, whole) == expected


def reasons(
    before: list[Line], after: list[Line], *, readings: bool = False, key: bool = False
) -> list[tuple[str, ...]]:
    found = differences(before, after, other_readings=[(1, DAY)] if readings else [], other_keys=[DAY] if key else [])
    return [each.reasons for each in found]


def test_equal_runs_do_not_differ_even_when_their_inputs_did() -> None:
    assert reasons([line()], [line()], readings=True, key=True) == []


def test_a_difference_is_explained_by_what_changed() -> None:
    assert reasons([line()], [line(shared=6)], readings=True) == [("readings",)]
    assert reasons([line()], [line(shared=6)], key=True) == [("key",)]
    assert reasons([line()], [line(member=8)]) == [("member",)]
    assert reasons([line()], [line(shared=6, member=8)], readings=True, key=True) == [("readings", "key", "member")]
    assert reasons([], [line()]) == [("meter_joined",)]
    assert reasons([line()], []) == [("meter_left",)]


def test_a_day_on_which_only_other_intervals_are_missing_says_so() -> None:
    gappy = line()._replace(missing=3)
    assert reasons([line()], [gappy]) == [("missing",)]
    assert reasons([line()], [gappy], key=True) == [("missing",)]
    assert reasons([line()], [gappy], readings=True) == [("readings", "missing")]
    assert reasons([line()], [gappy._replace(member_id=8)]) == [("member", "missing")]
    # Where amounts differ as well, they are what counts.
    assert reasons([line()], [line(shared=6)._replace(missing=3)]) == [("others",)]


def test_what_nothing_of_its_own_explains_comes_from_the_others() -> None:
    assert reasons([line(), line(2, 5)], [line(shared=6), line(2, 4)], readings=True) == [("readings",), ("others",)]


def test_differences_come_by_day_and_then_by_meter() -> None:
    later = DAY + timedelta(days=1)
    before = [line(2), line(1, day=later), line(1)]
    after = [line(1, 6, day=later), line(1, 6), line(2, 6)]
    found = differences(before, after, other_readings=[], other_keys=[])
    assert [(each.day, each.meter_id) for each in found] == [(DAY, 1), (DAY, 2), (later, 1)]
