"""Paths and methods: from the declared operations to the one function that answers."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.kernel.http.kit import Deep, Plain, TinyApi, client_of, services_with, subject_of
from tests.kernel.http.shop import things

from gridloom.kernel.errors import Fault
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import PUBLIC, Operation, action

MISSING = {"code": "not_found", "message": "Not found.", "errors": []}
SWITCHED_OFF = {"code": "method_not_allowed", "message": "This method is not supported here.", "errors": []}


def echo(method: str, path: str, **kinds: Any) -> Operation:
    """An operation that answers with its path parameters."""

    async def handler(**given: Any) -> dict[str, Any]:
        return {"by": f"{method} {path}", **{k: str(v) if isinstance(v, UUID) else v for k, v in given.items()}}

    return Operation(method, path, handler, scope=PUBLIC, answers={200: dict}, inputs=kinds, name=f"{method} {path}")


def client(*operations: Operation, dialect: Plain | None = None) -> httpx.AsyncClient:
    return client_of(TinyApi(*operations, dialect=dialect))


# --- declarations -----------------------------------------------------------------------------------------------------


def test_the_same_method_on_the_same_path_is_refused() -> None:
    with pytest.raises(ValueError, match="<GET /tiny/a/{y}> is declared twice"):
        _ = TinyApi(echo("GET", "/tiny/a/{x}"), echo("GET", "/tiny/a/{y}")).operations
    with pytest.raises(ValueError, match="declared twice"):
        _ = TinyApi(echo("GET", "/tiny/a/"), echo("GET", "/tiny/a")).operations
    assert len(TinyApi(echo("GET", "/tiny/a"), echo("POST", "/tiny/a"), echo("GET", "/tiny/{a}")).operations) == 3


def test_two_paths_that_only_a_split_tells_apart_are_refused() -> None:
    api = TinyApi(echo("GET", "/tiny/{a}"), echo("GET", "/tiny/{a}:run"))
    with pytest.raises(ValueError, match="cannot be told apart"):
        api.build(services_with())


def test_an_operation_that_is_found_twice_is_declared_once() -> None:
    one = echo("GET", "/tiny/a")
    assert TinyApi(one, one).operations == [one]


def test_operations_stand_in_the_order_of_their_paths() -> None:
    api = TinyApi(echo("POST", "/tiny/b"), echo("GET", "/tiny/b"), echo("GET", "/tiny/a"))
    assert [repr(each) for each in api.operations] == ["<GET /tiny/a>", "<GET /tiny/b>", "<POST /tiny/b>"]


def test_relative_paths_stand_below_the_roots_of_the_dialect() -> None:
    @action("POST", "stop/{x}", scope=PUBLIC)
    async def stop(x: int) -> None: ...

    resource = things()
    resource.path = "things"
    api = TinyApi(stop, resource, dialect=Deep())
    assert [each.path for each in api.operations if each.method == "POST"] == ["/tiny/do/stop/{x}", "/tiny/things"]
    assert [each.path for each in api.operations if each.method == "PATCH"] == ["/tiny/things/{id}"]


# --- routing ----------------------------------------------------------------------------------------------------------


async def test_parameters_have_their_types_and_stay_texts_where_nobody_says() -> None:
    me = client(echo("GET", "/tiny/{a}/{b}/{c}/{d}", a=int, b=UUID, c=float, d=str))
    key = "01890000-0000-7000-8000-00000000000a"
    answer = await me.get(f"/tiny/-5/{key}/1.5/caf%C3%A9%20x")
    assert answer.json() == {"by": "GET /tiny/{a}/{b}/{c}/{d}", "a": -5, "b": key, "c": 1.5, "d": "café x"}


WRONG = [
    ("x", "int"), ("1.0", "int"), ("", None), ("1e3", "int"), ("+1", "int"), ("--1", "int"), ("-", "int"), ("²", "int"),
    ("٣", "int"), ("9223372036854775808", "int"), ("9" * 5000, "int"), ("%00", "int"), ("1_000", "int"), (" 1", "int"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), WRONG, ids=range(len(WRONG)))
async def test_a_path_that_holds_no_such_number_is_refused_by_name(text: str, kind: str | None) -> None:
    answer = await client(echo("GET", "/tiny/n/{x}", x=int)).get(f"/tiny/n/{text}")
    if kind is None:
        assert (answer.status_code, answer.json()) == (404, MISSING)
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"] == [["path", "x", f"Expected `{kind}`."]]


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "1_0", "%201", "x", "٣"])
async def test_a_path_takes_no_fraction_that_is_none(text: str) -> None:
    answer = await client(echo("GET", "/tiny/n/{x}", x=float)).get(f"/tiny/n/{text}")
    assert (answer.status_code, answer.json().get("errors")) == (422, [["path", "x", "Expected `float`."]])


@pytest.mark.parametrize("text", ["x", "01890000-0000-7000-8000-00000000000", "%00", "g" * 32])
async def test_a_path_that_holds_no_key_is_refused_or_not_found_as_the_dialect_has_it(text: str) -> None:
    class Strict(Plain):
        bad_path_is_not_found = True

    operation = echo("GET", "/tiny/n/{x}/{y}", x=UUID, y=int)
    answer = await client(operation).get(f"/tiny/n/{text}/z")
    assert answer.status_code == 422
    assert [path for _, path, _ in answer.json()["errors"]] == ["x", "y"]
    answer = await client(operation, dialect=Strict()).get(f"/tiny/n/{text}/1")
    assert (answer.status_code, answer.json()) == (404, MISSING)


async def test_a_nul_in_a_path_is_refused() -> None:
    answer = await client(echo("GET", "/tiny/n/{x}", x=str)).get("/tiny/n/a%00b")
    assert (answer.status_code, answer.json()["errors"]) == (422, [["path", "x", "Expected `str`."]])


async def test_versions_may_name_the_same_parameter_differently() -> None:
    me = client(
        echo("GET", "/tiny/v/{thing}/parts", thing=int),
        echo("POST", "/tiny/v/{item}/parts", item=int),
        echo("DELETE", "/tiny/v/{item}/parts/{part}", item=int, part=int),
        echo("GET", "/tiny/v/{thing}/parts/{piece}", thing=int, piece=int),
    )
    assert (await me.get("/tiny/v/1/parts")).json() == {"by": "GET /tiny/v/{thing}/parts", "thing": 1}
    assert (await me.post("/tiny/v/2/parts")).json() == {"by": "POST /tiny/v/{item}/parts", "item": 2}
    assert (await me.delete("/tiny/v/3/parts/4")).json()["part"] == 4
    assert (await me.get("/tiny/v/3/parts/4")).json()["piece"] == 4
    for method in ("PUT", "OPTIONS"):
        answer = await me.request(method, "/tiny/v/1/parts")
        assert answer.status_code == (405 if method == "PUT" else 204)
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


async def test_a_segment_may_hold_several_parameters() -> None:
    me = client(echo("GET", "/tiny/{a}/{x}-{y}/{b}.json", a=int, x=int, y=str, b=int))
    answer = await me.get("/tiny/1/2-three-four/5.json")
    assert answer.json() == {"by": "GET /tiny/{a}/{x}-{y}/{b}.json", "a": 1, "x": 2, "y": "three-four", "b": 5}
    for path in (
        "/tiny/1/23/5.json",
        "/tiny/1/2-/5.json",
        "/tiny/1/-2/5.json",
        "/tiny/1/2-3/5xjson",
        "/tiny/1/2-3/5.json2",
    ):
        answer = await me.get(path)
        assert (answer.status_code, answer.json()) == (404, MISSING), path
    assert (await me.get("/tiny/1/x-3/5.json")).status_code == 422


async def test_a_colon_ends_a_parameter_or_is_part_of_a_word() -> None:
    me = client(echo("POST", "/tiny/n/{x}:run", x=int), echo("GET", "/tiny/n/{x}", x=str), echo("GET", "/tiny/all:now"))
    assert (await me.post("/tiny/n/5:run")).json() == {"by": "POST /tiny/n/{x}:run", "x": 5}
    assert (await me.get("/tiny/n/a:b")).json() == {"by": "GET /tiny/n/{x}", "x": "a:b"}
    assert (await me.get("/tiny/all:now")).json() == {"by": "GET /tiny/all:now"}
    assert (await me.post("/tiny/n/5:halt")).status_code == 404
    assert (await me.post("/tiny/n/5")).status_code == 404


async def test_a_word_wins_over_a_parameter() -> None:
    me = client(echo("GET", "/tiny/n/{x}", x=str), echo("GET", "/tiny/n/mine"))
    assert (await me.get("/tiny/n/mine")).json() == {"by": "GET /tiny/n/mine"}
    assert (await me.get("/tiny/n/yours")).json() == {"by": "GET /tiny/n/{x}", "x": "yours"}


async def test_a_slash_at_the_end_changes_nothing() -> None:
    me = client(echo("GET", "/tiny/a"), echo("GET", "/tiny/b/"), echo("GET", "/tiny/n/{x}", x=int))
    for path in ("/tiny/a", "/tiny/a/", "/tiny/b", "/tiny/b/", "/tiny/n/5", "/tiny/n/5/"):
        assert (await me.get(path)).status_code == 200, path


# --- methods ----------------------------------------------------------------------------------------------------------


async def test_head_answers_like_get_without_the_body() -> None:
    me = client(echo("GET", "/tiny/n/{x}", x=int), echo("POST", "/tiny/p"))
    got, head = await me.get("/tiny/n/5"), await me.head("/tiny/n/5")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))
    assert head.headers["content-type"] == got.headers["content-type"]
    assert ((await me.head("/tiny/n/x")).status_code, (await me.head("/tiny/n/x")).content) == (422, b"")
    assert (await me.head("/tiny/p")).status_code == 405


async def test_head_needs_the_rights_of_get() -> None:
    @action("GET", "/tiny/secret", scope="tiny.secrets:read", answers={200: str})
    async def secret() -> str:
        return "secret"

    dialect = Plain({"may": subject_of(1, "tiny.secrets:read"), "not": subject_of(1, "tiny.other:read")})
    me = client(secret, dialect=dialect)
    statuses = [
        (await me.head("/tiny/secret", headers={"authorization": f"Bearer {who}"})).status_code
        for who in ("may", "not", "x")
    ]
    assert [*statuses, (await me.head("/tiny/secret")).status_code] == [200, 403, 401, 401]


async def test_another_method_is_told_which_ones_there_are() -> None:
    me = client(echo("GET", "/tiny/n/{x}", x=int), echo("PUT", "/tiny/n/{x}", x=int), echo("POST", "/tiny/p"))
    for method in ("POST", "DELETE", "PATCH", "TRACE", "BREW"):
        answer = await me.request(method, "/tiny/n/5")
        assert (answer.status_code, answer.json()) == (405, SWITCHED_OFF)
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "OPTIONS"}
    answer = await me.get("/tiny/p")
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}


async def test_options_tell_the_methods_without_a_caller() -> None:
    me = client(echo("GET", "/tiny/a"), echo("POST", "/tiny/a"))
    answer = await me.options("/tiny/a")
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert (await me.options("/tiny/z")).status_code == 404


async def test_what_is_nowhere_is_told_in_the_form_of_the_api() -> None:
    class Loud(Plain):
        def fault(self, fault: Fault, call: Call | None) -> Answer:
            assert call is not None
            return Answer({"loud": fault.code, "id": call.id})

    for path in ("/tiny", "/tiny/", "/tiny/b", "/tiny/a/b", "/tiny/%00", "/tiny/a%2Fb"):
        answer = await client(echo("GET", "/tiny/a")).get(path)
        assert (answer.status_code, answer.json()) == (404, MISSING), path
    answer = await client(echo("GET", "/tiny/a"), dialect=Loud()).get(
        "/tiny/b", headers={"x-request-id": "my-request-7"}
    )
    assert answer.json() == {"loud": "not_found", "id": "my-request-7"}
