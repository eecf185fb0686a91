"""Asking stations to end sessions.

Why it has to end is written with the session before the station is asked (`stopping_for`, `stopping_at`), and becomes the
session's reason when it does. While it goes on, the minute's tick asks again: nothing is lost with a process that dies.
"""

import asyncio
import time
from collections.abc import Coroutine
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog

from gridloom.charging.csms.public import Commands
from gridloom.charging.ocpp.public import Answered, Offline, Outcome, Version
from gridloom.charging.sessions import store
from gridloom.charging.sessions.spending import overspent, so_far
from gridloom.charging.sessions.store import Row
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

ASK_AGAIN = timedelta(seconds=60)
AT_ONCE = 50
PRICE_EVERY_S = 5.0
MOST_LOOKED = 100_000

log = structlog.get_logger(__name__)

_WANTED = sql(
    "UPDATE charging.session SET stopping_for = coalesce(stopping_for, :reason), stopping_at = :now, updated_at = now() "
    "WHERE id = :id AND transaction_id IS NOT NULL AND (stopping_at IS NULL OR stopping_at <= :before)"
)


class Stops:
    """A part of the application: stops that follow a commit, without anybody waiting for them."""

    def __init__(self, database: Database, commands: Commands) -> None:
        self._database = database
        self._commands = commands
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._looked: dict[tuple[int, int], float] = {}

    async def __aenter__(self) -> Self:
        """Ready."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what has not been asked yet; the tick will."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def after(self, tx: Tx, charge_point_id: int, transaction_id: str) -> None:
        """Ask once this transaction has committed."""
        tenant = tx.tenant

        async def begin() -> None:
            self._begin(self._ask(tenant, charge_point_id, transaction_id))

        tx.after_commit(begin)

    async def _ask(self, tenant: int, charge_point_id: int, transaction_id: str) -> None:
        outcome = await self.ask(tenant, charge_point_id, transaction_id)
        if not is_accepted(outcome):
            log.warning("stop_not_accepted", station=charge_point_id, outcome=type(outcome).__name__)

    async def ask(self, tenant: int, charge_point_id: int, transaction_id: str) -> Outcome:
        """Ask a station to end one of its transactions. Never with a transaction of the database open."""
        async with self._turns:
            version = await self._commands.version(tenant, charge_point_id)
            if version is None:
                return Offline(sent=False)
            if version is Version.V16:
                action, payload = "RemoteStopTransaction", {"transactionId": _number(transaction_id)}
            else:
                action, payload = "RequestStopTransaction", {"transactionId": transaction_id}
            return await self._commands.call(tenant, charge_point_id, action, payload)

    def watch(self, tx: Tx, session_id: int) -> None:
        """Look, once this transaction has committed, whether a session has cost as much as it may; every few seconds at most."""
        tenant = tx.tenant

        async def begin() -> None:
            key, now = (tenant, session_id), time.monotonic()
            if now - self._looked.get(key, -PRICE_EVERY_S) >= PRICE_EVERY_S:
                if len(self._looked) >= MOST_LOOKED:
                    self._looked.clear()
                self._looked[key] = now
                self._begin(self._look(tenant, session_id))

        tx.after_commit(begin)

    async def _look(self, tenant: int, session_id: int) -> None:
        async with self._database.tenant(tenant) as tx:
            session = await store.session(tx, session_id)
            if session is None or session["status"] != "active":
                return
            reason = overspent(session, (await so_far(tx, session, clock.now())).priced)
            if reason is not None and await want(tx, session, reason):
                self.after(tx, await store.reached(tx, session["charge_point_id"]), session["transaction_id"])

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def request(self, tenant: int, session_id: int, reason: str) -> Outcome:
        """Ask for the end of a session now, and give what the station said; the reason stays with the session."""
        async with self._database.tenant(tenant) as tx:
            session = await store.present(tx, session_id)
            await want(tx, session, reason, at_once=True)
            station = await store.reached(tx, session["charge_point_id"])
        if session["transaction_id"] is None:
            return Offline(sent=False)
        return await self.ask(tenant, station, session["transaction_id"])


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("stop_failed")


async def want(tx: Tx, session: Row, reason: str, *, at_once: bool = False) -> bool:
    """Write down that a session has to end; False when its station was asked less than a minute ago, or has begun nothing."""
    now = clock.now()
    before = now if at_once else now - ASK_AGAIN
    return await tx.run(_WANTED, id=session["id"], reason=reason, now=now, before=before) > 0


def is_accepted(outcome: Outcome) -> bool:
    """Whether a station said that it will."""
    return isinstance(outcome, Answered) and outcome.payload.get("status") == "Accepted"


def _number(transaction_id: str) -> Any:
    # What a 1.6 station has as a number was given to it by us as one; a transaction of 2.0.1 has a name.
    return int(transaction_id) if transaction_id.isdigit() else -1
