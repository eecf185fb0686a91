"""Rows for any declared table, made from its declaration alone: types, closed sets, foreign keys, check constraints.

A new table needs nothing here. A check constraint that no plain value satisfies is met by trying the literals in its
own text and a few usual values for the columns it speaks of, in a fixed order of chance.
"""

import itertools
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
from hypothesis import find
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, Column, Table, bindparam, insert, types
from sqlalchemy.dialects import postgresql

from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx

Row = dict[str, Any]

TRIES = 400
NOW = datetime.now(UTC).replace(microsecond=0)

_numbers = itertools.count(1000)

_BY_TYPE: tuple[tuple[type[Any], Callable[[], Any]], ...] = (
    (types.Boolean, lambda: False),
    (types.SmallInteger, lambda: 1),
    (types.Integer, lambda: next(_numbers)),
    (types.Float, lambda: 1.5),
    (types.Numeric, lambda: Decimal(1)),
    (types.DateTime, lambda: NOW),
    (types.Date, NOW.date),
    (types.Time, lambda: time(12)),
    (types.Interval, lambda: timedelta(hours=1)),
    (types.Uuid, uuid.uuid4),
    (types.JSON, dict),
    (types.ARRAY, list),
    (types.LargeBinary, lambda: secrets.token_bytes(32)),
    (
        postgresql.TSTZRANGE,
        lambda: asyncpg.Range(start := NOW + timedelta(days=next(_numbers)), start + timedelta(days=1)),
    ),
    (postgresql.DATERANGE, lambda: asyncpg.Range(start := date.fromordinal(next(_numbers)), start + timedelta(days=1))),
    (postgresql.INT8RANGE, lambda: asyncpg.Range(1, 10)),
    (postgresql.NUMRANGE, lambda: asyncpg.Range(Decimal(1), Decimal(10))),
    (postgresql.INET, lambda: "192.0.2.1"),
    (types.String, lambda: f"value-{next(_numbers)}"),
)

_USUAL: tuple[tuple[type[Any], tuple[Any, ...]], ...] = (
    (types.Boolean, (True, False)),
    (types.Integer, (0, 1, 2, 10, 50, 100, 3600, -1)),
    (types.Float, (0.0, 0.5, 1.0, 50.0, -1.0)),
    (types.Numeric, (Decimal(0), Decimal("0.5"), Decimal(1), Decimal(50), Decimal(-1))),
    (types.DateTime, (NOW, NOW + timedelta(days=1), NOW - timedelta(days=1), NOW.replace(hour=0, minute=0, second=0))),
    (types.Date, (NOW.date(), NOW.date().replace(day=1), date(2020, 1, 1), date(2030, 1, 1))),
    (types.Time, (time(0), time(6), time(12), time(23, 59))),
    (types.Interval, (timedelta(0), timedelta(minutes=15), timedelta(days=1))),
    (types.JSON, ({}, [], {"a": 1}, ["a"], "a", 1)),
    (types.LargeBinary, (b"", b"x" * 16, b"x" * 32, b"x" * 64)),
    (types.String, ("", "a", "A", "1", "en", "BE", "EUR", "a@example.org", "https://example.org", "a" * 32, "0" * 64)),
)


def plain_value(column: Column[Any]) -> Any:
    """A value of the column's type, different from one call to the next where the type is not a small one."""
    if isinstance(column.type, types.Enum):
        return column.type.enums[0]
    if isinstance(column.type, types.String) and column.type.length is not None:
        return str(next(_numbers)).zfill(column.type.length)[-column.type.length :]
    for kind, make in _BY_TYPE:
        if isinstance(column.type, kind):
            return make()
    raise NotImplementedError(f"{column}: add a plain value for the type {column.type!r} to _BY_TYPE")


async def add_row(tx: Tx, table: Table, tenant: int) -> Row:
    """Write one valid row of the tenant, and the rows it points at. `tx` is a transaction of the installation."""
    given = await parents(tx, table, tenant)
    row = minimal(table, tenant) | given
    chance = Random(table.fullname)
    for _ in range(TRIES):
        try:
            async with tx.savepoint():
                record = await tx.one(_insert(table, row), **row)
        except asyncpg.UniqueViolationError as refused:
            taken = set(re.findall(r"\w+", (refused.detail or "").partition(")")[0])) - {*given, "tenant_id"}
            row |= {each.name: plain_value(each) for each in table.c if each.name in taken}
        except asyncpg.CheckViolationError as refused:
            for column in _columns_of(table, refused.constraint_name or ""):
                if column.name not in given:
                    row |= await _another_value(tx, table, column, tenant, chance)
        else:
            assert record is not None
            return dict(record)
    raise AssertionError(f"no row found that the check constraints of {table.fullname} accept")


