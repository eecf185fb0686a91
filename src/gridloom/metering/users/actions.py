"""Signing in with login and password, and staying signed in."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from gridloom.core.identity.sign_in import SignIn
from gridloom.core.identity.store import Identity
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, Unauthenticated
from gridloom.kernel.http import validation
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import ANYONE, PUBLIC, action

TAG = ("Users",)
LASTS = timedelta(hours=2)

_EXTEND = sql("UPDATE identity.token SET expires_at = :until WHERE digest = :digest AND revoked_at IS NULL")


class LoginRequest(msgspec.Struct):
    """Who signs in."""

    login: Annotated[str, Meta(min_length=1, max_length=320)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class AccountStatus(msgspec.Struct):
    """How the account stands."""

    status: str


class TokenResponse(msgspec.Struct):
    """A token and the end of its time in milliseconds. Clients ask for `user_id` or for `id`; they are the same."""

    user_id: int
    id: int
    token: str
    expiration: int
    account_status: AccountStatus


@action(
    "POST", "/api/users/token", scope=PUBLIC, answers={200: TokenResponse}, faults=(Unauthenticated, Invalid),
    documented=(404,), form=LoginRequest, tags=TAG, max_body=10_000,
)  # fmt: skip
async def sign_in(call: Call, sign_in: SignIn, identity: Identity, database: Database) -> TokenResponse:
    """Sign in; the token is good for two hours.

    The body is JSON, or the same two fields as a form. An unknown login is answered like a wrong password.
    """
    given = await _credentials(call)
    user = await sign_in.with_password(given.login, given.password, address=call.address)
    until = clock.now() + LASTS
    async with database.tenant(user.tenant_id) as tx:
        issued = await identity.issue(tx, "metering", name="sign-in", user_id=user.user_id, expires_at=until)
    return _response(user.user_id, issued.secret, clock.to_ms(until))


@action("GET", "/api/users/token", scope=ANYONE, answers={200: TokenResponse}, tags=TAG, writes=True)
async def refresh(tx: Tx, call: Call, identity: Identity) -> TokenResponse:
    """Two more hours for the token of this call."""
    from gridloom.kernel.security.digests import token_digest

    if call.subject.kind != "metering" or call.subject.user_id is None:
        raise Unauthenticated("Only the token of a sign-in can be refreshed.")
    secret = call.bearer
    until = clock.now() + LASTS
    digest = token_digest(secret)
    await tx.run(_EXTEND, until=until, digest=digest)
    identity.cache.forget(digest)
    return _response(call.subject.user_id, secret, clock.to_ms(until))


async def _credentials(call: Call) -> LoginRequest:
    raw = await call.body()
    if call.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        found = validation.convert(_form(raw), LoginRequest, where="body")
    else:
        found = validation.decode(raw or b"{}", LoginRequest)
    # The body is read here and not by the kernel, which refuses what PostgreSQL cannot keep in a text.
    wrong = [name for name in found.__struct_fields__ if "\x00" in getattr(found, name)]
    if wrong:
        raise Invalid(errors=[FieldError("body", (name,), "Text must not hold a NUL character.") for name in wrong])
    return found


def _form(raw: bytes) -> dict[str, str]:
    """The fields of a form, of each the first. Raises Invalid for more fields than any client sends."""
    try:
        fields = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Invalid(errors=[FieldError("body", (), "The form has too many fields.")]) from None
    return {name: values[0] for name, values in fields.items()}


def _response(user_id: int, token: str, expiration: int) -> TokenResponse:
    return TokenResponse(user_id, user_id, token, expiration, AccountStatus("active"))
