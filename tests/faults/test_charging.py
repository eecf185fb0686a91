"""The server is killed while cars charge, again and again: no session is lost, none is there twice, no watt-hour is missing.

The stations do what the standard asks of them: a message that was not answered is sent again, as it was, after they came back.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from tests.faults.running import Running, gridloom
from tests.journeys.car_park import Watch
from websockets.exceptions import WebSocketException

from gridloom.charging.ocpp.public import Version
from gridloom.charging.ocpp.simulator import SimulatedStation
from gridloom.charging.simulation.site import Site, ensure
from gridloom.kernel import clock

pytestmark = pytest.mark.faults

ROUNDS = 20
VERSIONS = (Version.V16, Version.V201)


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """A folder with a tenant, an operator and a token, and the server that runs on it at the moment."""

    def __init__(self, var: Path) -> None:
        self.var, self.door = var, free_port()
        assert gridloom(var, "tenant", "create", "quay").returncode == 0
        assert gridloom(var, "operator", "create", "quay", "Quay", "--default").returncode == 0
        self.token = gridloom(var, "token", "create", "quay", "charging", "--scope", "*").stdout.strip()
        self.running: Running | None = None

    async def start(self) -> None:
        """Start the server, and wait until it works."""
        more = {"GRIDLOOM_OCPP_PORT": str(self.door), "GRIDLOOM_LOG_LEVEL": "warning"}
        self.running = Running(self.var, "--no-demo", more=more)
        await asyncio.to_thread(self.running.wait)

    def kill(self) -> None:
        """kill -9."""
        assert self.running is not None
        self.running.kill()

    def api(self) -> httpx.AsyncClient:
        """A caller with the token."""
        assert self.running is not None
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self.running.url, headers=headers, timeout=60, trust_env=False)


class Stubborn:
    """A station that says each thing until it is answered."""

    def __init__(self, station: SimulatedStation, watch: Watch) -> None:
        self.station, self.watch = station, watch
        self.delivered: list[int] = []

    async def insist(self, say: Callable[[], Awaitable[Any]]) -> Any:
        """Say something, after coming back as often as it takes."""
        for _ in range(600):
            try:
                if not self.station.online:
                    await self.station.connect()
                    await self.station.boot()
                async with asyncio.timeout(4):
                    return await say()
            except (OSError, WebSocketException, TimeoutError, ConnectionError):
                with contextlib.suppress(OSError, WebSocketException):
                    await self.station.vanish()
                await asyncio.sleep(0.1)
        raise AssertionError("the server did not come back")

    async def session(self, tag: str, steps: int) -> None:
        """Charge a car, in as many steps; remembers what it delivered."""
        station, plug = self.station, self.station.plugs[1]
        begun = int(plug.register_wh)
        assert await self.insist(lambda: station.start(1, tag)) == "Accepted"
        for _ in range(steps):
            self.watch.turn(60)
            station.advance(plug, 60)
            await self.insist(lambda: station.meter(1, 0))
        self.watch.turn(1)
        await self.insist(self._stop)
        self.watch.turn(1)
        self.delivered.append(int(plug.register_wh) - begun)

    async def _stop(self) -> None:
        if self.station.plugs[1].transaction is not None:  # what follows a stop may have been cut off
            await self.station.stop(1, "Local")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    found = await asyncio.to_thread(Place, tmp_path / "var")
    try:
        yield found
    finally:
        found.kill()


def stations(site: Site, door: int) -> list[Stubborn]:
    """One of each version, with a clock of its own."""
    found = []
    for resident in site.residents(f"ws://127.0.0.1:{door}/ocpp"):
        watch = Watch(clock.now() - timedelta(hours=20))  # twenty rounds are nine hours of theirs
        resident.station.facts.now = watch
        found.append(Stubborn(resident.station, watch))
    return found


async def test_no_session_and_no_watt_hour_is_lost_when_the_server_is_killed_twenty_times(place: Place) -> None:
    chance = Random(7)
    await place.start()
    async with place.api() as api:
        site = await ensure(api, len(VERSIONS), VERSIONS, prefix="KILL")
    cars = stations(site, place.door)
    for _ in range(ROUNDS):
        charging = asyncio.gather(*[each.session(site.tags[0], steps=25) for each in cars])
        await asyncio.sleep(chance.uniform(0.02, 0.6))
        await asyncio.to_thread(place.kill)
        await place.start()
        await charging
    async with place.api() as api:
        await everything_is_there(api, site, cars)
    for each in cars:
        await each.station.disconnect()


async def everything_is_there(api: httpx.AsyncClient, site: Site, cars: list[Stubborn]) -> None:
    """Each session once, finished, and with the energy that its station counted."""
    for made, car in zip(site.stations, cars, strict=True):
        assert len(car.delivered) == ROUNDS
        assert all(car.delivered)
        for _ in range(100):
            query = {"filter[chargePointId]": made.charge_point_id, "cursor": ""}
            found = (await api.get("/public-api/resources/sessions/v1.0", params=query)).json()["data"]
            if {each["status"] for each in found} == {"finished"}:
                break
            await asyncio.sleep(0.2)
        told = sorted((each["startedAt"], each["status"], each["energy"]) for each in found)
        assert [(status, energy) for _, status, energy in told] == [("finished", each) for each in car.delivered]
        assert sum(each["energy"] for each in found) == int(car.station.plugs[1].register_wh)
