"""The way of a request: who may, what is read, one transaction, one answer."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs
from tests.kernel.http.kit import BASE, Plain, TinyApi, client_of, dispatcher, services_with, subject_of
from tests.kernel.http.shop import URL, fill, speaker, things

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Forbidden, NotFound
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation, action
from gridloom.kernel.http.subject import Subject

JSON = {"content-type": "application/json"}
NAMES = "SELECT name FROM tiny.shelf ORDER BY name"
ADD = "INSERT INTO tiny.shelf (tenant_id, name) VALUES (:tenant, :name)"


def post(handler: Any, **options: Any) -> Operation:
    made: Operation = action("POST", "/tiny/do", **{"scope": PUBLIC, "answers": {200: dict}, **options})(handler)
    return made


def get(handler: Any, **options: Any) -> Operation:
    made: Operation = action("GET", "/tiny/do", **{"scope": PUBLIC, "answers": {200: dict}, **options})(handler)
    return made


async def shelves_of(database: Database, tenant: int) -> list[str]:
    async with database.tenant(tenant, read_only=True) as tx:
        return [row["name"] for row in await tx.all(NAMES)]


# --- who may ----------------------------------------------------------------------------------------------------------

CALLERS = {
    "nobody": [],
    "other": ["tiny.things:read", "tiny.thing:write", "tiny.thingsx:write", "tiny"],
    "exact": ["tiny.things:write"],
    "short": ["tiny.things"],
    "starred": ["tiny.*"],
    "everything": ["*"],
}
MATRIX = {
    PUBLIC: {"anonymous": 200, "unknown": 200, **dict.fromkeys(CALLERS, 200)},
    ANYONE: {"anonymous": 401, "unknown": 401, **dict.fromkeys(CALLERS, 200)},
    "tiny.things:write": {
        "anonymous": 401, "unknown": 401, "nobody": 403, "other": 403, "exact": 200, "short": 200, "starred": 200,
        "everything": 200,
    },
    "tiny.a:read|tiny.things:write": {
        "anonymous": 401, "unknown": 401, "nobody": 403, "other": 403, "exact": 200, "short": 200, "starred": 200,
        "everything": 200,
    },
}  # fmt: skip


@pytest.mark.parametrize("scope", MATRIX)
async def test_every_caller_gets_what_the_scope_says(scope: str) -> None:
    ran: list[str] = []

    async def work(call: Call) -> dict[str, str]:
        ran.append(call.bearer)
        return {}

    dialect = Plain({name: subject_of(1, *scopes) for name, scopes in CALLERS.items()})
    me = client_of(TinyApi(post(work, scope=scope), dialect=dialect))
    for name, expected in MATRIX[scope].items():
        ran.clear()
        headers = {} if name == "anonymous" else {"authorization": f"Bearer {name}"}
        answer = await me.post("/tiny/do", headers=headers)
        assert answer.status_code == expected, f"{name}: {answer.text}"
        assert bool(ran) is (expected == 200), f"{name}: the handler ran"


async def test_rights_are_asked_before_anything_is_read() -> None:
    async def work(body: dict[str, int], x: int = 0) -> None: ...

    class Query(msgspec.Struct):
        a: int

    operation = post(work, scope="tiny.things:write", inputs={"body": dict[str, int], "query": Query})
    me = client_of(TinyApi(operation, dialect=Plain({"me": subject_of(1)})))
    answer = await me.post("/tiny/do?a=x", content=b"{", headers={"authorization": "Bearer me"})
    assert answer.status_code == 403
    assert (await me.post("/tiny/do?a=x", content=b"{")).status_code == 401


async def test_a_place_inside_the_tenant_gives_or_takes_rights() -> None:
    class Placed(Plain):
        async def enter(self, call: Call, subject: Subject) -> Subject:
            if (place := call.headers.get("x-place")) == "closed":
                raise Forbidden("Closed.")
            scopes = subject.scopes | ({"tiny.things:write"} if place == "open" else set())
            return msgspec.structs.replace(subject, scopes=frozenset(scopes))

    async def work(subject: Subject) -> dict[str, Any]:
        return {"scopes": sorted(subject.scopes)}

    dialect = Placed({"me": subject_of(1, "tiny.own:read")})
    me = client_of(TinyApi(post(work, scope="tiny.things:write"), dialect=dialect), bearer="me")
    assert (await me.post("/tiny/do")).status_code == 403
    assert (await me.post("/tiny/do", headers={"x-place": "closed"})).json()["message"] == "Closed."
    answer = await me.post("/tiny/do", headers={"x-place": "open"})
    assert answer.json() == {"scopes": ["tiny.own:read", "tiny.things:write"]}
    assert (await me.post("/tiny/do", headers={"x-place": "open", "authorization": ""})).status_code == 401


# --- what is read -----------------------------------------------------------------------------------------------------


class Asked(msgspec.Struct):
    size: int
    names: list[str] = []


class Told(msgspec.Struct, rename={"trace": "x-trace"}):
    trace: int


class Sent(msgspec.Struct):
    name: str
    count: int = 1


async def everything(x: int, query: Asked, headers: Told, body: Sent, call: Call) -> dict[str, Any]:
    return {"x": x, "query": query, "trace": headers.trace, "body": body, "id": call.id}


async def test_the_wrong_fields_of_every_part_are_told_together() -> None:
    operation = action("POST", "/tiny/do/{x}", scope=PUBLIC, answers={200: dict})(everything)
    me = client_of(TinyApi(operation))
    answer = await me.post("/tiny/do/a?size=b", headers={"x-trace": "c"}, json={"count": "d"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        ["path", "x", "Expected `int`."],
        ["query", "size", "Expected `int`, got `str`"],
        ["header", "x-trace", "Expected `int`, got `str`"],
        ["body", "name", "This field is required."],
        ["body", "count", "Expected `int`, got `str`"],
    ]
    answer = await me.post("/tiny/do/1?%ff", headers={"x-trace": "1"}, content=b"{")
    told = answer.json()["errors"]
    assert [(where, path) for where, path, _ in told] == [("query", ""), ("query", "size"), ("body", "")]


async def test_everything_that_is_right_reaches_the_handler() -> None:
    operation = action("POST", "/tiny/do/{x}", scope=PUBLIC, answers={200: dict})(everything)
    me = client_of(TinyApi(operation))
    for query, names in (("size=2", []), ("size=2&names=a", ["a"]), ("size=2&names=a&names=b", ["a", "b"])):
        answer = await me.post(
            f"/tiny/do/7?{query}", headers={"x-trace": "5", "x-request-id": "the-request"}, json={"name": "n"}
        )
        assert answer.json() == {
            "x": 7, "query": {"size": 2, "names": names}, "trace": 5, "body": {"name": "n", "count": 1}, "id": "the-request",
        }  # fmt: skip


async def test_a_query_that_nobody_asks_for_is_not_looked_at() -> None:
    async def plain() -> dict[str, Any]:
        return {}

    async def curious(call: Call) -> dict[str, Any]:
        return {"query": call.query, "pairs": call.pairs}

    for query in ("a=%ff", "a=1&a[b]=2", "a[²]=1", "%00", "&".join(["a=1"] * 3000)):
        assert (await client_of(TinyApi(get(plain))).get(f"/tiny/do?{query}")).json() == {}
    me = client_of(TinyApi(get(curious)))
    assert (await me.get("/tiny/do?a=%ff")).json() == {"query": {}, "pairs": []}
    assert (await me.get("/tiny/do?a[b]=1&a[c]=2")).json() == {
        "query": {"a": {"b": "1", "c": "2"}},
        "pairs": [["a[b]", "1"], ["a[c]", "2"]],
    }


async def test_an_empty_body_is_an_empty_object_or_nothing() -> None:
    async def plain(body: Sent) -> dict[str, Any]:
        return {"body": body}

    async def optional(body: Sent | None) -> dict[str, Any]:
        return {"body": body}

    async def many(body: list[Sent]) -> dict[str, Any]:
        return {"body": body}

    for handler, expected in ((plain, ["name"]), (optional, None), (many, [""])):
        me = client_of(TinyApi(post(handler)))
        for raw in (b"", b" \r\n\t"):
            answer = await me.post("/tiny/do", content=raw)
            if expected is None:
                assert answer.json() == {"body": None}
            else:
                assert [path for _, path, _ in answer.json()["errors"]] == expected
    me = client_of(TinyApi(post(optional)))
    assert (await me.post("/tiny/do", content=b"null")).json() == {"body": None}
    assert (await me.post("/tiny/do", json={"name": "x"})).json() == {"body": {"name": "x", "count": 1}}


BROKEN = [
    b"{",
    b'{"name": 5, "count',
    b"\xff",
    b'{"name":' + b"[" * 100_000,
    b'{"name": 1e999}',
    b'{"name": "\\u0000"}',
    b"[]",
]


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
async def test_a_broken_body_is_a_refusal_and_never_a_crash(raw: bytes) -> None:
    async def work(body: Sent) -> dict[str, Any]:
        raise AssertionError("the handler ran")

    answer = await client_of(TinyApi(post(work))).post("/tiny/do", content=raw, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert {where for where, _, _ in answer.json()["errors"]} == {"body"}


# --- answers ----------------------------------------------------------------------------------------------------------


async def answered(value: Any, **options: Any) -> httpx.Response:
    async def work() -> Any:
        return value

    return await client_of(TinyApi(post(work, **options))).post("/tiny/do")


async def test_an_answer_may_carry_its_own_status_headers_and_bytes() -> None:
    answer = await answered(Answer(b"%PDF", status=202, headers={"X-Pages": "3"}, media_type="application/pdf"))
    assert (answer.status_code, answer.content, answer.headers["x-pages"]) == (202, b"%PDF", "3")
    assert answer.headers["content-type"] == "application/pdf"
    plain = await answered({"a": 1}, answers={201: dict})
    assert (plain.status_code, plain.json(), plain.headers["content-type"]) == (201, {"a": 1}, "application/json")


async def test_nothing_is_null_with_200_and_empty_with_everything_else() -> None:
    assert (await answered(None)).content == b"null"
    for status in (201, 202, 204, 304):
        answer = await answered(None, answers={status: None} if status < 300 else None)
        assert answer.content == (b"" if status < 300 else b"null")
    assert (await answered(Answer(None, status=304))).content == b""


async def test_an_envelope_is_put_around_successes_that_want_one() -> None:
    class Wrapped(Plain):
        def one(self, value: Any, operation: Operation) -> Any:
            return {"data": value}

    async def work(call: Call) -> Any:
        kind = call.query.get("kind")
        return {"bytes": Answer(b"raw", media_type="text/plain"), "refused": Answer({"no": 1}, status=409)}.get(
            kind, {"a": 1}
        )

    def client(**options: Any) -> httpx.AsyncClient:
        return client_of(TinyApi(post(work, **options), dialect=Wrapped()))

    assert (await client().post("/tiny/do")).json() == {"data": {"a": 1}}
    assert (await client(wrapped=False).post("/tiny/do")).json() == {"a": 1}
    assert (await client().post("/tiny/do?kind=bytes")).content == b"raw"
    assert (await client(answers={200: dict, 409: dict}).post("/tiny/do?kind=refused")).json() == {"no": 1}


async def test_what_nobody_foresaw_is_told_without_details_and_logged_with_them(tiny: Database, owner: int) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="undone")
        raise RuntimeError("the secret is 1234")

    api = TinyApi(post(work, scope=ANYONE), dialect=Plain({"me": subject_of(owner, "*")}))
    with capture_logs() as logs:
        answer = await client_of(api, tiny, bearer="me").post("/tiny/do", headers={"x-request-id": "request-500"})
    assert answer.status_code == 500
    assert answer.json() == {
        "code": "internal",
        "message": "Something went wrong here; the request id leads to the cause.",
        "errors": [],
    }
    assert "secret" not in answer.text
    assert "1234" not in str(answer.headers)
    assert answer.headers["x-request-id"] == "request-500"
    [failed] = [each for each in logs if each["event"] == "request_failed"]
    assert (failed["log_level"], failed["operation"]) == ("error", "<POST /tiny/do>")
    assert isinstance(failed["exc_info"], RuntimeError)
    assert await shelves_of(tiny, owner) == []


MISTAKES = [
    FileNotFoundError(2, "secret", "/x"),
    PermissionError(13, "secret", "/x"),
    KeyError("secret"),
    RecursionError(),
]


@pytest.mark.parametrize("error", MISTAKES, ids=["missing", "forbidden", "key", "depth"])
async def test_a_mistake_of_ours_is_not_taken_for_a_database_that_is_away(error: Exception) -> None:
    async def work() -> dict[str, Any]:
        raise error

    answer = await client_of(TinyApi(post(work))).post("/tiny/do")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")


async def test_what_cannot_be_encoded_is_a_mistake_of_ours_and_undoes_the_work(tiny: Database, owner: int) -> None:
    async def work(tx: Tx) -> Any:
        await tx.run(ADD, tenant=tx.tenant, name="undone")
        return {"what": object()}

    api = TinyApi(post(work, scope=ANYONE), dialect=Plain({"me": subject_of(owner, "*")}))
    answer = await client_of(api, tiny, bearer="me").post("/tiny/do")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert await shelves_of(tiny, owner) == []


# --- the transaction --------------------------------------------------------------------------------------------------


def writer(tiny: Database, tenant: int, handler: Any, method: str = "POST", **options: Any) -> httpx.AsyncClient:
    made = action(method, "/tiny/do", **{"scope": ANYONE, "answers": {200: dict}, **options})(handler)
    return client_of(TinyApi(made, dialect=Plain({"me": subject_of(tenant, "*")})), tiny, bearer="me")


async def test_a_refusal_undoes_what_was_written_before_it(tiny: Database, owner: int) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="undone")
        raise NotFound

    assert (await writer(tiny, owner, work).post("/tiny/do")).status_code == 404
    assert await shelves_of(tiny, owner) == []


async def test_what_the_database_refuses_at_the_very_end_is_no_success(tiny: Database, owner: int) -> None:
    effects: list[str] = []

    async def effect() -> None:
        effects.append("ran")

    async def work(tx: Tx) -> dict[str, Any]:
        tx.after_commit(effect)
        await tx.run(ADD, tenant=tx.tenant, name="same")
        await tx.run(ADD, tenant=tx.tenant, name="same")
        return {}

    answer = await writer(tiny, owner, work).post("/tiny/do")
    assert (answer.status_code, answer.json()["message"]) == (409, "There is already one like this.")
    assert await shelves_of(tiny, owner) == []
    assert effects == []


async def test_reading_cannot_write(tiny: Database, owner: int) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="sneaked in")
        return {}

    assert (await writer(tiny, owner, work, "GET").get("/tiny/do")).status_code == 500
    assert await shelves_of(tiny, owner) == []
    assert (await writer(tiny, owner, work, "GET", writes=True).get("/tiny/do")).status_code == 200
    assert await shelves_of(tiny, owner) == ["sneaked in"]


async def test_a_handler_sees_its_tenant_and_its_caller_only(tiny: Database, owner: int, stranger: int) -> None:
    await fill(speaker(tiny, stranger, things()), "theirs")

    async def work(tx: Tx, subject: Subject) -> dict[str, Any]:
        assert tx.subject is subject
        return {"tenant": tx.tenant, "things": await tx.scalar("SELECT count(*) FROM tiny.thing")}

    assert (await writer(tiny, owner, work).post("/tiny/do")).json() == {"tenant": owner, "things": 0}
    assert (await speaker(tiny, stranger, things()).get(URL)).json()["total"] == 1


async def test_requests_at_the_same_time_keep_their_tenants_apart(tiny: Database, owner: int, stranger: int) -> None:
    async def work(tx: Tx) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name=f"shelf of {tx.tenant}")
        await asyncio.sleep(0.001)
        return {"names": [row["name"] for row in await tx.all(NAMES)]}

    clients = {tenant: writer(tiny, tenant, work) for tenant in (owner, stranger)}
    await asyncio.gather(*(clients[tenant].post("/tiny/do") for tenant in (owner, stranger)))
    for tenant in (owner, stranger):
        assert await shelves_of(tiny, tenant) == [f"shelf of {tenant}"]


async def test_the_whole_is_answered_through_the_dispatcher_as_a_plain_asgi_application() -> None:
    async def work() -> dict[str, Any]:
        return {"a": 1}

    app = dispatcher([TinyApi(get(work))], services_with())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as me:
        assert (await me.get("/tiny/do")).json() == {"a": 1}
