"""The relay: moves events from the outbox to their handlers. Every process may run one; they share the work."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Self

import structlog

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.events.fanout import FanOut
from gridloom.kernel.events.handlers import Handler, Handlers, discover
from gridloom.kernel.events.handling import Runner
from gridloom.kernel.events.listen import Listener, Signal
from gridloom.kernel.events.outbox import CHANNEL, bells

_HANDLERS_WITH_WORK = sql("""
    SELECT known.handler FROM unnest(CAST(:handlers AS text[])) AS known (handler)
    WHERE EXISTS (
        SELECT FROM events.handling AS h
        WHERE h.handler = known.handler AND h.status = 'waiting' AND h.next_at <= now()
    )
""")

GATHER_S = 0.02
"""Between two looks while events keep coming: each look costs two transactions, however few events it finds."""

log = structlog.get_logger(__name__)


class Relay:
    """Runs in the background between `start` and `stop`.

    It wakes on a notification (with a `listener`), after a commit of its own process, and looks by itself every `poll_s`
    seconds. batch: events handed out, and rows looked at, in one go. concurrency: transactions of handlers at once in this
    process; it must leave connections of the pool to others. A handler that is slow holds up itself only.
    """

    def __init__(
        self,
        db: Database,
        *,
        handlers: Handlers | None = None,
        listener: Listener | None = None,
        batch: int = 500,
        concurrency: int = 4,
        poll_s: float = 2.0,
    ) -> None:
        self._handlers = discover() if handlers is None else handlers
        self._fan_out = FanOut(db, self._handlers, batch)
        self._runner = Runner(db, asyncio.Semaphore(concurrency), batch)
        self._db = db
        self._listener = listener
        self._poll_s = poll_s
        self._wake = Signal()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what waits in the outbox is moved at once."""
        if self._task is None:
            self._stopping = False
            if self._listener is not None:
                self._listener.on(CHANNEL, self._wake.ring)
                bells.append(self._wake.ring)
            self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self, grace_s: float = 10.0) -> None:
        """End: handlers that run get `grace_s` seconds, then they are cancelled and their transactions undone."""
        if self._task is None:
            return
        self._stopping = True
        if self._listener is not None:
            self._listener.off(CHANNEL, self._wake.ring)
            bells.remove(self._wake.ring)
        self._wake.ring()
        tasks = [self._task, *self._working.values()]
        _, slow = await asyncio.wait(tasks, timeout=grace_s)
        for task in slow:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    async def __aenter__(self) -> Self:
        """See `start`."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """See `stop`."""
        await self.stop()

    async def drain(self) -> int:
        """Move and handle all that is due, here and now; gives how many calls that were. For tests and commands."""
        total = 0
        while True:
            await self._fan_out.all()
            handled = 0
            for handler in self._handlers.known.values():
                while taken := await self._runner.once(handler):
                    handled += taken
            if not handled:
                return total
            total += handled

    async def _run(self) -> None:
        while not self._stopping:
            try:
                moved = await self._fan_out.once()
                await self._set_to_work()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("relay_failed")
                moved = 0
                await asyncio.sleep(min(1.0, self._poll_s))
            if moved:
                await asyncio.sleep(GATHER_S)
            else:
                await self._wake.wait(self._poll_s)

    async def _set_to_work(self) -> None:
        idle = [name for name in self._handlers.known if name not in self._working]
        if not idle:
            return
        async with self._db.system() as tx:
            rows = await tx.all(_HANDLERS_WITH_WORK, handlers=idle)
        for row in rows:
            name = row["handler"]
            task = asyncio.create_task(self._work(self._handlers.known[name]), name=f"handler {name}")
            self._working[name] = task
            task.add_done_callback(partial(self._rest, name))

    async def _work(self, handler: Handler) -> None:
        with suppress(asyncio.CancelledError):
            try:
                while not self._stopping and await self._runner.once(handler):
                    pass
            except Exception:
                log.exception("relay_failed", handler=handler.name)

    def _rest(self, name: str, _: object) -> None:
        """New rows may have come while the last look found none: look once more."""
        del self._working[name]
        self._wake.ring()
