"""How many transactions the messages of stations may hold at once."""

import asyncio
from types import TracebackType


class Turns:
    """A share of the pool for messages: however many stations speak, requests find a connection. `async with` one turn."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(max(1, count))

    async def __aenter__(self) -> None:
        await self._free.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.release()


class Arrivals(Turns):
    """Another share, for stations that come and go: a thousand of them at once hold up neither messages nor requests."""


def shares(pool: int) -> tuple[Turns, Arrivals]:
    """Together at most half of a pool; the other half is left to requests and to the work behind them."""
    return Turns(pool * 5 // 16), Arrivals(pool * 3 // 16)
