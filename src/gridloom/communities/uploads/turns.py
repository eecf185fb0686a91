"""Who reads a file when: one at a time of each tenant, some of an installation, and small files apart from large ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from gridloom.communities.uploads.kinds import Kind

SMALL_BYTES = 1_000_000
# A workbook is read in a process of its own, which may take a gigabyte.
WORKBOOKS_AT_ONCE = 2
CSV_AT_ONCE = 4

T = TypeVar("T")


class Lane(Generic[T]):
    """Files that wait for one another. Threads of its own, because those that all share would be taken by large files."""

    def __init__(self, name: str, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"upload-{name}")
        self._tenants: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, tenant: int) -> AsyncIterator[None]:
        """Wait for the tenant's own files, and only then for those of others: who waits for itself holds no place."""
        mine = self._tenants.setdefault(tenant, asyncio.Lock())
        async with mine, self._places:
            yield

    async def run(self, work: Callable[[], T]) -> T:
        """Do something that blocks, within a turn."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class Turns:
    """The lanes of an installation: small CSVs, workbooks, and large CSVs."""

    def __init__(self) -> None:
        self._workbooks: Lane[None] = Lane("workbook", WORKBOOKS_AT_ONCE)
        self._small: Lane[None] = Lane("small", CSV_AT_ONCE)
        self._large: Lane[None] = Lane("large", CSV_AT_ONCE)

    def lane(self, kind: Kind, size_bytes: int) -> Lane[None]:
        """Where a file waits."""
        if kind == "workbook":
            return self._workbooks
        return self._small if size_bytes < SMALL_BYTES else self._large
