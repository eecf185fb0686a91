"""Sharing operations for the rest of the API: which there are, and which key they follow when."""

from gridloom.communities.sharing.store import (
    Approved,
    Operation,
    approved,
    find,
    hold,
    operations_of,
    set_point,
    uses_key,
)
from gridloom.communities.sharing.tables import operation_key, sharing_operation

__all__ = [
    "Approved",
    "Operation",
    "approved",
    "find",
    "hold",
    "operation_key",
    "operations_of",
    "set_point",
    "sharing_operation",
    "uses_key",
]
