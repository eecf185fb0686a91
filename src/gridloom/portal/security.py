"""Which callers an operation is for."""

from typing import Any

from gridloom.kernel.errors import Forbidden, Unauthenticated
from gridloom.kernel.http.operation import ANYONE, Operation
from gridloom.kernel.http.subject import Subject

ADMIN, USER, EITHER = "AdminAuth", "PortalAuth", "EitherAuth"

SCHEMES: dict[str, dict[str, Any]] = {name: {"type": "http", "scheme": "bearer"} for name in (ADMIN, USER, EITHER)}

USER_KIND = "portal-user"
ADMIN_KINDS = ("portal-admin", "service")
KINDS: dict[str, tuple[str, ...]] = {ADMIN: ADMIN_KINDS, USER: (USER_KIND,), EITHER: (*ADMIN_KINDS, USER_KIND)}


def check(operation: Operation, subject: Subject) -> None:
    """Raises Forbidden when the operation is for another kind of caller.

    Where any portal user may call (no scope), another token is none of this operation's: Unauthenticated.
    """
    wanted = operation.security or (EITHER,)
    if not any(subject.kind in KINDS[scheme] for scheme in wanted):
        raise Unauthenticated if operation.scope == ANYONE else Forbidden
