"""Tariffs through the API."""

from typing import Any, ClassVar

import pytest
from tests.charging.drivers.kit import GROUPS as USER_GROUPS
from tests.charging.kit import caller_of
from tests.charging.tariffs.kit import ENERGY, FREE, GROUPS, TARIFFS, made, put, read, refused
from tests.suites.client import Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.public import add_operator, change_settings
from gridloom.charging.tariffs.resources import tariffs

FULL: dict[str, Any] = {
    "operatorId": 7, "name": "Night owl", "type": "duration+energy time of day",
    "description": {"en": "Cheap at night"}, "additionalInformation": {"en": "More", "nl": "Meer"},
    "learnMoreUrl": {"en": "https://example.org"}, "dayTariffStart": "07:00", "nightTariffStart": "22:00",
    "pricing": {
        "dayPricePerKwh": 0.4, "nightPricePerKwh": 0.25, "dayPricePerPeriod": 1.25, "pricePeriodInMinutes": 60,
        "dayIdleFeePerMinute": 0.1, "idleFeeGracePeriodMinutes": 10, "idleFeeGracePeriodMode": "session_start",
        "idleFeePeriodStart": "08:00", "idleFeePeriodEnd": "20:00", "minPrice": 0.5, "preAuthorizeAmount": 25.5,
        "lockPriceOnSessionStart": True, "averagePowerIdleThreshold": 0.25,
    },
    "stopSession": {"timeLimitMinutes": 240, "stopWhenEnergyExceedsKwh": 60.5, "stopWhenSocExceedsPercent": 80},
    "restrictions": {
        "applyToAdHocUsers": True, "adHocPreAuthorizeAmount": 30, "applyToUsersOfPartners": [5, 6],
        "applyToAuthorizationMethods": ["id_tag"], "startDate": "2026-01-01", "endDate": "2026-12-31",
    },
    "partner": {"id": 5}, "display": {"priceInformation": "0.40 by day"}, "integrationId": 3, "externalId": "erp-9",
}  # fmt: skip


class TestTariffs(ResourceSuite):
    resource = tariffs
    good: ClassVar = FULL
    changed: ClassVar = {
        "name": "Flat", "type": "flat rate", "pricing": {"pricePerSession": 12.5}, "description": None, "partner": {"id": 6},
    }  # fmt: skip
    bad: ClassVar = {
        "operatorId": (0, "x", None),
        "name": ("", 5, None, "x" * 256),
        "type": ("cheap", None, 5),
        "description": ("text", {"not a tag": "x"}, {"en": 5}),
        "dayTariffStart": ("7", "25:00", None, 7),
        "pricing": (
            None, [], {"minPrice": -1}, {"minPrice": 0.123456}, {"minPrice": "x"}, {"minPrice": 1e300},
            {"pricePeriodInMinutes": 20}, {"idleFeeGracePeriodMode": "never"}, {"taxID": 0},
            {"multiPricePerKwh": [{"lastKwh": 5}]}, {"stateOfChargeIdleThreshold": 76}, {"averagePowerIdleThreshold": 1e6},
        ),
        "stopSession": ({"stopWhenSocExceedsPercent": 69}, {"stopWhenSocExceedsPercent": 100}, {"timeLimitMinutes": 0}),
        "restrictions": (
            {"applyToAuthorizationMethods": ["shouting"]}, {"startDate": "2026-02-30"}, {"adHocPreAuthorizeAmount": 0.001},
            {"startDate": "2026-02-02", "endDate": "2026-02-01"}, {"applyToUsersWithGroups": ["Nobody"]},
        ),
        "display": ({"defaultPriceInformation": "x" * 151},),
        "partner": ({"id": 0}, 5),
        "externalId": ("x" * 256,),
    }  # fmt: skip
    filtered: ClassVar = {
        "operatorId": (7, 8),
        "type": ("duration+energy time of day", "free"),
        "partnerId": (5, 6),
    }

    async def test_each_filter_finds_what_it_should_and_only_that(self, callers: Callers) -> None:
        """`tariffGroupId` and `userId` need a group, and have tests of their own below."""
        assert set(self.resource.filters) - set(self.filtered) == {"tariffGroupId", "userId"}
        caller = await caller_of(callers)
        row = await made(caller, TARIFFS, FULL)
        for name, (hit, miss) in self.filtered.items():
            assert await caller.all(TARIFFS, **{name: hit}) == [row]
            assert await caller.all(TARIFFS, **{name: miss}) == []


async def test_a_tariff_that_says_nothing_is_shown_with_nothing(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, FREE)
    assert tariff == {
        "id": tariff["id"], "operatorId": 7, "name": "Free", "type": "free", "description": None,
        "additionalInformation": None, "learnMoreUrl": None, "pricing": {}, "currency": "EUR", "stopSession": {},
        "restrictions": {}, "display": {}, "integrationId": None, "externalId": None,
        "lastUpdatedAt": tariff["lastUpdatedAt"],
    }  # fmt: skip


async def test_an_update_takes_back_what_it_leaves_out(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, FULL)
    plain = await put(caller, TARIFFS, tariff["id"], {"name": "Free", "type": "free"})
    bare = await made(caller, TARIFFS, FREE)
    apart = {"id", "lastUpdatedAt"}
    assert {k: v for k, v in plain.items() if k not in apart} == {k: v for k, v in bare.items() if k not in apart}
    assert plain["lastUpdatedAt"] > tariff["lastUpdatedAt"]


