"""The community that a newcomer finds."""

from tests.communities.kit import World

from gridloom.communities.demo_data import NAME, fill


async def test_the_demo_community_has_the_first_user_as_administrator(world: World) -> None:
    first, second = await world.person(), await world.person()
    await fill(world.application.services, world.tenant)
    (found,) = (await first.call("GET", "/communities/my-communities")).json()["data"]
    assert (found["name"], found["role"]) == (NAME, "ADMIN")
    assert (await second.call("GET", "/communities/my-communities")).json()["data"] == []
