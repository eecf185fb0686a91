"""Tags that drivers identify with."""

from typing import Any, ClassVar

import pytest
from tests.charging.drivers.kit import EARLIER, LATER, TAGS, changed, driver_row, made, read, refused, the_driver
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.drivers.resources import id_tags

TAG: dict[str, Any] = {
    "operatorId": 7, "idTagUid": "04:A2:3B:9C", "idLabel": "Blue card", "expireAt": "2030-01-31T10:00:00Z",
    "status": "enabled", "type": "rfid", "vehicleType": "company_car", "paymentMethodId": "auto", "externalId": "t-1",
    "partnerId": 5,
}  # fmt: skip
PLAIN: dict[str, Any] = {"operatorId": 7, "idTagUid": "AB12", "status": "enabled", "type": "rfid"}


class TestIdTags(ResourceSuite):
    resource = id_tags
    good: ClassVar = TAG
    changed: ClassVar = {
        "idTagUid": "AABBCCDDEEFF", "idLabel": None, "expireAt": None, "status": "suspended", "type": "mac_address",
        "vehicleType": None, "paymentMethodId": "corporate:12", "userId": None, "externalId": None, "partnerId": None,
    }  # fmt: skip
    bad: ClassVar = {
        "operatorId": (0, "x", None),
        "idTagUid": ("", "  ", 5, None, "x" * 37, "a\x00b"),
        "idLabel": (5, "x" * 256),
        "expireAt": ("tomorrow", 5, "2030-01-31", "2030-01-31T10:00:00"),
        "status": ("active", None, True),
        "type": ("emaid", "card", None),
        "vehicleType": ("company", 5),
        "paymentMethodId": ("", "corporate:x", 5, "x" * 256),
        "userId": (0, -1, "x", 987654321, 2**63),
        "externalId": (5, "x" * 256),
        "partnerId": (0, "x"),
    }
    filtered: ClassVar = {
        "operatorId": (7, [8, 9]),
        "idTagUid": ("04a23b9c", "04A23B"),
        "idLabel": ("Blue card", "blue"),
        "userId": (lambda row: row["userId"], 987654321),
        "expireAt": ("2030-01-31T10:00:00Z", "2030-01-31T10:00:01Z"),
        "status": ("enabled", "disabled"),
        "type": ("rfid", "emaid"),
        "partnerId": (5, "null"),
        "lastUpdatedAfter": (EARLIER, LATER),
        "lastUpdatedBefore": (LATER, EARLIER),
    }

    async def body(self, caller: Caller) -> dict[str, Any]:
        return {**TAG, "userId": await the_driver(caller)}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {**TAG, "idTagUid": f"CARD {number}"}


@pytest.mark.parametrize("other", ["04A23B9C", "04-a2-3b-9c", " 04 A2 3B 9C "])
async def test_a_tag_is_there_once_with_each_operator_however_it_is_written(callers: Callers, other: str) -> None:
    caller = await caller_of(callers)
    tag = await made(caller, TAGS, TAG)
    answer = await caller.post(TAGS, json={**TAG, "idTagUid": other})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["idTagUid"])
    assert await caller.all(TAGS) == [tag]
    elsewhere = await made(caller, TAGS, {**TAG, "operatorId": 8, "idTagUid": other})
    assert elsewhere["idTagUid"] == other.strip()


async def test_a_tag_belongs_to_a_driver_of_its_own_operator(callers: Callers) -> None:
    caller = await caller_of(callers)
    stranger = await driver_row(caller, operator=8)
    answer = await caller.post(TAGS, json={**TAG, "userId": stranger})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["userId"])
    assert await caller.all(TAGS) == []
    tag = await made(caller, TAGS, TAG)
    assert await refused(caller, TAGS, tag["id"], {"userId": stranger}) == ["userId"]
    mine = await driver_row(caller, email="mine@example.org")
    assert (await changed(caller, TAGS, tag["id"], {"userId": mine}))["userId"] == mine


async def test_tags_of_no_partner_are_asked_for_with_null(callers: Callers) -> None:
    caller = await caller_of(callers)
    await made(caller, TAGS, TAG)
    plain = await made(caller, TAGS, PLAIN)
    assert await caller.all(TAGS, partnerId="null") == [plain]
    assert plain == {
        **PLAIN, "id": plain["id"], "idLabel": None, "expireAt": None, "vehicleType": None, "paymentMethodId": None,
        "userId": None, "externalId": None, "partnerId": None, "createdAt": plain["createdAt"],
        "lastUpdatedAt": plain["lastUpdatedAt"],
    }  # fmt: skip


async def test_what_is_read_only_in_a_body_is_ignored(callers: Callers) -> None:
    caller = await caller_of(callers)
    tag = await made(caller, TAGS, {**PLAIN, "id": 5, "createdAt": "1999-01-01T00:00:00Z", "lastUpdatedAt": "never"})
    assert tag["createdAt"] > "2020"
    assert (await changed(caller, TAGS, tag["id"], {"id": 5, "createdAt": "x"}))["createdAt"] == tag["createdAt"]


async def test_a_contract_identifier_is_not_written_by_hand_but_its_tag_changes(callers: Callers) -> None:
    caller = await caller_of(callers)
    tag = await made(caller, TAGS, PLAIN)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run("UPDATE charging.id_tag SET type = 'emaid' WHERE id = :id", id=tag["id"])
    assert await refused(caller, TAGS, tag["id"], {"type": "emaid"}) == ["type"]
    disabled = await changed(caller, TAGS, tag["id"], {"status": "disabled"})
    assert (disabled["type"], disabled["status"]) == ("emaid", "disabled")


async def test_an_operator_sees_and_changes_its_own_tags_only(callers: Callers) -> None:
    seven, eight = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    mine = await made(seven, TAGS, {**PLAIN, "operatorId": None})
    assert mine["operatorId"] == 7
    assert await eight.all(TAGS) == []
    for method, body in (("GET", None), ("PATCH", {"status": "disabled"}), ("DELETE", None)):
        assert (await eight.request(method, f"{TAGS}/{mine['id']}", json=body)).status_code == 404
    assert await read(seven, TAGS, mine["id"]) == mine
