"""People and communities."""

import httpx
import pytest
from tests.communities.kit import Community, Person, World

from gridloom.app import Application


@pytest.fixture
def world(application: Application, anonymous: httpx.AsyncClient, tenant: int, other_tenant: int) -> World:
    """Makes people and communities."""
    return World(application, anonymous, tenant, other_tenant)


@pytest.fixture
async def ada(world: World) -> Person:
    """A user."""
    return await world.person()


@pytest.fixture
async def street(world: World, ada: Person) -> Community:
    """A community whose only administrator is ada."""
    return await world.community(ada)
