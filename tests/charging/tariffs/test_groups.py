"""Tariff groups, and the tariff of a group that a user gets."""

from typing import Any, ClassVar

import pytest
from tests.charging.drivers.kit import EARLIER, LATER, USERS, driver_row, put_into_group
from tests.charging.drivers.kit import GROUPS as USER_GROUPS
from tests.charging.kit import caller_of
from tests.charging.stations.kit import evse_of, station
from tests.charging.tariffs.kit import ENERGY, FREE, GROUPS, TARIFFS, made, put, read, refused
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.tariffs.public import set_base_type
from gridloom.charging.tariffs.resources import tariff_groups

GROUP: dict[str, Any] = {
    "operatorId": 7, "name": "Town", "partnerId": 5,
    "display": {"defaultPriceInformation": "0.40", "defaultPriceInformationOffline": "ask"},
}  # fmt: skip


class TestTariffGroups(ResourceSuite):
    resource = tariff_groups
    good: ClassVar = GROUP
    changed: ClassVar = {"name": "City", "partnerId": None, "display": {"defaultPriceInformation": "0.50"}}
    bad: ClassVar = {
        "operatorId": (0, "x", None),
        "name": ("", 5, None, "x" * 256),
        "tariffIds": (5, [0], ["x"], [987654321]),
        "partnerId": (0, "x", 2**63),
        "display": ({"defaultPriceInformation": "x" * 151}, {"defaultPriceInformationOffline": 5}, "text"),
    }
    filtered: ClassVar = {
        "operatorId": (7, 8),
        "partnerId": (5, 6),
        "lastUpdatedAfter": (EARLIER, LATER),
        "lastUpdatedBefore": (LATER, EARLIER),
        "createdAfter": (EARLIER, LATER),
        "createdBefore": (LATER, EARLIER),
    }


async def test_a_group_comes_with_a_base_tariff_and_takes_it_along(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, GROUP)
    (base,) = await caller.all(TARIFFS)
    assert group == {
        "id": group["id"], "operatorId": 7, "name": "Town", "tariffIds": [base["id"]], "partnerId": 5,
        "display": GROUP["display"], "lastUpdatedAt": group["lastUpdatedAt"],
    }  # fmt: skip
    assert (base["name"], base["type"], base["operatorId"]) == ("Town", "free", 7)
    assert (await caller.delete(f"{GROUPS}/{group['id']}")).status_code == 204
    assert await caller.all(TARIFFS) == []


async def test_the_operator_decides_what_base_tariffs_are(callers: Callers) -> None:
    caller = await caller_of(callers)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await set_base_type(tx, 7, "free")
        await set_base_type(tx, 7, "charging not allowed")
    types = {}
    for operator in (7, 8):
        group = await made(caller, GROUPS, GROUP, operatorId=operator)
        types[operator] = (await read(caller, TARIFFS, group["tariffIds"][0]))["type"]
    assert types == {7: "charging not allowed", 8: "free"}


async def test_tariffs_keep_their_order_with_the_base_tariff_first(callers: Callers) -> None:
    caller = await caller_of(callers)
    one, two, three = [(await made(caller, TARIFFS, ENERGY))["id"] for _ in range(3)]
    group = await made(caller, GROUPS, GROUP, tariffIds=[three, one])
    base = group["tariffIds"][0]
    assert group["tariffIds"] == [base, three, one]
    changed = await put(caller, GROUPS, group["id"], {"name": "Town", "tariffIds": [two, base, three]})
    assert changed["tariffIds"] == [base, two, three]
    assert changed["lastUpdatedAt"] > group["lastUpdatedAt"]
    emptied = await put(caller, GROUPS, group["id"], {"name": "Town"})
    assert (emptied["tariffIds"], emptied["partnerId"], emptied["display"]) == ([base], None, {})
    assert await read(caller, GROUPS, group["id"]) == emptied


async def test_tariffs_that_cannot_be_in_a_group_are_named_and_nothing_changes(callers: Callers) -> None:
    caller = await caller_of(callers)
    mine, foreign = await made(caller, TARIFFS, ENERGY), await made(caller, TARIFFS, ENERGY, operatorId=8)
    other = await made(caller, GROUPS, GROUP)
    group = await made(caller, GROUPS, GROUP, tariffIds=[mine["id"]])
    body = {**GROUP, "tariffIds": [mine["id"], foreign["id"], mine["id"], other["tariffIds"][0]]}
    assert await refused(caller, GROUPS, body) == ["tariffIds.1", "tariffIds.2", "tariffIds.3"]
    assert len(await caller.all(TARIFFS)) == 4
    answer = await caller.put(f"{GROUPS}/{group['id']}", json=body)
    assert (answer.status_code, sorted(answer.json()["errors"])) == (422, ["tariffIds.1", "tariffIds.2", "tariffIds.3"])
    assert await read(caller, GROUPS, group["id"]) == group


