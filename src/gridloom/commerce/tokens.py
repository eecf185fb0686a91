"""Access tokens of the commerce API."""

from collections.abc import Mapping, Sequence
from typing import Any

from gridloom.core.identity.issuer import Grant, Issuer
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Unauthenticated
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.digests import token_digest
from gridloom.kernel.security.sealing import Sealer

SECONDS = 3600

_BEHIND = sql(
    "SELECT id, scopes FROM identity.refresh_token WHERE digest = :digest AND audience = 'commerce' "
    "AND tenant_id = :tenant_id AND subject = :subject AND revoked_at IS NULL AND expires_at > :now FOR UPDATE"
)


class CommerceIssuer(Issuer):
    """Issues and reads the JWTs of this API: one hour, with a refresh token of 30 days."""

    seconds = SECONDS

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer, "commerce", seconds=SECONDS)

    async def scopes_behind(self, subject: Subject, secret: str) -> tuple[str, ...]:
        """The scopes of a refresh token of this subject. Raises Unauthenticated when it has none like that."""
        async with self._database.system() as tx:
            row = await self._behind(tx, subject, secret)
        return tuple(row["scopes"])

    async def renew(
        self, subject: Subject, secret: str, scopes: Sequence[str], *, claims: Mapping[str, Any] | None = None
    ) -> Grant:
        """A new grant for one of the subject's refresh tokens, which ends. Raises Unauthenticated."""
        async with self._database.system() as tx:
            row = await self._behind(tx, subject, secret)
            await self.end(tx, row["id"])
        return await self.grant(subject, scopes=scopes, claims=claims)

    def extended(self, subject: Subject, grant: int) -> str:
        """A further access token of a grant, for the holder of one."""
        return self._access(grant, subject.tenant_id, subject.id, sorted(subject.scopes), subject.attributes)

    async def _behind(self, tx: Tx, subject: Subject, secret: str) -> Any:
        row = await tx.one(
            _BEHIND,
            digest=token_digest(secret),
            tenant_id=subject.tenant_id,
            subject=subject.id,
            now=clock.now(),
        )
        if row is None:
            raise Unauthenticated("The refresh token is wrong, has ended or was used before.")
        return row
