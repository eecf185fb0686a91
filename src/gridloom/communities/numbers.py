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
    (r" >= 1(\.0)?\.?$", AT_LEAST_1, AT_LEAST_1),
    (r" >= 0(\.0)?\.?$", None, "negative"),
    (r" <= ", None, "too_big"),
)
_CLOSED = {frozenset(typing.get_args(Sort)): SORT, frozenset(typing.get_args(Role)): ROLE}


class Numbered(FieldError, frozen=True):
    """A wrong field that a module's own rules found, with the number it has there, and which sentence says it."""

    number: int = EXCEPTION
    says: int | str | None = None
    words: dict[str, str] = msgspec.field(default_factory=dict)


class Broken(NamedTuple):
    """The number of a wrong field, and which sentence says it (`texts.py`); without one the decoder's own words do.

    words: what fills the gaps of the sentence.
    """

    number: int
    says: int | str | None
    words: Mapping[str, str] = {}


class _Rule(NamedTuple):
    """What a type asks for. says: its own sentence for whatever is none of its values; options: those of a closed set."""

    number: int = EXCEPTION
    own: int | None = None
    says: int | str | None = None
    options: tuple[Any, ...] = ()


def broken_rule(error: FieldError, operation: Operation, pages: list[QueryField]) -> Broken:
    """Which rule a wrong field breaks. Inside an object of the body, and where no type says more, the number is 1.

    A field whose `Meta` has `extra={"number": …}` says its own number for values of the right type that break its pattern or its
    lower bound, and for everything that is not one of its few values; `extra={"says": …}` names the sentence of these values.
    """
    if isinstance(error, Numbered):
        return Broken(error.number, error.says or error.number, error.words)
    if error.where == "path":
        return Broken(INTEGER, INTEGER)
    wanted = _type_of(error, operation, pages)
    found = _broken(error, _Rule() if wanted is None else _of_type(wanted))
    return found if len(error.path) == 1 else found._replace(number=EXCEPTION)


def _broken(error: FieldError, rule: _Rule) -> Broken:
    if error.kind == MISSING:
        return Broken(rule.number, "missing")
    if rule.options and rule.number not in _CLOSED.values():
        says = rule.says or rule.own or "one_of"
        return Broken(rule.number, says, {"allowed": ", ".join(map(str, rule.options))})
    if ", got `" in error.message:
        return Broken(rule.number, DATE if rule.own == DATE else rule.says or rule.number)
    return Broken(EXCEPTION, None) if rule.number == EXCEPTION else _beyond(error.message, rule)


def _beyond(message: str, rule: _Rule) -> Broken:
    """A value of the right type that is none of those asked for."""
    for pattern, number, says in _CONSTRAINTS:
        if re.search(pattern, message):
            return Broken(rule.number if number is None else rule.own or number, says)
    if rule.own is not None and " matching regex " in message:
        return Broken(rule.own, rule.own)
    return Broken(rule.number, rule.number)


def _type_of(error: FieldError, operation: Operation, pages: list[QueryField]) -> Any:
    """The type that was asked for at the path of an error; None where there is none, or several objects may stand."""
    wanted = operation.inputs.get({"header": "headers"}.get(error.where, error.where))
    for place, step in enumerate(error.path):
        wanted = _inner(wanted, step, pages if place == 0 and error.where == "query" else [])
    return wanted


def _inner(wanted: Any, step: str | int, pages: list[QueryField]) -> Any:
    if isinstance(step, int):
        items = [each for each in _options(wanted) if typing.get_origin(each) is list]
        return typing.get_args(items[0])[0] if items else None
    fields = {f.name: f.type for f in pages} | {f.encode_name: f.type for f in _fields(wanted)}
    return fields.get(step)


def _options(wanted: Any) -> list[Any]:
    """What a type may be, without what says how."""
    while typing.get_origin(wanted) is typing.Annotated:
        wanted = typing.get_args(wanted)[0]
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return [option for each in typing.get_args(wanted) for option in _options(each)]
    return [wanted]


def _fields(part: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    for option in _options(part):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return msgspec.structs.fields(option)
    return ()


def _of_type(wanted: Any) -> _Rule:
    own: int | None = None
    says: int | str | None = None
    while typing.get_origin(wanted) is typing.Annotated:
        wanted, *metas = typing.get_args(wanted)
        for extra in (each.extra or {} for each in metas):
            own, says = extra.get("number", own), extra.get("says", says)
    origin, options = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        known = [_of_type(each) for each in options if each not in (msgspec.UnsetType, type(None))]
        first = known[0] if known else _Rule()
        return first._replace(own=own or first.own, says=says or first.says)
    if origin is Literal:
        return _Rule(_CLOSED.get(frozenset(options), own or EXCEPTION), own, says, options)
    if origin is list or wanted is list:
        return _Rule(LIST, own, says)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _Rule(EXCEPTION, own, says or "object")
    return _Rule(_BY_TYPE.get(wanted, EXCEPTION), own, says)
