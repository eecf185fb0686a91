"""What other modules use of the protocol core."""

from gridloom.charging.ocpp.admission import Policy, tls
from gridloom.charging.ocpp.connection import Connection, Limits
from gridloom.charging.ocpp.listener import Listener
from gridloom.charging.ocpp.messages.instants import instant
from gridloom.charging.ocpp.messages.samples import Sample, samples
from gridloom.charging.ocpp.messages.schemas import Payload, checks
from gridloom.charging.ocpp.messages.versions import Problem, Version
from gridloom.charging.ocpp.outcomes import Answered, Busy, InvalidCall, Offline, Outcome, Rejected, TimedOut
from gridloom.charging.ocpp.ports import (
    CertificateRule,
    Credential,
    Frame,
    Handler,
    Incident,
    Journal,
    KeyedDigest,
    Refusal,
    Silent,
    Station,
    Stations,
)

__all__ = [
    "Answered",
    "Busy",
    "CertificateRule",
    "Connection",
    "Credential",
    "Frame",
    "Handler",
    "Incident",
    "InvalidCall",
    "Journal",
    "KeyedDigest",
    "Limits",
    "Listener",
    "Offline",
    "Outcome",
    "Payload",
    "Policy",
    "Problem",
    "Refusal",
    "Rejected",
    "Sample",
    "Silent",
    "Station",
    "Stations",
    "TimedOut",
    "Version",
    "checks",
    "instant",
    "samples",
    "tls",
]
