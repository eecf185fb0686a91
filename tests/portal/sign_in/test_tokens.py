"""Portal users sign in, stay signed in, and sign out."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.portal.kit import CUSTOMERS, INSTALLERS, PASSWORD, Admin, Desk, User, is_good, new_domain, refused, token

from gridloom.core.identity.sign_in import SignIn
from gridloom.kernel import clock
from gridloom.kernel.security.passwords import hash_password
from gridloom.kernel.security.ratelimit import LoginLimiter
from gridloom.portal.tokens import PortalIssuer

VALIDATE, REVOKE, TOKEN = "/v2/portal/token/validate", "/v2/portal/token/revoke", "/v3/portal/public/token"


def claims_of(access_token: str) -> dict[str, Any]:
    part = access_token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def refreshed(user: User, refresh_token: str, **changed: Any) -> Any:
    given = {"grant_type": "refresh_token", "portal_id": user.portal["portal_id"], "refresh_token": refresh_token}
    return await token(user.desk, **(given | changed))


async def revoke(desk: Desk, access_token: str | None, refresh_token: Any) -> Any:
    return await desk.call("POST", REVOKE, access_token, json={"refresh_token": refresh_token})


def forget(desk: Desk) -> None:
    """What this process remembers of good tokens, as if seconds had passed."""
    desk.application.services.part(PortalIssuer)._alive.clear()


async def test_who_signs_in_has_a_token_that_says_who_they_are(desk: Desk, ada: User) -> None:
    answer = await ada.sign_in()
    assert answer.status_code == 200
    found = answer.json()
    assert (found["token_type"], found["expires_in"], found["id_token"]) == ("Bearer", 3600, found["access_token"])
    said = claims_of(found["access_token"])
    assert (said["sub"], said["email"]) == (f"user:{ada.made.user_id}", ada.email)
    assert (said["custom:origin"], said["custom:org_id"]) == (CUSTOMERS, str(desk.tenant))
    assert said["exp"] - said["iat"] == 3600
    assert await is_good(desk, found["access_token"])


async def test_a_portal_is_named_by_its_domain_or_its_id(desk: Desk, ada: User) -> None:
    domain = f"https://{ada.portal['domain'].upper()}:8443"
    assert (await ada.sign_in(portal_id=None, domain=domain)).status_code == 200
    refused(await ada.sign_in(domain=domain), 400, "domain")
    refused(await ada.sign_in(portal_id=None), 400, "domain")


async def test_a_form_is_read_like_json(desk: Desk, ada: User) -> None:
    form = {
        "grant_type": "password", "username": ada.email, "password": PASSWORD, "portal_id": ada.portal["portal_id"],
    }  # fmt: skip
    answer = await desk.call("POST", TOKEN, data=form)
    assert answer.status_code == 200
    assert await is_good(desk, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "grant_type"),
        ({"grant_type": "client_credentials", "portal_id": "x"}, "grant_type"),
        ({"grant_type": "password", "portal_id": "x", "password": "y"}, "username"),
        ({"grant_type": "password", "portal_id": "x", "username": "y"}, "password"),
        ({"grant_type": "refresh_token", "portal_id": "x"}, "refresh_token"),
        ({"grant_type": "refresh_token", "portal_id": "x", "refresh_token": 5}, "refresh_token"),
    ],
)
async def test_a_grant_needs_its_fields(desk: Desk, given: dict[str, Any], said: str) -> None:
    refused(await token(desk, **given), 400, said)


@pytest.mark.parametrize("changed", [
    {"password": "wrong"}, {"username": "nobody@example.org"}, {"username": "x/y"}, {"password": PASSWORD.upper()},
])  # fmt: skip
async def test_a_wrong_password_and_an_unknown_address_are_told_alike(ada: User, changed: dict[str, str]) -> None:
    answer = await ada.sign_in(**changed)
    refused(answer, 401)
    assert answer.json() == {"message": "Login or password is wrong."}


async def test_upper_case_in_the_address_makes_no_difference(ada: User) -> None:
    assert (await ada.sign_in(username=f" {ada.email.upper()} ")).status_code == 200


@pytest.mark.parametrize("number", ["01990000-0000-7000-8000-000000000009", "x"])
async def test_nobody_signs_in_to_a_portal_that_is_not_there(ada: User, number: str) -> None:
    refused(await ada.sign_in(portal_id=number), 404)
    refused(await ada.sign_in(portal_id=None, domain=new_domain()), 404)


async def test_each_portal_has_users_of_its_own(admin: Admin, desk: Desk, ada: User) -> None:
    other = await admin.portal(INSTALLERS)
    foreign = await desk.admin(desk.other_tenant)
    theirs = await foreign.portal()
    for portal in (other, theirs):
        refused(await ada.sign_in(portal_id=portal["portal_id"]), 401)
    twin = await admin.user(other, ada.email, "another password")
    refused(await twin.sign_in(), 401)
    assert (
        claims_of((await twin.sign_in(password="another password")).json()["access_token"])["custom:origin"]
        == INSTALLERS
    )
    assert (await ada.sign_in()).status_code == 200


async def test_a_login_of_the_organisation_is_no_portal_user(desk: Desk, ada: User) -> None:
    async with desk.database.tenant(desk.tenant) as tx:
        await desk.identity.create_user(tx, "boss@example.org", PASSWORD, roles=["admin"])
        # Someone with a login that looks like one of this portal, and no place in it.
        login = f"{ada.portal['portal_id']}/ghost@example.org"
        await desk.identity.create_user(tx, login, PASSWORD, roles=["admin"])
    for name in ("boss@example.org", "ghost@example.org"):
        refused(await ada.sign_in(username=name), 401)


@pytest.mark.parametrize("how", ["disabled", "closed"])
async def test_closing_a_portal_ends_every_sign_in_and_lets_nobody_in(
    admin: Admin, desk: Desk, ada: User, how: str
) -> None:
    tokens = await ada.tokens()
    other = await admin.user(await admin.portal(INSTALLERS))
    untouched = await other.access()
    assert await is_good(desk, tokens["access_token"])
    if how == "disabled":
        await admin.upsert({"domain": ada.portal["domain"], "enabled": False})
    else:
        await admin.delete()
    assert not await is_good(desk, tokens["access_token"])
    refused(await ada.sign_in(), 404)
    refused(await ada.sign_in(portal_id=None, domain=ada.portal["domain"]), 404)
    refused(await refreshed(ada, tokens["refresh_token"]), 404)
    assert await is_good(desk, untouched)
    assert (await other.sign_in()).status_code == 200


async def test_a_portal_that_opens_again_lets_its_users_in_again(admin: Admin, ada: User) -> None:
    old = (await ada.tokens())["access_token"]
    await admin.upsert({"domain": ada.portal["domain"], "enabled": False})
    await admin.upsert({"domain": ada.portal["domain"], "enabled": True})
    assert not await is_good(ada.desk, old)
    assert await is_good(ada.desk, await ada.access())


async def test_a_user_who_was_disabled_neither_signs_in_nor_stays(desk: Desk, ada: User) -> None:
    tokens = await ada.tokens()
    async with desk.database.tenant(desk.tenant) as tx:
        await tx.run("UPDATE identity.\"user\" SET status = 'disabled' WHERE id = :id", id=ada.made.user_id)
    refused(await ada.sign_in(), 401)
    refused(await refreshed(ada, tokens["refresh_token"]), 401)


@pytest.mark.parametrize("body", [None, b"", b"a=b&c=d", b"\xff\xfe", b'{"half'])
async def test_validating_looks_at_no_body(desk: Desk, ada: User, body: bytes | None) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await desk.call("POST", VALIDATE, await ada.access(), content=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


def tampered(good: str, how: str) -> str:
    head, body, signature = good.split(".")
    match how:
        case "signature":
            return f"{head}.{body}.{signature[::-1]}"
        case "other user":
            said = claims_of(good) | {"sub": "user:1", "user_id": 1}
            return f"{head}.{base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip('=')}.{signature}"
        case "no algorithm":
            none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
            return f"{none}.{body}."
    return how


@pytest.mark.parametrize("how", ["signature", "other user", "no algorithm", "", "a.b.c", "x", ".."])
async def test_a_token_that_is_not_ours_is_not_good(desk: Desk, ada: User, how: str) -> None:
    good = await ada.access()
    assert not await is_good(desk, tampered(good, how))
    assert await is_good(desk, good)


async def test_a_token_is_good_for_an_hour(desk: Desk, ada: User) -> None:
    access = await ada.access()
    with clock.travel(timedelta(minutes=59)):
        assert await is_good(desk, access)
    with clock.travel(timedelta(minutes=61)):
        assert not await is_good(desk, access)


async def test_a_refresh_token_is_good_for_thirty_days_and_works_once(desk: Desk, ada: User) -> None:
    first = await ada.tokens()
    with clock.travel(timedelta(days=29)):
        answer = await refreshed(ada, first["refresh_token"])
        assert answer.status_code == 200
        second = answer.json()
        assert second["refresh_token"] != first["refresh_token"]
        assert claims_of(second["access_token"])["email"] == ada.email
        assert await is_good(desk, second["access_token"])
        refused(await refreshed(ada, first["refresh_token"]), 401)
        assert await is_good(desk, second["access_token"])
    with clock.travel(timedelta(days=60)):
        refused(await refreshed(ada, second["refresh_token"]), 401)


async def test_of_two_who_use_a_refresh_token_at_once_one_gets_a_token(ada: User) -> None:
    secret = (await ada.tokens())["refresh_token"]
    answers = await asyncio.gather(*(refreshed(ada, secret) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401]


async def test_a_refresh_token_works_in_its_own_portal_only(admin: Admin, desk: Desk, ada: User) -> None:
    secret = (await ada.tokens())["refresh_token"]
    other = await admin.portal(INSTALLERS)
    foreign = await (await desk.admin(desk.other_tenant)).portal()
    for portal in (other, foreign):
        refused(await refreshed(ada, secret, portal_id=portal["portal_id"]), 401)
    refused(await refreshed(ada, "glr_unknown"), 401)
    assert (await refreshed(ada, secret)).status_code == 200


async def test_revoking_ends_the_access_tokens_that_came_from_it_and_no_others(desk: Desk, ada: User) -> None:
    one, other = await ada.tokens(), await ada.tokens()
    assert await is_good(desk, one["access_token"])
    answer = await revoke(desk, other["access_token"], one["refresh_token"])
    assert (answer.status_code, answer.json()) == (200, {"message": "Token revoked successfully"})
    assert not await is_good(desk, one["access_token"])
    refused(await refreshed(ada, one["refresh_token"]), 401)
    assert await is_good(desk, other["access_token"])
    again = await revoke(desk, other["access_token"], one["refresh_token"])
    assert (again.status_code, again.json()) == (200, answer.json())


async def test_who_revokes_the_own_sign_in_is_out_at_once(desk: Desk, ada: User) -> None:
    mine = await ada.tokens()
    assert (await revoke(desk, mine["access_token"], mine["refresh_token"])).status_code == 200
    refused(await revoke(desk, mine["access_token"], mine["refresh_token"]), 401)
    forget(desk)
    assert not await is_good(desk, mine["access_token"])


async def test_nobody_revokes_the_sign_in_of_somebody_else(admin: Admin, desk: Desk, ada: User) -> None:
    hers = await ada.tokens()
    grace = await admin.user(ada.portal)
    foreign = await desk.admin(desk.other_tenant)
    stranger = await foreign.user(await foreign.portal())
    refused(await revoke(desk, await grace.access(), hers["refresh_token"]), 401)
    # A transaction of another organisation does not even see it.
    assert (await revoke(desk, await stranger.access(), hers["refresh_token"])).status_code == 200
    forget(desk)
    assert await is_good(desk, hers["access_token"])
    assert (await refreshed(ada, hers["refresh_token"])).status_code == 200


async def test_an_unknown_refresh_token_is_answered_like_one_that_ended(desk: Desk, ada: User) -> None:
    answer = await revoke(desk, await ada.access(), "glr_unknown")
    assert (answer.status_code, answer.json()) == (200, {"message": "Token revoked successfully"})


@pytest.mark.parametrize("given", [None, 5, "x" * 1025])
async def test_revoking_needs_a_refresh_token(desk: Desk, ada: User, given: Any) -> None:
    refused(await revoke(desk, await ada.access(), given), 400, "refresh_token")
    refused(await desk.call("POST", REVOKE, await ada.access(), json={}), 400, "refresh_token")


@pytest.mark.parametrize("path", [VALIDATE, REVOKE])
async def test_only_portal_users_validate_and_revoke(desk: Desk, admin: Admin, ada: User, path: str) -> None:
    body = {"refresh_token": (await ada.tokens())["refresh_token"]}
    refused(await desk.call("POST", path, json=body), 401)
    refused(await desk.call("POST", path, admin.token, json=body), 401)
    async with desk.database.tenant(desk.tenant) as tx:
        service = await desk.identity.issue(tx, "service", scopes=["*"])
    refused(await desk.call("POST", path, service.secret, json=body), 401)
    assert (await refreshed(ada, body["refresh_token"])).status_code == 200


async def test_a_portal_users_token_opens_no_other_api(desk: Desk, ada: User) -> None:
    access = await ada.access()
    for path in (
        "/communities/my-communities",
        "/users/",
        "/api/sensors/signals/types",
        "/public-api/resources/taxes/v2.0",
    ):
        answer = await desk.client.get(path, headers={"authorization": f"Bearer {access}"})
        assert answer.status_code == 401, (path, answer.text)


async def test_a_portal_users_password_opens_no_other_api(desk: Desk, ada: User) -> None:
    for path in ("/communities/login", "/api/users/token"):
        answer = await desk.client.post(path, json={"login": ada.email, "password": PASSWORD})
        assert answer.status_code == 401, (path, answer.text)
    login = f"{ada.portal['portal_id']}/{ada.email}"
    answer = await desk.client.post("/communities/login", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 403


async def test_guessing_is_slowed_down_for_this_login_of_this_portal(
    desk: Desk, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.application.services.part(SignIn), "_limiter", LoginLimiter(per_minute=2))
    for _ in range(2):
        refused(await ada.sign_in(password="wrong"), 401)
    answer = await ada.sign_in()
    refused(answer, 429)
    assert int(answer.headers["retry-after"]) > 0


async def test_a_password_that_was_changed_counts_at_once(desk: Desk, ada: User) -> None:
    async with desk.database.tenant(desk.tenant) as tx:
        fresh = await hash_password("new password")
        await tx.run('UPDATE identity."user" SET password_hash = :hash WHERE id = :id', hash=fresh, id=ada.made.user_id)
    refused(await ada.sign_in(), 401)
    assert (await ada.sign_in(password="new password")).status_code == 200
