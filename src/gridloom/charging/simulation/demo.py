"""The simulated site of a demo: it lives as long as the server beside it."""

import asyncio
from collections.abc import Callable

import httpx
import structlog

from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.simulation.site import Refused, ensure
from gridloom.charging.simulation.street import Habits, Street

log = structlog.get_logger(__name__)

PREFIX = "DEMO"
WAITING = 1  # the first station is left to the reader


async def live(api: str, address: str, token: str, stations: int, ready: Callable[[], None]) -> None:
    """Make sure of the site through the API at `api`, say that it is there, and let its stations call `address` until this is
    cancelled."""
    try:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=api, headers=headers, timeout=60, trust_env=False) as client:
            site = await ensure(client, stations, (Version.V16, Version.V201), prefix=PREFIX)
    except (Refused, httpx.HTTPError) as error:
        # A demo that somebody has changed: what was changed is worth more than the cars.
        log.warning("demo_site_not_alive", error=str(error)[:500])
        return
    finally:
        ready()
    log.info("demo_site_alive", stations=stations)
    await Street(site.residents(address, waiting=WAITING), Habits()).run()


def begin(api: str, address: str, token: str, stations: int, ready: Callable[[], None]) -> "asyncio.Task[None]":
    """Start it beside the server, in the running loop; hold on to the task. ready: called once, when the site is made."""
    return asyncio.get_running_loop().create_task(live(api, address, token, stations, ready), name="demo_site")
