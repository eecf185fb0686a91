"""Who is let in: proofs, limits on attempts, and patience with a station that comes and goes.

Pure of sockets: everything here is given the time and the facts.
"""

import base64
import binascii
import re
import ssl
from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote

from gridloom.charging.ocpp.ports import KeyedDigest, Station

PATH = "/ocpp/"
# OCPP 2.0.1: an identifierString of up to 48 characters; 1.6 names none, stations in the field stay within it.
_NETWORK_ID = re.compile(r"[A-Za-z0-9*\-_=:+|@.~]{1,48}")
# Verified against when nobody of that name is known, so that the time of the answer does not tell.
NOBODY = KeyedDigest.of(b"", b"nobody")

NO_PROOF, PASSWORD, CERTIFICATE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Policy:
    """What the listener allows. Times in seconds."""

    record_unknown: bool = False
    connections: int = 10_000
    handshakes: int = 1_000  # sockets that have not proven anything yet
    handshakes_per_address: int = 50  # silent ones, once half of the places are taken; a trusted proxy may have all
    silence: float = 1.0  # seconds after which a socket that has said nothing counts as silent
    failures_per_address: int = 30
    failures_per_id: int = 10  # of a name from one address
    failures_per_name: int = 30  # from all addresses: from then on refusals come later
    failure_delay: float = 2.0  # at the most
    window: float = 60.0  # in which failures are counted
    connects: int = 5  # in quick succession without a wait
    first_wait: float = 1.0  # then; doubled with each further connection
    longest_wait: float = 60.0
    steady: float = 60.0  # a connection that came so long after the one before starts anew
    old_answers_within: float = 3.0  # a ping, when a newcomer without a stronger proof claims its name
    handshake: float = 10.0  # until a socket has said who it is
    arrivals: float = 60.0  # stations a second that are looked up when many come at once; the others wait at the door
    arrivals_at_once: float = 20.0  # after a quiet time
    departures: float = 200.0  # lost connections a second that are cleared away
    departures_at_once: float = 20.0
    pending_per_minute: int = 60  # unknown stations that are recorded
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For and -Proto are believed


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in ip_network(each, strict=False) for each in networks)


def neighbourhood(address: str) -> str:
    """What counts as one address: of version 6 the network of 64 bits, which one house has for itself."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(known.ipv4_mapped or ip_network((int(known) >> 64 << 64, 64)))


class Handshakes:
    """Sockets that have proven nothing yet, and who of them goes when there are too many: never one that has spoken.

    Once half of the places are taken, an address keeps no more than its share of sockets that have been silent for a while.
    When all are, the address with most idle sockets loses its oldest. A crowd that speaks at once, as the stations behind one
    router do after a power cut, is no crowd of silent ones: it is let in step by step.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._all: set[Hashable] = set()
        self._idle: OrderedDict[Hashable, tuple[str, float]] = OrderedDict()  # whence and since when, the oldest first
        self._count: Counter[str] = Counter()  # of the idle ones

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def came(self, socket: Hashable, address: str) -> Hashable | None:
        """One more; gives the one that has to go for it, which may be itself, and has forgotten that one."""
        policy, where, now = self._policy, neighbourhood(address), monotonic()
        self._all.add(socket)
        self._idle[socket] = where, now
        self._count[where] += 1
        if len(self._all) > policy.handshakes:
            crowded = max(self._count, key=self._count.__getitem__)
            latest = now
        elif len(self._all) > policy.handshakes // 2 and self._count[where] > policy.handshakes_per_address:
            crowded = where
            latest = now - policy.silence
            if is_within(address, policy.trusted_proxies):
                return None
        else:
            return None
        leaving, since = next((each, since) for each, (its, since) in self._idle.items() if its == crowded)
        if since > latest:
            return None
        self.gone(leaving)
        return leaving

    def spoke(self, socket: Hashable) -> None:
        """Its request is here."""
        found = self._idle.pop(socket, None)
        if found is not None:
            self._count[found[0]] -= 1
            if not self._count[found[0]]:
                del self._count[found[0]]

    def gone(self, socket: Hashable) -> None:
        """It is no handshake any more."""
        self.spoke(socket)
        self._all.discard(socket)


