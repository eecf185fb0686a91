"""A desk with an admin, one portal and one user of it."""

from typing import Any

import httpx
import pytest
from tests.portal.kit import Admin, Desk, User

from gridloom.app import Application


@pytest.fixture
def desk(application: Application, anonymous: httpx.AsyncClient, tenant: int, other_tenant: int) -> Desk:
    """Speaks to the portal API."""
    return Desk(application, anonymous, tenant, other_tenant)


@pytest.fixture
async def admin(desk: Desk) -> Admin:
    """The admin of the test's organisation."""
    return await desk.admin()


@pytest.fixture
async def portal(admin: Admin) -> dict[str, Any]:
    """A portal for customers."""
    return await admin.portal()


@pytest.fixture
async def ada(admin: Admin, portal: dict[str, Any]) -> User:
    """A user of it."""
    return await admin.user(portal)
