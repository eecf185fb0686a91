"""Charging zones of a location."""

from typing import Any, ClassVar

from tests.charging.kit import caller_of
from tests.charging.sites.kit import URL, make, stored
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.sites.resources import charging_zones

TITLE = [{"locale": "en", "translation": "Level -1"}]
ZONE = {
    "name": "P1",
    "floorLevel": "B1",
    "status": "enabled",
    "additionalInfo": {"enabled": True, "title": TITLE, "description": [{"locale": "en", "translation": "Dry"}]},
}


class TestChargingZones(ResourceSuite):
    resource = charging_zones
    good: ClassVar = ZONE
    changed: ClassVar = {"name": "P2", "status": "disabled", "floorLevel": "2"}
    bad: ClassVar = {
        "name": (None, "", 5, "x" * 256),
        "floorLevel": (5, "12345"),
        "status": (None, "on", 1),
        "additionalInfo": (None, "x", [], {"enabled": None}, {"title": "x"}, {"description": [{"locale": "en"}]}),
    }

    async def path(self, caller: Caller) -> dict[str, Any]:
        return {"location": (await make(caller))["id"]}


async def zone_of(caller: Caller, location: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = await caller.post(f"{URL}/{location['id']}/charging-zones", json={**ZONE, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def test_a_zone_with_the_least_has_these_defaults(callers: Callers) -> None:
    caller = await caller_of(callers)
    location = await make(caller)
    answer = await caller.post(f"{URL}/{location['id']}/charging-zones", json={"name": "A", "status": "disabled"})
    zone = answer.json()["data"]
    assert zone == {
        "id": zone["id"], "name": "A", "locationId": location["id"], "status": "disabled",
        "additionalInfo": {"enabled": False, "title": [], "description": []},
    }  # fmt: skip


async def test_additional_information_is_merged_by_key(callers: Callers) -> None:
    caller = await caller_of(callers)
    location = await make(caller)
    zone = await zone_of(caller, location)
    where = f"{URL}/{location['id']}/charging-zones/{zone['id']}"
    changed = (await caller.patch(where, json={"additionalInfo": {"enabled": False}})).json()["data"]
    assert changed == {**zone, "additionalInfo": {**zone["additionalInfo"], "enabled": False}}
    dutch = [{"locale": "nl", "translation": "Kelder"}, {"locale": "nl", "translation": "Onder"}]
    changed = (await caller.patch(where, json={"additionalInfo": {"title": dutch}})).json()["data"]
    assert changed["additionalInfo"] == {**zone["additionalInfo"], "enabled": False, "title": dutch[1:]}


async def test_a_floor_is_left_out_when_there_is_none(callers: Callers) -> None:
    caller = await caller_of(callers)
    location = await make(caller)
    for none in (None, ""):
        assert "floorLevel" not in await zone_of(caller, location, floorLevel=none)
        zone = await zone_of(caller, location)
        where = f"{URL}/{location['id']}/charging-zones/{zone['id']}"
        assert (await caller.patch(where, json={"name": "B"})).json()["data"]["floorLevel"] == "B1"
        assert "floorLevel" not in (await caller.patch(where, json={"floorLevel": none})).json()["data"]


async def test_a_zone_stays_at_its_location_whatever_a_body_says(callers: Callers) -> None:
    caller = await caller_of(callers)
    location, other = await make(caller), await make(caller)
    zone = await zone_of(caller, location, id=1, locationId=other["id"])
    assert zone["locationId"] == location["id"]
    where = f"{URL}/{location['id']}/charging-zones/{zone['id']}"
    assert (await caller.patch(where, json={"id": 1, "locationId": other["id"]})).json()["data"] == zone
    for method in ("GET", "PATCH", "DELETE"):
        elsewhere = f"{URL}/{other['id']}/charging-zones/{zone['id']}"
        assert (await caller.request(method, elsewhere, json={"name": "X"})).status_code == 404
    assert (await caller.get(where)).json()["data"] == zone


async def test_zones_come_with_their_locations(callers: Callers) -> None:
    caller = await caller_of(callers)
    one, none, two = [await make(caller) for _ in range(3)]
    first, second, third = (
        await zone_of(caller, one),
        await zone_of(caller, two),
        await zone_of(caller, one, floorLevel=""),
    )
    rows = (await caller.get(URL, params={"include[]": "chargingZones"})).json()["data"]
    assert {row["id"]: row["chargingZones"] for row in rows} == {
        one["id"]: [first, third], none["id"]: [], two["id"]: [second],
    }  # fmt: skip
    read = await stored(caller, one, **{"include[]": "chargingZones"})
    assert read["chargingZones"] == [first, third]
    assert "chargingZones" not in await stored(caller, one)


async def test_a_location_counts_as_changed_with_its_zones(callers: Callers) -> None:
    caller = await caller_of(callers)
    location, other = await make(caller), await make(caller)
    seen = [(await stored(caller, location))["lastUpdatedAt"]]
    zone = await zone_of(caller, location)
    seen.append((await stored(caller, location))["lastUpdatedAt"])
    where = f"{URL}/{location['id']}/charging-zones/{zone['id']}"
    await caller.patch(where, json={"name": "B"})
    seen.append((await stored(caller, location))["lastUpdatedAt"])
    assert (await caller.patch(where, json={"name": 5})).status_code == 422
    assert (await stored(caller, location))["lastUpdatedAt"] == seen[-1]
    assert (await caller.delete(where)).status_code == 204
    seen.append((await stored(caller, location))["lastUpdatedAt"])
    assert seen == sorted(set(seen))
    assert await stored(caller, other) == other
    found = await caller.all(URL, lastUpdatedAfter=seen[-1])
    assert [row["id"] for row in found] == [location["id"]]


async def test_zones_of_a_location_that_is_not_there(callers: Callers) -> None:
    caller = await caller_of(callers)
    for method in ("GET", "POST"):
        assert (await caller.request(method, f"{URL}/987654321/charging-zones", json=ZONE)).status_code == 404
