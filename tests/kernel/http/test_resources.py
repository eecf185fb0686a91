"""The declared resource: rows in, rows out, on real tables under row-level security."""

import httpx
import msgspec
import pytest
from msgspec import UNSET, UnsetType
from tests.kernel.http.shop import URL, fill, shelves, speaker, stored, things, wrong

from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Fault
from gridloom.kernel.http.pages import Pages

Client = httpx.AsyncClient

NULLS = dict.fromkeys(("code", "price", "small", "count", "weight", "kind", "made_at", "shelf_id"))


class Camel(msgspec.Struct, rename="camel"):
    name: str
    shelf_id: int | UnsetType = UNSET


class ShelfPatch(msgspec.Struct):
    name: str | UnsetType = UNSET


class StillThere(Fault):
    status = 423
    code = "still_there"


@pytest.fixture
def me(tiny: Database, owner: int) -> Client:
    return speaker(tiny, owner, things(pages=Pages.NONE), shelves())


# --- values -----------------------------------------------------------------------------------------------------------


async def test_a_row_is_shown_as_it_was_written(me: Client, tiny: Database, owner: int) -> None:
    body = {
        "name": "Ünïcode 'n\"", "code": "c", "note": "n", "price": 12.5, "small": -32768, "count": 2**31 - 1,
        "weight": -(2**63), "tags": ["a", ""], "details": {"b": [1, None, {"c": "d"}]}, "kind": "box",
        "made_at": "2024-05-01T12:00:00Z", "shelf_id": None,
    }  # fmt: skip
    answer = await me.post(URL, json=body)
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], **body}
    assert (await me.get(f"{URL}/{answer.json()['id']}")).json() == answer.json()
    [row] = await stored(tiny, owner)
    assert (row["kind"], row["tenant_id"]) == ("b", owner)


async def test_a_value_that_the_map_does_not_know_stays_as_it_is(me: Client, tiny: Database, owner: int) -> None:
    answer = await me.post(URL, json={"name": "x", "kind": "b"})
    assert answer.json()["kind"] == "box"
    answer = await me.post(URL, json={"name": "y", "kind": "bag"})
    assert answer.json()["kind"] == "bag"
    assert [row["kind"] for row in await stored(tiny, owner)] == ["b", "bag"]


async def test_a_null_is_shown_as_null_or_left_out_as_the_struct_says(me: Client) -> None:
    [number] = await fill(me, "bare")
    expected = {"id": number, "name": "bare", **NULLS, "tags": [], "details": {}}
    assert (await me.get(f"{URL}/{number}")).json() == expected
    assert (await me.get(URL)).json()["items"] == [expected]


async def test_a_change_leaves_what_it_does_not_name_and_clears_what_it_says_null(me: Client) -> None:
    [number] = await fill(me, "x", code="c", note="n", price=1, count=5, kind="tin")
    answer = await me.patch(f"{URL}/{number}", json={"code": None, "count": 6})
    assert answer.status_code == 200
    changed = {"id": number, "name": "x", "note": "n", **NULLS, "price": 1, "count": 6, "kind": "tin"}
    assert {k: v for k, v in answer.json().items() if k not in ("tags", "details")} == changed
    assert (await me.patch(f"{URL}/{number}", json={"note": None})).json().get("note", "left out") == "left out"
    assert (await me.patch(f"{URL}/{number}", json={"kind": "box"})).json()["kind"] == "box"


async def test_a_change_of_nothing_shows_the_row_and_writes_down_when(me: Client, tiny: Database, owner: int) -> None:
    [number] = await fill(me, "x")
    [before] = await stored(tiny, owner)
    answer = await me.patch(f"{URL}/{number}", json={})
    assert (answer.status_code, answer.json()["name"]) == (200, "x")
    [after] = await stored(tiny, owner)
    assert after["updated_at"] > before["updated_at"]
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    number = (await me.post("/tiny/shelves", json={"name": "without a clock"})).json()["id"]
    assert (
        await speaker(tiny, owner, shelves(updates=ShelfPatch)).patch(f"/tiny/shelves/{number}", json={})
    ).json() == {
        "id": number,
        "name": "without a clock",
    }


async def test_objects_are_merged_by_key_where_the_resource_says_so(me: Client) -> None:
    [number] = await fill(me, "x", details={"a": 1, "b": {"c": 2}})
    answer = await me.patch(f"{URL}/{number}", json={"details": {"b": {"d": 3}, "e": None}})
    assert answer.json()["details"] == {"a": 1, "b": {"d": 3}, "e": None}


async def test_null_where_the_column_takes_none_is_named(me: Client, tiny: Database, owner: int) -> None:
    [number] = await fill(me, "x")
    answer = await me.patch(f"{URL}/{number}", json={"name": None})
    assert await wrong(answer) == [("body", "name", "This field must not be null.")]
    assert [row["name"] for row in await stored(tiny, owner)] == ["x"]


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [("small", -(2**15), 2**15 - 1), ("count", -(2**31), 2**31 - 1), ("weight", -(2**63), 2**63 - 1)],
)
async def test_a_number_that_the_column_cannot_hold_is_named(
    me: Client, tiny: Database, owner: int, field: str, least: int, most: int
) -> None:
    for value in (least, most):
        assert (await me.post(URL, json={"name": "fits", field: value})).json()[field] == value
    for value in (least - 1, most + 1, 10**30):
        answer = await me.post(URL, json={"name": "no", field: value, "price": 1})
        assert await wrong(answer) == [("body", field, "This number is too large.")]
    assert {row["name"] for row in await stored(tiny, owner)} == {"fits"}


