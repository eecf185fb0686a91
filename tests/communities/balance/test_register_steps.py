"""The step of a register is that of the day, whichever days are read with it."""

from datetime import date, timedelta

import numpy as np
from tests.communities.balance.street import Street, quarters

from gridloom.communities.balance import readings
from gridloom.communities.balance.amounts import Amounts
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Span
from gridloom.core.series import codes

FIRST = date(2026, 5, 1)
LAST_QUARTERS, LAST = FIRST + timedelta(days=2), FIRST + timedelta(days=32)


async def test_a_day_read_alone_is_that_day_of_a_longer_time(sun: Street) -> None:
    house = await sun.meter(FIRST)
    fine = quarters(FIRST, LAST_QUARTERS)
    coarse = np.append(quarters(LAST_QUARTERS + timedelta(days=1), LAST, HOUR_MS), Days.of(Span(LAST, LAST)).till_ms)
    times = np.append(fine, coarse)
    await sun.readings(house, codes.REGISTER_CONSUMPTION, times, np.cumsum(np.arange(len(times)) % 7) / 4)

    async def gross(first: date, last: date) -> Amounts:
        async with sun.database.tenant(sun.tenant) as tx:
            channels = await readings.channels_of(tx, [house.point])
            taken, _ = await readings.read(tx, [house.point], channels, Days.of(Span(first, last)))
        return taken.gross

    whole = await gross(FIRST, LAST)
    for number in (0, 1, 2, 3, 4, 17, 32):
        day = FIRST + timedelta(days=number)
        alone, days = await gross(day, day), Days.of(Span(day, day))
        inside = whole.take((whole.time_ms >= days.since_ms) & (whole.time_ms < days.till_ms))
        step, count = (QUARTER_MS, 96) if day <= LAST_QUARTERS else (HOUR_MS, 24)
        assert (set(alone.step_ms.tolist()), len(alone.time_ms)) == ({step}, count)
        assert [column.tolist() for column in alone] == [column.tolist() for column in inside]
