"""The statements of one declared resource, each built once for the combination of filters it is asked with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import BigInteger

from gridloom.kernel.database.statement import Statement
from gridloom.kernel.http.filters import Filter


class Statements:
    """SQL of a resource. Bound names: `id`, `owner`, a path parameter `p_<name>`, a filter `f_<name>`, a value `v_<name>`."""

    def __init__(
        self,
        table: Table,
        selected: Sequence[ColumnElement[Any]],
        *,
        key: ColumnElement[Any],
        order: Sequence[ColumnElement[Any]],
        descending: bool,
        parents: Mapping[str, ColumnElement[Any]],
        owner: ColumnElement[Any] | None,
        shared: ColumnElement[bool] | None = None,
        where: ColumnElement[bool] | None,
        filters: Mapping[str, Filter],
        soft_delete: ColumnElement[Any] | None,
        merges: Iterable[str],
    ) -> None:
        self._table = table
        self._selected = list(selected)
        self._key = key
        self._order = list(order)
        self._descending = descending
        self._parents = dict(parents)
        self._owner = owner
        self._shared = shared
        self._where = where
        self._filters = dict(filters)
        self._soft_delete = soft_delete
        self._merges = frozenset(merges)
        self._built: dict[Any, Statement] = {}

    def _conditions(
        self, *, owned: bool, filters: Iterable[str] = (), one: bool = False, reads: bool = False
    ) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if one:
            found.append(self._key == bindparam("id", type_=self._key.type))
        found.extend(column == bindparam(f"p_{name}", type_=column.type) for name, column in self._parents.items())
        if owned and self._owner is not None:
            mine = self._owner == bindparam("owner", type_=self._owner.type)
            found.append(or_(mine, self._shared) if reads and self._shared is not None else mine)
        if self._where is not None:
            found.append(self._where)
        if self._soft_delete is not None and not any(self._filters[name].decides_removed for name in filters):
            found.append(self._soft_delete.is_(None))
        found.extend(self._filters[name].condition(f"f_{name}") for name in filters)
        return found

    def page(self, filters: frozenset[str], *, owned: bool, mode: str) -> Statement:
        """A page. mode: `all`, `number` (offset), `first` (a walk begins), `after` or `before` (from a key `k_0…`)."""
        return self._once(("page", filters, owned, mode), lambda: self._page(filters, owned, mode))

    def _page(self, filters: frozenset[str], owned: bool, mode: str) -> Any:
        keys = [column.label(f"_k{i}") for i, column in enumerate(self._order)] if mode != "all" else []
        conditions = self._conditions(owned=owned, filters=sorted(filters), reads=True)
        backwards = mode == "before"
        if mode in ("after", "before"):
            at = tuple_(*[bindparam(f"k_{i}", type_=c.type) for i, c in enumerate(self._order)])
            here = tuple_(*self._order)
            conditions.append(here < at if self._descending != backwards else here > at)
        down = self._descending != backwards
        query: Any = select(*self._selected, *keys).where(and_(True, *conditions))
        query = query.order_by(*[c.desc() if down else c.asc() for c in self._order])
        if mode != "all":
            query = query.limit(bindparam("limit", type_=BigInteger))
        if mode == "number":
            query = query.offset(bindparam("offset", type_=BigInteger))
        return query

    def count(self, filters: frozenset[str], *, owned: bool) -> Statement:
        """How many rows a list has in all."""
        return self._once(
            ("count", filters, owned),
            lambda: (
                select(func.count())
                .select_from(self._table)
                .where(and_(True, *self._conditions(owned=owned, filters=sorted(filters), reads=True)))
            ),
        )

    def read(self, *, owned: bool) -> Statement:
        """One row."""
        return self._once(
            ("read", owned),
            lambda: select(*self._selected).where(and_(True, *self._conditions(owned=owned, one=True, reads=True))),
        )

    def locked(self, *, owned: bool) -> Statement:
        """The stored row itself, locked for the change that follows."""
        return self._once(
            ("locked", owned),
            lambda: (
                select(*self._table.c).where(and_(True, *self._conditions(owned=owned, one=True))).with_for_update()
            ),
        )

    def insert(self, columns: frozenset[str]) -> Statement:
        """A new row, answered as it is shown."""
        return self._once(
            ("insert", columns),
            lambda: (
                insert(self._table)
                .values({c: bindparam(f"v_{c}", type_=self._table.c[c].type) for c in sorted(columns)})
                .returning(*self._selected)
            ),
        )

    def update(self, columns: frozenset[str], *, owned: bool) -> Statement:
        """A change, answered as it is shown; objects named in `merges` are merged by key."""
        return self._once(("update", columns, owned), lambda: self._update(columns, owned))

    def _update(self, columns: frozenset[str], owned: bool) -> Any:
        new: dict[str, Any] = {}
        for name in sorted(columns):
            value: Any = bindparam(f"v_{name}", type_=self._table.c[name].type)
            if name in self._merges:
                there = func.coalesce(self._table.c[name], literal_column("'{}'::jsonb"))
                value = there.op("||")(value)
            new[name] = value
        if "updated_at" in self._table.c and "updated_at" not in new:
            new["updated_at"] = func.now()
        conditions = self._conditions(owned=owned, one=True)
        if not new:
            return select(*self._selected).where(and_(True, *conditions))
        return update(self._table).where(and_(True, *conditions)).values(new).returning(*self._selected)

    def delete(self, *, owned: bool) -> Statement:
        """Remove the row, or mark it as removed where the resource keeps it."""
        return self._once(("delete", owned), lambda: self._delete(owned))

    def _delete(self, owned: bool) -> Any:
        conditions = and_(True, *self._conditions(owned=owned, one=True))
        if self._soft_delete is not None:
            marked = update(self._table).where(conditions).values({self._soft_delete: func.now()})
            return marked.returning(*self._selected)
        return delete(self._table).where(conditions).returning(*self._selected)

    def _once(self, key: Any, build: Any) -> Statement:
        found = self._built.get(key)
        if found is None:
            found = self._built[key] = Statement(build())
        return found


def parent_exists(
    table: Table, where: ColumnElement[bool] | None, owner: ColumnElement[Any] | None
) -> tuple[Statement, Statement]:
    """Whether a parent `id` is there: for everybody, and for one `owner`."""
    key = table.c.id
    query = select(key).where(key == bindparam("id", type_=key.type))
    if where is not None:
        query = query.where(where)
    owned = query if owner is None else query.where(owner == bindparam("owner", type_=owner.type))
    return Statement(query), Statement(owned)
