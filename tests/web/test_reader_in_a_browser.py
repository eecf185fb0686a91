"""The reader of the documents in a real browser, over a real socket."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from tests.web.browsing import Tab, served

from gridloom.app import API_NAMES, Application
from gridloom.web.site import Site

CARDS = """[...document.querySelectorAll('details.op')].map((card) => [card.id, card.querySelector('.verb').textContent,
    card.querySelector('.path').textContent, card.querySelector('.old') !== null])"""
BODY = "[...document.querySelectorAll('#%s section')].find((each) => each.querySelector('h4').innerText === 'Body')"
SHOWN = "[...document.querySelectorAll('%s')].filter((each) => each.checkVisibility()).map((each) => each.innerText)"


def struct(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(name: str) -> dict[str, Any]:
    return {"type": "array", "items": ref(name)}


TEXT = {"type": "string"}
SCHEMAS = {
    "House": {
        **struct("floors", floors=listed("Floor"), owner=ref("Owner")),
        "description": "A house.\n\nWith `floors`.",
    },
    "Floor": struct(rooms=listed("Room")),
    "Room": struct(windows={"anyOf": [listed("Window"), {"type": "null"}]}),
    "Window": struct(panes=listed("Pane")),
    "Pane": {**struct(glass=TEXT, house=ref("House")), "description": "What is looked through."},
    "Owner": struct(name=TEXT, boss={"anyOf": [ref("Owner"), {"type": "null"}]}),
    "Cat": struct(meows={"type": "boolean"}),
    "Dog": struct(barks={"type": "boolean"}),
}


def told(name: str, tag: str, description: str = "", body: Any = None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": name,
        "summary": "Do it",
        "tags": [tag],
        "responses": {"204": {"description": "Done"}},
    }
    if body is not None:
        out["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return out | ({"description": description} if description else {})


PROSE = "Do it.\n\nFirst `a<b>`\nline.\n\nSecond <img src=x onerror=alert(1)>."
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Houses", "version": "1"},
    "paths": {
        "/z": {
            "post": told("post_z", "ZooKeepers", PROSE, ref("House")),
            "put": told("put_z", "IDs", "Do it well.", {"anyOf": [ref("Cat"), ref("Dog")]}),
        },
        "/a": {
            "get": told("get_a", "area / of things", "Do it."),
            "delete": told("delete_a", "ZooKeepers", "Do it. But slowly."),
        },
    },
    "components": {"schemas": SCHEMAS},
}  # fmt: skip


@pytest.fixture
async def houses(application: Application) -> AsyncIterator[str]:
    """A reader of a document of this test."""
    site = Site(application.services, application.apis, {"metering": json.dumps(DOCUMENT).encode()})
    async with served(site.asgi) as address:
        yield f"{address}/docs/metering"


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", API_NAMES)
async def test_the_reader_shows_every_operation_of_an_api_and_each_can_be_opened(
    address: str, application: Application, tab: Tab, name: str
) -> None:
    await tab.open(f"{address}/docs/{name}")
    [api] = [each for each in application.apis if each.name == name]
    shown = await tab.js(CARDS)
    assert sorted(shown) == sorted([each.name, each.method, each.path, each.deprecated] for each in api.operations)
    assert (await tab.text("h1")).startswith(f"{api.title} ")
    await tab.js("document.querySelectorAll('details.op').forEach((card) => { card.open = true; })")
    await tab.until("[...document.querySelectorAll('details.op')].every((card) => card.querySelector('form button'))")
    ids = "[...document.querySelectorAll('[id]')].map((each) => each.id)"
    assert await tab.js(f"{ids}.length - new Set({ids}).size") == 0


async def test_sections_come_in_the_order_of_the_document_with_headings_for_people(houses: str, tab: Tab) -> None:
    await tab.open(houses)
    assert await tab.js(SHOWN % "h2") == ["Zoo keepers", "IDs", "Area / of things"]
    assert await tab.js(SHOWN % ".side li") == ["Zoo keepers 2", "IDs 1", "Area / of things 1"]
    assert await tab.js("[...document.querySelectorAll('.op')].map((each) => each.id)") == [
        "post_z", "delete_a", "put_z", "get_a",
    ]  # fmt: skip
    await tab.js("[...document.querySelectorAll('.side li a')].at(-1).click()")
    await tab.until("document.activeElement.innerText === 'Area / of things'")


async def test_the_search_hides_headings_without_operations(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/communities")
    everything = await tab.js(SHOWN % "h2")
    assert "Sharing operations" in everything
    await tab.type("#search", "post /keys/")
    assert await tab.js(SHOWN % "h2") == ["Keys"]
    assert await tab.js(SHOWN % ".side li") == ["Keys 6"]
    assert await tab.js(SHOWN % ".op .path") == ["/keys/"]
    assert await tab.text("[role=search] [role=status]") == "1 found"
    await tab.type("#search", "nothing of the kind")
    assert await tab.js(SHOWN % "h2") == []
    await tab.js("(search.value = '', search.dispatchEvent(new Event('input')))")
    assert await tab.js(SHOWN % "h2") == everything


# --- schemas ----------------------------------------------------------------------------------------------------------


async def test_descriptions_and_values_of_nullable_fields_are_shown(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/communities")
    operation = "post_meters"
    await tab.js(f"document.getElementById('{operation}').open = true")
    await tab.until(f"document.querySelector('#{operation} .tree')")
    rows = await tab.js(f"[...document.querySelectorAll('#{operation} .tree li')].map((each) => each.innerText)")
    fields = {row.split()[0]: " ".join(row.split()) for row in rows}
    assert "1 | 2 | 3 | 4 or null" in fields["injection_status"]
    assert "Without it the meter feeds nothing in." in fields["injection_status"]
    assert "1 | 2 | 3 | 4 | 5 | 6 | 7 or null" in fields["production_chain"]
    assert "5 biogas" in fields["production_chain"]
    assert "A member of this community, whose meter it is." in fields["member_id"]


async def test_nested_fields_are_shown_to_the_bottom(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/communities#post_keys")
    body = " ".join((await tab.js(BODY % "post_keys" + ".innerText")).split())
    assert "consumers list of ConsumerWrite, items ≤ 5000" in body
    assert "Share of the round, 0 to 1; -1: by need." in body
    assert "A new key." in body


async def test_below_the_third_level_fields_are_folded_and_a_circle_is_named(houses: str, tab: Tab) -> None:
    await tab.open(f"{houses}#post_z")
    shown = SHOWN % "#post_z .tree code"
    assert await tab.js(shown) == ["floors", "rooms", "windows", "Window", "owner", "name", "boss", "Owner"]
    assert await tab.text("#post_z .tree p.type") == "The fields of Owner again, as above."
    await tab.js("document.querySelector('#post_z .tree details.fold').open = true")
    await tab.until("document.querySelectorAll('#post_z .tree details.fold').length === 2")
    assert (await tab.js(shown))[3:6] == ["Window", "panes", "Pane"]
    await tab.js("document.querySelectorAll('#post_z .tree details.fold')[1].open = true")
    await tab.until("document.querySelector('#post_z .tree').innerText.includes('glass')")
    assert (await tab.js(shown))[5:9] == ["Pane", "glass", "house", "floors"]
    assert (await tab.js(shown))[9] == "House"
    assert await tab.text("#post_z .tree p.type") == "The fields of House again, as above."


async def test_alternatives_are_named_apart(houses: str, tab: Tab) -> None:
    await tab.open(f"{houses}#put_z")
    shown = await tab.text("#put_z > div")
    assert "Cat or Dog" in shown
    assert "As Cat: meows boolean As Dog: barks boolean" in shown


# --- prose ------------------------------------------------------------------------------------------------------------


async def test_descriptions_are_paragraphs_with_code_and_nothing_in_them_is_markup(houses: str, tab: Tab) -> None:
    await tab.open(f"{houses}#post_z")
    paragraphs = "[...document.querySelectorAll('#post_z > div > p')].map((each) => each.textContent)"
    assert await tab.js(paragraphs) == ["First a<b>\nline.", "Second <img src=x onerror=alert(1)>."]
    assert await tab.js("document.querySelector('#post_z > div > p code').textContent") == "a<b>"
    assert await tab.js("document.querySelectorAll('#post_z img, #post_z b:not(.bare b)').length") == 0
    assert await tab.js(f"[...{BODY % 'post_z'}.children].slice(1, 4).map((each) => each.innerText)") == [
        "application/json: House", "A house.", "With floors.",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "left"), [("get_a", []), ("delete_a", ["But slowly."]), ("put_z", ["Do it well."])])
async def test_the_summary_is_not_said_twice(houses: str, tab: Tab, name: str, left: list[str]) -> None:
    await tab.open(f"{houses}#{name}")
    assert await tab.js(f"[...document.querySelectorAll('#{name} > div > p')].map((each) => each.innerText)") == left


# --- addresses, widths, keyboard --------------------------------------------------------------------------------------


async def test_an_address_opens_its_operation_below_the_header(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/communities#post_keys")
    top = "document.querySelector('#%s summary').getBoundingClientRect().top"
    header = await tab.js("document.querySelector('header').getBoundingClientRect().bottom")
    for name in ("post_keys", "get_users"):
        await tab.js(f"location.hash = '#{name}'")
        await tab.until(f"document.getElementById('{name}').open && document.querySelector('#{name} form')")
        await tab.until(f"document.activeElement.parentNode.id === '{name}'")
        assert header <= await tab.js(top % name) < 700, name
        assert await tab.js(f"document.elementFromPoint(700, {top % name} + 8).closest('details')?.id") == name
    assert await tab.js("document.querySelectorAll('details.op[open]').length") == 2


async def test_an_address_brings_back_what_the_search_has_hidden(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/communities")
    await tab.type("#search", "sharing")
    assert await tab.js("document.getElementById('post_keys').checkVisibility()") is False
    await tab.js("location.hash = '#post_keys'")
    await tab.until("document.getElementById('post_keys').open")
    assert await tab.js("document.getElementById('post_keys').checkVisibility()") is True
    assert await tab.js("search.value") == ""


async def test_an_address_of_nothing_does_no_harm(address: str, tab: Tab) -> None:
    for hash_ in ("#nothing", "#%E0%A4%A"):
        await tab.open(f"{address}/docs/metering{hash_}")
        assert await tab.js("document.querySelectorAll('details.op').length") > 20
        assert await tab.js("document.querySelectorAll('details.op[open]').length") == 0


@pytest.mark.parametrize("path", ["/", "/docs", "/nowhere", *(f"/docs/{name}" for name in API_NAMES)])
@pytest.mark.parametrize("pixels", [360, 500])
async def test_nothing_is_cut_off_on_a_narrow_screen(address: str, tab: Tab, path: str, pixels: int) -> None:
    await tab.width(pixels)
    await tab.open(f"{address}{path}")
    await tab.js("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    await tab.until("[...document.querySelectorAll('details.op')].every((card) => card.querySelector('form button'))")
    assert await tab.js("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    edge = await tab.js("document.documentElement.clientWidth") + 1
    beyond = (
        "[...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && !each.matches('.skip')"
        f" && each.getBoundingClientRect().right > {edge}).map((each) => each.outerHTML.slice(0, 200))"
    )
    assert await tab.js(beyond) == []


async def test_the_keyboard_reaches_and_opens_everything(address: str, tab: Tab) -> None:
    await tab.open(f"{address}/docs/portal")
    await tab.press("Tab", 9)
    assert await tab.js("document.activeElement.innerText") == "To the content"
    assert await tab.js("document.activeElement.getBoundingClientRect().left >= 0")
    await tab.press("Enter", 13, "\r")
    await tab.until("document.activeElement.id === 'main'")
    reached = []
    for _ in range(40):
        await tab.press("Tab", 9)
        reached.append(await tab.js("document.activeElement.id || document.activeElement.tagName"))
        if reached[-1] == "SUMMARY":
            break
    assert reached[:2] == ["search", "shared-authorization"]
    assert reached[-1] == "SUMMARY"
    await tab.press("Enter", 13, "\r")
    await tab.until("document.querySelector('details.op[open] form')")
    assert await tab.js("document.activeElement.parentNode.open")


@pytest.mark.parametrize("name", API_NAMES)
async def test_every_field_and_heading_has_a_name_for_those_who_listen(address: str, tab: Tab, name: str) -> None:
    await tab.open(f"{address}/docs/{name}")
    await tab.js("document.querySelectorAll('details.op').forEach((each) => { each.open = true; })")
    await tab.until("[...document.querySelectorAll('details.op')].every((card) => card.querySelector('form button'))")
    fields = "[...document.querySelectorAll('input, select, textarea')]"
    assert await tab.js(f"{fields}.length") > 5
    assert (
        await tab.js(f"{fields}.filter((each) => !each.labels.length || !each.labels[0].innerText.trim()).length") == 0
    )
    levels = await tab.js("[...document.querySelectorAll('h1, h2, h3, h4')].map((each) => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert max(after - before for before, after in pairwise(levels)) == 1
    assert await tab.js("[...document.querySelectorAll('nav')].map((each) => each.ariaLabel)") == [
        "Documentation",
        "Sections",
    ]
    assert await tab.js("document.querySelectorAll('form [role=status]').length") == await tab.js(
        "document.forms.length"
    )