async def test_prices_that_the_type_does_not_use_are_not_kept(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {**FREE, "type": "flat rate", "dayTariffStart": "07:00"}
    tariff = await made(caller, TARIFFS, body, pricing={"pricePerSession": 5, "pricePerKwh": 0.3, "minPrice": None})
    assert tariff["pricing"] == {"pricePerSession": 5}
    assert "dayTariffStart" not in tariff


async def test_levels_with_a_hole_are_refused_and_leave_the_tariff_alone(callers: Callers) -> None:
    caller = await caller_of(callers)
    holes = {"multiPricePerKwh": [{"firstKwh": 0, "lastKwh": 5}, {"firstKwh": 6, "lastKwh": None}]}
    assert await refused(caller, TARIFFS, {**FREE, "type": "standard", "pricing": holes}) == [
        "pricing.multiPricePerKwh"
    ]
    tariff = await made(caller, TARIFFS, FULL)
    answer = await caller.put(f"{TARIFFS}/{tariff['id']}", json={"name": "x", "type": "standard", "pricing": holes})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["pricing.multiPricePerKwh"])
    assert await read(caller, TARIFFS, tariff["id"]) == tariff


async def test_the_currency_is_that_of_the_operator_and_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    async with caller.application.database.tenant(caller.tenant) as tx:
        operator = await add_operator(tx, "North", currency="SEK")
    tariff = await made(caller, TARIFFS, FREE, operatorId=operator, currency="USD")
    assert tariff["currency"] == "SEK"
    assert (await put(caller, TARIFFS, tariff["id"], {"name": "x", "type": "free"}))["currency"] == "SEK"


async def test_a_tax_counts_only_with_several_taxes_and_then_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    url = "/public-api/resources/taxes/v2.0"
    tax = (await caller.post(url, json={"name": "VAT", "percentage": 21})).json()["data"]["id"]
    ignored = await made(caller, TARIFFS, FREE, pricing={"taxID": tax})
    assert ignored["pricing"] == {}
    async with caller.application.database.tenant(caller.tenant) as tx:
        await change_settings(tx, enable_multi_tax_support=True)
    tariff = await made(caller, TARIFFS, FREE, pricing={"taxID": tax})
    assert tariff["pricing"] == {"taxID": tax}
    assert await refused(caller, TARIFFS, {**FREE, "pricing": {"taxID": tax + 1}}) == ["pricing.taxID"]
    assert (await caller.delete(f"{url}/{tax}")).status_code == 409
    await put(caller, TARIFFS, tariff["id"], {"name": "x", "type": "free"})
    assert (await caller.delete(f"{url}/{tax}")).status_code == 204


async def test_groups_by_name_are_kept_as_their_numbers(callers: Callers) -> None:
    caller = await caller_of(callers)
    fleet = await made(caller, USER_GROUPS, {"operatorId": 7, "name": "Fleet"})
    for _ in range(2):
        await made(caller, USER_GROUPS, {"operatorId": 7, "name": "Twice"})
    await made(caller, USER_GROUPS, {"operatorId": 8, "name": "Elsewhere"})
    given = {"applyToUsersWithGroups": ["Fleet"], "applyToUserGroupIds": [99, fleet["id"]]}
    tariff = await made(caller, TARIFFS, FREE, restrictions=given)
    assert tariff["restrictions"] == {"applyToUserGroupIds": [99, fleet["id"]]}
    body = {**FREE, "restrictions": {"applyToUsersWithGroups": ["Fleet", "Twice", "Elsewhere"]}}
    where = "restrictions.applyToUsersWithGroups"
    assert await refused(caller, TARIFFS, body) == [f"{where}.1", f"{where}.2"]


@pytest.mark.parametrize("name", ["applyToUsersOfChargePointOwner", "applyToUsersOfChargePointPartner"])
async def test_the_owner_of_a_charge_point_has_two_names(callers: Callers, name: str) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, FREE, restrictions={name: True})
    assert tariff["restrictions"] == {
        "applyToUsersOfChargePointOwner": True, "applyToUsersOfChargePointPartner": True,
    }  # fmt: skip


async def test_a_tariff_in_a_group_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    tariff = await made(caller, TARIFFS, ENERGY)
    group = await made(caller, GROUPS, {"operatorId": 7, "name": "Town", "tariffIds": [tariff["id"]]})
    for each in group["tariffIds"]:
        answer = await caller.delete(f"{TARIFFS}/{each}")
        assert answer.status_code == 422
        answers(caller.api, answer, "DELETE", f"{TARIFFS}/{{tariff}}")
    assert len(await caller.all(TARIFFS, tariffGroupId=group["id"])) == 2
    await put(caller, GROUPS, group["id"], {"name": "Town"})
    assert (await caller.delete(f"{TARIFFS}/{tariff['id']}")).status_code == 204


async def test_an_operator_sees_and_changes_its_own_tariffs_only(callers: Callers) -> None:
    seven, eight = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    mine = await made(seven, TARIFFS, {"name": "Mine", "type": "free"})
    assert mine["operatorId"] == 7
    assert await eight.all(TARIFFS) == []
    for answer in (
        await eight.get(f"{TARIFFS}/{mine['id']}"),
        await eight.put(f"{TARIFFS}/{mine['id']}", json={"name": "x", "type": "free"}),
        await eight.delete(f"{TARIFFS}/{mine['id']}"),
    ):
        assert answer.status_code == 404
    assert await read(seven, TARIFFS, mine["id"]) == mine
