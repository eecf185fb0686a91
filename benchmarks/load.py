"""A small HTTP/1.1 load: several kept-alive connections that send one prepared request again and again."""

import asyncio
import time


async def requests_per_second(port: int, request: bytes, *, connections: int = 8, seconds: float = 3.0) -> float:
    """Answers a second. Every answer must be a 200; the last one is looked at whole."""
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_one(port, request, until) for _ in range(connections)))
    return sum(counts) / seconds


async def once(port: int, request: bytes) -> bytes:
    """One answer's body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await _answer(reader)
    finally:
        writer.close()


def get(path: str, token: str) -> bytes:
    """The bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def put(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a PUT with a JSON body."""
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _one(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    try:
        while time.perf_counter() < until:
            writer.write(request)
            await _answer(reader)
            count += 1
    finally:
        writer.close()
    return count


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    length = int(lower[start : lower.index(b"\r\n", start)])
    return await reader.readexactly(length)
