"""A thousand stations come back at once, and one that comes again and again: what the others feel of it.

    .venv/bin/python benchmarks/storm.py

Fifty stations charge in a process of their own and report all the time. Beside them a thousand lose their sockets in one moment,
dial again, boot and tell their status; then a single one dials twenty times without a pause.
"""

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from live import OCPP_PORT, percentile, say, served, settled
from stations import Refused, Station, connected, dial

OTHERS, MANY, AGAIN = 50, 1000, 20
ASKED_P99_MS, ASKED_BACK_S = 100, 30


async def watch(first: int) -> None:
    """The others: report until told to end; each line of the input asks for the waits since the last one."""
    numbers = range(first, first + OTHERS)
    stations = await asyncio.gather(*[dial(f"BENCH-{number:04d}", OCPP_PORT, number) for number in numbers])
    await asyncio.gather(*[each.begin(f"BENCHTAG{number:04d}") for number, each in zip(numbers, stations, strict=True)])
    print("ready", flush=True)
    waits: list[float] = []

    async def live(station: Station) -> None:
        while True:
            began = time.perf_counter()
            await station.step()
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.25)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(live(each)) for each in stations]
        while (line := await asyncio.to_thread(sys.stdin.readline)) and line.strip() != "end":
            print(json.dumps([percentile(waits, 50), percentile(waits, 99), len(waits)]), flush=True)
            waits.clear()
        for task in tasks:
            task.cancel()


class Others:
    """The process of the fifty."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self) -> tuple[float, float, int]:
        """Median and p99 in milliseconds since the last time, and of how many."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"waits\n")
        found: Any = json.loads(await self.process.stdout.readline())
        return found[0], found[1], found[2]


async def boot(number: int) -> Station:
    """Dial, boot, tell the status."""
    station = await dial(f"BENCH-{number:04d}", OCPP_PORT, number)
    await station.boot()
    return station


async def again(number: int) -> tuple[int, int]:
    """One station that dials again and again without a pause: how often it was let in, and how often not."""
    admitted = 0
    for _ in range(AGAIN):
        try:
            station = await connected(f"BENCH-{number:04d}", OCPP_PORT)
            await station.boot()
            station.abort()
        except Refused:
            continue
        admitted += 1
    return admitted, AGAIN - admitted


async def storm() -> None:
    """Both storms on one server."""
    async with served(MANY + OTHERS + 1) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--watch",
            str(MANY),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        stations = await asyncio.gather(*[boot(number) for number in range(MANY)])
        assert (await process.stdout.readline()).strip() == b"ready"
        others = Others(process)
        await settled(server.url)
        await others.ask()
        await asyncio.sleep(5)
        quiet = await others.ask()
        for each in stations:
            each.abort()
        began = time.perf_counter()
        stations = await asyncio.gather(*[boot(number) for number in range(MANY)])
        back = time.perf_counter() - began
        median, p99, count = await others.ask()
        before = f"before it {quiet[1]:.0f} ms"
        text = f"p99 {p99:.0f} ms of {count} answers, median {median:.0f} ms; {before}"
        say("asked p99 of others / measured, 1000 at once", ASKED_P99_MS / p99, 1.0, text)
        say(
            "asked time to be back / measured, 1000 at once",
            ASKED_BACK_S / back,
            1.0,
            f"{back:.1f} s until all had booted",
        )
        await settled(server.url)
        await others.ask()
        admitted, refused = await again(MANY + OTHERS)
        await asyncio.sleep(1)
        median, p99, count = await others.ask()
        text = f"p99 {p99:.0f} ms of {count} answers, median {median:.0f} ms; {admitted} let in, {refused} put off"
        say("asked p99 of others / measured, one 20 times", ASKED_P99_MS / p99, 1.0, text)
        process.stdin.write(b"end\n")
        await process.wait()


def main() -> None:
    """The storm, or the process beside it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--watch", type=int)
    given = parser.parse_args()
    uvloop.run(storm() if given.watch is None else watch(given.watch))


if __name__ == "__main__":
    main()
