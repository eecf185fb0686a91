"""What the operations on contacts refuse, and by what name."""

import pytest
from tests.commerce.kit import READ, WRITE, caller_of, contact, refused
from tests.commerce.rel.contact_kit import count, read
from tests.suites.client import Callers


async def test_every_wrong_field_is_named_at_once_and_nothing_is_written(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {
        "email": 5, "is_guest": "maybe", "audience": "", "tags": ["a", 5], "given_name": "x" * 501, "family_name": [],
        "organisations": {"primary": "zon"}, "billing": {"primary": "home", "secondary": ["x"]}, "shipping": "home",
        "phone_numbers": {"secondary": [None]}, "metadata": [],
    }  # fmt: skip
    answer = await caller.put("/rel/contacts", json=body)
    refused(
        answer, "email", "is_guest", "audience", "tags.1", "given_name", "family_name", "organisations.primary",
        "billing.primary", "billing.secondary.0", "shipping", "phone_numbers.secondary.0", "metadata",
    )  # fmt: skip
    assert await count(caller) == 0


@pytest.mark.parametrize("email", ["nobody", "a b@example.org", "a@", "@b", "a@b@c", "a@b\u0000"])
async def test_an_address_that_is_none_is_refused(callers: Callers, email: str) -> None:
    caller = await caller_of(callers)
    refused(await caller.put("/rel/contacts", json={"email": email}), "email")
    assert await count(caller) == 0


async def test_a_contact_without_an_address_is_refused(callers: Callers) -> None:
    caller = await caller_of(callers)
    for body in ({}, {"given_name": "Ada"}):
        refused(await caller.put("/rel/contacts", json=body), "email", label="required")
    assert await count(caller) == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"null", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(callers: Callers, raw: bytes) -> None:
    caller = await caller_of(callers)
    answer = await caller.put("/rel/contacts", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert await count(caller) == 0


async def test_a_bad_id_is_refused(callers: Callers) -> None:
    caller = await caller_of(callers)
    for method, url in (("GET", "/rel/contacts/7"), ("DELETE", "/rel/contacts/7"), ("GET", "/rel/contacts/7/versions")):
        refused(await caller.request(method, url), "contact")


async def test_a_reader_writes_nothing_and_a_stranger_reads_nothing(callers: Callers) -> None:
    caller, reader = await caller_of(callers, WRITE, READ), await caller_of(callers, READ)
    made = await contact(caller)
    url = f"/rel/contacts/{made['id']}"
    assert (await reader.get(url)).status_code == 200
    assert (await reader.put("/rel/contacts", json={"email": "ada@example.org", "tags": ["x"]})).status_code == 403
    assert (await reader.delete(url)).status_code == 403
    writer = await caller_of(callers, WRITE, "cat:channel:read")
    for method, path in (("GET", "/rel/contacts"), ("POST", "/rel/contacts"), ("GET", url), ("GET", f"{url}/versions")):
        assert (await writer.request(method, path, json={})).status_code == 403
        assert (await caller.anonymous().request(method, path, json={})).status_code == 401
    assert await read(caller, made) == made
