"""Tokens of programs: asked for with a secret, used, renewed once, extended, revoked."""

import asyncio
import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from tests.commerce.kit import caller_of, contact, refused
from tests.suites.client import Callers, answers

from gridloom.app import Application
from gridloom.commerce.iam.rules import granted, still_granted
from gridloom.commerce.iam.scopes import SCOPES
from gridloom.core.identity.clients import create_client
from gridloom.kernel import clock
from gridloom.kernel.security.ratelimit import LoginLimiter

URL = "/iam/oauth/authorize"
BOTH = ("client_credentials", "refresh_token")


class Program:
    """An OAuth client of a tenant, as a program uses it."""

    def __init__(self, application: Application, http: httpx.AsyncClient, client_id: str, secret: str) -> None:
        self.application = application
        self.http = http
        self.client_id = client_id
        self.secret = secret

    async def ask(self, **fields: Any) -> httpx.Response:
        body = {"client_id": self.client_id, "client_secret": self.secret, "grant_type": "client_credentials", **fields}
        return await self.http.post(URL, json={name: each for name, each in body.items() if each is not None})

    async def token(self, **fields: Any) -> dict[str, Any]:
        answer = await self.ask(**fields)
        assert answer.status_code == 200, answer.text
        commerce = next(each for each in self.application.apis if each.name == "commerce")
        answers(commerce, answer, "POST", URL)
        given: dict[str, Any] = answer.json()
        return given

    async def get(self, url: str, token: dict[str, Any], **params: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token['access_token']}"}
        return await self.http.get(url, headers=headers, params=params)


async def program(
    callers: Callers,
    anonymous: httpx.AsyncClient,
    *scopes: str,
    grants: Sequence[str] = BOTH,
    tenant: int | None = None,
) -> Program:
    caller = await caller_of(callers, tenant=tenant)
    async with caller.application.database.tenant(caller.tenant) as tx:
        client_id, secret = await create_client(tx, "shop", scopes=scopes or ["*"], grant_types=grants)
    return Program(caller.application, anonymous, client_id, secret)


