"""Writing together what comes at the same time: one commit for many messages, and no message waits for a clock."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Gathering(Generic[K, T]):
    """While one batch of a key is being written, the next one gathers; `add` returns when its own is committed.

    write: commits a batch or raises; a batch that fails is written again one by one, so that nobody fails for another.
    """

    def __init__(self, write: Callable[[K, list[T]], Awaitable[None]], *, most: int = 200) -> None:
        self._write = write
        self._most = most
        self._waiting: dict[K, list[tuple[T, asyncio.Future[None]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, key: K, item: T) -> None:
        """Have it written. Raises what `write` raises for it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if key in self._waiting:
            self._waiting[key].append((item, future))
        else:
            self._waiting[key] = [(item, future)]
            task = asyncio.create_task(self._flush(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await future

    async def _flush(self, key: K) -> None:
        await asyncio.sleep(0)  # whoever is ready now comes along
        while waiting := self._waiting[key]:
            batch, self._waiting[key] = waiting[: self._most], waiting[self._most :]
            try:
                await self._write(key, [item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - it is given to those who wait
                await self._apart(key, batch, error)
            else:
                _settle(batch)
        del self._waiting[key]

    async def _apart(self, key: K, batch: list[tuple[T, asyncio.Future[None]]], error: Exception) -> None:
        if len(batch) == 1:
            _settle(batch, error)
            return
        for each in batch:
            try:
                await self._write(key, [each[0]])
            except Exception as own:  # noqa: BLE001 - it is given to the one who waits
                _settle([each], own)
            else:
                _settle([each])


def _settle(batch: list[tuple[T, asyncio.Future[None]]], error: Exception | None = None) -> None:
    for _, future in batch:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
