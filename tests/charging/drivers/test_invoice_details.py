"""The details that invoices to a user carry."""

from typing import Any

import pytest
from tests.charging.drivers.kit import OLD_USERS, USERS, made
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers

FULL: dict[str, Any] = {
    "requireInvoice": True, "invoiceType": "company", "individualName": "Ada Peeters", "individualPersonalId": "1",
    "individualTaxId": "2", "companyName": "Peeters BV", "companyRegNo": "3", "companyTaxId": "BE0123456749",
    "companyTaxAdministrationOfficeName": "Gent 1", "country": "US", "region": "Alameda", "state": "CA", "city": "Oakland",
    "postCode": "94612", "address": "1 Plaza",
}  # fmt: skip


async def user_of(caller: Caller) -> str:
    body = {"operatorId": 7, "email": "ada@example.org", "password": "secret"}
    user = await made(caller, USERS, body)
    return f"{OLD_USERS}/{user['id']}/invoice-details"


async def saved(caller: Caller, url: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(url, json=body)
    assert answer.status_code == 200, answer.text
    details: dict[str, Any] = answer.json()
    return details


async def test_details_are_written_and_read_back_without_an_envelope(callers: Callers) -> None:
    caller = await caller_of(callers)
    url = await user_of(caller)
    answer = await saved(caller, url, FULL)
    stamps = {name: answer[name] for name in ("requireInvoiceLastUpdatedAt", "lastUpdatedAt")}
    assert answer == {**FULL, **stamps}
    assert (await caller.get(url)).json() == answer


async def test_a_second_write_replaces_the_whole(callers: Callers) -> None:
    caller = await caller_of(callers)
    url = await user_of(caller)
    first = await saved(caller, url, FULL)
    second = await saved(caller, url, {"requireInvoice": True, "invoiceType": None, "city": ""})
    assert {name for name, value in second.items() if value is not None} == {
        "requireInvoice", "requireInvoiceLastUpdatedAt", "lastUpdatedAt",
    }  # fmt: skip
    assert "state" not in second
    assert second["requireInvoiceLastUpdatedAt"] == first["requireInvoiceLastUpdatedAt"]
    assert second["lastUpdatedAt"] > first["lastUpdatedAt"]
    third = await saved(caller, url, {"requireInvoice": False, "invoiceType": None})
    assert third["requireInvoiceLastUpdatedAt"] > first["requireInvoiceLastUpdatedAt"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"requireInvoice": "yes"}, "requireInvoice"),
        ({"invoiceType": "family"}, "invoiceType"),
        ({"invoiceType": "Donation"}, "invoiceType"),
        ({"country": "Belgium"}, "country"),
        ({"country": "BE"}, "state"),
        ({"country": None}, "state"),
        ({"state": "NSW"}, "state"),
        ({"companyName": "x" * 256}, "companyName"),
        ({"clientType": "company"}, "clientType"),
        ({"loveCode": "1"}, "loveCode"),
        ({"taxId": None}, "taxId"),
        ({"anything": 1}, "anything"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(
    callers: Callers, change: dict[str, Any], field: str
) -> None:
    caller = await caller_of(callers)
    url = await user_of(caller)
    before = await saved(caller, url, FULL)
    answer = await caller.post(url, json={**FULL, **change})
    assert answer.status_code == 422, answer.text
    assert field in answer.text
    assert (await caller.get(url)).json() == before


async def test_both_required_fields_are_named(callers: Callers) -> None:
    caller = await caller_of(callers)
    answer = await caller.post(await user_of(caller), json={})
    assert (answer.status_code, sorted(answer.json()["errors"])) == (422, ["invoiceType", "requireInvoice"])


async def test_details_that_are_not_there_and_those_of_others_are_not_found(callers: Callers) -> None:
    caller, other = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    url = await user_of(caller)
    assert (await caller.get(url)).status_code == 404
    assert (await other.post(url, json=FULL)).status_code == 404
    assert (await caller.get(url)).status_code == 404
    await saved(caller, url, FULL)
    assert (await other.get(url)).status_code == 404
    assert (await caller.get(f"{OLD_USERS}/987654321/invoice-details")).status_code == 404
    assert (await caller.post(f"{OLD_USERS}/987654321/invoice-details", json=FULL)).status_code == 404


async def test_a_reader_cannot_write_details(callers: Callers) -> None:
    caller, reader = await caller_of(callers), await caller_of(callers, scopes=["charging.users:read"])
    url = await user_of(caller)
    assert (await reader.post(url, json=FULL)).status_code == 403
    assert (await reader.get(url)).status_code == 404
    assert (await caller.anonymous().get(url)).status_code == 401
