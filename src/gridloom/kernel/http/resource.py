"""The declared resource: list, read, create, update and delete of a table from one declaration.

    taxes = Resource(
        tables.tax, "taxes/v2.0", shows=Tax, creates=TaxWrite, updates=TaxPatch, scope="charging.taxes", item="tax",
        filters={"operatorId": one_or_many(tables.tax.c.operator_id)}, pages=Pages.CURSOR | Pages.NUMBER,
        on_delete=rules.refuse_when_used,
    )

A verb exists when its struct is given (`creates`, `updates`) and for list, read and delete when named in `verbs`. More than two
hooks on one declaration mean that the operation has a rule: then it is an action.

on_write_with_call: instead of `on_write`, where a part of the application is needed (to seal a secret).
emits: called in the transaction of a write that succeeded, with the item as it is shown and the values of the path, to say in
events what happened. It belongs to the operations of the declaration: whoever calls `create` himself emits himself.
scopes: where a verb needs another scope than `<scope>:read` or `<scope>:write`. taken: unique constraint -> wire field that is
refused (422) where the API knows no conflict (409). in_use: what a delete raises while other rows point here. switches: truth
values of the query, each of which asks for one more field, beside the includes that are asked for in a list.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Table, Uuid

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Fault, Invalid, NotFound
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.filters import Filter, Include, Switch
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages, decode_cursor, digest_of, encode_cursor
from gridloom.kernel.http.refusals import references, told
from gridloom.kernel.http.rows import Shape, Unpack, Writing
from gridloom.kernel.http.statements import Statements, parent_exists
from gridloom.kernel.ids import uuid7

Verb = Literal["list", "read", "create", "update", "delete"]
OnWrite: TypeAlias = Callable[[Tx, dict[str, Any], Any | None], Awaitable[None]]
OnWriteWithCall: TypeAlias = Callable[[Tx, dict[str, Any], Any | None, Call], Awaitable[None]]
OnDelete: TypeAlias = Callable[[Tx, Any], Awaitable[None]]
Done = Literal["created", "updated", "deleted"]
Emits: TypeAlias = Callable[[Tx, Done, Any, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Parent:
    """The row a sub-resource hangs on. column: the child's column that points there; table: where the parent lives."""

    column: ColumnElement[Any]
    table: Table
    owner: ColumnElement[Any] | None = None
    where: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Owner:
    """Rows belong to somebody inside the tenant. A caller whose subject carries `attribute` sees and writes only its own,
    and reads what is `shared`; another caller names the owner in the write (`field`, required then)."""

    column: ColumnElement[Any]
    attribute: str
    field: str | None = None
    shared: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Named:
    """What a document calls one verb."""

    id: str
    summary: str = ""
    deprecated: bool = False


