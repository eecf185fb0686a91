"""A cooperative, for journeys through the APIs."""

import httpx
import pytest
from tests.communities.kit import Community, World
from tests.journeys.cooperative import Cooperative
from tests.suites.client import Callers

from gridloom.app import Application


@pytest.fixture
def world(application: Application, anonymous: httpx.AsyncClient, tenant: int, other_tenant: int) -> World:
    """Makes people and communities."""
    return World(application, anonymous, tenant, other_tenant)


@pytest.fixture
async def cooperative(world: World, callers: Callers) -> Cooperative:
    """A community of one administrator, without members yet, and somebody who may write every reading of its tenant."""
    ada = await world.person()
    assert (await ada.call("POST", "/communities/", json={"name": "Soleil partagé"})).status_code == 200
    (mine,) = (await ada.call("GET", "/communities/my-communities")).json()["data"]
    community = Community(world, mine["id"], mine["auth_community_id"], world.tenant)
    return Cooperative(ada, community, await callers.with_scopes("metering", ["*"]))