async def _another_value(tx: Tx, table: Table, column: Column[Any], tenant: int, chance: Random) -> Row:
    """Something else for one column; for a reference that may be missing, none or a row written for it."""
    for key in column.foreign_keys:
        reference = key.constraint
        assert reference is not None
        if chance.random() < 0.5 or reference.referred_table is table:
            return {column.name: None}
        parent = await add_row(tx, reference.referred_table, tenant)
        return {each.parent.name: parent[each.column.name] for each in reference.elements}
    return {column.name: chance.choice([each for each in _candidates(table, column) if _fits(column, each)])}


async def parents(tx: Tx, table: Table, tenant: int) -> Row:
    """The values of the foreign keys that must not be NULL, each of a row written for it."""
    values: Row = {"tenant_id": tenant} if "tenant_id" in table.c else {}
    for key in sorted(table.foreign_key_constraints, key=lambda each: str(each.name)):
        names = [column.name for column in key.columns if column.name not in values]
        if not names or any(column.nullable for column in key.columns):
            continue
        assert key.referred_table is not table, f"{table.fullname} must point at itself: nobody can write its first row"
        parent = await add_row(tx, key.referred_table, tenant)
        values |= {each.parent.name: parent[each.column.name] for each in key.elements}
    return values


def minimal(table: Table, tenant: int) -> Row:
    """Values for the columns that have no default and must not be NULL."""
    row: Row = {}
    closed = closed_sets(table)
    for column in table.c:
        if column.name == "tenant_id":
            row["tenant_id"] = tenant
        elif not (column.nullable or column.server_default is not None or column.identity or column.computed):
            row[column.name] = closed[column.name][0] if column.name in closed else plain_value(column)
    return row


def closed_sets(table: Table) -> dict[str, list[str]]:
    """The values that `one_of` allows, by column."""
    found: dict[str, list[str]] = {}
    for check in _checks(table):
        if match := re.fullmatch(r"(\w+) IN \(('.*')\)", str(check.sqltext)):
            found[match[1]] = [literal.replace("''", "'") for literal in re.findall(r"'((?:[^']|'')*)'", match[2])]
    return found


def _insert(table: Table, row: Row) -> Statement:
    return Statement(insert(table).values({name: bindparam(name) for name in row}).returning(*table.c))


def _checks(table: Table) -> list[CheckConstraint]:
    return [each for each in table.constraints if isinstance(each, CheckConstraint)]


def _columns_of(table: Table, constraint: str) -> list[Column[Any]]:
    for check in _checks(table):
        if check.name is not None and constraint.endswith(str(check.name).removeprefix(f"ck_{table.name}_")):
            words = set(re.findall(r"\w+", str(check.sqltext)))
            return [column for column in table.c if column.name in words]
    return list(table.c)


def _fits(column: Column[Any], value: Any) -> bool:
    length = getattr(column.type, "length", None)
    return length is None or not isinstance(value, str) or len(value) <= length


def _candidates(table: Table, column: Column[Any]) -> Iterator[Any]:
    yield plain_value(column)
    if column.nullable:
        yield None
    text = " ".join(
        str(check.sqltext) for check in _checks(table) if re.search(rf"\b{column.name}\b", str(check.sqltext))
    )
    if isinstance(column.type, types.String):
        literals = re.findall(r"'((?:[^']|'')*)'", text)
        yield from literals
        for pattern in re.findall(r"~\s*'((?:[^']|'')*)'", text):
            yield find(st.from_regex(pattern, fullmatch=True), lambda _: True)
    if isinstance(column.type, types.ARRAY):
        yield [plain_value(Column(column.name, column.type.item_type))]
    if isinstance(column.type, types.Integer):
        yield from (int(number) for number in re.findall(r"(?<![\w.])-?\d+(?![\w.])", text))
    for kind, values in _USUAL:
        if isinstance(column.type, kind):
            yield from values
