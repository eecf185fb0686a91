"""What travels about the catalogue."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

ChannelType: TypeAlias = Literal["pos", "storefront", "order", "integration"]
Name = Annotated[str, Meta(max_length=255, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=5000)]
ClientId = Annotated[str, Meta(max_length=255)]


class CatChannel(Struct, kw_only=True):
    """A way through which is sold: a till, a web shop, a desk that takes orders, another system."""

    id: UUID
    name: str
    type: ChannelType
    description: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    deleted_at: datetime | UnsetType = UNSET
    created_at: datetime
    updated_at: datetime


class CatCreateChannel(Struct, kw_only=True):
    """A new channel; it needs a name and a type. Without a client it belongs to the one that makes it."""

    name: Name | UnsetType = UNSET
    type: ChannelType | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    client_id: ClientId | UnsetType | None = UNSET


class CatUpdateChannel(Struct, kw_only=True):
    """What changes about a channel; what is left out stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
