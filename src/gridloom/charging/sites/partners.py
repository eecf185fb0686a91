"""Which partners have to do with a location: those of the things that stand there.

A part that puts things of partners at locations says once where they are found:

    location_partners.add(select(charge_point.c.location_id, charge_point.c.partner_id))
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Subquery,
    bindparam,
    cast,
    false,
    func,
    null,
    select,
    union,
)

from gridloom.charging.sites.tables import location
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Filter, Include


class Partners:
    """Where partners of locations are found."""

    def __init__(self) -> None:
        self._sources: list[Select[Any]] = []
        self._statement: Statement | None = None

    def add(self, source: Select[Any]) -> None:
        """A query of two columns, the ids of a location and of a partner (or NULL); add it while modules are imported."""
        self._sources.append(source)
        self._statement = None

    def _links(self) -> Subquery:
        nothing = cast(null(), BigInteger)
        first = select(nothing.label("location_id"), nothing.label("partner_id")).where(false())
        return union(first, *self._sources).subquery("links")

    def include(self) -> Include:
        """The ids of the partners of each location, ascending."""
        return Include(self._load)

    async def _load(self, tx: Tx, ids: Sequence[Any]) -> Mapping[Any, list[int]]:
        if self._statement is None:
            self._statement = self._build()
        return {row["location_id"]: row["partners"] for row in await tx.all(self._statement, ids=list(ids))}

    def _build(self) -> Statement:
        links = self._links()
        partners = func.array_agg(links.c.partner_id.distinct())
        return Statement(
            select(links.c.location_id, partners.label("partners"))
            .where(links.c.location_id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
            .where(links.c.partner_id.is_not(None))
            .group_by(links.c.location_id)
        )

    def filter(self) -> Filter:
        """Locations that have to do with one partner."""

        def clause(partner: BindParameter[Any]) -> ColumnElement[bool]:
            links = self._links()
            return location.c.id.in_(select(links.c.location_id).where(links.c.partner_id == partner))

        return Filter(int, clause, BigInteger())


location_partners = Partners()
