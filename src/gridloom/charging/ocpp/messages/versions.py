"""The two versions: their names on the wire, what a station may send in each, and how each spells its error codes.

Sources: OCPP-J 1.6 §4 and its security extension (edition 3); OCPP 2.0.1 part 4 (edition 2) §4.
"""

from enum import Enum, StrEnum


class Version(StrEnum):
    """A version of OCPP, by its WebSocket sub-protocol."""

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"


class Problem(Enum):
    """Why a frame is refused; `code_of` spells it in a version's words."""

    FRAME = "the frame is no message of OCPP-J"
    MESSAGE_TYPE = "the message type is unknown"
    REUSED_ID = "the message id was used for another message"
    SHAPE = "the payload does not have the form of the action"
    INCOMPLETE = "a field that must be there is missing"
    OCCURRENCE = "a list has too few or too many entries"
    TYPE = "a field has another type"
    VALUE = "a field has a value outside its bounds"
    UNKNOWN_ACTION = "the action is unknown"
    NOT_SUPPORTED = "the action is not supported here"
    PROTOCOL = "the message does not fit the state of the exchange"
    SECURITY = "the message is not allowed for reasons of security"
    INTERNAL = "the message could not be processed"
    GENERIC = "another problem"


_SAME = {
    Problem.TYPE: "TypeConstraintViolation",
    Problem.VALUE: "PropertyConstraintViolation",
    Problem.UNKNOWN_ACTION: "NotImplemented",
    Problem.NOT_SUPPORTED: "NotSupported",
    Problem.PROTOCOL: "ProtocolError",
    Problem.SECURITY: "SecurityError",
    Problem.INTERNAL: "InternalError",
    Problem.GENERIC: "GenericError",
}

# 1.6 knows neither RpcFrameworkError nor MessageTypeNotSupported, says "incomplete" with ProtocolError, and spells the
# third constraint with one r.
_CODES = {
    Version.V16: _SAME
    | {
        Problem.FRAME: "FormationViolation",
        Problem.MESSAGE_TYPE: "FormationViolation",
        Problem.REUSED_ID: "GenericError",
        Problem.SHAPE: "FormationViolation",
        Problem.INCOMPLETE: "ProtocolError",
        Problem.OCCURRENCE: "OccurenceConstraintViolation",
    },
    Version.V201: _SAME
    | {
        Problem.FRAME: "RpcFrameworkError",
        Problem.MESSAGE_TYPE: "MessageTypeNotSupported",
        Problem.REUSED_ID: "RpcFrameworkError",
        Problem.SHAPE: "FormatViolation",
        Problem.INCOMPLETE: "OccurrenceConstraintViolation",
        Problem.OCCURRENCE: "OccurrenceConstraintViolation",
    },
}

BOTH_WAYS = frozenset({"DataTransfer"})

FROM_STATION = {
    Version.V16: frozenset(
        {
            "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification",
            "FirmwareStatusNotification", "Heartbeat", "LogStatusNotification", "MeterValues",
            "SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification", "StartTransaction",
            "StatusNotification", "StopTransaction",
        }
    ),
    Version.V201: frozenset(
        {
            "Authorize", "BootNotification", "ClearedChargingLimit", "DataTransfer", "FirmwareStatusNotification",
            "Get15118EVCertificate", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues",
            "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyEVChargingNeeds",
            "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport",
            "PublishFirmwareStatusNotification", "ReportChargingProfiles", "ReservationStatusUpdate",
            "SecurityEventNotification", "SignCertificate", "StatusNotification", "TransactionEvent",
        }
    ),
}  # fmt: skip


def code_of(problem: Problem, version: Version) -> str:
    """The error code of a CALLERROR, as the version spells it."""
    return _CODES[version][problem]
