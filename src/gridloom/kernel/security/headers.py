"""Headers that tell a browser what it must not do, and which other sites may call: functions of the configuration."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

Header: TypeAlias = tuple[bytes, bytes]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED = (
    "Content-Disposition",
    "Link",
    "Location",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)

# Nothing in an answer of an API is a page.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Our own pages load nothing from elsewhere; maps draw in workers made from blobs, charts set style attributes.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# What somebody uploaded runs no script, whatever it is.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox"

_ORIGIN = re.compile(r"https?://[a-z0-9*.\-\[\]:]+", re.IGNORECASE)
_HEADER_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\s*,\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_ONE_DAY = "86400"


@lru_cache(maxsize=64)
def security_headers(*, https: bool, page: bool = False, policy: str | None = None) -> tuple[Header, ...]:
    """The headers of every answer. page: one of our own pages; else an answer of an API. policy: another CSP for it.

    https: whether the caller came by HTTPS; only then may a browser be told to insist on it (a year).
    """
    given = {
        "content-security-policy": policy or (PAGE_POLICY if page else API_POLICY),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }
    if page:
        given["cross-origin-opener-policy"] = "same-origin"
        given["permissions-policy"] = "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)"
    if https:
        given["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return tuple((name.encode(), value.encode()) for name, value in given.items())


def missing(present: Iterable[Header], defaults: Iterable[Header]) -> list[Header]:
    """Those of the defaults whose name an answer does not carry yet: a route may be stricter or looser on purpose."""
    names = {name.lower() for name, _ in present}
    return [header for header in defaults if header[0].lower() not in names]


class Cors:
    """Which web origins may call from a browser.

    origins: `https://portal.example.org`, `https://*.example.org` (any name below it), or `*`. credentials: whether
    cookies travel along; not with `*`. Raises ValueError for what is no origin. Without origins no header is ever
    sent.
    """

    def __init__(self, origins: Sequence[str] = (), *, credentials: bool = False, exposed: Sequence[str] = ()) -> None:
        for origin in origins:
            if origin != "*" and (not _ORIGIN.fullmatch(origin) or "*" in origin.replace("://*.", "", 1)):
                raise ValueError(f"{origin!r} is no web origin, such as https://portal.example.org")
        self._any = "*" in origins
        if self._any and credentials:
            raise ValueError("cookies of every web site at once cannot be let in; name the origins")
        self._exact = frozenset(origin.lower() for origin in origins if "*" not in origin)
        self._below = tuple(tuple(origin.lower().split("*", 1)) for origin in origins if "://*." in origin)
        self._credentials = credentials
        self._exposed = ", ".join((*EXPOSED, *exposed)).encode()
        self._varies = bool(origins) and not self._any

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may read our answers."""
        given = origin.lower()
        if self._any or given in self._exact:
            return True
        return _ORIGIN.fullmatch(given) is not None and any(
            given.startswith(scheme) and given.endswith(end) and len(given) > len(scheme) + len(end)
            for scheme, end in self._below
        )

    def headers(self, origin: str | None) -> list[Header]:
        """What every answer to this origin carries (None: the caller is no browser page), the preflight's included."""
        said: list[Header] = [(b"vary", b"Origin")] if self._varies else []
        if origin is None or not self.allows(origin):
            return said
        allowed = b"*" if self._any else origin.encode("latin-1")
        said += [(b"access-control-allow-origin", allowed), (b"access-control-expose-headers", self._exposed)]
        if self._credentials:
            said.append((b"access-control-allow-credentials", b"true"))
        return said

    def preflight(self, method: str, headers: Mapping[str, str]) -> list[Header] | None:
        """What is sent with 204 to a browser that asks before it calls; None when this is no such question, or the
        answer is no. headers: of the request, names in lower case. `headers()` of the origin go along.
        """
        origin = headers.get("origin")
        if method != "OPTIONS" or origin is None or "access-control-request-method" not in headers:
            return None
        if not self.allows(origin):
            return None
        said = [(b"access-control-allow-methods", METHODS.encode()), (b"access-control-max-age", _ONE_DAY.encode())]
        asked = headers.get("access-control-request-headers", "")
        if _HEADER_NAMES.fullmatch(asked):
            said.append((b"access-control-allow-headers", asked.encode()))
        return said
