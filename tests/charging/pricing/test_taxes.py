"""Taxes."""

from typing import ClassVar

import pytest
from tests.charging.kit import caller_of
from tests.suites.client import Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.pricing.resources import taxes

URL = "/public-api/resources/taxes/v2.0"
VAT = {"name": "VAT", "percentage": 21.5, "displayName": [{"locale": "en", "translation": "VAT"}]}


class TestTaxes(ResourceSuite):
    resource = taxes
    good: ClassVar = VAT
    changed: ClassVar = {"percentage": 6}
    bad: ClassVar = {
        "percentage": (-1, 100.5, "many", None, 1e300, 20.123456),
        "displayName": (
            "VAT", [{"locale": 5}], [{"locale": "en"}], [{"translation": "VAT"}], [{"locale": "not a tag", "translation": "VAT"}],
        ),
        "name": ("", 5, None, "x" * 300, "a\x00b"),
        "taxIdentificationNumberId": (0, -1, "x", 2**63),
    }  # fmt: skip


async def test_half_a_translation_is_refused_at_its_place(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {**VAT, "displayName": [{"locale": "en", "translation": "VAT"}, {"locale": "nl"}]}
    answer = await caller.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.json() == {
        "message": "The given data was invalid.",
        "errors": {"displayName.1.translation": ["This field is required."]},
    }
    assert await caller.all(URL) == []


async def test_a_language_said_twice_keeps_what_was_said_last(callers: Callers) -> None:
    caller = await caller_of(callers)
    texts = [{"locale": "en", "translation": "VAT"}, {"locale": "nl", "translation": "BTW"}]
    body = {**VAT, "displayName": [{"locale": "en", "translation": "Tax"}, texts[1], texts[0]]}
    answer = await caller.post(URL, json=body)
    assert answer.json()["data"]["displayName"] == texts


async def test_languages_that_an_update_leaves_out_are_gone(callers: Callers) -> None:
    caller = await caller_of(callers)
    tax = (await caller.post(URL, json=VAT)).json()["data"]
    french = [{"locale": "fr", "translation": "TVA"}]
    answer = await caller.patch(f"{URL}/{tax['id']}", json={"displayName": french})
    assert answer.json()["data"] == {
        **tax,
        "displayName": french,
        "lastUpdatedAt": answer.json()["data"]["lastUpdatedAt"],
    }
    assert answer.json()["data"]["lastUpdatedAt"] > tax["lastUpdatedAt"]


async def test_a_tax_that_another_row_points_at_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    tax = (await caller.post(URL, json=VAT)).json()["data"]
    async with caller.application.database.system() as tx:
        await tx.run(
            "CREATE TABLE charging.taxed (tenant_id int, tax_id bigint, FOREIGN KEY (tenant_id, tax_id) "
            "REFERENCES charging.tax (tenant_id, id) ON DELETE RESTRICT)"
        )
        await tx.run("INSERT INTO charging.taxed VALUES (:tenant, :tax)", tenant=caller.tenant, tax=tax["id"])
    try:
        answer = await caller.delete(f"{URL}/{tax['id']}")
        assert answer.status_code == 409
        assert answer.json() == {"message": "This is still in use."}
        answers(caller.api, answer, "DELETE", f"{URL}/{{tax}}")
        assert (await caller.get(f"{URL}/{tax['id']}")).status_code == 200
    finally:
        async with caller.application.database.system() as tx:
            await tx.run("DROP TABLE charging.taxed")
    assert (await caller.delete(f"{URL}/{tax['id']}")).status_code == 204


@pytest.mark.parametrize("query", [{}, {"per_page": "2"}, {"cursor": ""}, {"cursor": "", "per_page": "2"}])
async def test_only_a_page_by_number_is_announced_to_end(callers: Callers, query: dict[str, str]) -> None:
    caller = await caller_of(callers)
    for number in range(3):
        assert (await caller.post(URL, json={**VAT, "name": f"VAT {number}"})).status_code == 201
    answer = await caller.get(URL, params=query)
    assert answer.status_code == 200
    assert not {"deprecation", "sunset"} & set(answer.headers)
    assert ("current_page" in answer.json()["meta"]) is ("cursor" not in query)
    numbered = await caller.get(URL, params={**query, "page": "1"} if "cursor" not in query else {"page": "1"})
    assert numbered.headers["deprecation"] == "@1780272000"
    assert numbered.headers["sunset"] == "Mon, 01 Jun 2026 00:00:00 GMT"


async def test_a_numbered_page_says_where_it_stands(callers: Callers) -> None:
    caller = await caller_of(callers)
    for number in range(5):
        assert (await caller.post(URL, json={**VAT, "name": f"VAT {number}"})).status_code == 201
    answer = (await caller.get(URL, params={"page": "2", "per_page": "2"})).json()
    assert [tax["name"] for tax in answer["data"]] == ["VAT 2", "VAT 3"]
    meta = {name: value for name, value in answer["meta"].items() if name != "links"}
    where = f"http://gridloom.test{URL}"
    assert meta == {"current_page": 2, "from": 3, "last_page": 3, "path": where, "per_page": 2, "to": 4, "total": 5}
    assert answer["links"] == {
        "first": f"{where}?per_page=2&page=1",
        "last": f"{where}?per_page=2&page=3",
        "prev": f"{where}?per_page=2&page=1",
        "next": f"{where}?per_page=2&page=3",
    }
    beyond = (await caller.get(URL, params={"page": "9", "per_page": "2"})).json()
    assert beyond["data"] == []
    assert (beyond["meta"]["from"], beyond["meta"]["to"], beyond["meta"]["total"]) == (None, None, 5)


async def test_a_walk_that_begins_without_an_equals_sign(callers: Callers) -> None:
    caller = await caller_of(callers)
    await caller.post(URL, json=VAT)
    answer = await caller.get(f"{URL}?cursor")
    assert answer.json()["meta"] == {
        "path": f"http://gridloom.test{URL}", "per_page": 100, "next_cursor": None, "prev_cursor": None,
    }  # fmt: skip
    assert answer.json()["links"] == {"first": None, "last": None, "prev": None, "next": None}
