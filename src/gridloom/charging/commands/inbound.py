"""What stations say about what they were asked for."""

from typing import Literal

from gridloom.charging.commands import configuration, reservations, uploads
from gridloom.charging.csms.public import Contact, on_message
from gridloom.charging.ocpp.public import Payload, Version


@on_message("DiagnosticsStatusNotification", Version.V16)
async def diagnostics_status(contact: Contact, payload: Payload) -> Payload:
    """How far an upload of diagnostics is: the one that was asked for last."""
    async with contact.transaction() as tx:
        await uploads.log_progressed(
            tx, contact.charge_point_id, payload["status"], contact.received_at, number=None, log_type="DiagnosticsLog"
        )
    return {}


@on_message("LogStatusNotification")
async def log_status(contact: Contact, payload: Payload) -> Payload:
    """How far the upload of a log is."""
    async with contact.transaction() as tx:
        await uploads.log_progressed(
            tx, contact.charge_point_id, payload["status"], contact.received_at, number=payload.get("requestId")
        )
    return {}


@on_message("FirmwareStatusNotification")
async def firmware_status(contact: Contact, payload: Payload) -> Payload:
    """How far an update is."""
    return await _firmware(contact, payload)


@on_message("SignedFirmwareStatusNotification", Version.V16)
async def signed_firmware_status(contact: Contact, payload: Payload) -> Payload:
    """How far a signed update is (security extension of 1.6)."""
    return await _firmware(contact, payload)


async def _firmware(contact: Contact, payload: Payload) -> Payload:
    async with contact.transaction() as tx:
        await uploads.firmware_progressed(
            tx, contact.charge_point_id, payload["status"], contact.received_at, contact.version,
            number=payload.get("requestId"),
        )  # fmt: skip
    return {}


@on_message("NotifyReport", Version.V201)
async def notify_report(contact: Contact, payload: Payload) -> Payload:
    """A part of the report of all variables."""
    async with contact.transaction() as tx:
        await configuration.report(tx, contact.charge_point_id, payload, contact.received_at)
    return {}


@on_message("ReservationStatusUpdate", Version.V201)
async def reservation_status(contact: Contact, payload: Payload) -> Payload:
    """The station holds an EVSE no longer: the time was over, or it could not."""
    status: Literal["expired", "canceled"] = (
        "expired" if payload["reservationUpdateStatus"] == "Expired" else "canceled"
    )
    async with contact.transaction() as tx:
        await reservations.end(tx, payload["reservationId"], status, charge_point=contact.charge_point_id)
    return {}
