"""Filters and includes of a declared list, on real rows."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kernel.http.kit import Plain, TinyApi, client_of, subject_of, thing
from tests.kernel.http.shop import URL, fill, shelves, speaker, things

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.filters import Filter, Include, contains, when
from gridloom.kernel.http.pages import Pages

Client = httpx.AsyncClient


@pytest.fixture
def me(tiny: Database, owner: int) -> Client:
    return speaker(tiny, owner, things(pages=Pages.NONE), shelves())


async def found(client: Client, *pairs: tuple[str, str]) -> list[str]:
    answer = await client.get(URL, params=list(pairs))
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def refused(client: Client, *pairs: tuple[str, str]) -> list[tuple[str, str]]:
    answer = await client.get(URL, params=list(pairs))
    assert answer.status_code == 422, answer.text
    return [(where, path) for where, path, _ in answer.json()["errors"]]


SPECIAL = [
    "100%",
    "100",
    "a_b",
    "axb",
    "back\\slash",
    "back",
    "it's",
    "x%y_z",
    '"',
    "é",
    "[a]",
    "(",
    "*",
    "$1",
    ":name",
]


async def test_no_character_is_special_inside_a_text(me: Client) -> None:
    await fill(me, *SPECIAL)
    for part, expected in [
        ("%", ["100%", "x%y_z"]),
        ("_", ["a_b", "x%y_z"]),
        ("\\", ["back\\slash"]),
        ("'", ["it's"]),
        ("%y_", ["x%y_z"]),
        ("100", ["100%", "100"]),
        ("BACK", ["back\\slash", "back"]),
        ("É", ["é"]),
        ("[a]", ["[a]"]),
        ("*", ["*"]),
        (":name", [":name"]),
        ("", SPECIAL),
    ]:
        assert await found(me, ("filter[name]", part)) == expected, part


@given(
    text=st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8),
    around=st.text("%_\\a", max_size=3),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_text_there_is_finds_what_holds_it(tiny: Database, owner: int, text: str, around: str) -> None:
    condition = contains(thing.c.name)
    async with tiny.system() as tx:
        holds = await tx.scalar(
            "SELECT CAST(:name AS text) ILIKE CAST(:part AS text)",
            name=f"{around}{text}{around}",
            part=condition.value(text),
        )
        other = await tx.scalar(
            "SELECT CAST(:name AS text) ILIKE CAST(:part AS text)", name="~", part=condition.value(text + "!")
        )
    assert (holds, other) == (True, False)


async def test_one_value_or_several_find_their_rows(me: Client) -> None:
    for name, count in (("one", 1), ("two", 2), ("three", 3)):
        await fill(me, name, count=count)
    assert await found(me, ("filter[count]", "2")) == ["two"]
    assert await found(me, ("filter[count][]", "2")) == ["two"]
    assert await found(me, ("filter[count][]", "3"), ("filter[count][]", "1")) == ["one", "three"]
    assert await found(me, ("filter[count]", "3"), ("filter[count]", "1")) == ["one", "three"]
    assert await found(me, ("filter[count]", "9")) == []
    assert await refused(me, ("filter[count][]", "1"), ("filter[count][]", "x")) == [("query", "filter.count.1")]
    assert await refused(me, ("filter[count]", "1.5")) == [("query", "filter.count")]


async def test_a_number_that_no_row_can_have_is_refused_without_a_crash(me: Client) -> None:
    for big in ("2147483648", "-2147483649", "9223372036854775808", "9" * 40):
        answer = await me.get(URL, params={"filter[count]": big})
        assert answer.status_code == 422


async def test_an_array_is_searched_for_what_it_holds(me: Client) -> None:
    await fill(me, "both", tags=["red", "blue"])
    await fill(me, "red", tags=["red"])
    await fill(me, "none")
    assert await found(me, ("filter[tag]", "red")) == ["both", "red"]
    assert await found(me, ("filter[tag]", "re")) == []
    assert await found(me, ("filter[tag]", "{red}")) == []


async def test_both_ends_of_a_span_belong_to_it(me: Client) -> None:
    for day in (1, 2, 3):
        await fill(me, f"day {day}", made_at=datetime(2024, 5, day, tzinfo=UTC).isoformat())
    await fill(me, "never")
    assert await found(me, ("filter[from]", "2024-05-02T00:00:00Z")) == ["day 2", "day 3"]
    assert await found(me, ("filter[to]", "2024-05-02T02:00:00+02:00")) == ["day 1", "day 2"]
    assert await found(me, ("filter[from]", "2024-05-02T00:00:00"), ("filter[to]", "2024-05-02T00:00:00")) == ["day 2"]
    assert await refused(me, ("filter[from]", "02.05.2024")) == [("query", "filter.from")]


async def test_rows_that_were_removed_are_there_for_who_asks(me: Client) -> None:
    [first, _] = await fill(me, "gone", "here")
    assert (await me.delete(f"{URL}/{first}")).status_code == 204
    assert (await me.get(f"{URL}/{first}")).status_code == 404
    assert await found(me) == ["here"]
    assert await found(me, ("filter[removed]", "0")) == ["here"]
    assert await found(me, ("filter[removed]", "1")) == ["gone"]
    assert await refused(me, ("filter[removed]", "2")) == [("query", "filter.removed")]


async def test_filters_are_all_held_at_once(me: Client) -> None:
    await fill(me, "a", count=1, code="x")
    await fill(me, "ab", count=1, code="y")
    await fill(me, "abc", count=2)
    assert await found(me, ("filter[name]", "a"), ("filter[count]", "1")) == ["a", "ab"]
    assert await found(me, ("filter[name]", "b"), ("filter[count]", "1"), ("filter[code]", "y")) == ["ab"]


async def test_every_wrong_filter_is_named_at_once(me: Client) -> None:
    assert await refused(me, ("filter[count]", "x"), ("filter[from]", "y"), ("filter[removed]", "z")) == [
        ("query", "filter.count"),
        ("query", "filter.from"),
        ("query", "filter.removed"),
    ]
    assert await refused(me, ("filter", "x")) == [("query", "filter")]
    assert await refused(me, ("filter[name][x]", "y")) == [("query", "filter.name")]


async def test_filters_stand_beside_each_other_where_the_dialect_has_no_object_for_them(
    tiny: Database, owner: int
) -> None:
    shelf = things(pages=Pages.NONE, filters={"count": things().filters["count"]})
    api = TinyApi(shelf, dialect=Plain({"me": subject_of(owner, "*")}))
    async with client_of(api, tiny, bearer="me") as plain:
        await fill(plain, "a", count=1)
        await fill(plain, "b", count=2)
        assert await found(plain, ("count", "2")) == ["b"]
        assert await found(plain, ("filter[count]", "2")) == ["a", "b"]
        assert await refused(plain, ("count", "x")) == [("query", "count")]


async def test_a_condition_of_its_own_and_a_default_hold(tiny: Database, owner: int) -> None:
    long = when(int, lambda value: thing.c.count > value, thing.c.count.type, lambda value: value * 10)
    light = Filter(int, lambda value: thing.c.weight < value, thing.c.weight.type, default=100)
    me = speaker(tiny, owner, things(pages=Pages.NONE, filters={"tens": long, "below": light}))
    for count, weight in ((5, 50), (25, 50), (25, 500)):
        await fill(me, f"{count}/{weight}", count=count, weight=weight)
    assert await found(me) == ["5/50", "25/50"]
    assert await found(me, ("filter[tens]", "2")) == ["25/50"]
    assert await found(me, ("filter[tens]", "2"), ("filter[below]", "1000")) == ["25/50", "25/500"]


# --- includes ---------------------------------------------------------------------------------------------------------


async def test_an_include_comes_on_demand_and_for_a_whole_page_at_once(me: Client, tiny: Database) -> None:
    made = [(await me.post("/tiny/shelves", json={"name": name})).json()["id"] for name in ("full", "empty")]
    await fill(me, "a", "b", shelf_id=made[0])
    plain = (await me.get("/tiny/shelves")).json()["items"]
    assert plain == [{"id": made[0], "name": "full"}, {"id": made[1], "name": "empty"}]
    statements: list[int] = []
    tiny.observer = lambda tx: statements.append(tx.statements)
    try:
        asked = (await me.get("/tiny/shelves", params={"include[]": "things"})).json()["items"]
    finally:
        tiny.observer = None
    assert [[each["name"] for each in shelf["things"]] for shelf in asked] == [["a", "b"], []]
    assert statements == [2]


@pytest.mark.parametrize("pairs", [[("include", "things")], [("include[]", "things")], [("include", "things")] * 2])
async def test_an_include_is_asked_for_once_or_several_times_with_or_without_brackets(
    me: Client, pairs: list[tuple[str, str]]
) -> None:
    number = (await me.post("/tiny/shelves", json={"name": "one"})).json()["id"]
    answer = await me.get(f"/tiny/shelves/{number}", params=pairs)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"id": number, "name": "one", "things": []}


async def test_an_unknown_include_is_refused_by_its_place(me: Client) -> None:
    answer = await me.get("/tiny/shelves", params=[("include[]", "things"), ("include[]", "all")])
    assert answer.status_code == 422
    assert [(where, path) for where, path, _ in answer.json()["errors"]] == [("query", "include.1")]


async def test_an_include_that_needs_the_request_gets_it(tiny: Database, owner: int) -> None:
    async def load(tx: Any, ids: Any, call: Any) -> Any:
        return {each: [] if call.method == "GET" else None for each in ids}

    including = shelves(includes={"things": Include(load_with_call=load)})
    me = speaker(tiny, owner, including)
    await me.post("/tiny/shelves", json={"name": "one"})
    [item] = (await me.get("/tiny/shelves", params={"include": "things"})).json()["items"]
    assert item["things"] == []
    async with tiny.tenant(owner) as tx:
        with pytest.raises(LookupError, match="needs the request"):
            await including.includes["things"].found(tx, [1], None)


def test_an_include_that_is_no_field_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match="include boxes is no field of Shelf"):
        shelves(includes={"things": Include(), "boxes": Include()})
