"""The state of the parts, for the start page and for `/health/ready`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events import letters as events
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Services
from gridloom.kernel.jobs import queue
from gridloom.kernel.webhooks import letters as webhooks
from gridloom.settings import Settings

TIMEOUT_S = 2.0
LATE_S = 60.0

Check: TypeAlias = Callable[[Services], Awaitable[tuple[bool, str]]]


class Part(msgspec.Struct, frozen=True):
    """One part: whether it works, in a word what it says, and whether nothing works without it."""

    name: str
    good: bool
    text: str
    needed: bool = False


async def state_of(services: Services) -> list[Part]:
    """Every part, asked at the same time; one that does not answer within two seconds is not good."""
    checks: dict[str, tuple[Check, bool]] = {
        "database": (_database, True),
        "events": (_events, False),
        "webhooks": (_webhooks, False),
        "jobs": (_jobs, False),
        "files": (_files, False),
        "calculations": (_calculations, False),
        "weather": (_weather, False),
    }
    asked = (_ask(name, check, services, needed=needed) for name, (check, needed) in checks.items())
    return list(await asyncio.gather(*asked))


async def _ask(name: str, check: Check, services: Services, *, needed: bool) -> Part:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            good, text = await check(services)
            return Part(name, good, text, needed)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this page shows
        return Part(name, False, type(error).__name__, needed)


async def _database(services: Services) -> tuple[bool, str]:
    async with services.part(Database).system() as tx:
        return True, f"PostgreSQL {await tx.scalar('SHOW server_version')}"


async def _events(services: Services) -> tuple[bool, str]:
    async with services.part(Database).system() as tx:
        found = await events.backlog(tx)
    text = f"{found.new} to be relayed, {found.waiting} to be handled, {found.dead} given up"
    return found.oldest_s < LATE_S, text


async def _webhooks(services: Services) -> tuple[bool, str]:
    async with services.part(Database).system() as tx:
        found = await webhooks.backlog(tx)
    return True, f"{found.waiting} to be sent, {found.dead} given up"


async def _jobs(services: Services) -> tuple[bool, str]:
    async with services.part(Database).system() as tx:
        found = await queue.counts(tx)
    return True, f"{found.get('todo', 0)} waiting, {found.get('doing', 0)} running, {found.get('failed', 0)} failed"


async def _files(services: Services) -> tuple[bool, str]:
    return True, "object store" if services.part(Files).store.signs else "local folder"


async def _calculations(services: Services) -> tuple[bool, str]:
    address = services.part(Settings).dask_address
    return True, f"Dask at {address}" if address else "Dask in this process"


async def _weather(services: Services) -> tuple[bool, str]:
    return True, "files and a weather service" if services.part(Settings).open_meteo_url else "files"
