"""Allocation keys for the rest of the API: what a version says, and how a key is told."""

from gridloom.communities.keys.rules import BY_NEED, Consumer, Key, Round
from gridloom.communities.keys.schemas import Id, KeyPartial
from gridloom.communities.keys.store import newest_version, versions
from gridloom.communities.keys.tables import allocation_key, key_version

__all__ = [
    "BY_NEED",
    "Consumer",
    "Id",
    "Key",
    "KeyPartial",
    "Round",
    "allocation_key",
    "key_version",
    "newest_version",
    "versions",
]
