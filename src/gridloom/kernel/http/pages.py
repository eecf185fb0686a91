"""Pages: how much of a list is asked for, and what was found. How both are spelled is the dialect's business."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from enum import Flag, auto
from typing import Any

import msgspec

from gridloom.kernel.errors import Invalid


class Pages(Flag):
    """The ways a list may be walked."""

    NONE = 0
    NUMBER = auto()
    CURSOR = auto()


class PageRequest(msgspec.Struct, frozen=True):
    """What a caller asked for. size None: everything. number counts from 1; cursor "" starts a walk."""

    size: int | None = None
    number: int | None = None
    cursor: str | None = None
    total: bool = False

    @property
    def offset(self) -> int:
        """Rows to skip in a numbered page."""
        return ((self.number or 1) - 1) * (self.size or 0)


class PageOf(msgspec.Struct):
    """What was found: the items, and how to go on."""

    items: Sequence[Any]
    request: PageRequest
    total: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Cursor(msgspec.Struct, array_like=True):
    """The inside of a cursor: which list it belongs to, which way it goes, and the key it starts after."""

    list_digest: str
    backwards: bool
    key: list[Any]


def encode_cursor(digest: str, key: Sequence[Any], *, backwards: bool = False) -> str:
    """An opaque text for a URL."""
    raw = msgspec.json.encode(Cursor(digest, backwards, list(key)))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str, digest: str, types: Sequence[Any], *, field: str = "cursor") -> Cursor:
    """The cursor inside `text`. Raises Invalid when it is damaged or belongs to another list or other filters."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
        cursor.key = [msgspec.convert(v, t, strict=False) for v, t in zip(cursor.key, types, strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Invalid("The cursor is not valid.", field=field, where="query") from None
    if cursor.list_digest != digest:
        raise Invalid("The cursor belongs to another list or to other filters.", field=field, where="query")
    return cursor


def digest_of(*parts: Any) -> str:
    """A short digest of what a walk must keep unchanged."""
    return hashlib.blake2s(msgspec.json.encode(parts, order="deterministic"), digest_size=6).hexdigest()
