"""What a declared resource may say: parents, owners, hooks, keys, scopes; and what it must not."""

from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType
from sqlalchemy import or_
from tests.kernel.http.kit import parcel, shelf, thing
from tests.kernel.http.shop import URL, Shelf, Thing, ThingWrite, fill, shelves, speaker, stored, things, wrong

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid
from gridloom.kernel.http.filters import equals
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Owner, Parent, Resource
from gridloom.kernel.http.rows import Shape, Writing

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
