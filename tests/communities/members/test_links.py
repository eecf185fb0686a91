"""Which user is which member: inviting, linking, letting go."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.communities.invitations.samples import invited_for, letters
from tests.communities.invitations.samples import listed as invitations
from tests.communities.kit import Community, Person, World, refused
from tests.communities.members.samples import LINK, ONE, done, link_of, linked, made, read


async def invite(caller: Person, community: Community, member: Any, email: Any, **options: Any) -> httpx.Response:
    body = {"id_member": member, "user_email": email}
    return await caller.call("PATCH", "/members/invite", community, json=body, **options)


async def unlink(caller: Person, community: Community, member: int) -> httpx.Response:
    return await caller.call("DELETE", f"/members/{member}/link", community, template=LINK)


async def accept(person: Person, number: int) -> httpx.Response:
    return await person.call("POST", "/invitations/accept", json={"invitation_id": number})


async def test_a_member_is_nobody_then_waits_then_is_linked_then_nobody_again(
    world: World, street: Community, ada: Person
) -> None:
    number, grace = await made(street), await world.person()
    assert await link_of(ada, street, number) == {"status": 2}
    done(await invite(ada, street, number, f" {grace.email.upper()} "))
    assert await link_of(ada, street, number) == {"status": 3, "user_email": grace.email.upper()}
    assert "user_link_email" not in await read(ada, street, number)
    (mine,) = await invitations(grace, "/invitations/own")
    assert (mine["member_id"], mine["member_name"], mine["to_be_encoded"]) == (number, "Lambert", False)
    done(await accept(grace, mine["id"]))
    profile = await grace.profile()
    assert await link_of(ada, street, number) == {"status": 1, "user_email": grace.email, "user_id": profile}
    assert (await read(ada, street, number))["user_link_email"] == grace.email
    assert (await street.roles())[profile] == "MEMBER"
    assert await invitations(grace, "/invitations/own") == []
    done(await unlink(ada, street, number))
    assert await link_of(ada, street, number) == {"status": 2}
    assert "user_link_email" not in await read(ada, street, number)
    assert (await street.roles())[profile] == "MEMBER"


@pytest.mark.parametrize(
    ("email", "status"), [("grace@example.org", 3), (" GRACE@example.org", 3), ("other@example.org", 2), ("", 3)]
)
async def test_a_link_can_be_asked_for_by_address(street: Community, ada: Person, email: str, status: int) -> None:
    number = await made(street)
    await invited_for(street, number, "Grace@example.org")
    assert (await link_of(ada, street, number, f"?email={email}"))["status"] == status


async def test_a_linked_member_is_asked_about_by_address(world: World, street: Community, ada: Person) -> None:
    number, grace = await made(street), await world.person()
    await linked(street, number, grace)
    assert (await link_of(ada, street, number, f"?email={grace.email}"))["status"] == 1
    assert await link_of(ada, street, number, "?email=other@example.org") == {"status": 2}


async def test_asking_again_refreshes_and_asking_another_replaces(world: World, street: Community, ada: Person) -> None:
    number, grace, ida = await made(street), await world.person(), await world.person()
    done(await invite(ada, street, number, grace.email))
    (first,) = await invitations(ada, "/invitations/", street)
    done(await invite(ada, street, number, grace.email))
    assert await invitations(ada, "/invitations/", street) == [first]
    done(await invite(ada, street, number, ida.email))
    (second,) = await invitations(ada, "/invitations/", street)
    assert second["user_email"] == ida.email
    assert await invitations(grace, "/invitations/own") == []
    refused(await accept(grace, second["id"]), 400, 30007)
    assert [each.to for each in await letters(street)] == [grace.email, ida.email]


async def test_a_linked_member_is_not_offered_to_another_user(world: World, street: Community, ada: Person) -> None:
    number, grace = await made(street), await world.person()
    await linked(street, number, grace)
    before = await street.everything()
    refused(await invite(ada, street, number, "new@example.org"), 400, 50007)
    assert await street.everything() == before
    assert await letters(street) == []


@pytest.mark.parametrize("email", ["nobody", "", "a b@example.org", "a@", "@b", "a@b,c@d", "a@b\nbcc: c@d", 5, None])
async def test_an_invitation_needs_an_address(street: Community, ada: Person, email: Any) -> None:
    number = await made(street)
    before = await street.everything()
    refused(await invite(ada, street, number, email), 422, 5000 if not isinstance(email, str) else 5002)
    assert await street.everything() == before
    assert await letters(street) == []


async def test_an_open_invitation_is_dropped_like_a_link(world: World, street: Community, ada: Person) -> None:
    number, grace = await made(street), await world.person()
    invitation = await invited_for(street, number, grace.email)
    done(await unlink(ada, street, number))
    assert await link_of(ada, street, number) == {"status": 2}
    refused(await accept(grace, invitation), 400, 30006)
    told = refused(await unlink(ada, street, number), 400, 50002)["data"]
    assert told == "No user is linked to this member, and none is invited."


async def test_who_removes_a_member_withdraws_the_invitation(world: World, street: Community, ada: Person) -> None:
    number, grace = await made(street), await world.person()
    invitation = await invited_for(street, number, grace.email)
    done(await ada.call("DELETE", f"/members/{number}", street, template=ONE))
    assert await invitations(grace, "/invitations/own") == []
    assert await invitations(ada, "/invitations/", street) == []
    refused(await accept(grace, invitation), 400, 30006)
    assert await grace.profile() not in await street.roles()


async def test_who_manages_already_stays_manager_when_linked(street: Community, ada: Person) -> None:
    number, manager = await made(street), await street.add("MANAGER")
    done(await accept(manager, await invited_for(street, number, manager.email)))
    assert (await street.roles())[await manager.profile()] == "MANAGER"


async def test_one_user_may_be_two_members(world: World, street: Community, ada: Person) -> None:
    grace = await world.person()
    for number in (await made(street), await made(street)):
        done(await accept(grace, await invited_for(street, number, grace.email)))
        assert (await link_of(ada, street, number))["status"] == 1


async def test_of_a_removal_and_an_acceptance_at_once_the_first_counts(
    world: World, street: Community, ada: Person
) -> None:
    for _ in range(5):
        number, grace = await made(street), await world.person()
        invitation = await invited_for(street, number, grace.email)
        removal = ada.call("DELETE", f"/members/{number}", street, template=ONE)
        answers = await asyncio.gather(removal, accept(grace, invitation))
        assert answers[0].json()["error_code"] == 0
        assert answers[1].json()["error_code"] in (0, 30006)
        async with world.database.tenant(world.tenant) as tx:
            row = await tx.one("SELECT removed_at, profile_id FROM communities.member WHERE id = :id", id=number)
        assert row is not None
        assert (row["removed_at"] is not None, row["profile_id"]) == (True, None)


async def test_an_invitation_is_mailed_in_the_language_of_the_request(street: Community, ada: Person) -> None:
    number = await made(street)
    done(await invite(ada, street, number, "new@example.org", headers={"accept-language": "fr-BE, en;q=0.5"}))
    (letter,) = await letters(street)
    assert (letter.to, letter.language) == ("new@example.org", "fr")
    assert letter.subject == "Invitation à la communauté d'énergie Sunny Street"
    assert "vous a inscrit comme membre" in letter.text
    assert "new@example.org" in letter.text
