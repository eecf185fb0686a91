"""Typed input, and every wrong field of it at once.

msgspec stops at the first error. The happy path stays its single decode; only a failing request pays for the walk that
collects all of them.
"""

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.checks import checker

T = TypeVar("T")
Path = tuple[str | int, ...]

MISSING = "required"
WRONG = "invalid"
_MAX_ERRORS = 100
_NO_JSON = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
_PLACE = re.compile(r" - at `(?:key` in `)?\$(.*)`$", re.DOTALL)


def decode(raw: bytes, wanted: type[T]) -> T:
    """A JSON body as `wanted`. Raises Invalid naming every wrong field; text that is no JSON is one error at the root."""
    try:
        return _checked(msgspec.json.decode(raw, type=wanted), wanted, "body")
    except msgspec.ValidationError as error:
        first = error
    except _NO_JSON as error:
        raise _no_json(error) from None
    try:
        plain = msgspec.json.decode(raw)
    except msgspec.ValidationError:  # a number beyond every size
        raise Invalid(errors=[_told(first, (), "body")]) from None
    except _NO_JSON as error:  # it breaks off behind the first wrong field
        raise _no_json(error) from None
    convert(plain, wanted, where="body", strict=True)
    # What converts after all (a name given twice) went through floats, and is not what was sent.
    raise Invalid(errors=[_told(first, (), "body")])


def _no_json(error: Exception) -> Invalid:
    reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return Invalid(errors=[FieldError("body", (), f"The body is not valid JSON: {reason}")])


def _told(error: Exception, path: Path, where: str) -> FieldError:
    """The one error that msgspec tells of, with its place below `path`."""
    text = str(error)
    place = _PLACE.search(text)
    inner = _steps(place[1]) if place else ()
    return FieldError(where, (*path, *inner), text[: place.start()] if place else text, WRONG)


def refuse_nul(raw: bytes) -> None:
    """PostgreSQL keeps no NUL in text. Raises Invalid naming the fields that hold one; a body that is no JSON passes."""
    try:
        found = [
            FieldError("body", path, "Text must not hold a NUL character.")
            for path in _nuls(msgspec.json.decode(raw), ())
        ]
    except (msgspec.DecodeError, RecursionError):
        return
    if found:
        raise Invalid(errors=found[:_MAX_ERRORS])


def _nuls(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, str):
        if "\x00" in value:
            yield path
    elif isinstance(value, dict):
        for name, each in value.items():
            if "\x00" in name:
                yield path
            yield from _nuls(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nuls(each, (*path, index))


def convert(value: Any, wanted: type[T], *, where: str, strict: bool = False) -> T:
    """Plain objects as `wanted`. Raises Invalid naming every wrong field."""
    try:
        return _checked(msgspec.convert(value, wanted, strict=strict, str_keys=True), wanted, where)
    except (msgspec.ValidationError, RecursionError) as error:
        found: list[FieldError] = []
        _collect(value, wanted, (), where, strict, found)
        raise Invalid(errors=found[:_MAX_ERRORS] or [FieldError(where, (), str(error))]) from None


def _checked(value: T, wanted: Any, where: str) -> T:
    check = checker(wanted)
    if check is not None and value is not None:
        found: list[FieldError] = []
        check(value, (), lambda path, message: found.append(FieldError(where, path, message)))
        if found:
            raise Invalid(errors=found[:_MAX_ERRORS])
    return value


def _collect(value: Any, wanted: Any, path: Path, where: str, strict: bool, found: list[FieldError]) -> None:
    if len(found) >= _MAX_ERRORS:
        return
    try:
        read = msgspec.convert(value, wanted, strict=strict, str_keys=True)
        if read is not None and (check := checker(wanted)) is not None:
            check(read, path, lambda place, message: found.append(FieldError(where, place, message)))
    except (msgspec.ValidationError, RecursionError) as error:
        before = len(found)
        struct, item, held = _struct_in(wanted), _item_in(wanted), _held_in(wanted)
        if struct is not None and isinstance(value, dict):
            _collect_fields(value, struct, path, where, strict, found)
        elif item is not None and isinstance(value, list):
            for index, each in enumerate(value):
                _collect(each, item, (*path, index), where, strict, found)
        elif held is not None and isinstance(value, dict):
            for name, each in value.items():
                _collect(each, held, (*path, name), where, strict, found)
        if len(found) == before:
            found.append(_told(error, path, where))


def _collect_fields(
    value: dict[str, Any], struct: type[msgspec.Struct], path: Path, where: str, strict: bool, found: list[FieldError]
) -> None:
    fields = msgspec.structs.fields(struct)
    for field in fields:
        if field.encode_name in value:
            _collect(value[field.encode_name], field.type, (*path, field.encode_name), where, strict, found)
        elif field.required:
            found.append(FieldError(where, (*path, field.encode_name), "This field is required.", MISSING))
    if struct.__struct_config__.forbid_unknown_fields:
        known = {field.encode_name for field in fields}
        unknown = [name for name in value if name not in known]
        found.extend(FieldError(where, (*path, name), "This field is not known here.", WRONG) for name in unknown)


def lists_of(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The wire names of the fields that take a list and nothing else but null."""
    plain = (type(None), msgspec.UnsetType)
    names: set[str] = set()
    for field in msgspec.structs.fields(struct):
        options = [each for each in _options(field.type) if each not in plain]
        if len(options) == 1 and _item_in(options[0]) is not None:
            names.add(field.encode_name)
    return frozenset(names)


def _bare(wanted: Any) -> Any:
    while typing.get_origin(wanted) is typing.Annotated:
        wanted = typing.get_args(wanted)[0]
    return wanted


def _options(wanted: Any) -> tuple[Any, ...]:
    wanted = _bare(wanted)
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return tuple(_bare(each) for each in typing.get_args(wanted))
    return (wanted,)


def _struct_in(wanted: Any) -> type[msgspec.Struct] | None:
    structs = [each for each in _options(wanted) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return structs[0] if len(structs) == 1 else None


def _item_in(wanted: Any) -> Any | None:
    for each in _options(wanted):
        if typing.get_origin(each) in (list, tuple, set, frozenset) and typing.get_args(each):
            return typing.get_args(each)[0]
    return None


def _held_in(wanted: Any) -> Any | None:
    """The type of a mapping's values."""
    for each in _options(wanted):
        if typing.get_origin(each) in (dict, Mapping):
            return typing.get_args(each)[1]
    return None


def _steps(inner: str) -> Path:
    """`.items[2].name` as steps; an index that msgspec does not tell (`[...]`) is none."""
    steps: list[str | int] = []
    for part in inner.replace("[", ".[").split("."):
        if part.startswith("["):
            if (index := part[1:-1]).isdigit():
                steps.append(int(index))
        elif part:
            steps.append(part)
    return tuple(steps)
