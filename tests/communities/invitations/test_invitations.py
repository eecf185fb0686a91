"""Inviting, accepting, refusing, cancelling."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.communities.invitations.samples import invited, invited_for, invited_to_manage, letters, listed
from tests.communities.kit import Community, Person, World, refused
from tests.communities.members.samples import COMPANY, INDIVIDUAL, MANAGER, done, link_of, made, without
from tests.communities.members.samples import listed as members
from tests.communities.members.samples import read as member

from gridloom.communities.invitations.parts import HOUR_S, LetterLimit
from gridloom.kernel import clock
from gridloom.kernel.security.ratelimit import Limit

CANCEL, REFUSE = "/invitations/{id_invitation}/", "/invitations/{id_invitation}/own/"
Answer = Callable[[Person, int], Awaitable[httpx.Response]]


async def invite(caller: Person, community: Community, what: str, email: Any, **options: Any) -> httpx.Response:
    return await caller.call("POST", f"/invitations/{what}", community, json={"user_email": email}, **options)


async def accept(person: Person, number: Any) -> httpx.Response:
    return await person.call("POST", "/invitations/accept", json={"invitation_id": number})


async def accept_encoded(person: Person, number: Any, body: Any = None) -> httpx.Response:
    given = {"invitation_id": number, "member": INDIVIDUAL if body is None else body}
    return await person.call("POST", "/invitations/accept/encoded", json=given)


async def accept_manager(person: Person, number: Any) -> httpx.Response:
    return await person.call("POST", "/invitations/accept/manager", json={"invitation_id": number})


async def cancel(caller: Person, community: Community, number: int, what: str) -> httpx.Response:
    return await caller.call("DELETE", f"/invitations/{number}/{what}", community, template=CANCEL + what)


async def refuse(person: Person, number: int, what: str) -> httpx.Response:
    return await person.call("DELETE", f"/invitations/{number}/own/{what}", template=REFUSE + what)


async def everything(community: Community) -> tuple[Any, ...]:
    """What the tables of this API hold, how many people there are, and how much mail waits."""
    async with community.world.database.tenant(community.tenant) as tx:
        people = await tx.scalar("SELECT count(*) FROM parties.party")
    return *await community.everything(), people, len(await letters(community))


async def test_who_is_invited_finds_it_and_the_managers_too(world: World, street: Community, ada: Person) -> None:
    grace = await world.person()
    done(await invite(ada, street, "member", grace.email.upper()))
    done(await invite(ada, street, "manager", grace.email))
    (mine,) = await listed(grace, "/invitations/own")
    assert mine == {
        "id": mine["id"], "user_email": grace.email.upper(), "created_at": mine["created_at"], "to_be_encoded": True,
        "community": {"id": street.id, "name": "Sunny Street"},
    }  # fmt: skip
    (managing,) = await listed(grace, "/invitations/own/managers")
    assert managing == {
        "id": managing["id"], "user_email": grace.email, "created_at": managing["created_at"],
        "community": {"id": street.id, "name": "Sunny Street"},
    }  # fmt: skip
    assert await listed(ada, "/invitations/", street) == [mine]
    assert await listed(ada, "/invitations/managers", street) == [managing]
    for path in ("/invitations/own", "/invitations/own/managers"):
        assert await listed(ada, path) == []


async def test_an_address_without_a_user_finds_its_invitations_when_the_user_appears(
    world: World, street: Community, ada: Person
) -> None:
    email = "Later.User@example.org"
    number = await invited(street, email)
    async with world.database.tenant(world.tenant) as tx:
        user = await world.identity.create_user(tx, email.lower(), None, roles=["community"])
        token = await world.identity.issue(tx, "communities", name="test", user_id=user)
    later = Person(world, user, email.lower(), token.secret, world.tenant)
    assert [each["id"] for each in await listed(later, "/invitations/own")] == [number]
    done(await accept_encoded(later, number))
    assert (await street.roles())[await later.profile()] == "MEMBER"


async def test_a_caller_without_an_address_has_no_invitations(world: World, street: Community, ada: Person) -> None:
    await invited(street, "kc@example.org")
    async with world.database.system() as tx:
        slug = await tx.scalar("SELECT slug FROM identity.tenant WHERE id = :id", id=world.tenant)
    headers = {"x-gateway-secret": "shared-with-the-gateway", "x-tenant": slug, "x-user-id": "kc-1"}

    async def own(**more: str) -> list[Any]:
        answer = await world.client.get("/invitations/own", headers=headers | more)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["data"]
        return found

    assert await own() == []
    assert len(await own(**{"x-user-email": "KC@example.org"})) == 1
    assert await own() == []
    await world.client.get("/users/", headers=headers | {"x-user-email": "kc@example.org"})
    assert len(await own()) == 1


async def test_who_accepts_with_data_becomes_a_member(world: World, street: Community, ada: Person) -> None:
    grace = await world.person()
    number = await invited(street, grace.email)
    done(await accept_encoded(grace, number, COMPANY))
    (only,) = await members(ada, street)
    assert (only["name"], only["member_type"], only["status"]) == ("Soleil SA", 2, 3)
    assert (await member(ada, street, only["id"]))["user_link_email"] == grace.email
    assert await link_of(ada, street, only["id"]) == {
        "status": 1, "user_email": grace.email, "user_id": await grace.profile(),
    }  # fmt: skip
    assert (await street.roles())[await grace.profile()] == "MEMBER"
    assert await listed(ada, "/invitations/", street) == []
    refused(await accept_encoded(grace, number), 400, 30011)


async def test_who_left_comes_back_by_an_invitation(street: Community, ada: Person) -> None:
    grace = await street.add("MANAGER")
    left = await grace.call("DELETE", f"/communities/leave/{street.id}", template="/communities/leave/{id_community}")
    done(left)
    done(await accept_encoded(grace, await invited(street, grace.email)))
    assert (await street.roles())[await grace.profile()] == "MEMBER"


@pytest.mark.parametrize("now", [None, "MEMBER"])
async def test_who_accepts_to_manage_manages(world: World, street: Community, ada: Person, now: Any) -> None:
    grace = await world.person() if now is None else await street.add(now)
    number = await invited_to_manage(street, grace.email)
    done(await accept_manager(grace, number))
    assert (await street.roles())[await grace.profile()] == "MANAGER"
    assert await listed(ada, "/invitations/managers", street) == []
    refused(await accept_manager(grace, number), 400, 30000)
    assert (await grace.call("GET", "/communities/users", street)).status_code == 200


@pytest.mark.parametrize(("now", "code"), [("MANAGER", 30003), ("ADMIN", 30002)])
async def test_who_manages_already_is_told_so(street: Community, now: Any, code: int) -> None:
    grace = await street.add(now)
    number = await invited_to_manage(street, grace.email)
    before = await everything(street)
    refused(await accept_manager(grace, number), 400, code)
    assert await everything(street) == before


ANSWERS: dict[str, tuple[str, Answer, int, int]] = {
    "accept": ("known", accept, 30006, 30007),
    "accept encoded": ("member", accept_encoded, 30011, 30012),
    "accept manager": ("manager", accept_manager, 30000, 30001),
    "refuse member": ("member", lambda who, n: refuse(who, n, "member"), 30020, 30007),
    "refuse known": ("known", lambda who, n: refuse(who, n, "member"), 30020, 30007),
    "refuse manager": ("manager", lambda who, n: refuse(who, n, "manager"), 30019, 30001),
}


async def of_kind(kind: str, community: Community, email: str) -> int:
    if kind == "known":
        return await invited_for(community, await made(community), email)
    return await (invited if kind == "member" else invited_to_manage)(community, email)


@pytest.mark.parametrize("how", ANSWERS)
async def test_an_answer_counts_once(world: World, street: Community, how: str) -> None:
    kind, answer, gone, _ = ANSWERS[how]
    for _ in range(3):
        grace = await world.person()
        number = await of_kind(kind, street, grace.email)
        codes = [each.json()["error_code"] for each in await asyncio.gather(*(answer(grace, number) for _ in range(3)))]
        assert sorted(codes) == sorted([0, gone, gone])
        before = await everything(street)
        refused(await answer(grace, number), 400, gone)
        assert await everything(street) == before


@pytest.mark.parametrize("how", ANSWERS)
async def test_nobody_answers_for_somebody_else(world: World, street: Community, ada: Person, how: str) -> None:
    kind, answer, _, elses = ANSWERS[how]
    number = await of_kind(kind, street, "grace@example.org")
    before = await everything(street)
    told = refused(await answer(ada, number), 400, elses)["data"]
    assert told == "This invitation is for somebody else."
    assert await everything(street) == before


@pytest.mark.parametrize("how", ANSWERS)
@pytest.mark.parametrize("whose", ["nobody's", "another tenant's", "a deleted community's"])
async def test_what_is_not_there_cannot_be_answered(world: World, street: Community, how: str, whose: str) -> None:
    kind, answer, gone, _ = ANSWERS[how]
    grace = await world.person()
    number = 2**40
    if whose == "another tenant's":
        number = await of_kind(kind, await world.community(await world.person(tenant=world.other_tenant)), grace.email)
    elif whose == "a deleted community's":
        number = await of_kind(kind, street, grace.email)
        async with world.database.tenant(world.tenant) as tx:
            await tx.run("UPDATE communities.community SET deleted_at = now() WHERE id = :id", id=street.id)
        assert await listed(grace, "/invitations/own") == []
        assert await listed(grace, "/invitations/own/managers") == []
    before = await everything(street)
    refused(await answer(grace, number), 400, gone)
    assert await everything(street) == before


@pytest.mark.parametrize("what", ["member", "manager"])
async def test_who_refuses_has_no_role_and_no_mail_goes_out(
    world: World, street: Community, ada: Person, what: str
) -> None:
    grace = await world.person()
    number = await of_kind(what, street, grace.email)
    done(await refuse(grace, number, what))
    assert await grace.profile() not in await street.roles()
    assert await listed(ada, "/invitations/" if what == "member" else "/invitations/managers", street) == []
    assert await letters(street) == []


@pytest.mark.parametrize(("what", "code"), [("member", 30018), ("manager", 30017)])
async def test_a_cancelled_invitation_is_gone_and_no_mail_goes_out(
    world: World, street: Community, ada: Person, what: str, code: int
) -> None:
    grace = await world.person()
    number = await of_kind(what, street, grace.email)
    done(await cancel(ada, street, number, what))
    assert await listed(grace, "/invitations/own") == []
    assert await listed(grace, "/invitations/own/managers") == []
    refused(await cancel(ada, street, number, what), 400, code)
    assert await letters(street) == []


@pytest.mark.parametrize(("what", "code"), [("member", 30018), ("manager", 30017)])
@pytest.mark.parametrize("whose", ["another community", "another tenant"])
async def test_an_invitation_of_another_community_is_not_cancelled(
    world: World, street: Community, ada: Person, what: str, code: int, whose: str
) -> None:
    elsewhere = await world.community(
        await world.person(tenant=world.other_tenant if whose == "another tenant" else None)
    )
    number = await of_kind(what, elsewhere, "grace@example.org")
    before = await everything(elsewhere)
    refused(await cancel(ada, street, number, what), 400, code)
    assert await everything(elsewhere) == before


async def test_data_are_wanted_where_nobody_wrote_them(world: World, street: Community) -> None:
    grace = await world.person()
    new, known = await invited(street, grace.email), await of_kind("known", street, grace.email)
    before = await everything(street)
    refused(await accept(grace, new), 400, 30008)
    refused(await accept_encoded(grace, known), 400, 30013)
    assert await everything(street) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (without(INDIVIDUAL, "first_name"), "member.first_name"), (without(INDIVIDUAL, "iban"), "member.iban"),
        (INDIVIDUAL | {"member_type": 3}, "member.member_type"), (INDIVIDUAL | {"email": "x"}, "member.email"),
        (without(COMPANY, "manager"), "member.manager"), (COMPANY | {"status": 0}, "member.status"),
        ("Ada", "member"),
    ],
)  # fmt: skip
async def test_wrong_data_are_told_and_the_invitation_stays(
    world: World, street: Community, body: Any, field: str
) -> None:
    grace = await world.person()
    number = await invited(street, grace.email)
    before = await everything(street)
    assert refused(await accept_encoded(grace, number, body), 422, 1)["data"].startswith(f"{field}: ")
    assert await everything(street) == before


@pytest.mark.parametrize("way", ["by national number", "by number"])
async def test_who_is_invited_changes_nothing_about_a_manager_who_is_known(
    world: World, street: Community, ada: Person, way: str
) -> None:
    grace = await world.person()
    first = await made(street, COMPANY)
    manager = (await member(ada, street, first))["manager"]
    given: dict[str, Any] = {"manager": MANAGER | {"surname": "Taken", "email": "taken@example.org"}}
    given |= {"manager_id": manager["id"]} if way == "by number" else {}
    done(await accept_encoded(grace, await invited(street, grace.email), COMPANY | given))
    assert (await member(ada, street, first))["manager"] == manager
    (second,) = [each["id"] for each in await members(ada, street) if each["id"] != first]
    other = (await member(ada, street, second))["manager"]
    assert (other["surname"], other["id"] != manager["id"]) == ("Taken", True)


async def test_an_unknown_manager_is_told_and_the_invitation_stays(world: World, street: Community) -> None:
    grace = await world.person()
    number = await invited(street, grace.email)
    before = await everything(street)
    body = without(COMPANY, "manager") | {"manager_id": 2**40}
    refused(await accept_encoded(grace, number, body), 400, 50000)
    assert await everything(street) == before


@pytest.mark.parametrize("what", ["member", "manager"])
async def test_inviting_twice_makes_one_invitation_and_one_mail(
    world: World, street: Community, ada: Person, what: str
) -> None:
    path = "/invitations/" if what == "member" else "/invitations/managers"
    done(await invite(ada, street, what, "grace@example.org"))
    (first,) = await listed(ada, path, street)
    done(await invite(ada, street, what, " GRACE@example.org"))
    (again,) = await listed(ada, path, street)
    assert again == first | {"user_email": "GRACE@example.org"}
    assert len(await letters(street)) == 1
    with clock.travel(timedelta(minutes=11)):
        done(await invite(ada, street, what, "grace@example.org"))
    assert [each["id"] for each in await listed(ada, path, street)] == [first["id"]]
    assert len(await letters(street)) == 2


@pytest.mark.parametrize("what", ["member", "manager"])
async def test_inviting_at_once_makes_one_invitation(street: Community, ada: Person, what: str) -> None:
    answers = await asyncio.gather(*(invite(ada, street, what, "grace@example.org") for _ in range(4)))
    assert [each.status_code for each in answers] == [200] * 4
    assert len(await listed(ada, "/invitations/" if what == "member" else "/invitations/managers", street)) == 1


async def test_two_communities_invite_one_address(world: World, street: Community, ada: Person) -> None:
    other, grace = await world.community(ada, "Moon Street"), await world.person()
    for community in (street, other):
        done(await invite(ada, community, "member", grace.email))
    assert [each["community"]["name"] for each in await listed(grace, "/invitations/own", query="sort_name=ASC")] == [
        "Moon Street", "Sunny Street",
    ]  # fmt: skip
    assert len(await listed(ada, "/invitations/", street)) == 1


@pytest.mark.parametrize("what", ["member", "manager"])
@pytest.mark.parametrize(
    ("email", "number"),
    [("nobody", 5002), ("", 5002), ("a@b\r\nBcc: c@d", 5002), ("<a@b>", 5002), (5, 5000), ("a" * 300 + "@b", 5000)],
)
async def test_an_invitation_needs_an_address(
    street: Community, ada: Person, what: str, email: Any, number: int
) -> None:
    before = await everything(street)
    refused(await invite(ada, street, what, email), 422, number)
    refused(await ada.call("POST", f"/invitations/{what}", street, json={}), 422, 5000)
    assert await everything(street) == before


async def test_an_answer_names_an_invitation(world: World, ada: Person) -> None:
    for path in ("accept", "accept/manager", "accept/encoded"):
        for body in ({}, {"invitation_id": "x"}):
            answer = await ada.call("POST", f"/invitations/{path}", json=body | {"member": INDIVIDUAL})
            refused(answer, 422, 5001)


@pytest.mark.parametrize(
    ("speech", "subject"),
    [
        ("en", "Invitation to the energy community Sunny Street"),
        ("fr", "Invitation à la communauté d'énergie Sunny Street"),
        ("nl", "Uitnodiging voor de energiegemeenschap Sunny Street"),
        ("de", "Einladung in die Energiegemeinschaft Sunny Street"),
    ],
)
async def test_the_mail_is_in_the_language_of_the_request(
    street: Community, ada: Person, speech: str, subject: str
) -> None:
    done(await invite(ada, street, "member", "grace@example.org", headers={"accept-language": speech}))
    (letter,) = await letters(street)
    assert (letter.to, letter.language, letter.subject) == ("grace@example.org", speech, subject)
    assert "grace@example.org" in letter.text
    assert letter.text.count("Sunny Street") == 1


async def test_a_community_with_an_odd_name_invites_like_others(world: World, ada: Person) -> None:
    odd = await world.community(ada, "{address} % \n Bcc: all@example.org")
    done(await invite(ada, odd, "manager", "grace@example.org"))
    (letter,) = await letters(odd)
    assert letter.subject == "Invitation to manage the energy community {address} % Bcc: all@example.org"


async def test_a_refusal_is_told_in_the_callers_language(ada: Person) -> None:
    answer = await ada.call("POST", "/invitations/accept", json={"invitation_id": 1}, headers={"accept-language": "de"})
    told = "Diese Einladung gibt es nicht, oder sie wurde schon beantwortet oder zurückgezogen."
    assert refused(answer, 400, 30006)["data"] == told


@pytest.mark.parametrize(
    ("path", "query", "emails"),
    [
        ("/invitations/", "sort_name=ASC", ["anna@example.org", "bo@example.org", "cleo@example.org"]),
        ("/invitations/", "sort_date=DESC", ["cleo@example.org", "bo@example.org", "anna@example.org"]),
        ("/invitations/", "name=BO", ["bo@example.org"]),
        ("/invitations/", "name=lambert", ["cleo@example.org"]),
        ("/invitations/", "to_be_encoded=true", ["anna@example.org", "bo@example.org"]),
        ("/invitations/", "to_be_encoded=false", ["cleo@example.org"]),
        ("/invitations/managers", "sort_name=DESC", ["dora@example.org", "anna@example.org"]),
        ("/invitations/managers", "name=DO", ["dora@example.org"]),
        ("/invitations/managers", "sort_date=ASC", ["anna@example.org", "dora@example.org"]),
    ],
)
async def test_lists_are_filtered_and_sorted(
    street: Community, ada: Person, path: str, query: str, emails: list[str]
) -> None:
    await invited(street, "anna@example.org")
    await invited(street, "bo@example.org")
    await invited_for(street, await made(street), "cleo@example.org")
    await invited_to_manage(street, "anna@example.org")
    await invited_to_manage(street, "dora@example.org")
    assert [each["user_email"] for each in await listed(ada, path, street, query)] == emails


@pytest.mark.parametrize(
    "path", ["/invitations/", "/invitations/managers", "/invitations/own", "/invitations/own/managers"]
)
async def test_a_list_has_pages_and_costs_one_statement(street: Community, ada: Person, path: str) -> None:
    for number in range(3):
        await invited(street, f"p{number}@example.org")
        await invited_to_manage(street, f"p{number}@example.org")
        other = await street.world.community(ada)
        await invited(other, ada.email)
        await invited_to_manage(other, ada.email)
    community = None if "own" in path else street
    seen: list[int] = []
    database = street.world.database
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == street.tenant else None
    try:
        body = (await ada.call("GET", f"{path}?limit=2&page=2", community, template=path)).json()
    finally:
        database.observer = None
    assert body["pagination"] == {"page": 2, "limit": 2, "total": 3, "total_pages": 2}
    assert (len(body["data"]), sum(seen)) == (1, 1 if community is None else 2)
    refused(await ada.call("GET", f"{path}?sort_date=UP", community, template=path), 422, 5009)
    refused(await ada.call("GET", f"{path}?limit=0", community, template=path), 422, 5011)


async def test_who_invites_more_than_the_limit_is_held_back_and_invites_nobody(
    street: Community, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(street.world.application.services, LetterLimit, LetterLimit(Limit(2, HOUR_S)))
    for number in (1, 2):
        body = {"user_email": f"guest{number}@example.org"}
        assert (await ada.call("POST", "/invitations/member", street, json=body)).status_code == 200
    answer = await ada.call("POST", "/invitations/manager", street, json={"user_email": "guest3@example.org"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60
    assert await listed(ada, "/invitations/managers", street) == []
    assert len(await letters(street)) == 2
