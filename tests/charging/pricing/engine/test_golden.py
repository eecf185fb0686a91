"""Every case worked out by hand comes out as written."""

from decimal import Decimal

import pytest
from tests.charging.pricing.engine import cases_clock, cases_levels, cases_plain
from tests.charging.pricing.engine.golden import Case, lines_of, periods_of, priced, read_lines, read_periods

CASES = (*cases_plain.CASES, *cases_clock.CASES, *cases_levels.CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_a_case_worked_by_hand_comes_out_as_written(case: Case) -> None:
    done = priced(case)
    on_top = not case.terms.get("prices_include_tax", True)
    assert done.total_amount.with_tax == Decimal(case.total), case.sums
    assert lines_of(done, net=on_top) == read_lines(case.lines), case.sums
    assert done.total_amount.without_tax == Decimal(case.net or case.total)
    assert done.tax == Decimal(case.total) - Decimal(case.net or case.total)
    if case.periods is not None:
        assert periods_of(done) == read_periods(case.periods)


def test_there_are_cases_of_every_kind_and_none_twice() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 80
    assert {case.tariff.kind for case in CASES} == {
        "free", "charging not allowed", "flat rate", "duration+energy", "duration+energy time of day", "energy tou",
        "standard", "average power levels", "peak power levels", "standard_tod", "optimised dynamic pricing",
    }  # fmt: skip
