"""Users and tokens for the tests of identity, and a clock of both kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridloom.core.identity.store import Identity, IssuedToken
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

DISABLE = 'UPDATE identity."user" SET status = :status WHERE id = :id'
CLOSE = "UPDATE identity.tenant SET status = :status WHERE id = :id"


class People:
    """Makes users and tokens of one tenant."""

    def __init__(self, db: Database, identity: Identity, tenant: int) -> None:
        self.db = db
        self.identity = identity
        self.tenant = tenant

    async def user(self, login: str, password: str | None = None, *roles: str, status: str = "active") -> int:
        """A new user's number."""
        async with self.db.tenant(self.tenant) as tx:
            number = await self.identity.create_user(tx, login, password, roles=roles)
            if status != "active":
                await tx.run(DISABLE, status=status, id=number)
        return number

    async def token(self, kind: str = "service", **options: Any) -> IssuedToken:
        """A new token."""
        async with self.db.tenant(self.tenant) as tx:
            return await self.identity.issue(tx, kind, **options)

    async def set_status(self, user: int, status: str) -> None:
        """Disable a user, or let them in again."""
        async with self.db.tenant(self.tenant) as tx:
            await tx.run(DISABLE, status=status, id=user)

    async def close_tenant(self, status: str = "closed") -> None:
        """End the tenant, or open it again."""
        async with self.db.system() as tx:
            await tx.run(CLOSE, status=status, id=self.tenant)


class Time:
    """The clock of the calendar and the one that measures distances, moved together."""

    def __init__(self, stopped: clock.StoppedClock) -> None:
        self._stopped = stopped
        self.monotonic_s = 1000.0

    def move(self, seconds: float) -> None:
        """Both of them, forward."""
        self._stopped.move(timedelta(seconds=seconds))
        self.monotonic_s += seconds


@contextmanager
def stopped(monkeypatch: pytest.MonkeyPatch, module: str) -> Iterator[Time]:
    """Stop both clocks; module: the one that measures with `time.monotonic`."""
    with clock.at(datetime.now(UTC)) as standing:
        time = Time(standing)
        monkeypatch.setattr(f"{module}.time.monotonic", lambda: time.monotonic_s)
        yield time
        monkeypatch.undo()
