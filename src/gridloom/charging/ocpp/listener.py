"""The door for charge points: `ws(s)://host:port/ocpp/{network id}`, apart from the HTTP API.

A connection is upgraded only after its station has proven who it is. A refusal says nothing about whether the station
exists, and neither answers nor log lines carry names or secrets; the communication log (`Journal`) does carry names.
"""

import asyncio
import functools
import logging
import ssl
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, Self
from weakref import WeakValueDictionary

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidHeader
from websockets.frames import CloseCode
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gridloom.charging.ocpp import admission
from gridloom.charging.ocpp.admission import Failures, Flapping, Handshakes, Pace, Policy, Proof
from gridloom.charging.ocpp.connection import Connection, Limits
from gridloom.charging.ocpp.messages.schemas import Payload, checks
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.outcomes import Offline, Outcome
from gridloom.charging.ocpp.ports import Handler, Incident, Journal, Silent, Station, Stations

_BY_NAME: dict[str, Version] = {str(version): version for version in Version}
_PROVEN = 50_000
log = structlog.get_logger(__name__)

# The library's own lines quote request headers, the password among them.
_quiet = logging.getLogger(f"{__name__}.websockets")
_quiet.setLevel(logging.CRITICAL + 1)


@dataclass(slots=True)
class _Admitted:
    station: Station
    version: Version
    strength: int
    address: str
    secure: bool


