"""Each command that a station answers, in both versions: what is sent, what good and bad answers are, which bodies are wrong."""

from dataclasses import dataclass, field
from typing import Any

from tests.charging.commands.kit import ACCEPTED, POINT1, POINT2

from gridloom.charging.ocpp.messages.versions import Version

V16, V201 = Version.V16, Version.V201
ANY = object()
REJECTED = {"status": "Rejected"}
PROFILE = {
    "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A", "duration": 3600, "startSchedule": "2026-03-01T12:00:00+01:00",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}, {"startPeriod": 60, "limit": 8, "numberPhases": 3}],
    },
}  # fmt: skip
PERIODS = PROFILE["chargingSchedule"]["chargingSchedulePeriod"]  # type: ignore[index]
SCHEDULE = {
    "chargingRateUnit": "A",
    "duration": 3600,
    "startSchedule": "2026-03-01T11:00:00Z",
    "chargingSchedulePeriod": PERIODS,
}
ADDRESS = "https://files.example.org/fw.bin"


@dataclass
class Case:
    """A command. sent: what a version is sent (ANY in it fits all); good, bad: answers of the station, which may differ.

    refusals: the statuses of a station that says no, does not answer, and is not there.
    """

    name: str
    path: str
    body: Any
    sent: dict[Version, tuple[str, dict[str, Any]]]
    success: int = 202
    answer: Any = None
    good: dict[Version, Any] = field(default_factory=dict)
    bad: dict[Version, Any] = field(default_factory=dict)
    refusals: tuple[int, int, int] = (406, 406, 406)
    wrong: tuple[Any, ...] = ()
    keeps: tuple[str, ...] = ()

    def url(self, charge_point: int) -> str:
        return self.path.replace("{id}", str(charge_point))


def same(action: str, payload: dict[str, Any]) -> dict[Version, tuple[str, dict[str, Any]]]:
    return {V16: (action, payload), V201: (action, payload)}


def both(payload: Any) -> dict[Version, Any]:
    return {V16: payload, V201: payload}


