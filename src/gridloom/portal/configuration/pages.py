"""Pages of a portal and the blocks on them, as they travel. Both may carry more than what is named here, and keep it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType, field

from gridloom.portal.schemas import Flag, Text, Texts, Wire

When: TypeAlias = Annotated[datetime, Meta(tz=True)] | UnsetType
Which: TypeAlias = Literal["and", "or"] | UnsetType
Anything: TypeAlias = dict[str, Any] | UnsetType


class Visibility(Wire):
    """When, where and to whom something is shown."""

    is_hidden: Flag = UNSET
    hidden_in_app: Flag = UNSET
    start_date: When = UNSET
    end_date: When = UNSET
    visible_for_targets: Texts = UNSET
    visible_for_operator: Which = UNSET
    hidden_for_targets: Texts = UNSET
    hidden_for_operator: Which = UNSET


class BlockVisibility(Visibility):
    """The same for a block, which also knows small and large screens."""

    hidden_on_mobile: Flag = UNSET
    hidden_on_desktop: Flag = UNSET


class BlockProps(Wire):
    """What a block shows and how."""

    visibility: BlockVisibility | UnsetType = UNSET
    content: Anything = UNSET
    design: Anything = UNSET


class Block(Wire):
    """A part of a page."""

    type: str
    order: float
    id: UUID | UnsetType = UNSET
    props: BlockProps | UnsetType = UNSET
    parent_id: Text = field(default=UNSET, name="parentId")


class Page(Wire):
    """A page of the portal."""

    slug: str
    order: float
    id: UUID | UnsetType = UNSET
    path: Text = UNSET
    schema: Texts = UNSET
    visibility: Visibility | UnsetType = UNSET
    content: Anything = UNSET
    design: Anything = UNSET
    blocks: dict[str, Block] | UnsetType = UNSET
    is_system: Flag = UNSET
    is_detail: Flag = UNSET
    detail_schema: Text = UNSET
    show_in_navigation: Flag = UNSET
    is_public: Flag = UNSET
    parent_id: str | UnsetType | None = field(default=UNSET, name="parentId")
    is_entry_route: Flag = UNSET
    is_deleted: Flag = UNSET
    last_modified_at: When = UNSET
    portal_id: Text = UNSET
    past_routes: Texts = UNSET
