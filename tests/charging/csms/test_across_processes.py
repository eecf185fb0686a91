"""Several applications on one database: seats, commands and evictions find each other."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from tests.charging.csms.support import (
    BOOTS,
    charger,
    commands_of,
    dialled,
    door_of,
    network_log,
    opened,
    record,
    rows,
    station,
)
from tests.charging.ocpp.support import ask, until

from gridloom.app import Application, Roles
from gridloom.charging.csms import seats
from gridloom.charging.csms.errands import prune
from gridloom.charging.csms.reaping import note_long_absences, reap
from gridloom.charging.csms.seats import Key
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.public import Answered, InvalidCall, Offline, Rejected, TimedOut
from gridloom.kernel.database.pool import Database

VERSIONS = pytest.mark.parametrize("version", list(Version))


@dataclass
class Town:
    """Two processes with sockets and one without, in one."""

    here: Application
    there: Application
    api: Application


@pytest.fixture(scope="module")
async def town(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """They share nothing but the database."""
    var = tmp_path_factory.mktemp("var")
    async with (
        opened(database_url, var) as here,
        opened(database_url, var) as there,
        opened(database_url, var, roles=Roles.API) as api,
    ):
        yield Town(here, there, api)


@VERSIONS
async def test_a_command_finds_the_station_wherever_it_is_connected(
    town: Town, db: Database, tenant: int, version: Version
) -> None:
    number = await station(db, tenant, f"CALL-{tenant}", version=version)
    async with charger(town.here, f"CALL-{tenant}", version) as point:
        await point.boot()
        for application in (town.here, town.there, town.api):
            commands = commands_of(application)
            assert await commands.version(tenant, number) is version
            assert await commands.call(tenant, number, "ClearCache", {}) == Answered({"status": "Accepted"})
        assert [action for action, _ in point.commands] == ["ClearCache"] * 3
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.station_call") == [{"count": 0}]


async def test_a_call_from_another_process_takes_milliseconds(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"FAST-{tenant}")
    commands = commands_of(town.api)
    async with charger(town.here, f"FAST-{tenant}") as point:
        await point.boot()
        started = asyncio.get_running_loop().time()
        for _ in range(5):
            assert isinstance(await commands.call(tenant, number, "ClearCache", {}), Answered)
        assert asyncio.get_running_loop().time() - started < 2.5


@pytest.mark.parametrize("where", ["here", "there", "api"])
async def test_rejections_errors_and_silence_come_back_as_they_are(
    town: Town, db: Database, tenant: int, where: str
) -> None:
    number = await station(db, tenant, f"NO-{tenant}")
    commands = commands_of(getattr(town, where))
    async with charger(town.here, f"NO-{tenant}") as point:
        await point.boot()
        point.refuse.add("ClearCache")
        point.silent.add("UnlockConnector")
        assert await commands.call(tenant, number, "ClearCache", {}) == Answered({"status": "Rejected"})
        unknown = await commands.call(tenant, number, "GetLocalListVersion", {})
        assert isinstance(unknown, Rejected)
        assert unknown.code == "NotImplemented"
        with pytest.raises(InvalidCall, match="Sing"):
            await commands.call(tenant, number, "Sing", {})
        with pytest.raises(InvalidCall, match="UnlockConnector"):
            await commands.call(tenant, number, "UnlockConnector", {"connectorId": "one"})
        unlock = await commands.call(tenant, number, "UnlockConnector", {"connectorId": 1}, timeout=0.5)
        assert unlock == TimedOut(sent=True)


async def test_fractions_stay_exact_between_processes(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"EXACT-{tenant}", version=Version.V201)
    profile = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": Decimal("16.1")}]}
        ],
    }  # fmt: skip
    asked = {"evseId": 0, "chargingProfile": profile}
    async with dialled(town.here, f"EXACT-{tenant}", version=Version.V201) as socket:
        await ask(socket, 2, "0", "BootNotification", BOOTS[Version.V201])
        calling = asyncio.create_task(commands_of(town.there).call(tenant, number, "SetChargingProfile", asked))
        text = str(await asyncio.wait_for(socket.recv(), 10))
        assert '"limit":16.1}' in text
        await socket.send(
            json.dumps([3, json.loads(text)[1], {"status": "Rejected", "statusInfo": {"reasonCode": "x"}}])
        )
        assert await calling == Answered({"status": "Rejected", "statusInfo": {"reasonCode": "x"}})


async def test_what_was_claimed_holds_no_payload_any_more(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"SECRET-{tenant}")
    async with charger(town.here, f"SECRET-{tenant}") as point:
        await point.boot()
        point.silent.add("ChangeConfiguration")
        change = {"key": "AuthorizationKey", "value": "a secret of the station"}
        calling = asyncio.create_task(
            commands_of(town.there).call(tenant, number, "ChangeConfiguration", change, timeout=2)
        )
        await until(lambda: bool(point.commands))
        assert await rows(db, tenant, "SELECT state, payload FROM charging.station_call") == [
            {"state": "claimed", "payload": ""}
        ]
        assert await calling == TimedOut(sent=True)
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.station_call") == [{"count": 0}]


async def test_who_waits_for_a_process_that_dies_is_told(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"DIES-{tenant}")
    async with db.system() as tx:
        dead = uuid4()
        await tx.run("INSERT INTO charging.csms_process (id, host, beat_at) VALUES (:id, 'dying', now())", id=dead)
    async with db.tenant(tenant) as tx:
        at = await tx.scalar("SELECT now()")
        await seats.take(tx, number, dead, uuid4(), Version.V16, profile=1, strength=1, at=at)
    calling = asyncio.create_task(commands_of(town.api).call(tenant, number, "ClearCache", {}))
    await asyncio.sleep(0.3)
    async with db.system() as tx:
        await tx.run("DELETE FROM charging.csms_process WHERE id = :id", id=dead)
    assert await asyncio.wait_for(calling, 5) == Offline(sent=False)


async def test_a_station_that_is_not_connected_is_offline_at_once(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"AWAY-{tenant}")
    for application in (town.here, town.api):
        commands = commands_of(application)
        async with asyncio.timeout(1):
            assert await commands.call(tenant, number, "ClearCache", {}) == Offline(sent=False)
        assert await commands.version(tenant, number) is None
        assert await commands.disconnect(tenant, number, "no reason") is False
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.station_call") == [{"count": 0}]


async def test_another_tenant_reaches_nobody(town: Town, db: Database, tenant: int, other_tenant: int) -> None:
    number = await station(db, tenant, f"MINE-{tenant}")
    async with charger(town.here, f"MINE-{tenant}") as point:
        await point.boot()
        for application in (town.here, town.there):
            outcome = await commands_of(application).call(other_tenant, number, "ClearCache", {})
            assert outcome == Offline(sent=False)
        assert point.commands == []


async def test_a_station_is_disconnected_from_another_process(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"BYE-{tenant}")
    async with charger(town.here, f"BYE-{tenant}") as point:
        await point.boot()
        assert await commands_of(town.there).disconnect(tenant, number, "maintenance") is True
        await until(lambda: not point.online)
    assert await network_log(db, tenant, number) == ["available", "temporarily_unavailable"]


async def test_a_station_that_comes_to_another_process_leaves_the_first(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"MOVE-{tenant}")
    key = Key(tenant, number)
    async with charger(town.here, f"MOVE-{tenant}") as first:
        await first.boot()
        async with charger(town.there, f"MOVE-{tenant}") as second:
            await second.heartbeat()
            await until(lambda: not first.online)
            await until(lambda: door_of(town.here).version_of(key) is None)
            assert second.online
            answer = await commands_of(town.here).call(tenant, number, "ClearCache", {})
            assert answer == Answered({"status": "Accepted"})
            assert (first.commands, [action for action, _ in second.commands]) == ([], ["ClearCache"])
            await asyncio.sleep(0.1)
            assert await network_log(db, tenant, number) == ["available"]
            assert (await record(db, tenant, number))["network_status"] == "available"


async def test_who_proves_nothing_takes_no_seat_from_a_station_that_answers(
    town: Town, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"OPEN-{tenant}", password=None, desired_security_profile=0)
    async with charger(town.here, f"OPEN-{tenant}", password=None) as first:
        await first.boot()
        async with charger(town.there, f"OPEN-{tenant}", password=None) as second:
            await until(lambda: not second.online)
        assert first.online
        await first.heartbeat()
        assert door_of(town.here).version_of(Key(tenant, number)) is Version.V16
        assert await network_log(db, tenant, number) == ["available"]


async def test_the_seats_of_a_dead_process_are_freed_once(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"DEAD-{tenant}")
    async with db.tenant(tenant) as tx:
        dead, connection = uuid4(), uuid4()
        at = (await tx.scalar("SELECT now()")) - timedelta(hours=1)
        await seats.take(tx, number, dead, connection, Version.V16, profile=1, strength=1, at=at)
    async with db.system() as tx:
        await tx.run(
            "INSERT INTO charging.csms_process (id, host, beat_at) VALUES (:id, 'gone', now() - interval '1 minute')",
            id=dead,
        )
    assert await commands_of(town.api).call(tenant, number, "ClearCache", {}) == Offline(sent=False)
    freed = await asyncio.gather(*(reap(db) for _ in range(3)))
    assert sum(freed) >= 1
    assert await network_log(db, tenant, number) == ["temporarily_unavailable"]
    (seat,) = await rows(db, tenant, "SELECT process_id, disconnected_at FROM charging.station_seat")
    assert seat["process_id"] is None
    assert seat["disconnected_at"] is not None
    async with db.system() as tx:
        assert await tx.scalar("SELECT count(*) FROM charging.csms_process WHERE id = :id", id=dead) == 0


async def test_a_process_that_was_taken_for_dead_takes_its_seats_back(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"BACK-{tenant}")
    async with charger(town.here, f"BACK-{tenant}") as point:
        await point.boot()
        await rows(db, tenant, "UPDATE charging.station_seat SET process_id = NULL RETURNING charge_point_id")
        assert await commands_of(town.there).version(tenant, number) is None
        await door_of(town.here).look()
        assert await commands_of(town.there).version(tenant, number) is Version.V16
        assert point.online


async def test_a_seat_that_nobody_here_sits_on_is_freed(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"GHOST-{tenant}")
    async with db.tenant(tenant) as tx:
        at = await tx.scalar("SELECT now()")
        await seats.take(tx, number, door_of(town.here).process, uuid4(), Version.V16, profile=1, strength=1, at=at)
    await door_of(town.here).look()
    assert await network_log(db, tenant, number) == ["temporarily_unavailable"]
    assert await commands_of(town.api).version(tenant, number) is None


async def test_an_eviction_that_was_not_heard_is_made_up_for(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"DEAF-{tenant}")
    async with charger(town.here, f"DEAF-{tenant}") as point:
        await point.boot()
        async with db.tenant(tenant) as tx:
            at = await tx.scalar("SELECT now()")
            await seats.take(
                tx, number, door_of(town.there).process, uuid4(), Version.V16, profile=1, strength=1, at=at
            )
        await door_of(town.here).look()
        await until(lambda: not point.online)
    assert await network_log(db, tenant, number) == ["available"]


async def test_who_stays_away_for_a_day_is_away_for_long(db: Database, tenant: int) -> None:
    old, new = "now() - interval '25 hours'", "now() - interval '23 hours'"
    numbers = []
    for each, at in (("OLD", old), ("NEW", new)):
        number = await station(db, tenant, f"{each}-{tenant}", network_status="temporarily_unavailable")
        await rows(
            db,
            tenant,
            f"UPDATE charging.charge_point SET network_status_at = {at} WHERE id = :id RETURNING id",
            id=number,
        )
        numbers.append(number)
    assert await note_long_absences(db, timedelta(hours=24)) >= 1
    assert await note_long_absences(db, timedelta(hours=24)) == 0
    assert [await network_log(db, tenant, number) for number in numbers] == [["long-term_unavailable"], []]


async def test_calls_whose_callers_died_are_forgotten_after_their_time(town: Town, db: Database, tenant: int) -> None:
    number = await station(db, tenant, f"OLD-{tenant}")
    async with charger(town.here, f"OLD-{tenant}") as point:
        await point.boot()
        point.silent.add("ClearCache")
        calling = asyncio.create_task(commands_of(town.there).call(tenant, number, "ClearCache", {}, timeout=0.5))
        await until(lambda: bool(point.commands))
        calling.cancel()
        await asyncio.sleep(0.6)
        count = "SELECT count(*) AS count FROM charging.station_call"
        await prune(db, timedelta(hours=1))
        assert await rows(db, tenant, count) == [{"count": 1}]
        await prune(db, timedelta(0))
        assert await rows(db, tenant, count) == [{"count": 0}]


async def test_a_call_whose_words_are_lost_is_still_made(
    town: Town, db: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: Any) -> None:
        """Nobody hears."""

    number = await station(db, tenant, f"LOST-{tenant}")
    for application in (town.here, town.there):
        monkeypatch.setattr(door_of(application)._bus, "publish", lost)
    async with charger(town.here, f"LOST-{tenant}") as point:
        await point.boot()
        answer = await commands_of(town.there).call(tenant, number, "ClearCache", {}, timeout=8)
    assert answer == Answered({"status": "Accepted"})
