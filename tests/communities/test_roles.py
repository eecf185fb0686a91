"""Every operation, as every role, in the own community, in another one and in another tenant's: made from the one table."""

import itertools
from typing import Any, NamedTuple

import pytest
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.api import api
from gridloom.communities.roles import NEEDED, RANK, ROLES, Role
from gridloom.kernel.http.operation import PUBLIC

STANDINGS = (None, *ROLES)
PLACES = ("own", "other", "other tenant", "nowhere", "not named")


class Scene(NamedTuple):
    """Somebody with a role in a community that has two more administrators and a member."""

    caller: Person
    community: Community
    member: int


def operations() -> dict[str, tuple[str, str]]:
    return {each.name: (each.method, each.path) for each in api.operations if each.scope != PUBLIC}


def request(scene: Scene, name: str) -> tuple[str, dict[str, Any]]:
    """A request of this operation that is right in every other way."""
    bodies: dict[str, dict[str, Any]] = {
        "patch_communities": {"id_user": scene.member, "new_role": "MEMBER"},
        "post_communities": {"name": "Moon Street"},
        "put_communities": {"name": "Moon Street"},
        "put_users": {"first_name": "Ada"},
    }
    path = operations()[name][1].format(id_community=scene.community.id, id_user=scene.member)
    return path, {"json": bodies[name]} if name in bodies else {}


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


def test_the_table_and_the_operations_name_each_other() -> None:
    assert set(operations()) == set(NEEDED)


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize(("name", "place"), list(itertools.product(sorted(NEEDED), PLACES)))
async def test_a_role_opens_what_the_table_says_and_nothing_else(
    scene: Scene, name: str, place: str, standing: Role | None
) -> None:
    method, template = operations()[name]
    path, options = request(scene, name)
    named = await place_of(scene, place)
    before, row = await scene.community.roles(), await scene.community.row()
    answer = await scene.caller.call(method, path, named, template=template, **options)
    status, number = expected(name, standing, place)
    if status == 200:
        assert (answer.status_code, answer.json()["error_code"]) == (200, 0), answer.text
    else:
        refused(answer, status, number)
        assert await scene.community.roles() == before
        assert await scene.community.row() == row


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("bearer", [None, "Bearer glm_wrong", "Basic YTpi", "Bearer "])
async def test_nobody_calls_anything_without_a_token(world: World, name: str, bearer: str | None) -> None:
    method, template = operations()[name]
    headers = {"x-community-id": "0198"} | ({"authorization": bearer} if bearer is not None else {})
    path = template.format(id_community=1, id_user=1)
    refused(await world.client.request(method, path, headers=headers), 401, 6)