CASES = [
    Case(
        "change-availability", f"{POINT1}/{{id}}/change-availability", {"type": "Inoperative", "evseNetworkId": 2},
        {
            V16: ("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}),
            V201: ("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}}),
        },
        wrong=({}, {"type": "Broken"}, {"type": "Operative", "evseNetworkId": 3}, {"type": "Operative", "evseNetworkId": -1}),
    ),
    Case(
        "clear-cache", f"{POINT1}/{{id}}/clear-cache", {"reason": "stale"}, same("ClearCache", {}),
        answer={"success": True}, wrong=({}, {"reason": ""}, {"reason": "x" * 256}),
    ),
    Case(
        "get-composite-schedule", f"{POINT1}/{{id}}/get-composite-schedule", {"duration": 600, "evseNetworkId": 1},
        {
            V16: ("GetCompositeSchedule", {"connectorId": 1, "duration": 600}),
            V201: ("GetCompositeSchedule", {"evseId": 1, "duration": 600}),
        },
        good={
            V16: {
                "status": "Accepted", "connectorId": 1, "scheduleStart": "2026-03-01T11:00:00Z",
                "chargingSchedule": SCHEDULE,
            },
            V201: {
                "status": "Accepted",
                "schedule": {
                    "evseId": 1, "duration": 3600, "scheduleStart": "2026-03-01T11:00:00Z", "chargingRateUnit": "A",
                    "chargingSchedulePeriod": PERIODS,
                },
            },
        },
        answer={
            "status": "Accepted", "connectorId": 1, "scheduleStart": "2026-03-01T11:00:00Z", "chargingSchedule": SCHEDULE,
        },
        refusals=(406, 408, 424), wrong=({}, {"duration": 0}, {"duration": 60, "evseNetworkId": 9}),
    ),
    Case(
        "get-local-list-version", f"{POINT1}/{{id}}/get-local-list-version", None, same("GetLocalListVersion", {}),
        success=200, answer={"versionNumber": 7}, good={V16: {"listVersion": 7}, V201: {"versionNumber": 7}},
        bad={V16: {"listVersion": -1}, V201: "NotSupported"}, refusals=(406, 408, 424),
    ),
    Case(
        "send-data-transfer", f"{POINT1}/{{id}}/send-data-transfer", {"vendorId": "org.example", "data": "x"},
        same("DataTransfer", {"vendorId": "org.example", "data": "x"}), success=200,
        good=both({"status": "UnknownVendorId", "data": "y"}), bad=both("NotSupported"),
        answer={"status": "UnknownVendorId", "data": "y"}, wrong=({}, {"vendorId": ""}, {"vendorId": "v", "data": 1}),
    ),
    Case(
        "trigger-message", f"{POINT1}/{{id}}/trigger-message", {"type": "Heartbeat"},
        same("TriggerMessage", {"requestedMessage": "Heartbeat"}), bad=both({"status": "NotImplemented"}),
        wrong=({}, {"type": "Nothing"}),
    ),
    Case(
        "unlock", f"{POINT1}/{{id}}/unlock/2", None,
        {V16: ("UnlockConnector", {"connectorId": 2}), V201: ("UnlockConnector", {"evseId": 2, "connectorId": 1})},
        answer={"success": True}, good=both({"status": "Unlocked"}), bad=both({"status": "UnlockFailed"}),
    ),
    Case(
        "set-charging-profile", f"{POINT1}/{{id}}/set-charging-profile/1", PROFILE,
        {
            V16: (
                "SetChargingProfile",
                {
                    "connectorId": 1,
                    "csChargingProfiles": {**PROFILE, "chargingProfileId": ANY, "chargingSchedule": SCHEDULE},
                },
            ),
            V201: (
                "SetChargingProfile",
                {
                    "evseId": 1,
                    "chargingProfile": {**PROFILE, "id": ANY, "chargingSchedule": [{"id": ANY, **SCHEDULE}]},
                },
            ),
        },
        answer={"data": {"id": ANY}}, keeps=("charging_profile",),
        wrong=(
            {}, {**PROFILE, "stackLevel": -1}, {**PROFILE, "chargingProfileKind": "Recurring"},
            {**PROFILE, "transactionId": 3}, {**PROFILE, "chargingProfilePurpose": "ChargePointMaxProfile"},
            {**PROFILE, "chargingProfilePurpose": "TxProfile"},
            {**PROFILE, "chargingSchedule": {**SCHEDULE, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.23}]}},
            {**PROFILE, "chargingSchedule": {**SCHEDULE, "chargingSchedulePeriod": [{"startPeriod": 1, "limit": 1}]}},
        ),
    ),
    Case(
        "get-diagnostics", f"{POINT1}/{{id}}/get-diagnostics",
        {"location": "ftp://u:p@10.0.0.5/in", "start": "2026-03-01T12:00:00+01:00"},
        {
            V16: ("GetDiagnostics", {"location": "ftp://u:p@10.0.0.5/in", "startTime": "2026-03-01T11:00:00Z"}),
            V201: (
                "GetLog",
                {
                    "logType": "DiagnosticsLog", "requestId": ANY,
                    "log": {"remoteLocation": "ftp://u:p@10.0.0.5/in", "oldestTimestamp": "2026-03-01T11:00:00Z"},
                },
            ),
        },
        good={V16: {"fileName": "d.zip"}, V201: {"status": "Accepted", "filename": "d.zip"}},
        bad={V16: {}, V201: REJECTED}, answer={"success": True, "requestId": ANY, "fileName": "d.zip"}, keeps=("log_upload",),
        wrong=(
            {}, {"location": "file:///etc/passwd"}, {"location": "http://localhost/x"}, {"location": "ftp://"},
            {"location": "ftp://h/ x"},
            {"location": "ftp://h/x", "start": "2026-03-02T00:00:00Z", "stop": "2026-03-01T00:00:00Z"},
        ),
    ),
    Case(
        "get-security-log", f"{POINT1}/{{id}}/get-security-log",
        {
            "url": "sftp://files.example.org/in", "reason": "audit", "retries": 2, "interval": 60,
            "startTime": "2026-03-01 12:00:00",
        },
        same(
            "GetLog",
            {
                "logType": "SecurityLog", "requestId": ANY, "retries": 2, "retryInterval": 60,
                "log": {"remoteLocation": "sftp://files.example.org/in", "oldestTimestamp": "2026-03-01T12:00:00Z"},
            },
        ),
        success=201, good=both({"status": "Accepted", "filename": "s.log"}),
        answer={
            "data": {
                "id": ANY, "chargePointId": ANY, "logType": "SecurityLog", "status": "accepted", "file_name": "s.log",
            }
        },
        keeps=("log_upload",),
        wrong=(
            {"url": "sftp://h/x"}, {"reason": "x", "url": "gopher://h/x"}, {"reason": "x", "url": "sftp://h/x", "retries": 11},
            {"reason": "x", "url": "sftp://h/x", "startTime": "2026-02-30 12:00:00"},
            {"reason": "x", "url": "sftp://h/x", "stopTime": "2026-02-03T12:00:00Z"},
        ),
    ),
    Case(
        "update-firmware", f"{POINT2}/{{id}}/update-firmware",
        {"signed": False, "url": ADDRESS, "retrieveAfter": "2026-03-01T12:00:00Z", "retries": 3},
        {
            V16: ("UpdateFirmware", {"location": ADDRESS, "retrieveDate": "2026-03-01T12:00:00Z", "retries": 3}),
            V201: (
                "UpdateFirmware",
                {
                    "requestId": ANY, "retries": 3,
                    "firmware": {"location": ADDRESS, "retrieveDateTime": "2026-03-01T12:00:00Z"},
                },
            ),
        },
        good={V16: {}, V201: ACCEPTED}, bad={V16: "NotSupported", V201: REJECTED}, keeps=("firmware_execution",),
        wrong=(
            {}, {"signed": False}, {"signed": False, "url": ADDRESS, "firmwareVersionId": 1},
            {"signed": False, "firmwareVersionId": 1}, {"signed": True, "url": ADDRESS},
            {"signed": True, "url": ADDRESS, "signature": "s"}, {"signed": False, "url": "https://files.example.org/"},
        ),
    ),
    Case(
        "update-firmware-signed", f"{POINT2}/{{id}}/update-firmware",
        {
            "signed": True, "url": ADDRESS, "retrieveAfter": "2026-03-01T12:00:00Z", "signature": "s",
            "signingCertificate": "c",
        },
        {
            version: (
                action,
                {
                    "requestId": ANY,
                    "firmware": {
                        "location": ADDRESS, "retrieveDateTime": "2026-03-01T12:00:00Z", "signature": "s",
                        "signingCertificate": "c",
                    },
                },
            )
            for version, action in ((V16, "SignedUpdateFirmware"), (V201, "UpdateFirmware"))
        },
        bad=both({"status": "InvalidCertificate"}), keeps=("firmware_execution",),
    ),
    Case(
        "set-configuration", f"{POINT2}/{{id}}/set-configuration",
        {"name": "HeartbeatInterval", "value": "60", "componentName": "OCPPCommCtrlr"},
        {
            V16: ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
            V201: (
                "SetVariables",
                {
                    "setVariableData": [
                        {
                            "attributeValue": "60", "component": {"name": "OCPPCommCtrlr"},
                            "variable": {"name": "HeartbeatInterval"},
                        }
                    ]
                },
            ),
        },
        good={
            V16: {"status": "RebootRequired"},
            V201: {
                "setVariableResult": [
                    {
                        "attributeStatus": "Accepted", "component": {"name": "OCPPCommCtrlr"},
                        "variable": {"name": "HeartbeatInterval"},
                    }
                ]
            },
        },
        bad={
            V16: {"status": "NotSupported"},
            V201: {
                "setVariableResult": [
                    {"attributeStatus": "Rejected", "component": {"name": "x"}, "variable": {"name": "x"}}
                ]
            },
        },
        keeps=("configuration_variable",),
        wrong=(
            {}, {"name": "x"}, {"name": "", "value": "1"}, {"name": "x" * 51, "value": "1"},
            {"name": "x", "componentName": "C", "value": "1" * 1001},
        ),
    ),
    Case(
        "sync-configuration", f"{POINT1}/{{id}}/sync-configuration", {},
        {V16: ("GetConfiguration", {}), V201: ("GetBaseReport", {"requestId": ANY, "reportBase": "FullInventory"})},
        good={V16: {"configurationKey": [{"key": "A", "readonly": True, "value": "1"}]}, V201: ACCEPTED},
        bad={V16: "NotSupported", V201: {"status": "NotSupported"}}, answer={"success": True, "requestId": ANY},
        keeps=("configuration_request",), wrong=({"keys": "all"}, {"keys": [1]}, {"keys": [""]}),
    ),
]  # fmt: skip