class Pace:
    """When each of many who come at once may go on: the first `burst` now, then `rate` a second, in the order they came."""

    def __init__(self, rate: float, burst: float) -> None:
        self._step, self._ahead = 1 / rate, burst / rate
        self._next = -self._ahead

    def wait(self, now: float) -> float:
        """Seconds until the one who asks may go on; 0 when it may now."""
        self._next = max(self._next + self._step, now - self._ahead + self._step)
        return max(0.0, self._next - now)


class Failures:
    """Counts failures a key within a window; knows at most `size` keys, the longest untouched go first."""

    def __init__(self, allowed: int, window: float, size: int = 50_000) -> None:
        self._allowed, self._window, self._size = allowed, window, size
        self._counts: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until the key may try again; 0 when it may now."""
        count, since = self._counts.get(key, (0, now))
        if count < self._allowed:
            return 0.0
        return max(0.0, since + self._window - now)

    def delay(self, key: Hashable, now: float, longest: float) -> float:
        """Seconds by which a refusal is held back: a quarter of the longest for each time that the allowed number was reached."""
        count, since = self._counts.get(key, (0, now))
        return min(longest, count // self._allowed * longest / 4) if now - since < self._window else 0.0

    def add(self, key: Hashable, now: float) -> None:
        """One more failure."""
        count, since = self._counts.pop(key, (0, now))
        if now - since >= self._window:
            count, since = 0, now
        self._counts[key] = (count + 1, since)
        if len(self._counts) > self._size:
            self._counts.popitem(last=False)


@dataclass(slots=True)
class _Coming:
    count: int
    last: float
    not_before: float


class Flapping:
    """A station that connects again and again waits longer each time; what it tries meanwhile costs nothing.

    It is known by its name and where it calls from: another one of that name elsewhere does not wait for it.
    """

    def __init__(self, policy: Policy, size: int = 50_000) -> None:
        self._policy, self._size = policy, size
        self._stations: OrderedDict[tuple[str, str], _Coming] = OrderedDict()

    def wait(self, network_id: str, address: str, now: float) -> float:
        """Seconds until the station may connect."""
        coming = self._stations.get((network_id, address))
        return 0.0 if coming is None else max(0.0, coming.not_before - now)

    def connected(self, network_id: str, address: str, now: float) -> None:
        """The station was let in."""
        policy = self._policy
        coming = self._stations.pop((network_id, address), None)
        if coming is None or now - coming.last >= max(policy.steady, coming.not_before - coming.last):
            coming = _Coming(0, now, now)
        coming.count += 1
        coming.last = now
        if coming.count >= policy.connects:
            exponent = min(coming.count - policy.connects, 30)
            coming.not_before = now + min(policy.first_wait * 2**exponent, policy.longest_wait)
        self._stations[network_id, address] = coming
        if len(self._stations) > self._size:
            self._stations.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a verified client certificate says."""

    common_name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a connection brings: over TLS or not, a password or none, a verified certificate or none."""

    secure: bool
    password: bytes | None = None
    certificate: ClientCertificate | None = None


def strength_of(station: Station, proof: Proof) -> int | None:
    """How strongly the proof shows that this is the station: NO_PROOF, PASSWORD or CERTIFICATE; None refuses it.

    Source: the security profiles of OCPP 2.0.1 part 2 §A00 and of the 1.6 security extension: 1 is a password, 2 a
    password over TLS, 3 a client certificate. Profile 0 asks for nothing; a password that is given must hold even then.
    """
    if not station.enabled:
        return None
    if _is_certificate_of(station, proof):
        return CERTIFICATE
    if station.profile >= 3 or (station.profile == 2 and not proof.secure):
        return None
    if proof.password is not None:
        # Each one is compared, whichever holds.
        held = [credential.proves(proof.password) for credential in station.credentials]
        return PASSWORD if any(held) else None
    return NO_PROOF if station.profile == 0 else None


def chosen(candidates: Sequence[Station], proof: Proof) -> tuple[Station, int] | None:
    """The one of several stations of a name whose credential the proof shows, and how strongly; None when it is nobody's.

    Two that are shown equally well cannot be told apart, and neither is let in. Each one is compared, whichever holds.
    Where several owners have given the name, a common name does not tell whose station it is, since anybody may make a
    record of that name: a certificate counts there by its fingerprint, or beside the password, which goes first.
    """
    strengths = [(station, strength_of(station, proof)) for station in candidates]
    shown = [(station, strength) for station, strength in strengths if strength is not None]
    if len(candidates) < 2:
        return shown[0] if shown else None
    told = [(_evidence(station, proof), station, strength) for station, strength in shown]
    if proof.certificate is not None:  # who has one is no station that proves nothing
        told = [each for each in told if any(each[0])]
    most = max((evidence for evidence, _, _ in told), default=None)
    best = [(station, strength) for evidence, station, strength in told if evidence == most]
    return best[0] if len(best) == 1 else None


def _evidence(station: Station, proof: Proof) -> tuple[bool, bool]:
    """What shows whose station it is, not only what it is called: the password, and a certificate that is bound to it."""
    held = [credential.proves(proof.password) for credential in station.credentials if proof.password is not None]
    bound = station.certificate is not None and bool(station.certificate.fingerprints)
    return any(held), bound and _is_certificate_of(station, proof)


def profile_of(strength: int, *, secure: bool) -> int:
    """The security profile that a proof amounts to."""
    return 2 if strength == PASSWORD and secure else strength


def _is_certificate_of(station: Station, proof: Proof) -> bool:
    rule, certificate = station.certificate, proof.certificate
    if rule is None or certificate is None or not proof.secure:
        return False
    named = certificate.common_name == rule.common_name
    return named and (not rule.fingerprints or certificate.fingerprint in rule.fingerprints)


def network_id_of(path: str) -> str | None:
    """The station's name in a request path, or None when it is no address of a station."""
    bare = path.split("?", 1)[0]
    if not bare.startswith(PATH):
        return None
    name = unquote(bare.removeprefix(PATH), errors="replace") if bare.isascii() else ""
    return name if _NETWORK_ID.fullmatch(name) else None


