"""What is told of stations. A station that is not watched is silent about faults and connections."""

from typing import Any

from gridloom.charging.notifications.webhooks.format import charging
from gridloom.charging.notifications.webhooks.payloads import last_shown, message, or_left_out, station_of
from gridloom.charging.stations import events
from gridloom.charging.stations.public import older_charge_point
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.webhooks import Message

_EVSE = sql("SELECT operator_id, updated_at FROM charging.evse WHERE id = :id")
_BOOT = {
    "model": "model", "vendor": "vendor", "charge_box_serial_number": "chargeBoxSerialNumber",
    "charge_point_serial_number": "chargePointSerialNumber", "firmware_version": "firmwareVersion", "iccid": "iccid",
    "imsi": "imsi", "meter_serial_number": "meterSerialNumber", "meter_type": "meterType", "reason": "reason",
}  # fmt: skip
_NETWORK = {
    "never_connected": "never connected",
    "temporarily_unavailable": "temporarily unavailable",
    "long-term_unavailable": "long-term unavailable",
}
# The word of 2.0.1 says only that a car is there.
_HARDWARE = {"occupied": "preparing"}
_FIRMWARE_15 = frozenset({"Downloaded", "DownloadFailed", "InstallationFailed", "Installed"})
_FIRMWARE_16 = _FIRMWARE_15 | {"Downloading", "Idle", "Installing"}
_FIRMWARE = {
    "ocpp 1.5": _FIRMWARE_15,
    "ocpp 1.6": _FIRMWARE_16,
    "ocpp 2.0.1": _FIRMWARE_16
    | {
        "DownloadScheduled", "DownloadPaused", "InstallRebooting", "InstallScheduled", "InstallVerificationFailed",
        "InvalidSignature", "SignatureVerified",
    },
}  # fmt: skip
_SECURITY = frozenset(
    {
        "FirmwareUpdated", "FailedToAuthenticateAtCentralSystem", "CentralSystemFailedToAuthenticate", "SettingSystemTime",
        "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared", "ReconfigurationOfSecurityParameters",
        "MemoryExhaustion", "InvalidMessages", "AttemptedReplayAttacks", "TamperDetectionActivated",
        "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate", "InvalidCentralSystemCertificate",
        "InvalidChargePointCertificate", "InvalidTLSVersion", "InvalidTLSCipherSuite",
    }
)  # fmt: skip
KIND = "charge_point"


@charging.tells("BootNotification", events.Booted)
async def booted(tx: Tx, received: Received[events.Booted]) -> Message | None:
    """A charge point started."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None or not station["monitoring_enabled"]:
        return None
    boot = {old: event.boot.get(new) for old, new in _BOOT.items()}
    return message(
        "BootNotification", KIND, event.charge_point_id, station["operator_id"], chargePointId=event.charge_point_id,
        timestamp=event.at, bootNotification=boot,
    )  # fmt: skip


@charging.tells("NetworkStatusNotification", events.NetworkStatusChanged)
async def reached(tx: Tx, received: Received[events.NetworkStatusChanged]) -> Message | None:
    """A charge point can be reached, or no longer."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None or not station["monitoring_enabled"]:
        return None
    return message(
        "NetworkStatusNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, timestamp=event.at, networkStatus=_NETWORK.get(event.status, event.status),
    )  # fmt: skip


@charging.tells("HardwareStatusNotification", events.HardwareStatusChanged)
async def hardware_told(tx: Tx, received: Received[events.HardwareStatusChanged]) -> Message | None:
    """A charge point or an EVSE is in another state."""
    event = received.event
    station = await station_of(tx, event.charge_point_id, evse_id=event.evse_id)
    if station is None or not (station["monitoring_enabled"] and station["evse_monitored"]):
        return None
    return message(
        "HardwareStatusNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, evseId=or_left_out(event.evse_id), timestamp=event.at,
        hardwareStatus=_HARDWARE.get(event.status, event.status), errorCode=event.error_code, info=event.info,
        vendorId=event.vendor_id, vendorErrorCode=event.vendor_error_code,
    )  # fmt: skip


@charging.tells("chargePoint.changed", events.ChargePointChanged)
async def point_changed(tx: Tx, received: Received[events.ChargePointChanged]) -> Message | None:
    """A charge point came, changed or went."""
    event = received.event
    realm, at = await _whose(tx, event.charge_point_id, event.gone, received)
    return message(
        "chargePoint.changed", KIND, event.charge_point_id, realm, chargePointId=event.charge_point_id,
        action=event.action, lastUpdatedAt=at,
    )  # fmt: skip


@charging.tells("ChargePointChangedNotification", events.ChargePointChanged, events.EvseChanged)
async def point_changed_older(tx: Tx, received: Received[Any]) -> Message | None:
    """The same with the charge point as the first version shows it; what happens to its EVSEs changes it too."""
    event = received.event
    number = event.charge_point_id
    is_evse = isinstance(event, events.EvseChanged)
    shown: Any = await older_charge_point(tx, number)
    if shown is None:
        if is_evse or event.gone is None:
            return None
        shown = last_shown(event.gone, {"id": number, "evses": []})
    realm, at = await _whose(tx, number, event.gone, received)
    return message(
        "ChargePointChangedNotification", KIND, number, realm, chargePoint=shown,
        action="updated" if is_evse else event.action, lastUpdatedAt=at,
    )  # fmt: skip


