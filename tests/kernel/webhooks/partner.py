"""A partner's server: real HTTP on a real port, as obliging or as rude as a test needs it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    """What came in."""

    target: str
    headers: dict[str, str]
    body: bytes


def answering(code: int, body: bytes = b"", **headers: str) -> Behave:
    """Answer every request so."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Whatever", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


def slowly(delay_s: float, then: Behave) -> Behave:
    """Answer late."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(delay_s)
        await then(writer)

    return behave


async def endlessly(writer: asyncio.StreamWriter) -> None:
    """Answer 200, with a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


async def drop_by_drop(writer: asyncio.StreamWriter) -> None:
    """Answer 200, a byte at a time, for ever: no single read ever times out."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


@dataclass
class Partner:
    """Remembers every request, and behaves as it is told: `script` first, one request each, then `behave`."""

    behave: Behave = field(default_factory=lambda: answering(200, b"thanks"))
    script: list[Behave] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?v=1"

    async def until(self, count: int, timeout_s: float = 15.0) -> list[Request]:
        """Wait for so many requests."""
        async with asyncio.timeout(timeout_s):
            while len(self.requests) < count:
                self._came.clear()
                await self._came.wait()
        return self.requests

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Request(first.split(" ")[1], headers, body))
        self._came.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await (self.script.pop(0) if self.script else self.behave)(writer)
            await writer.drain()
        finally:
            self.at_once -= 1
