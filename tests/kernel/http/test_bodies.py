"""Bodies: how long they may be, clients that leave while they send one, forms."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from tests.kernel.http.kit import Plain, TinyApi, client_of, subject_of

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import ANYONE, PUBLIC, Operation, action

NAMES = "SELECT name FROM tiny.shelf ORDER BY name"
ADD = "INSERT INTO tiny.shelf (tenant_id, name) VALUES (:tenant, :name)"


class Sent(msgspec.Struct):
    name: str
    count: int = 1


def post(handler: Any, **options: Any) -> Operation:
    made: Operation = action("POST", "/tiny/do", **{"scope": PUBLIC, "answers": {200: dict}, **options})(handler)
    return made


async def shelves_of(database: Database, tenant: int) -> list[str]:
    async with database.tenant(tenant, read_only=True) as tx:
        return [row["name"] for row in await tx.all(NAMES)]


# --- how long a body may be -------------------------------------------------------------------------------------------


def sized(limit: int) -> tuple[httpx.AsyncClient, list[int]]:
    ran: list[int] = []

    async def work(call: Call) -> dict[str, int]:
        ran.append(len(await call.body()))
        return {"length": len(await call.body())}

    return client_of(TinyApi(post(work, max_body=limit))), ran


async def in_pieces(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


@pytest.mark.parametrize("length", [0, 1, 99, 100])
async def test_a_body_up_to_the_limit_is_read_whole_and_once(length: int) -> None:
    me, ran = sized(100)
    assert (await me.post("/tiny/do", content=b"x" * length)).json() == {"length": length}
    assert (await me.post("/tiny/do", content=in_pieces(b"x" * length, 7))).json() == {"length": length}
    assert ran == [length, length]


@pytest.mark.parametrize("length", [101, 5000])
async def test_a_longer_body_is_refused_with_and_without_an_announced_length(length: int) -> None:
    me, ran = sized(100)
    for content in (b"x" * length, in_pieces(b"x" * length, 7)):
        answer = await me.post("/tiny/do", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert ran == []


async def test_an_announced_length_is_refused_before_a_byte_is_read() -> None:
    me, ran = sized(100)
    pulled: list[bytes] = []

    async def never() -> AsyncIterator[bytes]:
        pulled.append(b"x")
        yield b"x" * 1000

    answer = await me.post("/tiny/do", content=never(), headers={"content-length": "1000"})
    assert (answer.status_code, ran) == (413, [])
    answer = await me.post("/tiny/do", content=in_pieces(b"x" * 500, 50), headers={"content-length": "10"})
    assert (answer.status_code, ran) == (413, [])


async def test_a_body_without_an_end_is_given_up_at_the_limit() -> None:
    me, _ = sized(100)
    sent: list[int] = []

    async def endless() -> Any:
        sent.append(10)
        return {"type": "http.request", "body": b"x" * 10, "more_body": True}

    status, _ = await raw_request(me, endless)
    assert status == 413
    assert sum(sent) == 110


async def raw_request(client: httpx.AsyncClient, receive: Any) -> tuple[int, bytes]:
    """A POST as the server hands it over, without an HTTP client in between."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/tiny/do", "raw_path": b"/tiny/do", "query_string": b"", "root_path": "", "client": ("10.1.1.1", 1),
        "server": ("tiny.test", 80), "headers": [(b"host", b"tiny.test"), (b"authorization", b"Bearer me")],
    }  # fmt: skip
    await client._transport.app(scope, receive, send)  # type: ignore[attr-defined]
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


async def test_a_client_that_leaves_while_it_sends_changes_nothing(tiny: Database, owner: int) -> None:
    messages = [
        {"type": "http.request", "body": b'{"name": "half"', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def work(tx: Tx, body: Sent) -> dict[str, Any]:
        raise AssertionError("the handler ran")

    api = TinyApi(post(work, scope=ANYONE), dialect=Plain({"me": subject_of(owner, "*")}))
    status, body = await raw_request(client_of(api, tiny), receive)
    assert status == 400
    assert msgspec.json.decode(body)["code"] == "disconnected"
    assert messages == []


async def test_a_client_that_leaves_while_a_handler_reads_undoes_what_the_handler_did(
    tiny: Database, owner: int
) -> None:
    messages = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def work(tx: Tx, call: Call) -> dict[str, Any]:
        await tx.run(ADD, tenant=tx.tenant, name="before")
        await call.body()
        return {}

    api = TinyApi(post(work, scope=ANYONE), dialect=Plain({"me": subject_of(owner, "*")}))
    status, _ = await raw_request(client_of(api, tiny), receive)
    assert status == 400
    assert await shelves_of(tiny, owner) == []


# --- forms ------------------------------------------------------------------------------------------------------------


async def form(call: Call) -> dict[str, Any]:
    fields = await call.form()
    found: dict[str, Any] = {}
    for name, value in fields.multi_items():
        found[name] = value if isinstance(value, str) else [value.filename, (await value.read()).decode()]
    return found


async def test_fields_and_files_of_a_form_are_read() -> None:
    me = client_of(TinyApi(post(form)))
    answer = await me.post("/tiny/do", data={"a": "1"}, files={"file": ("täx.txt", b"text")})
    assert answer.json() == {"a": "1", "file": ["täx.txt", "text"]}
    assert (await me.post("/tiny/do", data={"a": "1", "b": "é"})).json() == {"a": "1", "b": "é"}


FORMS = [
    ("multipart/form-data; boundary=x", b"no boundary here"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--x--"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nunfinished'),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    ),
    ("multipart/form-data", b"--x--"),
    ("multipart/form-data; boundary=" + "x" * 5000, b"--x--"),
    ("application/x-www-form-urlencoded", b"a=%ff"),
    ("application/x-www-form-urlencoded", b"\xff=\xff"),
    ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 20_000)),
    ("text/plain", b"a=1"),
    ("", b"a=1"),
]


@pytest.mark.parametrize(("media", "raw"), FORMS, ids=range(len(FORMS)))
async def test_a_form_that_cannot_be_read_is_a_refusal_and_never_a_crash(media: str, raw: bytes) -> None:
    answer = await client_of(TinyApi(post(form))).post("/tiny/do", content=raw, headers={"content-type": media})
    assert answer.status_code in (200, 422), answer.text


async def test_a_form_that_is_too_long_is_refused() -> None:
    me = client_of(TinyApi(post(form, max_body=1000)))
    answer = await me.post("/tiny/do", files={"file": ("x", b"x" * 1000)})
    assert answer.status_code == 413
