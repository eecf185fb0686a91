"""What msgspec does not check: ranges of decimals, numbers that are no numbers, and fields that do not go together.

`Annotated[Decimal, number(ge=0, le=100)]` declares a range; every decimal and float is checked to be finite without saying so.
A struct whose fields depend on each other has a method `mistakes()` that yields (wire path with dots, what is wrong).
"""

import math
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import Meta

Path: TypeAlias = tuple[str | int, ...]
Wrong: TypeAlias = Callable[[Path, str], None]
Check: TypeAlias = Callable[[Any, Path, Wrong], None]

_MAX_ADJUSTED = 18
_MAPPINGS = (dict, Mapping)
_HOLDERS = (list, tuple, set, frozenset, *_MAPPINGS)


def number(
    *,
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    places: int | None = None,
    description: str = "",
) -> Meta:
    """A decimal's range and its places after the point at most."""
    schema = {"minimum": ge, "maximum": le, "exclusiveMinimum": gt}
    return Meta(
        description=description or None,
        extra_json_schema={key: value for key, value in schema.items() if value is not None},
        extra={"ge": ge, "le": le, "gt": gt, "places": places},
    )


@lru_cache(maxsize=4096)
def checker(wanted: Any) -> Check | None:
    """The checks of a type, or None when it needs none. A struct that contains itself is checked as deep as it goes."""
    return _build(wanted, {})


def _build(wanted: Any, building: dict[Any, list[Check | None]]) -> Check | None:
    extra: dict[str, Any] = {}
    while typing.get_origin(wanted) is typing.Annotated:
        wanted, *metas = typing.get_args(wanted)
        for meta in metas:
            extra |= getattr(meta, "extra", None) or {}
    if wanted is Decimal:
        return _decimal(extra)
    if wanted is float:
        return _finite
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _struct(wanted, building)
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return _union([check for check in ((_typed(a, extra, building)) for a in args) if check is not None])
    if origin in _HOLDERS and args:
        place, walk = (1, _values) if origin in _MAPPINGS else (0, _items)
        inner = _build(args[place], building)
        return None if inner is None else walk(inner)
    return None


def _typed(wanted: Any, extra: dict[str, Any], building: dict[Any, list[Check | None]]) -> tuple[Any, Check] | None:
    check = _decimal(extra) if wanted is Decimal and extra else _build(wanted, building)
    if check is None:
        return None
    bare = wanted
    while typing.get_origin(bare) is typing.Annotated:
        bare = typing.get_args(bare)[0]
    return (typing.get_origin(bare) or bare, check)


def _union(options: list[tuple[Any, Check]]) -> Check | None:
    if not options:
        return None

    def check(value: Any, path: Path, wrong: Wrong) -> None:
        for kind, inner in options:
            if isinstance(value, kind):
                inner(value, path, wrong)

    return check


def _items(inner: Check) -> Check:
    def check(value: Any, path: Path, wrong: Wrong) -> None:
        for index, each in enumerate(value):
            inner(each, (*path, index), wrong)

    return check


def _values(inner: Check) -> Check:
    def check(value: Any, path: Path, wrong: Wrong) -> None:
        for name, each in value.items():
            if each is not None:
                inner(each, (*path, name), wrong)

    return check


def _struct(struct: type[msgspec.Struct], building: dict[Any, list[Check | None]]) -> Check | None:
    if struct in building:
        later = building[struct]
        return lambda value, path, wrong: later[0](value, path, wrong) if later and later[0] else None
    cell: list[Check | None] = []
    building[struct] = cell
    found = [(f.name, f.encode_name, _build(f.type, building)) for f in msgspec.structs.fields(struct)]
    fields = [(name, wire, inner) for name, wire, inner in found if inner is not None]
    judges = hasattr(struct, "mistakes")

    def check(value: Any, path: Path, wrong: Wrong) -> None:
        for name, wire, inner in fields:
            held = getattr(value, name)
            if held is not None and held is not msgspec.UNSET:
                inner(held, (*path, wire), wrong)
        for where, message in value.mistakes() if judges else ():
            wrong((*path, *[int(step) if step.isdigit() else step for step in where.split(".")]), message)

    cell.append(check if fields or judges else None)
    return cell[0]


def _finite(value: Any, path: Path, wrong: Wrong) -> None:
    if not math.isfinite(value):
        wrong(path, "Expected a finite number.")


def _decimal(extra: dict[str, Any]) -> Check:
    ge, le, gt, places = (extra.get(key) for key in ("ge", "le", "gt", "places"))

    def check(value: Any, path: Path, wrong: Wrong) -> None:
        if not value.is_finite() or value.adjusted() > _MAX_ADJUSTED or value.as_tuple().exponent < -30:
            wrong(path, "Expected a finite number of a usable size.")
        elif ge is not None and value < Decimal(str(ge)):
            wrong(path, f"Expected a number >= {ge}.")
        elif gt is not None and value <= Decimal(str(gt)):
            wrong(path, f"Expected a number > {gt}.")
        elif le is not None and value > Decimal(str(le)):
            wrong(path, f"Expected a number <= {le}.")
        elif places is not None and -value.normalize().as_tuple().exponent > places:
            wrong(path, f"Expected at most {places} places after the point.")

    return check
