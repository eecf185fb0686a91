"""The state of the parts, for the start page and for `/health/ready`."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services

TIMEOUT_S = 2.0


class Part(msgspec.Struct, frozen=True):
    """One part: whether it works, in a word what it says, and whether nothing works without it."""

    name: str
    good: bool
    text: str
    needed: bool = False


async def state_of(services: Services) -> list[Part]:
    """Every part, asked at the same time; one that does not answer within two seconds is not good."""
    checks: dict[str, tuple[Callable[[Services], Awaitable[str]], bool]] = {"database": (_database, True)}
    asked = (_ask(name, check, services, needed=needed) for name, (check, needed) in checks.items())
    return list(await asyncio.gather(*asked))


async def _ask(name: str, check: Callable[[Services], Awaitable[str]], services: Services, *, needed: bool) -> Part:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return Part(name, True, await check(services), needed)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this page shows
        return Part(name, False, type(error).__name__, needed)


async def _database(services: Services) -> str:
    async with services.part(Database).system() as tx:
        return f"PostgreSQL {await tx.scalar('SHOW server_version')}"
