"""Start page, documentation, assets, and what is nowhere."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gridloom import __version__
from gridloom.app import API_NAMES, Application
from gridloom.kernel.http.openapi import encoded
from gridloom.kernel.security.headers import PAGE_POLICY

SCRIPTS = ("dom.js", "reader.js", "schema.js", "shared.js", "trial.js")
VOID = {"meta", "link", "img", "br", "input"}


class Page(HTMLParser):
    """The elements of a page, its texts, and whether every element was closed."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(answer.text)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, tag: str, name: str) -> list[str]:
        return [str(found[name]) for each, found in self.elements if each == tag and name in found]

    @property
    def addresses(self) -> list[str]:
        """Everything that the page loads or leads to, itself aside."""
        return [each for tag, name in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"))
                for each in self.values(tag, name) if not each.startswith("#")]  # fmt: skip

    @property
    def places(self) -> set[str]:
        """The places on the page itself that its links lead to."""
        return {each[1:] for each in self.values("a", "href") if each.startswith("#")}


async def page(client: httpx.AsyncClient, path: str, status: int = 200) -> Page:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    return Page(answer)


# --- pages ------------------------------------------------------------------------------------------------------------


async def test_the_start_page_lists_the_apis_and_the_state_of_the_parts(
    browser: httpx.AsyncClient, application: Application
) -> None:
    found = await page(browser, "/")
    text = " ".join(found.texts)
    for api in application.apis:
        assert api.name in found.texts
        assert str(len(api.operations)) in found.texts
        for prefix in api.prefixes:
            is_served = any(f"{each.path}/".startswith(f"{prefix}/") for each in api.operations)
            assert (prefix in found.texts) is is_served, prefix
        assert f"/docs/{api.name}" in found.addresses
        assert f"/{api.name}/openapi.json" in found.addresses
    assert __version__ in text
    for part in ("database", "events", "webhooks", "jobs", "files", "calculations", "weather"):
        assert part in found.texts
    assert "PostgreSQL" in text
    states = [found["class"] for tag, found in found.elements if tag == "li" and "class" in found]
    assert states[0] == "good"
    assert set(states) <= {"good", "bad"}


async def test_the_start_page_says_where_to_begin(browser: httpx.AsyncClient, application: Application) -> None:
    found = await page(browser, "/")
    assert found.texts.index("Where to begin") < found.texts.index("APIs") < found.texts.index("State")
    for command in ("run", "demo", "tenant create", "token create", "doctor"):
        assert f"gridloom {command}" in found.texts, command
    assert "Authorization: Bearer <token>" in found.texts
    assert {"apis", "essentials", "state"} <= found.places
    [mine] = [each for each in found.addresses if "#" in each]
    path, _, name = mine.partition("#")
    [api] = [each for each in application.apis if f"/docs/{each.name}" == path]
    assert [each.path for each in api.operations if each.name == name] == ["/communities/my-communities"]


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/metering", "/nowhere"])
async def test_every_address_on_a_page_is_there_and_of_this_server(browser: httpx.AsyncClient, path: str) -> None:
    found = Page(await browser.get(path))
    assert len(found.addresses) > 2
    for address in found.addresses:
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
        assert (await browser.get(address)).status_code == 200, address
    assert "main" in found.places
    assert found.places <= {str(given["id"]) for _, given in found.elements if "id" in given}


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/charging", "/nowhere"])
async def test_no_page_needs_a_script_or_style_of_its_own_text(browser: httpx.AsyncClient, path: str) -> None:
    found = Page(await browser.get(path))
    assert [tag for tag, given in found.elements if tag == "script" and "src" not in given] == []
    assert [tag for tag, _ in found.elements if tag == "style"] == []
    assert [name for _, given in found.elements for name in given if name.startswith("on") or name == "style"] == []
    assert found.values("html", "lang") == ["en"]


@pytest.mark.parametrize("name", API_NAMES)
async def test_the_reader_of_an_api_loads_its_document(browser: httpx.AsyncClient, name: str) -> None:
    for path in (f"/docs/{name}", f"/docs/{name}/", f"/{name}/docs"):
        found = await page(browser, path)
        assert found.values("div", "data-document") == [f"/{name}/openapi.json"]
        assert found.values("script", "src") == ["/assets/reader.js"]
        assert [given.get("href") for tag, given in found.elements if given.get("aria-current")] == [f"/docs/{name}"]


