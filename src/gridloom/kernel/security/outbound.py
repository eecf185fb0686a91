"""HTTP to addresses that somebody else chose, and never into the network we run in.

A name is resolved here, every answer is checked, and the connection goes to the very address that was checked: a name
that answers differently a moment later (DNS rebinding) gains nothing. The Host header, SNI and the certificate check
keep the name. The check sits below the pool of connections, so that a followed redirect passes it as well.
"""

import asyncio
import ipaddress
import socket
import ssl
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_IDLE_S = 30.0
_MOST_IDLE = 200

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELS = tuple(ipaddress.IPv6Network(each) for each in ("2002::/16", "2001::/32"))
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a public address that answers, inside a large cloud, as the machine's own host
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
        "64:ff9b:1::/48",  # local NAT64
    )
)


class AddressRefused(httpx.ConnectError):
    """The address, or one of the addresses behind a name, is not one that may be called."""


class UnusableUrl(ValueError):
    """A URL that can never be called: its form, its scheme, or an address in it that is refused."""


def refusal(address: str) -> str | None:
    """Why an IP address may not be called from here (`loopback`, `private`, …), or None when it is a public one.

    Source: the IANA special-purpose address registries (RFC 6890); an IPv4 address behind a NAT64 prefix counts as
    itself, and every other way to wrap IPv4 in IPv6 is refused.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return refusal(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.ipv4_mapped is not None:
            return "IPv4-mapped"
        if any(ip in tunnel for tunnel in _TUNNELS):
            return "a tunnel"
        if ip.is_site_local:
            return "private"
    return _kind(ip)


def _kind(ip: Address) -> str | None:
    named = {
        "unspecified": ip.is_unspecified,
        "loopback": ip.is_loopback,
        "link-local": ip.is_link_local,
        "multicast": ip.is_multicast,
        "private": ip.is_private,
        "reserved": ip.is_reserved or any(ip.version == each.version and ip in each for each in _SPECIAL),
        "not public": not ip.is_global,
    }
    return next((name for name, applies in named.items() if applies), None)


class Guard:
    """What may be called. `allowed` names networks (CIDR) that are exempt; `allow_private` switches the check off."""

    __slots__ = ("_allowed", "allow_private")

    def __init__(self, *, allow_private: bool = False, allowed: Iterable[str] = ()) -> None:
        self.allow_private = allow_private
        self._allowed: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in allowed)

    def check(self, address: str, host: str) -> None:
        """Raise AddressRefused, which names the host and the reason but no address of ours."""
        if self.allow_private:
            return
        ip = ipaddress.ip_address(address.partition("%")[0])
        if any(ip.version == each.version and ip in each for each in self._allowed):
            return
        if reason := refusal(address):
            raise AddressRefused(f"{host} is {reason}, which outgoing calls do not reach")

    def check_url(self, url: str, *, https_only: bool = False) -> None:
        """Refuse, when it is written down, what could never be called; UnusableUrl says why.

        A name is not resolved here: what it resolves to counts when the call is made.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UnusableUrl(f"not a URL: {error}") from None
        if port == 0:
            raise UnusableUrl("there is no port 0")
        schemes = ("https",) if https_only else ("https", "http")
        if parts.scheme not in schemes:
            raise UnusableUrl(f"the scheme must be {' or '.join(schemes)}")
        if not host:
            raise UnusableUrl("the URL names no host")
        if parts.username is not None or parts.password is not None:
            raise UnusableUrl("credentials do not belong into a URL; use a header")
        self._check_literal(host)

    def _check_literal(self, host: str) -> None:
        # Other digits than 0 to 9 become those when a name is looked up.
        name = unicodedata.normalize("NFKC", host).rstrip(".").lower()
        address = "127.0.0.1" if name == "localhost" or name.endswith(".localhost") else _literal(name)
        if address is None:
            return
        try:
            self.check(address, host)
        except AddressRefused as error:
            raise UnusableUrl(str(error)) from None


