"""Who looks at the site: a person with a browser, and a program."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.communities.kit import World
from tests.web.browsing import CHROMIUM, Tab, chromium, new_tab, served
from websockets.asyncio.client import ClientConnection

from gridloom.app import Application

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def browser(transport: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    """A person."""
    async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test", headers=HTML) as client:
        yield client


@pytest.fixture(scope="session")
async def chromium_process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClientConnection]:
    """One browser for all tests of this process."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    async with chromium(tmp_path_factory.mktemp("chromium")) as connection:
        yield connection


@pytest.fixture
async def tab(chromium_process: ClientConnection) -> AsyncIterator[Tab]:
    """A page without a past, 1200 pixels wide."""
    opened = await new_tab(chromium_process)
    yield opened
    await opened.close()


@pytest.fixture
async def address(application: Application) -> AsyncIterator[str]:
    """The application on a socket of this machine."""
    async with served(application.asgi) as found:
        yield found


@pytest.fixture
def world(application: Application, anonymous: httpx.AsyncClient, tenant: int, other_tenant: int) -> World:
    """Makes people and communities."""
    return World(application, anonymous, tenant, other_tenant)
