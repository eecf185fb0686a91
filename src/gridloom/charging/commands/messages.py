"""What each command is on the wire, in both versions of OCPP. Pure: values in, one message out.

A constant where both versions have the same message, a function where they differ or something is said. EVSEs are
numbers within the station, 0 is the station itself; in 1.6 they are its connectors.
Sources: OCPP 1.6 §5 with its security extension (edition 3); OCPP 2.0.1 part 2 (edition 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridloom.charging.ocpp.public import Payload, Version
from gridloom.kernel.errors import Invalid

ACCEPTED = ("Accepted",)
TAKEN = ("Accepted", "AcceptedCanceled")
SET = ("Accepted", "RebootRequired")


@dataclass(frozen=True, slots=True)
class Message:
    """One call to a station. good: the statuses that mean yes; none where every answer does."""

    action: str
    payload: Payload = field(repr=False)
    good: tuple[str, ...] = ACCEPTED


CLEAR_CACHE = Message("ClearCache", {})
LOCAL_LIST_VERSION = Message("GetLocalListVersion", {}, ())

TRIGGERS_16 = frozenset(
    {
        "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues",
        "StatusNotification",
    }
)  # fmt: skip
# 2.0.1 has one message for all logs where 1.6 has one for diagnostics.
_RENAMED_201 = {"DiagnosticsStatusNotification": "LogStatusNotification"}
_OF_EVSE = frozenset({"MeterValues", "StatusNotification", "TransactionEvent"})
_PURPOSES_201 = {"ChargePointMaxProfile": "ChargingStationMaxProfile"}
_RESETS = {Version.V16: {"hard": "Hard", "soft": "Soft"}, Version.V201: {"hard": "Immediate", "soft": "OnIdle"}}


def stamp(at: datetime) -> str:
    """An instant as it travels, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def change_availability(version: Version, kind: str, evse: int) -> Message:
    """Operative or Inoperative, of the station or an EVSE; it may be Scheduled until what runs has ended."""
    good = ("Accepted", "Scheduled")
    if version is Version.V16:
        return Message("ChangeAvailability", {"connectorId": evse, "type": kind}, good)
    place = {"evse": {"id": evse}} if evse else {}
    return Message("ChangeAvailability", {"operationalStatus": kind, **place}, good)


def reset(version: Version, kind: str) -> Message:
    """hard: at once; soft: when nothing charges (2.0.1), or in good order (1.6)."""
    return Message("Reset", {"type": _RESETS[version][kind]}, ("Accepted", "Scheduled"))


def unlock(version: Version, evse: int) -> Message:
    """Release the plug of an EVSE; 2.0.1 asks for a connector, of which the first is meant."""
    if version is Version.V16:
        return Message("UnlockConnector", {"connectorId": evse}, ("Unlocked",))
    return Message("UnlockConnector", {"evseId": evse, "connectorId": 1}, ("Unlocked",))


def trigger(version: Version, kind: str, evse: int = 0) -> Message:
    """Ask for a message. Raises Invalid for one that the version does not have."""
    if version is Version.V16:
        if kind not in TRIGGERS_16:
            raise Invalid("A charge point with OCPP 1.6 cannot be asked for this message.", field="type")
        place = {"connectorId": evse} if evse and kind in _OF_EVSE else {}
        return Message("TriggerMessage", {"requestedMessage": kind, **place})
    found: dict[str, Any] = {}
    if evse and kind in _OF_EVSE:
        # A status is one of a connector, and only whole messages may be asked for.
        found = {"evse": {"id": evse, "connectorId": 1} if kind == "StatusNotification" else {"id": evse}}
    return Message("TriggerMessage", {"requestedMessage": _RENAMED_201.get(kind, kind), **found})


def data_transfer(vendor: str, message: str | None, data: str | None) -> Message:
    """Data of a vendor's own; the station's status is told to the caller, whatever it is."""
    given = {"vendorId": vendor, "messageId": message, "data": data}
    return Message("DataTransfer", {name: value for name, value in given.items() if value is not None}, ())


def composite_schedule(version: Version, evse: int, duration_s: int) -> Message:
    """What limits hold together, from now on."""
    place = "connectorId" if version is Version.V16 else "evseId"
    return Message("GetCompositeSchedule", {place: evse, "duration": duration_s})


def set_variable(
    version: Version, name: str, value: str, *, component: str = "", instance: str = "", evse: int = 0
) -> Message:
    """A variable. component, instance and evse are of 2.0.1, where a component has to be named."""
    if version is Version.V16:
        return Message("ChangeConfiguration", {"key": name, "value": value}, SET)
    data = {"attributeValue": value, **variable(name, component, instance, evse)}
    return Message("SetVariables", {"setVariableData": [data]}, ())


def variable(name: str, component: str, instance: str = "", evse: int = 0) -> dict[str, Any]:
    """How 2.0.1 names a variable."""
    of: dict[str, Any] = {"name": component}
    if evse:
        of["evse"] = {"id": evse}
    return {"component": of, "variable": {"name": name, **({"instance": instance} if instance else {})}}


def set_answer(version: Version, answer: Payload) -> str:
    """What the station says to `set_variable`."""
    if version is Version.V16:
        return str(answer.get("status"))
    results = answer.get("setVariableResult") or [{}]
    return str(results[0].get("attributeStatus"))


