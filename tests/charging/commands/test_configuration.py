"""Variables of stations: read when asked for and at each boot, in one answer or in many parts, and set from both sides."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.charging.commands.kit import ACCEPTED, MUTE, POINT1, POINT2, Point, hurried, on_record, stored, told, trail
from tests.charging.csms.support import charger, commands_of, opened, record, rows
from tests.charging.kit import caller_of
from tests.charging.stations.kit import POINTS
from tests.suites.client import Callers

from gridloom.app import Application, Roles
from gridloom.charging.commands import configuration, jobs
from gridloom.charging.commands.configuration import highest_profile
from gridloom.charging.commands.events import station_booted
from gridloom.charging.csms.public import NoAnswer408
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.stations.events import Booted
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.events import Received
from gridloom.kernel.ids import uuid7
from gridloom.kernel.jobs import Context
from gridloom.kernel.jobs.schema import SCHEMA

V16, V201 = Version.V16, Version.V201
SYNCED = "charge_point.configuration_synced"


def context(application: Application, tenant: int, name: str, attempt: int = 1) -> Context:
    return Context(application.database, name, 1, attempt, tenant, resources=application.services)


async def variables(db: Database, tenant: int) -> list[tuple[str, ...]]:
    query = (
        "SELECT name, component, instance, evse_id, value, readonly FROM charging.configuration_variable "
        "ORDER BY name, component, instance, evse_id"
    )
    return [tuple(row.values()) for row in await rows(db, tenant, query)]


async def requests(db: Database, tenant: int) -> list[tuple[str, bool]]:
    found = await rows(db, tenant, "SELECT status, at_boot FROM charging.configuration_request ORDER BY id")
    return [(row["status"], row["at_boot"]) for row in found]


def data(name: str, value: str, component: str = "C", **more: Any) -> dict[str, Any]:
    return {
        "component": {"name": component},
        "variable": {"name": name},
        "variableAttribute": [{"value": value}],
        **more,
    }


def part(request: int, seq_no: int, *found: dict[str, Any], tbc: bool) -> dict[str, Any]:
    return {
        "requestId": request,
        "generatedAt": "2030-01-01T00:00:00Z",
        "seqNo": seq_no,
        "tbc": tbc,
        "reportData": list(found),
    }


async def test_an_answer_of_1_6_is_kept_and_told_at_once(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    listed = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
        {"key": "Unreadable", "readonly": False},
        {"key": "AuthorizationKey", "readonly": False, "value": "a-secret-of-the-station"},
    ]
    async with Point(central, name, V16, {"GetConfiguration": {"configurationKey": listed}}):
        request = (await caller.post(f"{POINT1}/{number}/sync-configuration", json={})).json()["requestId"]
    assert await variables(db, tenant) == [
        ("HeartbeatInterval", "", "", 0, "300", False), ("NumberOfConnectors", "", "", 0, "2", True),
    ]  # fmt: skip
    (event,) = await told(db, tenant, SYNCED)
    assert (event["request_id"], event["error"]) == (request, None)
    assert [(each["key"], each["value"], each["readonly"], each["required"]) for each in event["configuration"]] == [
        ("HeartbeatInterval", "300", False, False), ("NumberOfConnectors", "2", True, False),
    ]  # fmt: skip
    assert await requests(db, tenant) == [("done", False)]
    shown = await caller.get(f"{POINTS}/{number}/configurations")
    assert [each["key"]["name"] for each in shown.json()["data"]] == ["HeartbeatInterval", "NumberOfConnectors"]
    assert "a-secret" not in str(event) + shown.text


async def test_more_names_than_a_station_takes_at_once_are_asked_for_in_turns(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)

    def answer(payload: dict[str, Any]) -> dict[str, Any]:
        found = [{"key": each, "readonly": False, "value": "2"} for each in payload["key"]]
        return {"configurationKey": found}

    url = f"{POINT1}/{number}/sync-configuration"
    async with Point(central, name, V16, {"GetConfiguration": answer}) as point:
        await caller.post(url, json={"keys": ["GetConfigurationMaxKeys"]})
        await caller.post(url, json={"keys": ["A", "B", "A", "C"]})
    assert [payload["key"] for _, payload in point.heard] == [["GetConfigurationMaxKeys"], ["A", "B"], ["C"]]
    assert [each[0] for each in await variables(db, tenant)] == ["A", "B", "C", "GetConfigurationMaxKeys"]


async def test_a_report_is_kept_when_its_last_part_has_come_in_whatever_order(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller = await caller_of(operators)
    (number, name), (_, other) = await on_record(db, tenant, V201), await on_record(db, tenant, V201)
    characteristics = {
        "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": False, "maxLimit": 90.5}
    }
    attributes = [{"type": "Target", "value": "9"}, {"value": "11", "mutability": "ReadOnly"}]
    evse = {"component": {"name": "EVSE", "instance": "left", "evse": {"id": 2}}}
    parts = [
        [data("Interval", "300", "OCPPCommCtrlr", **characteristics)],
        [
            {**data("Power", "11"), **evse, "variableAttribute": attributes},
            data("BasicAuthPassword", "a-secret-of-the-station", "SecurityCtrlr"),
        ],
        [{**data("Model", "x"), "variable": {"name": "Model", "instance": "m"}}, data("Nothing", "")],
    ]  # fmt: skip
    async with (
        Point(central, name, V201, {"GetBaseReport": ACCEPTED}) as point,
        Point(central, other, V201, {}) as stranger,
    ):
        request = (await caller.post(f"{POINT1}/{number}/sync-configuration", json={})).json()["requestId"]
        assert await requests(db, tenant) == [("waiting", False)]
        assert await stranger.send("NotifyReport", part(request, 0, data("Forged", "1"), tbc=False)) == {}
        assert await point.send("NotifyReport", part(request + 1000, 0, data("Forged", "1"), tbc=False)) == {}
        for odd in (-1, 10_000):
            assert await point.send("NotifyReport", part(request, odd, data("Forged", "1"), tbc=False)) == {}
        for seq_no in (2, 0, 0):
            assert await point.send("NotifyReport", part(request, seq_no, *parts[seq_no], tbc=seq_no < 2)) == {}
        assert (await variables(db, tenant), await told(db, tenant, SYNCED)) == ([], [])
        for _ in range(2):
            assert await point.send("NotifyReport", part(request, 1, *parts[1], tbc=True)) == {}
    assert await variables(db, tenant) == [
        ("Interval", "OCPPCommCtrlr", "", 0, "300", False), ("Model", "C", "m", 0, "x", False),
        ("Nothing", "C", "", 0, "", False), ("Power", "EVSE", "left", 2, "11", True),
    ]  # fmt: skip
    (event,) = await told(db, tenant, SYNCED)
    assert (event["charge_point_id"], event["request_id"], len(event["configuration"])) == (number, request, 4)
    assert await requests(db, tenant) == [("done", False)]
    assert await rows(db, tenant, "SELECT 1 AS one FROM charging.configuration_part") == []
    (kept,) = await rows(
        db, tenant, "SELECT at, max_limit FROM charging.configuration_variable WHERE name = 'Interval'"
    )
    # The clock of the station is years ahead; what it says later must still count.
    assert (kept["at"] <= clock.now(), kept["max_limit"]) == (True, 90)


async def test_with_2_0_1_a_name_is_asked_for_where_the_station_has_it(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, V201)
    url = f"{POINT1}/{number}/sync-configuration"

    def answer(payload: dict[str, Any]) -> dict[str, Any]:
        found = [{"attributeStatus": "Accepted", "attributeValue": "5", **each} for each in payload["getVariableData"]]
        return {"getVariableResult": [*found[1:], {**found[0], "attributeStatus": "UnknownVariable"}]}

    async with Point(central, name, V201, {"GetVariables": answer}) as point:
        before = await stored(db, tenant, number)
        unknown = await caller.post(url, json={"keys": ["Ctrlr.A", "Interval"]})
        assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["keys.1"])
        assert await stored(db, tenant, number) == before
        assert (await caller.post(url, json={"keys": ["Ctrlr.Lost", "Ctrlr.Interval"]})).status_code == 202
        assert (await caller.post(url, json={"keys": ["Interval", "Ctrlr.B"]})).status_code == 202
    asked = [
        [(each["component"]["name"], each["variable"]["name"]) for each in payload["getVariableData"]]
        for _, payload in point.heard
    ]
    assert asked == [[("Ctrlr", "Lost"), ("Ctrlr", "Interval")], [("Ctrlr", "Interval"), ("Ctrlr", "B")]]
    assert [each[:2] for each in await variables(db, tenant)] == [("B", "Ctrlr"), ("Interval", "Ctrlr")]


@pytest.mark.parametrize("version", list(Version))
async def test_a_changed_configuration_reaches_the_station_and_is_kept(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    url = f"{POINTS}/{number}/configurations/HeartbeatInterval"
    component = "" if version is V16 else "OCPPCommCtrlr"
    async with db.tenant(tenant) as tx:
        row = {"name": "HeartbeatInterval", "value": "300", "component": component}
        await configuration.keep_variables(tx, number, [row], clock.now())
    async with charger(central, name, version) as point:
        await point.boot()
        answer = await caller.patch(url, json={"value": "60"})
        assert (answer.status_code, answer.json()["data"]["key"]["value"]) == (200, "60")
        assert point.configuration["HeartbeatInterval"] == "60"
        before = await stored(db, tenant, number)
        assert (await caller.patch(f"{POINTS}/{number}/configurations/Unknown", json={"value": "1"})).status_code == 406
        point.refuse |= {"ChangeConfiguration", "SetVariables"}
        assert (await caller.patch(url, json={"value": "90"})).status_code == 406
        assert await stored(db, tenant, number) == before
    assert (await caller.patch(url, json={"value": "90"})).status_code == 406
    assert [each["action"] for each in await trail(db, tenant)] == ["chargePointConfigurationUpdate"]


async def test_2_0_1_needs_a_component(central: Application, db: Database, operators: Callers, tenant: int) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, V201)
    url = f"{POINT2}/{number}/set-configuration"
    body = {"name": "Interval", "value": "60"}
    result = {
        "setVariableResult": [
            {"attributeStatus": "Accepted", "component": {"name": "C"}, "variable": {"name": "Interval"}}
        ]
    }
    async with Point(central, name, V201, {"SetVariables": result}) as point:
        refused = await caller.post(url, json=body)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["componentName"])
        assert point.heard == []
        whole = {**body, "componentName": "C", "instance": "i", "evseId": 2}
        assert (await caller.post(url, json=whole)).status_code == 202
    wanted = {
        "attributeValue": "60", "component": {"name": "C", "evse": {"id": 2}},
        "variable": {"name": "Interval", "instance": "i"},
    }  # fmt: skip
    assert point.heard == [("SetVariables", {"setVariableData": [wanted]})]
    assert await variables(db, tenant) == [("Interval", "C", "i", 2, "60", False)]


async def test_a_new_password_of_a_station_is_the_one_it_comes_back_with(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    secret = "another-password-of-the-station"
    body = {"name": "AuthorizationKey", "value": secret}
    async with Point(central, name, V16, {"ChangeConfiguration": ACCEPTED}):
        assert (await caller.post(f"{POINT2}/{number}/set-configuration", json=body)).status_code == 202
    assert await variables(db, tenant) == []
    assert secret not in str(await trail(db, tenant))
    async with charger(central, name, V16, secret) as point:
        assert await point.boot() == "Accepted"


async def booted(application: Application, tenant: int, number: int) -> None:
    event = Booted(charge_point_id=number, at=clock.now(), boot={})
    payload = {"charge_point_id": number, "at": event.at.isoformat(), "boot": {}}
    received: Received[Booted] = Received(uuid7(), 1, tenant, Booted.name, 1, None, event.at, None, 1, payload)
    async with application.database.tenant(tenant) as tx:
        await station_booted(tx, received)


async def waiting_jobs(db: Database, tenant: int) -> list[tuple[str, dict[str, Any]]]:
    async with db.system() as tx:
        found = await tx.all(
            f"SELECT task_name, args FROM {SCHEMA}.procrastinate_jobs WHERE args->>'tenant' = CAST(:tenant AS text) "
            "AND status = 'todo' ORDER BY id",
            tenant=str(tenant),
        )  # fmt: skip
    return [(row["task_name"], row["args"]["args"]) for row in found]


@pytest.mark.parametrize("version", list(Version))
async def test_after_a_boot_all_variables_are_read_and_told_without_a_number(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    number, name = await on_record(db, tenant, version)
    await booted(central, tenant, number)
    await booted(central, tenant, number)
    assert await waiting_jobs(db, tenant) == [("charging.commands.sync", {"charge_point": number})]
    listed = {"configurationKey": [{"key": "A", "readonly": False, "value": "1"}]}
    async with Point(central, name, version, {"GetConfiguration": listed, "GetBaseReport": ACCEPTED}) as point:
        for _ in range(2):
            await jobs.sync_booted.function(context(central, tenant, "sync"), charge_point=number)
        if version is V201:
            for _, payload in point.heard:
                assert await point.send("NotifyReport", part(payload["requestId"], 0, data("A", "1"), tbc=False)) == {}
    events = await told(db, tenant, SYNCED)
    assert [(each["request_id"], len(each["configuration"]), each["error"]) for each in events] == [(None, 1, None)] * 2
    assert await requests(db, tenant) == [("done", True)] * 2


async def test_a_station_that_does_not_say_its_variables_is_asked_again_and_then_given_up(
    central: Application, db: Database, tenant: int
) -> None:
    number, name = await on_record(db, tenant)
    run = jobs.sync_booted.function
    await run(context(central, tenant, "sync"), charge_point=number)
    await run(context(central, tenant, "sync"), charge_point=987654321)
    async with Point(central, name, V16, {"GetConfiguration": MUTE}) as point:
        for attempt in (1, 2):
            with hurried(central), pytest.raises(NoAnswer408):
                await run(context(central, tenant, "sync", attempt), charge_point=number)
        assert await requests(db, tenant) == []
        with hurried(central):
            await run(context(central, tenant, "sync", 3), charge_point=number)
        assert len(point.heard) == 3
    (event,) = await told(db, tenant, SYNCED)
    assert (event["request_id"], event["configuration"], bool(event["error"])) == (None, [], True)
    assert await requests(db, tenant) == [("failed", True)]


async def test_a_station_that_refuses_to_say_its_variables_is_not_asked_again(
    central: Application, db: Database, tenant: int
) -> None:
    number, name = await on_record(db, tenant)
    async with Point(central, name, V16, {"GetConfiguration": "NotSupported"}) as point:
        await jobs.sync_booted.function(context(central, tenant, "sync"), charge_point=number)
        assert len(point.heard) == 1
    (event,) = await told(db, tenant, SYNCED)
    assert (event["request_id"], event["configuration"], bool(event["error"])) == (None, [], True)


async def test_a_report_that_never_becomes_whole_is_given_up(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, V201)
    async with Point(central, name, V201, {"GetBaseReport": ACCEPTED}) as point:
        request = (await caller.post(f"{POINT1}/{number}/sync-configuration", json={})).json()["requestId"]
        await point.send("NotifyReport", part(request, 0, data("A", "1"), tbc=True))
        await jobs.every_minute.function(context(central, tenant, "minute"))
        assert await requests(db, tenant) == [("waiting", False)]
        with clock.travel(configuration.PATIENCE * 2):
            await jobs.every_minute.function(context(central, tenant, "minute"))
        await point.send("NotifyReport", part(request, 1, data("B", "1"), tbc=False))
    (event,) = await told(db, tenant, SYNCED)
    assert (event["request_id"], event["error"]) == (request, configuration.NO_REPORT)
    assert (await requests(db, tenant), await variables(db, tenant)) == ([("failed", False)], [])
    assert await rows(db, tenant, "SELECT 1 AS one FROM charging.configuration_part") == []


async def test_a_mute_station_leaves_no_request(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, V201)
    async with Point(central, name, V201, {"GetBaseReport": MUTE}):
        with hurried(central):
            answer = await caller.post(f"{POINT1}/{number}/sync-configuration", json={})
        assert answer.status_code == 406
    assert await requests(db, tenant) == []


async def test_what_a_station_says_of_profiles_is_on_its_record(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    listed = [{"key": "SecurityProfile", "readonly": False, "value": "0"}]
    async with Point(central, name, V16, {"GetConfiguration": {"configurationKey": listed}}):
        await caller.post(f"{POINT1}/{number}/sync-configuration", json={})
    assert (await record(db, tenant, number))["hardware_enabled_security_profile"] == 2
    shown = (await caller.get(f"{POINTS}/{number}")).json()["data"]["security"]
    assert shown["hardwareEnabledProfile"] == 2
    assert await commands_of(central).version(tenant, number) is None


def test_the_highest_profile_is_read_from_the_variable_and_its_limit() -> None:
    def one(value: str, limit: int | None = None) -> list[dict[str, Any]]:
        return [{"name": "Other", "value": "9"}, {"name": "SecurityProfile", "value": value, "max_limit": limit}]

    assert [highest_profile(each) for each in (one("0"), one("3"), one("1", 1), one("1", 7), one("x"), [])] == [
        2,
        3,
        1,
        3,
        None,
        None,
    ]


async def test_a_booted_station_shows_its_variables_without_anybody_asking(
    database_url: str, db: Database, tenant: int, tmp_path: Path
) -> None:
    number, name = await on_record(db, tenant)
    async with opened(database_url, tmp_path, roles=Roles.ALL) as everything, charger(everything, name) as point:
        assert await point.boot() == "Accepted"
        for _ in range(200):
            if found := await variables(db, tenant):
                break
            await asyncio.sleep(0.1)
    assert [(each[0], each[4]) for each in found] == [("HeartbeatInterval", "300"), ("MeterValueSampleInterval", "60")]
    assert await requests(db, tenant) == [("done", True)]
    assert (await record(db, tenant, number))["last_boot"]["model"] == "Simulated"