def claims(token: dict[str, Any]) -> dict[str, Any]:
    """What is inside an access token, read without any library of ours."""
    part = token["access_token"].split(".")[1]
    found: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def test_a_program_gets_a_token_and_works_with_it(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read", "cat:channel:read")
    made = await contact(await caller_of(callers))
    token = await shop.token()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert token["scope"] == "rel:contacts:read cat:channel:read"
    assert [each["id"] for each in (await shop.get("/rel/contacts", token)).json()] == [made["id"]]
    assert (await shop.get("/cat/channels", token)).status_code == 200
    headers = {"authorization": f"Bearer {token['access_token']}"}
    refusal = await anonymous.put("/rel/contacts", json={"email": "eve@example.org"}, headers=headers)
    assert refusal.status_code == 403


async def test_a_token_says_whose_it_is_and_for_how_long(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read")
    inside = claims(await shop.token())
    assert (inside["sub"], inside["client_id"]) == (f"client:{shop.client_id}", shop.client_id)
    assert (inside["scope"], inside["exp"] - inside["iat"]) == ("rel:contacts:read", 3600)


async def test_a_token_is_never_cached(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    assert (await shop.ask()).headers["cache-control"] == "no-store"


async def test_a_form_and_http_basic_are_understood_too(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read")
    form = {"client_id": shop.client_id, "client_secret": shop.secret, "grant_type": "client_credentials"}
    assert (await anonymous.post(URL, data=form)).json()["scope"] == "rel:contacts:read"
    plain = {"grant_type": "client_credentials"}
    answer = await anonymous.post(URL, data=plain, auth=(shop.client_id, shop.secret))
    assert answer.json()["scope"] == "rel:contacts:read"
    assert (await anonymous.post(URL, json=plain, auth=(shop.client_id, "wrong"))).status_code == 401
    for code in ("Basic !!", "Basic " + base64.b64encode(b"nocolon").decode()):
        assert (await anonymous.post(URL, json=plain, headers={"authorization": code})).status_code == 401


# --- refusals -------------------------------------------------------------------------------------------------------------


async def test_a_wrong_secret_or_an_unknown_client_is_refused(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop, other = await program(callers, anonymous), await program(callers, anonymous)
    wrong = [
        await shop.ask(client_secret="wrong"),
        await shop.ask(client_secret=other.secret),
        await shop.ask(client_id="nobody"),
        await shop.ask(client_id=other.client_id),
    ]
    assert [each.status_code for each in wrong] == [401] * 4
    assert len({each.json()["message"] for each in wrong}) == 1
    assert (await shop.ask()).status_code == 200


async def test_a_disabled_client_gets_no_token(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    token = await shop.token()
    async with shop.application.database.system() as tx:
        await tx.run("UPDATE identity.client SET is_disabled = true WHERE client_id = :id", id=shop.client_id)
    assert (await shop.ask()).status_code == 401
    answer = await shop.ask(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert answer.status_code == 401


async def test_everything_that_is_missing_is_named(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    refused(await anonymous.post(URL, json={}), "client_id", "client_secret", "grant_type", label="required")
    refused(await anonymous.post(URL, content=b""), "client_id", "client_secret", "grant_type", label="required")
    body = {"client_id": "a", "client_secret": "b", "grant_type": "refresh_token"}
    refused(await anonymous.post(URL, json=body), "refresh_token", label="required")
    wrong = {"client_id": 5, "client_secret": "", "grant_type": None, "scope": ["a"]}
    refused(await anonymous.post(URL, json=wrong), "client_id", "client_secret", "grant_type", "scope")


async def test_a_grant_type_that_there_is_not_is_refused(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    for grant_type in ("password", "CLIENT_CREDENTIALS", "authorization_code"):
        refused(await shop.ask(grant_type=grant_type), "grant_type")


async def test_a_client_uses_only_the_grant_types_it_was_given(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, grants=["client_credentials"])
    token = await shop.token()
    answer = await shop.ask(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert answer.status_code == 403
    silent = await program(callers, anonymous, grants=["refresh_token"])
    assert (await silent.ask()).status_code == 403


@pytest.mark.parametrize("token", ["a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "..", "a.b"])
async def test_an_invented_token_opens_nothing(anonymous: httpx.AsyncClient, token: str) -> None:
    answer = await anonymous.get("/rel/contacts", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, 401)


async def test_a_token_with_a_changed_claim_opens_nothing(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "cat:channel:read")
    token = await shop.token()
    head, _, mark = token["access_token"].split(".")
    inside = msgspec.json.encode({**claims(token), "scope": "*"})
    forged = f"{head}.{base64.urlsafe_b64encode(inside).decode().rstrip('=')}.{mark}"
    assert (await shop.get("/rel/contacts", {"access_token": forged})).status_code == 401


# --- scopes ---------------------------------------------------------------------------------------------------------------


async def test_a_token_opens_what_was_asked_for_and_may_be_had(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read", "cat:channel:read")
    token = await shop.token(scope="cat:channel:read  rel:contacts:write nonsense cat:channel:read")
    assert token["scope"] == "cat:channel:read"
    assert (await shop.get("/cat/channels", token)).status_code == 200
    assert (await shop.get("/rel/contacts", token)).status_code == 403
    refused(await shop.ask(scope="rel:contacts:write odr:orders:read"), "scope")


async def test_a_client_that_may_everything_gets_what_it_asks_for_or_everything(
    callers: Callers, anonymous: httpx.AsyncClient
) -> None:
    shop = await program(callers, anonymous, "*")
    narrow = await shop.token(scope="rel:contacts:read")
    assert narrow["scope"] == "rel:contacts:read"
    assert (await shop.get("/cat/channels", narrow)).status_code == 403
    for wide in (await shop.token(), await shop.token(scope=""), await shop.token(scope="*")):
        assert wide["scope"] == "*"
        assert (await shop.get("/cat/channels", wide)).status_code == 200
    refused(await shop.ask(scope="charging.taxes:read"), "scope")


def test_what_is_granted() -> None:
    assert granted("", ["rel:*", "rel:*"]) == ("rel:*",)
    assert granted("rel:contacts:read rel:*", ["rel:*"]) == ("rel:contacts:read", "rel:*")
    assert granted("rel:unheard:of *", ["rel:*"]) == ()
    assert granted("openid email", ["openid"]) == ("openid",)
    assert still_granted(["rel:contacts:read", "cat:channel:read", "*"], ["cat:*"]) == ("cat:channel:read",)


async def test_every_scope_is_listed_and_told(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    listed = (await anonymous.get("/iam/oauth/scopes")).json()
    assert [each["id"] for each in listed] == list(SCOPES)
    assert all(each["description"] for each in listed)
    assert (await anonymous.get("/iam/oauth/scopes/odr:orders:write")).json()["id"] == "odr:orders:write"
    assert (await anonymous.get("/iam/oauth/scopes/odr:orders:burn")).status_code == 404


async def test_every_scope_that_an_operation_asks_for_can_be_granted(callers: Callers) -> None:
    caller = await caller_of(callers)
    asked = {each.scope for each in caller.api.operations} - {"public", "anyone"}
    assert asked <= SCOPES.keys()


# --- time, renewal, revocation --------------------------------------------------------------------------------------------


async def test_a_token_is_over_after_an_hour(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    token = await shop.token()
    with clock.travel(timedelta(minutes=59)):
        assert (await shop.get("/rel/contacts", token)).status_code == 200
    with clock.travel(timedelta(minutes=61)):
        assert (await shop.get("/rel/contacts", token)).status_code == 401


async def test_a_refresh_token_brings_the_next_one_and_ends(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read", "cat:channel:read")
    first = await shop.token(scope="rel:contacts:read")
    second = await shop.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["scope"] == "rel:contacts:read"
    assert second["refresh_token"] != first["refresh_token"]
    assert (await shop.get("/rel/contacts", second)).status_code == 200
    assert (await shop.get("/rel/contacts", first)).status_code == 401
    answer = await shop.ask(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert answer.status_code == 401


async def test_a_refresh_token_used_twice_at_once_works_once(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    first = await shop.token()
    given = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    both = await asyncio.gather(*(shop.ask(**given) for _ in range(3)))
    assert sorted(each.status_code for each in both) == [200, 401, 401]


async def test_a_refresh_token_ends_after_a_month(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    given = {"grant_type": "refresh_token", "refresh_token": (await shop.token())["refresh_token"]}
    with clock.travel(timedelta(days=31)):
        assert (await shop.ask(**given)).status_code == 401
    with clock.travel(timedelta(days=29)):
        assert (await shop.ask(**given)).status_code == 200


async def test_a_renewed_token_has_no_more_than_the_client_still_may(
    callers: Callers, anonymous: httpx.AsyncClient
) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read", "cat:channel:read")
    first = await shop.token()
    async with shop.application.database.system() as tx:
        await tx.run(
            "UPDATE identity.client SET scopes = '{cat:channel:read,cat:channel:write}' WHERE client_id = :id",
            id=shop.client_id,
        )
    given = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    refused(await shop.ask(**given, scope="cat:channel:write"), "scope")
    second = await shop.token(**given)
    assert second["scope"] == "cat:channel:read"


async def test_a_client_cannot_use_the_refresh_token_of_another(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop, other = await program(callers, anonymous), await program(callers, anonymous)
    foreign = await program(callers, anonymous, tenant=callers._other)
    given = {"grant_type": "refresh_token", "refresh_token": (await shop.token())["refresh_token"]}
    for thief in (other, foreign):
        assert (await thief.ask(**given)).status_code == 401
    assert (await shop.ask(**given)).status_code == 200


async def test_the_token_of_another_tenant_finds_nothing_here(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    made = await contact(await caller_of(callers))
    foreign = await program(callers, anonymous, tenant=callers._other)
    token = await foreign.token()
    assert (await foreign.get("/rel/contacts", token)).json() == []
    assert (await foreign.get(f"/rel/contacts/{made['id']}", token)).status_code == 404


async def test_revoking_ends_this_token_and_its_refresh_token_only(
    callers: Callers, anonymous: httpx.AsyncClient
) -> None:
    shop = await program(callers, anonymous)
    first, second = await shop.token(), await shop.token()
    answer = await shop.get("/iam/jwt/revoke", first)
    assert (answer.status_code, answer.json()) == (200, {"token_type": "Bearer", "expires_in": 0})
    assert (await shop.get("/rel/contacts", first)).status_code == 401
    assert (await shop.get("/iam/jwt/revoke", first)).status_code == 401
    renewed = await shop.ask(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert renewed.status_code == 401
    assert (await shop.get("/rel/contacts", second)).status_code == 200


@pytest.mark.parametrize("tokens", ["jwt", "all"])
async def test_revoking_all_ends_every_token_of_the_caller(
    callers: Callers, anonymous: httpx.AsyncClient, tokens: str
) -> None:
    shop, other = await program(callers, anonymous), await program(callers, anonymous)
    first, second, theirs = await shop.token(), await shop.token(), await other.token()
    assert (await shop.get("/iam/jwt/revoke", first, tokens=tokens)).status_code == 200
    for token in (first, second):
        assert (await shop.get("/rel/contacts", token)).status_code == 401
    renewed = await shop.ask(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert renewed.status_code == 401
    assert (await other.get("/rel/contacts", theirs)).status_code == 200
    refused(await other.get("/iam/jwt/revoke", theirs, tokens="some"), "tokens")


async def test_a_token_is_extended_by_another_that_ends_with_the_same_grant(
    callers: Callers, anonymous: httpx.AsyncClient
) -> None:
    shop = await program(callers, anonymous, "rel:contacts:read")
    first = await shop.token()
    with clock.travel(timedelta(minutes=50)):
        further = (await shop.get("/iam/jwt/extend", first)).json()
    assert "refresh_token" not in further
    assert (further["scope"], claims(further)["client_id"]) == ("rel:contacts:read", shop.client_id)
    with clock.travel(timedelta(minutes=70)):
        assert (await shop.get("/rel/contacts", further)).status_code == 200
        assert (await shop.get("/cat/channels", further)).status_code == 403
    await shop.get("/iam/jwt/revoke", first)
    assert (await shop.get("/rel/contacts", further)).status_code == 401


async def test_a_service_token_is_neither_extended_nor_revoked_here(callers: Callers) -> None:
    caller = await caller_of(callers)
    for url in ("/iam/jwt/extend", "/iam/jwt/revoke"):
        assert (await caller.get(url)).status_code == 403
        assert (await caller.anonymous().get(url)).status_code == 401
    assert (await caller.get("/rel/contacts")).status_code == 200


async def test_a_channel_belongs_to_the_program_that_makes_it(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    headers = {"authorization": f"Bearer {(await shop.token())['access_token']}"}
    body = {"name": "Web shop", "type": "storefront"}
    made = (await anonymous.post("/cat/channels", json=body, headers=headers)).json()
    assert made["client_id"] == shop.client_id
    named = (await anonymous.post("/cat/channels", json={**body, "client_id": "other"}, headers=headers)).json()
    assert named["client_id"] == "other"


async def test_guessing_a_secret_is_slowed_down(callers: Callers, anonymous: httpx.AsyncClient) -> None:
    shop = await program(callers, anonymous)
    services = shop.application.services
    before = services.part(LoginLimiter)
    services.add(LoginLimiter(per_minute=2))
    try:
        seen = [(await shop.ask(client_secret="wrong")).status_code for _ in range(3)]
        held = await shop.ask()
    finally:
        services.add(before)
    assert seen == [401, 401, 429]
    assert (held.status_code, "retry-after" in held.headers) == (429, True)
