"""Lists: pages, filters, sorts that combine."""

from typing import Any

import pytest
from tests.communities.kit import Community, Person, World, refused

LISTS = ["/communities/my-communities", "/communities/users", "/communities/admins"]


async def rows(person: Person, path: str, community: Community | None = None, query: str = "") -> list[dict[str, Any]]:
    answer = await person.call("GET", f"{path}?limit=200&{query}", community, template=path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.fixture
async def crowd(world: World, street: Community) -> dict[int, tuple[str, str]]:
    """Profile -> (address, role) of everybody in the street; ada is there too."""
    for role in ("MEMBER", "MANAGER", "MEMBER", "ADMIN", "MANAGER"):
        await street.add(role)
    await world.community(await world.person(), "Elsewhere")
    async with world.database.tenant(world.tenant) as tx:
        found = await tx.all(
            "SELECT p.id, p.email, m.role FROM communities.membership m JOIN communities.profile p ON p.id = m.profile_id "
            "WHERE m.community_id = :id",
            id=street.id,
        )
    return {row["id"]: (row["email"], row["role"]) for row in found}


async def test_users_are_listed_with_their_roles(
    street: Community, ada: Person, crowd: dict[int, tuple[str, str]]
) -> None:
    assert await rows(ada, "/communities/users", street) == [
        {"id_user": number, "id_community": street.id, "email": email, "role": role}
        for number, (email, role) in sorted(crowd.items())
    ]


async def test_a_member_sees_the_administrators_and_nobody_else(
    street: Community, crowd: dict[int, tuple[str, str]]
) -> None:
    member = await street.add("MEMBER")
    found = await rows(member, "/communities/admins", street)
    assert [each["id_user"] for each in found] == [n for n, (_, role) in sorted(crowd.items()) if role == "ADMIN"]
    assert await rows(member, "/communities/admins", street, "role=MEMBER") == []


async def test_filters_narrow_and_combine(street: Community, ada: Person, crowd: dict[int, tuple[str, str]]) -> None:
    managers = await rows(ada, "/communities/users", street, "role=MANAGER")
    assert {each["id_user"] for each in managers} == {n for n, (_, role) in crowd.items() if role == "MANAGER"}
    one = managers[0]["email"]
    assert await rows(ada, "/communities/users", street, f"role=MANAGER&email={one.upper()}") == [managers[0]]
    assert await rows(ada, "/communities/users", street, f"role=MEMBER&email={one}") == []
    assert await rows(ada, "/communities/users", street, "email=%25") == []
    assert len(await rows(ada, "/communities/users", street, "email=")) == len(crowd)


@pytest.mark.parametrize(
    "query",
    ["sort_role=DESC&sort_email=ASC", "sort_email=ASC&sort_role=DESC", "sort_role=ASC&sort_id=DESC", "sort_id=DESC"],
)
async def test_sorts_count_in_the_order_in_which_they_are_given(
    street: Community, ada: Person, crowd: dict[int, tuple[str, str]], query: str
) -> None:
    found = [each["id_user"] for each in await rows(ada, "/communities/users", street, query)]
    ranks = {"MEMBER": 0, "MANAGER": 1, "ADMIN": 2}
    wanted = sorted(crowd)
    for part in reversed(query.split("&")):
        name, _, way = part.removeprefix("sort_").partition("=")
        keys = {n: {"role": ranks[role], "email": email, "id": n}[name] for n, (email, role) in crowd.items()}
        wanted = sorted(wanted, key=keys.__getitem__, reverse=way == "DESC")
    assert found == wanted


async def test_my_communities_are_filtered_and_sorted(world: World, ada: Person) -> None:
    made = [await world.community(ada, name) for name in ("Beech", "ash", "Oak", "100 % sun")]
    await world.community(await world.person(), "Beech of others")
    path = "/communities/my-communities"
    assert [each["id"] for each in await rows(ada, path)] == [each.id for each in made]
    assert [each["name"] for each in await rows(ada, path, query="name=S")] == ["ash", "100 % sun"]
    assert [each["name"] for each in await rows(ada, path, query="name=100 %25")] == ["100 % sun"]
    assert [each["id"] for each in await rows(ada, path, query="sort_id=DESC")] == [each.id for each in made][::-1]
    ascending = [each["name"] for each in await rows(ada, path, query="sort_name=ASC")]
    assert ascending == [each["name"] for each in await rows(ada, path, query="sort_name=DESC")][::-1]
    (first, *_) = await rows(ada, path)
    assert first == {"id": made[0].id, "auth_community_id": made[0].auth_id, "name": "Beech", "role": "ADMIN"}


async def test_pages_count_everything(street: Community, ada: Person, crowd: dict[int, tuple[str, str]]) -> None:
    path, total = "/communities/users", len(crowd)
    seen = []
    for page in (1, 2, 3):
        body = (await ada.call("GET", f"{path}?page={page}&limit=2", street, template=path)).json()
        assert body["pagination"] == {"page": page, "limit": 2, "total": total, "total_pages": 3}
        seen += [each["id_user"] for each in body["data"]]
    assert seen == sorted(crowd)
    beyond = (await ada.call("GET", f"{path}?page=9&limit=4", street, template=path)).json()
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], total)
    assert (await ada.call("GET", path, street)).json()["pagination"]["limit"] == 10


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("page=0", 5011),
        ("limit=0", 5011),
        ("limit=-1", 5011),
        ("page=x", 5001),
        ("limit=201", 5001),
        ("sort_id=UP", 5009),
    ],
)
async def test_a_wrong_question_is_refused(street: Community, ada: Person, path: str, query: str, number: int) -> None:
    refused(await ada.call("GET", f"{path}?{query}", street, template=path), 422, number)


async def test_a_role_that_is_none_is_refused(street: Community, ada: Person) -> None:
    answer = await ada.call("GET", "/communities/users?role=OWNER", street, template="/communities/users")
    refused(answer, 422, 5010)


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_costs_the_same_number_of_statements_however_long_it_is(
    street: Community, ada: Person, crowd: dict[int, tuple[str, str]], path: str
) -> None:
    seen: list[int] = []
    database = ada.world.database
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == ada.tenant else None
    try:
        await rows(ada, path, street)
    finally:
        database.observer = None
    # One at the door, where a community is named, and one for the page with its count.
    assert sum(seen) == (1 if path == "/communities/my-communities" else 2)
