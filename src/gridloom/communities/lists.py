"""Lists with flat filters and one sort parameter a column; several sorts count in the order in which they were given."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func

from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.filters import Filter
from gridloom.kernel.http.pages import PageOf, PageRequest

SORT_PREFIX = "sort_"


class Listing:
    """A select whose rows are shown as a struct. Its statements are built once for each combination of filters and sorts.

    filters: query field -> condition. sorts: query field without `sort_` -> column. key: what makes every order total.
    The labels of the select are the fields of `shows`.
    """

    def __init__(
        self,
        source: Select[Any],
        shows: type[msgspec.Struct],
        *,
        key: ColumnElement[Any],
        filters: Mapping[str, Filter],
        sorts: Mapping[str, ColumnElement[Any]],
    ) -> None:
        self._source = source
        self._shows = shows
        self._key = key
        self._filters = dict(filters)
        self._sorts = dict(sorts)
        self._built: dict[Any, Statement] = {}

    async def page(self, tx: Tx, request: PageRequest, query: msgspec.Struct, call: Call, **fixed: Any) -> PageOf:
        """One page. `fixed` are the values of the select's own parameters."""
        given = {
            name: each.value(getattr(query, name))
            for name, each in self._filters.items()
            if getattr(query, name) is not msgspec.UNSET
        }
        order = self._order(query, call)
        statement = self._statement("page", tuple(given), order)
        rows = await tx.all(statement, **given, **fixed, most=request.size, skipped=request.offset)
        total = rows[0]["total"] if rows else 0
        if not rows and request.offset:
            total = await tx.scalar(self._statement("count", tuple(given), ()), **given, **fixed)
        names = [field.name for field in msgspec.structs.fields(self._shows)]
        return PageOf([self._shows(**{name: row[name] for name in names}) for row in rows], request, total=total)

    def _order(self, query: msgspec.Struct, call: Call) -> tuple[tuple[str, str], ...]:
        asked = dict.fromkeys(name.removeprefix(SORT_PREFIX) for name, _ in call.pairs if name.startswith(SORT_PREFIX))
        return tuple((name, getattr(query, SORT_PREFIX + name)) for name in asked if name in self._sorts)

    def _statement(self, what: str, given: Sequence[str], order: Sequence[tuple[str, str]]) -> Statement:
        wanted = (what, tuple(given), tuple(order))
        if wanted not in self._built:
            chosen = self._source.where(*(self._filters[name].condition(name) for name in given))
            self._built[wanted] = Statement(self._count(chosen) if what == "count" else self._ordered(chosen, order))
        return self._built[wanted]

    def _ordered(self, chosen: Select[Any], order: Sequence[tuple[str, str]]) -> Select[Any]:
        columns = [self._sorts[name].desc() if way == "DESC" else self._sorts[name].asc() for name, way in order]
        most, skipped = (bindparam(name, type_=BigInteger) for name in ("most", "skipped"))
        counted = chosen.add_columns(func.count().over().label("total"))
        return counted.order_by(*columns, self._key).limit(most).offset(skipped)

    @staticmethod
    def _count(chosen: Select[Any]) -> Select[Any]:
        return chosen.with_only_columns(func.count(), maintain_column_froms=True)
