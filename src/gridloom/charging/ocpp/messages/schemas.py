"""The published JSON schemas of both versions, compiled once, and what is wrong with a payload in terms of OCPP.

The schemas come with the `ocpp` package. They are read as draft 4 (in which 1.0 is no integer, so that a field never
holds sometimes an int, sometimes a Decimal) with one addition: integers stay within 64 bits, which is what a database
can keep. Compiling all 206 takes about 30 ms; checking a MeterValues of three samples 0.8 µs.

jsonschema-rs was measured against hand-written msgspec structs: decoding and checking that message costs 2.0 µs and
2.7 µs (the structs need the frame decoded first, for its action), the reference implementation in Python 370 µs. The
schemas win on both counts that matter: they are the standard's own text, and their errors name the broken rule, from
which the error code follows.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from gridloom.charging.ocpp.messages.instants import is_instant
from gridloom.charging.ocpp.messages.versions import BOTH_WAYS, FROM_STATION, Problem, Version

Payload = dict[str, Any]
Schema = dict[str, Any]

_FOLDERS = {Version.V16: ("v16", ""), Version.V201: ("v201", "Request")}
_INT64 = 2**63
# The library calls an instant what Python has no calendar for.
_FORMATS = {"date-time": is_instant}

# In the order in which faults count; what remains is Problem.VALUE.
_RULES = {
    Problem.SHAPE: {"additionalProperties"},
    Problem.INCOMPLETE: {"required"},
    Problem.TYPE: {"type"},
    Problem.OCCURRENCE: {"minItems", "maxItems"},
}
_STRUCTURE = {"properties", "definitions", "items", "$ref"}  # says where a rule applies
_TOO_DEEP = (Problem.SHAPE, "the payload is nested too deeply")


@cache
def schemas(version: Version) -> dict[str, tuple[Schema, Schema]]:
    """Action → (schema of the request, schema of the answer), as published plus the bounds of integers."""
    folder, suffix = _FOLDERS[version]
    texts = {file.name.removesuffix(".json"): file for file in (files("ocpp") / folder / "schemas").iterdir()}
    found = {}
    for name in sorted(texts):
        if not name.endswith("Response"):
            continue
        action = name.removesuffix("Response")
        pair = [json.loads(texts[each].read_text("utf-8-sig")) for each in (action + suffix, name)]
        for each in pair:
            each.pop("$schema", None)
            _bound_integers(each)
        found[action] = (pair[0], pair[1])
    return found


def _bound_integers(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _bound_integers(each)
    elif isinstance(schema, dict):
        if schema.get("type") == "integer":
            schema.setdefault("minimum", -_INT64)
            schema.setdefault("maximum", _INT64 - 1)
        for each in schema.values():
            _bound_integers(each)


def _only(schema: Schema, rules: set[str]) -> Schema:
    """A schema without its other rules. It holds for a payload exactly when the whole one finds no fault of these."""
    kept: Schema = {}
    for name, each in schema.items():
        if name in {"properties", "definitions"}:
            kept[name] = {inner: _only(part, rules) for inner, part in each.items()}
        elif name == "items":
            kept[name] = _only(each, rules)
        elif name in rules or name in _STRUCTURE:
            kept[name] = each
    return kept


def _compiled(schema: Schema) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True, formats=_FORMATS)


class _Rules:
    """A schema, and (compiled when a payload first breaks it) each kind of its rules alone.

    The library makes an object of each error before it shows the first one, and a payload may hold a hundred thousand.
    So each kind of fault is looked for by itself, in the order in which they count, and one error is made: the work grows
    with the payload, never with its faults.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._whole = _compiled(schema)
        self._parts: list[tuple[Problem, jsonschema_rs.Validator]] = []

    def is_valid(self, payload: Any) -> bool:
        """Whether nothing is wrong with a payload."""
        return bool(self._whole.is_valid(payload))

    def problem(self, payload: Any) -> tuple[Problem, str] | None:
        """What is wrong with a payload: the first kind that counts, and where one fault of it is; or None."""
        if self._whole.is_valid(payload):
            return None
        if not isinstance(payload, dict):
            return Problem.SHAPE, "the payload is not an object"
        if not self._parts:
            self._parts = [*self._alone(), (Problem.VALUE, self._whole)]
        problem, validator = next(each for each in self._parts if not each[1].is_valid(payload))
        try:
            validator.validate(payload)
        except jsonschema_rs.ValidationError as error:
            # The rule and the place, never the value: it may be a driver's token.
            place = "/".join(str(part) for part in error.instance_path) or "payload"
            return problem, f"{place[:120]}: {error.kind.name}"
        except ValueError:  # the library shows no payload of more than 255 levels
            return _TOO_DEEP
        raise AssertionError("a rule is broken and is not")

    def _alone(self) -> Iterator[tuple[Problem, jsonschema_rs.Validator]]:
        for problem, rules in _RULES.items():
            yield problem, _compiled(_only(self._schema, rules))


class Checks:
    """The compiled schemas of one version."""

    def __init__(self, version: Version) -> None:
        compiled = {action: tuple(_Rules(schema) for schema in pair) for action, pair in schemas(version).items()}
        self.requests = {action: pair[0] for action, pair in compiled.items()}
        self.answers = {action: pair[1] for action, pair in compiled.items()}
        self.from_station = FROM_STATION[version]
        self.to_station = frozenset(self.requests) - (self.from_station - BOTH_WAYS)

    def request(self, action: str, payload: Any) -> tuple[Problem, str] | None:
        """What is wrong with the payload of a call, or None. The action must be a known one."""
        return self.requests[action].problem(payload)

    def answer(self, action: str, payload: Any) -> tuple[Problem, str] | None:
        """What is wrong with the payload of an answer, or None."""
        return self.answers[action].problem(payload)


@cache
def checks(version: Version) -> Checks:
    """The version's schemas, compiled on the first use."""
    return Checks(version)
