"""Walking the list of locations."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.charging.kit import caller_of
from tests.charging.sites.kit import URL, make
from tests.suites.client import Caller, Callers

WHERE = f"http://gridloom.test{URL}"


async def five(caller: Caller) -> list[dict[str, Any]]:
    """Four locations in Gent, the third somewhere else."""
    return [
        await make(caller, city="Gent" if number != 2 else "Aalst", operatorId=7 + number % 2) for number in range(5)
    ]


def inside(cursor: str) -> list[Any]:
    """What a cursor holds."""
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return found


def outside(held: Any) -> str:
    """A cursor that somebody made himself."""
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


async def test_a_walk_goes_forth_and_back(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    first = (await caller.get(URL, params={"per_page": "2"})).json()
    assert first["data"] == rows[:2]
    assert first["links"]["prev"] is None
    assert (first["links"]["first"], first["links"]["last"]) == (None, None)
    assert first["meta"]["path"] == WHERE
    assert (first["meta"]["per_page"], first["meta"]["prev_cursor"]) == (2, None)
    assert "total" not in first["meta"]
    second = (await caller.get(first["links"]["next"])).json()
    assert second["data"] == rows[2:4]
    third = (await caller.get(second["links"]["next"])).json()
    assert (third["data"], third["links"]["next"], third["meta"]["next_cursor"]) == (rows[4:], None, None)
    back = (await caller.get(third["links"]["prev"])).json()
    assert back["data"] == rows[2:4]
    start = (await caller.get(back["links"]["prev"])).json()
    assert (start["data"], start["links"]["prev"]) == (rows[:2], None)


async def test_an_empty_cursor_begins_a_walk(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    answers = [
        (await caller.get(f"{URL}{query}")).json() for query in ("", "?cursor", "?cursor=", "?per_page=100&cursor=")
    ]
    assert [answer["data"] for answer in answers] == [rows] * 4
    assert [set(answer["meta"]) for answer in answers] == [{"path", "per_page", "next_cursor", "prev_cursor"}] * 4


async def test_a_list_that_only_walks_knows_no_page_numbers(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    answer = await caller.get(URL, params={"page": "2", "per_page": "2"})
    assert answer.json()["data"] == rows[:2]
    assert not {"deprecation", "sunset"} & set(answer.headers)


async def test_the_links_hold_the_filters_and_includes(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    params = [
        ("filter[city]", "Gent"), ("filter[operatorId][]", "7"), ("filter[operatorId][]", "8"), ("include[]", "notes"),
        ("per_page", "2"),
    ]  # fmt: skip
    answer = (await caller.get(URL, params=params)).json()
    following = dict.fromkeys(name for name, _ in parse_qsl(urlsplit(answer["links"]["next"]).query))
    assert list(following) == ["filter[city]", "filter[operatorId][]", "include[]", "per_page", "cursor"]
    kept = [pair for pair in parse_qsl(urlsplit(answer["links"]["next"]).query) if pair[0] != "cursor"]
    assert kept == params
    rest = (await caller.get(answer["links"]["next"])).json()
    found = [*answer["data"], *rest["data"]]
    assert found == [{**row, "notes": []} for row in rows if row["city"] == "Gent"]
    assert rest["links"]["next"] is None


async def test_a_cursor_does_not_go_with_other_filters(callers: Callers) -> None:
    caller = await caller_of(callers)
    await five(caller)
    begun = (await caller.get(URL, params={"filter[city]": "Gent", "per_page": "2"})).json()["meta"]["next_cursor"]
    for changed in ({}, {"filter[city]": "Aalst"}, {"filter[city]": "Gent", "filter[country]": "BE"}):
        answer = await caller.get(URL, params={**changed, "per_page": "2", "cursor": begun})
        assert answer.status_code == 422
        wrong = {"cursor": ["The cursor belongs to another list or to other filters."]}
        assert answer.json() == {"message": "The given data was invalid.", "errors": wrong}
    assert (await caller.get(URL, params={"filter[city]": "Gent", "cursor": begun})).status_code == 200


async def test_a_cursor_does_not_go_with_another_list(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    begun = (await caller.get(URL, params={"per_page": "2"})).json()["meta"]["next_cursor"]
    zones = f"{URL}/{rows[0]['id']}/charging-zones"
    assert (await caller.get(zones, params={"cursor": begun})).status_code == 422


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "AAAA", "é", "[]", outside({}), outside([]), outside(["digest", False, [1]]), "a" * 3000]
)
async def test_a_cursor_that_nobody_gave_out_is_refused(callers: Callers, cursor: str) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(URL, params={"cursor": cursor})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["cursor"]


@pytest.mark.parametrize("key", [[], ["text"], [None], [1, 2], [{"id": 1}], [1.5], [True, "x"]])
async def test_a_cursor_with_another_key_inside_is_refused(callers: Callers, key: list[Any]) -> None:
    caller = await caller_of(callers)
    await five(caller)
    digest, backwards, _ = inside((await caller.get(URL, params={"per_page": "2"})).json()["meta"]["next_cursor"])
    answer = await caller.get(URL, params={"per_page": "2", "cursor": outside([digest, backwards, key])})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["cursor"]


async def test_a_cursor_with_a_number_beyond_every_row_shows_nothing_of_others(callers: Callers) -> None:
    everybody, seven = await caller_of(callers), await caller_of(callers, operator=7)
    rows = await five(everybody)
    digest, backwards, _ = inside((await seven.get(URL, params={"per_page": "2"})).json()["meta"]["next_cursor"])
    forged = outside([digest, backwards, [0]])
    found = (await seven.get(URL, params={"cursor": forged})).json()["data"]
    assert found == [row for row in rows if row["operatorId"] == 7]
    assert (await seven.get(URL, params={"cursor": outside([digest, backwards, [10**18]])})).json()["data"] == []
    assert (await seven.get(URL, params={"cursor": outside([digest, backwards, [10**30]])})).status_code == 422


@pytest.mark.parametrize("size", ["0", "101", "-1", "many", "", "1.5"])
async def test_a_page_has_one_to_a_hundred_rows(callers: Callers, size: str) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(URL, params={"per_page": size})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["per_page"]


async def test_a_page_of_a_hundred_is_the_default_and_the_most(callers: Callers) -> None:
    caller = await caller_of(callers)
    metas = [(await caller.get(URL, params=params)).json()["meta"] for params in ({}, {"per_page": "100"})]
    assert metas == [{"path": WHERE, "per_page": 100, "next_cursor": None, "prev_cursor": None}] * 2


@pytest.mark.parametrize(
    "query",
    [
        "filter[country]=ZZ", "filter[state]=QQ", "filter[operatorId]=x", "filter[operatorId][]=1&filter[operatorId][]=x",
        "filter[partnerId]=x", "filter[roaming]=perhaps", "filter[lastUpdatedAfter]=yesterday", "filter[createdBefore]=5 o'clock",
        "include[]=everything", "include[]=notes&include[]=everything",
    ],
)  # fmt: skip
async def test_a_filter_or_include_that_makes_no_sense_is_refused(callers: Callers, query: str) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 1


async def test_a_filter_that_is_not_known_is_ignored(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    assert await caller.all(URL, colour="red", city="Aalst") == [rows[2]]


async def test_filters_go_together(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    assert await caller.all(URL, city="Gent", operatorId="8") == [rows[1], rows[3]]
    assert await caller.all(URL, city="Aalst", operatorId="8") == []


async def test_moments_are_inclusive_on_both_sides(callers: Callers) -> None:
    caller = await caller_of(callers)
    rows = await five(caller)
    at = rows[2]["lastUpdatedAt"]
    assert await caller.all(URL, lastUpdatedAfter=at) == rows[2:]
    assert await caller.all(URL, lastUpdatedBefore=at) == rows[:3]
    assert await caller.all(URL, createdAfter=at, createdBefore=at) == [rows[2]]
