"""Laws of `rules.opened`: what a change may do to a meter's periods, and what it never does."""

import itertools
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.meters import rules
from gridloom.communities.meters.faults import LaterPeriod
from gridloom.communities.meters.records import NEW, Period

FIRST = date(2026, 1, 1)
FAR = date(2027, 1, 1)
A_PERIOD = Period(id=1, meter_id=1, point_id=1, start_date=FIRST, status=1, rate=1, client_type=1)

day = st.integers(0, 60).map(lambda number: FIRST + timedelta(days=number))
values = st.fixed_dictionaries(
    {},
    optional={
        "status": st.integers(1, 4), "rate": st.integers(1, 3), "grd": st.none() | st.sampled_from(["ORES", "RESA"]),
        "member_id": st.none() | st.integers(1, 3), "sharing_operation_id": st.none() | st.integers(1, 3),
        "injection_status": st.none() | st.integers(1, 4), "amperage": st.none() | st.floats(0, 100),
    },
)  # fmt: skip


@st.composite
def change(draw: st.DrawFn) -> tuple[date, dict[str, Any]]:
    start, given_ = draw(day), draw(values)
    if draw(st.booleans()):
        given_["end_date"] = draw(st.none() | st.integers(0, 30).map(lambda number: start + timedelta(days=number)))
    return start, given_


def after(periods: list[Period], start: date, changes: dict[str, Any]) -> list[Period]:
    """All periods after a change, as they are written; the same ones when it is refused."""
    try:
        found = rules.opened(periods[-1], start, changes)
    except LaterPeriod:
        return periods
    number = max(each.id for each in periods)
    new = [msgspec.structs.replace(each, id=number + 1) if each.id == NEW else each for each in found]
    return [*periods[:-1], *new]


def on(periods: list[Period], at: date) -> Period | None:
    """What holds on a day, whichever row says it and whenever it begins and ends."""
    (found,) = [each for each in periods if each.covers(at)] or [None]
    return found and msgspec.structs.replace(found, id=0, start_date=FIRST, end_date=None)


def every_day() -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(-1, 100)] + [FAR]


histories = st.lists(change(), min_size=1, max_size=8)
first_ends = st.none() | day


def history(end: date | None, changes: list[tuple[date, dict[str, Any]]]) -> list[Period]:
    periods = [msgspec.structs.replace(A_PERIOD, end_date=end)]
    for start, each in changes:
        periods = after(periods, start, each)
    return periods


@given(first_ends, histories)
def test_periods_never_overlap_and_none_ends_before_it_begins(
    end: date | None, changes: list[tuple[date, dict[str, Any]]]
) -> None:
    periods = history(end, changes)
    for one, other in itertools.pairwise(periods):
        assert one.end_date is not None
        assert one.end_date < other.start_date
    assert all(each.end_date is None or each.start_date <= each.end_date for each in periods)


@given(first_ends, histories, change())
def test_what_was_before_the_day_of_a_change_is_untouched(
    end: date | None, changes: list[tuple[date, dict[str, Any]]], last: tuple[date, dict[str, Any]]
) -> None:
    before = history(end, changes)
    then = after(before, *last)
    assert all(on(then, each) == on(before, each) for each in every_day() if each < last[0])


@given(first_ends, histories, change())
def test_no_day_is_lost_unless_the_change_names_its_last_day(
    end: date | None, changes: list[tuple[date, dict[str, Any]]], last: tuple[date, dict[str, Any]]
) -> None:
    before = history(end, changes)
    then = after(before, *last)
    until = last[1].get("end_date") or date.max
    for each in every_day():
        if each <= until and on(before, each) is not None:
            assert on(then, each) is not None


@given(first_ends, histories, change())
def test_the_same_change_twice_is_the_change_once(
    end: date | None, changes: list[tuple[date, dict[str, Any]]], last: tuple[date, dict[str, Any]]
) -> None:
    once = after(history(end, changes), *last)
    assert after(once, *last) == once


@given(first_ends, histories, change())
def test_from_its_day_on_a_change_holds_and_the_rest_stays(
    end: date | None, changes: list[tuple[date, dict[str, Any]]], last: tuple[date, dict[str, Any]]
) -> None:
    before = history(end, changes)
    start, given_ = last
    then = after(before, start, given_)
    if start < before[-1].start_date:
        assert then == before
        return
    fields = {**msgspec.structs.asdict(before[-1]), **{n: v for n, v in given_.items() if n != "end_date"}}
    now = msgspec.structs.asdict(then[-1])
    assert then[-1].start_date == start
    assert {n: v for n, v in now.items() if n not in ("id", "start_date", "end_date")} == {
        n: v for n, v in fields.items() if n not in ("id", "start_date", "end_date")
    }
    assert "end_date" not in given_ or then[-1].end_date == given_["end_date"]


def test_a_change_before_the_latest_period_is_refused() -> None:
    with pytest.raises(LaterPeriod):
        rules.opened(A_PERIOD, FIRST - timedelta(days=1), {})


@given(first_ends, histories, day)
def test_after_its_end_a_meter_has_nothing_and_before_it_what_it_had(
    end: date | None, changes: list[tuple[date, dict[str, Any]]], last: date
) -> None:
    before = history(end, changes)
    by_id = {each.id: each for each in before}
    shorter, late = rules.ended(by_id, last)
    then = [each for each in {**by_id, **{each.id: each for each in shorter}}.values() if each.id not in late]
    assert all(on(then, each) == (on(before, each) if each <= last else None) for each in every_day())


@pytest.mark.parametrize(
    ("number", "is_probable"),
    [
        ("541448820000000015", True), ("541448820000000016", False), ("4006381333931", True), ("4006381333932", False),
        ("54144882000000001", False), ("METER-7", False), ("٣٣٣٣٣٣٣٣٣٣٣٣٣", False), ("", False),
    ],
)  # fmt: skip
def test_an_ean_has_13_or_18_digits_and_a_check_digit(number: str, is_probable: bool) -> None:
    assert rules.is_probable_ean(number) is is_probable