class _Refused(Exception):
    """An answer instead of an upgrade."""

    def __init__(self, status: HTTPStatus, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after = status, reason, retry_after


class _Socket(ServerConnection):
    """A socket that counts as a handshake until it is admitted or gone."""

    def __init__(self, listener: "Listener", *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.listener = listener
        self.admitted: _Admitted | None = None
        self.silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it; the number of sockets without a proof is bounded by closing idle ones."""
        super().connection_made(transport)
        peer = self.remote_address
        leaving = self.listener.waiting.came(self, str(peer[0]) if peer else "")
        if isinstance(leaving, _Socket):
            leaving.transport.abort()
        self.silence = self.loop.call_later(self.listener.policy.handshake, self.transport.abort)

    def spoke(self) -> None:
        """Its request is here: from now on it is we who let it wait."""
        self.listener.waiting.spoke(self)
        if self.silence is not None:
            self.silence.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.settled()
        super().connection_lost(exc)

    def settled(self) -> None:
        """It is no handshake any more."""
        self.spoke()
        self.listener.waiting.gone(self)


class Listener:
    """All stations of this process. `async with Listener(...)`, or `open` and `close`."""

    def __init__(
        self, stations: Stations, handler: Handler, *, policy: Policy | None = None, limits: Limits | None = None,
        journal: Journal | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0,
    ) -> None:  # fmt: skip
        self.policy, self.limits = policy or Policy(), limits or Limits()
        self.waiting = Handshakes(self.policy)
        self._stations, self._handler, self._journal = stations, handler, journal or Silent()
        self._tls, self._host, self._port = tls, host, port
        # By the key of the station: two owners may have given one name.
        self._connections: dict[Hashable, Connection] = {}
        self._seats: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._by_address = Failures(self.policy.failures_per_address, self.policy.window)
        self._by_id = Failures(self.policy.failures_per_id, self.policy.window)  # a name and an address
        self._by_name = Failures(self.policy.failures_per_name, self.policy.window)
        self._pending = Failures(self.policy.pending_per_minute, 60.0)
        self._flapping = Flapping(self.policy)
        self._pace = Pace(self.policy.arrivals, self.policy.arrivals_at_once)
        self._endings = Pace(self.policy.departures, self.policy.departures_at_once)
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()  # names, and from where they were proved
        self._server: Server | None = None
        self._heart: asyncio.Task[None] | None = None

    async def open(self) -> Self:
        """Start to listen."""
        for version in Version:
            checks(version)
        self._server = await serve(
            self._serve,
            self._host,
            self._port,
            create_connection=functools.partial(_Socket, self),  # type: ignore[arg-type]  # called like the class
            process_request=self._admit,
            select_subprotocol=_chosen,
            ssl=self._tls,
            ssl_handshake_timeout=None if self._tls is None else self.policy.handshake,
            compression=None,  # a window for each connection costs more memory than small messages save in traffic
            server_header=None,
            # Those who wait at the door are not silent; who is, is cut off by its socket.
            open_timeout=self.policy.handshake + self.policy.handshakes / self.policy.arrivals,
            close_timeout=self.limits.closing,
            ping_interval=None,
            max_size=self.limits.message_size,
            max_queue=self.limits.frames,
            backlog=1024,  # a thousand stations come back at once after a power cut
            logger=_quiet,
        )
        self._heart = asyncio.create_task(self._beat())
        return self

    async def close(self) -> None:
        """Accept nobody any more, let each station have its last answer, say goodbye."""
        if self._server is None or self._heart is None:
            return
        self._server.close(close_connections=False)
        while self._connections:
            leaving = list(self._connections.values())
            await asyncio.gather(*(each.close(CloseCode.GOING_AWAY, "the server stops") for each in leaving))
        self._heart.cancel()  # not before: it cuts off those that read no goodbye
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        """Open it."""
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the listener is not open")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def handshakes(self) -> int:
        """Sockets that have not proven anything yet."""
        return len(self.waiting)

    @property
    def count(self) -> int:
        """Stations that are connected."""
        return len(self._connections)

    def connection(self, key: Hashable) -> Connection | None:
        """The connection in this process of the station of this key."""
        return self._connections.get(key)

    def connections(self) -> list[Connection]:
        """Those of this process."""
        return list(self._connections.values())

    async def call(self, key: Hashable, action: str, payload: Payload, timeout: float | None = None) -> Outcome:  # noqa: ASYNC109 - a promise of the interface: the outcome TimedOut
        """`Connection.call` of the station of this key; Offline when it is not connected here."""
        connection = self._connections.get(key)
        return Offline(sent=False) if connection is None else await connection.call(action, payload, timeout)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self.limits.ping / 4, self.limits.sending / 4))
            now = monotonic()
            for connection in list(self._connections.values()):
                connection.beat(now)

    # Before the upgrade

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, _Socket)  # noqa: S101 - what create_connection makes
        socket.spoke()
        try:
            socket.admitted = await self._admission(socket, request)
        except _Refused as refused:
            return self._response(socket, refused)
        except Exception as error:
            log.error("station_lookup_failed", error=type(error).__name__, exc_info=True)
            return self._response(socket, _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", 30.0))
        socket.settled()
        return None

    def _response(self, socket: ServerConnection, refused: _Refused) -> Response:
        response = socket.respond(refused.status, f"{refused.reason}\n")
        if refused.status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
        if refused.retry_after is not None:
            response.headers["Retry-After"] = str(max(1, round(refused.retry_after)))
        log.info("station_refused", status=int(refused.status), reason=refused.reason)
        return response

    async def _admission(self, socket: _Socket, request: Request) -> _Admitted:
        address, secure = self._origin(socket, request)
        network_id = admission.network_id_of(request.path)
        if network_id is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")
        offered = _offered(request)
        if not offered:
            raise _Refused(HTTPStatus.BAD_REQUEST, "no sub-protocol in common")
        self._check_limits(network_id, address)
        if wait := self._pace.wait(monotonic()):
            await asyncio.sleep(wait)
        candidates = await self._stations.lookup(network_id)
        password = admission.password_of(request.headers.get("Authorization"), network_id)
        certificate = admission.certificate_of(socket.transport.get_extra_info("ssl_object"))
        if not candidates:
            admission.NOBODY.proves(password or b"")
        shown = admission.chosen(candidates, Proof(secure, password, certificate))
        if shown is None:
            raise await self._failed(network_id, address, offered[0], known=bool(candidates))
        station, strength = shown
        self._proven[network_id, address] = None
        if len(self._proven) > _PROVEN:
            self._proven.popitem(last=False)
        version = next((each for each in offered if each in station.versions), None)
        if version is None:
            raise _Refused(HTTPStatus.BAD_REQUEST, "no sub-protocol in common")
        if station.key not in self._connections and len(self._connections) >= self.policy.connections:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", 30.0)
        if not await self._gives_way(station.key, strength):
            raise _Refused(HTTPStatus.CONFLICT, "another connection is open")
        return _Admitted(station, version, strength, address, secure)

    def _origin(self, socket: _Socket, request: Request) -> tuple[str, bool]:
        """Address of the client and whether it came over TLS; a trusted proxy speaks for it."""
        peer = socket.remote_address
        address = str(peer[0]) if peer else ""
        if admission.is_within(address, self.policy.trusted_proxies):
            forwarded = request.headers.get_all("X-Forwarded-For")
            address = forwarded[-1].rsplit(",", 1)[-1].strip() if forwarded else address
            return address, request.headers.get("X-Forwarded-Proto") in {"https", "wss"}
        return address, self._tls is not None

    def _check_limits(self, network_id: str, address: str) -> None:
        now = monotonic()
        wait = self._flapping.wait(network_id, address, now)
        if (network_id, address) not in self._proven:
            # Who proved this name from this address is not locked out by what others try in its name or beside it.
            where = admission.neighbourhood(address)
            wait = max(wait, self._by_address.wait(where, now), self._by_id.wait((network_id, where), now))
        if wait > 0:
            self._journal.incident(Incident.THROTTLED, network_id, address, f"{wait:.0f} s")
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many attempts", wait)

    async def _failed(self, network_id: str, address: str, version: Version, *, known: bool) -> _Refused:
        now, where = monotonic(), admission.neighbourhood(address)
        self._by_address.add(where, now)
        self._by_id.add((network_id, where), now)
        # Nobody is locked out by what others try elsewhere in its name: only refusals come later.
        delay = self._by_name.delay(network_id, now, self.policy.failure_delay)
        self._by_name.add(network_id, now)
        self._proven.pop((network_id, address), None)
        self._journal.incident(Incident.AUTHENTICATE, network_id, address, "refused" if known else "unknown")
        if not known and self.policy.record_unknown and not self._pending.wait("", now):
            self._pending.add("", now)
            await self._stations.pending(network_id, address, version)
        if delay and len(self.waiting) <= self.policy.handshakes // 2:  # it keeps a place meanwhile
            await asyncio.sleep(delay)
        return _Refused(HTTPStatus.UNAUTHORIZED, "not authorised")

    async def _gives_way(self, key: Hashable, strength: int) -> bool:
        """Whether a connection of the station leaves the seat: to at least its own proof, or because it is dead."""
        old = self._connections.get(key)
        if old is None or not old.is_open or (strength > admission.NO_PROOF and strength >= old.strength):
            return True
        return not await old.alive(self.policy.old_answers_within)

    # After the upgrade

    async def _serve(self, socket: ServerConnection) -> None:
        assert isinstance(socket, _Socket)  # noqa: S101 - what create_connection makes
        admitted = socket.admitted
        if admitted is None:
            return
        station = admitted.station
        profile = admission.profile_of(admitted.strength, secure=admitted.secure)
        connection = Connection(
            socket, station, admitted.version, self._handler, self._journal, self.limits, strength=admitted.strength,
            profile=profile, endings=self._endings,
        )  # fmt: skip
        seat = self._seats.setdefault(station.key, asyncio.Lock())
        async with seat:
            if not await self._seat(socket, connection, admitted.address):
                return
        try:
            await self._attend(connection, admitted.address)
        finally:
            if self._connections.get(station.key) is connection:
                del self._connections[station.key]
            connection.done.set()

    async def _seat(self, socket: _Socket, connection: Connection, address: str) -> bool:
        """Take the station's place, the old connection's if need be; two newcomers may have been admitted at once."""
        key = connection.station.key
        if not await self._gives_way(key, connection.strength):
            await socket.close(CloseCode.POLICY_VIOLATION, "another connection is open")
            return False
        old = self._connections.get(key)
        if old is not None:
            await old.close(CloseCode.POLICY_VIOLATION, "replaced by a newer connection")
        if self._server is None or not self._server.is_serving():
            await socket.close(CloseCode.GOING_AWAY, "the server stops")
            return False
        self._connections[key] = connection
        self._flapping.connected(connection.station.network_id, address, monotonic())
        return True

    async def _attend(self, connection: Connection, address: str) -> None:
        station = connection.station
        self._journal.incident(Incident.CONNECT, station.network_id, address, connection.version, station)
        log.info("station_connected", station=station.key, version=connection.version)
        try:
            async with asyncio.timeout(self.limits.handling):
                await self._handler.connected(connection)
            await connection.run()
        except Exception as error:
            log.error("station_connection_failed", station=station.key, error=type(error).__name__, exc_info=True)
        finally:
            connection.shut()
            try:
                await self._handler.disconnected(connection)
            except Exception as error:
                log.error("station_farewell_failed", station=station.key, error=type(error).__name__, exc_info=True)
            self._journal.incident(Incident.DISCONNECT, station.network_id, address, connection.version, station)
            log.info("station_disconnected", station=station.key)


def _offered(request: Request) -> list[Version]:
    """The versions that the station offers and we speak, in its order."""
    try:
        names = [
            name for header in request.headers.get_all("Sec-WebSocket-Protocol") for name in parse_subprotocol(header)
        ]
    except InvalidHeader:
        return []
    return [_BY_NAME[name] for name in names if name in _BY_NAME]


def _chosen(socket: ServerConnection, _: object) -> Subprotocol | None:
    assert isinstance(socket, _Socket)  # noqa: S101 - what create_connection makes
    return None if socket.admitted is None else Subprotocol(socket.admitted.version)
