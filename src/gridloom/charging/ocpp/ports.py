"""What the protocol core asks of the rest: who a station is, what to do with its messages, where to write them down.

A later part implements these on the database; tests implement them in memory.
"""

import hashlib
import hmac
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import Problem, Version

if TYPE_CHECKING:
    from gridloom.charging.ocpp.connection import Connection


class Credential(Protocol):
    """Something a password can be held against, in constant time and without waiting (no slow hash here)."""

    def proves(self, password: bytes) -> bool:
        """Whether the password is the one."""
        ...


@dataclass(frozen=True, slots=True)
class KeyedDigest:
    """A password kept as HMAC-SHA256(salt, password).

    Not a slow hash on purpose: station passwords are random and long (16 to 40 characters, by the standard), and a
    thousand stations that come back at once would keep two cores busy for a minute with argon2.
    """

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, password: bytes, salt: bytes) -> "KeyedDigest":
        """The digest of a password."""
        return cls(salt, hmac.digest(salt, password, hashlib.sha256))

    def proves(self, password: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(hmac.digest(self.salt, password, hashlib.sha256), self.digest)


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """Which client certificates of a trusted authority are this station's.

    common_name: what the subject must be called. fingerprints: SHA-256 in lower-case hex; when given, one must match.
    """

    common_name: str
    fingerprints: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Station:
    """A station as the listener needs it.

    network_id: its name in the address. key: what the implementation knows it by (tenant and number). profile: the
    least security profile it may connect with, 0 to 3. credentials: the passwords that hold now; two while one is
    being changed. versions: what it may speak.
    """

    network_id: str = field(repr=False)
    key: Hashable
    profile: int = 1
    credentials: tuple[Credential, ...] = field(default=(), repr=False)
    certificate: CertificateRule | None = field(default=None, repr=False)
    versions: frozenset[Version] = frozenset(Version)
    enabled: bool = True


class Stations(Protocol):
    """Where the records of stations are. Both methods may raise; the station is then asked to come back later."""

    async def lookup(self, network_id: str) -> Sequence[Station]:
        """The stations of this name: several owners may have given it, each with a key of its own. Empty: none."""
        ...

    async def pending(self, network_id: str, address: str, version: Version) -> None:
        """A station that nobody knows has called (only with the policy `record_unknown`; at most once a minute each)."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handler's answer when it answers with a CALLERROR; `detail` is shown to the station."""

    problem: Problem
    detail: str = ""


class Handler(Protocol):
    """The business behind the socket.

    Messages of one station come one after the other. A handler must not await `connection.call` inside `handle`: the
    answer to it waits behind what the station has sent before. Start a task, or use a job.
    """

    async def connected(self, connection: "Connection") -> None:
        """A station is there; nothing of it is handled before this returns. Raising closes the connection."""
        ...

    async def disconnected(self, connection: "Connection") -> None:
        """It is gone, and all that it sent has been handled. Called once for each `connected`."""
        ...

    async def handle(self, station: Station, version: Version, action: str, payload: Payload) -> Payload | Refusal:
        """Answer one checked call. Raising answers InternalError, and nothing of the exception is shown."""
        ...


class Incident(StrEnum):
    """What happens beside messages; the words of the communication log."""

    CONNECT = "Connect"
    DISCONNECT = "Disconnect"
    AUTHENTICATE = "Authenticate"
    THROTTLED = "Connection throttling"
    TOKENS_THROTTLED = "RFID Authorization throttling"


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One frame, either way; a struct, because two are made for each message.

    problem: why it was refused or ignored, in our words.
    """

    at: datetime
    station: Station
    version: Version
    incoming: bool
    text: str
    action: str | None
    message_id: str | None
    problem: str | None = None

    def __repr__(self) -> str:
        """Without the text, in which tokens are."""
        return f"Frame({self.at}, {self.station!r}, incoming={self.incoming}, {self.action}, {self.problem})"


class Journal(Protocol):
    """The communication log. Both methods return at once: they put into a buffer, they do not write."""

    def frame(self, frame: Frame) -> None:
        """A message came or went."""
        ...

    def incident(
        self, incident: Incident, network_id: str, address: str, detail: str, station: Station | None = None
    ) -> None:
        """Something beside messages. The id may be an unknown one, sent by anybody; station: when it has proven who it is."""
        ...


class Silent:
    """A journal that keeps nothing."""

    def frame(self, frame: Frame) -> None:
        """Keep nothing."""

    def incident(
        self, incident: Incident, network_id: str, address: str, detail: str, station: Station | None = None
    ) -> None:
        """Keep nothing."""
