"""Founding, renaming, leaving and deleting communities; appointing people and sending them away."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.suites.client import Callers

from gridloom.communities.roles import Role

LEAVE, KICK = "/communities/leave/{id_community}", "/communities/kick/{id_user}"
DELETE = "/communities/delete/{id_community}"


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


async def found(person: Person, name: Any) -> httpx.Response:
    return await person.call("POST", "/communities/", json={"name": name})


async def appoint(caller: Person, community: Community, person: Person | int, role: Any) -> httpx.Response:
    number = person if isinstance(person, int) else await person.profile()
    return await caller.call("PATCH", "/communities/", community, json={"id_user": number, "new_role": role})


async def leave(person: Person, community: Community | int) -> httpx.Response:
    number = community if isinstance(community, int) else community.id
    return await person.call("DELETE", f"/communities/leave/{number}", template=LEAVE)


async def kick(caller: Person, community: Community, person: Person | int) -> httpx.Response:
    number = person if isinstance(person, int) else await person.profile()
    return await caller.call("DELETE", f"/communities/kick/{number}", community, template=KICK)


async def mine(person: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await person.call("GET", "/communities/my-communities")).json()["data"]
    return listed


async def test_who_founds_a_community_is_its_administrator(world: World, ada: Person) -> None:
    done(await found(ada, "  Sunny Street "))
    (only,) = await mine(ada)
    assert (only["name"], only["role"]) == ("Sunny Street", "ADMIN")
    assert await mine(await world.person()) == []


async def test_two_communities_of_one_name_are_two(ada: Person) -> None:
    done(await found(ada, "Sunny Street"))
    done(await found(ada, "Sunny Street"))
    first, second = await mine(ada)
    assert first["auth_community_id"] != second["auth_community_id"]


@pytest.mark.parametrize(
    ("name", "number"), [("", 5008), ("   ", 5008), (5, 5000), (None, 5000), ("x" * 201, 5000), ("a\x00", 5000)]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_community_needs_a_name(street: Community, ada: Person, method: str, name: Any, number: int) -> None:
    refused(await ada.call(method, "/communities/", street, json={"name": name}), 422, number)
    refused(await ada.call(method, "/communities/", street, json={}), 422, 5000)
    assert [each["name"] for each in await mine(ada)] == ["Sunny Street"]


async def test_a_manager_gives_the_community_another_name(street: Community) -> None:
    manager = await street.add("MANAGER")
    done(await manager.call("PUT", "/communities/", street, json={"name": "Moon Street"}))
    assert [each["name"] for each in await mine(manager)] == ["Moon Street"]


@pytest.mark.parametrize(
    ("caller", "now", "new", "is_done"),
    [
        ("MANAGER", "MEMBER", "MANAGER", True),
        ("MANAGER", "MANAGER", "MEMBER", True),
        ("MANAGER", "MEMBER", "ADMIN", False),
        ("MANAGER", "ADMIN", "MEMBER", False),
        ("ADMIN", "ADMIN", "MEMBER", True),
        ("ADMIN", "MANAGER", "MEMBER", True),
    ],
)
async def test_a_role_is_given_within_the_own_one(
    street: Community, caller: Role, now: Role, new: Role, is_done: bool
) -> None:
    one, other = await street.add(caller), await street.add(now)
    before = await street.roles()
    answer = await appoint(one, street, other, new)
    if is_done:
        done(answer)
        assert await street.roles() == before | {await other.profile(): new}
    else:
        refused(answer, 403, 4)
        assert await street.roles() == before


async def test_an_administrator_who_appoints_another_one_becomes_manager(street: Community, ada: Person) -> None:
    grace = await street.add("MEMBER")
    done(await appoint(ada, street, grace, "ADMIN"))
    assert await street.roles() == {await ada.profile(): "MANAGER", await grace.profile(): "ADMIN"}


async def test_an_administrator_may_stay_one(street: Community, ada: Person) -> None:
    done(await appoint(ada, street, ada, "ADMIN"))
    assert await street.roles() == {await ada.profile(): "ADMIN"}


async def test_the_last_administrator_cannot_become_something_else(street: Community, ada: Person) -> None:
    await street.add("MANAGER")
    before = await street.roles()
    refused(await appoint(ada, street, ada, "MANAGER"), 400, 10011)
    assert await street.roles() == before


async def test_one_of_two_administrators_may_step_down(street: Community, ada: Person) -> None:
    other = await street.add("ADMIN")
    done(await appoint(ada, street, ada, "MEMBER"))
    assert await street.roles() == {await ada.profile(): "MEMBER", await other.profile(): "ADMIN"}


@pytest.mark.parametrize("whose", ["nobody", "another community", "another tenant", "left"])
async def test_only_a_user_of_the_community_is_appointed_or_sent_away(
    world: World, street: Community, ada: Person, whose: str
) -> None:
    match whose:
        case "nobody":
            number = 2**40
        case "another community":
            number = await (await world.person()).profile()
        case "another tenant":
            number = await (await world.person(tenant=world.other_tenant)).profile()
        case _:
            gone = await street.add("MEMBER")
            done(await leave(gone, street))
            number = await gone.profile()
    before = await street.roles()
    refused(await appoint(ada, street, number, "MEMBER"), 400, 10010)
    refused(await kick(ada, street, number), 400, 10005)
    assert await street.roles() == before


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ({"new_role": "MEMBER"}, 5001),
        ({"id_user": "x", "new_role": "MEMBER"}, 5001),
        ({"id_user": 1.5, "new_role": "MEMBER"}, 5001),
        ({"id_user": 1, "new_role": "OWNER"}, 5010),
        ({"id_user": 1, "new_role": 2}, 5010),
        ({"id_user": 1}, 5010),
    ],
)
async def test_an_appointment_names_a_user_and_a_role(
    street: Community, ada: Person, body: dict[str, Any], number: int
) -> None:
    refused(await ada.call("PATCH", "/communities/", street, json=body), 422, number)


async def test_who_left_is_gone_and_may_come_back(street: Community, ada: Person) -> None:
    grace = await street.add("MANAGER")
    done(await leave(grace, street))
    assert await mine(grace) == []
    refused(await grace.call("GET", "/communities/users", street), 401, 5)
    refused(await leave(grace, street), 400, 10005)
    assert await street.roles() == {await ada.profile(): "ADMIN"}


async def test_the_last_administrator_neither_leaves_nor_is_sent_away(street: Community, ada: Person) -> None:
    await street.add("MANAGER")
    before = await street.roles()
    refused(await leave(ada, street), 400, 10006)
    refused(await kick(ada, street, ada), 400, 10006)
    assert await street.roles() == before


async def test_a_community_that_is_not_mine_cannot_be_left(world: World, street: Community) -> None:
    outsider, foreign = await world.person(), await world.person(tenant=world.other_tenant)
    before = await street.roles()
    for person in (outsider, foreign):
        refused(await leave(person, street), 400, 10005)
    refused(await leave(outsider, 2**40), 400, 10005)
    assert await street.roles() == before


@pytest.mark.parametrize("path", ["leave/x", "kick/1.5", "delete/99999999999999999999"])
async def test_a_number_in_the_path_is_a_number(street: Community, ada: Person, path: str) -> None:
    refused(await ada.world.client.delete(f"/communities/{path}", headers={
        "authorization": f"Bearer {ada.token}", "x-community-id": street.auth_id,
    }), 422, 5001)  # fmt: skip


async def test_who_is_sent_away_is_shut_out_at_once(street: Community, ada: Person) -> None:
    grace = await street.add("ADMIN")
    assert (await grace.call("GET", "/communities/users", street)).status_code == 200
    done(await kick(ada, street, grace))
    refused(await grace.call("GET", "/communities/users", street), 401, 5)
    assert await street.roles() == {await ada.profile(): "ADMIN"}


async def test_who_is_demoted_may_less_at_once(street: Community, ada: Person) -> None:
    grace = await street.add("MANAGER")
    done(await appoint(ada, street, grace, "MEMBER"))
    refused(await grace.call("GET", "/communities/users", street), 403, 4)


async def test_a_deleted_community_is_found_by_nobody(street: Community, ada: Person) -> None:
    member = await street.add("MEMBER")
    done(await ada.call("DELETE", f"/communities/delete/{street.id}", street, template=DELETE))
    assert await mine(ada) == []
    assert await mine(member) == []
    refused(await ada.call("GET", "/communities/users", street), 401, 5)
    refused(await leave(member, street), 400, 10005)
    assert (await street.row())["deleted_at"] is not None


async def test_only_the_community_of_the_header_is_deleted(world: World, street: Community, ada: Person) -> None:
    other = await world.community(ada, "Other")
    foreign = await world.community(await world.person(tenant=world.other_tenant))
    for number in (other.id, foreign.id, 2**40):
        refused(await ada.call("DELETE", f"/communities/delete/{number}", street, template=DELETE), 400, 10013)
    assert [(await each.row())["deleted_at"] for each in (street, other, foreign)] == [None, None, None]


async def test_of_two_administrators_who_leave_at_once_one_stays(world: World) -> None:
    for _ in range(5):
        one = await world.person()
        community = await world.community(one)
        other = await community.add("ADMIN")
        answers = await asyncio.gather(leave(one, community), leave(other, community))
        assert sorted(each.status_code for each in answers) == [200, 400]
        assert list((await community.roles()).values()) == ["ADMIN"]


async def test_of_two_administrators_who_send_each_other_away_one_stays(world: World) -> None:
    for _ in range(5):
        one = await world.person()
        community = await world.community(one)
        other = await community.add("ADMIN")
        answers = await asyncio.gather(kick(one, community, other), kick(other, community, one))
        # Whoever comes second is no administrator any more: stopped at the door, or once the community is held.
        assert sorted(each.status_code for each in answers) in ([200, 401], [200, 403])
        assert list((await community.roles()).values()) == ["ADMIN"]


async def test_a_deletion_waits_for_whoever_holds_the_community_and_comes_too_late(world: World, ada: Person) -> None:
    street = await world.community(ada)
    async with world.database.tenant(world.tenant) as tx:
        await tx.run("UPDATE communities.community SET deleted_at = now() WHERE id = :id", id=street.id)
        waiting = asyncio.create_task(ada.call("DELETE", f"/communities/delete/{street.id}", street, template=DELETE))
        renaming = asyncio.create_task(ada.call("PUT", "/communities/", street, json={"name": "Moon Street"}))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        assert not renaming.done()
    refused(await waiting, 400, 10012)
    refused(await renaming, 400, 10002)
    assert (await street.row())["name"] == "Sunny Street"


async def test_a_program_administers_a_community_but_founds_and_leaves_none(
    callers: Callers, street: Community
) -> None:
    program = await callers.with_scopes("communities", ["*"])
    named = {"x-community-id": street.auth_id}
    listed = await program.get("/communities/users", headers=named)
    assert [each["role"] for each in listed.json()["data"]] == ["ADMIN"]
    grace = await street.add("MEMBER")
    change = {"id_user": await grace.profile(), "new_role": "ADMIN"}
    done(await program.patch("/communities/", headers=named, json=change))
    assert sorted((await street.roles()).values()) == ["ADMIN", "ADMIN"]
    refused(await program.post("/communities/", json={"name": "Nobody's"}), 400, 6)
    refused(await program.delete(f"/communities/leave/{street.id}"), 400, 6)


async def test_a_program_needs_the_scope_and_its_own_tenant(callers: Callers, street: Community) -> None:
    named = {"x-community-id": street.auth_id}
    reader = await callers.with_scopes("communities", ["communities.communities:read"])
    refused(await reader.put("/communities/", headers=named, json={"name": "Moon Street"}), 403, 4)
    foreign = await callers.with_scopes("communities", ["*"], street.world.other_tenant)
    refused(await foreign.put("/communities/", headers=named, json={"name": "Moon Street"}), 401, 5)
    assert (await street.row())["name"] == "Sunny Street"


async def test_every_change_is_in_the_trail(street: Community, ada: Person) -> None:
    grace = await street.add("MEMBER")
    done(await kick(ada, street, grace))
    async with ada.world.database.tenant(ada.tenant) as tx:
        rows = await tx.all("SELECT subject, action, object_id FROM audit.entry WHERE action LIKE 'delete%'")
    assert [tuple(row) for row in rows] == [
        (f"user:{ada.user_id}", "delete_communities_kick_id_user", str(await grace.profile()))
    ]
