"""The declared resource: rows in, rows out, on real tables under row-level security."""

from typing import Any

import httpx
import msgspec
import pytest
from msgspec import UNSET, UnsetType
from sqlalchemy import or_
from tests.kernel.http.kit import parcel, shelf, thing
from tests.kernel.http.shop import URL, Shelf, Thing, ThingWrite, fill, shelves, speaker, things

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Fault, Invalid
from gridloom.kernel.http.filters import equals
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Owner, Parent, Resource
from gridloom.kernel.http.rows import Shape, Writing

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


async def stored(database: Database, tenant: int, table: str = "thing") -> list[dict[str, Any]]:
    async with database.tenant(tenant, read_only=True) as tx:
        return [dict(row) for row in await tx.all(f"SELECT * FROM tiny.{table} ORDER BY name")]


async def wrong(answer: httpx.Response) -> list[tuple[str, str, str]]:
    assert answer.status_code == 422, answer.text
    return [(where, path, message) for where, path, message in answer.json()["errors"]]


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


# --- parents, owners, hooks -------------------------------------------------------------------------------------------


def on_shelves(**options: Any) -> Resource:
    given: dict[str, Any] = {
        "shows": Shelf,
        "creates": ThingWrite,
        "scope": "tiny.things",
        "parents": {"shelf": Parent(thing.c.shelf_id, shelf)},
        "columns": {"things": thing.c.tags},
        "pages": Pages.NONE,
    }
    return Resource(thing, "/tiny/shelves/{shelf}/things", **{**given, **options})


class Line(msgspec.Struct):
    id: int
    name: str


async def test_a_row_below_another_belongs_there_and_nowhere_else(tiny: Database, owner: int) -> None:
    me = speaker(tiny, owner, shelves(), on_shelves(shows=Line, columns={}))
    one, two = [(await me.post("/tiny/shelves", json={"name": name})).json()["id"] for name in ("one", "two")]
    made = (await me.post(f"/tiny/shelves/{one}/things", json={"name": "x", "shelf_id": two})).json()
    assert (await me.get(f"/tiny/shelves/{one}/things")).json()["items"] == [made]
    assert (await me.get(f"/tiny/shelves/{two}/things")).json()["items"] == []
    assert (await me.get(f"/tiny/shelves/{one}/things/{made['id']}")).json() == made
    for method in ("GET", "DELETE"):
        assert (await me.request(method, f"/tiny/shelves/{two}/things/{made['id']}")).status_code == 404
    assert len(await stored(tiny, owner)) == 1
    for method, body in (("GET", None), ("POST", {"name": "y"})):
        answer = await me.request(method, "/tiny/shelves/987654321/things", json=body)
        assert answer.status_code == 404
    assert (await me.delete(f"/tiny/shelves/{one}/things/{made['id']}")).status_code == 204
    assert await stored(tiny, owner) == []


class Held(msgspec.Struct):
    id: int
    name: str
    holder_id: int | None


class HeldWrite(msgspec.Struct):
    name: str
    holder_id: int | UnsetType | None = UNSET


def held(**options: Any) -> Resource:
    given: dict[str, Any] = {
        "shows": Held,
        "creates": HeldWrite,
        "updates": HeldWrite,
        "scope": "tiny.things",
        "owner": Owner(thing.c.holder_id, "holder_id", field="holder_id", shared=thing.c.kind == "shared"),
    }
    return Resource(thing, URL, **{**given, **options})


async def test_a_caller_of_an_owner_sees_its_own_and_what_is_shared_and_changes_its_own(
    tiny: Database, owner: int
) -> None:
    anybody, seven, eight = (
        speaker(tiny, owner, held(), **given) for given in ({}, {"holder_id": 7}, {"holder_id": 8})
    )
    mine = (await seven.post(URL, json={"name": "a"})).json()
    assert mine["holder_id"] == 7
    theirs = (await anybody.post(URL, json={"name": "b", "holder_id": 8})).json()
    shared = (await eight.post(URL, json={"name": "c"})).json()
    async with tiny.tenant(owner) as tx:
        await tx.run("UPDATE tiny.thing SET kind = 'shared' WHERE id = :id", id=shared["id"])
    assert (await seven.get(URL)).json()["items"] == [mine, shared]
    assert (await anybody.get(URL)).json()["items"] == [mine, theirs, shared]
    assert (await seven.get(f"{URL}/{shared['id']}")).json() == shared
    assert (await seven.get(f"{URL}/{theirs['id']}")).status_code == 404
    for number in (theirs["id"], shared["id"]):
        assert (await seven.patch(f"{URL}/{number}", json={"name": "x"})).status_code == 404
        assert (await seven.delete(f"{URL}/{number}")).status_code == 404
    assert [row["name"] for row in await stored(tiny, owner)] == ["a", "b", "c"]


