"""What is shared is right whenever somebody reads it, whatever changed before."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.communities.allocation import model
from tests.communities.balance.street import Meter, Street, kwh_of, quarters
from tests.communities.kit import Community

from gridloom.communities.allocation.public import Round
from gridloom.communities.balance.public import mark
from gridloom.core.series import codes
from gridloom.core.series.public import Origin

MAY = date(2026, 5, 1)
SECOND, THIRD = date(2026, 5, 2), date(2026, 5, 3)
QUARTERS = 96


def energy(seed: int, *shape: int, most: int = 2_000_000) -> Any:
    """Micro-kWh on a grid of a watt-hour, as meters give them."""
    return np.random.default_rng(seed).integers(0, most // 1000, shape) * 1000


def half_half(*meters: Meter) -> Any:
    return [("1", {meter.ean: str(Decimal(1) / len(meters)) for meter in meters})]


def exact(rounds: Sequence[Round], gross: Any, production: Any) -> tuple[Any, Any]:
    """Each step with exact rationals: totals, and each consumer within one micro-kWh a consumer."""
    steps = [model.share(rounds, gross[:, n].tolist(), production[:, n].tolist()) for n in range(gross.shape[1])]
    return [each.shared for each in steps], [each.injected for each in steps]


async def agrees(
    sun: Street, consumers: Sequence[Meter], producers: Sequence[Meter], times: Any, gross: Any, production: Any,
    rounds: Sequence[Round], day: date,
) -> None:  # fmt: skip
    """What stands on a day is what exact rationals say."""
    shared, injected = exact(rounds, gross, production)
    ours = [await sun.series(each.point, codes.SHARED_CONSUMPTION, day, day) for each in consumers]
    theirs = [await sun.series(each.point, codes.SHARED_INJECTION, day, day) for each in producers]
    for step, time in enumerate(times.tolist()):
        for place, column in enumerate(ours):
            assert abs(column[time] - shared[step][place]) <= len(consumers)
        for place, column in enumerate(theirs):
            assert abs(column[time] - injected[step][place]) <= len(producers)
        assert sum(column[time] for column in ours) == sum(column[time] for column in theirs)
        assert abs(sum(column[time] for column in ours) - sum(shared[step])) <= 1


@pytest.fixture
async def three(sun: Street) -> tuple[Meter, Meter, Meter]:
    """Two consumers and a roof, in the operation since May."""
    return await sun.meter(MAY), await sun.meter(MAY), await sun.meter(MAY, injects=True)


async def fill(sun: Street, three: Sequence[Meter], day: date, seed: int = 1) -> tuple[Any, Any, Any]:
    """Readings of one day: (times, gross, production)."""
    times = quarters(day)
    gross, production = energy(seed, 2, len(times)), energy(seed + 1, 1, len(times), most=5_000_000)
    for meter, values in zip(three, gross, strict=False):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, times, kwh_of(values))
    await sun.readings(three[2], codes.GROSS_INJECTION, times, kwh_of(production[0]))
    return times, gross, production


HALVES = [Round(Decimal(1), ((0, Decimal("0.5")), (1, Decimal("0.5"))))]


async def test_a_day_is_shared_by_the_key_of_that_day(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, production = await fill(sun, three, SECOND)
    await sun.catch_up(SECOND, SECOND)
    await agrees(sun, three[:2], three[2:], times, gross, production, HALVES, SECOND)


async def test_the_sums_of_the_operation_are_the_sums_of_its_meters(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, production = await fill(sun, three, SECOND)
    await sun.catch_up(SECOND, SECOND)
    shared = [await sun.series(each.point, codes.SHARED_CONSUMPTION, SECOND, SECOND) for each in three[:2]]
    given = await sun.series(three[2].point, codes.SHARED_INJECTION, SECOND, SECOND)
    together = {t: shared[0][t] + shared[1][t] for t in times.tolist()}
    taken = dict(zip(times.tolist(), gross.sum(axis=0).tolist(), strict=True))
    fed = dict(zip(times.tolist(), production[0].tolist(), strict=True))
    assert await sun.sums(codes.GROSS_CONSUMPTION, SECOND, SECOND) == taken
    assert await sun.sums(codes.SHARED_CONSUMPTION, SECOND, SECOND) == together
    assert await sun.sums(codes.NET_CONSUMPTION, SECOND, SECOND) == {t: taken[t] - together[t] for t in together}
    assert await sun.sums(codes.GROSS_INJECTION, SECOND, SECOND) == fed
    assert await sun.sums(codes.SHARED_INJECTION, SECOND, SECOND) == given == together
    assert await sun.sums(codes.NET_INJECTION, SECOND, SECOND) == {t: fed[t] - together[t] for t in together}


async def test_with_nothing_stale_it_costs_one_statement(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    await fill(sun, three, SECOND)
    assert await sun.catch_up(MAY, THIRD) > 1
    assert [await sun.catch_up(MAY, THIRD), await sun.catch_up(date(2020, 1, 1), date(2030, 1, 1))] == [1, 1]
    assert await sun.stale() == []


async def test_only_the_days_asked_for_are_shared_and_the_others_stay_marked(
    sun: Street, three: Sequence[Meter]
) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    for day in (MAY, SECOND, THIRD):
        await fill(sun, three, day, seed=day.day)
    await sun.catch_up(SECOND, SECOND)
    assert len(await sun.sums(codes.GROSS_CONSUMPTION, MAY, THIRD)) == QUARTERS
    assert await sun.stale() == [(MAY, MAY), (THIRD, THIRD)]
    await sun.catch_up(MAY, THIRD)
    assert len(await sun.sums(codes.GROSS_CONSUMPTION, MAY, THIRD)) == 3 * QUARTERS
    assert await sun.stale() == []


async def test_a_late_reading_shares_its_day_again(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    await fill(sun, three, MAY, seed=5)
    times, gross, production = await fill(sun, three, SECOND)
    await sun.catch_up(MAY, SECOND)
    before = await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)
    gross[1, 40:44] = 0
    await sun.readings(three[1], codes.GROSS_CONSUMPTION, times[40:44], [0.0] * 4)
    await sun.catch_up(MAY, SECOND)
    await agrees(sun, three[:2], three[2:], times, gross, production, HALVES, SECOND)
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == before


async def test_a_late_reading_outside_of_the_window_is_not_forgotten(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, production = await fill(sun, three, MAY)
    await fill(sun, three, THIRD, seed=9)
    await sun.catch_up(MAY, THIRD)
    gross[0, 7] = 9_000_000
    await sun.readings(three[0], codes.GROSS_CONSUMPTION, times[7:8], [9.0])
    await sun.readings(three[1], codes.GROSS_CONSUMPTION, quarters(THIRD)[:1], [3.0])
    await sun.catch_up(THIRD, THIRD)
    assert await sun.stale() == [(MAY, MAY)]
    await sun.catch_up(MAY, MAY)
    await agrees(sun, three[:2], three[2:], times, gross, production, HALVES, MAY)


async def test_a_removed_reading_takes_away_what_was_shared_of_it(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, _, _ = await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    await sun.readings(three[0], codes.GROSS_CONSUMPTION, times[:2], [None, None])
    await sun.catch_up(MAY, MAY)
    left = await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    assert sorted(left) == times[2:].tolist()


async def test_a_key_approved_in_mid_month_counts_from_its_day(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    days = {day: await fill(sun, three, day, seed=day.day) for day in (MAY, SECOND, THIRD)}
    await sun.catch_up(MAY, THIRD)
    await sun.key(SECOND, [("0.3", {three[0].ean: "1"}), ("0.7", {three[0].ean: "-1", three[1].ean: "-1"})])
    await sun.catch_up(MAY, THIRD)
    later = [
        Round(Decimal("0.3"), ((0, Decimal(1)),)),
        Round(Decimal("0.7"), ((0, Decimal(-1)), (1, Decimal(-1)))),
    ]
    for day, rounds in ((MAY, HALVES), (SECOND, later), (THIRD, later)):
        await agrees(sun, three[:2], three[2:], *days[day], rounds, day)


async def test_without_a_key_nothing_is_shared_and_all_is_net(sun: Street, three: Sequence[Meter]) -> None:
    times, gross, _ = await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    assert set((await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == {0}
    net = await sun.sums(codes.NET_CONSUMPTION, MAY, MAY)
    assert net == dict(zip(times.tolist(), gross.sum(axis=0).tolist(), strict=True))


async def test_a_key_that_is_rejected_later_takes_back_what_was_shared(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    assert sum((await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)).values()) > 0
    await sun.reject_keys(MAY)
    await sun.catch_up(MAY, MAY)
    assert set((await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == {0}
    assert set((await sun.series(three[1].point, codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == {0}


async def test_a_meter_that_leaves_keeps_what_it_shared_before_and_nothing_after(
    sun: Street, three: Sequence[Meter]
) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    days = {day: await fill(sun, three, day, seed=day.day) for day in (MAY, SECOND)}
    await sun.catch_up(MAY, SECOND)
    before = await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    await sun.change(three[0], SECOND, status=2, sharing_operation_id=None)
    await sun.catch_up(MAY, SECOND)
    assert await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY) == before
    assert await sun.series(three[0].point, codes.SHARED_CONSUMPTION, SECOND, SECOND) == {}
    times, gross, production = days[SECOND]
    alone = [Round(Decimal(1), ((None, Decimal("0.5")), (0, Decimal("0.5"))))]
    await agrees(sun, three[1:2], three[2:], times, gross[1:], production, alone, SECOND)


async def test_a_meter_that_never_was_there_after_all_loses_everything(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    # The same day: the period is written over, and no trace of the operation is left on the meter.
    await sun.change(three[0], MAY, status=2, sharing_operation_id=None)
    await sun.catch_up(MAY, MAY)
    assert await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY) == {}


async def test_a_meter_that_changes_hands_goes_on_sharing(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    days = {day: await fill(sun, three, day, seed=day.day) for day in (MAY, SECOND)}
    await sun.change(three[0], SECOND, description="another holder")
    await sun.catch_up(MAY, SECOND)
    for day, filled in days.items():
        await agrees(sun, three[:2], three[2:], *filled, HALVES, day)


async def test_a_meter_that_waits_does_not_share(sun: Street, three: Sequence[Meter]) -> None:
    waiting = await sun.meter(MAY, status=3)
    await sun.key(MAY, half_half(*three[:2], waiting))
    await fill(sun, three, MAY)
    await sun.readings(waiting, codes.GROSS_CONSUMPTION, quarters(MAY), [1.0] * QUARTERS)
    await sun.catch_up(MAY, MAY)
    assert await sun.series(waiting.point, codes.SHARED_CONSUMPTION, MAY, MAY) == {}
    await sun.change(waiting, MAY, status=1)
    await sun.catch_up(MAY, MAY)
    assert len(await sun.series(waiting.point, codes.SHARED_CONSUMPTION, MAY, MAY)) == QUARTERS


async def test_a_meter_in_another_operation_keeps_its_numbers_there(
    sun: Street, street: Community, three: Sequence[Meter]
) -> None:
    moon = await Street.of(street)
    roof = await moon.meter(MAY, injects=True)
    await sun.key(MAY, half_half(*three[:2]))
    await moon.key(MAY, half_half(three[0]))
    for day in (MAY, SECOND):
        await fill(sun, three, day, seed=day.day)
        await moon.readings(roof, codes.GROSS_INJECTION, quarters(day), [0.25] * QUARTERS)
    await sun.catch_up(MAY, SECOND)
    await sun.change(three[0], SECOND, sharing_operation_id=moon.operation.id)
    await moon.catch_up(MAY, SECOND)
    there = await moon.series(three[0].point, codes.SHARED_CONSUMPTION, SECOND, SECOND)
    assert max(there.values()) == 250_000
    await sun.catch_up(MAY, SECOND)
    assert await moon.series(three[0].point, codes.SHARED_CONSUMPTION, SECOND, SECOND) == there
    shared = await sun.sums(codes.SHARED_CONSUMPTION, SECOND, SECOND)
    assert shared == await sun.series(three[1].point, codes.SHARED_CONSUMPTION, SECOND, SECOND)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (MAY, 96)])
async def test_a_day_of_23_or_25_hours_is_shared_whole(sun: Street, day: date, count: int) -> None:
    since = day - timedelta(days=1)
    meters = [await sun.meter(since), await sun.meter(since), await sun.meter(since, injects=True)]
    # The key changes with the day: its first and its last quarter hour are on the right side.
    await sun.key(since, [("1", {meters[0].ean: "1"})], till=since)
    await sun.key(day, half_half(*meters[:2]), till=day)
    times, gross, production = await fill(sun, meters, day)
    await fill(sun, meters, since, seed=11)
    await fill(sun, meters, day + timedelta(days=1), seed=12)
    assert len(times) == count
    await sun.catch_up(since, day + timedelta(days=1))
    await agrees(sun, meters[:2], meters[2:], times, gross, production, HALVES, day)
    after = day + timedelta(days=1)
    assert set((await sun.sums(codes.SHARED_CONSUMPTION, after, after)).values()) == {0}
    assert set((await sun.series(meters[1].point, codes.SHARED_CONSUMPTION, since, since)).values()) == {0}


async def test_whole_hours_are_shared_per_hour(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    hours = quarters(MAY, step_ms=3_600_000)
    gross, production = energy(1, 2, 24), energy(2, 1, 24, most=5_000_000)
    for meter, values in zip(three, gross, strict=False):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, hours, kwh_of(values), step_s=3600)
    await sun.readings(three[2], codes.GROSS_INJECTION, hours, kwh_of(production[0]), step_s=3600)
    await sun.catch_up(MAY, MAY)
    await agrees(sun, three[:2], three[2:], hours, gross, production, HALVES, MAY)
    assert sorted(await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY)) == hours.tolist()


async def test_one_meter_with_whole_hours_makes_the_day_hourly_and_quarters_get_their_part(
    sun: Street, three: Sequence[Meter]
) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    hours, quarter = quarters(MAY, step_ms=3_600_000), quarters(MAY)
    coarse, fine, production = energy(1, 24), energy(2, 96), energy(3, 1, 24, most=5_000_000)
    await sun.readings(three[0], codes.GROSS_CONSUMPTION, hours, kwh_of(coarse), step_s=3600)
    await sun.readings(three[1], codes.GROSS_CONSUMPTION, quarter, kwh_of(fine))
    await sun.readings(three[2], codes.GROSS_INJECTION, hours, kwh_of(production[0]), step_s=3600)
    await sun.catch_up(MAY, MAY)
    shared, _ = exact(HALVES, np.array([coarse, fine.reshape(24, 4).sum(axis=1)]), production)
    ours = await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    pieces = await sun.series(three[1].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    assert sorted(pieces) == quarter.tolist()
    sums = await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)
    taken = dict(zip(quarter.tolist(), fine.tolist(), strict=True))
    assert all(0 <= piece <= taken[time] for time, piece in pieces.items())
    for number, hour in enumerate(hours.tolist()):
        got = sum(pieces[hour + n * 900_000] for n in range(4))
        assert abs(ours[hour] - shared[number][0]) <= 2
        assert abs(got - shared[number][1]) <= 2
        assert sums[hour] == ours[hour] + got


async def test_a_corrected_file_with_another_step_leaves_nothing_of_the_old_one(
    sun: Street, three: Sequence[Meter]
) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, _, _ = await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    inside = times[times % 3_600_000 != 0]
    for meter, code in (
        (three[0], codes.GROSS_CONSUMPTION), (three[1], codes.GROSS_CONSUMPTION), (three[2], codes.GROSS_INJECTION),
    ):  # fmt: skip
        await sun.readings(meter, code, inside, [None] * len(inside))
    await sun.catch_up(MAY, MAY)
    hours = times[times % 3_600_000 == 0].tolist()
    assert sorted(await sun.sums(codes.NET_CONSUMPTION, MAY, MAY)) == hours
    assert sorted(await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)) == hours


async def test_registers_are_read_where_no_amounts_stand(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, production = await fill(sun, three, MAY)
    counted = energy(7, 96)
    edges = np.append(times, times[-1] + 900_000)
    register = kwh_of(5_000_000_000 + np.append(0, np.cumsum(counted)))
    await sun.readings(three[0], codes.REGISTER_CONSUMPTION, edges, register)
    await sun.catch_up(MAY, MAY)
    await agrees(sun, three[:2], three[2:], times, gross, production, HALVES, MAY)
    fourth = await sun.meter(MAY)
    await sun.key(SECOND, half_half(three[1], fourth))
    await sun.readings(fourth, codes.REGISTER_CONSUMPTION, edges + 86_400_000, register)
    second = await fill(sun, three, SECOND, seed=3)
    await sun.catch_up(MAY, THIRD)
    rows = np.array([second[1][1], counted])
    await agrees(sun, [three[1], fourth], three[2:], second[0], rows, second[2], HALVES, SECOND)


async def test_what_a_register_counted_over_more_than_an_hour_belongs_to_no_quarter_hour(
    sun: Street, three: Sequence[Meter]
) -> None:
    times = quarters(MAY)[[0, 1, 2, 40, 41]]
    await sun.readings(three[0], codes.REGISTER_CONSUMPTION, times, [10.0, 10.5, 11.5, 60.0, 61.0])
    await sun.catch_up(MAY, MAY)
    found = await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY)
    assert found == {int(times[0]): 500_000, int(times[1]): 1_000_000, int(times[3]): 1_000_000}


async def test_the_operators_numbers_stand_and_ours_are_kept_beside_them(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, _ = await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)
    ours = await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    theirs = gross[0] // 4
    await sun.readings(three[0], codes.SHARED_CONSUMPTION, times, kwh_of(theirs))
    await sun.readings(three[0], codes.NET_CONSUMPTION, times, kwh_of(gross[0] - theirs))
    await sun.catch_up(MAY, MAY)
    assert await sun.series(three[0].point, codes.SHARED_CONSUMPTION, MAY, MAY) == ours
    other = await sun.series(three[1].point, codes.SHARED_CONSUMPTION, MAY, MAY)
    sums = {t: other[t] + int(v) for t, v in zip(times.tolist(), theirs, strict=True)}
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == sums
    taken = gross.sum(axis=0)
    assert await sun.sums(codes.NET_CONSUMPTION, MAY, MAY) == {
        t: int(taken[n]) - sums[t] for n, t in enumerate(times.tolist())
    }


async def test_injection_of_a_meter_that_is_no_producer_is_not_shared(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    times, gross, production = await fill(sun, three, MAY)
    await sun.readings(three[0], codes.GROSS_INJECTION, times, [7.0] * QUARTERS)
    await sun.catch_up(MAY, MAY)
    await agrees(sun, three[:2], three[2:], times, gross, production, HALVES, MAY)
    assert await sun.series(three[0].point, codes.SHARED_INJECTION, MAY, MAY) == {}


async def test_a_prediction_is_no_energy(sun: Street, three: Sequence[Meter]) -> None:
    await sun.readings(three[0], codes.GROSS_CONSUMPTION, quarters(MAY), [1.0] * QUARTERS, origin=Origin.PREDICTED)
    await sun.catch_up(MAY, MAY)
    assert await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY) == {}


async def test_sharing_the_same_again_writes_nothing(sun: Street, three: Sequence[Meter]) -> None:
    await sun.key(MAY, half_half(*three[:2]))
    await fill(sun, three, MAY)
    await sun.catch_up(MAY, MAY)

    async def rows() -> int:
        async with sun.database.tenant(sun.tenant) as tx:
            return int(await tx.scalar("SELECT count(*) FROM series.reading"))

    before = await rows()
    async with sun.database.tenant(sun.tenant) as tx:
        await mark(tx, sun.operation.id, MAY)
    await sun.catch_up(MAY, MAY)
    assert (await rows(), await sun.stale()) == (before, [])
