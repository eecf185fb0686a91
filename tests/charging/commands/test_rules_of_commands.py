"""Commands with a rule of their own: what is scheduled, what has no refusal, what is not for the version, satellites."""

import asyncio
from typing import Any

import pytest
from tests.charging.commands.kit import ACCEPTED, ACTIONS, MUTE, POINT1, Point, hurried, on_record, stored, told, trail
from tests.charging.csms.support import charger, evse, record, rows
from tests.charging.kit import caller_of
from tests.charging.stations.kit import POINTS
from tests.suites.client import Callers

from gridloom.app import Application
from gridloom.charging.commands import profiles
from gridloom.charging.commands.schemas import Trigger
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database

V16, V201 = Version.V16, Version.V201
VERSIONS = pytest.mark.parametrize("version", list(Version))
ONLY_201 = {
    "LogStatusNotification", "PublishFirmwareStatusNotification", "SignChargingStationCertificate",
    "SignCombinedCertificate", "TransactionEvent", "SignV2GCertificate",
}  # fmt: skip


@VERSIONS
async def test_what_charges_may_end_before_an_availability_changes(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    async with Point(central, name, version, {"ChangeAvailability": {"status": "Scheduled"}}) as point:
        answer = await caller.post(f"{POINT1}/{number}/change-availability", json={"type": "Inoperative"})
        assert (answer.status_code, answer.content) == (204, b"")
        whole = {V16: {"connectorId": 0, "type": "Inoperative"}, V201: {"operationalStatus": "Inoperative"}}
        assert point.heard == [("ChangeAvailability", whole[version])]
        assert (await record(db, tenant, number))["hardware_status"] is None
        status = {
            V16: {"connectorId": 0, "errorCode": "NoError", "status": "Unavailable"},
            V201: {
                "timestamp": "2026-03-01T12:00:00Z",
                "connectorStatus": "Unavailable",
                "evseId": 1,
                "connectorId": 1,
            },
        }
        assert await point.send("StatusNotification", status[version]) == {}
    table = {V16: "charge_point WHERE id", V201: "evse WHERE network_id = '1' AND charge_point_id"}[version]
    query = f"SELECT hardware_status FROM charging.{table} = :id"
    for _ in range(100):
        found = await rows(db, tenant, query, id=number)
        if found == [{"hardware_status": "unavailable"}]:
            break
        await asyncio.sleep(0.05)
    assert found == [{"hardware_status": "unavailable"}]


@VERSIONS
@pytest.mark.parametrize("kind", ["hard", "soft"])
async def test_a_reset_tells_whether_the_station_agreed(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version, kind: str
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    url = f"{POINT1}/{number}/reset/{kind}"
    words = {V16: {"hard": "Hard", "soft": "Soft"}, V201: {"hard": "Immediate", "soft": "OnIdle"}}
    async with Point(central, name, version, {"Reset": ACCEPTED}) as point:
        before = await stored(db, tenant, number)
        for said in ({"status": "Rejected"}, MUTE, "NotSupported"):
            point.answers["Reset"] = said
            with hurried(central):
                answer = await caller.post(url)
            assert (answer.status_code, answer.json()) == (202, {"success": False})
        assert await stored(db, tenant, number) == before
        point.answers["Reset"] = ACCEPTED
        answer = await caller.post(url)
        assert (answer.status_code, answer.json()) == (202, {"success": True})
        assert point.heard == [("Reset", {"type": words[version][kind]})] * 4
        assert len(await trail(db, tenant)) == 1
        assert (await caller.post(f"{POINT1}/{number}/reset/warm")).status_code == 404
    away, _ = await on_record(db, tenant)
    assert (await caller.post(f"{POINT1}/{away}/reset/soft")).json() == {"success": False}


async def test_a_station_restarts_after_a_reset(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller = await caller_of(operators)
    for version in Version:
        number, name = await on_record(db, tenant, version)
        async with charger(central, name, version) as point:
            await point.boot()
            answer = await caller.post(f"{POINT1}/{number}/reset/soft")
            await point.settle()
        assert (answer.json(), point.boots) == ({"success": True}, 2)


async def test_a_connection_is_ended_once(central: Application, db: Database, operators: Callers, tenant: int) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    url = f"{POINT1}/{number}/disconnect"
    async with Point(central, name, V16, {}):
        assert (await caller.post(url, json={})).status_code == 422
        answer = await caller.post(url, json={"reason": "maintenance"})
        assert (answer.status_code, answer.json()) == (202, {"success": True})
    again = await caller.post(url, json={"reason": "maintenance"})
    assert (again.status_code, list(again.json())) == (409, ["message"])
    assert (await record(db, tenant, number))["network_status"] == "temporarily_unavailable"
    assert [each["detail"] for each in await trail(db, tenant)] == [{"reason": "maintenance"}]
    stranger = await operators.with_scopes("charging", ["*"], (await _other(operators)))
    assert (await stranger.post(url, json={"reason": "x"})).status_code == 404


async def _other(operators: Callers) -> int:
    return operators._other


@pytest.mark.parametrize("kind", Trigger.__args__)  # type: ignore[attr-defined]
async def test_every_message_that_a_version_has_can_be_asked_for(
    central: Application, db: Database, operators: Callers, tenant: int, kind: str
) -> None:
    caller = await caller_of(operators)
    for version in Version:
        number, name = await on_record(db, tenant, version)
        async with Point(central, name, version, {"TriggerMessage": ACCEPTED}) as point:
            answer = await caller.post(f"{POINT1}/{number}/trigger-message", json={"type": kind})
        if version is V16 and kind in ONLY_201:
            assert (answer.status_code, list(answer.json()["errors"])) == (422, ["type"])
            assert point.heard == []
        else:
            assert answer.status_code == 202, answer.text
            renamed = kind == "DiagnosticsStatusNotification" and version is V201
            asked = "LogStatusNotification" if renamed else kind
            assert point.heard == [("TriggerMessage", {"requestedMessage": asked})]


@VERSIONS
async def test_a_message_about_an_evse_names_it(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    (second,) = await rows(
        db, tenant, "SELECT id FROM charging.evse WHERE charge_point_id = :id AND network_id = '2'", id=number
    )
    url = f"{ACTIONS}/evse/v1.0/{second['id']}/trigger-message"
    async with Point(central, name, version, {"TriggerMessage": ACCEPTED}) as point:
        for kind in ("StatusNotification", "MeterValues", "Heartbeat"):
            assert (await caller.post(url, json={"type": kind})).status_code == 202
        point.answers["TriggerMessage"] = {"status": "Rejected"}
        assert (await caller.post(url, json={"type": "Heartbeat"})).status_code == 406
        assert (await caller.post(url, json={"type": "Nothing"})).status_code == 422
        stranger = await operators.with_scopes("charging", ["*"], await _other(operators))
        neighbour = await caller_of(operators, operator=8)
        for other in (stranger, neighbour):
            assert (await other.post(url, json={"type": "Heartbeat"})).status_code == 404
    place = {
        V16: [{"connectorId": 2}, {"connectorId": 2}],
        V201: [{"evse": {"id": 2, "connectorId": 1}}, {"evse": {"id": 2}}],
    }[version]
    assert [payload for _, payload in point.heard] == [
        {"requestedMessage": "StatusNotification", **place[0]},
        {"requestedMessage": "MeterValues", **place[1]},
        {"requestedMessage": "Heartbeat"},
        {"requestedMessage": "Heartbeat"},
    ]
    assert (await caller.post(url, json={"type": "Heartbeat"})).status_code == 406


async def test_a_local_list_has_a_version_or_there_is_none(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    url = f"{POINT1}/{number}/get-local-list-version"
    async with Point(central, name, V16, {"GetLocalListVersion": {"listVersion": 0}}) as point:
        none = await caller.post(url)
        assert (none.status_code, none.content) == (204, b"")
        point.answers["GetLocalListVersion"] = {"listVersion": -1}
        assert (await caller.post(url)).status_code == 406


async def test_any_message_is_sent_as_it_is_and_answered_as_it_comes(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    url = f"{POINT1}/{number}/send-custom-ocpp"
    body = {"command": "GetConfiguration", "payload": {"key": ["A"]}}
    async with Point(central, name, V16, {"GetConfiguration": {"unknownKey": ["A"]}}) as point:
        answer = await caller.post(url, json=body)
        assert (answer.status_code, answer.json()) == (200, {"unknownKey": ["A"]})
        assert point.heard == [("GetConfiguration", {"key": ["A"]})]
        refusing = await caller.post(url, json={"command": "ClearCache", "payload": {}})
        assert (refusing.status_code, refusing.json()["errorCode"]) == (200, "NotImplemented")
        before = await stored(db, tenant, number)
        point.answers["GetConfiguration"] = MUTE
        with hurried(central):
            assert (await caller.post(url, json=body)).status_code == 408
        heard = len(point.heard)
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"command": "GetBaseReport", "payload": {}}, "command"),
            ({"command": "BootNotification", "payload": {}}, "command"),
            ({"command": "Nothing", "payload": {}}, "command"),
            ({"command": "Reset", "payload": {}}, "payload"),
            ({"command": "Reset", "payload": {"type": "Warm"}}, "payload.type"),
            ({"command": "Reset", "payload": {"type": "Soft", "x": 1}}, "payload"),
            ({"command": "GetConfiguration", "payload": {"key": ["A", 1]}}, "payload.key.1"),
            ({"command": "Reset", "payload": "Soft"}, "payload"),
            ({"command": "Reset"}, "payload"),
            ({"command": "ChangeConfiguration", "payload": {"key": "AuthorizationKey", "value": "x" * 16}}, "payload"),
        ]
        for each, field in wrong:
            told_so = await caller.post(url, json=each)
            assert (told_so.status_code, list(told_so.json()["errors"])) == (422, [field]), each
        assert len(point.heard) == heard
    assert (await caller.post(url, json=body)).status_code == 424
    assert await stored(db, tenant, number) == before
    stranger = await operators.with_scopes("charging", ["*"], await _other(operators))
    assert (await stranger.post(url, json=body)).status_code == 404


async def test_a_satellite_is_told_through_its_station(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (master, name) = await caller_of(operators), await on_record(db, tenant)
    satellite, _ = await on_record(
        db, tenant, communication_mode="via_ocpp_connected_charge_point", ocpp_connected_charge_point_id=master
    )
    async with db.tenant(tenant) as tx:
        await evse(tx, satellite, "SAT", 3)
    answers = {"UnlockConnector": {"status": "Unlocked"}, "GetDiagnostics": {"fileName": "d.zip"}}
    async with Point(central, name, V16, answers) as point:
        assert (await caller.post(f"{POINT1}/{satellite}/unlock/3")).status_code == 202
        assert (await caller.post(f"{POINT1}/{master}/unlock/3")).status_code == 404
        await caller.post(f"{POINT1}/{satellite}/get-diagnostics", json={"location": "ftp://h.example/in"})
        assert await point.send("DiagnosticsStatusNotification", {"status": "Uploading"}) == {}
    assert [action for action, _ in point.heard] == ["UnlockConnector", "GetDiagnostics"]
    assert point.heard[0][1] == {"connectorId": 3}
    assert [each["object_id"] for each in await trail(db, tenant)] == [str(satellite)] * 2
    (event,) = await told(db, tenant, "charge_point.diagnostics")
    assert (event["charge_point_id"], event["status"]) == (satellite, "uploading")


async def test_certificates_are_switched_off(db: Database, operators: Callers, tenant: int) -> None:
    caller, (number, _) = await caller_of(operators), await on_record(db, tenant)
    before = await stored(db, tenant, number)
    for name, body in (
        ("install-certificate", {"certificateType": "CSMSRootCertificate"}),
        ("delete-certificate", {"certificateType": "V2GCertificate"}),
        ("sync-certificates", {}),
        ("sync-certificates", {"certificateType": None}),
    ):
        url = f"{ACTIONS}/charge-point/v2.0/{number}/{name}"
        answer = await caller.post(url, json=body)
        assert (answer.status_code, "switched off" in answer.json()["message"]) == (404, True)
        assert (await caller.post(url, json={"certificateType": "Nothing"})).status_code == 422
        unknown = await caller.post(url.replace(str(number), "987654321"), json=body)
        assert (unknown.status_code, "switched off" in unknown.json()["message"]) == (404, False)
    assert await stored(db, tenant, number) == before


async def test_profiles_replace_each_other_and_are_taken_back(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)

    async def put(evse_number: int, purpose: str, level: int = 0) -> int:
        periods = [{"startPeriod": 0, "limit": 16}]
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, "duration": 3600}
        schedule["startSchedule"] = "2026-03-01T12:00:00+01:00"
        body = {
            "stackLevel": level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Recurring",
            "recurrencyKind": "Daily",
            "chargingSchedule": schedule,
        }
        answer = await caller.post(f"{POINT1}/{number}/set-charging-profile/{evse_number}", json=body)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["data"]["id"])

    async def kept() -> list[int]:
        return [row["id"] for row in await rows(db, tenant, "SELECT id FROM charging.charging_profile ORDER BY id")]

    async def clear(**body: Any) -> int:
        return (await caller.post(f"{POINT1}/{number}/clear-charging-profile", json=body)).status_code

    answers = {"SetChargingProfile": ACCEPTED, "ClearChargingProfile": ACCEPTED}
    async with Point(central, name, V16, answers) as point:
        replaced, limit = await put(0, "ChargePointMaxProfile"), await put(0, "ChargePointMaxProfile")
        first, second, higher = (
            await put(1, "TxDefaultProfile"),
            await put(2, "TxDefaultProfile"),
            await put(1, "TxDefaultProfile", 3),
        )
        assert await kept() == [limit, first, second, higher]
        assert replaced not in await kept()
        applied = await told(db, tenant, "charge_point.profile_applied")
        assert [each["profile"]["id"] for each in applied] == [replaced, limit, first, second, higher]
        assert (applied[0]["evse_id"], applied[2]["evse_id"] is None) == (None, False)
        assert (await caller.post(f"{POINT1}/{number}/set-charging-profile/3", json={**_PROFILE})).status_code == 404
        point_shown = (await caller.get(f"{POINTS}/{number}", params={"include[]": "chargingProfile"})).json()["data"]
        assert point_shown["chargingProfile"] == {
            **SHOWN,
            "id": limit,
            "purpose": "ChargePointMaxProfile",
            "stackLevel": 0,
        }
        evses = (await caller.get(f"{POINTS}/{number}/evses", params={"include[]": "chargingProfile"})).json()["data"]
        assert [each["chargingProfile"]["id"] for each in evses] == [higher, second]
        assert {each["chargingProfile"]["recurrencyKind"] for each in evses} == {"Daily"}
        before = len(point.heard)
        assert await clear() == 202
        assert await kept() == [first, second, higher]
        assert await clear(evseNetworkId="1", stackLevel=3) == 202
        assert await kept() == [first, second]
        assert await clear(evseNetworkId=2) == 202
        assert await kept() == [first]
        point.answers["ClearChargingProfile"] = "NotSupported"
        assert await clear(id=first) == 406
        assert await kept() == [first]
        # A station that knows no such profile has none, and so have we.
        point.answers["ClearChargingProfile"] = {"status": "Unknown"}
        assert await clear(id=first) == 406
        assert await kept() == []
        assert [
            await clear(**each) for each in ({"evseNetworkId": 9}, {"id": 1.5}, {"chargingProfilePurpose": "x"})
        ] == [422] * 3
    assert [payload for _, payload in point.heard[before:]] == [
        {"connectorId": 0, "chargingProfilePurpose": "ChargePointMaxProfile"},
        {"connectorId": 1, "stackLevel": 3},
        {"connectorId": 2, "chargingProfilePurpose": "TxDefaultProfile"},
        {"id": first},
        {"id": first},
    ]
    assert await clear() == 406


SHOWN = {
    "chargingProfileKind": "Recurring", "chargingRateUnit": "A", "recurrencyKind": "daily", "validFrom": None,
    "validTo": None, "minChargingRate": None, "scheduleStart": "2026-03-01T11:00:00Z", "duration": 3600,
    "chargingCompleteAt": "2026-03-01T12:00:00Z", "schedulePeriods": [{"startPeriod": 0, "limit": 16}],
}  # fmt: skip
_PROFILE = {
    "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]},
}  # fmt: skip


@VERSIONS
async def test_a_profile_for_what_charges_names_its_transaction(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version)
    named = "41" if version is V16 else "a-transaction"
    async with db.tenant(tenant) as tx:
        evse_id = await tx.scalar(
            "SELECT id FROM charging.evse WHERE charge_point_id = :id AND network_id = '1'", id=number
        )
        session = await tx.scalar(
            "INSERT INTO charging.session (tenant_id, operator_id, charge_point_id, evse_id, status, started_at, "
            "transaction_id) VALUES (:tenant, 7, :point, :evse, 'active', now(), :named) RETURNING id",
            tenant=tenant, point=number, evse=evse_id, named=named,
        )  # fmt: skip
    body = {**_PROFILE, "chargingProfilePurpose": "TxProfile"}
    url = f"{POINT1}/{number}/set-charging-profile"
    async with Point(central, name, version, {"SetChargingProfile": ACCEPTED}) as point:
        assert (await caller.post(f"{url}/1", json=body)).status_code == 202
        assert (await caller.post(f"{url}/1", json={**body, "transactionId": session})).status_code == 202
        for place, wrong, field in (
            (1, {"transactionId": session + 1000}, "transactionId"),
            (2, {}, "transactionId"),
            (0, {}, "chargingProfilePurpose"),
        ):
            answer = await caller.post(f"{url}/{place}", json={**body, **wrong})
            assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    part = "csChargingProfiles" if version is V16 else "chargingProfile"
    wanted = 41 if version is V16 else "a-transaction"
    assert [payload[part]["transactionId"] for _, payload in point.heard] == [wanted, wanted]
    kept = "SELECT 1 AS one FROM charging.charging_profile"
    assert len(await rows(db, tenant, kept)) == 1
    # One that came with a start has no name of a transaction.
    async with db.tenant(tenant) as tx:
        started = await profiles.ask(
            tx, number, 1, {**_PROFILE, "chargingProfilePurpose": "TxProfile", "stackLevel": 9}
        )
        await profiles.install(tx, started, evse_id=evse_id)
    for status, left in (("pending", 2), ("active", 2), ("finished", 0)):
        async with db.tenant(tenant) as tx:
            await tx.run("UPDATE charging.session SET status = :status WHERE id = :id", status=status, id=session)
            await profiles.sweep(tx)
        assert len(await rows(db, tenant, kept)) == left
