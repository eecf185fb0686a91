"""An application with both sides: the API, and a door for charge points."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.charging.csms.support import opened
from tests.suites.client import Callers

from gridloom.app import Application, Roles


@pytest.fixture(scope="package")
async def central(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """The application."""
    folder = tmp_path_factory.mktemp("var")
    unlimited = dict.fromkeys(("rate_per_subject", "rate_per_address", "logins_per_minute"), 1_000_000)
    async with opened(database_url, folder, roles=Roles.OCPP | Roles.API, **unlimited) as application:
        yield application


@pytest.fixture
def operators(central: Application, tenant: int, other_tenant: int) -> Callers:
    """Makes callers of the two tenants of a test, of that application."""
    transport = httpx.ASGITransport(app=central.asgi, raise_app_exceptions=False)
    return Callers(central, transport, tenant, other_tenant)
