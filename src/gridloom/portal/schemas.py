"""What the structs of this API share."""

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

Flag: TypeAlias = bool | UnsetType
Text: TypeAlias = str | UnsetType
Texts: TypeAlias = list[str] | UnsetType
Whole: TypeAlias = int | UnsetType
Number: TypeAlias = float | UnsetType
EntityId: TypeAlias = UUID | UnsetType
Origin = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="Kind of portal, e.g. `END_CUSTOMER_PORTAL` or `INSTALLER_PORTAL`."),
]


class Wire(Struct, kw_only=True, omit_defaults=True):
    """Fields that are not there are left out."""


__all__ = ["UNSET", "EntityId", "Flag", "Number", "Origin", "Text", "Texts", "Whole", "Wire"]
