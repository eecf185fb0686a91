"""Reading portals: by origin, by id, by domain."""

from typing import Any, NamedTuple
from uuid import UUID

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.portal.configuration.hosts import host_of

_COLUMNS = "id, origin, domain, enabled, common, internal, providers, sealed"
_BY_ORIGIN = sql(f"SELECT {_COLUMNS} FROM portal.portal WHERE origin = :origin AND deleted_at IS NULL")
_BY_ID = sql(f"SELECT {_COLUMNS} FROM portal.portal WHERE id = :id AND deleted_at IS NULL")
_SOME = sql(f"SELECT {_COLUMNS} FROM portal.portal WHERE deleted_at IS NULL ORDER BY id LIMIT 2")
_AT_HOST = sql("SELECT tenant_id, portal_id FROM portal.host WHERE host = :host")
_OPEN = sql("SELECT tenant_id, id AS portal_id FROM portal.portal WHERE id = :id AND enabled AND deleted_at IS NULL")


class Place(NamedTuple):
    """An open portal, and whose it is."""

    tenant_id: int
    portal_id: UUID


async def by_origin(tx: Tx, origin: str) -> Any | None:
    """The portal of an origin."""
    return await tx.one(_BY_ORIGIN, origin=origin)


async def by_id(tx: Tx, portal_id: UUID) -> Any | None:
    """The portal of an id."""
    return await tx.one(_BY_ID, id=portal_id)


async def some(tx: Tx) -> list[Any]:
    """The portals of the organisation, two of them at most."""
    return await tx.all(_SOME)


async def at_domain(database: Database, domain: str) -> Place | None:
    """The open portal at a domain, whoever it belongs to."""
    host = host_of(domain)
    if host is None:
        return None
    async with database.system() as tx:
        row = await tx.one(_AT_HOST, host=host)
    return None if row is None else Place(**row)


async def with_id(database: Database, portal_id: str) -> Place | None:
    """The open portal of an id, whoever it belongs to."""
    number = uuid_of(portal_id)
    if number is None:
        return None
    async with database.system() as tx:
        row = await tx.one(_OPEN, id=number)
    return None if row is None else Place(**row)


def uuid_of(text: str) -> UUID | None:
    """The id in a text; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
