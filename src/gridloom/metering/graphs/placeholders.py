"""`${name}` in the parameters of a graph: found when the graph is loaded, filled in when it runs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gridloom.metering.graphs.faults import MissingValue, WrongValue

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
_BROKEN = re.compile(r"\$\{(?![A-Za-z_][A-Za-z0-9_]{0,63}\})")
_LONGEST_TEXT = 10_000


def names_in(value: Any) -> Iterator[str]:
    """Every placeholder in a JSON value, at any depth. ValueError for a `${` that opens none."""
    if isinstance(value, str):
        if _BROKEN.search(value):
            raise ValueError(f"{value[:60]!r} holds a broken placeholder; write ${{name}}")
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from names_in(each)


def fill(value: Any, values: Mapping[str, Any], index: int | None = None) -> Any:
    """The value with its placeholders replaced; what comes from the body is never searched for placeholders itself.

    A text that is one placeholder becomes the value with its type; inside a longer text only texts, numbers and
    booleans can stand. index: of the object in the body, for the faults MissingValue and WrongValue.
    """
    if isinstance(value, str):
        return _fill_text(value, values, index)
    if isinstance(value, Mapping):
        return {name: fill(each, values, index) for name, each in value.items()}
    if isinstance(value, list):
        return [fill(each, values, index) for each in value]
    return value


def _fill_text(text: str, values: Mapping[str, Any], index: int | None) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole:
        return _value(whole[1], values, index)
    filled = _PLACEHOLDER.sub(lambda match: _as_text(match[1], _value(match[1], values, index), index), text)
    if len(filled) > _LONGEST_TEXT:
        raise WrongValue(f"A text grows beyond {_LONGEST_TEXT:,} characters.", index=index)
    return filled


def _value(name: str, values: Mapping[str, Any], index: int | None) -> Any:
    if name not in values:
        raise MissingValue(f"The value {name} is missing.", field=name, index=index)
    return values[name]


def _as_text(name: str, value: Any, index: int | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise WrongValue(f"The value {name} stands inside a text; give a text or a number.", field=name, index=index)
