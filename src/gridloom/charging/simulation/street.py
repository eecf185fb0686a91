"""Simulated stations with a life: they boot, report, charge one car after the other, obey, and come back when they are cut off.

Time is real time: what they send is now, and what a car takes in ten seconds is what it would take in ten seconds.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import structlog
from ocpp.exceptions import OCPPError
from websockets.exceptions import WebSocketException

from gridloom.charging.ocpp.curve import Car
from gridloom.charging.ocpp.simulator import Plug, SimulatedStation

log = structlog.get_logger(__name__)

LONGEST_PAUSE_S = 60.0
HEARTBEAT_S = 60.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How the drivers behave. interval_s: between meter values. pause_s, stay_s: between two cars, and how long one stays."""

    interval_s: float = 10.0
    pause_s: tuple[float, float] = (20.0, 120.0)
    stay_s: tuple[float, float] = (180.0, 900.0)


@dataclass(slots=True)
class Resident:
    """A station of the street. tags: what its visitors hold before the reader; none: it waits for a remote start."""

    station: SimulatedStation
    tags: Sequence[str] = ()
    arrives: dict[int, float] = field(default_factory=dict)
    leaves: dict[int, float] = field(default_factory=dict)
    metered: dict[int, float] = field(default_factory=dict)


class Street:
    """Stations that run until they are cancelled."""

    def __init__(self, residents: Sequence[Resident], habits: Habits | None = None, *, seed: int | None = None) -> None:
        self.residents = list(residents)
        self._habits = habits or Habits()
        self._chance = random.Random(seed)  # noqa: S311  nothing secret: when cars come

    @property
    def online(self) -> int:
        """How many are connected."""
        return sum(each.station.online for each in self.residents)

    @property
    def charging(self) -> int:
        """How many cars charge."""
        return sum(plug.transaction is not None for each in self.residents for plug in each.station.plugs.values())

    async def run(self) -> None:
        """Let them all live."""
        async with asyncio.TaskGroup() as group:
            for each in self.residents:
                group.create_task(self._live(each))

    async def _live(self, resident: Resident) -> None:
        pause = 1.0
        while True:
            began = monotonic()
            try:
                async with resident.station:
                    if await resident.station.boot() == "Accepted":
                        await self._days(resident)
            except (OSError, WebSocketException, TimeoutError, OCPPError) as error:
                log.info("simulated_station_lost", error=type(error).__name__)
            pause = 1.0 if monotonic() - began > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.0))

    async def _days(self, resident: Resident) -> None:
        station, beat = resident.station, monotonic()
        while station.online:
            await asyncio.sleep(self._habits.interval_s * self._chance.uniform(0.9, 1.1))
            now = monotonic()
            for plug in station.plugs.values():
                with suppress(LookupError):  # it was stopped from afar just now
                    await self._look_at(resident, plug, now)
            if now - beat > HEARTBEAT_S:
                beat = now
                await station.heartbeat()

    async def _look_at(self, resident: Resident, plug: Plug, now: float) -> None:
        number = plug.number
        if plug.transaction is None:
            resident.leaves.pop(number, None)
            resident.metered.pop(number, None)
            due = resident.arrives.setdefault(number, now + self._chance.uniform(*self._habits.pause_s))
            if resident.tags and now >= due:
                del resident.arrives[number]
                await resident.station.start(number, self._chance.choice(resident.tags), self._car())
                resident.metered[number] = now
            return
        # A car that somebody has started from afar is met here first: it charges from now on.
        passed_s = now - resident.metered.get(number, now)
        resident.metered[number] = now
        leaves = resident.leaves.setdefault(number, now + self._stay(resident))
        if now >= leaves:
            resident.leaves.pop(number, None)
            await resident.station.stop(number, "Local")
        else:
            await resident.station.meter(number, passed_s)

    def _stay(self, resident: Resident) -> float:
        # Whoever starts from afar also stops from afar.
        return self._chance.uniform(*self._habits.stay_s) if resident.tags else float("inf")

    def _car(self) -> Car:
        return Car(
            capacity_wh=self._chance.choice((42_000.0, 60_000.0, 77_000.0)),
            soc=self._chance.uniform(0.15, 0.75),
            limit_w=self._chance.choice((7_400.0, 11_000.0, 22_000.0)),
        )
