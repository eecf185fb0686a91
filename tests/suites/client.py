"""Callers for the suites: who speaks to which API, as whom, and how that API spells pages and filters."""

import os
import re
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from tests.suites.schema import mismatches

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.openapi import document
from gridloom.kernel.http.operation import Operation
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Resource

# What any operation may say without its document naming it: too large, too many, not available.
ANYWHERE = (413, 429, 503)
CHECK_ANSWERS = os.environ.get("CHECK_ANSWERS", "1") == "1"


class Spelling:
    """How an API's lists are asked for and read; subclasses say what differs."""

    def items(self, answer: httpx.Response) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = answer.json()
        return found

    def one(self, answer: httpx.Response, resource: Resource) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()
        return found

    def filters(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(name, each) for name, value in filters.items() for each in as_texts(value)]

    async def walk(self, caller: "Caller", url: str, way: Pages, size: int) -> list[dict[str, Any]]:
        raise NotImplementedError

    def everything(self) -> dict[str, str]:
        """Parameters or headers that give the whole of a small list."""
        return {}


class ChargingSpelling(Spelling):
    def items(self, answer: httpx.Response) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def one(self, answer: httpx.Response, resource: Resource) -> dict[str, Any]:
        body: dict[str, Any] = answer.json()
        return body["data"] if resource.wrapped else body

    def filters(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []
        for name, value in filters.items():
            suffix = "[]" if isinstance(value, list) else ""
            pairs.extend((f"filter[{name}]{suffix}", each) for each in as_texts(value))
        return pairs

    async def walk(self, caller: "Caller", url: str, way: Pages, size: int) -> list[dict[str, Any]]:
        start = {"per_page": str(size), **({"cursor": ""} if way is Pages.CURSOR else {"page": "1"})}
        answer = await caller.get(url, params=start)
        rows = self.items(answer)
        for _ in range(50):
            following = answer.json()["links"]["next"]
            if not following:
                return rows
            answer = await caller.get(following)
            assert answer.status_code == 200, answer.text
            rows += self.items(answer)
        raise AssertionError("the walk does not end")


class CommerceSpelling(Spelling):
    async def walk(self, caller: "Caller", url: str, way: Pages, size: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page = "1"
        for number in range(2, 50):
            answer = await caller.get(url, headers={"x-page": page, "x-page-size": str(size)})
            assert answer.status_code == 200, answer.text
            rows += self.items(answer)
            following = answer.headers.get("x-page", "")
            if not following:
                return rows
            page = following if way is Pages.CURSOR else str(number)
        raise AssertionError("the walk does not end")


class CommunitiesSpelling(Spelling):
    def items(self, answer: httpx.Response) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def one(self, answer: httpx.Response, resource: Resource) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()["data"]
        return found

    async def walk(self, caller: "Caller", url: str, way: Pages, size: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for number in range(1, 50):
            answer = await caller.get(url, params={"page": str(number), "limit": str(size)})
            rows += self.items(answer)
            if number >= answer.json()["pagination"]["total_pages"]:
                return rows
        raise AssertionError("the walk does not end")

    def everything(self) -> dict[str, str]:
        return {"limit": "200"}


SPELLINGS: dict[str, Spelling] = {
    "charging": ChargingSpelling(),
    "commerce": CommerceSpelling(),
    "communities": CommunitiesSpelling(),
    "portal": Spelling(),
    "metering": Spelling(),
}


class Caller:
    """One caller of one API: an HTTP client with a token, and the API's spelling."""

    def __init__(self, application: Application, api: Api, client: httpx.AsyncClient, tenant: int) -> None:
        self.application = application
        self.api = api
        self.client = client
        self.tenant = tenant
        self.spelling = SPELLINGS[api.name]

    def anonymous(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.client._transport, base_url=self.client.base_url)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The answer, which must have the form that the API's own document gives it, whatever the test is about."""
        answer = await self.client.request(method, url, **options)
        if CHECK_ANSWERS and (path := template_of(self.api, method, answer.request.url.path)):
            answers(self.api, answer, method, path)
        return answer

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("DELETE", url, **options)

    def operations(self, resource: Resource) -> list[Operation]:
        return [self.operation(resource, verb) for verb in resource.verbs]

    def operation(self, resource: Resource, verb: str) -> Operation:
        operations = resource.operations(self.api.dialect)
        found = operations[resource.verbs.index(verb)]  # type: ignore[arg-type]
        found.path = self.api.dialect.path(self.api.dialect.resource_root, found.path)
        return found

    def url(self, resource: Resource, verb: str, path: Mapping[str, Any]) -> str:
        return self.operation(resource, verb).path.format(**path)

    def unwrap(self, answer: httpx.Response, resource: Resource) -> dict[str, Any]:
        return self.spelling.one(answer, resource)

    async def all(self, url: str, **filters: Any) -> list[dict[str, Any]]:
        params = [*self.spelling.filters(filters), *self.spelling.everything().items()]
        answer = await self.get(url, params=params)
        assert answer.status_code == 200, answer.text
        return self.spelling.items(answer)

    async def walk(self, url: str, way: Pages, *, size: int) -> list[dict[str, Any]]:
        return await self.spelling.walk(self, url, way, size)

    async def statements(self, url: str, includes: Mapping[str, Any] | None = None) -> int:
        """How many statements the transaction of a GET ran."""
        params = [(f"{self.api.dialect.include_name}[]", name) for name in includes or ()]
        seen: list[int] = []
        database = self.application.services.part(Database)
        database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == self.tenant else None
        try:
            answer = await self.get(url, params=params)
        finally:
            database.observer = None
        assert answer.status_code == 200, answer.text
        return sum(seen)


class Callers:
    """Makes callers: two tenants, narrow tokens."""

    def __init__(self, application: Application, transport: httpx.AsyncBaseTransport, tenant: int, other: int) -> None:
        self._application = application
        self._transport = transport
        self._tenant = tenant
        self._other = other

    def api_of(self, resource: Resource) -> Api:
        for api in self._application.apis:
            if any(each is resource for each in api.resources):
                return api
        raise LookupError(f"{resource!r} belongs to no API")

    async def with_scopes(self, api: Api | str, scopes: list[str], tenant: int | None = None) -> Caller:
        """A service token with these scopes, of the test's tenant unless another is named."""
        found = api if isinstance(api, Api) else next(each for each in self._application.apis if each.name == api)
        number = self._tenant if tenant is None else tenant
        identity = self._application.services.part(Identity)
        async with self._application.database.tenant(number) as tx:
            token = await identity.issue(tx, "service", name="test", scopes=scopes)
        headers = {"authorization": f"Bearer {token.secret}"}
        client = httpx.AsyncClient(transport=self._transport, base_url="http://gridloom.test", headers=headers)
        return Caller(self._application, found, client, number)

    async def owner(self, resource: Resource) -> Caller:
        return await self.with_scopes(self.api_of(resource), ["*"])

    async def other(self, resource: Resource) -> Caller:
        return await self.with_scopes(self.api_of(resource), ["*"], self._other)

    async def reader(self, resource: Resource) -> Caller:
        return await self.with_scopes(self.api_of(resource), [f"{resource.scope}:read"])

    async def without_scope(self, resource: Resource) -> Caller:
        return await self.with_scopes(self.api_of(resource), ["nothing:read"])


_documents: dict[str, dict[str, Any]] = {}
_templates: dict[str, list[tuple[re.Pattern[str], str, str]]] = {}


def template_of(api: Api, method: str, path: str) -> str | None:
    """The declared path that a request went to; None when no operation has it. Fixed segments win over parameters."""
    if api.name not in _templates:
        found = sorted(api.operations, key=lambda each: (len(each.parameters), each.path))
        _templates[api.name] = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+?", re.escape(each.path.rstrip("/")))), each.method, each.path)
            for each in found
        ]
    plain = path.rstrip("/")
    return next((whole for shape, m, whole in _templates[api.name] if m == method and shape.fullmatch(plain)), None)


def conforms(api: Api, answer: httpx.Response, resource: Resource, verb: str) -> None:
    """The answer's body has the form that the API's own document gives it."""
    operation = resource.operations(api.dialect)[resource.verbs.index(verb)]  # type: ignore[arg-type]
    path = api.dialect.path(api.dialect.resource_root, operation.path)
    answers(api, answer, operation.method, path)


def answers(api: Api, answer: httpx.Response, method: str, path: str) -> None:
    """The answer of any operation has the form that the API's own document gives it."""
    if api.name not in _documents:
        _documents[api.name] = msgspec.json.decode(msgspec.json.encode(document(api)))
    whole = _documents[api.name]
    described = whole["paths"][path][method.lower()]["responses"]
    if answer.status_code in ANYWHERE and str(answer.status_code) not in described:
        return
    assert str(answer.status_code) in described, (
        f"{method} {path} answered {answer.status_code}, which is not documented"
    )
    content = described[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content in (b"", b"null"), answer.content
        return
    media, form = next(iter(content.items()))
    if media == "application/json":
        assert mismatches(answer.json(), form["schema"], whole) == []
    else:
        assert media in (answer.headers["content-type"], "*/*")


def as_texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in as_texts(each)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
