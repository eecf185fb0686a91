"""Hearing what PostgreSQL notifies, over one connection for the whole process."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeAlias

import asyncpg
import structlog

from gridloom.kernel.database.pool import Database

Ear: TypeAlias = Callable[[str], None]

log = structlog.get_logger(__name__)


class Signal:
    """A bell that several may ring and one waits for; rings before the wait count."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, _: str = "") -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, at_most_s: float) -> bool:
        """Until it rings or the time is over; says whether it rang."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._rung.wait()
        rang = self._rung.is_set()
        self._rung.clear()
        return rang


class Listener:
    """Calls back for each notification, and keeps its connection alive.

    A notification may be lost with the connection: after each new connection every ear is called once with an empty
    payload, and whoever waits looks by itself now and then.
    """

    def __init__(self, db: Database, *, check_s: float = 30.0, again_s: float = 1.0) -> None:
        self._db = db
        self._check_s = check_s
        self._again_s = again_s
        self._ears: defaultdict[str, list[Ear]] = defaultdict(list)
        self._stir = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.is_connected = False

    def on(self, channel: str, ear: Ear) -> None:
        """Call `ear(payload)`, in the event loop, for each notification of a channel."""
        self._ears[channel].append(ear)
        self._stir.set()

    def off(self, channel: str, ear: Ear) -> None:
        """Call it no more."""
        with suppress(ValueError):
            self._ears[channel].remove(ear)

    async def start(self) -> None:
        """Listen in the background."""
        self._task = self._task or asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        """Give the connection back."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def __aenter__(self) -> Self:
        """See `start`."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `stop`."""
        await self.stop()

    async def _run(self) -> None:
        while True:
            try:
                async with self._db.connection() as connection:
                    await self._serve(connection)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("listening_lost", error=str(error))
            self.is_connected = False
            await asyncio.sleep(self._again_s)

    async def _serve(self, connection: Any) -> None:
        connection.add_termination_listener(self._ended)
        heard: set[str] = set()
        try:
            while not connection.is_closed():
                self._stir.clear()
                for channel in set(self._ears) - heard:
                    await connection.add_listener(channel, self._heard)
                    heard.add(channel)
                    self._call(channel, "")
                self.is_connected = True
                await self._quiet(connection)
        finally:
            self.is_connected = False
            if not connection.is_closed():
                connection.remove_termination_listener(self._ended)
                for channel in heard:
                    await connection.remove_listener(channel, self._heard)

    async def _quiet(self, connection: Any) -> None:
        try:
            async with asyncio.timeout(self._check_s):
                await self._stir.wait()
        except TimeoutError:
            await connection.fetchval("SELECT 1", timeout=self._check_s)

    def _ended(self, _: Any) -> None:
        self._stir.set()

    def _heard(self, _: Any, __: int, channel: str, payload: str) -> None:
        self._call(channel, payload)

    def _call(self, channel: str, payload: str) -> None:
        for ear in tuple(self._ears[channel]):
            try:
                ear(payload)
            except Exception:
                log.exception("ear_failed", channel=channel)
