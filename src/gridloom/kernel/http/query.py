"""Query strings as nested plain objects: `filter[name][]=a`, `include[]=x`, `context[0][id]=…`, and repeated names."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from gridloom.kernel.errors import FieldError, Invalid

_STEP = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"[0-9]{1,9}")
_MAX_PAIRS = 2000
_MAX_DEPTH = 6


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """The decoded pairs in their order. Raises Invalid on more than 2,000 of them, text that is no UTF-8, or a NUL."""
    try:
        found = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MAX_PAIRS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise Invalid(errors=[FieldError("query", (), "The query string cannot be read.")]) from None
    if any("\x00" in name or "\x00" in value for name, value in found):
        raise Invalid(errors=[FieldError("query", (), "The query string holds a NUL character.")])
    return found


def nested(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Pairs as an object. A name met twice, or ending in `[]`, becomes a list; numbered steps become a list too."""
    root: dict[str, Any] = {}
    for name, value in found:
        head, _, rest = name.partition("[")
        steps = [head, *_STEP.findall("[" + rest)] if rest else [head]
        if len(steps) > _MAX_DEPTH:
            raise Invalid(errors=[FieldError("query", (head,), "This parameter is nested too deeply.")])
        _put(root, steps, value)
    return {name: _listed(value) for name, value in root.items()}


def _put(target: dict[str, Any], steps: list[str], value: str) -> None:
    *parents, last = steps
    as_list = last == "" and bool(parents)
    if as_list:
        *parents, last = parents
    for step in parents:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Invalid(errors=[FieldError("query", (steps[0],), "This parameter is both a value and an object.")])
        target = inner
    if last in target or as_list:
        there = target.get(last, [])
        if isinstance(there, dict):
            raise Invalid(errors=[FieldError("query", (steps[0],), "This parameter is both a value and an object.")])
        target[last] = [*there, value] if isinstance(there, list) else [there, value]
    else:
        target[last] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(_NUMBER.fullmatch(name) for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