async def test_several_values_that_do_not_fit_are_named_together(me: Client) -> None:
    answer = await me.post(URL, json={"name": "no", "small": 2**15, "count": 2**31, "weight": 2**63})
    assert [path for _, path, _ in await wrong(answer)] == ["small", "count", "weight"]


async def test_a_decimal_beyond_its_column_is_refused(me: Client, tiny: Database, owner: int) -> None:
    answer = await me.post(URL, json={"name": "x", "price": "123456789.5"})
    assert answer.status_code == 422
    assert await stored(tiny, owner) == []
    answer = await me.post(URL, json={"name": "x", "price": "12345678.5"})
    assert answer.json()["price"] == 12345678.5


async def test_a_nul_is_refused_by_name(me: Client, tiny: Database, owner: int) -> None:
    answer = await me.post(URL, json={"name": "a\x00b", "details": {"x": ["\x00"]}, "tags": ["ok", "\x00"]})
    assert [path for _, path, _ in await wrong(answer)] == ["name", "details.x.0", "tags.1"]
    assert await stored(tiny, owner) == []


# --- conflicts --------------------------------------------------------------------------------------------------------


async def test_a_value_that_is_taken_is_a_conflict(me: Client, tiny: Database, owner: int, stranger: int) -> None:
    await fill(me, "first", code="c")
    answer = await me.post(URL, json={"name": "second", "code": "c"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert [row["name"] for row in await stored(tiny, owner)] == ["first"]
    assert await fill(speaker(tiny, stranger, things()), "elsewhere", code="c")


async def test_a_value_that_is_taken_is_a_wrong_field_where_the_resource_says_so(tiny: Database, owner: int) -> None:
    me = speaker(tiny, owner, things(taken={"uq_thing_code": "code"}))
    [first, second] = [*await fill(me, "first", code="c"), *await fill(me, "second", code="d")]
    told = [("body", "code", "This value is taken already.")]
    assert await wrong(await me.post(URL, json={"name": "third", "code": "c"})) == told
    assert await wrong(await me.patch(f"{URL}/{second}", json={"code": "c"})) == told
    assert (await me.patch(f"{URL}/{first}", json={"code": "c"})).status_code == 200
    assert [row["code"] for row in await stored(tiny, owner)] == ["c", "d"]


async def test_a_reference_to_nothing_is_named_by_its_column(me: Client, tiny: Database, owner: int) -> None:
    answer = await me.post(URL, json={"name": "x", "shelf_id": 987654321})
    assert await wrong(answer) == [("body", "shelf_id", "A reference points at nothing.")]
    assert await stored(tiny, owner) == []


async def test_a_row_that_others_point_at_stays(me: Client, tiny: Database, owner: int) -> None:
    number = (await me.post("/tiny/shelves", json={"name": "full"})).json()["id"]
    await fill(me, "x", shelf_id=number)
    answer = await me.delete(f"/tiny/shelves/{number}")
    assert (answer.status_code, answer.json()["message"]) == (409, "This is still in use.")
    own = speaker(tiny, owner, shelves(in_use=StillThere))
    answer = await own.delete(f"/tiny/shelves/{number}")
    assert (answer.status_code, answer.json()["code"]) == (423, "still_there")
    assert [row["name"] for row in await stored(tiny, owner, "shelf")] == ["full"]


async def test_a_reference_is_told_by_its_name_on_the_wire(tiny: Database, owner: int) -> None:
    class Placed(msgspec.Struct, rename="camel"):
        name: str
        place: int

    me = speaker(tiny, owner, things(creates=Placed, updates=Placed, writes={"place": "shelf_id"}))
    answer = await me.post(URL, json={"name": "x", "place": 987654321})
    assert await wrong(answer) == [("body", "place", "A reference points at nothing.")]
    plain = speaker(tiny, owner, things(creates=Camel, updates=Camel))
    answer = await plain.post(URL, json={"name": "x", "shelfId": 987654321})
    assert await wrong(answer) == [("body", "shelfId", "A reference points at nothing.")]
    [number] = await fill(plain, "x")
    answer = await plain.patch(f"{URL}/{number}", json={"name": "y", "shelfId": 987654321})
    assert await wrong(answer) == [("body", "shelfId", "A reference points at nothing.")]
    assert [row["name"] for row in await stored(tiny, owner)] == ["x"]


async def test_the_shelf_of_another_tenant_is_none(me: Client, tiny: Database, stranger: int, owner: int) -> None:
    theirs = speaker(tiny, stranger, shelves())
    number = (await theirs.post("/tiny/shelves", json={"name": "theirs"})).json()["id"]
    answer = await me.post(URL, json={"name": "x", "shelf_id": number})
    assert [path for _, path, _ in await wrong(answer)] == ["shelf_id"]
    assert (await me.delete(f"/tiny/shelves/{number}")).status_code == 404
    assert (await me.patch(f"/tiny/shelves/{number}", json={"name": "mine"})).status_code == 404
    assert [row["name"] for row in await stored(tiny, stranger, "shelf")] == ["theirs"]
    assert await stored(tiny, owner) == []