def _literal(host: str) -> str | None:
    """The address that a host spells out, also in the old forms (`127.1`, `0x7f000001`); None for a name."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(host.partition("%")[0]))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None


class _Resolver:
    """Names to addresses in threads of its own, so that a slow name server of one partner holds up nobody else."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolve, check, connect to what was checked."""

    def __init__(self, guard: Guard, resolve: Resolver) -> None:
        self._guard = guard
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; one refused address among several refuses the name."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
                for address in addresses:
                    self._guard.check(address, host)
                share = timeout / len(addresses) if timeout and addresses else timeout
                return await self._first(addresses, port, share, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} did not answer in time") from None
        except (socket.gaierror, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error

    async def _first(
        self,
        addresses: list[str],
        port: int,
        each_s: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, each_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the signature is httpcore's
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket in the file system is always ours."""
        raise AddressRefused(f"{path} is a local socket, which outgoing calls do not reach")

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts to connect."""
        await self._network.sleep(seconds)


class _Pool:
    """Connections to any number of hosts, one request at a time each; idle ones are kept for the next.

    httpcore's own pool looks at every connection for every request, which with a hundred hosts costs more than the
    request.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend, verify: ssl.SSLContext, idle_s: float, most: int) -> None:
        self._backend = backend
        self._verify = verify
        self._idle_s = idle_s
        self._most = most
        self._idle: dict[tuple[bytes, bytes, int], list[httpcore.AsyncHTTPConnection]] = {}
        self._count = 0

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request over an idle connection to its host, or a new one."""
        if request.url.scheme not in (b"http", b"https"):
            raise httpcore.UnsupportedProtocol(f"{request.url.scheme.decode()}:// is not spoken here")
        connection = await self._take(request.url.origin)
        response = await connection.handle_async_request(request)
        stream = _Answered(response.stream, connection, self, request.url.origin)
        return httpcore.Response(
            response.status, headers=response.headers, content=stream, extensions=response.extensions
        )

    async def keep(self, connection: httpcore.AsyncHTTPConnection, origin: httpcore.Origin) -> None:
        """Its answer is over: keep it, when it can be used again and there is room."""
        if self._count >= self._most:
            await self._sweep()
        if not connection.is_idle() or self._count >= self._most:
            await connection.aclose()
            return
        self._idle.setdefault(_key(origin), []).append(connection)
        self._count += 1

    async def aclose(self) -> None:
        """Close what is idle; what is in use is closed by whoever uses it."""
        idle, self._idle, self._count = self._idle, {}, self._most
        for connection in (each for kept in idle.values() for each in kept):
            await connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        kept = self._idle.get(_key(origin), [])
        while kept:
            connection = kept.pop()
            self._count -= 1
            if not connection.has_expired() and connection.is_available():
                return connection
            await connection.aclose()
        self._idle.pop(_key(origin), None)
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._verify, keepalive_expiry=self._idle_s, network_backend=self._backend
        )

    async def _sweep(self) -> None:
        expired = [(key, each) for key, kept in self._idle.items() for each in kept if each.has_expired()]
        for key, connection in expired:
            self._idle[key].remove(connection)
            self._count -= 1
        self._idle = {key: kept for key, kept in self._idle.items() if kept}
        for _, connection in expired:
            await connection.aclose()


class _Answered:
    """The body of an answer, which gives its connection back when it is closed."""

    def __init__(
        self, stream: Any, connection: httpcore.AsyncHTTPConnection, pool: _Pool, origin: httpcore.Origin
    ) -> None:
        self._stream = stream
        self._connection: httpcore.AsyncHTTPConnection | None = connection
        self._pool = pool
        self._origin = origin

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._stream.aclose()
            await self._pool.keep(connection, self._origin)


def _key(origin: httpcore.Origin) -> tuple[bytes, bytes, int]:
    return origin.scheme, origin.host, origin.port


class _GuardedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, guard: Guard, resolve: Resolver, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._own_resolver = resolve if isinstance(resolve, _Resolver) else None
        # httpx takes no pool and no network backend; what it builds itself has opened nothing yet.
        self._pool: Any = _Pool(_GuardedBackend(guard, resolve), verify, _IDLE_S, _MOST_IDLE)

    async def aclose(self) -> None:
        await super().aclose()
        if self._own_resolver is not None:
            self._own_resolver.close()


def guarded_client(
    *,
    allow_private: bool = False,
    allowed: Iterable[str] = (),
    timeout_s: float = 15.0,
    verify: ssl.SSLContext | None = None,
    resolve: Resolver | None = None,
    user_agent: str = "gridloom",
) -> httpx.AsyncClient:
    """An HTTP client for addresses that partners and customers gave: it calls public addresses only.

    allow_private: call anything (a test, a closed network). allowed: networks in CIDR form that are exempt. timeout_s:
    for connecting, and for each read and write; bound the whole call with `asyncio.timeout`. Proxies and credentials
    from the environment are not used, redirects are not followed. Calling a refused address raises AddressRefused,
    which is an `httpx.ConnectError`. It opens as many connections as requests run at once: bound those.
    """
    transport = _GuardedTransport(
        Guard(allow_private=allow_private, allowed=allowed),
        resolve or _Resolver(),
        verify or httpx.create_ssl_context(trust_env=False),
    )
    return httpx.AsyncClient(
        transport=transport,
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": user_agent},
    )