def clear_profile(
    version: Version, *, number: int | None = None, evse: int | None = None, purpose: str | None = None,
    stack_level: int | None = None,
) -> Message:  # fmt: skip
    """Take charging profiles back: one by its number, or all that fit. A station that knows none says Unknown."""
    if version is Version.V16:
        given = {"id": number, "connectorId": evse, "chargingProfilePurpose": purpose, "stackLevel": stack_level}
        return Message("ClearChargingProfile", {name: value for name, value in given.items() if value is not None})
    if number is not None:
        return Message("ClearChargingProfile", {"chargingProfileId": number})
    named = None if purpose is None else _PURPOSES_201.get(purpose, purpose)
    criteria = {"evseId": evse, "chargingProfilePurpose": named, "stackLevel": stack_level}
    said = {name: value for name, value in criteria.items() if value is not None}
    return Message("ClearChargingProfile", {"chargingProfileCriteria": said} if said else {})


def set_profile(version: Version, number: int, evse: int, profile: Mapping[str, Any]) -> Message:
    """Install a charging profile (`profile` in the words of 1.6, `transactionId` as the station calls it)."""
    if version is Version.V16:
        return Message("SetChargingProfile", {"connectorId": evse, "csChargingProfiles": profile_16(number, profile)})
    return Message("SetChargingProfile", {"evseId": evse, "chargingProfile": profile_201(number, profile)})


def profile_16(number: int, profile: Mapping[str, Any]) -> dict[str, Any]:
    """A charging profile as OCPP 1.6 writes it."""
    schedule = {name: value for name, value in profile["chargingSchedule"].items() if name != "id"}
    written = {"chargingProfileId": number, **profile, "chargingSchedule": schedule}
    if "transactionId" in profile:
        written["transactionId"] = int(profile["transactionId"])
    return written


def profile_201(number: int, profile: Mapping[str, Any]) -> dict[str, Any]:
    """A charging profile as OCPP 2.0.1 writes it: with a number of its schedule, and other words."""
    purpose = str(profile["chargingProfilePurpose"])
    schedule = {"id": number, **{k: v for k, v in profile["chargingSchedule"].items() if v is not None}}
    return {
        **profile,
        "id": number,
        "chargingProfilePurpose": _PURPOSES_201.get(purpose, purpose),
        "chargingSchedule": [schedule],
    }


def reserve(version: Version, number: int, evse: int, token: str, until: datetime) -> Message:
    """Hold an EVSE for whoever shows the token."""
    if version is Version.V16:
        given = {"reservationId": number, "connectorId": evse, "idTag": token, "expiryDate": stamp(until)}
        return Message("ReserveNow", given)
    kind = "Central" if token.startswith("*") else "ISO14443"
    wanted = {"id": number, "evseId": evse, "expiryDateTime": stamp(until), "idToken": {"idToken": token, "type": kind}}
    return Message("ReserveNow", wanted)


def cancel_reservation(number: int) -> Message:
    """Hold an EVSE no longer."""
    return Message("CancelReservation", {"reservationId": number})


def diagnostics(
    version: Version, number: int, location: str, since: datetime | None, until: datetime | None
) -> Message:
    """Upload diagnostics. 1.6 says yes with a file name, and has no number for the request."""
    if version is Version.V16:
        given = {"location": location, "startTime": since and stamp(since), "stopTime": until and stamp(until)}
        return Message("GetDiagnostics", {name: value for name, value in given.items() if value is not None}, ())
    return log("DiagnosticsLog", number, location, since=since, until=until)


def log(
    kind: str, number: int, location: str, *, since: datetime | None = None, until: datetime | None = None,
    retries: int | None = None, interval_s: int | None = None,
) -> Message:  # fmt: skip
    """Upload a log: a message of 2.0.1, and of the security extension of 1.6."""
    given = {
        "remoteLocation": location,
        "oldestTimestamp": since and stamp(since),
        "latestTimestamp": until and stamp(until),
    }
    payload = {
        "logType": kind,
        "requestId": number,
        "log": {name: value for name, value in given.items() if value is not None},
        **_attempts(retries, interval_s),
    }
    return Message("GetLog", payload, TAKEN)


def firmware(
    version: Version, number: int, location: str, at: datetime, *, retries: int | None, interval_s: int | None,
    certificate: str | None, signature: str | None,
) -> Message:  # fmt: skip
    """Fetch and install firmware; with a certificate and a signature it is checked by the station first."""
    attempts = _attempts(retries, interval_s)
    if version is Version.V16 and signature is None:
        return Message("UpdateFirmware", {"location": location, "retrieveDate": stamp(at), **attempts}, ())
    image = {"location": location, "retrieveDateTime": stamp(at)}
    if signature is not None:
        image |= {"signingCertificate": certificate or "", "signature": signature}
    action = "SignedUpdateFirmware" if version is Version.V16 else "UpdateFirmware"
    return Message(action, {"requestId": number, "firmware": image, **attempts}, TAKEN)


def base_report(number: int) -> Message:
    """All variables of a station with 2.0.1; they come in NotifyReport messages."""
    return Message(
        "GetBaseReport", {"requestId": number, "reportBase": "FullInventory"}, ("Accepted", "EmptyResultSet")
    )


def _attempts(retries: int | None, interval_s: int | None) -> dict[str, int]:
    given = {"retries": retries, "retryInterval": interval_s}
    return {name: value for name, value in given.items() if value is not None}
