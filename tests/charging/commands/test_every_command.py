"""Each command that a station answers, in both versions: what is sent, and each way in which it can end."""

from typing import Any

import pytest
from tests.charging.commands.cases import ANY, CASES, REJECTED, Case
from tests.charging.commands.kit import ACCEPTED, ACTIONS, MUTE, POINT1, Point, hurried, on_record, stored, trail
from tests.charging.csms.support import rows
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers

from gridloom.app import Application
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database

V16 = Version.V16
IDS = [case.name for case in CASES]
COMMANDS = pytest.mark.parametrize("case", CASES, ids=IDS)
VERSIONS = pytest.mark.parametrize("version", list(Version))


def fits(found: Any, wanted: Any) -> bool:
    """Whether they are equal; ANY fits everything."""
    if wanted is ANY:
        return True
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(fits(found[k], v) for k, v in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(fits, found, wanted))
    return bool(found == wanted)


async def post(caller: Caller, case: Case, charge_point: int) -> Any:
    options = {} if case.body is None else {"json": case.body}
    return await caller.post(case.url(charge_point), **options)


@COMMANDS
@VERSIONS
async def test_a_station_that_agrees_is_told_and_the_caller_too(
    central: Application, db: Database, operators: Callers, tenant: int, case: Case, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    action, payload = case.sent[version]
    async with Point(central, name, version, {action: case.good.get(version, ACCEPTED)}) as point:
        before = await stored(db, tenant, number)
        answer = await post(caller, case, number)
    assert answer.status_code == case.success, answer.text
    assert len(point.heard) == 1
    assert fits(list(point.heard[0]), [action, payload]), point.heard
    assert fits(answer.json(), case.answer) if case.answer is not None else answer.content == b""
    after = await stored(db, tenant, number)
    assert after["trail"] == before["trail"] + 1
    assert (await trail(db, tenant))[-1]["object_id"] == str(number)
    changed = {each for each in after if each not in ("trail", "events", "station") and after[each] != before[each]}
    assert set(case.keeps) <= changed <= {*case.keeps, "configuration_variable"}


@COMMANDS
@VERSIONS
async def test_a_station_that_says_no_leaves_nothing_behind(
    central: Application, db: Database, operators: Callers, tenant: int, case: Case, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    action, _ = case.sent[version]
    async with Point(central, name, version, {action: case.bad.get(version, REJECTED)}) as point:
        before = await stored(db, tenant, number)
        answer = await post(caller, case, number)
        assert (answer.status_code, list(answer.json())) == (case.refusals[0], ["message"])
        point.answers.clear()
        unknown = await post(caller, case, number)
        assert (unknown.status_code, list(unknown.json())) == (case.refusals[0], ["message"])
        assert [each for each, _ in point.heard] == [action] * 2
    assert await stored(db, tenant, number) == before


@COMMANDS
async def test_a_mute_station_is_given_up_on_and_leaves_nothing_behind(
    central: Application, db: Database, operators: Callers, tenant: int, case: Case
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    async with Point(central, name, V16, {case.sent[V16][0]: MUTE}) as point:
        before = await stored(db, tenant, number)
        with hurried(central):
            answer = await post(caller, case, number)
        assert len(point.heard) == 1
    assert (answer.status_code, list(answer.json())) == (case.refusals[1], ["message"])
    assert await stored(db, tenant, number) == before


@COMMANDS
async def test_nobody_is_told_who_is_not_there(db: Database, operators: Callers, tenant: int, case: Case) -> None:
    caller = await caller_of(operators)
    away, _ = await on_record(db, tenant)
    unspoken, _ = await on_record(db, tenant, communication_mode="none")
    for number in (away, unspoken):
        before = await stored(db, tenant, number)
        answer = await post(caller, case, number)
        assert (answer.status_code, list(answer.json())) == (case.refusals[2], ["message"])
        assert await stored(db, tenant, number) == before


@COMMANDS
async def test_a_station_of_somebody_else_does_not_exist(
    central: Application, db: Database, operators: Callers, tenant: int, other_tenant: int, case: Case
) -> None:
    number, name = await on_record(db, tenant)
    stranger = await operators.with_scopes("charging", ["*"], other_tenant)
    neighbour = await caller_of(operators, operator=8)
    reader = await caller_of(operators, scopes=("charging.charge-points:read",))
    async with Point(central, name, V16, {case.sent[V16][0]: case.good.get(V16, ACCEPTED)}) as point:
        before = await stored(db, tenant, number)
        for caller in (stranger, neighbour):
            assert (await post(caller, case, number)).status_code == 404
        assert (await post(stranger, case, 987654321)).status_code == 404
        assert (await post(reader, case, number)).status_code == 403
        async with caller.anonymous() as nobody:
            assert (await nobody.post(case.url(number), json=case.body)).status_code == 401
    assert point.heard == []
    assert await stored(db, tenant, number) == before


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.wrong], ids=[case.name for case in CASES if case.wrong]
)
@VERSIONS
async def test_a_wrong_body_names_its_fields_and_reaches_nobody(
    central: Application, db: Database, operators: Callers, tenant: int, case: Case, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    async with Point(central, name, version, {case.sent[version][0]: case.good.get(version, ACCEPTED)}) as point:
        before = await stored(db, tenant, number)
        for body in case.wrong:
            answer = await caller.post(case.url(number), json=body)
            assert answer.status_code == 422, (body, answer.text)
            assert answer.json()["errors"], body
    assert point.heard == []
    assert await stored(db, tenant, number) == before


async def test_every_command_is_in_the_table_or_has_tests_of_its_own(operators: Callers) -> None:
    caller = await caller_of(operators)
    own = {
        "change-owner", "change-sharing-code", "clear-charging-profile", "delete-certificate", "disconnect",
        "install-certificate", "move-evses-to-satellite", "reserve", "reset", "reset-security-profile", "send-custom-ocpp",
        "set-security-profile", "sync-certificates", "start", "stop",
    }  # fmt: skip
    declared = {
        each.path.split("}/")[1].split("/")[0]
        for each in caller.api.operations
        if each.path.startswith(f"{ACTIONS}/charge-point/")
    }
    assert declared - own == {case.name for case in CASES} - {"update-firmware-signed"}


async def test_nothing_of_an_address_to_sign_in_with_is_kept(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    async with Point(central, name, V16, {"GetDiagnostics": {"fileName": "d.zip"}}):
        await caller.post(
            f"{POINT1}/{number}/get-diagnostics", json={"location": "ftp://user:secret@h.example/in?key=secret"}
        )
    (kept,) = await rows(db, tenant, "SELECT location, file_name, status FROM charging.log_upload")
    assert kept == {"location": "ftp://h.example/in", "file_name": "d.zip", "status": "accepted"}
    assert "secret" not in str(await trail(db, tenant))