def password_of(header: str | None, network_id: str) -> bytes | None:
    """The password of a Basic header whose user is the station; None when there is no header, b"" when it is wrong.

    Passwords are bytes: some stations send the 20 bytes behind the hexadecimal key of 1.6.
    """
    if header is None:
        return None
    scheme, _, encoded = header.partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return b""
    user = network_id.encode() + b":"
    return given.removeprefix(user) if given.startswith(user) else b""


def certificate_of(connection: ssl.SSLObject | None) -> ClientCertificate | None:
    """The client's certificate, when one was given and its chain was verified."""
    # typeshed's union for the parts of a certificate cannot be unpacked.
    details: Any = connection.getpeercert() if connection is not None else None
    raw = connection.getpeercert(binary_form=True) if connection is not None else None
    if not details or raw is None:
        return None
    names = [value for part in details.get("subject", ()) for key, value in part if key == "commonName"]
    # Two names are one too many to tell who it is.
    return ClientCertificate(names[0], sha256(raw).hexdigest()) if len(names) == 1 else None


def tls(certificate: Path, key: Path, client_authorities: Path | None = None) -> ssl.SSLContext:
    """A server's context for profiles 2 and 3: TLS 1.2 or later; client certificates are asked for, not demanded.

    client_authorities: PEM file of those whose client certificates are believed; without it nobody's is.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_authorities is not None:
        context.load_verify_locations(client_authorities)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
