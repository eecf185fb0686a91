"""The list of members: pages, filters, sorts."""

from typing import Any

import pytest
from tests.communities.kit import Community, Person, refused
from tests.communities.members.samples import COMPANY, INDIVIDUAL, listed, made

PEOPLE: list[tuple[str, int, int]] = [
    ("Lambert", 1, 1), ("de Smet", 1, 2), ("Soleil SA", 2, 3), ("lambrechts", 1, 1), ("100 % Sun", 2, 1),
]  # fmt: skip


@pytest.fixture
async def crowd(street: Community) -> dict[int, tuple[str, int, int]]:
    """Number -> (name, kind, state) of everybody in the street."""
    found = {}
    for name, kind, status in PEOPLE:
        body = INDIVIDUAL if kind == 1 else COMPANY
        found[await made(street, body | {"name": name, "status": status})] = (name, kind, status)
    elsewhere = await street.world.community(await street.world.person(), "Elsewhere")
    await made(elsewhere)
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", [name for name, *_ in PEOPLE]),
        ("name=LAMB", ["Lambert", "lambrechts"]),
        ("name=ada", []),
        ("name=%25", ["100 % Sun"]),
        ("member_type=2", ["Soleil SA", "100 % Sun"]),
        ("status=1", ["Lambert", "lambrechts", "100 % Sun"]),
        ("status=3&member_type=2", ["Soleil SA"]),
        ("status=3&member_type=1", []),
        ("name=lambert&member_type=1&status=1", ["Lambert"]),
    ],
)
async def test_filters_narrow_and_combine(
    street: Community, ada: Person, crowd: dict[int, Any], query: str, names: list[str]
) -> None:
    assert [each["name"] for each in await listed(ada, street, query)] == names


async def test_names_sort_both_ways(street: Community, ada: Person, crowd: dict[int, Any]) -> None:
    up = [each["name"] for each in await listed(ada, street, "sort_name=ASC")]
    down = [each["name"] for each in await listed(ada, street, "sort_name=DESC")]
    assert up == ["100 % Sun", "de Smet", "Lambert", "lambrechts", "Soleil SA"]
    assert down == up[::-1]


async def test_pages_count_everything(street: Community, ada: Person, crowd: dict[int, Any]) -> None:
    seen = []
    for page in (1, 2, 3):
        body = (await ada.call("GET", f"/members/?page={page}&limit=2", street, template="/members/")).json()
        assert body["pagination"] == {"page": page, "limit": 2, "total": 5, "total_pages": 3}
        seen += [each["id"] for each in body["data"]]
    assert seen == sorted(crowd)
    beyond = (await ada.call("GET", "/members/?page=9", street, template="/members/")).json()
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], 5)


@pytest.mark.parametrize(
    ("query", "number"),
    [("member_type=3", 55000), ("status=x", 55000), ("sort_name=UP", 5009), ("page=0", 5011), ("limit=201", 5001)],
)
async def test_a_wrong_question_is_refused(street: Community, ada: Person, query: str, number: int) -> None:
    refused(await ada.call("GET", f"/members/?{query}", street, template="/members/"), 422, number)


@pytest.mark.parametrize("body", [INDIVIDUAL, COMPANY], ids=["individual", "company"])
async def test_reading_costs_the_same_number_of_statements_however_many_there_are(
    street: Community, ada: Person, crowd: dict[int, Any], body: dict[str, Any]
) -> None:
    number = await made(street, body)
    seen: list[int] = []
    database = street.world.database
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == street.tenant else None
    try:
        await listed(ada, street, "name=a&sort_name=ASC")
        await ada.call("GET", f"/members/{number}", street, template="/members/{id_member}")
    finally:
        database.observer = None
    # The door and the page; the door, the row, and the people behind it.
    assert seen == [1, 1, 1, 2]
