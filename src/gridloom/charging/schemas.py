"""Structs that several parts of the charging API share."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from gridloom.kernel.http.checks import number


class Wire(msgspec.Struct, kw_only=True, rename="camel"):
    """What travels in this API is written in camel case."""


class Translation(Wire):
    """A text in one language."""

    locale: Annotated[str, Meta(min_length=2, max_length=35, description="A BCP 47 language tag.")]
    translation: Annotated[str, Meta(max_length=10_000)]


Percent = Annotated[Decimal, number(ge=0, le=100, places=4, description="Rate in percent, e.g. 21.")]
