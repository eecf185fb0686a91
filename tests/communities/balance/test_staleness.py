"""What got here after the last sharing is seen, whatever clocks and midnights do."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from tests.communities.balance.street import Meter, Street, ms, quarters

from gridloom.core.series import codes
from gridloom.kernel import clock

MAY, SECOND = date(2026, 5, 1), date(2026, 5, 2)


@pytest.fixture
async def pair(sun: Street) -> tuple[Meter, Meter]:
    """A house that takes everything of a roof, both since May."""
    house, roof = await sun.meter(MAY), await sun.meter(MAY, injects=True)
    await sun.key(MAY, [("1", {house.ean: "1"})])
    return house, roof


async def test_what_a_machine_with_a_slow_clock_writes_is_seen(sun: Street, pair: Sequence[Meter]) -> None:
    house, roof = pair
    times = quarters(MAY)
    await sun.readings(house, codes.GROSS_CONSUMPTION, times, [1.0] * 96)
    await sun.catch_up(MAY, MAY)
    with clock.travel(timedelta(seconds=-5)):
        await sun.readings(roof, codes.GROSS_INJECTION, times, [0.5] * 96)
    await sun.catch_up(MAY, MAY)
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == dict.fromkeys(times.tolist(), 500_000)
    with clock.travel(timedelta(seconds=-5)):
        await sun.readings(roof, codes.GROSS_INJECTION, times[:1], [0.25])
    await sun.catch_up(MAY, MAY)
    assert (await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY))[int(times[0])] == 250_000
    assert await sun.catch_up(MAY, MAY) == 1


async def test_a_machine_with_a_fast_clock_hides_nobody_elses_readings(sun: Street, pair: Sequence[Meter]) -> None:
    house, roof = pair
    times = quarters(MAY)
    with clock.travel(timedelta(hours=3)):
        await sun.readings(house, codes.GROSS_CONSUMPTION, times, [1.0] * 96)
        await sun.catch_up(MAY, MAY)
    await sun.readings(roof, codes.GROSS_INJECTION, times, [0.5] * 96)
    await sun.catch_up(MAY, MAY)
    assert await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY) == dict.fromkeys(times.tolist(), 500_000)


async def test_each_channel_stands_with_its_last_write_our_own_included(sun: Street, pair: Sequence[Meter]) -> None:
    for meter, code in zip(pair, (codes.GROSS_CONSUMPTION, codes.GROSS_INJECTION), strict=True):
        await sun.readings(meter, code, quarters(MAY), [1.0] * 96)
    await sun.catch_up(MAY, MAY)
    async with sun.database.tenant(sun.tenant) as tx:
        stands = await tx.all(
            "SELECT channel_id, last_acq FROM communities.shared WHERE sharing_operation_id = :o ORDER BY channel_id",
            o=sun.operation.id,
        )
        channels = await tx.all(
            "SELECT id, last_acq FROM series.channel WHERE point_id = ANY(CAST(:p AS bigint[])) AND last_acq IS NOT NULL "
            "ORDER BY id", p=[each.point for each in pair],
        )  # fmt: skip
    assert [tuple(row) for row in stands] == [tuple(row) for row in channels]
    assert len(stands) == 4


async def test_a_meter_that_comes_back_with_old_readings_is_seen(sun: Street, pair: Sequence[Meter]) -> None:
    await sun.readings(pair[1], codes.GROSS_INJECTION, quarters(MAY), [1.0] * 96)
    await sun.catch_up(MAY, SECOND)
    late = await sun.meter(MAY)
    await sun.readings(late, codes.GROSS_CONSUMPTION, quarters(MAY)[:2], [1.0, 2.0])
    await sun.catch_up(MAY, SECOND)
    first, second = quarters(MAY)[:2].tolist()
    found = await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY)
    assert (found[first], found[second]) == (1_000_000, 2_000_000)


async def test_a_late_register_reading_before_midnight_shares_the_next_day_again(
    sun: Street, pair: Sequence[Meter]
) -> None:
    house, _ = pair
    evening = [ms(2026, 5, 1, hour) for hour in range(12, 24)]
    morning = [ms(2026, 5, 2, hour, 40) for hour in range(12)]
    await sun.readings(house, codes.REGISTER_CONSUMPTION, evening, np.arange(12.0))
    await sun.readings(house, codes.REGISTER_CONSUMPTION, morning, 20 + np.arange(12.0))
    await sun.catch_up(MAY, SECOND)
    midnight = ms(2026, 5, 2)
    assert midnight not in await sun.sums(codes.GROSS_CONSUMPTION, SECOND, SECOND)
    await sun.readings(house, codes.REGISTER_CONSUMPTION, [ms(2026, 5, 1, 23, 50)], [12.0])
    await sun.catch_up(MAY, SECOND)
    assert (await sun.sums(codes.GROSS_CONSUMPTION, SECOND, SECOND))[midnight] == 8_000_000
    assert (await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY))[ms(2026, 5, 1, 23)] == 1_000_000
