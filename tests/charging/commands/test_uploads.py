"""Uploads of logs and updates of firmware: how far stations say they are, and who hears of it."""

from typing import Any

import pytest
from tests.charging.commands.kit import ACCEPTED, POINT1, POINT2, Point, on_record, told
from tests.charging.csms.support import rows
from tests.charging.kit import caller_of
from tests.suites.client import Callers

from gridloom.app import Application
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database

V16, V201 = Version.V16, Version.V201
DIAGNOSTICS, FIRMWARE = "charge_point.diagnostics", "charge_point.firmware"


async def statuses(db: Database, tenant: int, table: str) -> list[str]:
    return [row["status"] for row in await rows(db, tenant, f"SELECT status FROM charging.{table} ORDER BY id")]


def without_time(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != "at"} for each in events]


async def test_an_upload_of_1_6_is_the_one_that_was_asked_for_last(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    url, body = f"{POINT1}/{number}/get-diagnostics", {"location": "ftp://h.example/in"}
    async with Point(central, name, V16, {"GetDiagnostics": {"fileName": "d.zip"}}) as point:
        assert await point.send("DiagnosticsStatusNotification", {"status": "Uploading"}) == {}
        await caller.post(url, json=body)
        second = (await caller.post(url, json=body)).json()["requestId"]
        for said in ("Idle", "Uploading", "Uploading", "Uploaded", "Idle"):
            assert await point.send("DiagnosticsStatusNotification", {"status": said}) == {}
    assert await statuses(db, tenant, "log_upload") == ["accepted", "uploaded"]
    assert without_time(await told(db, tenant, DIAGNOSTICS)) == [
        {"charge_point_id": number, "status": status, "request_id": request}
        for status, request in (("idle", None), ("uploading", second), ("uploaded", second), ("idle", None))
    ]


@pytest.mark.parametrize(
    ("said", "status"),
    [("Uploaded", "uploaded"), ("UploadFailure", "uploadfailed"), ("PermissionDenied", "uploadfailed"),
     ("BadMessage", "uploadfailed"), ("NotSupportedOperation", "uploadfailed"), ("AcceptedCanceled", "uploadfailed")],
)  # fmt: skip
async def test_an_upload_with_a_number_is_found_by_it_within_its_station(
    central: Application, db: Database, operators: Callers, tenant: int, said: str, status: str
) -> None:
    caller = await caller_of(operators)
    (number, name), (_, other) = await on_record(db, tenant, V201), await on_record(db, tenant, V201)
    url, body = f"{POINT1}/{number}/get-diagnostics", {"location": "ftp://h.example/in"}
    async with Point(central, name, V201, {"GetLog": ACCEPTED}) as mine, Point(central, other, V201, {}) as theirs:
        answer = (await caller.post(url, json=body)).json()
        assert "fileName" not in answer
        await caller.post(url, json=body)
        report = {"requestId": answer["requestId"], "status": said}
        assert await theirs.send("LogStatusNotification", report) == {}
        assert await mine.send("LogStatusNotification", {**report, "requestId": report["requestId"] + 1000}) == {}
        assert await statuses(db, tenant, "log_upload") == ["accepted", "accepted"]
        assert await mine.send("LogStatusNotification", report) == {}
        assert await mine.send("LogStatusNotification", report) == {}
    assert await statuses(db, tenant, "log_upload") == [status, "accepted"]
    assert [(each["status"], each["request_id"]) for each in await told(db, tenant, DIAGNOSTICS)] == [
        (status, answer["requestId"])
    ]


async def test_the_upload_of_a_security_log_is_no_news_of_diagnostics(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    body = {"url": "sftp://h.example/in", "reason": "audit"}
    async with Point(central, name, V16, {"GetLog": {"status": "AcceptedCanceled"}}) as point:
        made = (await caller.post(f"{POINT1}/{number}/get-security-log", json=body)).json()["data"]
        assert await point.send("LogStatusNotification", {"status": "Uploaded", "requestId": made["id"]}) == {}
        assert await point.send("DiagnosticsStatusNotification", {"status": "Uploading"}) == {}
    assert made == {"id": made["id"], "status": "accepted", "logType": "SecurityLog", "chargePointId": number}
    assert await statuses(db, tenant, "log_upload") == ["uploaded"]
    assert await told(db, tenant, DIAGNOSTICS) == []


async def test_an_update_of_1_6_tells_its_steps_without_a_number(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant)
    body = {"signed": False, "url": "https://h.example/fw.bin"}
    async with Point(central, name, V16, {"UpdateFirmware": {}}) as point:
        assert (await caller.post(f"{POINT2}/{number}/update-firmware", json=body)).status_code == 202
        for said in ("Downloading", "Downloaded", "Downloaded", "Installing", "Installed", "Idle"):
            assert await point.send("FirmwareStatusNotification", {"status": said}) == {}
    (execution,) = await rows(db, tenant, "SELECT id, status, protocol FROM charging.firmware_execution")
    assert (execution["status"], execution["protocol"]) == ("Installed", "ocpp 1.6")
    steps = [("Downloading", True), ("Downloaded", True), ("Installing", True), ("Installed", True), ("Idle", False)]
    assert without_time(await told(db, tenant, FIRMWARE)) == [
        {
            "charge_point_id": number, "status": status, "protocol": "ocpp 1.6", "request_id": None,
            "execution_id": execution["id"] if ours else None,
        }
        for status, ours in steps
    ]  # fmt: skip


@pytest.mark.parametrize("version", list(Version))
async def test_a_signed_update_has_a_number(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller = await caller_of(operators)
    (number, name), (_, other) = await on_record(db, tenant, version), await on_record(db, tenant, version)
    body = {"signed": True, "url": "https://h.example/fw.bin", "signature": "s", "signingCertificate": "c"}
    answers = {"SignedUpdateFirmware": ACCEPTED, "UpdateFirmware": ACCEPTED}
    action = "SignedFirmwareStatusNotification" if version is V16 else "FirmwareStatusNotification"
    async with Point(central, name, version, answers) as mine, Point(central, other, version, {}) as theirs:
        assert (await caller.post(f"{POINT2}/{number}/update-firmware", json=body)).status_code == 202
        request = mine.heard[0][1]["requestId"]
        assert await theirs.send(action, {"status": "InvalidSignature", "requestId": request}) == {}
        assert await mine.send(action, {"status": "SignatureVerified", "requestId": request}) == {}
        assert await mine.send(action, {"status": "Installed", "requestId": request + 1000}) == {}
    assert await statuses(db, tenant, "firmware_execution") == ["SignatureVerified"]
    (event,) = await told(db, tenant, FIRMWARE)
    assert (event["status"], event["request_id"], event["execution_id"]) == ("SignatureVerified", request, request)


async def test_an_update_that_nobody_asked_for_is_told_all_the_same(
    central: Application, db: Database, tenant: int
) -> None:
    number, name = await on_record(db, tenant)
    async with Point(central, name, V16, {}) as point:
        assert await point.send("FirmwareStatusNotification", {"status": "Installed"}) == {}
        refused = await point.send("FirmwareStatusNotification", {"status": "Exploded"})
        assert refused[0] == "PropertyConstraintViolation"
    assert without_time(await told(db, tenant, FIRMWARE)) == [
        {
            "charge_point_id": number,
            "status": "Installed",
            "protocol": "ocpp 1.6",
            "request_id": None,
            "execution_id": None,
        }
    ]


async def test_a_report_that_is_quicker_than_the_answer_stands(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, V201)
    async with Point(central, name, V201, {}) as point:

        async def done(request: int) -> None:
            await point.send("LogStatusNotification", {"requestId": request, "status": "Uploading"})

        point.before["GetLog"] = lambda payload: done(payload["requestId"])
        point.answers["GetLog"] = {"status": "Accepted", "filename": "d.zip"}
        body = {"location": "ftp://h.example/in"}
        assert (await caller.post(f"{POINT1}/{number}/get-diagnostics", json=body)).status_code == 202
    assert await statuses(db, tenant, "log_upload") == ["uploading"]
    assert await rows(db, tenant, "SELECT file_name FROM charging.log_upload") == [{"file_name": "d.zip"}]
