"""Operators, settings and templates: what is seeded and only read here."""

from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.operators.resources import operators, templates
from gridloom.charging.stations.operators.store import add_operator, add_template, change_settings
from gridloom.kernel.http.resource import Resource

ROOT = "/public-api/resources"


class TestOperators(ResourceSuite):
    resource = operators


class TestTemplates(ResourceSuite):
    resource = templates


async def operator_of(caller: Caller, name: str, **columns: Any) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await add_operator(tx, name, **columns)


async def test_an_operator_is_read_and_what_is_unknown_is_left_out(callers: Callers) -> None:
    caller = await caller_of(callers)
    first = await operator_of(caller, "North", currency="SEK", is_default=True, email="n@example.org", country="SE")
    second = await operator_of(caller, "South")
    found = (await caller.get(f"{ROOT}/operators/v1.0")).json()["data"]
    assert [each["id"] for each in found] == [first, second]
    assert found[0] == {
        "id": first, "name": "North", "email": "n@example.org", "currency": "SEK", "country": "SE", "default": True,
        "createdAt": found[0]["createdAt"], "updatedAt": found[0]["updatedAt"],
    }  # fmt: skip
    answer = await caller.get(f"{ROOT}/operators/v1.0/{second}")
    answers(caller.api, answer, "GET", f"{ROOT}/operators/v1.0/{{operator}}")
    assert answer.json()["data"] == found[1]
    assert "email" not in found[1]


async def test_a_token_of_one_operator_sees_that_one_alone(callers: Callers) -> None:
    caller = await caller_of(callers)
    mine, other = await operator_of(caller, "Mine"), await operator_of(caller, "Other")
    scoped = await caller_of(callers, operator=mine)
    assert [each["id"] for each in (await scoped.get(f"{ROOT}/operators/v1.0")).json()["data"]] == [mine]
    assert (await scoped.get(f"{ROOT}/operators/v1.0/{other}")).status_code == 404


async def test_operators_of_another_tenant_are_not_found(callers: Callers) -> None:
    mine = await caller_of(callers)
    number = await operator_of(mine, "Mine")
    theirs = await callers.other(operators)
    assert (await theirs.get(f"{ROOT}/operators/v1.0/{number}")).status_code == 404
    assert (await theirs.get(f"{ROOT}/operators/v1.0")).json()["data"] == []


async def test_only_one_operator_is_the_default(callers: Callers) -> None:
    caller = await caller_of(callers)
    await operator_of(caller, "First", is_default=True)
    with pytest.raises(Exception, match="uq_operator_default"):
        await operator_of(caller, "Second", is_default=True)
    assert [each["name"] for each in (await caller.get(f"{ROOT}/operators/v1.0")).json()["data"]] == ["First"]


async def test_a_fresh_system_has_these_settings(callers: Callers) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(f"{ROOT}/settings/v1.0")
    answers(caller.api, answer, "GET", f"{ROOT}/settings/v1.0")
    assert answer.json() == {
        "data": {
            "reservations": {
                "enableReservations": True, "reservationTime": 30, "expiryNotification": 5,
                "maxReservationsPerDayPerUser": 5, "cooldownTimeBetweenReservations": 0, "enableReservationsQueue": False,
            },
            "bilingualInvoicesEnabled": False,
            "bilingualReceiptsEnabled": False,
        }
    }  # fmt: skip


async def test_settings_name_the_currency_and_the_tax(callers: Callers) -> None:
    caller = await caller_of(callers)
    euro = (await caller.post(f"{ROOT}/currencies/v2.0", json={"alphabeticCode": "EUR"})).json()
    tax = (await caller.post(f"{ROOT}/taxes/v2.0", json={"name": "VAT", "percentage": 21})).json()["data"]
    async with caller.application.database.tenant(caller.tenant) as tx:
        await change_settings(tx, default_tax_id=tax["id"], enable_multi_tax_support=True)
        await change_settings(tx, enable_reservations=False, bilingual_invoices_enabled=True)
    found = (await caller.get(f"{ROOT}/settings/v1.0")).json()["data"]
    assert found["baseCurrency"]["id"] == euro["id"]
    assert (found["defaultTax"]["id"], found["defaultTax"]["enableMultiTaxSupport"]) == (tax["id"], True)
    assert (found["reservations"]["enableReservations"], found["reservations"]["reservationTime"]) == (False, 30)
    assert (found["bilingualInvoicesEnabled"], found["bilingualReceiptsEnabled"]) == (True, False)


@pytest.mark.parametrize(("scopes", "status"), [(["charging.settings:read"], 200), (["charging.taxes:read"], 403)])
async def test_settings_need_their_scope(callers: Callers, scopes: list[str], status: int) -> None:
    caller = await caller_of(callers, scopes=scopes)
    assert (await caller.get(f"{ROOT}/settings/v1.0")).status_code == status
    assert (await caller.anonymous().get(f"{ROOT}/settings/v1.0")).status_code == 401


async def test_a_template_shows_its_evses_in_the_older_words(callers: Callers) -> None:
    caller = await caller_of(callers)
    evses = [
        {"network_id": "1", "phases": "three_phase", "max_power_w": 22_000, "max_voltage": "400", "max_amperage": 32},
        {"network_id": "2", "status": "out of order", "current_type": "dc", "efficiency_percent": 95},
    ]
    async with caller.application.database.tenant(caller.tenant) as tx:
        number = await add_template(tx, "Twin", evses, plans=[4])
        empty = await add_template(tx, "Empty", [])
    answer = await caller.get(f"{ROOT}/templates/v1.0", params={"cursor": ""})
    answers(caller.api, answer, "GET", f"{ROOT}/templates/v1.0")
    twin, bare = answer.json()["data"]
    assert (twin["id"], twin["name"], twin["subscriptionPlanIds"]) == (number, "Twin", [4])
    first, second = twin["evses"]
    assert first == {
        "id": first["id"], "status": "active", "maxPower": 22000, "dlmPhases": "3", "networkId": "1", "currentType": "ac",
        "dlmPriority": None, "inputVoltage": "400", "tariffGroupId": None, "dlmMaxCurrentA": 32.0, "allowsReservation": False,
        "dlmPhaseRotation": None, "dlmConnectedPhase": None, "dlmEfficiencyPercent": None,
    }  # fmt: skip
    assert (second["status"], second["currentType"], second["dlmEfficiencyPercent"]) == ("out of order", "dc", 95)
    assert (bare["id"], bare["evses"], bare["subscriptionPlanIds"]) == (empty, [], [])


@pytest.mark.parametrize("resource", [operators, templates])
async def test_what_is_seeded_cannot_be_written(callers: Callers, resource: Resource) -> None:
    caller = await caller_of(callers)
    answer = await caller.post(f"{ROOT}/{resource.path}", json={"name": "New"})
    assert answer.status_code == 405
