"""Groups of drivers."""

from typing import Any, ClassVar

from tests.charging.drivers.kit import EARLIER, GROUPS, LATER, changed, driver_row, made, put_into_group, read, refused
from tests.charging.kit import caller_of
from tests.suites.client import Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.drivers.resources import user_groups

GROUP: dict[str, Any] = {
    "operatorId": 7, "name": "Fleet", "partnerId": 5, "description": "Vans of the town", "externalId": "crm-1",
}  # fmt: skip


class TestUserGroups(ResourceSuite):
    resource = user_groups
    good: ClassVar = GROUP
    changed: ClassVar = {"name": "Vans", "description": None, "partnerId": 6}
    bad: ClassVar = {
        "operatorId": (0, "x", 1.5, None),
        "name": ("", 5, None, "x" * 256, "a\x00b"),
        "partnerId": (0, -1, "x", 2**63),
        "description": ("x" * 2001, 5),
        "externalId": ("x" * 256, 5),
    }
    filtered: ClassVar = {
        "operatorId": (7, 8),
        "noPartner": (False, True),
        "partnerId": (5, 6),
        "lastUpdatedAfter": (EARLIER, LATER),
        "lastUpdatedBefore": (LATER, EARLIER),
        "createdAfter": (EARLIER, LATER),
        "createdBefore": (LATER, EARLIER),
    }


async def test_a_group_without_an_external_reference_leaves_it_out(callers: Callers) -> None:
    caller = await caller_of(callers)
    plain = await made(caller, GROUPS, {"operatorId": 7, "name": "Plain"})
    assert plain == {
        "id": plain["id"], "operatorId": 7, "name": "Plain", "partnerId": None, "description": None,
        "lastUpdatedAt": plain["lastUpdatedAt"],
    }  # fmt: skip
    emptied = await made(caller, GROUPS, {**GROUP, "externalId": ""})
    assert "externalId" not in emptied
    assert [each["id"] for each in await caller.all(GROUPS, noPartner=True)] == [plain["id"]]


async def test_the_partner_of_a_group_changes_only_while_it_is_empty(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, GROUP)
    await put_into_group(caller, group["id"], await driver_row(caller))
    assert await refused(caller, GROUPS, group["id"], {"name": "Fleet", "partnerId": 6}) == ["partnerId"]
    assert await refused(caller, GROUPS, group["id"], {"name": "Fleet", "partnerId": None}) == ["partnerId"]
    kept = await changed(caller, GROUPS, group["id"], {"name": "Vans", "partnerId": 5})
    assert (kept["name"], kept["partnerId"]) == ("Vans", 5)


async def test_a_group_with_drivers_in_it_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, GROUP)
    await put_into_group(caller, group["id"], await driver_row(caller))
    answer = await caller.delete(f"{GROUPS}/{group['id']}")
    assert (answer.status_code, answer.json()["message"]) == (422, "This is still in use.")
    assert await read(caller, GROUPS, group["id"]) == group


async def test_the_name_of_a_group_has_to_be_said_in_an_update(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, GROUP)
    assert await refused(caller, GROUPS, group["id"], {"description": "other"}) == ["name"]


async def test_an_operator_sees_and_changes_its_own_groups_only(callers: Callers) -> None:
    seven, eight = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    mine = await made(seven, GROUPS, {"name": "Mine"})
    assert mine["operatorId"] == 7
    assert await eight.all(GROUPS) == []
    assert await seven.all(GROUPS, operatorId=8) == []
    for method, body in (("GET", None), ("PATCH", {"name": "Theirs"}), ("DELETE", None)):
        assert (await eight.request(method, f"{GROUPS}/{mine['id']}", json=body)).status_code == 404
    assert await read(seven, GROUPS, mine["id"]) == mine
