"""Structs that several parts of the charging API share."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.kernel.http.checks import number

Mistakes: TypeAlias = Iterator[tuple[str, str]]


class Wire(msgspec.Struct, kw_only=True, rename="camel"):
    """What travels in this API is written in camel case."""


Locale = Annotated[
    str, Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35, description="A BCP 47 language tag.")
]


class Translation(Wire):
    """A text in one language."""

    locale: Locale | UnsetType = UNSET
    translation: Annotated[str, Meta(max_length=10_000)] | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """The contract lets both be left out; half a translation says nothing."""
        if self.locale is UNSET:
            yield "locale", "This field is required."
        if self.translation is UNSET:
            yield "translation", "This field is required."


Texts = list[Translation]
SomeTexts = Annotated[list[Translation], Meta(min_length=1)]
Percent = Annotated[Decimal, number(ge=0, le=100, places=4, description="Rate in percent, e.g. 21.")]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with an offset.")]
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Switch = Literal["enabled", "disabled"]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
