"""Phone numbers over HTTP."""

import pytest
from tests.commerce.kit import READ, UNKNOWN, caller_of, done, phone, refused, stranger_of
from tests.suites.client import Callers

ITEM = "/rel/phonenumbers/{number}"


async def test_a_number_as_it_is_dialled_at_home_is_kept_in_both_forms(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {"country_code": "be", "number": "0471/23.45.67"}
    made = await done(caller, "POST", "/rel/phonenumbers", json=body)
    assert made.keys() == {"id", "country_code", "number", "national", "type", "created_at"}
    assert (made["country_code"], made["number"], made["national"]) == ("BE", "+32471234567", "0471 23 45 67")
    assert made["type"] == "mobile"
    assert await done(caller, "GET", f"/rel/phonenumbers/{made['id']}", ITEM) == made


async def test_an_international_number_needs_no_country_and_has_its_own(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await done(caller, "POST", "/rel/phonenumbers", json={"country_code": "BE", "number": "+31 20 794 0800"})
    assert (made["country_code"], made["number"], made["type"]) == ("NL", "+31207940800", "fixed_number")


@pytest.mark.parametrize(
    "body",
    [{"country_code": "BE", "number": "12"}, {"number": "0471234567"}, {"country_code": "XX", "number": "0471234567"}],
)
async def test_what_is_no_number_is_refused_in_the_words_that_clients_know(callers: Callers, body: object) -> None:
    caller = await caller_of(callers)
    answer = await caller.post("/rel/phonenumbers", json=body)
    refused(answer, "number")
    assert answer.json()["message"] == "Bad phone number or country code"
    assert await done(caller, "POST", "/rel/search/phonenumbers", json={}) == []


async def test_every_wrong_field_is_named(callers: Callers) -> None:
    caller = await caller_of(callers)
    refused(await caller.post("/rel/phonenumbers", json={}), "number", label="required")
    refused(await caller.post("/rel/phonenumbers", json={"number": None, "country_code": 32}), "country_code", "number")
    refused(
        await caller.post("/rel/phonenumbers", json={"number": "", "country_code": "BEL"}), "country_code", "number"
    )


async def test_unknown_and_foreign_numbers_are_not_found(callers: Callers) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    theirs = await phone(stranger)
    for each in (UNKNOWN, theirs["id"]):
        assert (await caller.get(f"/rel/phonenumbers/{each}")).status_code == 404
    refused(await caller.get("/rel/phonenumbers/7"), "number")


async def test_a_reader_makes_no_number_and_nobody_reads_one(callers: Callers) -> None:
    caller, reader = await caller_of(callers), await caller_of(callers, READ)
    made = await phone(caller)
    assert (await reader.get(f"/rel/phonenumbers/{made['id']}")).status_code == 200
    assert (await reader.post("/rel/phonenumbers", json={"number": "+32471234567"})).status_code == 403
    for method, url in (("GET", f"/rel/phonenumbers/{made['id']}"), ("POST", "/rel/phonenumbers")):
        assert (await caller.anonymous().request(method, url, json={})).status_code == 401