class Resource:
    """See the module's text. `item` is the name of the path parameter that identifies one row."""

    def __init__(
        self,
        table: Table,
        path: str,
        *,
        shows: type[msgspec.Struct],
        scope: str,
        creates: type[msgspec.Struct] | None = None,
        updates: type[msgspec.Struct] | None = None,
        verbs: Sequence[Verb] = ("list", "read", "create", "update", "delete"),
        item: str = "id",
        key: ColumnElement[Any] | None = None,
        pages: Pages = Pages.NONE,
        order: Sequence[ColumnElement[Any]] = (),
        descending: bool = False,
        filters: Mapping[str, Filter] | None = None,
        includes: Mapping[str, Include] | None = None,
        switches: Mapping[str, Switch] | None = None,
        parents: Mapping[str, Parent] | None = None,
        owner: Owner | None = None,
        where: ColumnElement[bool] | None = None,
        soft_delete: ColumnElement[Any] | None = None,
        columns: Mapping[str, ColumnElement[Any]] | None = None,
        writes: Mapping[str, Unpack | str] | None = None,
        values: Mapping[str, Mapping[Any, Any]] | None = None,
        merges: Sequence[str] = (),
        on_write: OnWrite | None = None,
        on_write_with_call: OnWriteWithCall | None = None,
        on_delete: OnDelete | None = None,
        emits: Emits | None = None,
        faults: Sequence[type[Fault]] = (),
        scopes: Mapping[Verb, str] | None = None,
        taken: Mapping[str, str] | None = None,
        in_use: type[Fault] = Conflict,
        statuses: Mapping[Verb, int] | None = None,
        update_method: str | None = None,
        delete_shows: bool = False,
        wrapped: bool = True,
        tags: Sequence[str] = (),
        names: Mapping[Verb, Named] | None = None,
        documented: Mapping[Verb, Sequence[int]] | None = None,
        title: str = "",
    ) -> None:
        self.table = table
        self.path = path
        self.shows = shows
        self.scope = scope
        self.creates = creates
        self.updates = updates
        self.item = item
        self.pages = pages
        self.filters = dict(filters or {})
        self.includes = dict(includes or {})
        self.switches = dict(switches or {})
        self._on_demand = self.includes | {each.field: each.include for each in self.switches.values()}
        self.parents = dict(parents or {})
        self.owner = owner
        self.on_write = on_write
        self.on_write_with_call = on_write_with_call
        self.on_delete = on_delete
        self.emits = emits
        self.faults = tuple(faults)
        self.scopes = dict(scopes or {})
        self.taken = dict(taken or {})
        self.in_use = in_use
        self.statuses = dict(statuses or {})
        self.update_method = update_method
        self.delete_shows = delete_shows
        self.wrapped = wrapped
        self.tags = tuple(tags)
        self.names = dict(names or {})
        self.documented = dict(documented or {})
        self.title = title or shows.__name__
        self.key: ColumnElement[Any] = table.c.id if key is None else key
        self.order = tuple(order) or (self.key,)
        self.verbs: tuple[Verb, ...] = tuple(
            v for v in verbs if not (v == "create" and creates is None) and not (v == "update" and updates is None)
        )
        apart = set(self._on_demand) & {f.name for f in msgspec.structs.fields(shows)}
        self.shape = Shape(table, shows, columns or {}, values or {}, self._wire_names(shows, apart))
        ignored = {owner.field} if owner and owner.field and owner.field not in table.c else set()
        self.writing = {
            struct: Writing(table, struct, writes or {}, values or {}, ignored)
            for struct in (creates, updates)
            if struct
        }
        self._references = {struct: references(table, each.wires) for struct, each in self.writing.items()}
        self.statements = Statements(
            table,
            self.shape.selected,
            key=self.key,
            order=self.order,
            descending=descending,
            parents={name: parent.column for name, parent in self.parents.items()},
            owner=owner.column if owner else None,
            shared=owner.shared if owner else None,
            where=where,
            filters=self.filters,
            soft_delete=soft_delete,
            merges=merges,
        )
        self._parent_statements = {n: parent_exists(p.table, p.where, p.owner) for n, p in self.parents.items()}
        self._check()

    def _wire_names(self, shows: type[msgspec.Struct], apart: set[str]) -> set[str]:
        wire = {f.encode_name: f.name for f in msgspec.structs.fields(shows)}
        return apart | {wire[name] for name in self._on_demand if name in wire}

    def _check(self) -> None:
        for name in self._on_demand:
            if name not in {f.encode_name for f in msgspec.structs.fields(self.shows)}:
                raise TypeError(f"{self.path}: include {name} is no field of {self.shows.__name__}")

    def __repr__(self) -> str:
        return f"<Resource {self.path}>"

    # --- what a document and a router get -----------------------------------------------------------------------------

    def operations(self, dialect: Dialect) -> list[Operation]:
        """The operations of this resource in a dialect."""
        from gridloom.kernel.http.verbs import operation_of

        return [operation_of(self, verb, dialect) for verb in self.verbs]

    # --- what the verbs do --------------------------------------------------------------------------------------------

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
        """One page. `filters` holds wire values by filter name, `path` the values of the path parameters."""
        await self._require_parents(tx, path)
        owner = self._owner_value(tx)
        values = {f"f_{name}": self.filters[name].value(value) for name, value in filters.items()}
        values |= self._path_values(path)
        if owner is not None:
            values["owner"] = owner
        names = frozenset(filters)
        digest = digest_of(self.path, dict(sorted(filters.items())), dict(path)) if page.cursor is not None else ""
        found = await self._rows(tx, page, names, values, digest, owned=owner is not None)
        if page.total:
            found.total = await tx.scalar(self.statements.count(names, owned=owner is not None), **values)
        await self._include(tx, found.items, includes, call)
        return found

    async def _rows(
        self, tx: Tx, page: PageRequest, names: frozenset[str], values: dict[str, Any], digest: str, *, owned: bool
    ) -> PageOf:
        if page.size is None:
            rows = await tx.all(self.statements.page(names, owned=owned, mode="all"), **values)
            return PageOf([self.shape.make(row) for row in rows], page)
        if page.cursor is None:
            statement = self.statements.page(names, owned=owned, mode="number")
            rows = await tx.all(statement, **values, limit=page.size, offset=page.offset)
            return PageOf([self.shape.make(row) for row in rows], page)
        return await self._walk(tx, page, names, values, digest, owned=owned)

    async def _walk(
        self, tx: Tx, page: PageRequest, names: frozenset[str], values: dict[str, Any], digest: str, *, owned: bool
    ) -> PageOf:
        size = page.size or 0
        mode, backwards = "first", False
        if page.cursor:
            cursor = decode_cursor(page.cursor, digest, [c.type.python_type for c in self.order])
            backwards = cursor.backwards
            mode = "before" if backwards else "after"
            values = values | {f"k_{i}": value for i, value in enumerate(cursor.key)}
        statement = self.statements.page(names, owned=owned, mode=mode)
        rows = await tx.all(statement, **values, limit=size + 1)
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        has_next = bool(rows) and (more or backwards)
        has_previous = bool(rows) and (mode == "after" or (backwards and more))
        return PageOf(
            [self.shape.make(row) for row in rows],
            page,
            next_cursor=encode_cursor(digest, self._key_of(rows[-1])) if has_next else None,
            previous_cursor=encode_cursor(digest, self._key_of(rows[0]), backwards=True) if has_previous else None,
        )

    def _key_of(self, row: Any) -> Sequence[Any]:
        return [row[f"_k{i}"] for i in range(len(self.order))]

    async def read(
        self, tx: Tx, key: Any, includes: Sequence[str], path: Mapping[str, Any], *, call: Call | None = None
    ) -> Any:
        """One row as it is shown. Raises NotFound."""
        owner, values = await self._located(tx, key, path)
        row = await tx.one(self.statements.read(owned=owner), **values)
        if row is None:
            raise NotFound
        item = self.shape.make(row)
        await self._include(tx, [item], includes, call)
        return item

    async def create(self, tx: Tx, given: msgspec.Struct, path: Mapping[str, Any], *, call: Call | None = None) -> Any:
        """A new row, as it is shown."""
        await self._require_parents(tx, path)
        columns = self.writing[type(given)].columns(given)
        for name, parent in self.parents.items():
            columns[parent.column.key or ""] = path[name]
        self._set_owner(tx, columns)
        if isinstance(self.key.type, Uuid):
            columns.setdefault("id", uuid7())
        await self._complete(tx, columns, None, call)
        columns["tenant_id"] = tx.tenant
        statement = self.statements.insert(frozenset(columns))
        with told(self.taken, self.in_use, self._references[type(given)]):
            row = await tx.one(statement, **{f"v_{name}": value for name, value in columns.items()})
        return self.shape.make(row)

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
        """The changed row, as it is shown. Raises NotFound."""
        owner, values = await self._located(tx, key, path)
        columns = self.writing[type(given)].columns(given)
        if self.owner is not None:
            columns.pop(self.owner.column.key or "", None)
        if self.on_write is not None or self.on_write_with_call is not None:
            current = await tx.one(self.statements.locked(owned=owner), **values)
            if current is None:
                raise NotFound
            await self._complete(tx, columns, current, call)
        statement = self.statements.update(frozenset(columns), owned=owner)
        with told(self.taken, self.in_use, self._references[type(given)]):
            row = await tx.one(statement, **values, **{f"v_{name}": value for name, value in columns.items()})
        if row is None:
            raise NotFound
        item = self.shape.make(row)
        await self._include(tx, [item], includes, call)
        return item

    async def delete(self, tx: Tx, key: Any, path: Mapping[str, Any]) -> Any:
        """Remove one row; returns it as it was shown. Raises NotFound, what the guard refuses, and `in_use` when another
        row still points at it."""
        owner, values = await self._located(tx, key, path)
        if self.on_delete is not None:
            current = await tx.one(self.statements.locked(owned=owner), **values)
            if current is None:
                raise NotFound
            await self.on_delete(tx, current)
        with told(self.taken, self.in_use):
            row = await tx.one(self.statements.delete(owned=owner), **values)
        if row is None:
            raise NotFound
        return self.shape.make(row)

    # --- details ------------------------------------------------------------------------------------------------------

    async def _complete(self, tx: Tx, columns: dict[str, Any], current: Any | None, call: Call | None) -> None:
        """What the declaration's hook checks and completes. LookupError when it needs the request and there is none."""
        if self.on_write is not None:
            await self.on_write(tx, columns, current)
        if self.on_write_with_call is not None:
            if call is None:
                raise LookupError(f"{self.path}: writing needs the request")
            await self.on_write_with_call(tx, columns, current, call)

    async def _located(self, tx: Tx, key: Any, path: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
        """How one row is found. A parent that belongs to another owner is none."""
        if any(self._owner_of_parent(tx, parent) is not None for parent in self.parents.values()):
            await self._require_parents(tx, path)
        values = {"id": key, **self._path_values(path)}
        owner = self._owner_value(tx)
        if owner is not None:
            values["owner"] = owner
        return owner is not None, values

    def _path_values(self, path: Mapping[str, Any]) -> dict[str, Any]:
        return {f"p_{name}": path[name] for name in self.parents}

    def _owner_value(self, tx: Tx) -> Any | None:
        if self.owner is None or tx.subject is None:
            return None
        return tx.subject.attributes.get(self.owner.attribute)

    def _set_owner(self, tx: Tx, columns: dict[str, Any]) -> None:
        if self.owner is None:
            return
        name = self.owner.column.key or ""
        mine = self._owner_value(tx)
        if mine is not None:
            if self.owner.field and columns.get(name) not in (None, mine):
                raise Invalid("This belongs to somebody else.", field=self.owner.field)
            columns[name] = mine
        elif self.owner.field and columns.get(name) is None:
            raise Invalid("This field is required.", field=self.owner.field)

    async def _require_parents(self, tx: Tx, path: Mapping[str, Any]) -> None:
        for name, parent in self.parents.items():
            plain, owned = self._parent_statements[name]
            mine = self._owner_of_parent(tx, parent)
            found = await (
                tx.scalar(plain, id=path[name]) if mine is None else tx.scalar(owned, id=path[name], owner=mine)
            )
            if found is None:
                raise NotFound

    def _owner_of_parent(self, tx: Tx, parent: Parent) -> Any | None:
        if parent.owner is None or tx.subject is None:
            return None
        return tx.subject.attributes.get(parent.owner.key or "")

    async def _include(self, tx: Tx, items: Sequence[Any], includes: Sequence[str], call: Call | None) -> None:
        if not items or not includes:
            return
        names = {f.encode_name: f.name for f in msgspec.structs.fields(self.shows)}
        ids = [item.id for item in items]
        for wire in dict.fromkeys(includes):
            include = self._on_demand[wire]
            found = await include.found(tx, ids, call)
            for item in items:
                setattr(item, names[wire], found.get(item.id, include.empty()))
