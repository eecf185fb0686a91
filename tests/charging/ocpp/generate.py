"""Payloads from a schema: the smallest valid one, the fullest valid one, and one for each way to break each field."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from gridloom.charging.ocpp.messages.versions import Version

# Read here anew, as published: the tests must not depend on how the code under test reads them.
FOLDERS = {Version.V16: ("v16", ""), Version.V201: ("v201", "Request")}


@cache
def published(version: Version) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Action → (schema of the request, schema of the answer)."""
    folder, suffix = FOLDERS[version]
    found = {}
    for file in (files("ocpp") / folder / "schemas").iterdir():
        if file.name.endswith("Response.json"):
            action = file.name.removesuffix("Response.json")
            request = files("ocpp") / folder / "schemas" / f"{action}{suffix}.json"
            found[action] = (json.loads(request.read_text("utf-8-sig")), json.loads(file.read_text("utf-8-sig")))
    return dict(sorted(found.items()))


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    if "$ref" in schema:
        return resolved(root["definitions"][schema["$ref"].removeprefix("#/definitions/")], root)
    return schema


def smallest(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """Required fields only, each as short as it may be."""
    return _value(schema, root or schema, full=False)


def fullest(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """Every field, each as long as it may be."""
    return _value(schema, root or schema, full=True)


def _value(schema: dict[str, Any], root: dict[str, Any], *, full: bool) -> Any:
    schema = resolved(schema, root)
    if "enum" in schema:
        return schema["enum"][-1 if full else 0]
    kind = schema.get("type")
    if kind == "object":
        names = schema["properties"] if full else schema.get("required", [])
        return {name: _value(schema["properties"][name], root, full=full) for name in names}
    if kind == "array":
        count = schema.get("maxItems", 2) if full else schema.get("minItems", 0)
        return [_value(schema["items"], root, full=full) for _ in range(min(count, 4) if full else count)]
    return _scalar(schema, full=full)


def _scalar(schema: dict[str, Any], *, full: bool) -> Any:
    match schema.get("type"):
        case "string":
            return _text(schema, full=full)
        case "integer":
            return int(schema.get("maximum", 2**63 - 1) if full else schema.get("minimum", -(2**63)))
        case "number":
            return schema.get("maximum", 21.4) if full else schema.get("minimum", 0)
        case "boolean":
            return full
        case None:
            return {"any": ["thing", 1.5, None]} if full else "x"
    raise AssertionError(schema)


def _text(schema: dict[str, Any], *, full: bool) -> str:
    if schema.get("format") == "date-time":
        return "2026-03-29T01:59:59.123456+01:00" if full else "2026-03-29T00:00:00Z"
    if schema.get("format") == "uri":
        return "ftp://files.example.org/a" if full else "a:b"
    return "Ü" * schema.get("maxLength", 300) if full else ""


@dataclass(frozen=True)
class Broken:
    """A payload with one fault: `rule` is the key of the table of codes in the tests."""

    rule: str
    place: str
    payload: Any


def broken(schema: dict[str, Any]) -> Iterator[Broken]:
    """Each way to break each field of the fullest payload, one at a time."""
    whole = fullest(schema)
    for not_an_object in ([], "text", 7, None, True, [whole]):
        yield Broken("not an object", "", not_an_object)
    for path, part in _parts(schema, schema, ()):
        place = "/".join(str(step) for step in path)
        for rule, value in _faults(part, schema):
            yield Broken(rule, place, _with(whole, path, value))
        if part.get("type") == "object":
            yield from _broken_object(part, path, place, whole)


def _broken_object(part: dict[str, Any], path: tuple[Any, ...], place: str, whole: Any) -> Iterator[Broken]:
    for name in part.get("required", []):
        without = copy.deepcopy(_at(whole, path))
        del without[name]
        yield Broken("missing", f"{place}/{name}", _with(whole, path, without))
    if part.get("additionalProperties") is False:
        yield Broken("unknown", place, _with(whole, path, {**_at(whole, path), "unheardOf": 1}))


def _parts(schema: dict[str, Any], root: dict[str, Any], path: tuple[Any, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    schema = resolved(schema, root)
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from _parts(each, root, (*path, name))
    if schema.get("type") == "array":
        yield from _parts(schema["items"], root, (*path, 0))


WRONG_TYPES = {
    "string": [7, None, True, [], {}],
    "integer": ["7", 7.5, 1.0, None, False, []],
    "number": ["7", None, True, {}],
    "boolean": ["true", 1, None],
    "array": [{}, "text", None],
    "object": [[], "text", None, 7],
}


def _faults(part: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = part.get("type")
    if part is not root:
        yield from (("type", value) for value in WRONG_TYPES.get(str(kind), []))
    if "enum" in part:
        yield from (("value", value) for value in ("", "Unheard", part["enum"][0] + " ", part["enum"][0].swapcase()))
    elif kind == "string":
        if "maxLength" in part:
            yield "value", "x" * (part["maxLength"] + 1)
        if part.get("format") == "date-time":
            yield from (
                ("value", value) for value in ("", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "1700000000")
            )
    if kind == "integer":
        yield from (("value", value) for value in (int(part.get("maximum", 2**63 - 1)) + 1, 10**30))
        yield "value", int(part.get("minimum", -(2**63))) - 1
    if "multipleOf" in part:
        yield "value", 4.11
    if kind == "array" and part.get("minItems"):
        yield "count", []
    if kind == "array" and "maxItems" in part:
        yield "count", [smallest(part["items"], root)] * (part["maxItems"] + 1)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(whole)
    changed[path[0]] = _with(whole[path[0]], path[1:], value)
    return changed
