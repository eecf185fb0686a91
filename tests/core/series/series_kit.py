"""What the tests of the series store share beside fixtures."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from gridloom.core.series.public import Batch, Channel, Written, write
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

QUARTER_MS = 900_000

NewChannel = Callable[..., Awaitable[Channel]]
CountRows = Callable[[Channel], Awaitable[int]]


def ms(text: str) -> int:
    """Milliseconds since 1970 of an instant such as `2026-03-29T00:00Z`."""
    return clock.to_ms(datetime.fromisoformat(text))


def quarters(start: int, count: int) -> list[int]:
    """The beginnings of so many quarter hours."""
    return [start + n * QUARTER_MS for n in range(count)]


async def put(db: Database, tenant: int, batch: Batch) -> Written:
    """Write in a transaction of its own."""
    async with db.tenant(tenant) as tx:
        return await write(tx, batch)