async def test_the_library_lists_every_document(browser: httpx.AsyncClient) -> None:
    found = await page(browser, "/docs")
    assert [each for each in found.addresses if each.startswith("/docs/")] == [f"/docs/{name}" for name in API_NAMES]


@pytest.mark.parametrize("name", API_NAMES)
async def test_a_document_is_served_as_it_was_built(
    anonymous: httpx.AsyncClient, application: Application, name: str
) -> None:
    [api] = [each for each in application.apis if each.name == name]
    answer = await anonymous.get(f"/{name}/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == encoded(api)
    assert answer.json()["openapi"] == "3.1.0"
    assert len([each for item in answer.json()["paths"].values() for each in item]) == len(api.operations)


# --- assets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("site.css", "text/css; charset=utf-8"),
        *((name, "text/javascript; charset=utf-8") for name in SCRIPTS),
        ("mark.svg", "image/svg+xml"),
    ],
)
async def test_an_asset_has_its_media_type_and_loads_nothing_from_elsewhere(
    anonymous: httpx.AsyncClient, name: str, media: str
) -> None:
    answer = await anonymous.get(f"/assets/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (files("gridloom.web") / "assets" / name).read_bytes()
    elsewhere = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", answer.text)
    assert [each for each in elsewhere if "www.w3.org" not in each] == []


OUTSIDE = [
    "nothing.css", "../site.py", "..%2fsite.py", "%2e%2e%2fsite.py", "site.py", "__init__.py", "site.css%00.js", ".css", "",
    "site.css/", "sub/site.css", "a" * 300 + ".css", "..%5csite.py", "%2fetc%2fpasswd",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
async def test_nothing_else_is_an_asset(anonymous: httpx.AsyncClient, name: str) -> None:
    answer = await anonymous.get(f"/assets/{name}")
    if name == "site.css/":
        assert answer.status_code == 200
    else:
        assert answer.status_code == 404
        assert "import" not in answer.text


# --- what is nowhere --------------------------------------------------------------------------------------------------


async def test_what_is_nowhere_is_a_page_for_people_and_json_for_programs(
    browser: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    for path in ("/nowhere", "/docs/nowhere", "/nowhere/openapi.json", "/assets/nowhere.css", "/nowhere/docs"):
        found = await page(browser, path, 404)
        assert "404" in found.texts
        answer = await anonymous.get(path)
        assert answer.status_code == 404
        assert answer.json() == {"message": answer.json()["message"], "status": 404}
        assert answer.headers["content-type"] == "application/json"
    assert (await anonymous.get("/docs/nowhere")).json()["message"] == "There is no such API."


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/docs/<b>x", "/%3Cimg%20src=x%3E", "/a?<script>"])
async def test_nothing_that_a_caller_writes_becomes_part_of_a_page(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    for written in ("<script>alert", "<b>x", "<img src=x", "?<script>"):
        assert written not in answer.text


async def test_another_method_is_told_in_both_forms(browser: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    for client in (browser, anonymous):
        answer = await client.post("/docs")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]
    assert (await anonymous.post("/docs")).json()["status"] == 405


@pytest.mark.parametrize(
    "path", ["/", "/docs/metering", "/metering/openapi.json", "/assets/site.css", "/health/live", "/metrics"]
)
async def test_head_answers_like_get_without_the_body(anonymous: httpx.AsyncClient, path: str) -> None:
    got, head = await anonymous.get(path), await anonymous.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


async def test_a_mistake_of_ours_is_told_without_details_and_logged(
    browser: httpx.AsyncClient, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr("gridloom.web.pages.library", broken)
    for client in (browser, anonymous):
        with capture_logs() as logs:
            answer = await client.get("/docs", headers={"x-request-id": "request-site"})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "1234" not in answer.text
        assert answer.headers["x-request-id"] == "request-site"
        [failed] = [each for each in logs if each["log_level"] == "error"]
        assert isinstance(failed["exc_info"], RuntimeError)
    assert answer.json()["status"] == 500
