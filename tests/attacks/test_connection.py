"""What one connection may cost: heads without an end, heads and bodies that never come, trailers that pose as headers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from gridloom.kernel.http import wire


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the caller that the headers name, once the body is there."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    body = b",".join(found) or b"nobody"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """A server with our connections; its port."""
    config = uvicorn.Config(
        echo, port=0, http=wire.Connection, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=5
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Everything until the end; a connection that was cut while we still spoke ends there too."""
    said = b""
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            said += part
    return said


async def told(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """What the server says to these parts until it closes; at most five seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await heard(reader)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "start", [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"GET /"], ids=["in one header", "in the address"]
)
async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(start: bytes) -> None:
    async with served() as port:
        answer = await told(port, start + b"a" * (wire.MAX_HEAD_BYTES + 1))
    assert answer == wire._TOO_LONG


async def test_a_head_of_many_small_fields_without_an_end_is_refused() -> None:
    async with served() as port:
        answer = await told(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 30_000)
    assert answer == wire._TOO_LONG


async def test_a_head_that_comes_byte_by_byte_has_only_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.7)
    started = time.monotonic()
    async with served() as port:
        answer = await told(port, b"GET / HTTP/1.1\r\nX: ", b"a", b"a", pause=0.2)
    assert answer == wire._TOO_SLOW
    # Each byte would have begun the time anew: the last one came after 0.4 seconds.
    assert time.monotonic() - started < 1.0


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    async with served() as port:
        assert await told(port) == wire._TOO_SLOW


async def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BODY_PAUSE_SECONDS", 0.2)
    async with served() as port:
        answer = await told(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    assert answer == wire._TOO_SLOW


async def test_a_body_that_goes_on_coming_may_take_longer_than_one_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BODY_PAUSE_SECONDS", 0.4)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    async with served() as port:
        answer = await told(port, head, *[b"a"] * 8, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nnobody")


async def test_a_trailer_names_no_caller() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    body = b"\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer stolen\r\n\r\n"
    async with served() as port:
        alone = await told(port, head + body)
        beside = await told(port, head + b"Authorization: Bearer own\r\n" + body)
    assert alone.endswith(b"\r\n\r\nnobody")
    assert beside.endswith(b"\r\n\r\nBearer own")


async def test_requests_one_after_another_on_a_connection_each_have_a_whole_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "MAX_HEAD_BYTES", 200)
    one = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100 + b"\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with served() as port:
        answer = await told(port, one, one, one, last, pause=0.05)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 4
