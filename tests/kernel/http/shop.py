"""Declared resources on the tiny tables, and callers of them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import httpx
import msgspec
from msgspec import UNSET, Meta, UnsetType
from tests.kernel.http.kit import Deep, TinyApi, client_of, shelf, subject_of, thing

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.checks import number
from gridloom.kernel.http.filters import children, contains, equals, holds, one_or_many, removed, since, until
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Resource

URL = "/tiny/things"


class Thing(msgspec.Struct):
    """A thing on a shelf."""

    id: int
    name: str
    code: str | None
    note: str | UnsetType
    price: Decimal | None
    small: int | None
    count: int | None
    weight: int | None
    tags: list[str]
    details: dict[str, Any]
    kind: str | None
    made_at: datetime | None
    shelf_id: int | None


class ThingWrite(msgspec.Struct):
    """A new thing."""

    name: str
    code: str | None = None
    note: str | None = None
    price: Annotated[Decimal, number(ge=0)] | None = None
    small: int | None = None
    count: int | None = None
    weight: int | None = None
    tags: list[str] = []
    details: dict[str, Any] = {}
    kind: str | None = None
    made_at: datetime | None = None
    shelf_id: int | None = None


class ThingPatch(msgspec.Struct):
    """What changes."""

    name: str | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET
    note: str | UnsetType | None = UNSET
    price: Decimal | UnsetType | None = UNSET
    count: int | UnsetType | None = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    kind: str | UnsetType | None = UNSET


class Shelf(msgspec.Struct):
    """Where things stand."""

    id: int
    name: str
    things: list[Thing] | UnsetType = UNSET


class ShelfWrite(msgspec.Struct):
    """A new shelf."""

    name: Annotated[str, Meta(min_length=1)]


FILTERS = {
    "name": contains(thing.c.name),
    "code": equals(thing.c.code),
    "count": one_or_many(thing.c.count),
    "kind": one_or_many(thing.c.kind),
    "tag": holds(thing.c.tags),
    "from": since(thing.c.made_at),
    "to": until(thing.c.made_at),
    "removed": removed(thing.c.removed_at),
}


def things(**options: Any) -> Resource:
    """Things as a resource; options win."""
    given: dict[str, Any] = {
        "shows": Thing,
        "creates": ThingWrite,
        "updates": ThingPatch,
        "scope": "tiny.things",
        "pages": Pages.CURSOR | Pages.NUMBER,
        "filters": FILTERS,
        "values": {"kind": {"b": "box", "t": "tin"}},
        "merges": ["details"],
        "soft_delete": thing.c.removed_at,
    }
    return Resource(thing, URL, **{**given, **options})


def shelves(**options: Any) -> Resource:
    """Shelves, which can carry their things."""
    given: dict[str, Any] = {
        "shows": Shelf,
        "creates": ShelfWrite,
        "updates": ShelfWrite,
        "scope": "tiny.shelves",
        "includes": {"things": children(thing, thing.c.shelf_id, Thing)},
    }
    return Resource(shelf, "/tiny/shelves", **{**given, **options})


def speaker(
    database: Database, tenant: int, *resources: Resource, scopes: Sequence[str] = ("*",), **attributes: Any
) -> httpx.AsyncClient:
    """Somebody of a tenant who speaks to an API of these resources."""
    dialect = Deep({"me": subject_of(tenant, *scopes, **attributes)})
    return client_of(TinyApi(*resources, dialect=dialect), database, bearer="me")


async def fill(client: httpx.AsyncClient, *names: str, **more: Any) -> list[int]:
    """Things of these names; their numbers."""
    made = []
    for name in names:
        answer = await client.post(URL, json={"name": name, **more})
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    return made


async def stored(database: Database, tenant: int, table: str = "thing") -> list[dict[str, Any]]:
    """The rows of a tenant as they are in the table, by name."""
    async with database.tenant(tenant, read_only=True) as tx:
        return [dict(row) for row in await tx.all(f"SELECT * FROM tiny.{table} ORDER BY name")]


async def wrong(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """What a refusal says is wrong."""
    assert answer.status_code == 422, answer.text
    return [(where, path, message) for where, path, message in answer.json()["errors"]]
