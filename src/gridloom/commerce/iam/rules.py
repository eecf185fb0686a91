"""Which scopes a token gets."""

from collections.abc import Sequence

from gridloom.commerce.iam.scopes import SCOPES
from gridloom.kernel.http.subject import Subject


def granted(requested: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """What of the scopes asked for (separated by spaces) a client may have; everything it may have when it asks for none.

    allowed: the client's scopes; `*` at the end covers what begins so. A scope that there is not is never granted.
    """
    wanted = dict.fromkeys(requested.split())
    if not wanted:
        return tuple(dict.fromkeys(allowed))
    client = Subject(tenant_id=0, id="", kind="client", scopes=frozenset(allowed))
    return tuple(scope for scope in wanted if scope in client.scopes or (scope in SCOPES and client.may(scope)))


def still_granted(before: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    """What of an older grant the client may still have."""
    client = Subject(tenant_id=0, id="", kind="client", scopes=frozenset(allowed))
    return tuple(scope for scope in before if client.may(scope))
