"""The old name of tags: the same rows."""

from typing import Any, ClassVar

from tests.charging.drivers.kit import RFIDS, TAGS, changed, made, read, refused, the_driver
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.drivers.resources import rfid_tags

CARD: dict[str, Any] = {
    "operatorId": 7, "rfidTagUid": "04A23B9C", "rfidLabel": "Blue", "expireAt": "2030-01-31", "status": "enabled",
}  # fmt: skip


class TestRfidTags(ResourceSuite):
    resource = rfid_tags
    good: ClassVar = CARD
    changed: ClassVar = {"rfidTagUid": "CAFE", "status": "disabled", "rfidLabel": None, "expireAt": None}
    bad: ClassVar = {
        "operatorId": (0, None),
        "rfidTagUid": ("", 5, None, "x" * 37),
        "rfidLabel": (5, "x" * 256),
        "expireAt": ("soon", 5, "2030-02-30"),
        "status": ("active", None),
        "userId": (0, "x", 987654321),
    }
    filtered: ClassVar = {
        "rfidTagUid": ("04:a2:3b:9c", "CAFE"),
        "rfidLabel": ("Blue", "Red"),
        "userId": (lambda row: row["userId"], 987654321),
        "expireAt": ("2030-01-31T10:00:00Z", "2030-02-01T00:00:00Z"),
        "status": ("active", "suspended"),
        "type": ("rfid", "mac_address"),
    }

    async def body(self, caller: Caller) -> dict[str, Any]:
        return {**CARD, "userId": await the_driver(caller)}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {**CARD, "rfidTagUid": f"CARD {number}"}


async def test_a_card_is_a_tag_that_opens_through_its_last_day(callers: Callers) -> None:
    caller = await caller_of(callers)
    card = await made(caller, RFIDS, CARD)
    tag = await read(caller, TAGS, card["id"])
    assert (tag["idTagUid"], tag["idLabel"], tag["type"], tag["expireAt"]) == (
        "04A23B9C", "Blue", "rfid", "2030-01-31T23:59:59Z",
    )  # fmt: skip
    await changed(caller, TAGS, card["id"], {"expireAt": "2031-05-01T00:30:00+02:00"})
    assert (await read(caller, RFIDS, card["id"]))["expireAt"] == "2031-04-30"


async def test_an_old_update_leaves_what_it_cannot_say(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {"operatorId": 7, "idTagUid": "CAFE", "status": "enabled", "type": "mac_address", "partnerId": 5}
    tag = await made(caller, TAGS, {**body, "expireAt": "2030-01-31T10:00:00Z"})
    await changed(caller, RFIDS, tag["id"], {"rfidTagUid": "CAFE", "status": "suspended"})
    after = await read(caller, TAGS, tag["id"])
    assert after == {**tag, "status": "suspended", "lastUpdatedAt": after["lastUpdatedAt"]}


async def test_an_old_update_names_the_card_and_its_status(callers: Callers) -> None:
    caller = await caller_of(callers)
    card = await made(caller, RFIDS, CARD)
    assert sorted(await refused(caller, RFIDS, card["id"], {"rfidLabel": "Red"})) == ["rfidTagUid", "status"]


async def test_a_card_that_is_there_already_is_refused_by_its_old_name(callers: Callers) -> None:
    caller = await caller_of(callers)
    card = await made(caller, RFIDS, CARD)
    answer = await caller.post(RFIDS, json={**CARD, "rfidTagUid": "04a23b9c"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["rfidTagUid"])
    assert await caller.all(RFIDS) == [card]
