"""The outermost ring: which application answers, who is really calling, what every answer carries."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from structlog.testing import capture_logs
from tests.kernel.http.kit import Plain, TinyApi, idle, nobody, services_with

from gridloom.kernel import observability
from gridloom.kernel.errors import Fault
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.dispatcher import Dispatcher, Mounted
from gridloom.kernel.http.operation import PUBLIC, action
from gridloom.kernel.security.headers import Cors

ORIGIN = "https://portal.example.org"


class Loud(Plain):
    """Another form of errors."""

    def fault(self, fault: Fault, call: Call | None) -> Answer:
        return Answer({"loud": fault.code}, media_type="application/problem+json")


@action("GET", "/tiny/who", scope=PUBLIC, answers={200: dict})
async def who(call: Call) -> dict[str, Any]:
    return {"address": call.address, "base": call.base_url, "url": call.url, "id": call.id, "method": call.method}


@action("GET", "/tiny/secret/{key}", scope=PUBLIC, answers={200: dict}, name="secretRead")
async def secret(key: str) -> dict[str, str]:
    return {}


@action("GET", "/tiny/framed", scope=PUBLIC, answers={200: dict})
async def framed() -> Answer:
    return Answer({}, headers={"X-Frame-Options": "SAMEORIGIN", "X-Request-ID": "its own"})


def ring(**options: Any) -> Dispatcher:
    apis = [
        TinyApi(who, secret, framed),
        TinyApi(action("GET", "/loud/a", scope=PUBLIC)(who.handler), dialect=Loud(), name="loud", prefix="/loud"),
        TinyApi(action("GET", "/loud/deep/a", scope=PUBLIC)(who.handler), name="deep", prefix="/loud/deep"),
    ]
    mounted = [Mounted(api.name, api.build(services_with()), api.prefixes) for api in apis]
    given = {"lifespan": idle, "cors": Cors(), **options}
    return Dispatcher(mounted, Mounted("site", nobody, exact=["/tiny/openapi.json"]), **given)


def client(peer: str = "9.9.9.9", base: str = "http://tiny.test", **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=ring(**options), client=(peer, 4711), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base)


# --- which application ------------------------------------------------------------------------------------------------


async def test_the_longest_prefix_answers_and_exact_paths_come_first() -> None:
    me = client()
    for path, expected in [
        ("/tiny/who", (200, "9.9.9.9")), ("/loud/a", (200, "9.9.9.9")), ("/loud/deep/a", (200, "9.9.9.9")),
    ]:  # fmt: skip
        answer = await me.get(path)
        assert (answer.status_code, answer.json()["address"]) == expected
    for path in ("/", "/tinyx", "/tiny/openapi.json", "/tin", "/LOUD/a", "//tiny/who", "/x/tiny/who"):
        answer = await me.get(f"http://tiny.test{path}")
        assert (answer.status_code, answer.text) == (418, "the site"), path


async def test_an_unknown_path_is_told_in_the_form_of_its_api() -> None:
    me = client()
    plain = {"code": "not_found", "message": "Not found.", "errors": []}
    assert (await me.get("/tiny/nowhere")).json() == plain
    assert (await me.get("/loud/deep/nowhere")).json() == plain
    loud = await me.get("/loud/nowhere")
    assert (loud.status_code, loud.json(), loud.headers["content-type"]) == (
        404,
        {"loud": "not_found"},
        "application/problem+json",
    )
    assert (await me.put("/loud/a")).json() == {"loud": "method_not_allowed"}


async def test_pages_answer_head_like_get_without_the_body() -> None:
    methods: list[str] = []

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        methods.append(scope["method"])
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"the ", "more_body": True})
        await send({"type": "http.response.body", "body": b"site"})

    app = Dispatcher([], Mounted("site", pages), lifespan=idle, cors=Cors())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://tiny.test") as me:
        got, head = await me.get("/"), await me.head("/")
    assert (got.text, head.text, head.headers["content-length"]) == ("the site", "", "8")
    assert methods == ["GET", "GET"]


# --- who is calling ---------------------------------------------------------------------------------------------------

PROXIES = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]
FORWARDED = [
    ("9.9.9.9", [], "9.9.9.9"),
    ("9.9.9.9", ["1.2.3.4"], "9.9.9.9"),
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
    ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
    ("10.0.0.1", ["6.6.6.6, 1.2.3.4, 10.1.1.1, 192.0.2.1"], "1.2.3.4"),
    ("10.0.0.1", ["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
    ("10.0.0.1", [" 1.2.3.4 ,, "], "1.2.3.4"),
    ("10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
    ("10.0.0.1", ["1.2.3.4", "10.1.1.1"], "1.2.3.4"),
    ("10.0.0.1", ["6.6.6.6, 1.2.3.4", "10.1.1.1", "192.0.2.1"], "1.2.3.4"),
    ("10.0.0.1", ["1.2.3.4:50123"], "1.2.3.4"),
    ("10.0.0.1", ["[2001:db9::1]:50123"], "2001:db9::1"),
    ("10.0.0.1", ["2001:db9::1"], "2001:db9::1"),
    ("2001:db8::5", ["1.2.3.4"], "1.2.3.4"),
    ("10.0.0.1", ["1.2.3.4, unknown"], "10.0.0.1"),
    ("10.0.0.1", ["1.2.3.4, <script>, 10.1.1.1"], "10.1.1.1"),
    ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
    ("not an address", ["1.2.3.4"], "not an address"),
]


@pytest.mark.parametrize(("peer", "lines", "expected"), FORWARDED, ids=range(len(FORWARDED)))
async def test_forwarded_addresses_count_from_trusted_proxies_only(peer: str, lines: list[str], expected: str) -> None:
    headers = [("x-forwarded-for", line) for line in lines]
    answer = await client(peer, trusted_proxies=PROXIES).get("/tiny/who", headers=headers)
    assert answer.json()["address"] == expected


async def test_without_trusted_proxies_nobody_is_believed() -> None:
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
    for peer in ("127.0.0.1", "10.0.0.1", "::1"):
        answer = (await client(peer).get("/tiny/who", headers=headers)).json()
        assert (answer["address"], answer["base"]) == (peer, "http://tiny.test")


@pytest.mark.parametrize(
    ("peer", "given", "expected"),
    [
        ("10.0.0.1", "https", "https"), ("10.0.0.1", "https, http", "https"), ("10.0.0.1", "javascript", "http"),
        ("10.0.0.1", "", "http"), ("9.9.9.9", "https", "http"), ("10.0.0.1", None, "http"), ("10.0.0.1", " HTTPS", "https"),
    ],
)  # fmt: skip
async def test_the_scheme_is_the_one_the_client_used(peer: str, given: str | None, expected: str) -> None:
    headers = {"x-forwarded-proto": given} if given is not None else {}
    answer = await client(peer, trusted_proxies=PROXIES).get("/tiny/who", headers=headers)
    assert answer.json()["url"] == f"{expected}://tiny.test/tiny/who"
    assert ("strict-transport-security" in answer.headers) is (expected == "https")


async def test_the_public_address_wins_over_what_a_request_says() -> None:
    me = client(public_url="https://api.example.org/")
    answer = await me.get("/tiny/who", headers={"host": "evil.example"})
    assert answer.json()["url"] == "https://api.example.org/tiny/who"
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


# --- what every answer carries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["request-0001", "A" * 128, "a.b_c:d@e=f+g/h-i", "0123456789abcdef"])
async def test_a_plain_request_id_is_kept(given: str) -> None:
    answer = await client().get("/tiny/who", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"], answer.json()["id"]) == (given, given)


@pytest.mark.parametrize(
    "given", ["", "short", "A" * 129, "with space", "-leading", "<script>alert", "ümlaut-id", '"quoted"id', "a;b;c;d;e"]
)
async def test_any_other_request_id_is_replaced(given: str) -> None:
    answer = await client().get("/tiny/who", headers=[(b"x-request-id", given.encode("latin-1"))])
    made = answer.headers["x-request-id"]
    assert made != given
    assert (len(made), made[14]) == (36, "7")
    assert answer.json()["id"] == made


async def test_requests_have_different_ids() -> None:
    me = client()
    ids = {(await me.get("/tiny/who")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("path", ["/tiny/who", "/tiny/nowhere", "/loud/nowhere", "/", "/nowhere"])
async def test_every_answer_tells_a_browser_what_it_must_not_do(path: str) -> None:
    answer = await client().get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    if answer.text == "the site":
        assert policy.startswith("default-src 'self'; script-src 'self';")
    else:
        assert policy == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in answer.headers


async def test_an_answer_may_say_otherwise() -> None:
    answer = await client().get("/tiny/framed")
    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers.get_list("x-request-id") == ["its own"]
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- other web sites --------------------------------------------------------------------------------------------------

PREFLIGHT = {
    "origin": ORIGIN,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization",
}


async def test_a_browser_that_asks_before_it_calls_is_told_what_it_may() -> None:
    me = client(cors=Cors([ORIGIN]))
    for path in ("/tiny/who", "/tiny/nowhere", "/nowhere"):
        answer = await me.options(path, headers=PREFLIGHT)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-allow-headers"] == "authorization"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert answer.headers.get_list("vary") == ["Origin"]
    answer = await me.get("/tiny/who", headers={"origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://portal.example.org", f"{ORIGIN}.evil.example", "null", ""]
)
async def test_other_web_sites_get_no_permission(origin: str) -> None:
    me = client(cors=Cors([ORIGIN]))
    for answer in (
        await me.options("/tiny/who", headers={**PREFLIGHT, "origin": origin}),
        await me.get("/tiny/who", headers={"origin": origin}),
        await me.get("/tiny/nowhere", headers={"origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["vary"] == "Origin"


async def test_without_configuration_no_web_site_may_call() -> None:
    answer = await client().options("/tiny/who", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert not [name for name in answer.headers if name.startswith("access-control") or name == "vary"]


# --- what is noted ----------------------------------------------------------------------------------------------------


class Noted:
    """What is logged, as JSON."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def requests(self) -> list[Any]:
        lines = [msgspec.json.decode(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if line["event"] == "request"]


@pytest.fixture
def noted() -> Iterator[Noted]:
    """What is logged from the level `info` on; the configuration before comes back afterwards."""
    before, access, root = structlog.get_config(), observability._Access.stream, logging.getLogger()
    handlers, level, made = root.handlers, root.level, Noted()
    observability.configure_logging("json", "info", made.stream)
    yield made
    structlog.configure(**before)
    observability._Access.stream = access
    root.handlers, root.level = handlers, level


async def test_a_request_is_noted_by_its_declaration_and_never_by_what_the_caller_wrote(noted: Noted) -> None:
    await client(peer="1.2.3.4").get("/tiny/secret/ab12cd34?token=ef56", headers={"x-request-id": "request-0002"})
    await client().get("/tiny/ab12cd34")
    told = noted.requests
    assert [(each["api"], each["method"], each["path"], each["status"]) for each in told] == [
        ("tiny", "GET", "/tiny/secret/{key}", 200),
        ("tiny", "GET", "-", 404),
    ]
    assert (told[0]["address"], told[0]["request_id"]) == ("1.2.3.4", "request-0002")
    assert told[0]["ms"] >= 0
    assert "ab12cd34" not in noted.stream.getvalue()
    assert "ef56" not in noted.stream.getvalue()
    text = observability.metrics_text().decode()
    assert 'gridloom_request_seconds_count{api="tiny",operation="secretRead",status="200"}' in text
    assert "ab12cd34" not in text


async def test_an_application_that_breaks_is_noted_as_500(noted: Noted) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("no")

    app = Dispatcher([Mounted("broken", broken, ["/broken"])], Mounted("site", nobody), lifespan=idle, cors=Cors())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tiny.test") as me:
        assert (await me.get("/broken/x")).status_code == 500
    [told] = noted.requests
    assert (told["api"], told["status"]) == ("broken", 500)


# --- start and end ----------------------------------------------------------------------------------------------------


async def live(lifespan: Callable[[], Any]) -> list[dict[str, Any]]:
    """What the server hears of a start and an end."""
    asked = asyncio.Queue[dict[str, Any]]()
    for kind in ("lifespan.startup", "lifespan.shutdown"):
        asked.put_nowait({"type": kind})
    told: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        told.append(dict(message))

    await ring(lifespan=lifespan)({"type": "lifespan"}, asked.get, send)
    return told


async def test_start_and_end_are_told_in_their_order() -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        happened.append("open")
        yield
        happened.append("closed")

    assert [each["type"] for each in await live(running)] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert happened == ["open", "closed"]


async def test_a_start_that_fails_is_told_with_its_reason_and_nothing_runs() -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[None]:
        raise OSError("the disk is gone")
        yield

    with capture_logs() as logs:
        told = await live(failing)
    assert told == [{"type": "lifespan.startup.failed", "message": "the disk is gone"}]
    assert [each["event"] for each in logs] == ["start_failed"]


async def test_an_end_that_fails_is_an_end() -> None:
    @asynccontextmanager
    async def stubborn() -> AsyncIterator[None]:
        yield
        raise OSError("no")

    told: list[str] = []

    async def send(message: Any) -> None:
        told.append(message["type"])

    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    with pytest.raises(OSError, match="no"):
        await ring(lifespan=stubborn)({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_socket_goes_to_the_application_of_its_path() -> None:
    seen: list[str] = []

    async def sockets(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    app = Dispatcher([Mounted("ws", sockets, ["/ws"])], Mounted("site", nobody), lifespan=idle, cors=Cors())
    await app({"type": "websocket", "path": "/ws/7"}, None, None)  # type: ignore[arg-type]
    assert seen == ["/ws/7"]
