"""The day of 25 hours: an hour comes twice on the wall, and both are shared, settled and read."""

from datetime import date
from decimal import Decimal

import pytest
from tests.journeys.cooperative import BRUSSELS, SHARED, TAKEN, Cooperative, instant, ms, quarters
from tests.journeys.reckoning import micro

DAY = date(2025, 10, 26)
HOUSE, NEIGHBOUR, ROOF = "549999900000000019", "549999900000000026", "549999900000001016"
WINDOW = {"date_start": str(DAY), "date_end": str(DAY)}


@pytest.mark.parametrize("backwards", [False, True], ids=["oldest first", "newest first"])
async def test_both_hours_of_the_same_name_are_shared(cooperative: Cooperative, backwards: bool) -> None:
    times = quarters(DAY)
    assert len(times) == 100
    walls = [f"{time.astimezone(BRUSSELS):%Y-%m-%d %H:%M}" for time in times]
    assert [walls.count(each) for each in ("2025-10-26 02:00", "2025-10-26 02:45", "2025-10-26 03:00")] == [2, 2, 1]
    await cooperative.found("Autumn")
    for ean, injects in ((HOUSE, False), (NEIGHBOUR, False), (ROOF, True)):
        member = await cooperative.individual(f"Owner of {ean}", f"{ean}@example.org")
        await cooperative.meter(ean, member, DAY, injects=injects)
    await cooperative.agree("Halves", [(1, {HOUSE: 0.5, NEIGHBOUR: 0.5})], DAY)
    sensor = await cooperative.sensor(HOUSE, "House")

    # Every quarter hour is another one; the roof gives 0.1 kWh in each, so that a half is 0.05.
    taken = {HOUSE: [Decimal(n) / 1000 for n in range(1, 101)], NEIGHBOUR: [Decimal("0.2")] * 100}
    rows = [(walls[n], ean, "consumption", column[n]) for ean, column in taken.items() for n in range(100)]
    rows += [(wall, ROOF, "injection", Decimal("0.1")) for wall in walls]
    await cooperative.upload(reversed(rows) if backwards else rows)

    body = await cooperative.of_meter(HOUSE, WINDOW)
    shared = [min(each, Decimal("0.05")) for each in taken[HOUSE]]
    assert body["timestamps"] == [instant(time) for time in times]
    assert (body["gross"], body["shared"]) == (taken[HOUSE], shared)
    whole = await cooperative.of_operation(**WINDOW)
    assert whole["timestamps"] == body["timestamps"]
    assert whole["shared"] == whole["inj_shared"] == [each + Decimal("0.05") for each in shared]
    data = await cooperative.measured(sensor, TAKEN, times[0], times[-1])
    assert (data["time"], data["value"]) == ([ms(time) for time in times[:-1]], taken[HOUSE][:-1])
    data = await cooperative.measured(sensor, SHARED, times[0], times[-1])
    assert data["value"] == shared[:-1]

    run = await cooperative.settle(DAY, DAY)
    # 1 to 50 Wh are taken whole (1.275 kWh), then 50 Wh of each of fifty; the neighbour has 50 Wh of all hundred.
    assert [micro(run["totals"][name]) for name in ("gross", "shared", "inj_gross", "inj_shared")] == [
        25_050_000, 8_775_000, 10_000_000, 8_775_000,
    ]  # fmt: skip
    assert [(each["EAN"], each["day"], each["missing_count"]) for each in await cooperative.lines(run["id"])] == [
        (ean, str(DAY), 0) for ean in (HOUSE, NEIGHBOUR, ROOF)
    ]
