"""Tokens: asked for by programs, extended, revoked; and the scopes they can have."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
from msgspec import UNSET

from gridloom.commerce.iam import rules
from gridloom.commerce.iam.schemas import IamAccessToken, IamScope, IamTokenRequest, RevokeQuery
from gridloom.commerce.iam.scopes import SCOPES
from gridloom.commerce.tokens import CommerceIssuer
from gridloom.core.identity.clients import OAuthClient, authenticate_client
from gridloom.core.identity.issuer import Grant
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from gridloom.kernel.http import validation
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import ANYONE, PUBLIC, action
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.ratelimit import LoginLimiter

OAUTH, JWT = ("Oauth", "iam"), ("Jwt", "iam")
GRANT_TYPES = ("client_credentials", "refresh_token")
# A token must not stay in anybody's cache (RFC 6749, section 5.1).
UNCACHED = {"cache-control": "no-store"}


@action(
    "POST", "/iam/oauth/authorize", scope=PUBLIC, answers={200: IamAccessToken}, form=IamTokenRequest,
    faults=(Unauthenticated, Forbidden, RateLimited), max_body=20_000, name="post_iam_oauth_authorize", tags=OAUTH,
)  # fmt: skip
async def authorize(call: Call, issuer: CommerceIssuer, database: Database, limiter: LoginLimiter) -> Answer:
    """Get an access token for a program.

    The client proves its secret in the body (JSON or a form) or by HTTP Basic. The token opens what the client may have of
    the scopes it asks for; without asking, all of them. A refresh token works once; the answer brings the next one.
    """
    given = await _request(call)
    if missing := [name for name in _needed(given) if getattr(given, name) in (UNSET, None)]:
        raise Invalid(errors=[FieldError("body", (name,), "This field is required.", "required") for name in missing])
    if given.grant_type not in GRANT_TYPES:
        raise Invalid(f"The grant types are {' and '.join(GRANT_TYPES)}.", field="grant_type")
    secret = given.client_secret or ""
    client = await authenticate_client(database, limiter, given.client_id or "", secret, address=call.address)
    if given.grant_type not in client.grant_types:
        raise Forbidden("This client may not use this grant type.")
    subject = Subject(tenant_id=client.tenant_id, id=f"client:{client.client_id}", kind="client")
    if given.grant_type == "refresh_token":
        scopes = await issuer.scopes_behind(subject, given.refresh_token or "")
        wanted = _scopes(given, rules.still_granted(scopes, client.scopes))
        grant = await issuer.renew(subject, given.refresh_token or "", wanted, claims=_claims(client))
    else:
        grant = await issuer.grant(subject, scopes=_scopes(given, client.scopes), claims=_claims(client))
    return Answer(_token(grant), headers=UNCACHED)


@action("GET", "/iam/jwt/extend", scope=ANYONE, answers={200: IamAccessToken}, documented=(403,), writes=True,
        name="get_iam_jwt_extend", tags=JWT)  # fmt: skip
async def extend(subject: Subject, issuer: CommerceIssuer) -> Answer:
    """Get a further access token for the one of this call, with the same scopes; not beyond its refresh token's end."""
    access = issuer.extended(subject, _grant_of(subject))
    scope = " ".join(sorted(subject.scopes))
    return Answer(IamAccessToken(expires_in=issuer.seconds, access_token=access, scope=scope), headers=UNCACHED)


@action("GET", "/iam/jwt/revoke", scope=ANYONE, answers={200: IamAccessToken}, documented=(403,), writes=True,
        name="get_iam_jwt_revoke", tags=JWT)  # fmt: skip
async def revoke(tx: Tx, subject: Subject, query: RevokeQuery, issuer: CommerceIssuer) -> IamAccessToken:
    """End the token of this call with its refresh token, or everything that the caller holds.

    An access token cannot outlive its refresh token, so `jwt` and `all` are the same.
    """
    grant = _grant_of(subject)
    if query.tokens == "current":
        await issuer.end(tx, grant)
    else:
        await issuer.end_all(tx, subject.id)
    return IamAccessToken(expires_in=0)


@action("GET", "/iam/oauth/scopes", scope=PUBLIC, answers={200: list[IamScope]}, documented=(401, 403),
        name="get_iam_oauth_scopes", tags=OAUTH)  # fmt: skip
async def list_scopes() -> list[IamScope]:
    """List the scopes that a client can ask for."""
    return [IamScope(scope, description) for scope, description in SCOPES.items()]


@action("GET", "/iam/oauth/scopes/{scope}", scope=PUBLIC, answers={200: IamScope}, faults=(NotFound,),
        documented=(401, 403), name="get_iam_oauth_scopes_id", tags=OAUTH)  # fmt: skip
async def read_scope(scope: str) -> IamScope:
    """Say what a scope opens."""
    if scope not in SCOPES:
        raise NotFound
    return IamScope(scope, SCOPES[scope])


async def _request(call: Call) -> IamTokenRequest:
    """The body as JSON or as a form, with the client from HTTP Basic when the body does not name it."""
    raw = await call.body()
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
        plain: dict[str, Any] = {name: values[0] for name, values in fields.items()}
        given = validation.convert(plain, IamTokenRequest, where="body")
    else:
        given = validation.decode(raw or b"{}", IamTokenRequest)
    scheme, _, code = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or given.client_id is not UNSET:
        return given
    return msgspec.structs.replace(given, **_basic(code.strip()))


def _basic(code: str) -> dict[str, str]:
    try:
        client, colon, secret = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated from None
    if not colon or not client or not secret:
        raise Unauthenticated
    return {"client_id": unquote(client), "client_secret": unquote(secret)}


def _needed(given: IamTokenRequest) -> tuple[str, ...]:
    plain = ("client_id", "client_secret", "grant_type")
    return (*plain, "refresh_token") if given.grant_type == "refresh_token" else plain


def _scopes(given: IamTokenRequest, allowed: tuple[str, ...]) -> tuple[str, ...]:
    wanted = given.scope or ""
    scopes = rules.granted(wanted, allowed)
    if wanted.split() and not scopes:
        raise Invalid("This client may have none of these scopes.", field="scope")
    return scopes


def _claims(client: OAuthClient) -> dict[str, str]:
    return {"client_id": client.client_id}


def _token(grant: Grant) -> IamAccessToken:
    return IamAccessToken(
        expires_in=grant.expires_in,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        scope=" ".join(grant.scopes),
    )


def _grant_of(subject: Subject) -> int:
    """The grant behind the caller's access token. Raises Forbidden for a caller with another kind of token."""
    grant = subject.attributes.get("grant")
    if not isinstance(grant, int):
        raise Forbidden("Only an access token can be extended or revoked here.")
    return grant
