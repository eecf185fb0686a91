"""Who is calling, and what they may do."""

from functools import lru_cache
from typing import Any

import msgspec


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The caller of one request: a user, a service token or an OAuth client of one tenant.

    id: stable text for the trail and the rate limits, e.g. `user:7` or `token:12`. scopes: granted scopes; `*` is
    everything, `charging.*` everything that starts with `charging.`. attributes: what one API adds (operator_id, origin).
    """

    tenant_id: int
    id: str
    kind: str
    user_id: int | None = None
    scopes: frozenset[str] = frozenset()
    attributes: dict[str, Any] = {}

    def may(self, scope: str) -> bool:
        """Whether any granted scope covers this one, or one of those that it names with `|` between them."""
        return scope in self.scopes or _covered(self.scopes, scope)


@lru_cache(maxsize=8192)
def _covered(granted: frozenset[str], scope: str) -> bool:
    return any(_covers(g, one) for one in scope.split("|") for g in granted)


def _covers(granted: str, scope: str) -> bool:
    if granted and granted in (scope, scope.rpartition(":")[0]):
        return True
    return granted.endswith("*") and scope.startswith(granted[:-1])
