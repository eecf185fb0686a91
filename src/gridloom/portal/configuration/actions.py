"""Setting a portal up, reading it, closing it."""

from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Forbidden, Invalid, NotFound
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import PUBLIC, action
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration import store, writing
from gridloom.portal.configuration.presenting import shown
from gridloom.portal.configuration.schemas import (
    ConfigQuery,
    DomainQuery,
    OriginQuery,
    PortalConfig,
    UpsertPortalConfig,
    UpsertQuery,
)
from gridloom.portal.security import ADMIN, ADMIN_KINDS, EITHER
from gridloom.portal.tokens import PortalIssuer

ADMIN_TAG, USER_TAG, PUBLIC_TAG = "ECP Admin", "ECP", "Public"
READ, WRITE = "portal.configuration:read", "portal.configuration:write"
MAX_BODY = 5_000_000


@action(
    "POST", "/v2/portal/portal", scope=WRITE, answers={201: PortalConfig, 200: PortalConfig}, security=(ADMIN,),
    name="upsertPortal", tags=(ADMIN_TAG,), max_body=MAX_BODY, audited=False,
)  # fmt: skip
async def upsert(
    tx: Tx, call: Call, sealer: Sealer, issuer: PortalIssuer, query: UpsertQuery, body: UpsertPortalConfig
) -> Answer:
    """Set up the portal of an origin: 201 the first time, 200 later.

    A field that is there replaces the one before, one that is left out stays. A domain belongs to one enabled portal of the
    whole installation. Secrets are written, never read back; a provider with `has_client_secret: true` and no secret keeps
    the one it had. Closing a portal (`enabled: false`) ends the sign-ins of its users.
    """
    number = None
    if query.portal_id is not UNSET:
        number = store.uuid_of(query.portal_id)
        if number is None:
            raise Invalid("There is no portal of this id.", field="portal_id", where="query")
    sent: dict[str, Any] = msgspec.json.decode(await call.body())
    written = await writing.upsert(tx, sealer, issuer, query.origin, number, body, sent)
    trail.record(tx, "upsertPortal", ("portal", written.portal_id), {"fields": sorted(sent)})
    row = await store.by_id(tx, written.portal_id)
    return Answer(shown(tx.tenant, row, sealer), status=201 if written.is_new else 200)


@action(
    "GET", "/v2/portal/config", scope=f"{READ}|portal.own:read", answers={200: PortalConfig}, faults=(NotFound,),
    security=(EITHER,), name="getPortalConfig", tags=(ADMIN_TAG, USER_TAG),
)  # fmt: skip
async def read(tx: Tx, subject: Subject, sealer: Sealer, query: ConfigQuery) -> dict[str, Any]:
    """The portal of a portal user, or the one of an origin for admins; with one portal only admins need not name it."""
    if subject.kind in ADMIN_KINDS:
        return shown(tx.tenant, await _of_admin(tx, query), sealer)
    row = await store.by_id(tx, subject.attributes["portal"])
    if row is None:
        raise NotFound
    if query.origin not in (UNSET, row["origin"]):
        raise Forbidden
    return shown(tx.tenant, row)


@action(
    "DELETE", "/v2/portal/config", scope=WRITE, answers={204: None}, faults=(NotFound,), security=(ADMIN,),
    name="deletePortal", tags=(ADMIN_TAG,), audited=False,
)  # fmt: skip
async def delete(tx: Tx, issuer: PortalIssuer, query: OriginQuery) -> None:
    """Close a portal for good: its users are signed out and cannot come in again, its domain is free."""
    row = await store.by_origin(tx, query.origin)
    if row is None:
        raise NotFound
    await writing.delete(tx, issuer, row["id"])
    trail.record(tx, "deletePortal", ("portal", row["id"]))


@action(
    "GET", "/v2/portal/public/config", scope=PUBLIC, answers={200: PortalConfig}, faults=(NotFound, Invalid),
    name="getPortalConfigByDomain", tags=(PUBLIC_TAG,),
)  # fmt: skip
async def read_by_domain(database: Database, query: DomainQuery) -> dict[str, Any]:
    """The enabled portal at a domain, for anybody. Upper case and a port make no difference; there are no secrets in it."""
    place = await store.at_domain(database, query.domain)
    row = None
    if place is not None:
        async with database.tenant(place.tenant_id, read_only=True) as tx:
            row = await store.by_id(tx, place.portal_id)
    if place is None or row is None:
        raise NotFound("There is no portal at this domain.")
    return shown(place.tenant_id, row)


async def _of_admin(tx: Tx, query: ConfigQuery) -> Any:
    if query.origin is not UNSET:
        row = await store.by_origin(tx, query.origin)
    else:
        rows = await store.some(tx)
        if len(rows) > 1:
            raise Invalid("There are several portals; say which.", field="origin", where="query")
        row = rows[0] if rows else None
    if row is None:
        raise NotFound
    return row