async def test_the_base_tariff_may_cost_something_and_is_for_everybody(callers: Callers) -> None:
    caller = await caller_of(callers)
    base = (await made(caller, GROUPS, GROUP))["tariffIds"][0]
    priced = await put(caller, TARIFFS, base, {**ENERGY, "restrictions": {"applyToAdHocUsers": False}})
    assert priced["pricing"]["pricePerKwh"] == 0.35
    for restrictions in (
        {"applyToAdHocUsers": True},
        {"applyToAuthorizationMethods": ["id_tag"]},
        {"startDate": "2026-01-01"},
        {"endDate": "2026-01-01"},
    ):
        answer = await caller.put(f"{TARIFFS}/{base}", json={**ENERGY, "restrictions": restrictions})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["restrictions"])
    assert await read(caller, TARIFFS, base) == priced


async def test_a_group_that_an_evse_is_priced_by_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, GROUP)
    await evse_of(caller, await station(caller), tariffGroupId=group["id"])
    answer = await caller.delete(f"{GROUPS}/{group['id']}")
    assert (answer.status_code, answer.json()["message"]) == (422, "This is still in use.")
    answers(caller.api, answer, "DELETE", f"{GROUPS}/{{tariffGroup}}")
    assert await read(caller, GROUPS, group["id"]) == group
    assert len(await caller.all(TARIFFS)) == 1


async def test_an_operator_sees_and_changes_its_own_groups_only(callers: Callers) -> None:
    seven, eight = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    mine = await made(seven, GROUPS, {"name": "Mine"})
    for answer in (
        await eight.get(f"{GROUPS}/{mine['id']}"),
        await eight.put(f"{GROUPS}/{mine['id']}", json={"name": "x"}),
        await eight.delete(f"{GROUPS}/{mine['id']}"),
    ):
        assert answer.status_code == 404
    assert await eight.all(GROUPS) == []
    assert await read(seven, GROUPS, mine["id"]) == mine


async def audiences(caller: Caller) -> tuple[int, dict[str, int]]:
    """A group with a tariff for each kind of driver; the numbers by kind."""
    fleet = await made(caller, USER_GROUPS, {"operatorId": 7, "name": "Fleet"})
    kinds = {
        "partner": {"applyToUsersOfPartners": [5]},
        "fleet": {"applyToUserGroupIds": [fleet["id"]]},
        "ad hoc": {"applyToAdHocUsers": True},
        "gone": {"endDate": "2020-01-01"},
        "by card": {"applyToAuthorizationMethods": ["id_tag"]},
    }
    found = {kind: (await made(caller, TARIFFS, FREE, restrictions=each))["id"] for kind, each in kinds.items()}
    group = await made(caller, GROUPS, GROUP, tariffIds=list(found.values()))
    return group["id"], {**found, "base": group["tariffIds"][0], "user group": fleet["id"]}


async def test_a_user_gets_the_one_tariff_that_applies_without_pages(callers: Callers) -> None:
    caller = await caller_of(callers)
    group, numbers = await audiences(caller)
    plain = await driver_row(caller, email="a@example.org")
    invited = await driver_row(caller, email="b@example.org", partner_id=5)
    member = await driver_row(caller, email="c@example.org", partner_id=5)
    await put_into_group(caller, numbers["user group"], member)
    wanted = {str(plain): "base", str(invited): "partner", str(member): "fleet", "": "ad hoc", "null": "ad hoc"}
    for user, kind in wanted.items():
        query = {"filter[tariffGroupId]": str(group), "filter[userId]": user}
        answer = await caller.get(TARIFFS, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"data": [await read(caller, TARIFFS, numbers[kind])]}, kind
        answers(caller.api, answer, "GET", TARIFFS)


async def test_a_user_is_asked_about_within_a_group_only(callers: Callers) -> None:
    caller = await caller_of(callers)
    answer = await caller.get(TARIFFS, params={"filter[userId]": "5"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["filter.tariffGroupId"])


@pytest.mark.parametrize("operator", [7, 8])
async def test_users_and_groups_of_others_are_not_told_about(callers: Callers, operator: int) -> None:
    caller = await caller_of(callers)
    group, _ = await audiences(caller)
    stranger = await driver_row(caller, operator=8)
    scoped = await caller_of(callers, operator=operator)
    query = {"filter[tariffGroupId]": str(group), "filter[userId]": str(stranger)}
    answer = await scoped.get(TARIFFS, params=query)
    if operator == 8:
        assert (answer.status_code, answer.json()) == (200, {"data": []})
    else:
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["filter.userId"])


async def test_a_user_made_through_the_api_is_known(callers: Callers) -> None:
    caller = await caller_of(callers)
    group, numbers = await audiences(caller)
    user = await made(caller, USERS, {"operatorId": 7, "email": "d@example.org", "password": "secret", "partnerId": 5})
    answer = await caller.get(TARIFFS, params={"filter[tariffGroupId]": str(group), "filter[userId]": user["id"]})
    assert [each["id"] for each in answer.json()["data"]] == [numbers["partner"]]
