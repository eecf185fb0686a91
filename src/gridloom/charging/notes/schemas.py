"""What travels about notes."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Wire

Summary = Annotated[str, Meta(min_length=1, max_length=255)]
Details = Annotated[str, Meta(max_length=2000)]
Pinned = Annotated[bool, Meta(description="Pinned notes come first.")]


class Note(Wire, kw_only=True):
    """What somebody wrote down about an object. Who did is left out when no administrator stands behind the token."""

    id: int
    summary: Summary
    details: Details | UnsetType = UNSET
    pinned: Pinned
    created_by_admin_id: int | UnsetType = UNSET
    updated_by_admin_id: int | UnsetType = UNSET
    created_at: datetime
    updated_at: datetime


class NoteWrite(Wire):
    """A new note."""

    summary: Summary
    details: Details | None = None
    pinned: Pinned = False


class NotePatch(Wire):
    """What changes about a note; null takes the details away."""

    summary: Summary | UnsetType = UNSET
    details: Details | UnsetType | None = UNSET
    pinned: Pinned | UnsetType = UNSET
