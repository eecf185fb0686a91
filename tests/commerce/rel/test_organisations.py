"""Organisations over HTTP: made, changed, their VAT numbers checked, read in any version, removed."""

import base64
from typing import Any

import msgspec
import pytest
from tests.commerce.kit import (
    READ,
    UNKNOWN,
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

from gridloom.core.parties import public as parties

ITEM = "/rel/organisations/{organisation}"
WHOLE: dict[str, Any] = {
    "name": "Zon op Dak", "file_id": "f-1", "coc_number": "0403.170.701", "account_manager": "Eve", "tags": ["coop"],
    "metadata": {"a": {"b": 1}}, "administration": {"email": "Books@example.org"},
    "payment_settings": {
        "post_payment": {"spending_limit": 9_007_199_254_740_993, "current_due_amount": -5, "due_after": 30,
                         "iban": ["BE71096123456769"]},
        "invoice": {"is_expected_through_post_mail": False, "is_expected_through_email": True,
                    "is_expected_at_delivery": False},
    },
}  # fmt: skip


async def change(caller: Caller, party: dict[str, Any], **fields: Any) -> dict[str, Any]:
    changed: dict[str, Any] = await done(caller, "PUT", f"/rel/organisations/{party['id']}", ITEM, json=fields)
    return changed


async def read(caller: Caller, party: dict[str, Any], version: str | None = None) -> dict[str, Any]:
    params = {"version": version} if version else {}
    found: dict[str, Any] = await done(caller, "GET", f"/rel/organisations/{party['id']}", ITEM, params=params)
    return found


async def versions(caller: Caller, party: dict[str, Any]) -> list[str]:
    found = await done(caller, "GET", f"/rel/organisations/{party['id']}/versions", f"{ITEM}/versions")
    return [each["version"] for each in found]


async def test_an_organisation_is_written_and_read_back(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, **WHOLE)
    assert {name: made[name] for name in WHOLE} == WHOLE
    assert made["email"] == "Books@example.org"
    assert (made["registrations"], made["billing"], "deleted_at" in made) == ([], {"secondary": []}, False)
    assert await read(caller, made) == made
    assert await done(caller, "GET", "/rel/organisations") == [made]


async def test_what_is_left_out_stays_and_null_empties(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, **WHOLE)
    changed = await change(
        caller, made, file_id=None, tags=[], payment_settings={"post_payment": {"due_after": None}, "invoice": {}}
    )
    assert "file_id" not in changed
    assert changed["tags"] == []
    expected = {name: each for name, each in WHOLE["payment_settings"]["post_payment"].items() if name != "due_after"}
    assert changed["payment_settings"] == {**WHOLE["payment_settings"], "post_payment": expected}
    for name in ("name", "coc_number", "account_manager", "metadata", "administration"):
        assert changed[name] == WHOLE[name]


async def test_a_list_that_is_given_replaces_the_one_there_is(callers: Callers) -> None:
    caller = await caller_of(callers)
    first, second, third = [await address(caller, premise_number=n) for n in range(3)]
    number = await phone(caller)
    made = await organisation(
        caller, billing={"primary": first["id"], "secondary": [second["id"]]}, phone_numbers={"primary": number["id"]}
    )
    assert made["billing"] == {"primary": first, "secondary": [second]}
    changed = await change(caller, made, billing={"primary": third["id"], "secondary": []})
    assert changed["billing"] == {"primary": third, "secondary": []}
    assert changed["phone_numbers"] == {"primary": number, "secondary": []}


async def test_each_change_adds_one_version_and_the_old_ones_stay(callers: Callers) -> None:
    caller = await caller_of(callers)
    home = await address(caller)
    states = [await organisation(caller)]
    for fields in ({"name": "Wind"}, {"billing": {"primary": home["id"]}}, {"metadata": {"a": 1}}, {"tags": ["x"]}):
        states.append(await change(caller, states[0], **fields))
        assert await change(caller, states[0], **fields) == states[-1]
        assert await versions(caller, states[0]) == [each["version"] for each in reversed(states)]
    for state in states:
        assert await read(caller, states[0], state["version"]) == state


async def test_vat_numbers_are_checked_by_their_digits_and_the_task_says_the_outcome(callers: Callers) -> None:
    caller = await caller_of(callers)
    given = [
        {"number": "BE 0403.170.701"},
        {"country_code": "BE", "number": "0403170702"},
        {"country_code": "us", "number": "1"},
    ]
    answer = await caller.post("/rel/organisations", json={"name": "Zon", "registrations": given})
    registrations = answer.json()["registrations"]
    shown = [
        (each.get("country_code"), each["number"], each["verification"]["is_pending"], each["verification"]["is_valid"])
        for each in registrations
    ]
    assert shown == [("BE", "BE0403170701", False, True), ("BE", "0403170702", False, False), ("US", "1", True, False)]
    assert [each["verification"].get("type") for each in registrations] == ["checksum", "checksum", None]
    task = (await caller.anonymous().get(f"/mes/tasks/{answer.headers['x-task-id']}")).json()
    assert (task["progress"], task["is_success"], task["name"]) == (100, True, "rel.registrations")
    assert msgspec.json.decode(base64.b64decode(task["result"])) == registrations


async def test_writing_the_same_vat_number_again_does_not_check_it_again(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, registrations=[{"country_code": "BE", "number": "BE0403170701"}])
    assert await change(caller, made, registrations=[{"number": "be 0403 170 701"}]) == made
    assert await versions(caller, made) == [made["version"]]


async def test_an_account_that_is_wrong_is_kept(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, payment_settings={"post_payment": {"iban": ["be71 0961 2345 6769", "BE00"]}})
    assert made["payment_settings"]["post_payment"]["iban"] == ["BE71096123456769", "BE00"]


async def test_a_removed_organisation_is_answered_and_then_gone_but_for_its_versions(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller)
    person = await contact(caller, organisations={"primary": {"id": made["id"]}})
    url = f"/rel/organisations/{made['id']}"
    gone = await done(caller, "DELETE", url, ITEM)
    assert (gone["id"], gone["deleted_at"]) == (made["id"], gone["updated_at"])
    for method in ("GET", "PUT", "DELETE"):
        assert (await caller.request(method, url, json={"name": "x"})).status_code == 404
    assert await versions(caller, made) == [gone["version"], made["version"]]
    assert await read(caller, made, made["version"]) == made
    now = await done(caller, "GET", f"/rel/contacts/{person['id']}", "/rel/contacts/{contact}")
    assert now["organisations"] == {"secondary": []}
    answer = await caller.put(
        "/rel/contacts", json={"email": "a@b.example", "organisations": {"primary": {"id": made["id"]}}}
    )
    refused(answer, "organisations.primary.id")


async def test_pages_by_token(callers: Callers) -> None:
    caller = await caller_of(callers)
    known = [(await organisation(caller, f"o{n}"))["id"] for n in range(5)]
    first = await caller.get("/rel/organisations", headers={"x-page-size": "3"})
    rest = await caller.get("/rel/organisations", headers={"x-page-size": "3", "x-page": first.headers["x-page"]})
    assert [each["id"] for each in [*first.json(), *rest.json()]] == known
    assert (first.headers["x-count"], "x-page" in rest.headers) == ("5", False)
    other = await caller.get("/rel/contacts", headers={"x-page": first.headers["x-page"]})
    refused(other, "x-page")


async def test_a_list_costs_the_same_statements_for_one_and_for_many(callers: Callers) -> None:
    caller = await caller_of(callers)
    await organisation(caller)
    one = await caller.statements("/rel/organisations")
    for n in range(4):
        await organisation(caller, f"o{n}")
    assert await caller.statements("/rel/organisations") == one == 2


async def test_every_wrong_field_is_named_at_once_and_nothing_is_written(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {
        "name": "", "file_id": 5, "tags": "x", "metadata": "x", "registrations": [{"country_code": "BEL", "number": ""}],
        "payment_settings": {"post_payment": {"spending_limit": 2**63, "due_after": -1, "iban": [5]},
                             "invoice": {"is_expected_at_delivery": "x"}},
        "billing": {"primary": 5}, "administration": {"email": 5},
    }  # fmt: skip
    refused(
        await caller.post("/rel/organisations", json=body),
        "name", "file_id", "tags", "metadata", "registrations.0.country_code", "registrations.0.number",
        "payment_settings.post_payment.spending_limit", "payment_settings.post_payment.due_after",
        "payment_settings.post_payment.iban.0", "payment_settings.invoice.is_expected_at_delivery", "billing.primary",
        "administration.email",
    )  # fmt: skip
    refused(await caller.post("/rel/organisations", json={}), "name", label="required")
    body = {"name": "Zon", "billing": {"primary": UNKNOWN}, "registrations": [{"country_code": "BE"}]}
    answer = await caller.post("/rel/organisations", json=body)
    refused(answer, "billing.primary")
    refused(answer, "registrations.0.number", label="required")
    refused(
        await caller.post("/rel/organisations", json={"name": "Zon", "administration": {"email": "books"}}),
        "administration.email",
    )
    assert await done(caller, "GET", "/rel/organisations") == []


@pytest.mark.parametrize("body", [{"name": " "}, {"name": "Zon", "registrations": [{"number": " .- "}]}])
async def test_blanks_are_no_names_and_no_numbers(callers: Callers, body: dict[str, Any]) -> None:
    caller = await caller_of(callers)
    refused(await caller.post("/rel/organisations", json=body), "registrations.0.number" if len(body) > 1 else "name")
    assert await done(caller, "GET", "/rel/organisations") == []


async def test_a_refused_change_changes_nothing(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, **WHOLE)
    for body in (
        {"name": ""},
        {"tags": None},
        {"billing": {"primary": UNKNOWN}},
        {"administration": {"email": "books"}},
    ):
        assert (await caller.put(f"/rel/organisations/{made['id']}", json=body)).status_code == 400
    assert await read(caller, made) == made
    assert await versions(caller, made) == [made["version"]]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_id_and_a_contacts_id_are_not_found(callers: Callers, method: str) -> None:
    caller = await caller_of(callers)
    person = await contact(caller)
    for each in (UNKNOWN, person["id"]):
        assert (await caller.request(method, f"/rel/organisations/{each}", json={"name": "x"})).status_code == 404
    refused(await caller.request(method, "/rel/organisations/7", json={"name": "x"}), "organisation")


async def test_another_tenants_organisation_is_not_there(callers: Callers) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    made = await organisation(caller)
    url = f"/rel/organisations/{made['id']}"
    assert await done(stranger, "GET", "/rel/organisations") == []
    for method, path in (("GET", url), ("PUT", url), ("DELETE", url), ("GET", f"{url}/versions")):
        assert (await stranger.request(method, path, json={"name": "x"})).status_code == 404
    assert await read(caller, made) == made


async def test_a_reader_writes_nothing_and_nobody_reads_anything(callers: Callers) -> None:
    caller, reader = await caller_of(callers), await caller_of(callers, READ)
    made = await organisation(caller)
    url = f"/rel/organisations/{made['id']}"
    for method, path in (("POST", "/rel/organisations"), ("PUT", url), ("DELETE", url)):
        assert (await reader.request(method, path, json={"name": "x"})).status_code == 403
    for method, path in (("GET", url), ("GET", "/rel/organisations"), ("GET", f"{url}/versions")):
        assert (await reader.request(method, path)).status_code == 200
        assert (await caller.anonymous().request(method, path)).status_code == 401
    assert await read(caller, made) == made


async def test_an_organisation_is_the_party_that_others_see(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await organisation(caller, **WHOLE)
    async with caller.application.database.tenant(caller.tenant) as tx:
        (party,) = (await parties.by_public_ids(tx, "organisation", [made["id"]])).values()
    assert (party.name, party.ibans, party.trade_number) == ("Zon op Dak", ("BE71096123456769",), "0403.170.701")
    assert party.payment_terms.spending_limit == 9_007_199_254_740_993
