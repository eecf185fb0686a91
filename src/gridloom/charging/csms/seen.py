"""When the newest message of each station came."""

import asyncio
from datetime import datetime
from typing import Self

import structlog

from gridloom.charging.csms import seats
from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.seats import Key
from gridloom.kernel.database.pool import Database

log = structlog.get_logger(__name__)

EVERY_S = 5.0
AT_ONCE = 2000


class LastSeen:
    """An application part. `keep` returns when it is written (heartbeats); `note` writes it soon, with others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[Key, datetime] = {}
        self._kept: Gathering[None, tuple[Key, datetime]] = Gathering(self._write, most=AT_ONCE)
        self._turn = asyncio.Lock()  # two of these statements at once might take their rows in different orders
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to write what is noted."""
        self._loop = asyncio.create_task(self._run(), name="stations last seen")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what is left."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await self._flush()

    async def keep(self, key: Key, at: datetime) -> None:
        """Write it; returns after the commit."""
        self._noted.pop(key, None)
        await self._kept.add(None, (key, at))

    def note(self, key: Key, at: datetime) -> None:
        """Write it within `EVERY_S`."""
        self._noted[key] = at

    async def _write(self, _: None, items: list[tuple[Key, datetime]]) -> None:
        async with self._turn:
            await seats.seen(self._database, dict(items))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self._flush()

    async def _flush(self) -> None:
        noted, self._noted = self._noted, {}
        try:
            if noted:
                async with self._turn:
                    await seats.seen(self._database, noted)
        except Exception as error:  # noqa: BLE001 - the next message says it again
            log.warning("last_seen_not_written", error=type(error).__name__)
