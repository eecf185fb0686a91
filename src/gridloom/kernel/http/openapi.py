"""The OpenAPI 3.1 document of an API, built once from its operations and served as bytes."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from gridloom.kernel.http.api import Api
from gridloom.kernel.http.dialect import Dialect
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation

REF = "#/components/schemas/{name}"
_PHRASES = {
    200: "Success", 201: "Created", 202: "Accepted", 204: "Done, no content", 206: "Partial content", 302: "Elsewhere",
    400: "Refused", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Switched off", 406: "Rejected",
    408: "No answer in time", 409: "Conflict", 410: "Gone", 412: "Precondition not met", 413: "Too large",
    415: "Unsupported media type", 422: "Invalid input", 424: "A dependency cannot be reached", 429: "Too many requests",
    500: "Our mistake", 501: "Not implemented here", 503: "Not available",
}  # fmt: skip


def document(api: Api, *, server: str | None = None) -> dict[str, Any]:
    """The whole document as plain objects."""
    builder = _Builder(api.dialect)
    plans = [(operation, builder.plan(operation)) for operation in api.operations]
    builder.resolve()
    paths: dict[str, dict[str, Any]] = {}
    for operation, plan in plans:
        paths.setdefault(operation.path, {})[operation.method.lower()] = builder.written(operation, plan)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version},
        **({"servers": [{"url": server}]} if server else {}),
        "paths": paths,
        "components": {"schemas": builder.components, "securitySchemes": api.dialect.security},
        "security": [{name: []} for name in api.dialect.security],
    }


def encoded(api: Api) -> bytes:
    """The document as JSON bytes."""
    return msgspec.json.encode(document(api))


class _Builder:
    """Collects every type first, because msgspec names and shares schemas over all of them at once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._types: list[Any] = []
        self._schemas: list[dict[str, Any]] = []
        self.components: dict[str, Any] = {}

    def plan(self, operation: Operation) -> dict[str, Any]:
        """Indices of the schemas an operation needs."""
        dialect, inputs = self._dialect, operation.inputs
        plan: dict[str, Any] = {"path": [], "query": [], "header": [], "answers": {}}
        for name in operation.parameters:
            plan["path"].append((name, self._add(operation.path_type(name)), True))
        for where, part in (("query", inputs.get("query")), ("header", inputs.get("headers"))):
            for field in msgspec.structs.fields(part) if part is not None else ():
                plan[where].append((field.encode_name, self._add(field.type), field.required))
        for extra in [*(dialect.page_fields(operation.pages) if operation.pages else []), *operation.extra]:
            plan[extra.where].append((extra.name, self._add(extra.type), extra.default is msgspec.NODEFAULT))
        if "body" in inputs:
            plan["body"] = self._add(inputs["body"])
        elif operation.form is not None:
            plan["form"] = self._add(operation.form)
        for status, shape in operation.answers.items():
            plan["answers"][status] = None if shape is None else self._add(self._answer(operation, status, shape))
        for status in self._fault_statuses(operation):
            shape = dialect.fault_type(status)
            plan["answers"].setdefault(status, None if shape is None else self._add(shape))
        return plan

    def _answer(self, operation: Operation, status: int, shape: Any) -> Any:
        if status >= 300:
            return shape
        if operation.envelope is not None:
            return operation.envelope
        if operation.pages is not None:
            return self._dialect.page_type(shape, operation.pages)
        return self._dialect.one_type(shape, operation) if operation.wrapped else shape

    def _fault_statuses(self, operation: Operation) -> list[int]:
        dialect = self._dialect
        common: Iterable[int] = dialect.documented
        if operation.scope == PUBLIC:
            common = [status for status in common if status not in (401, 403)]
        elif operation.scope == ANYONE:
            common = [status for status in common if status != 403]
        own = [fault.status if fault.status != 422 else dialect.invalid_status for fault in operation.faults]
        # What takes typed input refuses wrong input, whether the declaration says so or not.
        takes = operation.pages is not None or {"query", "body", "headers"} & operation.inputs.keys()
        wrong = [dialect.invalid_status] if takes else []
        return sorted({*common, *own, *wrong, *operation.documented})

    def _add(self, kind: Any) -> int:
        self._types.append(kind)
        return len(self._types) - 1

    def resolve(self) -> None:
        """Schemas of every type collected so far."""
        schemas, components = msgspec.json.schema_components(self._types, ref_template=REF, schema_hook=lambda _: {})
        self._schemas = [self._tidy(schema) for schema in schemas]
        self.components = {name: self._tidy(schema) for name, schema in sorted(components.items())}

    def _tidy(self, schema: Any) -> Any:
        """Decimals as the dialect writes them; defaults that JSON cannot hold are left out."""
        if isinstance(schema, list):
            return [self._tidy(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        out = {key: self._tidy(value) for key, value in schema.items()}
        if out.get("format") == "decimal" and out.get("type") == "string" and self._dialect.decimal_is_number:
            out["type"] = "number"
        return out

    def written(self, operation: Operation, plan: dict[str, Any]) -> dict[str, Any]:
        """One operation of the document."""
        parameters = [
            self._parameter(name, where, index, required=required)
            for where in ("path", "query", "header")
            for name, index, required in plan[where]
        ]
        out: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": list(operation.tags),
        }
        if operation.description and operation.description != operation.summary:
            out["description"] = operation.description
        if operation.deprecated:
            out["deprecated"] = True
        if parameters:
            out["parameters"] = parameters
        if "body" in plan:
            optional = type(None) in getattr(operation.inputs["body"], "__args__", ())
            content = {operation.media: {"schema": self._schemas[plan["body"]]}}
            out["requestBody"] = {"required": not optional, "content": content}
        elif "form" in plan:
            out["requestBody"] = {
                "required": True,
                "content": {operation.media: {"schema": self._schemas[plan["form"]]}},
            }
        out["responses"] = {str(status): self._response(operation, status, plan) for status in sorted(plan["answers"])}
        if operation.scope == PUBLIC:
            out["security"] = []
        elif operation.security is not None:
            out["security"] = [{name: []} for name in operation.security]
        if operation.scope not in (PUBLIC, ANYONE):
            out["x-scope"] = operation.scope
        return out

    def _parameter(self, name: str, where: str, index: int, *, required: bool) -> dict[str, Any]:
        schema = self._schemas[index]
        out = {"name": name, "in": where, "required": required or where == "path", "schema": schema}
        if where == "query" and name == self._dialect.filter_object:
            out |= {"style": "deepObject", "explode": True}
        return out

    def _response(self, operation: Operation, status: int, plan: dict[str, Any]) -> dict[str, Any]:
        index = plan["answers"][status]
        out: dict[str, Any] = {"description": _PHRASES.get(status, "Answer")}
        if index is not None:
            media = "application/json" if status >= 300 else operation.answer_media
            out["content"] = {media: {"schema": self._schemas[index]}}
        if names := operation.headers_out.get(status):
            out["headers"] = {name: {"schema": {"type": "string"}} for name in names}
        return out


def operation_key(method: str, path: str) -> tuple[str, str]:
    """Method and path without parameter names; how two documents are compared."""
    return method.upper(), re.sub(r"\{[^}]*\}", "{}", path.rstrip("/") or "/")
