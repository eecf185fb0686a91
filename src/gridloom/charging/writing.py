"""How values of this API are stored: functions for the `writes` of a declared resource."""

from collections.abc import Mapping
from typing import Any

from gridloom.charging.schemas import Texts
from gridloom.kernel.http.rows import Unpack


def texts(column: str) -> Unpack:
    """One text a language: what was said last about a language holds, null means none."""

    def unpack(given: Texts | None) -> Mapping[str, Any]:
        return {column: list({each.locale: each for each in given or ()}.values())}

    return unpack


def once(column: str) -> Unpack:
    """A list in which nothing comes twice, in the order in which it was said; null stays null."""

    def unpack(given: list[Any] | None) -> Mapping[str, Any]:
        return {column: None if given is None else list(dict.fromkeys(given))}

    return unpack


def text_or_none(column: str) -> Unpack:
    """An empty text is none."""
    return lambda given: {column: given or None}


def ignored(_: Any) -> Mapping[str, Any]:
    """A field that the contract names in a body and nobody may write."""
    return {}