async def test_an_owner_cannot_be_chosen_by_one_and_must_be_by_another(tiny: Database, owner: int) -> None:
    anybody, seven = speaker(tiny, owner, held()), speaker(tiny, owner, held(), holder_id=7)
    answer = await seven.post(URL, json={"name": "x", "holder_id": 8})
    assert await wrong(answer) == [("body", "holder_id", "This belongs to somebody else.")]
    for body in ({"name": "x"}, {"name": "x", "holder_id": None}):
        answer = await anybody.post(URL, json=body)
        assert await wrong(answer) == [("body", "holder_id", "This field is required.")]
    assert await stored(tiny, owner) == []
    made = (await seven.post(URL, json={"name": "x", "holder_id": 7})).json()
    answer = await seven.patch(f"{URL}/{made['id']}", json={"name": "y", "holder_id": 8})
    assert answer.json() == {**made, "name": "y"}


async def test_hooks_see_the_stored_row_and_what_they_refuse_does_not_happen(tiny: Database, owner: int) -> None:
    seen: list[Any] = []

    async def on_write(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
        seen.append(None if current is None else current["count"])
        if columns.get("name") == "bad":
            raise Invalid("Not this name.", field="name")
        columns["count"] = (current["count"] if current else 0) + 1

    async def on_delete(tx: Tx, current: Any) -> None:
        if current["name"] == "kept":
            raise Conflict("Kept.")

    me = speaker(tiny, owner, things(on_write=on_write, on_delete=on_delete, pages=Pages.NONE))
    [number] = await fill(me, "kept")
    assert (await me.patch(f"{URL}/{number}", json={})).json()["count"] == 2
    assert await wrong(await me.patch(f"{URL}/{number}", json={"name": "bad"})) == [("body", "name", "Not this name.")]
    assert await wrong(await me.post(URL, json={"name": "bad"})) == [("body", "name", "Not this name.")]
    assert (await me.delete(f"{URL}/{number}")).status_code == 409
    assert (await me.patch(f"{URL}/987654321", json={})).status_code == 404
    assert (await me.delete(f"{URL}/987654321")).status_code == 404
    assert seen == [None, 1, 2, None]
    [row] = await stored(tiny, owner)
    assert (row["name"], row["count"], row["removed_at"]) == ("kept", 2, None)


async def test_a_list_of_some_rows_only_neither_shows_nor_changes_the_others(tiny: Database, owner: int) -> None:
    boxes = things(where=or_(thing.c.kind == "b", thing.c.kind.is_(None)), pages=Pages.NONE)
    me = speaker(tiny, owner, boxes)
    [box] = await fill(me, "a box", kind="box")
    [tin] = await fill(me, "a tin", kind="tin")
    assert [each["id"] for each in (await me.get(URL)).json()["items"]] == [box]
    assert (await me.get(f"{URL}/{tin}")).status_code == 404
    assert (await me.delete(f"{URL}/{tin}")).status_code == 404
    assert [row["removed_at"] for row in await stored(tiny, owner)] == [None, None]


async def test_a_key_of_random_numbers_is_made_here(tiny: Database, owner: int) -> None:
    class Parcel(msgspec.Struct):
        name: str
        id: Any = None

    class ParcelWrite(msgspec.Struct):
        name: str

    parcels = Resource(
        parcel, "/tiny/parcels", shows=Parcel, creates=ParcelWrite, scope="tiny.parcels", delete_shows=True,
        statuses={"create": 202}, scopes={"delete": "tiny.parcels:remove"}, item="parcel",
    )  # fmt: skip
    me = speaker(tiny, owner, parcels)
    answer = await me.post("/tiny/parcels", json={"name": "p"})
    assert answer.status_code == 202
    made = answer.json()
    assert made["id"][14] == "7"
    assert (await me.get(f"/tiny/parcels/{made['id']}")).json() == made
    assert (await me.get("/tiny/parcels/not-a-uuid")).status_code == 422
    assert (await me.get("/tiny/parcels/01890000-0000-7000-8000-000000000000")).status_code == 404
    writer = speaker(tiny, owner, parcels, scopes=["tiny.parcels:write", "tiny.parcels:read"])
    assert (await writer.delete(f"/tiny/parcels/{made['id']}")).status_code == 403
    assert len(await stored(tiny, owner, "parcel")) == 1
    remover = speaker(tiny, owner, parcels, scopes=["tiny.parcels:remove"])
    answer = await remover.delete(f"/tiny/parcels/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, made)
    assert (await remover.delete(f"/tiny/parcels/{made['id']}")).status_code == 404


async def test_each_verb_needs_its_own_scope(tiny: Database, owner: int) -> None:
    everybody = speaker(tiny, owner, things(pages=Pages.NONE))
    [number] = await fill(everybody, "x")
    calls = [
        ("GET", URL, None, "read"), ("GET", f"{URL}/{number}", None, "read"), ("POST", URL, {"name": "y"}, "write"),
        ("PATCH", f"{URL}/{number}", {}, "write"), ("DELETE", f"{URL}/{number}", None, "write"),
    ]  # fmt: skip
    for rights in ("read", "write"):
        me = speaker(tiny, owner, things(pages=Pages.NONE), scopes=[f"tiny.things:{rights}"])
        for method, url, body, needed in calls:
            answer = await me.request(method, url, json=body)
            assert (answer.status_code == 403) is (needed != rights), f"{method} {url} with {rights}"


# --- declarations -----------------------------------------------------------------------------------------------------


def test_a_field_without_a_column_is_refused_when_it_is_declared() -> None:
    class Colour(msgspec.Struct):
        id: int
        colour: str

    with pytest.raises(TypeError, match=r"Colour.colour has no column in tiny.thing"):
        Shape(thing, Colour, {}, {}, ())
    with pytest.raises(TypeError, match=r"Colour.colour is written nowhere in tiny.thing"):
        Writing(thing, Colour, {}, {})
    Writing(thing, Colour, {"colour": "kind"}, {})
    Writing(thing, Colour, {}, {}, ["colour"])


def test_a_field_may_be_stored_in_several_columns() -> None:
    writing = Writing(thing, ThingWrite, {"name": lambda name: {"name": name, "code": name[:1]}, "code": "note"}, {})
    assert {
        key: value for key, value in writing.columns(ThingWrite("abc", code="n")).items() if value and key != "price"
    } == {"name": "abc", "code": "a"}


def test_a_row_with_further_columns_is_shown_without_them() -> None:
    shape = Shape(thing, Line, {}, {}, ())
    assert shape.make((1, "x", "more", 5)) == Line(1, "x")


def test_a_statement_is_built_once_for_each_combination() -> None:
    resource = things()
    built = resource.statements
    first = built.page(frozenset({"name", "count"}), owned=False, mode="number")
    assert built.page(frozenset({"count", "name"}), owned=False, mode="number") is first
    assert built.page(frozenset({"name"}), owned=False, mode="number") is not first
    assert built.page(frozenset({"count", "name"}), owned=False, mode="after") is not first
    assert first.names == ("f_count", "f_name", "limit", "offset")
    assert built.count(frozenset(), owned=False) is built.count(frozenset(), owned=False)
    columns = frozenset({"tenant_id", "name"})
    assert built.insert(columns) is built.insert(columns)
    assert built.update(frozenset({"name"}), owned=False) is built.update(frozenset({"name"}), owned=False)
    assert built.read(owned=False) is built.read(owned=False)
    assert built.locked(owned=False) is built.locked(owned=False)
    assert built.delete(owned=False) is built.delete(owned=False)


async def test_the_same_request_twice_builds_nothing_new(tiny: Database, owner: int) -> None:
    resource = things(filters={"code": equals(thing.c.code), "count": equals(thing.c.count)})
    me = speaker(tiny, owner, resource)

    async def everything() -> None:
        await fill(me, "x")
        for code in ("a", "b"):
            await me.get(URL, params={"filter[code]": code, "filter[count]": "1"})
            await me.get(URL, params={"filter[count]": "2", "filter[code]": code})

    await everything()
    built = dict(resource.statements._built)
    await everything()
    assert resource.statements._built == built
    assert len(built) == 3


def test_verbs_exist_where_their_structs_do() -> None:
    def verbs(**options: Any) -> tuple[str, ...]:
        return Resource(thing, URL, shows=Thing, scope="tiny.things", **options).verbs

    assert verbs() == ("list", "read", "delete")
    assert verbs(creates=ThingWrite) == ("list", "read", "create", "delete")
    assert verbs(creates=ThingWrite, verbs=("list",)) == ("list",)
