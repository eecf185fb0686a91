"""Portal users sign in, stay signed in, and sign out."""

from urllib.parse import parse_qs

from gridloom.core.identity.issuer import Grant
from gridloom.core.identity.sign_in import SignIn
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound, Unauthenticated
from gridloom.kernel.http import validation
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import ANYONE, PUBLIC, action
from gridloom.kernel.http.subject import Subject
from gridloom.portal.configuration.public import Place, at_domain, organisation_id, with_id
from gridloom.portal.security import USER, USER_KIND
from gridloom.portal.sign_in.schemas import Revoked, RevokeRequest, TokenRequest, TokenResponse
from gridloom.portal.tokens import PORTAL, PortalIssuer
from gridloom.portal.users import public as users

TAG = ("ECP",)
FORM = "application/x-www-form-urlencoded"


@action(
    "POST", "/v3/portal/public/token", scope=PUBLIC, answers={200: TokenResponse}, form=TokenRequest,
    faults=(Invalid, Unauthenticated, NotFound), name="issueToken", tags=("Login",), max_body=10_000,
)  # fmt: skip
async def issue(call: Call, database: Database, sign_in: SignIn, issuer: PortalIssuer) -> TokenResponse:
    """A token for a user of one portal, for a password or for a refresh token.

    Not part of the contract, which leaves signing in to a hosted user pool. The body is JSON, or the same fields as a form. An
    unknown address is answered like a wrong password. A portal that is closed or unknown is 404.
    """
    given = await _request(call)
    place = await _place(database, given)
    if place is None:
        raise NotFound("There is no such portal.")
    if given.grant_type == "password":
        return _response(await _by_password(call, database, sign_in, issuer, place, given))
    return _response(await _by_refresh_token(database, issuer, place, str(given.refresh_token)))


@action(
    "POST", "/v2/portal/token/validate", scope=ANYONE, answers={204: None}, security=(USER,), name="validateToken",
    audited=False, tags=TAG,
)  # fmt: skip
async def validate() -> None:
    """Whether the token of this call is good: 204, else 401. A body, of whatever kind, is not looked at."""


@action(
    "POST", "/v2/portal/token/revoke", scope=ANYONE, answers={200: Revoked}, security=(USER,), name="revokeToken",
    tags=TAG,
)  # fmt: skip
async def revoke(tx: Tx, subject: Subject, issuer: PortalIssuer, body: RevokeRequest) -> Revoked:
    """End a sign-in of the caller: its refresh token, and every access token that came from it.

    A token that has ended, or never was, is answered the same way; the one of somebody else is refused with 401.
    """
    found = await issuer.grant_of(tx, body.refresh_token)
    if found is not None:
        grant, owner = found
        if owner != subject.id:
            raise Unauthenticated("This refresh token is somebody else's.")
        await issuer.end(tx, grant)
    return Revoked()


async def _by_password(
    call: Call, database: Database, sign_in: SignIn, issuer: PortalIssuer, place: Place, given: TokenRequest
) -> Grant:
    login = users.login_of(place.portal_id, str(given.username))
    signed_in = await sign_in.with_password(login, str(given.password), address=call.address, tenant_id=place.tenant_id)
    async with database.tenant(place.tenant_id, read_only=True) as tx:
        user = await users.find(tx, place.portal_id, signed_in.user_id)
    if user is None:
        raise Unauthenticated
    subject = signed_in.subject(USER_KIND)
    claims = {
        "email": user.email,
        PORTAL: str(place.portal_id),
        "custom:origin": user.origin,
        "custom:org_id": organisation_id(place.tenant_id),
    }
    return await issuer.grant(subject, scopes=sorted(subject.scopes), claims=claims)


async def _by_refresh_token(database: Database, issuer: PortalIssuer, place: Place, secret: str) -> Grant:
    """Raises Unauthenticated for a token that ended or was used, of another portal, or of a user who may not come in."""
    async with database.tenant(place.tenant_id) as tx:
        found = await issuer.grant_of(tx, secret)
        number = int(found[1].removeprefix("user:")) if found is not None else 0
        user = await users.find(tx, place.portal_id, number)
    if user is None:
        raise Unauthenticated
    return await issuer.refresh(secret)


async def _place(database: Database, given: TokenRequest) -> Place | None:
    if isinstance(given.domain, str):
        return await at_domain(database, given.domain)
    return await with_id(database, str(given.portal_id))


async def _request(call: Call) -> TokenRequest:
    raw = await call.body()
    if call.headers.get("content-type", "").startswith(FORM):
        fields = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
        return validation.convert({name: values[0] for name, values in fields.items()}, TokenRequest, where="body")
    return validation.decode(raw or b"{}", TokenRequest)


def _response(grant: Grant) -> TokenResponse:
    return TokenResponse(grant.access_token, grant.access_token, grant.refresh_token, grant.expires_in)
