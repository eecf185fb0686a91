"""Filters and includes of a declared list: a wire type and the SQL condition it becomes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from msgspec import UNSET
from sqlalchemy import BindParameter, Boolean, ColumnElement, Table, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql.elements import KeyedColumnElement

from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.rows import Shape

Column: TypeAlias = KeyedColumnElement[Any]
Clause: TypeAlias = Callable[[BindParameter[Any]], ColumnElement[bool]]


@dataclass(frozen=True)
class Filter:
    """type: what travels. clause: the condition, given the bound value. bind: the SQL type of the value. value: wire -> bound.

    default: what holds when a caller does not say (UNSET: nothing). decides_removed: it says itself whether rows that were
    removed are in the list, which leaves them out otherwise.
    """

    type: Any
    clause: Clause
    bind: Any
    value: Callable[[Any], Any] = field(default=lambda value: value)
    default: Any = UNSET
    decides_removed: bool = False

    def condition(self, name: str) -> ColumnElement[bool]:
        """The condition with its value bound under `name`."""
        return self.clause(bindparam(name, type_=self.bind))


def equals(column: Column, wire: Any = None) -> Filter:
    """The column is this value."""
    return Filter(wire or _wire(column), lambda value: column == value, column.type)


def one_or_many(column: Column, wire: Any = None) -> Filter:
    """The column is one of the given values (one value, or a list of them)."""
    wanted: Any = wire or _wire(column)
    return Filter(wanted | list[wanted], lambda v: column == func.any(v), ARRAY(column.type), _as_list)


def since(column: Column) -> Filter:
    """At or after an instant; one without an offset is UTC."""
    return Filter(datetime, lambda value: column >= value, column.type, _instant)


def until(column: Column) -> Filter:
    """At or before an instant; one without an offset is UTC."""
    return Filter(datetime, lambda value: column <= value, column.type, _instant)


def contains(column: Column) -> Filter:
    """The text is somewhere inside, whatever the case; no character is special."""
    return Filter(str, lambda value: column.ilike(value, escape="\\"), column.type, _inside)


def holds(column: Column, wire: Any = str) -> Filter:
    """The array column holds this value."""
    item = column.type.item_type  # type: ignore[attr-defined]  # only array columns are given here
    return Filter(wire, lambda value: column.contains(cast(array([value]), column.type)), item)


def removed(column: Column) -> Filter:
    """`1`: the rows that were removed, `0` and by default: those that were not. column: when a row was removed."""
    return Filter(
        Literal["0", "1"],
        lambda value: column.is_not(None) == value,
        Boolean(),
        lambda value: value == "1",
        default="0",
        decides_removed=True,
    )


def when(type_: Any, clause: Clause, bind: Any, value: Callable[[Any], Any] = lambda value: value) -> Filter:
    """A condition of its own."""
    return Filter(type_, clause, bind, value)


def _instant(value: datetime) -> datetime:
    # The driver would take the time zone of the machine.
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _wire(column: Column) -> Any:
    return column.type.python_type


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _inside(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


Load: TypeAlias = Callable[[Tx, Sequence[Any]], Awaitable[Mapping[Any, Any]]]
LoadWithCall: TypeAlias = Callable[[Tx, Sequence[Any], Call], Awaitable[Mapping[Any, Any]]]


@dataclass(frozen=True)
class Include:
    """Something a list or read can carry on demand. load: ids of a whole page -> value by id, in one statement.

    load_with_call: instead of `load`, where the request itself or a part of the application is needed (links to files).
    """

    load: Load | None = None
    empty: Callable[[], Any] = list
    load_with_call: LoadWithCall | None = None

    async def found(self, tx: Tx, ids: Sequence[Any], call: Call | None) -> Mapping[Any, Any]:
        """The values by id. LookupError when the request is needed and there is none."""
        if self.load is not None:
            return await self.load(tx, ids)
        if self.load_with_call is None or call is None:
            raise LookupError("this include needs the request")
        return await self.load_with_call(tx, ids, call)


@dataclass(frozen=True)
class Switch:
    """A truth value of the query (`withAmountDue=true`) that asks for one more field. field: its wire name; include: where its
    values come from; verbs: which operations know the switch."""

    field: str
    include: Include
    verbs: Sequence[str] = ("list", "read")


def children(
    table: Table,
    parent: Column,
    shows: Any,
    *,
    columns: Mapping[str, Any] | None = None,
    order: Sequence[Any] = (),
    where: ColumnElement[bool] | None = None,
) -> Include:
    """The rows of another table that point here, as a list of `shows` an item; one statement for a whole page."""
    shape = Shape(table, shows, columns or {}, {}, ())
    query = (
        select(*shape.selected, parent.label("_parent"))
        .where(parent == func.any(bindparam("ids", type_=ARRAY(parent.type))))
        .order_by(*(order or (table.c.id,)))
    )
    statement = Statement(query if where is None else query.where(where))

    async def load(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
        found: dict[Any, list[Any]] = {}
        for row in await tx.all(statement, ids=list(ids)):
            found.setdefault(row["_parent"], []).append(shape.make(row))
        return found

    return Include(load)
