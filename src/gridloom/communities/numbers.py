"""Which number a wrong field has: the rule it breaks, found from the type that was asked for."""

import re
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec

from gridloom.communities.roles import Role
from gridloom.communities.schemas import Sort
from gridloom.kernel.errors import FieldError
from gridloom.kernel.http.dialect import QueryField
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.validation import MISSING

EXCEPTION = 1
TEXT, INTEGER, FILE, BOOLEAN, DATE, NUMBER, LIST = 5000, 5001, 5003, 5004, 5005, 5006, 5007
EMPTY, SORT, ROLE, AT_LEAST_1 = 5008, 5009, 5010, 5011

_BY_TYPE: dict[Any, int] = {
    str: TEXT, int: INTEGER, bool: BOOLEAN, datetime: DATE, date: DATE, float: NUMBER, Decimal: NUMBER,
}  # fmt: skip
# How msgspec words a broken constraint -> the number where it has one, and the sentence.
_CONSTRAINTS: tuple[tuple[str, int | None, int | str], ...] = (
    (r" of length >= ", EMPTY, EMPTY),
    (r" of length <= ", None, "too_long"),
    (r" >= 1\.?$", AT_LEAST_1, AT_LEAST_1),
    (r" <= ", None, "too_big"),
)
_CLOSED = {frozenset(typing.get_args(Sort)): SORT, frozenset(typing.get_args(Role)): ROLE}


class Numbered(FieldError, frozen=True):
    """A wrong field that a module's own rules found, with the number it has there, and which sentence says it."""

    number: int = EXCEPTION
    says: int | str | None = None


class Broken(NamedTuple):
    """The number of a wrong field, and which sentence says it (`texts.py`); without one the decoder's own words do."""

    number: int
    says: int | str | None


def broken_rule(error: FieldError, operation: Operation, pages: list[QueryField]) -> Broken:
    """Which rule a wrong field breaks. Inside an object of the body, and where no type says more, the number is 1.

    A field whose `Meta` has `extra={"number": …}` says its own number for values of the right type that break its pattern or its
    lower bound, and for everything that is not one of its few values.
    """
    if isinstance(error, Numbered):
        return Broken(error.number, error.says or error.number)
    if error.where == "path":
        return Broken(INTEGER, INTEGER)
    wanted = _type_of(error, operation, pages) if len(error.path) == 1 else None
    number, own = (EXCEPTION, None) if wanted is None else _of_type(wanted)
    if error.kind == MISSING or number == EXCEPTION:
        return Broken(number, "missing" if error.kind == MISSING else None)
    if ", got `" in error.message:
        return Broken(number, number)
    for pattern, rule, says in _CONSTRAINTS:
        if re.search(pattern, error.message):
            return Broken(number if rule is None else own or rule, says)
    if own is not None and " matching regex " in error.message:
        number = own
    return Broken(number, number)


def _type_of(error: FieldError, operation: Operation, pages: list[QueryField]) -> Any:
    part = operation.inputs.get({"header": "headers"}.get(error.where, error.where))
    fields: Mapping[str, Any] = {f.encode_name: f.type for f in _fields(part)}
    if error.where == "query":
        fields = {**{f.name: f.type for f in pages}, **fields}
    return fields.get(str(error.path[0]))


def _fields(part: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    for option in typing.get_args(part) or (part,):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return msgspec.structs.fields(option)
    return ()


def _of_type(wanted: Any) -> tuple[int, int | None]:
    own: int | None = None
    while typing.get_origin(wanted) is typing.Annotated:
        wanted, *metas = typing.get_args(wanted)
        own = next((each.extra["number"] for each in metas if "number" in (each.extra or {})), own)
    origin, options = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        known = [_of_type(each) for each in options if each not in (msgspec.UnsetType, type(None))]
        return (known[0][0], own or known[0][1]) if known else (EXCEPTION, own)
    if origin is Literal:
        return _CLOSED.get(frozenset(options), own or EXCEPTION), own
    if origin is list or wanted is list:
        return LIST, own
    return _BY_TYPE.get(wanted, EXCEPTION), own
