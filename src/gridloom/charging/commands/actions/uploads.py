"""Logs that stations upload, and firmware that they fetch."""

from datetime import UTC, datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from gridloom.charging.commands import messages, uploads
from gridloom.charging.commands.actions.common import CONTROL, TAGS, V1, V2
from gridloom.charging.commands.addresses import without_secrets
from gridloom.charging.commands.desk import Desk, note
from gridloom.charging.commands.schemas import (
    DiagnosticsAsked,
    DiagnosticsWrite,
    FirmwareWrite,
    SecurityLog,
    SecurityLogWrite,
)
from gridloom.charging.csms.public import Refused406
from gridloom.charging.ocpp.public import Version
from gridloom.kernel import clock
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

T = TypeVar("T")


@action(
    "POST", f"{V1}/get-diagnostics", scope=CONTROL, answers={202: DiagnosticsAsked},
    faults=(NotFound, Refused406, Invalid), name="chargePointGetDiagnostics", tags=TAGS, wrapped=False,
)  # fmt: skip
async def get_diagnostics(desk: Desk, subject: Subject, charge_point: int, body: DiagnosticsWrite) -> DiagnosticsAsked:
    """Have a charge point upload its diagnostics. How far it is comes as notifications with the same number."""
    target = await desk.target(subject, charge_point)
    async with desk.transaction(target) as tx:
        number = await uploads.ask_for_log(tx, target.id, "DiagnosticsLog", body.location)
    message = messages.diagnostics(target.version, number, body.location, _instant(body.start), _instant(body.stop))
    async with desk.or_forget(target, uploads.forget_log, number):
        answer = await desk.tell(target, message)
        name = answer.get("fileName", answer.get("filename"))
        if target.version is Version.V16 and not name:
            raise Refused406("The charge point has no diagnostics.")
    async with desk.transaction(target) as tx:
        await uploads.accept_log(tx, number, name)
        note(tx, target, "chargePointGetDiagnostics", {"location": without_secrets(body.location), "request": number})
    return DiagnosticsAsked(success=True, request_id=number, file_name=name or UNSET)


@action(
    "POST", f"{V1}/get-security-log", scope=CONTROL, answers={201: SecurityLog}, faults=(NotFound, Refused406, Invalid),
    name="chargePointGetSecurityLog", tags=TAGS,
)  # fmt: skip
async def get_security_log(desk: Desk, subject: Subject, charge_point: int, body: SecurityLogWrite) -> SecurityLog:
    """Have a charge point upload its security log."""
    target = await desk.target(subject, charge_point)
    async with desk.transaction(target) as tx:
        number = await uploads.ask_for_log(tx, target.id, "SecurityLog", body.url, body.reason)
    message = messages.log(
        "SecurityLog", number, body.url, since=_local(body.start_time), until=_local(body.stop_time),
        retries=_said(body.retries), interval_s=_said(body.interval),
    )  # fmt: skip
    async with desk.or_forget(target, uploads.forget_log, number):
        answer = await desk.tell(target, message)
    name = answer.get("filename")
    async with desk.transaction(target) as tx:
        status = await uploads.accept_log(tx, number, name)
        detail = {"reason": body.reason, "url": without_secrets(body.url), "request": number}
        note(tx, target, "chargePointGetSecurityLog", detail)
    return SecurityLog(
        id=number, charge_point_id=target.id, log_type="SecurityLog", status=status, file_name=name or UNSET
    )


@action(
    "POST", f"{V2}/update-firmware", scope=CONTROL, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointUpdateFirmware", tags=TAGS,
)  # fmt: skip
async def update_firmware(desk: Desk, subject: Subject, charge_point: int, body: FirmwareWrite) -> None:
    """Have a charge point fetch and install firmware. How far it is comes as notifications."""
    target = await desk.target(subject, charge_point)
    url = _said(body.url)
    if url is None:
        raise Invalid("There is no such firmware version.", field="firmwareVersionId")
    at = _instant(body.retrieve_after) or clock.now()
    async with desk.transaction(target) as tx:
        number = await uploads.ask_for_firmware(tx, target.id, url, at, target.version, is_signed=body.signed)
    message = messages.firmware(
        target.version, number, url, at, retries=_said(body.retries), interval_s=_said(body.interval),
        certificate=_said(body.signing_certificate) if body.signed else None,
        signature=_said(body.signature) if body.signed else None,
    )  # fmt: skip
    async with desk.or_forget(target, uploads.forget_firmware, number):
        await desk.tell(target, message)
    async with desk.transaction(target) as tx:
        await uploads.accept_firmware(tx, number)
        note(
            tx,
            target,
            "chargePointUpdateFirmware",
            {"url": without_secrets(url), "signed": body.signed, "execution": number},
        )


def _said(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


def _instant(value: datetime | UnsetType) -> datetime | None:
    return None if isinstance(value, UnsetType) else clock.utc(value)


def _local(value: str | UnsetType) -> datetime | None:
    """`Y-m-d H:i:s` names no zone; it is read as UTC."""
    return None if isinstance(value, UnsetType) else datetime.fromisoformat(value).replace(tzinfo=UTC)
