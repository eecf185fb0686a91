"""Trying operations from the documentation: tokens and headers, forms with files, downloads, long answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar import Request, Response, get, post
from litestar.params import FromPath
from tests.communities.kit import Community, Person, World
from tests.communities.members.samples import made as new_member
from tests.web.browsing import Tab, served

from gridloom.app import Application
from gridloom.web.site import Site

TOKEN = "#shared-authorization"
COMMUNITY = "#shared-x-community-id"
BYTES = bytes(range(256)) * 40


async def opened(tab: Tab, operation: str) -> None:
    await tab.js(f"document.getElementById('{operation}').open = true")
    await tab.until(f"document.querySelector('#{operation} form')")


async def sent(tab: Tab, operation: str) -> str:
    """What the page says of the answer's status."""
    form = f"document.querySelector('#{operation} form')"
    await tab.js(f"{form}.querySelector('button').click()")
    await tab.until(f"/^(\\d|No answer|.* is needed)/.test({form}.querySelector('.status').innerText)")
    return await tab.text(f"#{operation} .status")


async def signed_in(tab: Tab, address: str, person: Person, community: Community) -> None:
    await tab.open(f"{address}/docs/communities")
    await tab.type(TOKEN, person.token)
    await tab.type(COMMUNITY, community.auth_id)


@pytest.fixture
async def ada(world: World) -> Person:
    """A user."""
    return await world.person()


@pytest.fixture
async def street(world: World, ada: Person) -> Community:
    """A community whose only administrator is ada."""
    return await world.community(ada)


# --- once for all operations ------------------------------------------------------------------------------------------


async def test_token_and_community_are_entered_once_for_all_operations(
    address: str, tab: Tab, ada: Person, street: Community
) -> None:
    await signed_in(tab, address, ada, street)
    for operation in ("get_keys", "get_members"):
        await opened(tab, operation)
        assert await tab.js(f"document.querySelector('#{operation} form [name=x-community-id]')") is None
        assert await sent(tab, operation) == "200 OK"
        assert json.loads(await tab.js(f"document.querySelector('#{operation} pre').innerText"))["data"] is not None


async def test_what_was_entered_stays_in_the_session_of_the_tab_and_nowhere_else(
    address: str, tab: Tab, ada: Person, street: Community
) -> None:
    await signed_in(tab, address, ada, street)
    await tab.open(f"{address}/docs/metering")
    assert await tab.js(f"document.querySelector('{TOKEN}').value") == ada.token
    await tab.open(f"{address}/docs/communities")
    assert await tab.js(f"document.querySelector('{COMMUNITY}').value") == street.auth_id
    assert await tab.js("[localStorage.length, document.cookie]") == [0, ""]
    stored = {"gridloom:authorization": ada.token, "gridloom:x-community-id": street.auth_id}
    assert await tab.js("({...sessionStorage})") == stored
    assert ada.token not in await tab.js("location.href")
    await tab.js(f"document.querySelector('{TOKEN}').value = ''")
    await tab.js(f"document.querySelector('{TOKEN}').dispatchEvent(new Event('input'))")
    assert await tab.js("({...sessionStorage})") == {"gridloom:x-community-id": street.auth_id}


async def test_a_shared_header_that_is_missing_is_asked_for(address: str, tab: Tab, ada: Person) -> None:
    await tab.open(f"{address}/docs/communities")
    await tab.type(TOKEN, f"Bearer {ada.token}")
    await opened(tab, "get_keys")
    assert "x-community-id is needed" in await sent(tab, "get_keys")
    assert await tab.js("document.activeElement.id") == COMMUNITY[1:]
    await opened(tab, "get_communities_my_communities")
    assert await sent(tab, "get_communities_my_communities") == "200 OK"


async def test_a_refusal_is_shown_with_its_reason(address: str, tab: Tab, street: Community) -> None:
    await tab.open(f"{address}/docs/communities")
    await tab.type(TOKEN, "wrong")
    await tab.type(COMMUNITY, street.auth_id)
    await opened(tab, "get_keys")
    assert await sent(tab, "get_keys") == "401 Unauthorized"
    assert json.loads(await tab.js("document.querySelector('#get_keys pre').innerText"))["statusCode"] == 401


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_file_goes_up_from_a_form_and_comes_down_through_a_link(
    address: str, tab: Tab, ada: Person, street: Community, tmp_path: Path
) -> None:
    member = await new_member(street)
    given, folder = tmp_path / "contract.pdf", tmp_path / "saved"
    given.write_bytes(b"%PDF-1.7 " + BYTES)
    folder.mkdir()
    await signed_in(tab, address, ada, street)

    up = "post_documents"
    await opened(tab, up)
    assert await tab.js(f"document.querySelector('#{up} textarea')") is None
    await tab.choose(f"#{up} [name=file]", given)
    await tab.type(f"#{up} [name=id_member]", str(member))
    assert await sent(tab, up) == "200 OK"
    listed = await ada.call("GET", f"/documents/{member}", street, template="/documents/{member_id}")
    [row] = listed.json()["data"]
    assert (row["file_name"], row["file_size"], row["file_type"]) == ("contract.pdf", 10249, "application/pdf")

    down = "get_documents_member_id_document_id"
    await opened(tab, down)
    await tab.type(f"#{down} [name=member_id]", str(member))
    await tab.type(f"#{down} [name=document_id]", str(row["id"]))
    assert await sent(tab, down) == "200 OK"
    assert await tab.text(f"#{down} form div") == "Save contract.pdf 10.2 kB, application/pdf"
    assert await tab.js(f"document.querySelector('#{down} pre')") is None
    await tab.save_into(folder)
    await tab.js(f"document.querySelector('#{down} a.save').click()")
    async with asyncio.timeout(20):
        while [each.name for each in folder.iterdir()] != ["contract.pdf"]:  # noqa: ASYNC110 - the browser writes it
            await asyncio.sleep(0.05)
    assert (folder / "contract.pdf").read_bytes() == given.read_bytes()


