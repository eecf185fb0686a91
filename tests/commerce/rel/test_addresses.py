"""Addresses over HTTP."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.commerce.kit import READ, UNKNOWN, address, caller_of, done, refused, stranger_of
from tests.suites.client import Callers

from gridloom.commerce.rel.presenting import premise
from gridloom.core.parties import public as parties
from gridloom.core.parties.public import AddressFields

WHOLE: dict[str, Any] = {
    "country_code": "BE", "administrative_area": "Oost-Vlaanderen", "locality": "Gent", "dependent_locality": "Gentbrugge",
    "postal_code": "9050", "sorting_code": "7", "address_line_1": "Kerkstraat 12 A", "address_line_2": "2nd floor",
    "thoroughfare": "Kerkstraat", "premise_number": 12, "premise_number_suffix": "A", "organisation": "Zon op Dak",
    "given_name": "Ada", "additional_name": "van", "family_name": "Dam",
}  # fmt: skip


async def test_an_address_is_written_and_read_back(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await address(caller, **WHOLE)
    assert {name: made[name] for name in WHOLE} == WHOLE
    assert made.keys() == WHOLE.keys() | {"id", "created_at"}
    assert await done(caller, "GET", f"/rel/addresses/{made['id']}", "/rel/addresses/{address}") == made


async def test_the_first_line_is_put_together_in_the_order_of_the_country(callers: Callers) -> None:
    caller = await caller_of(callers)
    assert (await address(caller, premise_number_suffix="B"))["address_line_1"] == "Kerkstraat 12 B"
    assert (await address(caller, country_code="fr", thoroughfare="Rue Haute"))["address_line_1"] == "12 Rue Haute"
    only_country = await done(caller, "POST", "/rel/addresses", json={"country_code": "nl"})
    assert only_country.keys() == {"id", "country_code", "created_at"}
    assert only_country["country_code"] == "NL"


@given(
    st.none() | st.integers(0, 999_999_999),
    st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool),
)
def test_a_number_and_its_suffix_come_back_as_they_went(number: int | None, suffix: str | None) -> None:
    assert premise(None if number is None else str(number), suffix) == (number, suffix)


@given(st.text(max_size=12), st.none() | st.text(min_size=1, max_size=5))
def test_nothing_of_a_house_number_is_lost(number: str, supplement: str | None) -> None:
    digits, suffix = premise(number, supplement)
    kept = ("" if digits is None else str(digits)) + (suffix or "")
    wanted = number + (supplement or "")
    assert "".join(kept.split()).lstrip("0") == "".join(wanted.split()).lstrip("0") or not number.isascii()


async def test_an_address_needs_a_country_and_every_wrong_field_is_named(callers: Callers) -> None:
    caller = await caller_of(callers)
    for body in ({}, {"country_code": None}, {"locality": "Gent"}):
        refused(await caller.post("/rel/addresses", json=body), "country_code", label="required")
    body = {"country_code": "BEL", "premise_number": "12", "locality": 5, "thoroughfare": "x" * 501}
    refused(
        await caller.post("/rel/addresses", json=body), "country_code", "locality", "thoroughfare", "premise_number"
    )
    refused(await caller.post("/rel/addresses", json={"country_code": "BE", "premise_number": -1}), "premise_number")
    found = await done(caller, "POST", "/rel/search/address", json={})
    assert found == []


async def test_where_an_address_lies_is_what_is_stored_or_not_available(callers: Callers) -> None:
    caller = await caller_of(callers)
    somewhere = await address(caller)
    answer = await caller.get(f"/rel/addresses/{somewhere['id']}/geocode")
    assert (answer.status_code, answer.json()["code"]) == (503, 503)
    async with caller.application.database.tenant(caller.tenant) as tx:
        fields = AddressFields(
            street="Dok", number="1", city="Gent", country="BE", latitude=51.05, longitude=3.75, is_precise=True
        )
        known = await parties.add_address(tx, fields)
    path = "/rel/addresses/{address}"
    located = await done(caller, "GET", f"/rel/addresses/{known.public_id}/geocode", f"{path}/geocode")
    place = {"thoroughfare": "Dok", "premise_number": 1, "locality": "Gent", "country_code": "BE"}
    assert located == {"lat": 51.05, "long": 3.75, "is_precise": True, "address": place}
    assert (await done(caller, "GET", f"/rel/addresses/{known.public_id}", path))["geo_location"] == located


async def test_unknown_and_foreign_addresses_are_not_found(callers: Callers) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    theirs = await address(stranger)
    for each in (UNKNOWN, theirs["id"]):
        for url in (f"/rel/addresses/{each}", f"/rel/addresses/{each}/geocode"):
            assert (await caller.get(url)).status_code == 404
    refused(await caller.get("/rel/addresses/7"), "address")


async def test_a_reader_makes_no_address_and_nobody_reads_one(callers: Callers) -> None:
    caller, reader = await caller_of(callers), await caller_of(callers, READ)
    made = await address(caller)
    url = f"/rel/addresses/{made['id']}"
    assert (await reader.get(url)).status_code == 200
    assert (await reader.get(f"{url}/geocode")).status_code == 403
    assert (await reader.post("/rel/addresses", json={"country_code": "BE"})).status_code == 403
    assert (await (await caller_of(callers, "cat:channel:read")).get(url)).status_code == 403
    for method, path in (("GET", url), ("POST", "/rel/addresses"), ("GET", f"{url}/geocode")):
        assert (await caller.anonymous().request(method, path, json={})).status_code == 401
