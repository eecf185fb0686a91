"""The whole application at its edge: every API in its own form, and no operation that breaks on broken input."""

from typing import Any

import httpx
import msgspec
import pytest
from tests.suites.client import Callers

from gridloom.app import API_NAMES, Application
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.operation import Operation

JSON = {"content-type": "application/json"}
UNKNOWN = {"uuid": "01890000-0000-7000-8000-000000000000", "int": "987654321"}


def api_of(application: Application, name: str) -> Api:
    return next(each for each in application.apis if each.name == name)


def address(operation: Operation) -> str:
    """The operation's path with ids that nobody has."""
    path = operation.path
    for name in operation.parameters:
        kind = operation.path_type(name).__name__.lower()
        path = path.replace(f"{{{name}}}", UNKNOWN.get(kind, "unknown"))
    return path


def in_form(api: Api, answer: httpx.Response) -> None:
    """The refusal has the form that the API documents, and carries the request's id."""
    shape = api.dialect.fault_type(answer.status_code)
    assert answer.headers["content-type"].startswith("application/json")
    assert msgspec.convert(answer.json(), shape) is not None
    assert len(answer.headers["x-request-id"]) >= 8


@pytest.mark.parametrize("name", API_NAMES)
async def test_a_path_that_is_nowhere_is_told_in_the_form_of_the_api(
    application: Application, anonymous: httpx.AsyncClient, name: str
) -> None:
    api = api_of(application, name)
    for prefix in api.prefixes:
        answer = await anonymous.get(f"{prefix}/there/is/nothing/here")
        assert answer.status_code == 404
        in_form(api, answer)


@pytest.mark.parametrize("name", API_NAMES)
async def test_another_method_is_told_in_the_form_of_the_api(
    application: Application, anonymous: httpx.AsyncClient, name: str
) -> None:
    api = api_of(application, name)
    answer = await anonymous.request("BREW", address(api.operations[0]))
    assert answer.status_code == 405
    assert api.operations[0].method in answer.headers["allow"]
    in_form(api, answer)


@pytest.mark.parametrize("name", API_NAMES)
async def test_one_token_opens_all_five_and_a_wrong_one_none(
    application: Application, callers: Callers, anonymous: httpx.AsyncClient, name: str
) -> None:
    api = api_of(application, name)
    operation = next(each for each in api.operations if each.scope != "public")
    caller = await callers.with_scopes(name, ["*"])
    answer = await caller.request(operation.method, address(operation), content=b"{", headers=JSON)
    assert answer.status_code != 401
    for wrong in ("", "Bearer", "Bearer glt_wrong", "Bearer a.b.c", "Basic YTpi", "Bearer \u00ff", "x" * 5000):
        headers = {"authorization": wrong.encode("latin-1")} if wrong else {}
        answer = await anonymous.request(operation.method, address(operation), headers=headers)
        assert answer.status_code == 401, wrong
        in_form(api, answer)


BROKEN: list[tuple[str, bytes]] = [
    ("", b"{"),
    ("", b'{"name": 5, "id": {}, "data": 1, "code'),
    ("?a[%C2%B2]=1&filter=x&page=0&cursor=%25&include=x", b'{"' + b"[" * 50_000),
    ("?a=%ff", b'{"name": 1e999, "id": "\\ud800"}'),
    ("?from=nan&to=inf&page=1e9&limit=-1&size=x", b'{"name": "\\u0000", "id": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("name", API_NAMES)
async def test_no_operation_breaks_on_broken_input(application: Application, callers: Callers, name: str) -> None:
    api = api_of(application, name)
    caller = await callers.with_scopes(name, ["*"])
    broken: list[Any] = []
    for operation in api.operations:
        for query, body in BROKEN:
            content = body if operation.method in ("POST", "PUT", "PATCH") else None
            answer = await caller.request(operation.method, address(operation) + query, content=content, headers=JSON)
            if answer.status_code >= 500 and answer.status_code != 501:
                broken.append((operation, query, body[:40], answer.status_code, answer.text))
            elif answer.status_code >= 400:
                in_form(api, answer)
    assert broken == []
