"""A process that is killed while it takes values in: what was answered is there, what is said again is there once."""

import asyncio
import signal
import sys
from pathlib import Path

from tests.charging.sessions.engine.kit import World, minutes, number_of
from tests.charging.sessions.engine.pump import report

ROOT = Path(__file__).parents[4]


async def killed(world: World, arguments: list[str], after: int) -> int:
    """Run the pump and kill it after so many answers; gives the last value that was answered."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.charging.sessions.engine.pump", world.database.url, str(world.tenant), *arguments,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    last = 0
    while last < after:
        last = int(await asyncio.wait_for(process.stdout.readline(), 60))
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    lines = [int(each) for each in rest.split()]
    return max([last, *lines])


async def test_nothing_that_was_answered_is_lost_and_nothing_is_doubled(world: World) -> None:
    with world.at(minutes(120)):
        stations = []
        for place in range(5):
            station = await world.station()
            await world.tag(f"CARD{place}", await world.driver())
            stations.append((station, number_of(await station.start16(tag=f"CARD{place}"))))
        arguments = [f"{station.id}:{number}" for station, number in stations]
        for after in (3, 9):
            last = await killed(world, arguments, after)
            for station, _ in stations:
                values = await world.readings(station.evses[0])
                assert values[:last] == [(minutes(place / 60), 1000.0 + place) for place in range(1, last + 1)]
                assert len(values) <= last + 1
            # The station has no answer to the last one, and says it again.
            for station, number in stations:
                await world.intake.put(world.tenant, report(station.id, str(number), last + 1))
        for station, number in stations:
            await station.stop16(number, at=minutes(10), meter=1000 + last + 1)
    for row in await world.sessions():
        assert (row["status"], row["meter_stop_wh"] - row["meter_start_wh"], row["suspect"]) == (
            "finished",
            last + 1,
            [],
        )
    (count,) = await world.rows("SELECT count(*) AS n, count(DISTINCT (channel_id, cap_time)) AS d FROM series.reading")
    assert count["n"] == count["d"] == 5 * 2 * (last + 1)
