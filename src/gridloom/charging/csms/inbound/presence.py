"""Boot, heartbeat and status."""

from datetime import datetime

from gridloom.charging.csms.boots import Boot, Boots
from gridloom.charging.csms.messages import Contact, on_message
from gridloom.charging.csms.seats import Key
from gridloom.charging.csms.seen import LastSeen
from gridloom.charging.csms.statuses import Statuses, Told
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.settings import Settings

_SAID_16 = {
    "chargePointModel": "model",
    "chargePointVendor": "vendor",
    "chargeBoxSerialNumber": "chargeBoxSerialNumber",
    "chargePointSerialNumber": "chargePointSerialNumber",
    "firmwareVersion": "firmwareVersion",
    "iccid": "iccid",
    "imsi": "imsi",
    "meterSerialNumber": "meterSerialNumber",
    "meterType": "meterType",
}


@on_message("BootNotification")
async def booted(contact: Contact, payload: Payload) -> Payload:
    """The station introduces itself: whoever has come so far is accepted."""
    boot = Boot(contact.charge_point_id, _said(contact.version, payload), contact.received_at)
    await contact.services.part(Boots).keep(contact.tenant, boot)
    interval = contact.services.part(Settings).ocpp_heartbeat
    return {"currentTime": told(contact.received_at), "interval": interval, "status": "Accepted"}


@on_message("Heartbeat")
async def alive(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - a heartbeat says nothing
    """The station lives, and asks for the time."""
    await contact.services.part(LastSeen).keep(Key(contact.tenant, contact.charge_point_id), contact.received_at)
    return {"currentTime": told(contact.received_at)}


@on_message("StatusNotification")
async def status(contact: Contact, payload: Payload) -> Payload:
    """A state of the station or of a connector."""
    state = Told.of(contact.charge_point_id, contact.version, payload, contact.received_at)
    await contact.services.part(Statuses).keep(contact.tenant, state)
    return {}


def told(at: datetime) -> str:
    """An instant as it travels; three decimals, which every station reads."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(version: Version, payload: Payload) -> Payload:
    """What is kept of a boot, in the words of the API; the reason beside it (2.0.1)."""
    if version is Version.V16:
        return {ours: payload[theirs] for theirs, ours in _SAID_16.items() if theirs in payload}
    about = payload["chargingStation"]
    modem = about.get("modem", {})
    said = {
        "model": about["model"], "vendor": about["vendorName"], "chargePointSerialNumber": about.get("serialNumber"),
        "firmwareVersion": about.get("firmwareVersion"), "iccid": modem.get("iccid"), "imsi": modem.get("imsi"),
        "reason": payload["reason"],
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}
