"""Amounts that no meter can give are refused, and no rounding goes on for ever."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from gridloom.communities.allocation.public import MICRO, MOST, Round, allocate
from gridloom.communities.allocation.rounding import level

ALL = [Round(Decimal(1), ((0, Decimal(1)),))]


def column(*micro: int) -> Any:
    return np.array([micro], dtype=np.int64)


@pytest.mark.parametrize("micro", [MOST + 1, 9 * 10**12 * MICRO])
def test_amounts_that_no_meter_gives_are_refused(micro: int) -> None:
    with pytest.raises(ValueError, match="too much"):
        allocate(ALL, column(micro), column(1, 1))
    with pytest.raises(ValueError, match="too much"):
        allocate(ALL, column(1), column(1, micro))


def test_the_most_that_meters_give_is_shared_whole() -> None:
    done = allocate(ALL, column(MOST), column(MOST // 2, MOST // 2))
    assert (done.shared.tolist(), done.injected.tolist()) == ([[MOST]], [[MOST // 2, MOST // 2]])
    many = np.full((1, 90_000), MOST, dtype=np.int64)
    key = [Round(Decimal(1), tuple((c, Decimal(-1)) for c in range(90_000)))]
    everything = allocate(key, many, many)
    assert int(everything.shared.sum()) == int(everything.injected.sum()) == 90_000 * MOST
    assert everything.surplus.tolist() == [0]


def test_more_of_the_most_than_a_sum_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too much"):
        allocate(ALL, column(1), np.full((1, 92_234), MOST, dtype=np.int64))


def test_levelling_ends_where_nothing_more_can_be_taken_or_given() -> None:
    amounts, sums = column(0, 0), np.array([-5], dtype=np.int64)
    level(amounts, sums, column(9, 9))
    assert (amounts.tolist(), sums.tolist()) == ([[0, 0]], [-5])
    amounts, sums = column(1, 2), np.array([9], dtype=np.int64)
    level(amounts, sums, column(1, 3))
    assert (amounts.tolist(), sums.tolist()) == ([[1, 3]], [4])
