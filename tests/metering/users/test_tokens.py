"""Signing in with login and password, staying signed in, and what is told to those who guess."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.metering.calls import member, places, spoken
from tests.suites.client import Caller, Callers, answers

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.kernel import clock
from gridloom.kernel.ids import short_code
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

TOKEN = "/api/users/token"
PASSWORD = "correct horse battery"
WRONG = {"detail": "Login or password is wrong."}
MORNING = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)


class Person:
    """A user with a password, and a client without a token."""

    def __init__(self, admin: Caller, anonymous: httpx.AsyncClient, login: str, number: int) -> None:
        self.admin = admin
        self.client = anonymous
        self.login = login
        self.number = number

    async def sign_in(self, **changes: Any) -> httpx.Response:
        """JSON with login and password."""
        body = {"login": self.login, "password": PASSWORD, **changes}
        answer = await self.client.post(TOKEN, json={k: v for k, v in body.items() if v is not None})
        answers(self.admin.api, answer, "POST", TOKEN)
        return answer

    async def token(self) -> dict[str, Any]:
        """The answer of a successful sign-in."""
        answer = await self.sign_in()
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def with_token(self, token: str, path: str = "/api/sensors/types") -> httpx.Response:
        """A call with a token that no cache remembers."""
        self.admin.application.services.part(Identity).cache.forget()
        return await self.client.get(path, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
async def person(callers: Callers, anonymous: httpx.AsyncClient) -> Person:
    """A user of the role metering."""
    admin = await callers.with_scopes("metering", ["*"])
    login = f"{short_code(12).lower()}@example.org"
    async with admin.application.database.tenant(admin.tenant) as tx:
        number = await admin.application.services.part(Identity).create_user(tx, login, PASSWORD, roles=["metering"])
    return Person(admin, anonymous, login, number)


class TestSigningIn:
    async def test_a_token_lasts_two_hours_and_opens_the_api(self, person: Person) -> None:
        with clock.at(MORNING):
            got = await person.token()
        assert got == {
            "user_id": person.number,
            "id": person.number,
            "token": got["token"],
            "expiration": clock.to_ms(MORNING + timedelta(hours=2)),
            "account_status": {"status": "active"},
        }
        assert 20 < len(got["token"]) <= 126
        assert got["token"].isascii()
        for later, status in [(timedelta(), 200), (timedelta(minutes=119, seconds=59), 200), (timedelta(hours=2), 401)]:
            with clock.at(MORNING + later):
                assert (await person.with_token(got["token"])).status_code == status

    async def test_a_form_does_as_well(self, person: Person) -> None:
        answer = await person.client.post(TOKEN, data={"login": person.login, "password": PASSWORD})
        answers(person.admin.api, answer, "POST", TOKEN)
        assert answer.status_code == 200
        assert (await person.with_token(answer.json()["token"])).status_code == 200

    async def test_case_and_blanks_around_a_login_do_not_matter(self, person: Person) -> None:
        assert (await person.sign_in(login=f" {person.login.upper()} ")).status_code == 200

    async def test_other_fields_and_an_old_key_are_not_looked_at(self, person: Person) -> None:
        body = {"login": person.login, "password": PASSWORD, "remember": True}
        answer = await person.client.post(TOKEN, json=body, headers={"x-auth": "workspace"})
        assert answer.status_code == 200

    async def test_each_sign_in_has_a_token_of_its_own(self, person: Person) -> None:
        first, second = await person.token(), await person.token()
        assert first["token"] != second["token"]
        for got in (first, second):
            assert (await person.with_token(got["token"])).status_code == 200

    async def test_an_unknown_login_is_answered_like_a_wrong_password(self, person: Person) -> None:
        wrong = await person.sign_in(password="something else")
        unknown = await person.sign_in(login="nobody@example.org")
        for answer in (wrong, unknown):
            assert (answer.status_code, answer.json()) == (401, WRONG)
        secret = {"x-request-id", "date"}
        told = [{k: v for k, v in answer.headers.items() if k not in secret} for answer in (wrong, unknown)]
        assert told[0] == told[1]

    async def test_a_disabled_user_and_one_without_a_password_are_not_let_in(self, person: Person) -> None:
        async with person.admin.application.database.tenant(person.admin.tenant) as tx:
            await tx.run("UPDATE identity.\"user\" SET status = 'disabled' WHERE id = :id", id=person.number)
            identity = person.admin.application.services.part(Identity)
            elsewhere = f"{short_code(12)}@example.org"
            await identity.create_user(tx, elsewhere, None, roles=["metering"])
        for answer in (await person.sign_in(), await person.sign_in(login=elsewhere)):
            assert (answer.status_code, answer.json()) == (401, WRONG)

    async def test_a_disabled_users_token_ends(self, person: Person) -> None:
        got = await person.token()
        async with person.admin.application.database.tenant(person.admin.tenant) as tx:
            await tx.run("UPDATE identity.\"user\" SET status = 'disabled' WHERE id = :id", id=person.number)
        assert (await person.with_token(got["token"])).status_code == 401

    @pytest.mark.parametrize(
        ("changes", "wrong"),
        [
            ({"login": None}, ["login"]),
            ({"password": None}, ["password"]),
            ({"login": None, "password": None}, ["login", "password"]),
            ({"login": ""}, ["login"]),
            ({"login": 5, "password": False}, ["login", "password"]),
            ({"login": "l" * 321, "password": "p" * 1025}, ["login", "password"]),
        ],
    )
    async def test_missing_and_wrong_fields_are_named_at_once(
        self, person: Person, changes: dict[str, Any], wrong: list[str]
    ) -> None:
        assert places(await person.sign_in(**changes)) == [["body", name] for name in wrong]

    async def test_missing_fields_of_a_form_are_named(self, person: Person) -> None:
        assert places(await person.client.post(TOKEN, data={"login": person.login})) == [["body", "password"]]
        assert places(await person.client.post(TOKEN, data={"login": ""})) == [["body", "login"], ["body", "password"]]

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"", "application/json"),
            (b"null", "application/json"),
            (b"[]", "application/json"),
            (b'"login"', "application/json"),
            (b"{", "application/json"),
            (b"\xff\xfe", "application/json"),
            (b'{"login": "a\\u0000b", "password": "x"}', "application/json"),
            (b'{"login": "\\ud800", "password": "x"}', "application/json"),
            (b"&".join(b"a%d=1" % n for n in range(40)), "application/x-www-form-urlencoded"),
            (b"login=%00&password=x", "application/x-www-form-urlencoded"),
            (b"\xff=\xff", "Application/X-WWW-Form-Urlencoded"),
        ],
    )
    async def test_what_cannot_be_read_is_refused(self, person: Person, body: bytes, kind: str) -> None:
        answer = await person.client.post(TOKEN, content=body, headers={"content-type": kind})
        assert places(answer)[0][0] == "body"

    async def test_a_long_body_is_not_read(self, person: Person) -> None:
        answer = await person.client.post(TOKEN, content=b" " * 10_001)
        assert answer.status_code == 413
        assert list(answer.json()) == ["detail"]

    async def test_one_login_in_two_tenants_is_told_apart_by_the_password(
        self, person: Person, other_tenant: int
    ) -> None:
        identity = person.admin.application.services.part(Identity)
        async with person.admin.application.database.tenant(other_tenant) as tx:
            other = await identity.create_user(tx, person.login, "another password", roles=["metering"])
        assert (await person.sign_in()).json()["user_id"] == person.number
        assert (await person.sign_in(password="another password")).json()["user_id"] == other
        assert (await person.sign_in(password="neither")).status_code == 401


class TestStayingSignedIn:
    async def test_two_more_hours_from_now_for_the_same_token(self, person: Person) -> None:
        with clock.at(MORNING) as now:
            got = await person.token()
            now.move(timedelta(minutes=90))
            answer = await person.with_token(got["token"], TOKEN)
            answers(person.admin.api, answer, "GET", TOKEN)
            assert answer.json() == {**got, "expiration": clock.to_ms(MORNING + timedelta(minutes=210))}
            now.move(timedelta(minutes=119))
            assert (await person.with_token(got["token"])).status_code == 200
            now.move(timedelta(minutes=1))
            assert (await person.with_token(got["token"])).status_code == 401

    async def test_what_has_ended_is_not_brought_back(self, person: Person) -> None:
        with clock.at(MORNING) as now:
            got = await person.token()
            now.move(timedelta(hours=2))
            answer = await person.with_token(got["token"], TOKEN)
            answers(person.admin.api, answer, "GET", TOKEN)
            assert (answer.status_code, answer.json()) == (401, {"detail": "Access token is missing or invalid."})
            now.move(timedelta(hours=-1))
            assert (await person.with_token(got["token"])).status_code == 200

    async def test_a_revoked_token_is_over(self, person: Person) -> None:
        got = await person.token()
        identity = person.admin.application.services.part(Identity)
        async with person.admin.application.database.tenant(person.admin.tenant) as tx:
            assert await identity.revoke(tx, got["token"])
        assert (await person.with_token(got["token"], TOKEN)).status_code == 401

    async def test_only_the_token_of_a_sign_in_can_be_extended(self, person: Person) -> None:
        refused = await person.admin.get(TOKEN)
        answers(person.admin.api, refused, "GET", TOKEN)
        assert (refused.status_code, refused.json()) == (
            401,
            {"detail": "Only the token of a sign-in can be refreshed."},
        )
        identity = person.admin.application.services.part(Identity)
        async with person.admin.application.database.tenant(person.admin.tenant) as tx:
            of_nobody = await identity.issue(tx, "metering", scopes=["metering.*"])
            others = [
                await identity.issue(tx, kind, user_id=person.number)
                for kind in ("metering-key", "charging", "communities", "portal-admin", "service")
            ]
        for issued in (of_nobody, *others):
            assert (await person.with_token(issued.secret, TOKEN)).status_code == 401

    async def test_tokens_of_other_apis_and_keys_are_no_bearers_here(self, person: Person) -> None:
        identity = person.admin.application.services.part(Identity)
        async with person.admin.application.database.tenant(person.admin.tenant) as tx:
            wrong = [
                (await identity.issue(tx, kind, user_id=person.number, scopes=["*"])).secret
                for kind in ("metering-key", "charging", "communities", "portal-admin")
            ]
        for secret in (*wrong, "x", "a" * 600, "gls_" + "x" * 40):
            answer = await person.with_token(secret)
            assert (answer.status_code, answer.json()) == (401, {"detail": "Access token is missing or invalid."})
            assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {token}", "{token}"])
    async def test_a_header_in_another_form_is_none(self, person: Person, header: str) -> None:
        token = (await person.token())["token"]
        answer = await person.client.get("/api/sensors/types", headers={"authorization": header.format(token=token)})
        assert answer.status_code == 401

    async def test_the_scheme_is_read_in_any_case(self, person: Person) -> None:
        token = (await person.token())["token"]
        answer = await person.client.get("/api/sensors/types", headers={"authorization": f"bearer  {token} "})
        assert answer.status_code == 200

    async def test_the_user_of_a_sign_in_has_the_rights_of_its_roles(self, person: Person) -> None:
        token = (await person.token())["token"]
        keeper = spoken(person.admin, token)
        assert (await keeper.post("/api/sensors", params={"client_cid": 3, "name": "x"})).status_code == 201
        stranger = await member(person.admin, {}, roles=["portal-user"])
        assert (await stranger.get("/api/sensors/types")).status_code == 403


class TestGuessing:
    @pytest.fixture
    async def client(self, database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
        """An installation that lets three failures a minute pass."""
        settings = Settings(var=str(tmp_path), logins_per_minute=3, database_pool=2)
        strict = Application(settings, database_url, Sealer(b"k" * 32))
        async with strict.running():
            transport = httpx.ASGITransport(app=strict.asgi, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test") as client:
                yield client

    async def test_who_guesses_is_slowed_down_and_the_right_password_too(
        self, person: Person, client: httpx.AsyncClient
    ) -> None:
        right = {"login": person.login, "password": PASSWORD}
        wrong = {**right, "password": "guess"}
        assert [(await client.post(TOKEN, json=wrong)).status_code for _ in range(3)] == [401, 401, 401]
        for body in (wrong, right, {"login": "another@example.org", "password": "guess"}):
            held = await client.post(TOKEN, json=body)
            assert (held.status_code, held.json()) == (429, {"detail": "Too many requests. Please try again later."})
            assert 0 < int(held.headers["retry-after"]) <= 60

    async def test_who_knows_the_password_is_never_slowed_down(self, person: Person, client: httpx.AsyncClient) -> None:
        right = {"login": person.login, "password": PASSWORD}
        assert [(await client.post(TOKEN, json=right)).status_code for _ in range(5)] == [200] * 5
