"""Tariff groups as a declared resource over a group, its base tariff and the order of its tariffs."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import UNSET

from gridloom.charging.tariffs import store
from gridloom.charging.tariffs.schemas import TariffGroupUpdate, TariffList
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest
from gridloom.kernel.http.resource import Resource

_LOCK = sql(
    "SELECT operator_id, base_tariff_id FROM charging.tariff_group WHERE id = :id "
    "AND operator_id = coalesce(CAST(:owner AS bigint), operator_id) FOR UPDATE"
)
_REMOVE_BASE = sql("DELETE FROM charging.tariff WHERE id = :id")


async def begin_with_base(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """A new group begins with a tariff of its own; an update that says nothing about texts takes them back."""
    columns.setdefault("display", {})
    if current is None:
        columns["base_tariff_id"] = await store.add_base(tx, columns["operator_id"], columns["name"])


class TariffGroups(Resource):
    """A group is written together with its base tariff and the list of its tariffs."""

    async def create(self, tx: Tx, given: msgspec.Struct, path: Mapping[str, Any], *, call: Call | None = None) -> Any:
        """A new group, as it is shown."""
        made = await super().create(tx, given, path, call=call)
        await self._order(tx, made.id, given)
        return await self.read(tx, made.id, (), path, call=call)

    async def update(
        self,
        tx: Tx,
        key: Any,
        given: msgspec.Struct,
        includes: Sequence[str],
        path: Mapping[str, Any],
        *,
        call: Call | None = None,
    ) -> Any:
        """The changed group, as it is shown. Raises NotFound."""
        await self._order(tx, key, given)
        return await super().update(tx, key, given, includes, path, call=call)

    async def delete(self, tx: Tx, key: Any, path: Mapping[str, Any]) -> Any:
        """Remove a group and its base tariff; the other tariffs stay. Raises NotFound."""
        held = await self._held(tx, key)
        gone = await super().delete(tx, key, path)
        await tx.run(_REMOVE_BASE, id=held["base_tariff_id"])
        return gone

    async def _held(self, tx: Tx, key: Any) -> Any:
        row = await tx.one(_LOCK, id=key, owner=self._owner_value(tx))
        if row is None:
            raise NotFound
        return row

    async def _order(self, tx: Tx, key: Any, given: msgspec.Struct) -> None:
        held = await self._held(tx, key)
        listed = cast("TariffGroupUpdate", given).tariff_ids
        tariffs = [] if listed is UNSET else listed
        await store.put_members(tx, key, await store.ordered(tx, held["operator_id"], held["base_tariff_id"], tariffs))


class Tariffs(Resource):
    """A list of tariffs that can tell which one of a group applies to a user."""

    def operations(self, dialect: Dialect) -> list[Operation]:
        """The operations; the answer of the list has no pages where it is about one user."""
        found = super().operations(dialect)
        for each in found:
            if each.pages is not None:
                each.envelope = TariffList
        return found

    async def page(
        self,
        tx: Tx,
        page: PageRequest,
        filters: Mapping[str, Any],
        includes: Sequence[str],
        path: Mapping[str, Any],
        *,
        call: Call | None = None,
    ) -> PageOf:
        """One page; with `userId` the one tariff that applies, in a list that goes on nowhere."""
        if "userId" not in filters:
            return await super().page(tx, page, filters, includes, path, call=call)
        if "tariffGroupId" not in filters:
            raise Invalid(errors=[FieldError("query", ("filter", "tariffGroupId"), "Needed with userId.")])
        owner = self._owner_value(tx)
        user = None if filters["userId"] == "" else filters["userId"]
        found = await store.resolved_for_user(tx, filters["tariffGroupId"], user, owner)
        if found is None:
            return PageOf([], PageRequest())
        others = {name: value for name, value in filters.items() if name != "userId"}
        rest = await super().page(tx, PageRequest(), others, includes, path, call=call)
        return PageOf([each for each in rest.items if each.id == found], PageRequest())
