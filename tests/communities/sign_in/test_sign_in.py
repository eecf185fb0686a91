"""Signing in with a password, and out again."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.communities.kit import Person, World, refused
from tests.suites.client import answers

from gridloom.kernel import clock

PASSWORD = "correct horse battery"


async def sign_in(world: World, login: str, password: str, **options: Any) -> httpx.Response:
    answer = await world.client.post("/communities/login", json={"login": login, "password": password}, **options)
    answers(world.api, answer, "POST", "/communities/login")
    return answer


@pytest.fixture
async def grace(world: World) -> Person:
    return await world.person(password=PASSWORD)


async def with_token(world: World, token: str, method: str = "GET", path: str = "/users/") -> httpx.Response:
    return await world.client.request(method, path, headers={"authorization": f"Bearer {token}"})


async def test_who_signs_in_has_a_token_for_twelve_hours(world: World, grace: Person) -> None:
    before = clock.now()
    body = (await sign_in(world, grace.email.upper(), PASSWORD)).json()
    assert body["error_code"] == 0
    token, until = body["data"]["token"], datetime.fromisoformat(body["data"]["expires_at"])
    assert timedelta(0) <= until - before - timedelta(hours=12) < timedelta(minutes=1)
    assert (await with_token(world, token)).json()["data"]["email"] == grace.email
    world.identity.cache.forget()
    with clock.travel(timedelta(hours=11, minutes=59)):
        assert (await with_token(world, token)).status_code == 200
        world.identity.cache.forget()
    with clock.travel(timedelta(hours=12, minutes=1)):
        refused(await with_token(world, token), 401, 6)


async def test_who_signs_out_is_out_at_once(world: World, grace: Person) -> None:
    token = (await sign_in(world, grace.email, PASSWORD)).json()["data"]["token"]
    other = (await sign_in(world, grace.email, PASSWORD)).json()["data"]["token"]
    assert (await with_token(world, token, "POST", "/communities/logout")).json()["data"] == "success"
    refused(await with_token(world, token), 401, 6)
    assert (await with_token(world, other)).status_code == 200


@pytest.mark.parametrize("case", ["wrong password", "unknown login", "login without password"])
async def test_a_wrong_password_and_an_unknown_login_are_told_alike(world: World, grace: Person, case: str) -> None:
    match case:
        case "wrong password":
            login = grace.email
        case "unknown login":
            login = "nobody@example.org"
        case _:
            login = (await world.person()).email
    body = refused(await sign_in(world, login, "wrong"), 401, 6)
    assert body["data"] == "Login or password is wrong."
    async with world.database.tenant(world.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM identity.token WHERE name = 'sign-in'") == 0


async def test_a_login_that_has_no_right_here_gets_no_token(world: World) -> None:
    stranger = await world.person(roles=("metering",), password=PASSWORD)
    refused(await sign_in(world, stranger.email, PASSWORD), 403, 4)
    async with world.database.tenant(world.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM identity.token WHERE name = 'sign-in'") == 0


@pytest.mark.parametrize(
    ("body", "number"), [({}, 5000), ({"login": "", "password": "x"}, 5008), ({"login": "x", "password": 5}, 5000)]
)
async def test_a_sign_in_needs_login_and_password(world: World, body: dict[str, Any], number: int) -> None:
    refused(await world.client.post("/communities/login", json=body), 422, number)


async def test_a_token_of_another_api_opens_nothing_here(world: World, grace: Person) -> None:
    async with world.database.tenant(world.tenant) as tx:
        token = await world.identity.issue(tx, "metering", user_id=grace.user_id)
    refused(await with_token(world, token.secret), 401, 6)


async def test_a_revoked_token_opens_nothing(world: World, grace: Person) -> None:
    assert (await with_token(world, grace.token)).status_code == 200
    async with world.database.tenant(world.tenant) as tx:
        assert await world.identity.revoke(tx, grace.token)
    refused(await with_token(world, grace.token), 401, 6)


async def test_a_login_of_two_tenants_has_to_name_one(world: World, grace: Person) -> None:
    async with world.database.tenant(world.other_tenant) as tx:
        await world.identity.create_user(tx, grace.email, PASSWORD, roles=["community"])
    refused(await sign_in(world, grace.email, PASSWORD), 401, 6)
    slug = await world.identity.slug_of(world.tenant)
    body = {"login": grace.email, "password": PASSWORD, "tenant": slug}
    answer = await world.client.post("/communities/login", json=body)
    answers(world.api, answer, "POST", "/communities/login")
    assert answer.json()["data"]["tenant"] == slug
    me = await with_token(world, answer.json()["data"]["token"])
    assert me.json()["data"]["email"] == grace.email
    refused(await world.client.post("/communities/login", json={**body, "tenant": "nowhere"}), 401, 6)