async def test_a_form_without_its_file_is_not_sent(address: str, tab: Tab, ada: Person, street: Community) -> None:
    await signed_in(tab, address, ada, street)
    await opened(tab, "post_documents")
    await tab.type("#post_documents [name=id_member]", "1")
    await tab.js("document.querySelector('#post_documents button').click()")
    assert await tab.js("document.activeElement.name") == "file"
    assert await tab.text("#post_documents .status") == ""


# --- other answers and other inputs -----------------------------------------------------------------------------------


@get("/long", sync_to_thread=False)
def long() -> Response[str]:
    return Response("x" * 60_000, media_type="text/plain")


@get("/page", sync_to_thread=False)
def page() -> Response[bytes]:
    headers = {"content-disposition": "attachment; filename*=UTF-8''caf%C3%A9.html"}
    return Response(b"<script>alert(1)</script>", media_type="text/html", headers=headers)


@get("/raw", sync_to_thread=False)
def raw() -> Response[bytes]:
    return Response(BYTES, media_type="application/x-thing")


@post("/echo/{name:str}", status_code=200)
async def echo(request: Request[None, None, dict[str, str]], name: FromPath[str]) -> dict[str, object]:
    sent_headers = [request.headers.get(each, "") for each in ("authorization", "x-key", "x-own")]
    return {
        "name": name,
        "query": str(request.url.query),
        "headers": sent_headers,
        "body": (await request.body()).decode(),
    }


def plain(name: str) -> dict[str, object]:
    return {"operationId": name, "summary": name, "responses": {}, "security": []}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Echo", "version": "1"},
    "security": [{"bearer": []}, {"key": []}],
    "paths": {
        **{f"/{name}": {"get": plain(name)} for name in ("long", "page", "raw")},
        "/echo/{name}": {
            "post": {
                "operationId": "echo", "summary": "Echo", "responses": {},
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "kind", "in": "query", "schema": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}},
                    {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"name": "filter", "in": "query", "style": "deepObject", "explode": True,
                     "schema": {"type": "object", "properties": {"size": {"type": "integer"}, "old": {"type": "boolean"}}}},
                    {"name": "x-own", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
            }
        },
    },
    "components": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        }
    },
}  # fmt: skip


@pytest.fixture
async def echoing(application: Application, tab: Tab) -> AsyncIterator[Tab]:
    """The reader of operations that answer in many ways."""
    site = Site(application.services, application.apis, {"metering": json.dumps(DOCUMENT).encode()})
    for handler in (long, page, raw, echo):
        site.asgi.register(handler)
    async with served(site.asgi) as address:
        await tab.open(f"{address}/docs/metering")
        yield tab


async def test_every_kind_of_parameter_arrives_as_the_document_says(echoing: Tab) -> None:
    tab = echoing
    await tab.type(TOKEN, "Bearer secret")
    await tab.type("#shared-x-key", "other")
    await opened(tab, "echo")
    assert await tab.js("[...document.querySelectorAll('#echo [name=kind] option')].map((each) => each.value)") == [
        "",
        "a",
        "b",
    ]
    values = {"name": "a/$&b", "ids": "1, 2,", "filter[size]": "7", "x-own": "mine", "body": '{"a": "é"}'}
    for name, value in values.items():
        await tab.type(f"#echo [name='{name}']", value)
    await tab.js("document.querySelector('#echo [name=kind]').value = 'b'")
    await tab.js("document.querySelector(\"#echo [name='filter[old]']\").value = 'false'")
    assert await sent(tab, "echo") == "404 Not Found"  # a slash in a path parameter is one name, which is nowhere here
    await tab.type("#echo [name=name]", "$&b c")
    assert await sent(tab, "echo") == "200 OK"
    assert json.loads(await tab.js("document.querySelector('#echo pre').innerText")) == {
        "name": "$&b c", "query": "kind=b&ids=1&ids=2&filter%5Bsize%5D=7&filter%5Bold%5D=false",
        "headers": ["Bearer secret", "other", "mine"], "body": '{"a": "é"}',
    }  # fmt: skip


async def test_a_long_text_wraps_and_can_be_saved_whole(echoing: Tab) -> None:
    tab = echoing
    await tab.width(500)
    await opened(tab, "long")
    assert await sent(tab, "long") == "200 OK"
    assert await tab.js("document.querySelector('#long pre').innerText") == "x" * 50_000
    assert await tab.js("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert (
        await tab.js(
            "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#long pre'))"
        )
        == 0
    )
    assert await tab.text("#long form div > p:first-child") == "The first 50000 of 60000 characters:"
    assert await tab.text("#long form div > p:last-child") == "Save answer 60.0 kB, text/plain"


async def test_a_page_that_comes_as_a_file_is_text_here_and_saved_without_its_type(echoing: Tab) -> None:
    tab = echoing
    await opened(tab, "page")
    assert await sent(tab, "page") == "200 OK"
    assert await tab.js("document.querySelector('#page pre').innerText") == "<script>alert(1)</script>"
    assert await tab.text("#page form p:last-child") == "Save café.html 25 bytes, text/html"
    link = "document.querySelector('#page a.save')"
    assert await tab.js(f"{link}.download") == "café.html"


async def test_bytes_of_an_unknown_kind_become_a_link(echoing: Tab) -> None:
    await opened(echoing, "raw")
    assert await sent(echoing, "raw") == "200 OK"
    assert await echoing.text("#raw form div") == "Save answer 10.2 kB, application/x-thing"
