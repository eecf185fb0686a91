"""Searches for contacts, organisations, addresses and phone numbers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.commerce.kit import (
    UNKNOWN,
    WRITE,
    address,
    caller_of,
    contact,
    done,
    organisation,
    phone,
    refused,
    stranger_of,
)
from tests.suites.client import Caller, Callers


async def any_contact(caller: Caller, n: int) -> dict[str, Any]:
    return await contact(caller, f"p{n}@example.org")


async def any_organisation(caller: Caller, n: int) -> dict[str, Any]:
    return await organisation(caller, f"o{n}")


async def any_address(caller: Caller, n: int) -> dict[str, Any]:
    return await address(caller, premise_number=n)


async def any_phone(caller: Caller, n: int) -> dict[str, Any]:
    return await phone(caller, f"+3247123456{n}")


Make = Callable[[Caller, int], Awaitable[dict[str, Any]]]
SEARCHES: list[tuple[str, Make]] = [
    ("/rel/contacts", any_contact),
    ("/rel/search/organisations", any_organisation),
    ("/rel/search/address", any_address),
    ("/rel/search/phonenumbers", any_phone),
]
every_search = pytest.mark.parametrize(("url", "make"), SEARCHES)


async def search(caller: Caller, url: str, *constraints: dict[str, Any], name: str = "constraints") -> list[str]:
    return [each["id"] for each in await done(caller, "POST", url, json={name: list(constraints)})]


@every_search
async def test_ids_are_found_in_every_spelling(callers: Callers, url: str, make: Make) -> None:
    caller = await caller_of(callers)
    made = [(await make(caller, n))["id"] for n in range(3)]
    wanted = [made[2], UNKNOWN, made[0]]
    for key in ("id", "ids"):
        for values in ("value", "values"):
            assert await search(caller, url, {"key": key, "operator": "in", values: wanted}) == [made[0], made[2]]
    for name in ("filter", "filters"):
        assert await search(caller, url, {"key": "ids", "values": wanted}, name=name) == [made[0], made[2]]
    assert await search(caller, url, {"value": [made[1]]}) == [made[1]]


@every_search
async def test_what_is_found_is_shown_whole(callers: Callers, url: str, make: Make) -> None:
    caller = await caller_of(callers)
    made = await make(caller, 1)
    assert await done(caller, "POST", url, json={"constraints": [{"value": [made["id"]]}]}) == [made]


@every_search
async def test_several_conditions_must_all_hold(callers: Callers, url: str, make: Make) -> None:
    caller = await caller_of(callers)
    made = [(await make(caller, n))["id"] for n in range(3)]
    assert await search(caller, url, {"value": made[:2]}, {"value": made[1:]}) == [made[1]]
    assert await search(caller, url, {"value": made[:1]}, {"value": made[1:]}) == []
    assert await search(caller, url, {"value": []}) == []


@every_search
async def test_a_search_without_conditions_is_a_first_page_and_pages_are_walked(
    callers: Callers, url: str, make: Make
) -> None:
    caller = await caller_of(callers)
    made = [(await make(caller, n))["id"] for n in range(5)]
    first = await caller.post(url, json={})
    assert ([each["id"] for each in first.json()], first.headers["x-page-size"]) == (made, "25")
    seen: list[str] = []
    headers = {"x-page-size": "2"}
    for _ in range(3):
        answer = await caller.post(url, json={"constraints": [{"value": made}]}, headers=headers)
        seen += [each["id"] for each in answer.json()]
        assert answer.headers["x-count"] == "5"
        headers["x-page"] = answer.headers.get("x-page", "")
    assert (seen, headers["x-page"]) == (made, "")
    token = (
        first.headers.get("x-page") or (await caller.post(url, json={}, headers={"x-page-size": "2"})).headers["x-page"]
    )
    narrowed = await caller.post(url, json={"constraints": [{"value": made}]}, headers={"x-page": token})
    refused(narrowed, "x-page")


async def test_more_ids_than_a_page_holds_are_all_answered(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = [(await address(caller, premise_number=n))["id"] for n in range(27)]
    assert await search(caller, "/rel/search/address", {"value": made}) == made


@every_search
async def test_another_tenant_finds_nothing(callers: Callers, url: str, make: Make) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    made = (await make(caller, 1))["id"]
    assert await search(stranger, url, {"value": [made]}) == []
    assert await search(stranger, url) == []


@every_search
async def test_a_wrong_condition_is_named(callers: Callers, url: str, make: Make) -> None:
    caller = await caller_of(callers)
    made = (await make(caller, 1))["id"]
    constraints = [
        {"key": "colour", "value": [made]},
        {"operator": "like", "value": [made]},
        {"value": [made, "seven", 7]},
        {"value": [made]},
    ]
    answer = await caller.post(url, json={"constraints": constraints})
    refused(answer, "constraints.0.key", "constraints.1.operator", "constraints.2.value.1", "constraints.2.value.2")
    refused(await caller.post(url, json={"constraints": [{"key": "ids"}]}), "constraints.0.values", label="required")
    refused(await caller.post(url, json={"constraints": [{"values": "x"}, 5]}), "constraints.0.values", "constraints.1")
    refused(await caller.post(url, json={"constraints": {}}), "constraints")
    refused(await caller.post(url, json={}, headers={"x-page-size": "none"}), "x-page-size")


@every_search
async def test_a_search_needs_a_reader(callers: Callers, url: str, make: Make) -> None:
    writer = await caller_of(callers, WRITE)
    assert (await writer.post(url, json={})).status_code == 403
    assert (await writer.anonymous().post(url, json={})).status_code == 401


@every_search
async def test_a_search_leaves_no_trail(callers: Callers, url: str, make: Make) -> None:
    caller = await caller_of(callers)
    await search(caller, url)
    async with caller.application.database.system() as tx:
        assert await tx.scalar("SELECT count(*) FROM audit.entry WHERE tenant_id = :t", t=caller.tenant) == 0


async def test_contacts_are_found_by_their_addresses(callers: Callers) -> None:
    caller = await caller_of(callers)
    ada, eve, members = [
        (await contact(caller, email, audience=audience))["id"]
        for email, audience in (
            ("ada@example.org", "default"),
            ("eve@example.org", "default"),
            ("ada@example.org", "members"),
        )
    ]
    url = "/rel/contacts"
    for key in ("email", "emails", "id", "ids"):
        found = await search(caller, url, {"key": key, "values": ["ADA@example.org", "nobody@example.org"]})
        assert found == [ada, members]
    assert await search(caller, url, {"key": "id", "values": ["ada@example.org", eve]}) == [ada, eve, members]
    both = ({"key": "id", "value": [ada, eve]}, {"key": "email", "value": ["ada@example.org"]})
    assert await search(caller, url, *both) == [ada]


async def test_removed_ones_are_not_found(callers: Callers) -> None:
    caller = await caller_of(callers)
    person, zon = await contact(caller), await organisation(caller)
    await caller.delete(f"/rel/contacts/{person['id']}")
    await caller.delete(f"/rel/organisations/{zon['id']}")
    assert await search(caller, "/rel/contacts", {"value": [person["id"]]}) == []
    assert await search(caller, "/rel/contacts", {"value": ["ada@example.org"]}) == []
    assert await search(caller, "/rel/search/organisations", {"value": [zon["id"]]}) == []
