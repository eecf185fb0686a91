"""Access tokens of portal users."""

from uuid import UUID

from gridloom.core.identity.issuer import Issuer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer

PORTAL = "portal"

_END_PORTAL = sql(
    "UPDATE identity.refresh_token SET revoked_at = now() "
    "WHERE audience = 'portal' AND claims ->> 'portal' = :portal AND revoked_at IS NULL"
)


class PortalIssuer(Issuer):
    """Issues and reads the JWTs of portal users: one hour, with a refresh token of 30 days."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer, "portal")

    async def recognise(self, access_token: str) -> Subject | None:
        """As the issuer does; `attributes["portal"]` is the id of the user's portal."""
        subject = await super().recognise(access_token)
        if subject is not None:
            subject.attributes[PORTAL] = UUID(subject.attributes[PORTAL])
        return subject

    async def end(self, tx: Tx, grant_id: int) -> None:
        """End a grant, and forget it again after the commit: somebody may have asked meanwhile."""
        await super().end(tx, grant_id)

        async def forget() -> None:
            self._alive.pop(grant_id, None)

        tx.after_commit(forget)

    async def end_portal(self, tx: Tx, portal_id: UUID) -> None:
        """End every grant of a portal's users."""
        await tx.run(_END_PORTAL, portal=str(portal_id))

        async def forget() -> None:
            self._alive.clear()

        tx.after_commit(forget)
