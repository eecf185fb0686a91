"""Who may call what: every operation of every API, for nobody, for a stranger and for a token without the scope. Complete by
construction: a new operation is in it."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.suites.client import Callers

from gridloom.app import apis
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation

ALL = [(api, operation) for api in apis() for operation in api.operations]
NAMES = [f"{api.name} {operation.method} {operation.path}" for api, operation in ALL]
GUARDED = [(pair, name) for pair, name in zip(ALL, NAMES, strict=True) if pair[1].scope != PUBLIC]
SCOPED = [(pair, name) for pair, name in GUARDED if pair[1].scope != ANYONE]


def address(operation: Operation) -> str:
    """The path with ids that nobody has."""
    path = operation.path
    for name in operation.parameters:
        kind = operation.path_type(name)
        value: Any = {int: 987_654_321, float: 1.5, UUID: "01890000-0000-7000-8000-000000000000"}.get(kind, "unknown")
        path = path.replace(f"{{{name}}}", str(value))
    return path


def cases(chosen: list[tuple[tuple[Api, Operation], str]]) -> Any:
    return pytest.mark.parametrize(("api", "operation"), [pair for pair, _ in chosen], ids=[name for _, name in chosen])


@cases(GUARDED)
async def test_nobody_gets_in_without_a_token(api: Api, operation: Operation, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.request(operation.method, address(operation), json={})
    assert answer.status_code == 401


@cases(GUARDED)
async def test_an_invented_token_is_refused(api: Api, operation: Operation, anonymous: httpx.AsyncClient) -> None:
    headers = {"authorization": "Bearer glt_invented"}
    answer = await anonymous.request(operation.method, address(operation), json={}, headers=headers)
    assert answer.status_code == 401


@cases(SCOPED)
async def test_a_token_without_the_scope_is_refused(api: Api, operation: Operation, callers: Callers) -> None:
    caller = await callers.with_scopes(api, [f"{operation.scope}x", "nothing:read"])
    answer = await caller.request(operation.method, address(operation), json={})
    # The communities API asks first which community is meant, and there is none in this request.
    assert answer.status_code == 403 or (api.name == "communities" and answer.status_code == 400)


def test_every_writing_operation_needs_more_than_a_right_to_read() -> None:
    reading = [
        f"{api.name} {each!r}"
        for api, each in ALL
        if each.method in ("PUT", "PATCH", "DELETE") and each.scope.endswith(":read")
    ]
    assert reading == []
