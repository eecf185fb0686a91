"""Data of vendors, security events, certificates, and what is only written down in the communication log."""

import msgspec

from gridloom.charging.csms.messages import Contact, on_message
from gridloom.charging.csms.statuses import plausible
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.charging.stations.events import DataTransferReceived, SecurityEventReported
from gridloom.kernel.events.event import emit

# One event, one name: 2.0.1 renamed some of 1.6.
_RENAMED = {
    "FailedToAuthenticateAtCsms": "FailedToAuthenticateAtCentralSystem",
    "CsmsFailedToAuthenticate": "CentralSystemFailedToAuthenticate",
    "InvalidCsmsCertificate": "InvalidCentralSystemCertificate",
    "InvalidChargingStationCertificate": "InvalidChargePointCertificate",
}
# OCPP 2.0.1 part 2, appendix 1.
_CRITICAL = frozenset(
    {
        "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
        "MemoryExhaustion", "TamperDetectionActivated",
    }
)  # fmt: skip
_as_text = msgspec.json.Encoder(decimal_format="number").encode


@on_message("DataTransfer")
async def data_transferred(contact: Contact, payload: Payload) -> Payload:
    """Data of a vendor: told to whoever subscribes to it. No vendor's form is understood here, and the station is told so."""
    data = payload.get("data")
    event = DataTransferReceived(
        charge_point_id=contact.charge_point_id,
        at=contact.received_at,
        vendor_id=payload["vendorId"],
        message_id=payload.get("messageId"),
        data=data if data is None or isinstance(data, str) else _as_text(data).decode(),
    )
    async with contact.transaction() as tx:
        emit(tx, event)
    return {"status": "UnknownVendorId"}


@on_message("SecurityEventNotification")
async def security_event(contact: Contact, payload: Payload) -> Payload:
    """Something about the station's security."""
    told: str = payload["type"]
    kind = _RENAMED.get(told, told)
    event = SecurityEventReported(
        charge_point_id=contact.charge_point_id,
        at=plausible(payload["timestamp"], contact.received_at),
        type=kind,
        tech_info=payload.get("techInfo"),
        critical=kind in _CRITICAL,
    )
    async with contact.transaction() as tx:
        emit(tx, event)
    return {}


@on_message("SignCertificate")
async def sign_certificate(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - whoever asks
    """Nobody signs certificates here."""
    return {"status": "Rejected"}


@on_message("Get15118EVCertificate", Version.V201)
async def car_certificate(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - whoever asks
    """Plug and charge is off."""
    return {"status": "Failed", "exiResponse": ""}


@on_message("GetCertificateStatus", Version.V201)
async def certificate_status(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - whoever asks
    """Plug and charge is off."""
    return {"status": "Failed"}


async def _noted(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - the log has it
    """The communication log keeps it; nothing follows from it."""
    return {}


for _action in (
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyDisplayMessages",
    "NotifyCustomerInformation",
    "NotifyChargingLimit",
    "ClearedChargingLimit",
    "PublishFirmwareStatusNotification",
):
    on_message(_action, Version.V201)(_noted)
