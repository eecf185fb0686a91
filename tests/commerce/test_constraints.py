"""Conditions of a search, and the filters of a list that they become, on real rows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.commerce.cat import tables
from gridloom.commerce.constraints import Constraint, Key, Search, conditions, read
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.pages import PageRequest
from gridloom.kernel.http.resource import Resource
from gridloom.kernel.ids import uuid7

EVERY = ("in", "not_in", "gt", "gte", "lt", "lte")
KEYS = {
    "sku": Key("sku", str, EVERY),
    "count": Key("count", int, EVERY),
    "is_open": Key("is_open", bool),
    "price": Key("price", Decimal, ("gte", "lt")),
    "at": Key("at", datetime, ("gte",)),
    "id": Key("ids", UUID),
}


class Named(msgspec.Struct):
    name: str


LIST = Resource(
    tables.channel, "names", shows=Named, scope="x", verbs=(), order=(tables.channel.c.name,),
    filters={**conditions("name", tables.channel.c.name, *EVERY), **conditions("ids", tables.channel.c.id)},
)  # fmt: skip


def one(key: str, *values: Any, operator: str = "in") -> dict[str, Any]:
    return read(Search(constraints=[Constraint(key=key, operator=operator, values=list(values))]), KEYS)


def errors(search: Search) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        read(search, KEYS)
    return [(each.dotted, each.kind) for each in refused.value.errors]


def test_values_become_what_the_column_holds() -> None:
    assert one("sku", "a", 7, 1.5) == {"sku": ["a", "7", "1.5"]}
    assert one("count", "7", 8, " 9 ") == {"count": [7, 8, 9]}
    assert one("is_open", "1", "true", True, "0", "false", False, 1) == {
        "is_open": [True, True, True, False, False, False, True]
    }
    assert one("price", "12.50", operator="gte") == {"price.gte": Decimal("12.50")}
    assert one("at", "2026-01-01T00:00:00Z", operator="gte") == {"at.gte": datetime(2026, 1, 1, tzinfo=UTC)}
    assert one("id", str(UUID(int=7))) == {"ids": [UUID(int=7)]}


def test_all_spellings_are_one_search() -> None:
    given = [Constraint("sku", "in", value=["a"]), Constraint("count", "in", values=["1"])]
    assert read(Search(constraints=given), KEYS) == {"sku": ["a"], "count": [1]}
    assert read(Search(filter=given[:1], filters=given[1:]), KEYS) == {"sku": ["a"], "count": [1]}
    assert read(Search(), KEYS) == {}


def test_everything_wrong_is_named_at_once() -> None:
    search = Search(
        constraints=[
            Constraint("colour", values=["red"]),
            Constraint("price", values=["1"]),
            Constraint("count", values=["one", "2", "2.5"]),
            Constraint("count", "gte", values=["1", "2"]),
            Constraint("is_open", value=["perhaps"]),
            Constraint("sku"),
        ],
        filters=[Constraint("id", values=["seven"])],
    )
    assert errors(search) == [
        ("constraints.0.key", "invalid"), ("constraints.1.operator", "invalid"), ("constraints.2.values.0", "invalid"),
        ("constraints.2.values.2", "invalid"), ("constraints.3.values", "invalid"), ("constraints.4.value.0", "invalid"),
        ("constraints.5.values", "required"), ("filters.0.values.0", "invalid"),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(EVERY), st.lists(st.integers(0, 9), min_size=1, max_size=4)), max_size=6))
def test_conditions_on_one_key_hold_together(given: list[tuple[str, list[int]]]) -> None:
    """Whatever is merged into one filter admits exactly the numbers that every condition admits."""
    holds: dict[str, Any] = {
        "in": lambda n, v: n in v,
        "not_in": lambda n, v: n not in v,
        "gt": lambda n, v: n > v,
        "gte": lambda n, v: n >= v,
        "lt": lambda n, v: n < v,
        "lte": lambda n, v: n <= v,
    }
    plain = [(op, values if op in ("in", "not_in") else values[:1]) for op, values in given]
    search = Search(constraints=[Constraint("count", op, values=[str(v) for v in values]) for op, values in plain])
    found = read(search, KEYS)
    for number in range(10):
        wanted = all(holds[op](number, values if op in ("in", "not_in") else values[0]) for op, values in plain)
        merged = all(holds[name.partition(".")[2] or "in"](number, value) for name, value in found.items())
        assert merged == wanted


@pytest.mark.parametrize(
    ("operator", "values", "names"),
    [
        ("in", ["a", "c", "z"], "ac"),
        ("in", [], ""),
        ("not_in", ["a", "c"], "bd"),
        ("not_in", [], "abcd"),
        ("gt", ["b"], "cd"),
        ("gte", ["b"], "bcd"),
        ("lt", ["b"], "a"),
        ("lte", ["b"], "ab"),
    ],
)
async def test_the_database_finds_what_the_operator_says(
    db: Database, tenant: int, operator: str, values: list[str], names: str
) -> None:
    keys = {"name": Key("name", str, EVERY)}
    filters = read(Search(constraints=[Constraint("name", operator, values=list(values))]), keys)
    async with db.tenant(tenant) as tx:
        insert = "INSERT INTO commerce.channel (tenant_id, id, name, type) VALUES (:tenant, :id, :name, 'pos')"
        for name in "abcd":
            await tx.run(insert, tenant=tx.tenant, id=uuid7(), name=name)
        page = await LIST.page(tx, PageRequest(), filters, (), {})
    assert "".join(each.name for each in page.items) == names


async def test_two_conditions_on_one_column_meet_in_the_database(db: Database, tenant: int) -> None:
    keys = {"name": Key("name", str, EVERY)}
    given = [Constraint("name", "gte", values=["b"]), Constraint("name", "lt", values=["d"])]
    async with db.tenant(tenant) as tx:
        insert = "INSERT INTO commerce.channel (tenant_id, id, name, type) VALUES (:tenant, :id, :name, 'pos')"
        for name in "abcd":
            await tx.run(insert, tenant=tx.tenant, id=uuid7(), name=name)
        page = await LIST.page(tx, PageRequest(size=1, number=2, total=True), read(Search(filters=given), keys), (), {})
    assert ([each.name for each in page.items], page.total) == (["c"], 2)
