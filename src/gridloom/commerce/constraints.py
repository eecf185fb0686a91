"""Searches: conditions as callers spell them, and the filters of a list that they become.

There are three spellings of one idea: `constraints` with `value`, `constraints` with `values`, and `filter` or `filters`
with `values`. Each is understood everywhere. Several conditions must all hold; of the values of one, any will do.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import ARRAY

from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.filters import Column, Filter, one_or_many

Operator: TypeAlias = Literal["in", "not_in", "gt", "gte", "lt", "lte"]
Values: TypeAlias = Annotated[list[str | bool | int | float], Meta(max_length=1000)]
Path: TypeAlias = tuple[str | int, ...]

_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_MANY = ("in", "not_in")
_CONVERTED = (UUID, int, Decimal, datetime)


class Constraint(Struct):
    """One condition. Values are texts; a boolean is `1` or `0`. `value` and `values` are the same."""

    key: str = "id"
    operator: str = "in"
    value: Values | UnsetType = UNSET
    values: Values | UnsetType = UNSET


Constraints: TypeAlias = Annotated[list[Constraint], Meta(max_length=100)]


class Search(Struct):
    """What is looked for. Without a condition everything is."""

    constraints: Constraints | UnsetType = UNSET
    filter: Constraints | UnsetType = UNSET
    filters: Constraints | UnsetType = UNSET


@dataclass(frozen=True)
class Key:
    """What a condition may be about: the filter of the list that it becomes, the type of its values, its operators.

    type: str, bool, int, Decimal, datetime, UUID, or a function of the text that raises ValueError.
    """

    filter: str
    type: Callable[[str], Any] = str
    operators: tuple[Operator, ...] = ("in",)

    def filter_of(self, operator_: str) -> str:
        """The name of the filter for one operator; `in` is the plain name."""
        return self.filter if operator_ == "in" else f"{self.filter}.{operator_}"


def conditions(name: str, column: Column, *operators: Operator) -> dict[str, Filter]:
    """The filters of a list for a key on one of its columns."""
    return {Key(name).filter_of(each): _filter(column, each) for each in operators or ("in",)}


def read(search: Search, keys: Mapping[str, Key]) -> dict[str, Any]:
    """Filter -> value. Raises Invalid that names each unknown key, forbidden operator and value of a wrong type."""
    found: dict[str, Any] = {}
    errors: list[FieldError] = []
    for path, constraint in _spelled(search):
        key = keys.get(constraint.key)
        if key is None:
            errors.append(FieldError("body", (*path, "key"), f"Expected one of {', '.join(keys)}."))
        elif constraint.operator not in key.operators:
            errors.append(FieldError("body", (*path, "operator"), f"Expected one of {', '.join(key.operators)}."))
        else:
            before = len(errors)
            value = _value(constraint, key, path, errors)
            if len(errors) == before:
                name = key.filter_of(constraint.operator)
                found[name] = value if name not in found else _both(constraint.operator, found[name], value)
    if errors:
        raise Invalid(errors=errors)
    return found


def _spelled(search: Search) -> Iterator[tuple[Path, Constraint]]:
    for name in ("constraints", "filter", "filters"):
        given = getattr(search, name)
        if given is not UNSET:
            yield from (((name, index), each) for index, each in enumerate(given))


def _value(constraint: Constraint, key: Key, path: Path, errors: list[FieldError]) -> Any:
    name = "value" if constraint.values is UNSET and constraint.value is not UNSET else "values"
    given = getattr(constraint, name)
    if given is UNSET:
        errors.append(FieldError("body", (*path, name), "This field is required.", "required"))
        return None
    values: list[Any] = []
    for index, each in enumerate(given):
        try:
            values.append(_typed(each, key.type))
        except ValueError:
            errors.append(FieldError("body", (*path, name, index), f"Expected `{key.type.__name__}`."))
    if constraint.operator in _MANY:
        return values
    if len(given) != 1:
        errors.append(FieldError("body", (*path, name), f"`{constraint.operator}` compares with one value."))
    return values[0] if values else None


def _typed(given: str | bool | float, wanted: Callable[[str], Any]) -> Any:
    """A value as the column holds it. Raises ValueError."""
    text = (str(given).lower() if isinstance(given, bool) else str(given)).strip()
    if wanted is bool:
        if text.lower() not in _BOOLEANS:
            raise ValueError(text)
        return _BOOLEANS[text.lower()]
    if wanted in _CONVERTED:
        return msgspec.convert(text, wanted, strict=False)
    return wanted(text)


def _both(operator_: str, one: Any, other: Any) -> Any:
    """The one value that means that two conditions with the same key and operator hold."""
    if operator_ == "in":
        return [each for each in one if each in other]
    if operator_ == "not_in":
        return [*one, *other]
    return max(one, other) if operator_.startswith("g") else min(one, other)


def _filter(column: Column, operator_: Operator) -> Filter:
    if operator_ == "in":
        return one_or_many(column)
    if operator_ == "not_in":
        return Filter(Sequence, lambda given: column != func.all(given), ARRAY(column.type), list)
    compare = _COMPARE[operator_]
    return Filter(column.type.python_type, lambda given: compare(column, given), column.type)
