"""Fixtures of everything that speaks HTTP: the whole application on the worker's database, and callers of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.suites.client import Callers

from gridloom.app import Application, Roles
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings


@pytest.fixture(scope="session")
async def application(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """The application as it is served, without a socket; limits are out of the way."""
    folder: Path = tmp_path_factory.mktemp("var")
    settings = Settings(
        var=str(folder), rate_per_subject=1_000_000, rate_per_address=1_000_000, logins_per_minute=1_000_000, database_pool=5,
        gateway_secret="shared-with-the-gateway", outbound_private=True,
    )  # fmt: skip
    # Without relay and worker: tests of those run their own on the same database.
    built = Application(settings, database_url, Sealer(b"k" * 32), roles=Roles.API)
    async with built.running():
        yield built


@pytest.fixture(scope="session")
def transport(application: Application) -> httpx.ASGITransport:
    """A way into the application without a socket; exceptions become answers, as they do behind a socket."""
    return httpx.ASGITransport(app=application.asgi, raise_app_exceptions=False)


@pytest.fixture
def callers(application: Application, transport: httpx.ASGITransport, tenant: int, other_tenant: int) -> Callers:
    """Makes callers of this test's two tenants."""
    return Callers(application, transport, tenant, other_tenant)


@pytest.fixture
async def anonymous(transport: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test") as client:
        yield client
