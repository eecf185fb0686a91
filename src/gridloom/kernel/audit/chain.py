"""How entries are chained: pure functions over one form of an entry that never changes.

The canonical form of an entry is a JSON array, UTF-8, without spaces: format version, tenant, position, id,
occurred_at (UTC, microseconds), subject, action, object kind, object id, detail (as text: the form in which
PostgreSQL prints jsonb), request id. Its digest is SHA-256 over the 32 bytes of the digest before it and the
canonical form; before the first one stand 32 zero bytes.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gridloom.kernel import clock

GENESIS = bytes(32)
FORMAT = 1


class Broken(msgspec.Struct, frozen=True):
    """Where a chain is broken: the position at which it first shows, and what is wrong there."""

    position: int
    reason: str


class Verdict(msgspec.Struct, frozen=True):
    """How far a chain holds: entries found whole, those not sealed yet, the last good link, and the first break."""

    checked: int
    unsealed: int
    position: int
    digest: bytes
    broken: Broken | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken is None


def canonical(row: Mapping[str, Any], position: int) -> bytes:
    """The bytes that are digested. `row` has the columns of `audit.entry`, `detail` as text and `occurred_at` aware."""
    return msgspec.json.encode(
        [
            FORMAT,
            row["tenant_id"],
            position,
            str(row["id"]),
            stamp(row["occurred_at"]),
            row["subject"],
            row["action"],
            row["object_kind"],
            row["object_id"],
            row["detail"],
            row["request_id"],
        ]
    )


def stamp(instant: datetime) -> str:
    """An instant in UTC with all six digits of its microseconds."""
    return clock.utc(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link(previous: bytes, content: bytes) -> bytes:
    """The digest that binds an entry to everything before it."""
    return hashlib.sha256(previous + content).digest()


class Walk:
    """A walk along a chain, from its first link or a later one; `step` says what is wrong with the next entry."""

    __slots__ = ("checked", "digest", "position")

    def __init__(self, position: int = 0, digest: bytes = GENESIS) -> None:
        self.position = position
        self.digest = digest
        self.checked = 0

    def step(self, position: int, content: bytes, previous: bytes, digest: bytes) -> Broken | None:
        """Go one entry further. A step that is wrong does not move."""
        expected = self.position + 1
        if position != expected:
            return Broken(expected, f"entry {expected} is missing")
        if previous != self.digest:
            return Broken(expected, f"entry {expected} does not follow the entry before it")
        if digest != link(previous, content):
            return Broken(expected, f"entry {expected} is not what was sealed")
        self.position, self.digest = position, digest
        self.checked += 1
        return None
