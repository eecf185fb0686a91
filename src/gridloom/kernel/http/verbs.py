"""The five verbs of a declared resource as operations: their typed input, their answers, their handlers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import PageOf, PageRequest

if TYPE_CHECKING:
    from gridloom.kernel.http.resource import Resource


def operation_of(resource: "Resource", verb: str, dialect: Dialect) -> Operation:
    """One verb of a resource in a dialect."""
    make = {"list": _list, "read": _read, "create": _create, "update": _update, "delete": _delete}[verb]
    return make(resource, dialect)


def _operation(
    resource: "Resource", verb: Any, method: str, handler: Any, inputs: Mapping[str, Any], **more: Any
) -> Operation:
    named = resource.names.get(verb)
    path = resource.path if verb in ("list", "create") else f"{resource.path}/{{{resource.item}}}"
    rights = "read" if verb in ("list", "read") else "write"
    key = resource.key.type.python_type if verb in ("read", "update", "delete") else None
    parents = {name: parent.column.type.python_type for name, parent in resource.parents.items()}
    return Operation(
        method,
        path,
        handler,
        scope=resource.scopes.get(verb, f"{resource.scope}:{rights}"),
        root="resource",
        name=named.id if named else f"{resource.title}.{verb}",
        summary=(named.summary if named else "") or f"{verb.capitalize()}: {resource.title}",
        deprecated=named.deprecated if named else False,
        tags=resource.tags,
        wrapped=resource.wrapped,
        documented=resource.documented.get(verb, ()),
        inputs={**parents, **({resource.item: key} if key else {}), **inputs},
        **more,
    )


def _list(resource: "Resource", dialect: Dialect) -> Operation:
    query = _query(resource, dialect, "list", filters=True)

    async def handler(tx: Tx, page: PageRequest, query: Any = None, call: Call | None = None, **path: Any) -> PageOf:
        return await resource.page(
            tx, page, _filters(resource, dialect, query), _includes(resource, query), path, call=call
        )

    inputs = {"tx": Tx, "page": PageRequest, **_asked(resource, query)}
    faults = [NotFound] if resource.parents else []
    return _operation(
        resource, "list", "GET", handler, inputs, answers={200: resource.shows}, lists=resource.pages, faults=faults
    )


def _read(resource: "Resource", dialect: Dialect) -> Operation:
    query = _query(resource, dialect, "read", filters=False)

    async def handler(tx: Tx, query: Any = None, call: Call | None = None, **path: Any) -> Any:
        key = path.pop(resource.item)
        return await resource.read(tx, key, _includes(resource, query), path, call=call)

    inputs = {"tx": Tx, **_asked(resource, query)}
    return _operation(resource, "read", "GET", handler, inputs, answers={200: resource.shows}, faults=[NotFound])


def _create(resource: "Resource", dialect: Dialect) -> Operation:
    async def handler(tx: Tx, body: Any, call: Call | None = None, **path: Any) -> Any:
        item = await resource.create(tx, body, path, call=call)
        if resource.emits is not None:
            await resource.emits(tx, "created", item, path)
        return item

    status = resource.statuses.get("create", dialect.create_status)
    inputs = {"tx": Tx, "body": resource.creates, **({"call": Call} if resource.on_write_with_call else {})}
    faults = [*([NotFound] if resource.parents else []), *resource.faults]
    return _operation(resource, "create", "POST", handler, inputs, answers={status: resource.shows}, faults=faults)


def _update(resource: "Resource", dialect: Dialect) -> Operation:
    query = _query(resource, dialect, "update", filters=False)

    async def handler(tx: Tx, body: Any, query: Any = None, call: Call | None = None, **path: Any) -> Any:
        key = path.pop(resource.item)
        item = await resource.update(tx, key, body, _includes(resource, query), path, call=call)
        if resource.emits is not None:
            await resource.emits(tx, "updated", item, path)
        return item

    inputs = {"tx": Tx, "body": resource.updates, **_asked(resource, query)}
    method = resource.update_method or dialect.update_method
    status = resource.statuses.get("update", 200)
    faults = [NotFound, *resource.faults]
    return _operation(resource, "update", method, handler, inputs, answers={status: resource.shows}, faults=faults)


def _delete(resource: "Resource", dialect: Dialect) -> Operation:
    async def handler(tx: Tx, **path: Any) -> Any:
        key = path.pop(resource.item)
        item = await resource.delete(tx, key, path)
        if resource.emits is not None:
            await resource.emits(tx, "deleted", item, path)
        return item if resource.delete_shows else None

    status = resource.statuses.get("delete", 200 if resource.delete_shows else dialect.delete_status)
    shape = resource.shows if resource.delete_shows else None
    faults = [NotFound, *([resource.in_use] if resource.on_delete else []), *resource.faults]
    return _operation(resource, "delete", "DELETE", handler, {"tx": Tx}, answers={status: shape}, faults=faults)


def _asked(resource: "Resource", query: type[msgspec.Struct] | None) -> dict[str, Any]:
    """The query, and the request itself where something that is included or written needs it."""
    loads = [*resource.includes.values(), *(each.include for each in resource.switches.values())]
    needs_call = resource.on_write_with_call is not None or any(each.load_with_call is not None for each in loads)
    return {**({"query": query} if query else {}), **({"call": Call} if needs_call else {})}


def _query(resource: "Resource", dialect: Dialect, verb: str, *, filters: bool) -> type[msgspec.Struct] | None:
    """The query struct: filters (flat, or inside the dialect's filter object), includes, switches. None when there are none."""
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    if filters and resource.filters:
        given = [
            (f"f{i}", each.type | msgspec.UnsetType, msgspec.UNSET) for i, each in enumerate(resource.filters.values())
        ]
        names = {f"f{i}": name for i, name in enumerate(resource.filters)}
        if dialect.filter_object:
            shape = msgspec.defstruct(f"{resource.title}Filter", given, kw_only=True, rename=names)
            fields.append(("filters", shape | msgspec.UnsetType, msgspec.UNSET))
            rename["filters"] = dialect.filter_object
        else:
            fields.extend(given)
            rename |= names
    if resource.includes:
        fields.append(("includes", list[Literal[tuple(resource.includes)]] | msgspec.UnsetType, msgspec.UNSET))  # type: ignore[misc]  # built from the declaration
        rename["includes"] = dialect.include_name
    for i, (name, switch) in enumerate(resource.switches.items()):
        if verb in switch.verbs:
            fields.append((f"switch{i}", bool, False))
            rename[f"switch{i}"] = name
    if not fields:
        return None
    return msgspec.defstruct(f"{resource.title}Query", fields, kw_only=True, rename=rename)


def _filters(resource: "Resource", dialect: Dialect, query: Any) -> dict[str, Any]:
    if query is None or not resource.filters:
        return {}
    source = query.filters if dialect.filter_object else query
    found: dict[str, Any] = {}
    for i, (name, each) in enumerate(resource.filters.items()):
        value = getattr(source, f"f{i}", msgspec.UNSET)
        found[name] = each.default if value is msgspec.UNSET else value
    return {name: value for name, value in found.items() if value is not msgspec.UNSET}


def _includes(resource: "Resource", query: Any) -> list[str]:
    """The wire names of the fields that were asked for."""
    found = getattr(query, "includes", msgspec.UNSET)
    switched = [each.field for i, each in enumerate(resource.switches.values()) if getattr(query, f"switch{i}", False)]
    return [*([] if found is msgspec.UNSET else found), *switched]
