"""How a call to a station can end."""

from dataclasses import dataclass, field
from typing import Any

from gridloom.charging.ocpp.messages.schemas import Payload


@dataclass(frozen=True, slots=True)
class Answered:
    """The station's answer, checked against its schema. Whether its `status` says yes is for the caller to read."""

    payload: Payload


@dataclass(frozen=True, slots=True)
class Rejected:
    """The station answered with a CALLERROR; malformed: it answered with something that its schema does not allow."""

    code: str
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer in time; sent: it may still have been carried out."""

    sent: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """The station is not connected, or the connection ended meanwhile; sent: it may still have been carried out."""

    sent: bool


@dataclass(frozen=True, slots=True)
class Busy:
    """Too many calls wait for this station already; nothing was sent."""


Outcome = Answered | Rejected | TimedOut | Offline | Busy


class InvalidCall(ValueError):
    """A call of ours that the version does not know or whose payload breaks its schema; nothing was sent."""
