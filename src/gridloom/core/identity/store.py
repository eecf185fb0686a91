"""Tenants, users and tokens in the database. Secrets are found by digest, and kept only where a contract signs with them."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from gridloom.core.identity.roles import ROLES, scopes_of
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid, NotFound
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.ids import token as new_secret
from gridloom.kernel.security.digests import token_digest
from gridloom.kernel.security.passwords import hash_password
from gridloom.kernel.security.sealing import Sealer

PREFIXES = {
    "charging": "glc",
    "communities": "glm",
    "metering": "gls",
    "metering-key": "glx",
    "portal-admin": "glp",
    "portal": "glu",
    "service": "glt",
}
SIGNING_KINDS = frozenset({"charging"})

_FIND = sql(
    "SELECT t.id, t.tenant_id, t.kind, t.user_id, t.scopes, t.attributes, t.expires_at, u.roles, u.login, u.email, o.zone "
    "FROM identity.token t JOIN identity.tenant o ON o.id = t.tenant_id AND o.status = 'active' "
    'LEFT JOIN identity."user" u ON u.tenant_id = t.tenant_id AND u.id = t.user_id '
    "WHERE t.digest = :digest AND t.kind = ANY(CAST(:kinds AS text[])) AND t.revoked_at IS NULL "
    "AND (t.expires_at IS NULL OR t.expires_at > :now) AND (u.id IS NULL OR u.status = 'active')"
)
_SLUG = sql("SELECT slug FROM identity.tenant WHERE id = :id")
_CREATE_TENANT = sql("INSERT INTO identity.tenant (slug, name, zone) VALUES (:slug, :name, :zone) RETURNING id")
_TENANT = sql("SELECT id, slug, name, zone, currency FROM identity.tenant WHERE slug = :slug AND status = 'active'")
_CREATE_USER = sql(
    'INSERT INTO identity."user" (tenant_id, login, email, password_hash, roles) '
    "VALUES (:tenant_id, :login, :email, :password_hash, CAST(:roles AS text[])) RETURNING id"
)
_USER = sql('SELECT id FROM identity."user" WHERE lower(login) = :login')
_CREATE_TOKEN = sql(
    "INSERT INTO identity.token (tenant_id, kind, name, digest, sealed, user_id, scopes, attributes, expires_at) "
    "VALUES (:tenant_id, :kind, :name, :digest, :sealed, :user_id, CAST(:scopes AS text[]), :attributes, :expires_at) "
    "RETURNING id"
)
_REVOKE = sql("UPDATE identity.token SET revoked_at = now() WHERE digest = :digest AND revoked_at IS NULL")


class Tenant(msgspec.Struct, frozen=True):
    """One installation's customer: everything else belongs to exactly one of them."""

    id: int
    slug: str
    name: str
    zone: str
    currency: str


class IssuedToken(msgspec.Struct, frozen=True):
    """A new token. `secret` is shown this once."""

    id: int
    secret: str
    expires_at: datetime | None


class TokenCache:
    """Recognised tokens for a few seconds, so that a busy client costs no look-up a request.

    A revocation in this process works at once, one in another process within `seconds`.
    """

    def __init__(self, seconds: float = 5.0, most: int = 10_000) -> None:
        self._seconds = seconds
        self._most = most
        self._known: dict[bytes, tuple[float, Subject]] = {}
        self.forgotten = 0

    def get(self, digest: bytes) -> Subject | None:
        """The subject, while it is fresh."""
        entry = self._known.get(digest)
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def put(self, digest: bytes, subject: Subject, *, until: datetime | None) -> None:
        """Remember a subject, never beyond the end of its token."""
        seconds = self._seconds
        if until is not None:
            seconds = min(seconds, (until - clock.now()).total_seconds())
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[digest] = (time.monotonic() + seconds, subject)

    def forget(self, digest: bytes | None = None) -> None:
        """Forget one token, or all of them. `forgotten` counts, so that a look-up that began before is not kept."""
        self.forgotten += 1
        if digest is None:
            self._known.clear()
        else:
            self._known.pop(digest, None)


