"""What several modules of this API ask for in the same way."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, UnsetType

Sort: TypeAlias = Literal["ASC", "DESC"]
Inside = Annotated[str, Meta(max_length=200, description="Somewhere inside, whatever the case.")] | UnsetType
