"""What holds many messages together, and what holds them apart: gathering, turns, throttling, second attempts."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.csms.support import BOOTS, charger, dialled, door_of, opened, rows, station
from tests.charging.ocpp.support import ask, until

from gridloom.app import Application, Roles
from gridloom.charging.communication.public import Buffer
from gridloom.charging.csms import messages
from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.messages import Contact
from gridloom.charging.csms.throttle import Throttle, refusal
from gridloom.charging.csms.turns import Turns, shares
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.public import Payload
from gridloom.kernel.database.pool import Database


@pytest.fixture(scope="module")
async def central(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """An application with a door and the API, for all tests of this file."""
    roles = Roles.OCPP | Roles.API
    async with opened(database_url, tmp_path_factory.mktemp("var"), roles=roles) as application:
        yield application


class Writer:
    """Writes batches, slowly, and refuses what is negative."""

    def __init__(self, pause: float = 0.005) -> None:
        self.pause = pause
        self.batches: list[list[int]] = []

    async def __call__(self, _: str, items: list[int]) -> None:
        """Write them all or none."""
        await asyncio.sleep(self.pause)
        if any(item < 0 for item in items):
            raise ValueError(f"negative: {min(items)}")
        self.batches.append(items)


async def test_what_comes_together_is_written_together() -> None:
    writer = Writer()
    gathering: Gathering[str, int] = Gathering(writer, most=10)
    await asyncio.gather(*(gathering.add("a", number) for number in range(25)), gathering.add("b", 100))
    assert sorted(writer.batches) == [list(range(10)), list(range(10, 20)), list(range(20, 25)), [100]]


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(1, 8))
def test_each_is_written_once_or_fails_for_itself(items: list[int], most: int) -> None:
    async def run() -> tuple[list[int], list[Any]]:
        writer = Writer(pause=0)
        gathering: Gathering[str, int] = Gathering(writer, most=most)
        ended = await asyncio.gather(*(gathering.add("a", item) for item in items), return_exceptions=True)
        return [item for batch in writer.batches for item in batch], ended

    written, ended = asyncio.run(run())
    assert written == [item for item in items if item >= 0]
    assert [isinstance(each, ValueError) for each in ended] == [item < 0 for item in items]


async def test_one_who_gives_up_does_not_hold_up_the_others() -> None:
    writer = Writer()
    gathering: Gathering[str, int] = Gathering(writer)
    impatient = asyncio.create_task(gathering.add("a", 1))
    patient = asyncio.create_task(gathering.add("a", 2))
    await asyncio.sleep(0.001)
    impatient.cancel()
    await patient
    await gathering.add("a", 3)
    assert writer.batches == [[1, 2], [3]]


@pytest.mark.parametrize("pool", [2, 3, 8, 16, 200])
def test_stations_have_at_most_half_of_a_pool_of_four_and_more(pool: int) -> None:
    turns, arrivals = shares(pool)
    assert turns._free._value >= 1
    assert arrivals._free._value >= 1
    assert turns._free._value + arrivals._free._value <= max(2, pool // 2)


async def test_no_more_than_its_turns_at_once() -> None:
    turns, inside, most = Turns(3), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with turns:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (most, inside) == (3, 0)


@pytest.mark.parametrize("version", list(Version))
def test_a_station_that_asks_for_unknown_tokens_is_throttled_until_its_time_is_over(version: Version) -> None:
    throttle = Throttle(allowed=3, window=60)
    unknown = refusal(version)
    for _ in range(2):
        throttle.note("a", version, unknown)
    assert not throttle.holds("a")
    throttle.note("a", version, {next(iter(unknown)): {"status": "Accepted"}})
    for _ in range(3):
        assert not throttle.holds("a")
        throttle.note("a", version, unknown)
    assert throttle.holds("a")
    assert not throttle.holds("b")
    throttle.forget("a")  # by going and coming back it does not get rid of it
    assert throttle.holds("a")
    over = Throttle(allowed=1, window=0)
    over.note("a", version, unknown)
    assert not over.holds("a")


async def test_unknown_tokens_are_not_looked_up_any_more_and_the_log_says_so(
    central: Application, db: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def unknown(_: Contact, __: Payload) -> Payload:
        nonlocal asked
        asked += 1
        return {"idTagInfo": {"status": "Invalid"}}

    monkeypatch.setitem(messages._known, (Version.V16, "Authorize"), unknown)
    await station(db, tenant, f"GUESS-{tenant}")
    async with charger(central, f"GUESS-{tenant}") as point:
        await point.boot()
        assert [await point.authorise(f"T{number}") for number in range(13)] == ["Invalid"] * 13
    assert asked == 10

    await central.services.part(Buffer).flush()
    logged = "SELECT command FROM charging.communication WHERE command = 'RFID Authorization throttling'"
    assert await rows(db, tenant, logged) == [{"command": "RFID Authorization throttling"}]


@pytest.mark.parametrize(("failures", "answered"), [(3, True), (4, False)])
async def test_a_message_that_a_deadlock_ended_is_tried_again(
    central: Application, db: Database, tenant: int, monkeypatch: pytest.MonkeyPatch, failures: int, answered: bool
) -> None:
    attempts = 0

    async def stumbling(_: Contact, __: Payload) -> Payload:
        nonlocal attempts
        attempts += 1
        if attempts <= failures:
            raise asyncpg.DeadlockDetectedError("a deadlock")
        return {"status": "Accepted"}

    monkeypatch.setitem(messages._known, (Version.V16, "DataTransfer"), stumbling)
    await station(db, tenant, f"AGAIN-{tenant}")
    async with dialled(central, f"AGAIN-{tenant}") as socket:
        await ask(socket, 2, "0", "BootNotification", BOOTS[Version.V16])
        answer = await ask(socket, 2, "1", "DataTransfer", {"vendorId": "v"})
    assert answer[0] == (3 if answered else 4)
    assert attempts == 4


async def test_two_functions_for_one_message_are_refused_at_the_start() -> None:
    async def another(_: Contact, __: Payload) -> Payload:
        return {}

    with pytest.raises(ValueError, match="two functions answer Heartbeat"):
        messages.on_message("Heartbeat", Version.V16)(another)


async def test_the_api_answers_while_every_station_waits_for_a_lock(
    central: Application, db: Database, tenant: int
) -> None:
    """All turns of the messages hang on one locked row; a request still finds a connection."""
    names = [f"HANG-{tenant}-{number}" for number in range(12)]
    for name in names:
        await station(db, tenant, name)
    points = [charger(central, name) for name in names]
    for point in points:
        await point.connect()
        await point.boot()
    async with db.system() as tx:
        await tx.run("SELECT 1 FROM charging.charge_point WHERE tenant_id = :tenant FOR UPDATE", tenant=tenant)
        reports = [asyncio.create_task(point.status(1, "Charging")) for point in points]
        await asyncio.sleep(0.3)
        transport = httpx.ASGITransport(app=central.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test") as client:
            async with asyncio.timeout(2):
                assert (await client.get("/health/ready")).status_code == 200
            async with asyncio.timeout(2), central.database.tenant(tenant) as other:
                assert await other.scalar("SELECT count(*) FROM charging.charge_point") == 12
    await asyncio.wait_for(asyncio.gather(*reports), 20)
    for point in points:
        await point.disconnect()
    states = await rows(db, tenant, "SELECT DISTINCT hardware_status FROM charging.evse")
    assert states == [{"hardware_status": "charging"}]


async def test_many_that_leave_at_once_are_all_noted(central: Application, db: Database, tenant: int) -> None:
    names = [f"MANY-{tenant}-{number}" for number in range(60)]
    for name in names:
        await station(db, tenant, name, evses=0)
    points = [charger(central, name, checked=False) for name in names]
    await asyncio.gather(*(point.connect() for point in points))
    await asyncio.gather(*(point.boot() for point in points))
    connected = "SELECT count(*) AS count FROM charging.charge_point WHERE network_status = 'available'"
    assert await rows(db, tenant, connected) == [{"count": 60}]
    await asyncio.gather(*(point.vanish() for point in points))
    await until(lambda: door_of(central).listener.count == 0, seconds=20)
    away = "SELECT count(*) AS count FROM charging.charge_point WHERE network_status = 'temporarily_unavailable'"
    assert await rows(db, tenant, away) == [{"count": 60}]
