"""Login and password: the same answer and the same time for a wrong password and an unknown login."""

from typing import Any

import msgspec

from gridloom.core.identity.roles import scopes_of
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.errors import Unauthenticated, Unavailable
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.passwords import PasswordsBusy, hash_password, needs_rehash, verify_password
from gridloom.kernel.security.ratelimit import LoginLimiter

MAX_TENANTS = 5

_FIND = sql(
    "SELECT u.tenant_id, u.id, u.login, u.email, u.password_hash, u.roles, u.status "
    "FROM identity.\"user\" u JOIN identity.tenant o ON o.id = u.tenant_id AND o.status = 'active' "
    "WHERE lower(u.login) = :login AND (CAST(:tenant_id AS integer) IS NULL OR u.tenant_id = :tenant_id) "
    "ORDER BY u.tenant_id LIMIT :most"
)
_REHASH = sql('UPDATE identity."user" SET password_hash = :hash WHERE tenant_id = :tenant_id AND id = :id')


class SignedIn(msgspec.Struct, frozen=True):
    """A user who proved to be who they say."""

    tenant_id: int
    user_id: int
    login: str
    email: str | None
    roles: tuple[str, ...]

    def subject(self, kind: str, **attributes: Any) -> Subject:
        """The user as a caller."""
        return Subject(
            tenant_id=self.tenant_id,
            id=f"user:{self.user_id}",
            kind=kind,
            user_id=self.user_id,
            scopes=scopes_of(self.roles),
            attributes={"login": self.login, "email": self.email, **attributes},
        )


class SeveralTenants(Unauthenticated):
    """Login and password are right in several tenants, and nobody said which is meant."""

    code = "several_tenants"
    text = "This login has this password in several tenants; say which one is meant."


class SignIn:
    """Checks passwords, and slows down who guesses."""

    def __init__(self, database: Database, limiter: LoginLimiter) -> None:
        self._database = database
        self._limiter = limiter

    async def with_password(self, login: str, password: str, *, address: str, tenant_id: int | None = None) -> SignedIn:
        """The user of this login. Raises Unauthenticated (also for a disabled user), RateLimited after many failures.

        One login may exist in several tenants; the password tells which is meant, unless `tenant_id` does. Raises SeveralTenants
        when neither does.
        """
        name = login.strip().lower()
        self._limiter.check(address, name)
        async with self._database.system() as tx:
            rows = await tx.all(_FIND, login=name, tenant_id=tenant_id, most=MAX_TENANTS)
        row = await self._matching(rows, password)
        if row is None:
            self._limiter.failed(address, name)
            raise Unauthenticated("Login or password is wrong.")
        self._limiter.succeeded(address, name)
        if needs_rehash(row["password_hash"]):
            fresh = await hash_password(password)
            async with self._database.system() as tx:
                await tx.run(_REHASH, hash=fresh, tenant_id=row["tenant_id"], id=row["id"])
        return SignedIn(row["tenant_id"], row["id"], row["login"], row["email"], tuple(row["roles"]))

    async def _matching(self, rows: list[Any], password: str) -> Any | None:
        try:
            if not rows:
                await verify_password(None, password)
            found = [row for row in rows if await verify_password(row["password_hash"], password)]
        except PasswordsBusy:
            raise Unavailable("Too many sign-ins at once.", headers={"Retry-After": "2"}) from None
        active = [row for row in found if row["status"] == "active"]
        if len(active) > 1:
            raise SeveralTenants
        return active[0] if active else None
