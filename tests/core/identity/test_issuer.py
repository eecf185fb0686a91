"""Signed access tokens and the refresh tokens behind them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from tests.core.identity.granting import grants, jwt_claims

from gridloom.core.identity.issuer import Issuer
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.digests import token_digest
from gridloom.kernel.security.sealing import Sealer


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# --- access tokens ----------------------------------------------------------------------------------------------------


async def test_an_access_token_brings_its_holder_back(issuer: Issuer, ada: Subject) -> None:
    grant = await issuer.grant(ada, scopes=["portal.own:read", "x"], claims={"portal": "p", "email": "a@b"})
    assert (grant.expires_in, grant.scopes) == (3600, ("portal.own:read", "x"))
    found = await issuer.recognise(grant.access_token)
    assert found is not None
    assert (found.tenant_id, found.id, found.kind, found.user_id) == (ada.tenant_id, ada.id, "portal", ada.user_id)
    assert found.scopes == {"portal.own:read", "x"}
    assert (found.attributes["portal"], found.attributes["email"]) == ("p", "a@b")
    claims = jwt_claims(grant.access_token)
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == ("gridloom", "portal", 3600)
    assert grant.refresh_token.startswith("glr_")


async def test_claims_cannot_take_the_place_of_what_the_issuer_says(issuer: Issuer, ada: Subject) -> None:
    grant = await issuer.grant(
        ada, scopes=["x"], claims={"tenant": 1, "sub": "user:1", "scope": "*", "grant": 1, "exp": 9e9}
    )
    found = await issuer.recognise(grant.access_token)
    assert found is not None
    assert (found.tenant_id, found.id, found.scopes) == (ada.tenant_id, ada.id, {"x"})
    assert jwt_claims(grant.access_token)["exp"] < 9e9


async def test_of_a_refresh_token_only_its_digest_is_kept(issuer: Issuer, ada: Subject, db: Database) -> None:
    grant = await issuer.grant(ada, scopes=[])
    [kept] = await grants(db, ada.tenant_id)
    assert kept["digest"] == token_digest(grant.refresh_token)
    assert grant.refresh_token not in str(kept)


async def test_an_access_token_ends_after_an_hour(issuer: Issuer, ada: Subject) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    with clock.at(start) as standing:
        token = (await issuer.grant(ada, scopes=[])).access_token
        standing.move(timedelta(seconds=3599))
        assert await issuer.recognise(token) is not None
        standing.move(timedelta(seconds=1))
        assert await issuer.recognise(token) is None


async def test_a_token_of_another_audience_or_installation_is_nobodys(
    db: Database, sealer: Sealer, issuer: Issuer, ada: Subject
) -> None:
    for other in (Issuer(db, sealer, "commerce"), Issuer(db, Sealer(b"x" * 32), "portal")):
        token = (await other.grant(ada, scopes=["*"])).access_token
        assert await other.recognise(token) is not None
        assert await issuer.recognise(token) is None


async def test_the_right_key_with_another_audience_is_nobodys(sealer: Sealer, issuer: Issuer, ada: Subject) -> None:
    token = (await issuer.grant(ada, scopes=[])).access_token
    key = OctKey.import_key(sealer.derive("jwt:portal"))
    claims = jwt_claims(token)
    assert await issuer.recognise(jwt.encode({"alg": "HS256"}, claims, key)) is not None
    for wrong in ({"aud": "commerce"}, {"aud": None}, {"aud": ["portal", "x"]}, {"exp": 0}, {"grant": 0}):
        forged = jwt.encode({"alg": "HS256"}, {**claims, **wrong}, key)
        assert await issuer.recognise(forged) is None, wrong
    without_end = {name: value for name, value in claims.items() if name != "exp"}
    assert await issuer.recognise(jwt.encode({"alg": "HS256"}, without_end, key)) is None


async def test_another_algorithm_or_key_is_nobodys(issuer: Issuer, ada: Subject, sealer: Sealer) -> None:
    token = (await issuer.grant(ada, scopes=[])).access_token
    head, body, signature = token.split(".")
    claims = jwt_claims(token)
    key = OctKey.import_key(sealer.derive("jwt:portal"))
    forged = [
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{part({'alg': 'none'})}.{body}.{signature}",
        f"{part({'alg': 'None'})}.{body}.",
        f"{part({'typ': 'JWT'})}.{body}.{signature}",
        f"{head}.{body}.",
        jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(b"x" * 32)),
        jwt.encode({"alg": "HS512"}, claims, key, algorithms=["HS512"]),
        jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"]),
        jwt.encode({"alg": "HS256", "kid": "../../dev/null"}, claims, OctKey.import_key(b"\0" * 32)),
        f"{part({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}.{body}.{signature}",
    ]
    for each in forged:
        assert await issuer.recognise(each) is None, each
    assert await issuer.recognise(token) is not None


async def test_a_tampered_token_is_nobodys(issuer: Issuer, ada: Subject) -> None:
    token = (await issuer.grant(ada, scopes=["x"])).access_token
    head, _, signature = token.split(".")
    richer = part({**jwt_claims(token), "scope": "*"})
    assert await issuer.recognise(f"{head}.{richer}.{signature}") is None
    for place in range(0, len(token) - 1, 7):
        if token[place] != ".":
            other = "A" if token[place] != "A" else "B"
            assert await issuer.recognise(f"{token[:place]}{other}{token[place + 1 :]}") is None, place


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
HEADERS = JSON | st.dictionaries(
    st.sampled_from(["alg", "typ", "crit", "b64", "kid", "jwk", "zip"]), JSON | st.just("HS256")
)
PARTS = st.binary(max_size=12).map(part) | HEADERS.map(part) | st.text(max_size=12)


class Nowhere(Database):
    """A database that must not be asked: what is no token of ours is refused before."""

    def system(self) -> Any:
        raise AssertionError("the database was asked")


@given(st.lists(PARTS, max_size=4).map(".".join))
async def test_whatever_text_comes_is_nobodys_without_a_crash(text: str) -> None:
    issuer = Issuer(Nowhere("postgresql://nobody@localhost/x"), Sealer(b"k" * 32), "portal")
    assert await issuer.recognise(text) is None
