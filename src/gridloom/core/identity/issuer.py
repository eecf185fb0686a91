"""Signed access tokens (JWT) and the refresh tokens behind them.

Every access token names the grant (a row of `identity.refresh_token`) that it came from; ending the grant ends all of its
access tokens, at once in this process and within seconds in the others.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Unauthenticated
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.ids import token as new_secret
from gridloom.kernel.security.digests import token_digest
from gridloom.kernel.security.sealing import Sealer

ALGORITHM = "HS256"
_CACHE_SECONDS = 5.0
_GRACE = timedelta(seconds=10)

_CREATE = sql(
    "INSERT INTO identity.refresh_token (tenant_id, digest, subject, audience, scopes, claims, expires_at) "
    "VALUES (:tenant_id, :digest, :subject, :audience, CAST(:scopes AS text[]), :claims, :expires_at) RETURNING id"
)
_ALIVE = sql(
    "SELECT 1 FROM identity.refresh_token g JOIN identity.tenant t ON t.id = g.tenant_id AND t.status = 'active' "
    'LEFT JOIN identity."user" u ON u.tenant_id = g.tenant_id '
    "AND u.id = CASE WHEN g.subject ~ '^user:[0-9]{1,18}$' THEN CAST(substr(g.subject, 6) AS bigint) END "
    "LEFT JOIN identity.client c ON c.tenant_id = g.tenant_id AND starts_with(g.subject, 'client:') "
    "AND c.client_id = substr(g.subject, 8) "
    "WHERE g.tenant_id = :tenant_id AND g.id = :id AND g.revoked_at IS NULL AND g.expires_at > :now "
    "AND (u.status = 'active' OR NOT starts_with(g.subject, 'user:')) "
    "AND (NOT c.is_disabled OR NOT starts_with(g.subject, 'client:'))"
)
_BY_SECRET = sql(
    "SELECT id, tenant_id, subject, audience, scopes, claims, expires_at FROM identity.refresh_token "
    "WHERE digest = :digest AND audience = :audience AND revoked_at IS NULL AND expires_at > :now FOR UPDATE"
)
_REVOKE = sql("UPDATE identity.refresh_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
_REVOKE_SUBJECT = sql(
    "UPDATE identity.refresh_token SET revoked_at = :now "
    "WHERE subject = :subject AND audience = :audience AND revoked_at IS NULL"
)
_USED = sql(
    "SELECT tenant_id, subject, coalesce(claims ->> 'family', CAST(id AS text)) AS family FROM identity.refresh_token "
    "WHERE digest = :digest AND audience = :audience AND revoked_at < :before"
)
_REVOKE_FAMILY = sql(
    "UPDATE identity.refresh_token SET revoked_at = :now WHERE tenant_id = :tenant_id AND subject = :subject "
    "AND audience = :audience AND claims ->> 'family' = :family AND revoked_at IS NULL RETURNING id"
)


class Grant(msgspec.Struct, frozen=True):
    """What a sign-in gave: an access token, how long it lasts, and the refresh token behind it."""

    access_token: str
    expires_in: int
    refresh_token: str
    scopes: tuple[str, ...]


class Issuer:
    """Issues and reads the tokens of one audience (an API)."""

    def __init__(
        self, database: Database, sealer: Sealer, audience: str, *, seconds: int = 3600, days: int = 30
    ) -> None:
        self._database = database
        self._key = OctKey.import_key(sealer.derive(f"jwt:{audience}"))
        self._audience = audience
        self._seconds = seconds
        self._days = days
        self._alive: dict[int, float] = {}
        self._ends = 0

    async def grant(self, subject: Subject, *, scopes: Sequence[str], claims: Mapping[str, Any] | None = None) -> Grant:
        """A new grant for somebody who has proven who they are."""
        secret = new_secret("glr")
        stored = {"kind": subject.kind, "user_id": subject.user_id, **(claims or {})}
        async with self._database.system() as tx:
            found = await tx.scalar(
                _CREATE,
                tenant_id=subject.tenant_id,
                digest=token_digest(secret),
                subject=subject.id,
                audience=self._audience,
                scopes=list(scopes),
                claims=stored,
                expires_at=clock.now() + timedelta(days=self._days),
            )
        access = self._access(int(found), subject.tenant_id, subject.id, scopes, stored)
        return Grant(access, self._seconds, secret, tuple(scopes))

    async def refresh(self, secret: str) -> Grant:
        """A new grant for an old one, which ends. Raises Unauthenticated; a refresh token works once.

        One that comes back after it was used has been copied: everything that came from it ends (RFC 9700, section 4.14).
        A client that merely repeats itself within ten seconds is only refused.
        """
        async with self._database.system() as tx:
            row = await self._found(tx, secret)
            if row is not None and not await _is_alive(tx, row["tenant_id"], row["id"]):
                row = None
            if row is not None:
                await self.end(tx, row["id"])
        if row is None:
            raise Unauthenticated
        claims = {"family": str(row["id"]), **row["claims"]}
        subject = Subject(
            tenant_id=row["tenant_id"], id=row["subject"], kind=claims["kind"], user_id=claims.get("user_id")
        )
        return await self.grant(subject, scopes=row["scopes"], claims=claims)

    async def recognise(self, access_token: str) -> Subject | None:
        """The caller behind an access token; None when it is not one of ours, has expired or was ended."""
        claims = self._claims(access_token)
        if claims is None or not await self._grant_is_alive(claims["tenant"], claims["grant"]):
            return None
        return Subject(
            tenant_id=claims["tenant"],
            id=claims["sub"],
            kind=claims["kind"],
            user_id=claims.get("user_id"),
            scopes=frozenset(claims["scope"].split()),
            attributes=claims,
        )

    async def end(self, tx: Tx, grant_id: int) -> None:
        """End a grant and every access token from it."""
        await tx.run(_REVOKE, id=grant_id, now=clock.now())
        self._forget_after(tx, [grant_id])

    async def end_all(self, tx: Tx, subject_id: str) -> None:
        """End every grant of a subject."""
        await tx.run(_REVOKE_SUBJECT, subject=subject_id, audience=self._audience, now=clock.now())
        self._forget_after(tx)

    async def grant_of(self, tx: Tx, secret: str) -> tuple[int, str] | None:
        """The grant behind a refresh token and whose it is, among the rows this transaction sees.

        None for one that has ended; one that was used before ends what came from it, as in `refresh`.
        """
        row = await self._found(tx, secret)
        return None if row is None else (row["id"], row["subject"])

    async def _found(self, tx: Tx, secret: str) -> Any | None:
        known = {"digest": token_digest(secret), "audience": self._audience}
        row = await tx.one(_BY_SECRET, **known, now=clock.now())
        if row is None and (used := await tx.one(_USED, **known, before=clock.now() - _GRACE)) is not None:
            ended = await tx.all(_REVOKE_FAMILY, **used, audience=self._audience, now=clock.now())
            self._forget_after(tx, [each["id"] for each in ended])
        return row

    def _forget_after(self, tx: Tx, grants: Sequence[int] | None = None) -> None:
        """Look these grants (or all) up again once the transaction is committed: who asks before finds them alive."""

        async def forget() -> None:
            self._ends += 1
            for grant in list(self._alive) if grants is None else grants:
                self._alive.pop(grant, None)

        tx.after_commit(forget)

    def _access(self, grant: int, tenant: int, subject: str, scopes: Sequence[str], claims: Mapping[str, Any]) -> str:
        issued = int(clock.now().timestamp())
        body = {
            **claims,
            "iss": "gridloom",
            "aud": self._audience,
            "sub": subject,
            "tenant": tenant,
            "grant": grant,
            "scope": " ".join(scopes),
            "iat": issued,
            "exp": issued + self._seconds,
        }
        return jwt.encode({"alg": ALGORITHM}, body, self._key)

    def _claims(self, access_token: str) -> dict[str, Any] | None:
        try:
            claims = jwt.decode(access_token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        if claims.get("aud") != self._audience or claims.get("exp", 0) <= clock.now().timestamp():
            return None
        return dict(claims)

    async def _grant_is_alive(self, tenant: int, grant: int) -> bool:
        if self._alive.get(grant, 0.0) > time.monotonic():
            return True
        before = self._ends
        async with self._database.system() as tx:
            alive = await _is_alive(tx, tenant, grant)
        if alive and self._ends == before:
            if len(self._alive) > 10_000:
                self._alive.clear()
            self._alive[grant] = time.monotonic() + _CACHE_SECONDS
        return alive


async def _is_alive(tx: Tx, tenant: int, grant: int) -> bool:
    return await tx.scalar(_ALIVE, tenant_id=tenant, id=grant, now=clock.now()) is not None
