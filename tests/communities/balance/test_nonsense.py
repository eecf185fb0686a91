"""What no meter can have counted is not there, and nobody waits for it."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.communities.balance.street import Meter, Street, quarters

from gridloom.communities.allocation.public import MOST
from gridloom.communities.balance import catching, sharing
from gridloom.communities.balance.amounts import Amounts, arranged, bounded, common_steps
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Span
from gridloom.communities.balance.readings import in_micro
from gridloom.core.series import codes
from gridloom.core.series.public import Samples

MAY = date(2026, 5, 1)
DAY = Days.of(Span(MAY, MAY))


@pytest.fixture
async def three(sun: Street) -> tuple[Meter, Meter, Meter]:
    """A house that takes everything of two roofs, all since May."""
    house, roofs = await sun.meter(MAY), [await sun.meter(MAY, injects=True) for _ in range(2)]
    await sun.key(MAY, [("1", {house.ean: "1"})])
    return house, roofs[0], roofs[1]


def test_what_is_too_much_for_a_step_is_missing_and_what_is_negative_is_nothing() -> None:
    samples = Samples(np.arange(6), np.array([1.5, 1e8, 1.000001e8, 9e12, np.inf, -3.0]))
    time_ms, micro = in_micro(samples, "kW.h")
    assert (time_ms.tolist(), micro.tolist()) == ([0, 1, 5], [1_500_000, MOST, 0])
    time_ms, micro = in_micro(Samples(np.arange(2), np.array([9e15, 2000.0])), "W.h")
    assert (time_ms.tolist(), micro.tolist()) == ([1], [2_000_000])


def test_several_values_in_one_step_are_too_much_together() -> None:
    minutes = DAY.since_ms + np.array([0, 7, 15]) * 60_000
    rows = arranged(np.zeros(3, dtype=np.int64), minutes, np.array([MOST, 1, 5]), DAY)
    assert (rows.time_ms.tolist(), rows.micro.tolist()) == ([int(minutes[2])], [5])


def test_quarters_that_are_too_much_in_their_hour_are_missing_there() -> None:
    times = DAY.since_ms + np.arange(8) * QUARTER_MS
    fine = Amounts(np.zeros(8, dtype=np.int64), times, np.array([MOST, MOST, 1, 1, 2, 2, 2, 2]), np.full(8, QUARTER_MS))
    hourly = Amounts(*(np.array([value]) for value in (1, DAY.since_ms, 1, HOUR_MS)))
    steps = common_steps(DAY, fine, hourly)
    assert bounded(fine, steps, 2).time_ms.tolist() == times[4:].tolist()
    assert bounded(fine, common_steps(DAY, fine), 2).time_ms.tolist() == times.tolist()


async def test_nonsense_is_missing_and_the_rest_is_shared(sun: Street, three: Sequence[Meter]) -> None:
    house, one, other = three
    times = quarters(MAY)[:3]
    await sun.readings(house, codes.GROSS_CONSUMPTION, times, [9e12, 1.0, 2.0])
    await sun.readings(one, codes.GROSS_INJECTION, times, [9e12, 9e12, 0.5])
    await sun.readings(other, codes.GROSS_INJECTION, times, [9e12, 0.25, 0.5])
    await asyncio.wait_for(sun.catch_up(MAY, MAY), 20)
    second, third = times[1:].tolist()
    assert await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY) == {second: 1_000_000, third: 2_000_000}
    assert await sun.sums(codes.GROSS_INJECTION, MAY, MAY) == {second: 250_000, third: 1_000_000}
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == {second: 250_000, third: 1_000_000}


async def test_others_go_on_while_an_operation_is_shared(
    sun: Street, three: Sequence[Meter], monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[Any] = []
    share = sharing.share

    def noted(*given: Any) -> Any:
        where.append(threading.current_thread())
        return share(*given)

    monkeypatch.setattr(catching, "share", noted)
    await sun.readings(three[0], codes.GROSS_CONSUMPTION, quarters(MAY), [1.0] * 96)
    await sun.catch_up(MAY, MAY)
    assert len(where) == 1
    assert where[0] is not threading.main_thread()
