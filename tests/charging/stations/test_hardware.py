"""Vendors and models of stations, on both of their paths."""

from typing import Any, ClassVar

import pytest
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.hardware.resources import cp_models, cp_vendors, models, vendors

ROOT = "/public-api/resources"
NAMES = ("", None, 5, "x" * 256, "a\x00b")
URLS = ("manual.pdf", "ftp://example.org/x", "http://", 5, "https://exa mple.org")


class TestVendors(ResourceSuite):
    resource = vendors
    good: ClassVar = {"name": "Amber Chargers"}
    changed: ClassVar = {"name": "Amber"}
    bad: ClassVar = {"name": NAMES}


class TestCpVendors(TestVendors):
    resource = cp_vendors


class TestModels(ResourceSuite):
    resource = models
    good: ClassVar = {
        "name": "A22",
        "userManual": "https://example.org/a22.pdf",
        "installerManual": "https://example.org/i",
    }
    changed: ClassVar = {"name": "A23", "userManual": "http://example.org"}
    bad: ClassVar = {
        "name": NAMES,
        "vendorId": (0, -1, "x", None, 2**63, 987654321),
        "userManual": URLS,
        "installerManual": URLS,
    }
    filtered: ClassVar = {"vendorId": (lambda row: row["vendorId"], 987654321)}

    async def body(self, caller: Caller) -> dict[str, Any]:
        return {**self.good, "vendorId": await vendor_of(caller)}


class TestCpModels(TestModels):
    resource = cp_models


async def vendor_of(caller: Caller) -> int:
    """The one vendor of the caller's tenant, made when there is none yet."""
    for vendor in await caller.all(f"{ROOT}/charge-point-vendors/v1.0"):
        return int(vendor["id"])
    answer = await caller.post(f"{ROOT}/charge-point-vendors/v1.0", json={"name": "Amber Chargers"})
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["data"]["id"]
    return number


async def test_a_vendor_with_models_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    vendor = await vendor_of(caller)
    model = (await caller.post(f"{ROOT}/charge-point-models/v1.0", json={"name": "A", "vendorId": vendor})).json()[
        "data"
    ]
    refused = await caller.delete(f"{ROOT}/charge-point-vendors/v1.0/{vendor}")
    assert (refused.status_code, refused.json()) == (422, {"message": "This is still in use.", "errors": {}})
    assert (await caller.get(f"{ROOT}/charge-point-vendors/v1.0/{vendor}")).status_code == 200
    assert (await caller.delete(f"{ROOT}/charge-point-models/v1.0/{model['id']}")).status_code == 204
    assert (await caller.delete(f"{ROOT}/charge-point-vendors/v1.0/{vendor}")).status_code == 204


async def test_both_paths_show_the_same_rows(callers: Callers) -> None:
    caller = await caller_of(callers)
    vendor = await vendor_of(caller)
    old = await caller.post(f"{ROOT}/cp-models/v1.0", json={"name": "A", "vendorId": vendor})
    assert old.json()["data"] == {
        "id": old.json()["data"]["id"], "name": "A", "vendorId": vendor, "defaultPhoto": None, "userManual": None,
    }  # fmt: skip
    for path in ("cp", "charge-point"):
        assert (await caller.get(f"{ROOT}/{path}-vendors/v1.0")).json()["data"] == [
            {"id": vendor, "name": "Amber Chargers"}
        ]
        assert (await caller.get(f"{ROOT}/{path}-models/v1.0")).json()["data"] == [old.json()["data"]]


async def test_null_takes_a_manual_away(callers: Callers) -> None:
    caller = await caller_of(callers)
    given = {
        "name": "A",
        "vendorId": await vendor_of(caller),
        "userManual": "https://a.example/u",
        "installerManual": "https://a.example/i",
    }
    made = (await caller.post(f"{ROOT}/charge-point-models/v1.0", json=given)).json()["data"]
    url = f"{ROOT}/charge-point-models/v1.0/{made['id']}"
    changed = (await caller.patch(url, json={"userManual": None, "installerManual": None})).json()["data"]
    assert changed == {
        "id": made["id"],
        "name": "A",
        "vendorId": made["vendorId"],
        "defaultPhoto": None,
        "userManual": None,
    }


@pytest.mark.parametrize("path", ["cp-vendors", "cp-models"])
async def test_an_older_path_knows_only_numbered_pages(callers: Callers, path: str) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(f"{ROOT}/{path}/v1.0", params={"page": "1"})
    assert answer.status_code == 200
    assert (answer.json()["meta"]["current_page"], answer.json()["meta"]["total"]) == (1, 0)
