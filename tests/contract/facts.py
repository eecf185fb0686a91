"""Facts of an OpenAPI document: parameters, fields, enums and statuses, so that two documents can be held together.

A field is written as a path (`data[].name`); its types and enum values are collected over every alternative.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

METHODS = ("get", "post", "put", "patch", "delete")
NUMBERS = {"integer", "number"}
MAX_DEPTH = 10


class Field(NamedTuple):
    """What is known of one field."""

    types: frozenset[str]
    values: frozenset[str]
    required: bool


class Shape(NamedTuple):
    """One operation, as far as two documents can be compared."""

    parameters: dict[tuple[str, str], Field]
    body: dict[str, Field]
    answers: dict[str, dict[str, Field]]
    statuses: frozenset[str]


def operations(document: dict[str, Any]) -> dict[tuple[str, str], Shape]:
    """Every operation by method and path (parameters without names)."""
    found = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                found[method.upper(), plain(path)] = _shape(document, item[method], shared)
    return found


def plain(path: str) -> str:
    """A path without the names of its parameters; neighbours in one segment count as one."""
    return re.sub(r"\{\}(?:\.\{\})+", "{}", re.sub(r"\{[^}]*\}", "{}", path.rstrip("/") or "/"))


def misses(asked: Shape, given: Shape) -> tuple[int, list[str]]:
    """How many facts a contract asks for, and those that are not met. What is given beyond it costs nothing."""
    count, wrong = 0, []
    for what, ok in _compared(asked, given):
        count += 1
        if not ok:
            wrong.append(what)
    return count, wrong


def _compared(asked: Shape, given: Shape) -> Iterator[tuple[str, bool]]:
    for key, field in asked.parameters.items():
        there = given.parameters.get(key)
        yield f"{key[0]} parameter {key[1]}", there is not None
        if there is not None and field.values:
            yield f"{key[0]} parameter {key[1]}: values", not there.values or field.values <= there.values
    yield from _fields("body", asked.body, given.body, writing=True)
    for status, fields in asked.answers.items():
        answer = given.answers.get(status) or next(iter(given.answers.values()), {})
        yield from _fields(f"answer {status}", fields, answer, writing=False)
    for status in asked.statuses - {"500", "503"}:
        yield f"status {status}", status in given.statuses


def _fields(
    where: str, asked: dict[str, Field], given: dict[str, Field], *, writing: bool
) -> Iterator[tuple[str, bool]]:
    for name, field in asked.items():
        there = given.get(name)
        yield f"{where} field {name}", there is not None
        if there is None:
            continue
        yield f"{where} field {name}: type {sorted(there.types)} for {sorted(field.types)}", _compatible(field, there)
        if field.values:
            yield f"{where} field {name}: values", not there.values or field.values <= there.values
        if writing and there.required and not field.required:
            yield f"{where} field {name}: required here, optional in the contract", False


def _compatible(asked: Field, given: Field) -> bool:
    if not asked.types or not given.types or asked.types & given.types:
        return True
    if asked.types & NUMBERS and given.types & NUMBERS:
        return True
    # Contracts often write numbers as text.
    return "string" in asked.types and bool(given.types & (NUMBERS | {"boolean"}))


def _shape(document: dict[str, Any], operation: dict[str, Any], shared: list[Any]) -> Shape:
    parameters: dict[tuple[str, str], Field] = {}
    for raw in [*shared, *operation.get("parameters", [])]:
        each = _resolved(document, raw)
        if each.get("in") != "path":
            parameters.update(_parameter(document, each))
    body: dict[str, Field] = {}
    for content in _resolved(document, operation.get("requestBody", {})).get("content", {}).values():
        body = _flat(document, content.get("schema", {}))
        break
    answers = {}
    for status, raw in operation.get("responses", {}).items():
        if str(status).startswith("2"):
            for content in _resolved(document, raw).get("content", {}).values():
                answers[str(status)] = _flat(document, content.get("schema", {}))
    statuses = frozenset(str(s) for s in operation.get("responses", {}) if str(s).isdigit())
    return Shape(parameters, body, answers, statuses)


def _parameter(document: dict[str, Any], each: dict[str, Any]) -> dict[tuple[str, str], Field]:
    where, name = each["in"], each["name"].removesuffix("[]")
    name = name if where == "query" else name.lower()
    inside = _flat(document, each.get("schema", {}))
    objects = {key: field for key, field in inside.items() if "[]" not in key}
    if where == "query" and objects:
        return {
            (where, name + "".join(f"[{step}]" for step in key.split("."))): field for key, field in objects.items()
        }
    wrapped = _flat(document, {"type": "object", "properties": {"x": each.get("schema", {})}})
    field = wrapped.get("x[]", wrapped.get("x"))
    values = field.values if field else frozenset()
    return {(where, name): Field(frozenset(), values, bool(each.get("required")))}


def _resolved(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].lstrip("#/").split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
        schema = found
    return schema if isinstance(schema, dict) else {}


def _flat(document: dict[str, Any], schema: Any, path: str = "", depth: int = 0) -> dict[str, Field]:
    if depth > MAX_DEPTH:
        return {}
    schema = _resolved(document, schema)
    found: dict[str, Field] = {}

    def merge(other: dict[str, Field]) -> None:
        for key, field in other.items():
            there = found.get(key, Field(frozenset(), frozenset(), required=False))
            found[key] = Field(there.types | field.types, there.values | field.values, there.required or field.required)

    for way in ("allOf", "oneOf", "anyOf"):
        for option in schema.get(way, []):
            merge(_flat(document, option, path, depth + 1))
    if path:
        kinds = schema.get("type", "object" if "properties" in schema else [])
        types = frozenset([kinds] if isinstance(kinds, str) else kinds) - {"null"}
        values = {str(each) for each in schema.get("enum", []) if each is not None}
        values |= {str(schema["const"])} if "const" in schema else set()
        merge({path: Field(types, frozenset(values), required=False)})
    required = schema.get("required") if isinstance(schema.get("required"), list) else []
    for name, inner in schema.get("properties", {}).items():
        key = f"{path}.{name}" if path else name
        merge(_flat(document, inner, key, depth + 1))
        if name in required and key in found:
            found[key] = found[key]._replace(required=True)
    if isinstance(schema.get("items"), dict):
        merge(_flat(document, schema["items"], f"{path}[]", depth + 1))
    return found