class Identity:
    """Recognising callers, and making those who call."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self.cache = TokenCache()

    async def by_token(self, secret: str, kinds: Sequence[str]) -> Subject | None:
        """The subject behind a token of one of these kinds; None for anything else."""
        if not secret or len(secret) > 512:
            return None
        digest = token_digest(secret)
        subject = self.cache.get(digest)
        if subject is not None:
            return subject if subject.kind in kinds else None
        before = self.cache.forgotten
        async with self._database.system() as tx:
            row = await tx.one(_FIND, digest=digest, kinds=list(kinds), now=clock.now())
        if row is None:
            return None
        subject = subject_of(row)
        if self.cache.forgotten == before:
            self.cache.put(digest, subject, until=row["expires_at"])
        return subject

    async def create_tenant(self, slug: str, name: str, *, zone: str = "Europe/Brussels") -> int:
        """A new tenant's number. Raises Conflict when the slug is taken, Invalid for an unknown zone or a bad slug."""
        if not slug.replace("-", "").isalnum() or not slug.isascii() or slug != slug.lower() or len(slug) > 40:
            raise Invalid("A slug has small letters, digits and dashes, at most 40.", field="slug")
        try:
            clock.zone(zone)
        except ValueError as error:
            raise Invalid(str(error), field="zone") from None
        async with self._database.system() as tx:
            try:
                return int(await tx.scalar(_CREATE_TENANT, slug=slug, name=name, zone=zone))
            except asyncpg.UniqueViolationError:
                raise Conflict(f"There is a tenant {slug} already.") from None

    async def tenant(self, slug: str) -> Tenant:
        """A tenant by its short name. Raises NotFound."""
        async with self._database.system() as tx:
            row = await tx.one(_TENANT, slug=slug)
        if row is None:
            raise NotFound(f"There is no tenant {slug}.")
        return Tenant(**row)

    async def slug_of(self, tenant_id: int) -> str:
        """A tenant's short name."""
        async with self._database.system() as tx:
            return str(await tx.scalar(_SLUG, id=tenant_id))

    async def create_user(
        self, tx: Tx, login: str, password: str | None, *, roles: Sequence[str], email: str | None = None
    ) -> int:
        """A new user's number. Raises Conflict for a login that is taken, Invalid for an unknown role."""
        if unknown := sorted(set(roles) - ROLES.keys()):
            raise Invalid(
                f"There is no role {', '.join(unknown)}; there are {', '.join(sorted(ROLES))}.", field="roles"
            )
        login = login.strip().lower()
        if not login or len(login) > 320:
            raise Invalid("A login has 1 to 320 characters.", field="login")
        hashed = await hash_password(password) if password is not None else None
        try:
            found = await tx.scalar(
                _CREATE_USER,
                tenant_id=tx.tenant,
                login=login,
                email=email or (login if "@" in login else None),
                password_hash=hashed,
                roles=list(roles),
            )
        except asyncpg.UniqueViolationError:
            raise Conflict("There is a user with this login already.") from None
        return int(found)

    async def user_id(self, tx: Tx, login: str) -> int:
        """A user's number by login. Raises NotFound."""
        found = await tx.scalar(_USER, login=login.strip().lower())
        if found is None:
            raise NotFound(f"There is no user {login}.")
        return int(found)

    async def issue(
        self,
        tx: Tx,
        kind: str,
        *,
        name: str = "",
        user_id: int | None = None,
        scopes: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
    ) -> IssuedToken:
        """A new token of a kind. Without `scopes` it has those of its user."""
        if kind not in PREFIXES:
            raise Invalid(f"There is no token kind {kind}; there are {', '.join(PREFIXES)}.", field="kind")
        secret = new_secret(PREFIXES[kind])
        found = await tx.scalar(
            _CREATE_TOKEN,
            tenant_id=tx.tenant,
            kind=kind,
            name=name,
            digest=token_digest(secret),
            sealed=self._sealer.seal(secret) if kind in SIGNING_KINDS else None,
            user_id=user_id,
            scopes=list(scopes),
            attributes=dict(attributes or {}),
            expires_at=expires_at,
        )
        return IssuedToken(int(found), secret, expires_at)

    async def revoke(self, tx: Tx, secret: str) -> bool:
        """End a token; False when there was none."""
        digest = token_digest(secret)

        async def forget() -> None:
            self.cache.forget(digest)

        # After the commit: somebody who calls meanwhile still finds the token, and would be remembered.
        tx.after_commit(forget)
        return await tx.run(_REVOKE, digest=digest) > 0


def subject_of(row: Any) -> Subject:
    """The subject of a token's row: its own scopes, or its user's."""
    scopes = frozenset(row["scopes"]) or scopes_of(row["roles"] or ())
    attributes = {**row["attributes"], "login": row["login"], "email": row["email"], "zone": row["zone"]}
    if row["expires_at"] is not None:
        attributes["expires_at"] = row["expires_at"]
    identity = f"user:{row['user_id']}" if row["user_id"] else f"token:{row['id']}"
    return Subject(
        tenant_id=row["tenant_id"],
        id=identity,
        kind=row["kind"],
        user_id=row["user_id"],
        scopes=scopes,
        attributes={key: value for key, value in attributes.items() if value is not None},
    )
