"""`gridloom simulate`: charge points for a gridloom that runs, as programs on the other end of the line."""

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gridloom import demo as demos
from gridloom.charging.ocpp.public import Version
from gridloom.charging.simulation.site import Refused, Site, ensure
from gridloom.charging.simulation.street import Habits, Street

LOOK_S, SAY_S = 2.0, 60.0


class Impossible(Exception):
    """Why there is nothing to simulate, and what to do about it."""


def token_of_demo(var: Path) -> str:
    """The charging token of the demo tenant. Raises Impossible when there is none."""
    found = demos.known(var)
    if found is None:
        raise Impossible(
            f"there is no demo in {var}: give `--token` (of `gridloom token create TENANT charging --scope '*'`)."
        )
    return found.charging_token


def versions(text: str) -> list[Version]:
    """The versions of a list such as `1.6,2.0.1`. Raises Impossible."""
    known = {"1.6": Version.V16, "2.0.1": Version.V201}
    names = [each.strip() for each in text.split(",") if each.strip()]
    if not names or any(each not in known for each in names):
        raise Impossible(f"{text!r}: versions are 1.6 and 2.0.1, with a comma between them.")
    return [known[each] for each in names]


async def simulate(
    api: str,
    address: str,
    token: str,
    *,
    stations: int,
    kinds: list[Version],
    interval_s: float,
    prefix: str,
    err: Console,
) -> None:
    """Make sure of the stations and let them live until they are cancelled. Raises Impossible."""
    try:
        site = await _made(api, token, stations, kinds, prefix, err)
    except httpx.HTTPError as error:
        raise Impossible(
            f"gridloom does not answer at {api} ({type(error).__name__}): start `gridloom run` first."
        ) from None
    except Refused as refusal:
        raise Impossible(str(refusal)) from None
    street = Street(site.residents(address.rstrip("/")), Habits(interval_s=interval_s))
    running = asyncio.create_task(street.run())
    watching = asyncio.create_task(_show(street, err))
    try:
        await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _made(api: str, token: str, stations: int, kinds: list[Version], prefix: str, err: Console) -> Site:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    async with httpx.AsyncClient(
        base_url=api, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    ) as client:
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task("stations", total=stations)
            return await ensure(client, stations, kinds, prefix=prefix, made=lambda: progress.advance(task))


async def _show(street: Street, err: Console) -> None:
    """One line that tells how many are there; a line a minute where nobody looks at a terminal."""
    while not err.is_terminal:
        await asyncio.sleep(LOOK_S)
        err.print(f"{street.online} of {len(street.residents)} stations online, {street.charging} cars charging")
        await asyncio.sleep(SAY_S)
    with Live(console=err, auto_refresh=False) as live:
        while True:
            live.update(
                f"{street.online} of {len(street.residents)} stations online, {street.charging} cars charging",
                refresh=True,
            )
            await asyncio.sleep(LOOK_S)
