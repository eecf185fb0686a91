"""Portal users for the rest of the API.

Each portal has users of its own: the same e-mail address may have an account in two portals, with two passwords. Hence their
login in identity is `<portal id>/<e-mail address>`.
"""

from typing import NamedTuple
from uuid import UUID

from gridloom.core.identity.store import Identity
from gridloom.core.parties import public as parties
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.ids import uuid7

ROLE = "portal-user"

_CREATE = sql(
    "INSERT INTO portal.portal_user (tenant_id, id, portal_id, user_id, party_id) "
    "VALUES (:tenant_id, :id, :portal_id, :user_id, :party_id)"
)
_PORTAL = sql("SELECT origin FROM portal.portal WHERE id = :id AND deleted_at IS NULL FOR KEY SHARE")
_FIND = sql(
    "SELECT p.id, p.portal_id, o.origin, p.user_id, u.email, p.party_id FROM portal.portal_user p "
    "JOIN portal.portal o ON o.tenant_id = p.tenant_id AND o.id = p.portal_id AND o.enabled AND o.deleted_at IS NULL "
    "JOIN identity.\"user\" u ON u.tenant_id = p.tenant_id AND u.id = p.user_id AND u.status = 'active' "
    "WHERE p.user_id = :user_id AND p.portal_id = :portal_id"
)


class PortalUser(NamedTuple):
    """A user of one portal."""

    id: UUID
    portal_id: UUID
    origin: str
    user_id: int
    email: str
    party_id: int | None


def login_of(portal_id: UUID, email: str) -> str:
    """The login in identity of an e-mail address in a portal."""
    return f"{portal_id}/{email.strip().lower()}"


async def create_portal_user(
    tx: Tx, identity: Identity, portal_id: UUID, email: str, password: str | None, *, party_id: int | None = None
) -> PortalUser:
    """A new user of a portal, who may sign in at once (with a password). party_id: the contact, when it is known.

    Raises NotFound for an unknown portal, Invalid for what is no e-mail address; an address that has an account in this
    portal already violates a unique constraint (409).
    """
    if not parties.is_email(email):
        raise Invalid("This is no e-mail address.", field="email")
    origin = await tx.scalar(_PORTAL, id=portal_id)
    if origin is None:
        raise NotFound("There is no such portal.")
    email = email.strip()
    user = await identity.create_user(tx, login_of(portal_id, email), password, roles=[ROLE], email=email)
    number = uuid7()
    await tx.run(_CREATE, tenant_id=tx.tenant, id=number, portal_id=portal_id, user_id=user, party_id=party_id)
    if party_id is not None:
        await parties.attach_user(tx, user, party_id)
    return PortalUser(number, portal_id, origin, user, email, party_id)


async def find(tx: Tx, portal_id: UUID, user_id: int) -> PortalUser | None:
    """The user of a portal, while the user is active and the portal open; None else."""
    row = await tx.one(_FIND, user_id=user_id, portal_id=portal_id)
    return None if row is None else PortalUser(**row)
