"""The outermost ring, in plain ASGI: which API answers, who is really calling, and what every answer carries."""

import ipaddress
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import structlog

from gridloom.kernel import observability
from gridloom.kernel.security.headers import Cors, missing, security_headers

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

log = structlog.get_logger(__name__)


class Mounted:
    """One application and the paths it answers for: `exact` ones first, then the longest prefix."""

    def __init__(self, name: str, app: Asgi, prefixes: Sequence[str] = (), exact: Sequence[str] = ()) -> None:
        self.name = name
        self.app = app
        self.prefixes = tuple(prefixes)
        self.exact = tuple(exact)


class Dispatcher:
    """Sends each request to the API whose path it is; `fallback` gets the rest (start page, documents, health)."""

    def __init__(
        self,
        mounted: Sequence[Mounted],
        fallback: Mounted,
        *,
        lifespan: Lifespan,
        cors: Cors,
        trusted_proxies: Sequence[str] = (),
        public_url: str | None = None,
    ) -> None:
        self._exact: Mapping[str, Mounted] = {path: each for each in [*mounted, fallback] for path in each.exact}
        self._prefixes = sorted(((p, m) for m in mounted for p in m.prefixes), key=lambda pair: -len(pair[0]))
        self._fallback = fallback
        self._lifespan = lifespan
        self._cors = cors
        self._trusted: list[Network] = [ipaddress.ip_network(each, strict=False) for each in trusted_proxies]
        self._public_url = public_url.rstrip("/") if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._find(scope["path"]).app(scope, receive, send)

    def _find(self, path: str) -> Mounted:
        if (exact := self._exact.get(path)) is not None:
            return exact
        for prefix, mounted in self._prefixes:
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return mounted
        return self._fallback

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        mounted = self._find(scope["path"])
        request_id = observability.accept_request_id(headers.get("x-request-id"))
        address, scheme = self._client(scope, headers)
        base = self._public_url or f"{scheme}://{headers.get('host', 'localhost')}"
        scope["state"] = {"request_id": request_id, "client_address": address, "base_url": base, "headers": headers}
        started = time.perf_counter()
        seen = {"status": 500}
        extra = [
            (b"x-request-id", request_id.encode()),
            *security_headers(https=base.startswith("https:"), page=mounted is self._fallback),
            *self._cors.headers(headers.get("origin")),
        ]

        # The APIs answer HEAD themselves; pages and files know only GET.
        is_head = scope["method"] == "HEAD" and mounted is self._fallback
        inner = {**scope, "method": "GET"} if is_head else scope

        async def answer(message: MutableMapping[str, Any]) -> None:
            if is_head and message["type"] == "http.response.body":
                message["body"] = b""
            elif message["type"] == "http.response.start":
                seen["status"] = message["status"]
                there = message.get("headers", [])
                message["headers"] = [*there, *missing(there, extra)]
            await send(message)

        with observability.request_context(request_id):
            try:
                if (preflight := self._cors.preflight(scope["method"], headers)) is not None:
                    await _empty(answer, 204, preflight)
                else:
                    await mounted.app(inner, receive, answer)
            finally:
                seconds = time.perf_counter() - started
                state = scope["state"]
                observability.observe_request(mounted.name, state.get("operation", "-"), seen["status"], seconds)
                # The template, not the path: an id in a path can be a secret (checkouts, uploads).
                observability.access_line(
                    "info",
                    api=mounted.name,
                    method=scope["method"],
                    path=state.get("template", "-"),
                    status=seen["status"],
                    ms=round(seconds * 1000, 1),
                    address=address,
                )

    def _client(self, scope: Scope, headers: Mapping[str, str]) -> tuple[str, str]:
        """The client's address and scheme; forwarding headers count only from a trusted proxy, right to left."""
        peer = scope["client"][0] if scope.get("client") else ""
        scheme = str(scope.get("scheme", "http"))
        if not self._trusted or not self._is_trusted(peer):
            return peer, scheme
        scheme = headers.get("x-forwarded-proto", scheme).partition(",")[0].strip().lower()
        # A proxy may append to the header, or add a line of its own below those that came.
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for hop in reversed([each for each in ",".join(lines).split(",") if each.strip()]):
            address = _address(hop)
            if address is None:
                break
            peer = address
            if not self._is_trusted(address):
                break
        return peer, scheme if scheme in ("http", "https") else "http"

    def _is_trusted(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(ip, "ipv4_mapped", None)
        return any((mapped or ip) in network for network in self._trusted)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        context = self._lifespan()
        try:
            await context.__aenter__()
        except Exception as error:
            log.exception("start_failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await context.__aexit__(None, None, None)
        finally:
            await send({"type": "lifespan.shutdown.complete"})


def _address(hop: str) -> str | None:
    """The address that a forwarding header names, without a port; None when it is none."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


async def _empty(send: Send, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
