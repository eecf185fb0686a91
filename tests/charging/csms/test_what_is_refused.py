"""The whole stack against messages that it must refuse: each gets its code, and no row changes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.charging.csms.support import BOOTS, dialled, opened, station
from tests.charging.ocpp.generate import broken, fullest, published
from tests.charging.ocpp.support import ask
from tests.charging.ocpp.test_messages import CODES, INCOMING, ONE_WAY, send_all

from gridloom.app import Application
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tables import tenant_tables

# What is allowed to change: the log of what was said, and when the station was heard last.
LOG = "charging.communication"
SEAT = "charging.station_seat"
FRAMES = [
    "", "{}", "[]", "[2]", '[2,"1"]', '[2,"1","Heartbeat"]', '[2,1,"Heartbeat",{}]', '[2,"1",7,{}]', '[2,"1","Heartbeat",{},{}]',
    '[2,"","Heartbeat",{}]', '[2,"' + "x" * 200 + '","Heartbeat",{}]', '[2,"1","Heartbeat",{}', "nonsense",
    '[2,"1","StatusNotification",' + "[" * 40 + "]" * 40 + "]",
]  # fmt: skip


@pytest.fixture(scope="module")
async def central(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """An application with a door, for all tests of this file."""
    async with opened(database_url, tmp_path_factory.mktemp("var")) as application:
        yield application


async def contents(db: Database, tenant: int) -> dict[str, Any]:
    """A digest of each table, as the tenant's rows stand."""
    found = {}
    async with db.system() as tx:
        for table in tenant_tables():
            name = f"{table.schema}.{table.name}"
            left_out = "- 'last_seen_at'" if name == SEAT else ""
            found[name] = await tx.scalar(
                f"SELECT md5(coalesce(string_agg((to_jsonb(t) {left_out})::text, ',' ORDER BY to_jsonb(t)::text), '')) "
                f"FROM {table.schema}.{table.name} t WHERE tenant_id = {tenant}"
                if name != SEAT
                else f"SELECT md5(string_agg((to_jsonb(t) {left_out})::text, ',' ORDER BY charge_point_id)) "
                f"FROM {SEAT} t WHERE tenant_id = {tenant}"
            )
    del found[LOG]
    return found


@pytest.mark.parametrize("version", list(Version))
async def test_no_broken_message_changes_a_row(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    await station(db, tenant, f"NEG-{tenant}", version=version, evses=2)
    wrong: list[Any] = []
    count = 0
    async with dialled(central, f"NEG-{tenant}", version=version) as socket:
        assert (await ask(socket, 2, "boot", "BootNotification", BOOTS[version]))[2]["status"] == "Accepted"
        before = await contents(db, tenant)
        for each, action in INCOMING:
            if each is not version:
                continue
            # Ids of their own: the same id with another text would be refused for that.
            cases = list(broken(published(version)[action][0]))
            for number, (case, answer) in enumerate(zip(cases, await send_all(socket, action, cases), strict=True)):
                count += 1
                if answer[:3] != [4, str(number), CODES[version][case.rule]]:
                    wrong.append((action, case.rule, case.place, answer[:3]))
        assert wrong == []
        assert await contents(db, tenant) == before
    assert count > {Version.V16: 500, Version.V201: 1500}[version]


@pytest.mark.parametrize("version", list(Version))
async def test_no_unreadable_frame_and_no_message_of_ours_changes_a_row(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    await station(db, tenant, f"FRAME-{tenant}", version=version)
    async with dialled(central, f"FRAME-{tenant}", version=version) as socket:
        await ask(socket, 2, "boot", "BootNotification", BOOTS[version])
        before = await contents(db, tenant)
        for text in FRAMES:
            await socket.send(text)
            assert json.loads(await socket.recv())[0] == 4
        for number, (each, action) in enumerate(ONE_WAY):
            if each is version:
                answer = await ask(socket, 2, f"way-{number}", action, fullest(published(version)[action][0]))
                assert answer[:3] == [4, f"way-{number}", "NotSupported"]
        assert await contents(db, tenant) == before


@pytest.mark.parametrize("version", list(Version))
async def test_before_the_boot_no_message_changes_a_row(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    await station(db, tenant, f"EARLY-{tenant}", version=version)
    code = {Version.V16: "ProtocolError", Version.V201: "SecurityError"}[version]
    async with dialled(central, f"EARLY-{tenant}", version=version) as socket:
        assert (await ask(socket, 2, "0", "Heartbeat", {}))[:3] == [4, "0", code]
        asked = json.loads(await socket.recv())
        assert asked[2] == "TriggerMessage"
        before = await contents(db, tenant)
        for number, (each, action) in enumerate(INCOMING):
            if each is version and action != "BootNotification":
                answer = await ask(socket, 2, f"early-{number}", action, fullest(published(version)[action][0]))
                assert answer[:3] == [4, f"early-{number}", code]
        assert await contents(db, tenant) == before


@pytest.mark.parametrize("version", list(Version))
async def test_every_message_in_its_fullest_form_is_answered_by_somebody(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    """Whatever it says: an answer of its schema, or a refusal that is not our failure."""
    await station(db, tenant, f"FULL-{tenant}", version=version, evses=2)
    failed = []
    async with dialled(central, f"FULL-{tenant}", version=version) as socket:
        await ask(socket, 2, "boot", "BootNotification", BOOTS[version])
        for number, (each, action) in enumerate(INCOMING):
            if each is version:
                answer = await ask(socket, 2, f"full-{number}", action, fullest(published(version)[action][0]))
                if answer[0] != 3:
                    failed.append((action, answer[2]))
    assert failed == []
