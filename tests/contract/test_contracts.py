"""What we serve, held against the contracts we promised to keep (copies in `contracts/`), and our documents against ourselves."""

import importlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contract.facts import misses, operations

from gridloom.app import API_NAMES
from gridloom.kernel.http.openapi import document

CONTRACTS = Path(__file__).parents[2] / "contracts"
LEAST = 0.99

# The parts that are promised by now: API -> beginnings of paths, each with the number of operations below it.
PROMISED: dict[str, dict[str, int]] = {
    "metering": {"/api": 22},
    "charging": {
        "/public-api/actions/charge-point/": 29,
        "/public-api/actions/evse/": 3,
        "/public-api/actions/notifications/": 1,
        "/public-api/actions/session/": 3,
        "/public-api/actions/tariffs/": 1,
        "/public-api/logs/communication/": 2,
        "/public-api/notifications/": 10,
        "/public-api/resources/authorizations/": 5,
        "/public-api/resources/charge-point-models/": 5,
        "/public-api/resources/charge-point-vendors/": 5,
        "/public-api/resources/charge-points/": 42,
        "/public-api/resources/cp-models/": 5,
        "/public-api/resources/cp-vendors/": 5,
        "/public-api/resources/currencies/": 5,
        "/public-api/resources/evses/": 15,
        "/public-api/resources/id-tags/": 5,
        "/public-api/resources/locations/": 20,
        "/public-api/resources/operators/": 2,
        "/public-api/resources/rfid-tags/": 5,
        "/public-api/resources/sessions/": 3,
        "/public-api/resources/settings/": 1,
        "/public-api/resources/tariff-groups/": 5,
        "/public-api/resources/tariff-snapshots/": 1,
        "/public-api/resources/tariffs/": 5,
        "/public-api/resources/taxes/": 5,
        "/public-api/resources/templates/": 1,
        "/public-api/resources/user-groups/": 5,
        "/public-api/resources/users/": 19,
    },
    "commerce": {
        "/rel/contacts": 6,
        "/rel/organisations": 6,
        "/rel/addresses": 3,
        "/rel/search/address": 1,
        "/rel/search/phonenumbers": 1,
        "/rel/search/organisations": 1,
        "/rel/phonenumbers": 2,
        "/cat/channels": 5,
        "/iam/oauth/authorize": 1,
    },
    "communities": {"/": 62},
    "portal": {"/v2/portal/portal": 1, "/v2/portal/config": 2, "/v2/portal/public/config": 1, "/v2/portal/token": 2},
}
# Below a promised beginning, what a later part brings.
_POINT = "/public-api/resources/charge-points/v2.0/{}"
LATER = {
    ("GET", "/rel/search/addresses"), ("POST", "/rel/search/addresses"), ("GET", "/iam/oauth/authorize"),
    ("GET", f"{_POINT}/available-personal-smart-charging-modes"), ("GET", f"{_POINT}/personal-smart-charging-preferences"),
    ("POST", f"{_POINT}/personal-smart-charging-preferences"), ("POST", f"{_POINT}/smart-charging"),
}  # fmt: skip


def contract(api: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONTRACTS / f"{api}.json").read_text())
    return found


def served(api: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(document(importlib.import_module(f"gridloom.{api}.api").api))
    )
    return found


@pytest.mark.parametrize(("api", "beginning"), [(api, b) for api, parts in PROMISED.items() for b in parts])
def test_what_is_promised_is_served_as_the_contract_says(api: str, beginning: str) -> None:
    asked, given = operations(contract(api)), operations(served(api))
    chosen = {key: shape for key, shape in asked.items() if key[1].startswith(beginning) and key not in LATER}
    assert len(chosen) == PROMISED[api][beginning]
    assert [key for key in chosen if key not in given] == []
    count, wrong = 0, []
    for key, shape in chosen.items():
        facts, missed = misses(shape, given[key])
        count += facts
        wrong += [f"{key[0]} {key[1]}: {what}" for what in missed]
    assert len(wrong) <= (1 - LEAST) * count, "\n".join(wrong)


@pytest.mark.parametrize("api", API_NAMES)
def test_every_operation_is_named_once_and_says_what_it_does(api: str) -> None:
    found = served(api)
    names = [each["operationId"] for item in found["paths"].values() for each in item.values()]
    assert sorted(names) == sorted(set(names))
    assert [each for item in found["paths"].values() for each in item.values() if not each["summary"]] == []


@pytest.mark.parametrize("api", API_NAMES)
def test_every_reference_in_a_document_leads_somewhere(api: str) -> None:
    found = served(api)
    known = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}

    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(each) for each in value.values()))
        if isinstance(value, list):
            return set().union(*(references(each) for each in value))
        return set()

    assert references(found["paths"]) | references(found["components"]) <= known
