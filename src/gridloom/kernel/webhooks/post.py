"""One attempt to hand a message over."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx
import msgspec

from gridloom.kernel import clock
from gridloom.kernel.security.outbound import AddressRefused

GONE = 410

_LONGEST_WAIT_S = 86_400.0
_KEPT_OF_BODY = 2_000


class Parcel(msgspec.Struct, frozen=True):
    """One attempt, as it goes out by whatever way. key: of what it is about, where there is such a thing."""

    tenant: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    key: str | None
    attributes: Mapping[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """What came of it. `is_final`: another attempt cannot help. `wait_s`: what the receiver asked for."""

    code: int | None
    body: str | None
    error: str | None
    took_ms: int
    is_final: bool = False
    wait_s: float = 0.0

    @property
    def is_success(self) -> bool:
        """Any 2xx; what else the answer holds does not matter."""
        return self.error is None


class Transport(Protocol):
    """Another way than HTTP, for the URLs of a scheme of its own (`kafka://…`)."""

    async def carry(self, parcel: Parcel, *, timeout_s: float) -> Answer:
        """Hand a message over within so many seconds; what goes wrong is in the answer."""
        ...

    async def aclose(self) -> None:
        """Let go of every connection."""
        ...


async def post(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float, most_bytes: int
) -> Answer:
    """POST a JSON body, wait `timeout_s` seconds at most for the whole of it, and read `most_bytes` of the answer."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            code, text, wait_s = await _exchange(client, url, headers, body, most_bytes)
    except TimeoutError:
        return Answer(None, None, f"no answer within {timeout_s:g} s", _since(began))
    except AddressRefused as error:
        return Answer(None, None, str(error), _since(began), is_final=True)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return Answer(None, None, f"the URL cannot be called: {error}", _since(began), is_final=True)
    except (httpx.HTTPError, OSError, ValueError) as error:
        return Answer(None, None, f"{type(error).__name__}: {error}", _since(began))
    return Answer(code, text, _problem(code), _since(began), is_final=code == GONE, wait_s=wait_s)


async def _exchange(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, most_bytes: int
) -> tuple[int, str, float]:
    sent = {"content-type": "application/json", "accept-encoding": "identity", **headers}
    async with client.stream("POST", url, content=body, headers=sent, follow_redirects=False) as response:
        read = bytearray()
        # Raw: what claims to be compressed is not unpacked here. Leaving early closes the connection.
        async for part in response.aiter_raw():
            read += part
            if len(read) >= most_bytes:
                break
        kept = bytes(read[:_KEPT_OF_BODY]).decode("utf-8", "replace").replace("\x00", "")
        return response.status_code, kept, _wait(response.headers.get("retry-after"))


def _problem(code: int) -> str | None:
    if 200 <= code < 300:
        return None
    if 300 <= code < 400:
        return f"answered {code}; redirects are not followed"
    return f"answered {code}"


def _wait(header: str | None) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3), at most a day; 0 when it says nothing we understand."""
    if not header:
        return 0.0
    if header.strip().isdigit():
        return min(float(header), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max((until - clock.now()).total_seconds(), 0.0), _LONGEST_WAIT_S)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
