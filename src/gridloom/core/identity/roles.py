"""Roles a user can have, and the scopes each brings. A `*` at the end covers everything that begins so."""

from collections.abc import Iterable

ROLES: dict[str, frozenset[str]] = {
    "admin": frozenset({"*"}),
    "charging": frozenset({"charging.*"}),
    "commerce": frozenset(
        {"iam:*", "rel:*", "cat:*", "odr:*", "wms:*", "lcs:*", "mes:*", "cnt:*", "spl:*", "tpl:*", "qcq:*", "app:*"}
    ),
    "community": frozenset({"communities.*"}),
    "metering": frozenset({"metering.*"}),
    "metering-reader": frozenset(
        {"metering.sensors:read", "metering.signals:read", "metering.states:read", "metering.weather:read"}
    ),
    "portal-admin": frozenset({"portal.*"}),
    "portal-user": frozenset({"portal.own:read", "portal.own:write"}),
}


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """The scopes of several roles together; a role that no longer exists brings none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
