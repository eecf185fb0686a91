"""A gate before a real database: shut, it is a database that went away."""

import asyncio
from contextlib import suppress

from sqlalchemy import make_url


class Gate:
    """A TCP address in front of a PostgreSQL server. `url` is the database's behind the gate."""

    def __init__(self, url: str) -> None:
        self._behind = make_url(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        moved = self._behind.set(host="127.0.0.1", port=self._port, query={})
        return moved.render_as_string(hide_password=False)

    async def open(self) -> "Gate":
        """Listen; the same port again after `shut`."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def shut(self) -> None:
        """Refuse new connections and cut those that are there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = self._behind.query
        host = str(query.get("host") or self._behind.host)
        port = int(str(query.get("port") or self._behind.port or 5432))
        if host.startswith("/"):
            inner = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            inner = await asyncio.open_connection(host, port)
        self._writers |= {writer, inner[1]}
        for source, target in ((reader, inner[1]), (inner[0], writer)):
            task = asyncio.create_task(self._pump(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(target)
            target.transport.abort()
