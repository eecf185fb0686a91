"""Every operation, as every role, in the own community, in another one and in another tenant's: made from the one table."""

import importlib
import itertools
import re
from pathlib import Path

import pytest
from tests.communities.kit import Community, Prepare, Scene, World, refused

from gridloom.communities.api import api
from gridloom.communities.roles import NEEDED, RANK, ROLES, Role
from gridloom.kernel.http.operation import PUBLIC

STANDINGS = (None, *ROLES)
PLACES = ("own", "other", "other tenant", "nowhere", "not named")


def operations() -> dict[str, tuple[str, str]]:
    return {each.name: (each.method, each.path) for each in api.operations if each.scope != PUBLIC}


def _requests() -> dict[str, Prepare]:
    """A right request of every operation: what the modules' tests say, and the few of this file."""
    found: dict[str, Prepare] = {}
    for file in sorted(Path(__file__).parent.glob("*/requests.py")):
        found |= importlib.import_module(f"tests.communities.{file.parent.name}.requests").REQUESTS
    return found


REQUESTS = _requests()


@pytest.fixture
async def scene(world: World, standing: Role | None) -> Scene:
    founder = await world.person()
    community = await world.community(founder)
    await community.add("ADMIN")
    member = await (await community.add("MEMBER")).profile()
    caller = await world.person() if standing is None else await community.add(standing)
    await caller.profile()
    return Scene(caller, community, member)


async def place_of(scene: Scene, place: str) -> Community | str | None:
    world = scene.caller.world
    match place:
        case "own":
            return scene.community
        case "other":
            return await world.community(await world.person(), "Elsewhere")
        case "other tenant":
            return await world.community(await world.person(tenant=world.other_tenant), "Elsewhere")
        case "nowhere":
            return "0198-nowhere"
    return None


def expected(name: str, standing: Role | None, place: str) -> tuple[int, int]:
    """Status and error code."""
    need = NEEDED[name]
    if need.least is None:
        is_stranger = name == "delete_communities_leave_id_community" and standing is None
        return (400, 10005) if is_stranger else (200, 0)
    if place == "not named":
        return 400, 5
    if place != "own" or standing is None:
        return 401, 5
    return (200, 0) if RANK[standing] >= RANK[need.least] else (403, 4)


def test_the_table_the_operations_and_the_requests_name_each_other() -> None:
    assert set(operations()) == set(NEEDED)
    assert set(REQUESTS) == set(NEEDED)


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize(("name", "place"), list(itertools.product(sorted(NEEDED), PLACES)))
async def test_a_role_opens_what_the_table_says_and_nothing_else(
    scene: Scene, name: str, place: str, standing: Role | None
) -> None:
    method, template = operations()[name]
    path, options = await REQUESTS[name](scene)
    named = await place_of(scene, place)
    before = await scene.community.everything()
    answer = await scene.caller.call(method, path, named, template=template, **options)
    status, number = expected(name, standing, place)
    if status == 200:
        assert answer.status_code == 200, answer.text
        is_json = answer.headers["content-type"] == "application/json"
        assert not is_json or answer.json()["error_code"] == 0
    else:
        refused(answer, status, number)
        assert await scene.community.everything() == before


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("bearer", [None, "Bearer glm_wrong", "Basic YTpi", "Bearer "])
async def test_nobody_calls_anything_without_a_token(world: World, name: str, bearer: str | None) -> None:
    method, template = operations()[name]
    headers = {"x-community-id": "0198"} | ({"authorization": bearer} if bearer is not None else {})
    refused(await world.client.request(method, re.sub(r"{\w+}", "1", template), headers=headers), 401, 6)
