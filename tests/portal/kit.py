"""Portals, their admins and their users for the tests."""

import itertools
import secrets
from typing import Any
from uuid import UUID

import httpx
from tests.suites.client import answers

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.portal.users import public as users

CUSTOMERS, INSTALLERS = "END_CUSTOMER_PORTAL", "INSTALLER_PORTAL"
PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


class Desk:
    """Speaks to the portal API; every answer is held against the document."""

    def __init__(self, application: Application, client: httpx.AsyncClient, tenant: int, other: int) -> None:
        self.application = application
        self.api = next(each for each in application.apis if each.name == "portal")
        self.client = client
        self.tenant = tenant
        self.other_tenant = other
        self.database = application.database
        self.identity = application.services.part(Identity)

    async def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = options.pop("headers", {}) | ({} if token is None else {"authorization": f"Bearer {token}"})
        answer = await self.client.request(method, path, headers=headers, **options)
        answers(self.api, answer, method, path)
        return answer

    async def admin(self, tenant: int | None = None, *, scopes: tuple[str, ...] = ("portal.*",)) -> "Admin":
        number = self.tenant if tenant is None else tenant
        async with self.database.tenant(number) as tx:
            issued = await self.identity.issue(tx, "portal-admin", name="test", scopes=list(scopes))
        return Admin(self, issued.secret, number)


class Admin:
    """An organisation's admin."""

    def __init__(self, desk: Desk, token: str, tenant: int) -> None:
        self.desk = desk
        self.token = token
        self.tenant = tenant

    async def upsert(self, body: Any, origin: str = CUSTOMERS, **query: str) -> httpx.Response:
        return await self.desk.call(
            "POST", "/v2/portal/portal", self.token, params={"origin": origin, **query}, json=body
        )

    async def portal(self, origin: str = CUSTOMERS, **fields: Any) -> dict[str, Any]:
        answer = await self.upsert({"domain": new_domain(), **fields}, origin)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, **query: str) -> httpx.Response:
        return await self.desk.call("GET", "/v2/portal/config", self.token, params=query)

    async def delete(self, origin: str = CUSTOMERS) -> httpx.Response:
        return await self.desk.call("DELETE", "/v2/portal/config", self.token, params={"origin": origin})

    async def user(self, portal: dict[str, Any], email: str | None = None, password: str = PASSWORD) -> "User":
        """A new user of a portal."""
        address = email or f"user{next(_numbers)}@example.org"
        async with self.desk.database.tenant(self.tenant) as tx:
            made = await users.create_portal_user(tx, self.desk.identity, UUID(portal["portal_id"]), address, password)
        return User(self.desk, portal, address, made)

    async def count(self, what: str) -> int:
        async with self.desk.database.tenant(self.tenant) as tx:
            return int(await tx.scalar(f"SELECT count(*) FROM {what}"))


class User:
    """A user of a portal."""

    def __init__(self, desk: Desk, portal: dict[str, Any], email: str, made: users.PortalUser) -> None:
        self.desk = desk
        self.portal = portal
        self.email = email
        self.made = made

    async def sign_in(self, **changed: Any) -> httpx.Response:
        given = {
            "grant_type": "password", "portal_id": self.portal["portal_id"], "username": self.email,
            "password": PASSWORD,
        }  # fmt: skip
        return await token(self.desk, **(given | changed))

    async def tokens(self) -> dict[str, Any]:
        answer = await self.sign_in()
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def access(self) -> str:
        return str((await self.tokens())["access_token"])


async def token(desk: Desk, **given: Any) -> httpx.Response:
    body = {name: value for name, value in given.items() if value is not None}
    return await desk.call("POST", "/v3/portal/public/token", json=body)


async def is_good(desk: Desk, access_token: str) -> bool:
    answer = await desk.call("POST", "/v2/portal/token/validate", access_token)
    assert answer.status_code in (204, 401), answer.text
    return answer.status_code == 204


async def public(desk: Desk, domain: str) -> httpx.Response:
    return await desk.call("GET", "/v2/portal/public/config", params={"domain": domain})


def new_domain() -> str:
    """A domain that no other test has."""
    return f"portal-{secrets.token_hex(6)}.example.org"


def refused(answer: httpx.Response, status: int, said: str = "") -> None:
    """The answer is an error of this status whose sentence holds this."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["message"]
    assert said in answer.json()["message"], answer.text