@charging.tells("evse.changed", events.EvseChanged)
async def evse_changed(tx: Tx, received: Received[events.EvseChanged]) -> Message | None:
    """An EVSE or one of its connectors came, changed or went."""
    event = received.event
    row = await tx.one(_EVSE, id=event.evse_id)
    realm = row["operator_id"] if row is not None else event.gone.operator_id if event.gone is not None else None
    return message(
        "evse.changed", "evse", event.evse_id, realm, evseId=event.evse_id, action=event.action,
        lastUpdatedAt=received.occurred_at if row is None else row["updated_at"],
    )  # fmt: skip


@charging.tells("ChargePointSyncConfigurationNotification", events.ConfigurationSynced)
async def configuration_synced(tx: Tx, received: Received[events.ConfigurationSynced]) -> Message | None:
    """The variables of a charge point were read."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None:
        return None
    return message(
        "ChargePointSyncConfigurationNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, requestId=or_left_out(event.request_id), configuration=event.configuration,
        error=or_left_out(event.error),
    )  # fmt: skip


@charging.tells("DiagnosticsStatusNotification", events.DiagnosticsProgressed)
async def diagnostics_progressed(tx: Tx, received: Received[events.DiagnosticsProgressed]) -> Message | None:
    """How far an upload of diagnostics is. What belongs to no request has no place in this message."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None or event.request_id is None:
        return None
    return message(
        "DiagnosticsStatusNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, requestId=event.request_id, status=event.status, lastUpdatedAt=event.at,
    )  # fmt: skip


@charging.tells("FirmwareStatusNotification", events.FirmwareProgressed)
async def firmware_progressed(tx: Tx, received: Received[events.FirmwareProgressed]) -> Message | None:
    """How far an update is. A word that the protocol's message does not have is not told."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None or event.status not in _FIRMWARE.get(event.protocol, ()):
        return None
    return message(
        "FirmwareStatusNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, externalId=or_left_out(station["external_id"]),
        firmwareUpdateExecutionId=or_left_out(event.execution_id), lastUpdatedAt=event.at, protocol=event.protocol,
        firmwareStatus=event.status,
        requestId=or_left_out(event.request_id if event.protocol == "ocpp 2.0.1" else None),
    )  # fmt: skip


@charging.tells("SecurityEventNotification", events.SecurityEventReported)
async def security_reported(tx: Tx, received: Received[events.SecurityEventReported]) -> Message | None:
    """Something about the security of a charge point, of a type that the message knows."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None or event.type not in _SECURITY or not station["monitoring_enabled"]:
        return None
    return message(
        "SecurityEventNotification", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, type=event.type, timestamp=event.at, techInfo=or_left_out(event.tech_info),
        critical=event.critical,
    )  # fmt: skip


@charging.tells("chargePoint.dataTransferReceived", events.DataTransferReceived)
async def data_received(tx: Tx, received: Received[events.DataTransferReceived]) -> Message | None:
    """A charge point sent data of its vendor's own."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None:
        return None
    return message(
        "chargePoint.dataTransferReceived", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, vendorId=event.vendor_id, messageId=or_left_out(event.message_id),
        data=or_left_out(event.data),
    )  # fmt: skip


@charging.tells("chargingProfile.applied", events.ProfileApplied)
async def profile_applied(tx: Tx, received: Received[events.ProfileApplied]) -> Message | None:
    """A charge point took a charging profile."""
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None:
        return None
    return message(
        "chargingProfile.applied", KIND, event.charge_point_id, station["operator_id"],
        chargePointId=event.charge_point_id, evseId=event.evse_id, sessionId=event.session_id,
        chargingProfile=event.profile, appliedAt=event.at,
    )  # fmt: skip


async def _reservation(tx: Tx, received: Received[events.ReservationChanged], name: str) -> Message | None:
    event = received.event
    station = await station_of(tx, event.charge_point_id)
    if station is None:
        return None
    return message(
        name, "reservation", event.reservation_id, station["operator_id"], reservationId=event.reservation_id,
        status=event.status, lastUpdatedAt=received.occurred_at,
    )  # fmt: skip


@charging.tells("reservation.changed", events.ReservationChanged)
async def reservation_changed(tx: Tx, received: Received[events.ReservationChanged]) -> Message | None:
    """A reservation is in another state."""
    return await _reservation(tx, received, "reservation.changed")


@charging.tells("ReservationChangedNotification", events.ReservationChanged)
async def reservation_changed_older(tx: Tx, received: Received[events.ReservationChanged]) -> Message | None:
    """The same under its older name."""
    return await _reservation(tx, received, "ReservationChangedNotification")


async def _whose(tx: Tx, charge_point_id: int, gone: Any, received: Received[Any]) -> tuple[int | None, Any]:
    """Whose a charge point is or was, and when it changed last."""
    station = await station_of(tx, charge_point_id)
    if station is None:
        return (None if gone is None else gone.operator_id), received.occurred_at
    return station["operator_id"], station["updated_at"]
