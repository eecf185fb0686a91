"""A gateway in front that has recognised the caller already, and says so in headers.

It proves itself with a shared secret (`GRIDLOOM_GATEWAY_SECRET`) in `x-gateway-secret`; without it none of the other headers
is looked at. `x-user-id` is the identity provider's id of the caller, `x-user-orgs` the caller's communities with the roles
in each, `x-user-email` the caller's address, `x-tenant` the short name of the tenant (may be left out where there is one).
"""

import re

from gridloom.communities.faults import UserMissing
from gridloom.communities.roles import Role, highest
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.errors import Unauthenticated
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.digests import same
from gridloom.settings import Settings

SECRET, USER, ORGS, EMAIL, TENANT = "x-gateway-secret", "x-user-id", "x-user-orgs", "x-user-email", "x-tenant"
MAX_ID, MAX_ORGS = 255, 200

_ENTRY = re.compile(r"map\[orgId:(\S+) orgPath:(\S*) roles:\[([^\]]*)\]\]")
_TENANTS = sql(
    "SELECT id FROM identity.tenant WHERE status = 'active' AND slug = coalesce(:slug, slug) ORDER BY id LIMIT 2"
)


async def recognise(call: Call) -> Subject | None:
    """The caller that a trusted gateway names; None when no gateway speaks.

    Raises Unauthenticated for a wrong secret or an unknown tenant, UserMissing without `x-user-id`.
    """
    given, secret = call.headers.get(SECRET), call.services.part(Settings).gateway_secret
    if given is None or secret is None:
        return None
    if not same(given, secret):
        raise Unauthenticated
    user = call.headers.get(USER, "").strip()
    if not user or len(user) > MAX_ID:
        raise UserMissing
    email = call.headers.get(EMAIL, "").strip()
    return Subject(
        tenant_id=await _tenant(call),
        id=f"gateway:{user}",
        kind="gateway",
        scopes=frozenset({"communities.*"}),
        attributes={
            "external_id": user,
            "email": email if "@" in email and len(email) <= 320 else "",
            "claims": claims(call.headers[ORGS]) if ORGS in call.headers else None,
        },
    )


def claims(header: str) -> dict[str, Role]:
    """Community id -> highest role, from `map[orgId:… orgPath:… roles:[…]]` entries; what is no role of ours counts not.

    Pairs of brackets around the whole list are allowed. At most 200 communities are read.
    """
    found: dict[str, Role] = {}
    for match in _ENTRY.finditer(header):
        role = highest([*found.get(match[1], "").split(), *match[3].replace(",", " ").split()])
        if role is not None and len(match[1]) <= MAX_ID:
            found[match[1]] = role
        if len(found) >= MAX_ORGS:
            break
    return found


async def _tenant(call: Call) -> int:
    async with call.services.part(Database).system() as tx:
        rows = await tx.all(_TENANTS, slug=call.headers.get(TENANT))
    if len(rows) != 1:
        raise Unauthenticated
    return int(rows[0]["id"])
