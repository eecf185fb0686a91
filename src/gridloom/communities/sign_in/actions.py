"""Signing in with login and password: an extension of ours, for installations without an identity provider in front."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.faults import WrongPassword
from gridloom.communities.sign_in.faults import TenantNotNamed
from gridloom.core.identity.sign_in import SeveralTenants, SignIn
from gridloom.core.identity.store import Identity
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Forbidden, NotFound, Unauthenticated
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import PUBLIC, action

TAG = ("Sign-in",)
KIND = "communities"
LASTS = timedelta(hours=12)


class Login(Struct):
    """Who signs in."""

    login: Annotated[str, Meta(min_length=1, max_length=320)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]
    tenant: (
        Annotated[str, Meta(max_length=40, description="Its short name; needed where a login is in several tenants.")]
        | UnsetType
    ) = UNSET


class LoginToken(Struct):
    """A bearer token, and the end of its time."""

    token: str
    expires_at: datetime
    tenant: Annotated[str, Meta(description="The short name of the tenant that the token is for.")]


@action(
    "POST", "/communities/login", scope=PUBLIC, answers={200: LoginToken}, faults=(WrongPassword, TenantNotNamed, Forbidden),
    name="post_communities_login", tags=TAG, max_body=10_000,
)  # fmt: skip
async def sign_in(call: Call, sign_in: SignIn, identity: Identity, database: Database, body: Login) -> LoginToken:
    """Sign in; the token is good for twelve hours.

    Not part of the contract: where an identity provider signs users in, its gateway names them instead. A login without any
    right in this API is refused with 403, after its password was right.
    """
    try:
        tenant_id = None if body.tenant is UNSET else (await identity.tenant(body.tenant)).id
        user = await sign_in.with_password(body.login, body.password, address=call.address, tenant_id=tenant_id)
    except SeveralTenants:
        raise TenantNotNamed from None
    except (Unauthenticated, NotFound):
        raise WrongPassword from None
    if not user.subject(KIND).may("communities.profile:read"):
        raise Forbidden
    until = clock.now() + LASTS
    async with database.tenant(user.tenant_id, subject=user.subject(KIND)) as tx:
        issued = await identity.issue(tx, KIND, name="sign-in", user_id=user.user_id, expires_at=until)
    return LoginToken(issued.secret, until, await identity.slug_of(user.tenant_id))


@action(
    "POST", "/communities/logout", scope="communities.profile:read", answers={200: str}, name="post_communities_logout",
    tags=TAG,
)  # fmt: skip
async def sign_out(tx: Tx, call: Call, identity: Identity) -> str:
    """End the token of this call. Whom a gateway names has none, and signs out there."""
    await identity.revoke(tx, call.headers.get("authorization", "").partition(" ")[2].strip())
    return "success"
