"""OAuth clients: programs that sign in with an id and a secret of their own."""

from collections.abc import Sequence

import msgspec

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Unauthenticated, Unavailable
from gridloom.kernel.ids import token, uuid7
from gridloom.kernel.security.passwords import PasswordsBusy, hash_password, verify_password
from gridloom.kernel.security.ratelimit import LoginLimiter

_CREATE = sql(
    "INSERT INTO identity.client (tenant_id, id, client_id, name, secret_hash, scopes, grant_types) "
    "VALUES (:tenant_id, :id, :client_id, :name, :secret_hash, CAST(:scopes AS text[]), CAST(:grant_types AS text[]))"
)
_FIND = sql(
    "SELECT c.tenant_id, c.client_id, c.secret_hash, c.scopes, c.grant_types FROM identity.client c "
    "JOIN identity.tenant t ON t.id = c.tenant_id AND t.status = 'active' "
    "WHERE c.client_id = :client_id AND NOT c.is_disabled"
)


class OAuthClient(msgspec.Struct, frozen=True):
    """A client that proved its secret."""

    tenant_id: int
    client_id: str
    scopes: tuple[str, ...]
    grant_types: tuple[str, ...]


async def create_client(
    tx: Tx, name: str, *, scopes: Sequence[str], grant_types: Sequence[str] = ("client_credentials", "refresh_token")
) -> tuple[str, str]:
    """A new client: its id, and its secret, which is shown this once."""
    client_id, secret = str(uuid7()), token("glo")
    await tx.run(
        _CREATE,
        tenant_id=tx.tenant,
        id=uuid7(),
        client_id=client_id,
        name=name,
        secret_hash=await hash_password(secret),
        scopes=list(scopes),
        grant_types=list(grant_types),
    )
    return client_id, secret


async def authenticate_client(
    database: Database, limiter: LoginLimiter, client_id: str, secret: str, *, address: str
) -> OAuthClient:
    """The client of this id and secret. Raises Unauthenticated, RateLimited after many failures."""
    limiter.check(address, client_id)
    async with database.system() as tx:
        row = await tx.one(_FIND, client_id=client_id)
    try:
        good = await verify_password(row["secret_hash"] if row else None, secret)
    except PasswordsBusy:
        raise Unavailable("Too many sign-ins at once.", headers={"Retry-After": "2"}) from None
    if row is None or not good:
        limiter.failed(address, client_id)
        raise Unauthenticated("Client id or secret is wrong.")
    limiter.succeeded(address, client_id)
    return OAuthClient(row["tenant_id"], row["client_id"], tuple(row["scopes"]), tuple(row["grant_types"]))
