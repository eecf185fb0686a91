"""Registers become amounts: by what each meter's count is worth, across meter changes, and between amounts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.communities.balance.street import Meter, Street, ms, quarters

from gridloom.communities.balance.amounts import Amounts, arranged, covered, filled
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Span
from gridloom.communities.balance.events import registers_recounted
from gridloom.core.series import codes
from gridloom.core.series.public import Period, RegistersRecounted, set_counters
from gridloom.kernel import clock, ids
from gridloom.kernel.events.handlers import Received, discover

MAY, SECOND, THIRD = date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3)
REGISTER, GROSS = codes.REGISTER_CONSUMPTION, codes.GROSS_CONSUMPTION
NOON = ms(2026, 5, 1, 12)


@pytest.fixture
async def pair(sun: Street) -> tuple[Meter, Meter]:
    """A house that takes everything of a roof, both since May."""
    house, roof = await sun.meter(MAY), await sun.meter(MAY, injects=True)
    await sun.key(MAY, [("1", {house.ean: "1"})])
    return house, roof


def edges(day: date) -> Any:
    """Where the quarter hours of a day begin, and where the last ends."""
    begins = quarters(day)
    return np.append(begins, begins[-1] + QUARTER_MS)


async def counted(
    sun: Street, meter: Meter, periods: Sequence[Period], code: int = REGISTER
) -> list[RegistersRecounted]:
    """Say what a register is worth; gives what is told of it."""
    async with sun.database.tenant(sun.tenant) as tx:
        await set_counters(tx, meter.point, code, periods)
        return [msgspec.convert(each.payload, RegistersRecounted) for each in tx.outbox]


async def tell(sun: Street, *events: RegistersRecounted) -> None:
    """Hand events to the handler, as the relay does."""
    for event in events:
        received: Received[RegistersRecounted] = Received(
            ids.uuid7(), 1, sun.tenant, event.name, event.version, event.aggregate(), clock.now(), None, 1,
            msgspec.to_builtins(event),
        )  # fmt: skip
        async with sun.database.tenant(sun.tenant) as tx:
            await registers_recounted(tx, received)


async def gross(sun: Street, meter: Meter, day: date = MAY) -> dict[int, int]:
    """What the operation took on a day, in micro-kWh: there is one house."""
    await sun.catch_up(day, day)
    return await sun.sums(GROSS, day, day)


async def test_a_register_is_worth_its_factor(sun: Street, pair: tuple[Meter, Meter]) -> None:
    house, roof = pair
    times = edges(MAY)
    await counted(sun, house, [Period(factor=Fraction(200, 3))])
    await counted(sun, roof, [Period(factor=Fraction(40))], codes.REGISTER_INJECTION)
    await sun.readings(house, REGISTER, times, 100 + np.arange(97) * 0.3)
    await sun.readings(roof, codes.REGISTER_INJECTION, times, 7 + np.arange(97) * 0.25)
    assert await gross(sun, house) == dict.fromkeys(times[:-1].tolist(), 20_000_000)
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == dict.fromkeys(times[:-1].tolist(), 10_000_000)


async def test_a_meter_change_loses_nothing_and_each_meter_has_its_factor(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, _ = pair
    times = edges(MAY)
    before, after = times[times < NOON], times[times >= NOON]
    line = [Period(None, NOON, None, 108.5), Period(NOON, None, 3.0, None, Fraction(2))]
    await counted(sun, house, line)
    await sun.readings(house, REGISTER, before, 100 + np.arange(len(before)) / 10)
    await sun.readings(house, REGISTER, after, 3.5 + np.arange(len(after)) / 10)
    expected = dict.fromkeys(before[:-1].tolist(), 100_000) | dict.fromkeys(after[:-1].tolist(), 200_000)
    # 3.8 of the old meter after its last reading, and half a count of the new one before its first: both until noon.
    expected[int(before[-1])] = 3_800_000 + 1_000_000
    assert await gross(sun, house) == expected


async def test_a_register_that_was_noted_inside_of_a_quarter_hour_is_a_reading(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, _ = pair
    change = NOON + 420_000
    await counted(sun, house, [Period(None, change, None, 10.5), Period(change, None, 0.0)])
    times = [NOON, NOON + QUARTER_MS, NOON + 2 * QUARTER_MS]
    await sun.readings(house, REGISTER, times, [10.0, 0.25, 0.75])
    assert await gross(sun, house) == {NOON: 750_000, NOON + QUARTER_MS: 500_000}


async def test_a_change_at_midnight_counts_for_the_day_that_ends(sun: Street, pair: tuple[Meter, Meter]) -> None:
    house, _ = pair
    midnight = ms(2026, 5, 2)
    await counted(sun, house, [Period(None, midnight, None, 11.0), Period(midnight, None, 5.0)])
    await sun.readings(house, REGISTER, [midnight - 2 * QUARTER_MS, midnight - QUARTER_MS], [10.0, 10.25])
    await sun.readings(house, REGISTER, [midnight + QUARTER_MS, midnight + 2 * QUARTER_MS], [5.5, 6.5])
    assert await gross(sun, house) == {midnight - 2 * QUARTER_MS: 250_000, midnight - QUARTER_MS: 750_000}
    assert await gross(sun, house, SECOND) == {midnight: 500_000, midnight + QUARTER_MS: 1_000_000}


async def test_counters_cost_one_statement_and_none_where_nothing_is_stale(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, roof = pair
    for day in (MAY, SECOND, THIRD):
        await sun.readings(house, GROSS, quarters(day), [1.0] * 96)
        await sun.readings(roof, codes.GROSS_INJECTION, quarters(day), [1.0] * 96)
    await sun.catch_up(MAY, THIRD)
    await sun.readings(house, GROSS, quarters(MAY)[:1], [2.0])
    without = await sun.catch_up(MAY, THIRD)
    await sun.readings(house, REGISTER, edges(MAY), np.arange(97.0))
    await sun.catch_up(MAY, THIRD)
    await sun.readings(house, GROSS, quarters(MAY)[:1], [3.0])
    await counted(sun, house, [Period(factor=Fraction(2))])
    assert await sun.catch_up(MAY, THIRD) == without + 1
    assert await sun.catch_up(MAY, THIRD) == 1


async def test_a_factor_that_is_noted_later_makes_the_days_stale_and_they_are_shared_anew(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, roof = pair
    for day in (MAY, SECOND):
        await sun.readings(house, REGISTER, edges(day), (904 + 96 * day.day + np.arange(97)) / 10)
        await sun.readings(roof, codes.GROSS_INJECTION, quarters(day), [1.0] * 96)
    await sun.catch_up(MAY, THIRD)
    assert sum((await sun.sums(codes.SHARED_CONSUMPTION, MAY, SECOND)).values()) == 2 * 9_600_000
    change = datetime(2026, 5, 1, 22, tzinfo=UTC)
    at_ms = clock.to_ms(change)
    line = [Period(None, at_ms, None, 109.6), Period(at_ms, None, 109.6, None, Fraction(5))]
    events = await counted(sun, house, line)
    assert [(each.since, each.till) for each in events] == [(change, None)]
    assert await sun.stale() == []
    await tell(sun, *events)
    # The step around the change may lie on the day before.
    assert await sun.stale() == [(MAY, None)]
    await sun.catch_up(MAY, THIRD)
    assert set((await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == {100_000}
    assert set((await sun.sums(codes.SHARED_CONSUMPTION, SECOND, SECOND)).values()) == {500_000}
    assert await sun.stale() == []


async def test_only_days_on_which_the_point_was_in_an_operation_become_stale(sun: Street) -> None:
    house = await sun.meter(SECOND)
    elsewhere = await sun.meter(MAY, is_in=False)
    await sun.change(house, date(2026, 5, 20), status=2, sharing_operation_id=None)
    await sun.catch_up(MAY, date(2026, 12, 31))
    assert await sun.stale() == []
    everything = {"since": None, "till": None}
    await tell(sun, RegistersRecounted(point_id=elsewhere.point, code=REGISTER, **everything))
    await tell(sun, RegistersRecounted(point_id=house.point, code=36, **everything))
    await tell(
        sun, RegistersRecounted(point_id=house.point, code=REGISTER, since=None, till=datetime(2026, 4, 30, tzinfo=UTC))
    )
    assert await sun.stale() == []
    await tell(sun, RegistersRecounted(point_id=house.point, code=REGISTER, **everything))
    moment = datetime(2026, 5, 4, 12, tzinfo=UTC)
    await tell(sun, RegistersRecounted(point_id=house.point, code=REGISTER, since=moment, till=moment))
    assert await sun.stale() == [(SECOND, date(2026, 5, 19)), (date(2026, 5, 4), date(2026, 5, 4))]


def test_the_handler_is_found_under_a_name_that_stays() -> None:
    handler = discover().known["communities.recounted"]
    assert (handler.events, handler.function) == ((RegistersRecounted.name,), registers_recounted)


async def test_a_late_amount_replaces_its_own_interval_of_what_the_register_counted(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, roof = pair
    times = quarters(MAY)
    await sun.readings(house, REGISTER, edges(MAY), 100 + np.arange(97) / 10)
    await sun.readings(roof, codes.GROSS_INJECTION, times, [0.1] * 96)
    assert await gross(sun, house) == dict.fromkeys(times.tolist(), 100_000)
    await sun.readings(house, GROSS, times[40:41], [0.75])
    expected = dict.fromkeys(times.tolist(), 100_000) | {int(times[40]): 750_000}
    assert await gross(sun, house) == expected
    # Two that lie an hour apart are quarter hours as well.
    await sun.readings(house, GROSS, times[44:45], [0.5])
    expected[int(times[44])] = 500_000
    assert await gross(sun, house) == expected
    assert len(await sun.series(house.point, codes.SHARED_CONSUMPTION, MAY, MAY)) == 96


def rows(place: int, day: Days, step_ms: int, steps: Sequence[int], value: int) -> tuple[Any, Any, Any]:
    """Amounts of one meter in some steps of a day."""
    times = np.array([day.since_ms + n * step_ms for n in sorted(steps)], dtype=np.int64)
    return np.full(len(times), place, dtype=np.int64), times, np.full(len(times), value, dtype=np.int64)


DAY = Days.of(Span(MAY, MAY))


def at(step_ms: int, steps: Sequence[int], value: int) -> Amounts:
    place, times, micro = rows(0, DAY, step_ms, steps, value)
    return Amounts(place, times, micro, np.full(len(times), step_ms, dtype=np.int64))


def test_a_registers_hour_that_amounts_cover_in_part_only_is_the_registers() -> None:
    amounts, hours = at(QUARTER_MS, [0, 1, 2, 3, 6], 1), at(HOUR_MS, range(24), 10)
    found = filled(amounts, hours, DAY, 1)
    begin = DAY.since_ms
    assert list(zip(found.time_ms.tolist(), found.micro.tolist(), strict=True)) == [
        *((begin + n * QUARTER_MS, 1) for n in range(4)), *((begin + n * HOUR_MS, 10) for n in range(1, 24)),
    ]  # fmt: skip


def test_steps_that_do_not_nest_leave_the_day_to_what_covers_more_of_it() -> None:
    few, many, quarter = at(600_000, [0, 1], 1), at(600_000, range(144), 1), at(QUARTER_MS, range(95), 10)
    assert filled(few, quarter, DAY, 1).micro.tolist() == [10] * 95
    assert filled(many, quarter, DAY, 1).micro.tolist() == [1] * 144


nesting = st.sampled_from(
    [(QUARTER_MS, QUARTER_MS), (300_000, QUARTER_MS), (QUARTER_MS, HOUR_MS), (HOUR_MS, QUARTER_MS)]
)


@given(nesting, st.sets(st.integers(0, 23)), st.sets(st.integers(0, 23)), st.data())
def test_no_moment_counts_twice_and_none_is_lost(
    nests: tuple[int, int], hours: set[int], others: set[int], data: st.DataObject
) -> None:
    """What is known of a day is what either knows of it, and every row is one of theirs."""
    known = []
    for step_ms, wanted in zip(nests, (hours, others), strict=True):
        per_hour = HOUR_MS // step_ms
        steps = data.draw(st.sets(st.sampled_from([h * per_hour + n for h in wanted for n in range(per_hour)] or [0])))
        known.append(at(step_ms, sorted(steps), 1 + len(known)))
    amounts, registers = known
    found = filled(amounts, registers, DAY, 1)
    assert (np.diff(found.time_ms) >= found.step_ms[:-1]).all()

    def moments(each: Amounts) -> set[int]:
        pairs = zip(each.time_ms.tolist(), each.step_ms.tolist(), strict=True)
        return {moment for time, step in pairs for moment in range(time, time + step, 300_000)}

    assert moments(found) == moments(amounts) | moments(registers)
    assert covered(found, DAY, 1).tolist() == [300_000 * len(moments(found))]
    given_rows = {tuple(row) for each in known for row in zip(*(column.tolist() for column in each), strict=True)}
    assert {tuple(row) for row in zip(*(column.tolist() for column in found), strict=True)} <= given_rows


def test_a_step_is_no_longer_than_it_is_known_to_be() -> None:
    few = rows(0, DAY, HOUR_MS, [10, 11], 5)
    assert arranged(*few, DAY).step_ms.tolist() == [HOUR_MS] * 2
    assert arranged(*few, DAY, np.array([QUARTER_MS])).step_ms.tolist() == [QUARTER_MS] * 2
    assert arranged(*rows(0, DAY, 300_000, [10, 11], 5), DAY, np.array([QUARTER_MS])).step_ms.tolist() == [300_000] * 2
