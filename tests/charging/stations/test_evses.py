"""EVSEs and connectors: flat, below their station, and what holds of them."""

from typing import Any, ClassVar

import pytest
from tests.charging.kit import caller_of
from tests.charging.stations.kit import EVSE, EVSES, POINTS, ROOT, evse_of, group, posted, read, set_columns, station
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.evses.resources import connectors, evses, station_evses
from gridloom.charging.stations.operators.store import change_settings

LATER, EARLIER = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00+02:00"
POWER = {
    "maxPower": 22000,
    "maxVoltage": "400",
    "maxAmperage": 32.5,
    "phases": "single_phase",
    "phaseRotation": "RST",
    "connectedPhase": "L1",
}
FULL: dict[str, Any] = {
    **EVSE, "label": "Left", "midMeterCertificationEndYear": 2030, "allowsReservation": True,
    "monitoringEnabled": False, "powerOptions": POWER, "externalId": "e-1", "externalAppData": {"a": [1, None]},
}  # fmt: skip
BAD: dict[str, Any] = {
    "physicalReference": (None, "", 5, "x" * 256),
    "currentType": (None, "AC", 5),
    "networkId": (None, "0", "", "01", "1.5", 1, "x"),
    "status": (None, "active", 5),
    "label": (5, "x" * 256),
    "midMeterCertificationEndYear": (1899, "x"),
    "tariffGroupId": (0, "x", 987654321),
    "allowsReservation": (None, "yes"),
    "bookingEnabled": (None, 1),
    "monitoringEnabled": (None, "no"),
    "powerOptions": (
        None, [], {"maxPower": -1}, {"maxPower": 1.5}, {"maxVoltage": "231"}, {"maxVoltage": 230}, {"maxAmperage": -1},
        {"maxAmperage": 1.25}, {"phases": "3"}, {"phaseRotation": "rst"}, {"connectedPhase": "L4"},
        {"phases": "three_phase", "connectedPhase": "L1"}, {"phases": "split_phase", "connectedPhase": "L1"},
    ),
    "externalId": (5, "x" * 256),
    "externalAppData": (5, [1], "x"),
}  # fmt: skip


def numbered(body: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        **body,
        "physicalReference": f"Q{number + 2}",
        "networkId": str(number + 2),
        "externalId": f"e-{number + 2}",
    }


async def the_station(caller: Caller) -> int:
    """The one station of the caller's tenant, made when there is none yet."""
    for each in await caller.all(POINTS):
        return int(each["id"])
    return int((await station(caller))["id"])


class TestEvses(ResourceSuite):
    resource = evses
    good: ClassVar = FULL
    changed: ClassVar = {
        "physicalReference": "Q9", "networkId": "9", "currentType": "dc", "status": "out of order", "label": "Right",
        "powerOptions": {"maxPower": None, "maxVoltage": "480"}, "allowsReservation": False,
    }  # fmt: skip
    bad: ClassVar = {**BAD, "chargePointId": (None, 0, "x", 987654321)}
    filtered: ClassVar = {
        "operatorId": (["7", "8"], ["8"]),
        "chargePointId": (lambda row: row["chargePointId"], 987654321),
        "physicalReference": ("Q1", "Q"),
        "externalId": ("e-1", "e"),
        "roaming": (False, True),
        "lastUpdatedAfter": (lambda row: row["lastUpdatedAt"], LATER),
        "lastUpdatedBefore": (lambda row: row["lastUpdatedAt"], EARLIER),
        "hasTariffGroup": (True, False),
        "currentType": ("ac", "dc"),
        # What roaming partners and parking spaces have, see below.
        "hasRoamingTariffIds": (False, True),
    }

    async def body(self, caller: Caller) -> dict[str, Any]:
        return {**FULL, "chargePointId": await the_station(caller), "tariffGroupId": await group(caller)}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return numbered(await self.body(caller), number)

    async def test_each_filter_finds_what_it_should_and_only_that(self, callers: Callers) -> None:
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        assert sorted(set(self.resource.filters) - set(self.filtered)) == ["parkingSpaceId", "roamingOperatorIds"]
        for name, (hit, miss) in self.filtered.items():
            found = await caller.all(EVSES, **{name: hit(row) if callable(hit) else hit})
            assert [each["id"] for each in found] == [row["id"]], name
            assert await caller.all(EVSES, **{name: miss}) == [], name
        assert await caller.all(EVSES, parkingSpaceId=1) == []


class TestStationEvses(ResourceSuite):
    resource = station_evses
    good: ClassVar = FULL
    changed: ClassVar = TestEvses.changed
    bad: ClassVar = BAD

    async def path(self, caller: Caller) -> dict[str, Any]:
        return {"chargePoint": await the_station(caller)}

    async def body(self, caller: Caller) -> dict[str, Any]:
        return {**FULL, "tariffGroupId": await group(caller)}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return numbered(await self.body(caller), number)


class TestConnectors(ResourceSuite):
    resource = connectors
    good: ClassVar = {"type": "ccs2", "format": "cable", "status": "disabled"}
    changed: ClassVar = {"type": "type2", "status": "enabled"}
    bad: ClassVar = {
        "type": (None, "catarc", 5),
        "format": ("plug", 5),
        "status": (None, "active", 5),
    }

    async def path(self, caller: Caller) -> dict[str, Any]:
        found = await caller.all(EVSES)
        made = found[0] if found else await evse_of(caller, {"id": await the_station(caller)})
        return {"chargePoint": made["chargePointId"], "evse": made["id"]}


async def changed(caller: Caller, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = await caller.patch(f"{EVSES}/{made['id']}", json=changes)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()["data"]
    return shown


async def refused(caller: Caller, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    before = await read(caller, f"{EVSES}/{made['id']}")
    answer = await caller.patch(f"{EVSES}/{made['id']}", json=changes)
    assert answer.status_code == 422, answer.text
    assert await read(caller, f"{EVSES}/{made['id']}") == before
    errors: dict[str, Any] = answer.json()["errors"]
    return errors


async def test_an_evse_with_the_least_has_these_defaults(callers: Callers) -> None:
    caller = await caller_of(callers)
    place = await station(caller)
    made = await evse_of(caller, place)
    nothing = dict.fromkeys(("maxPower", "maxVoltage", "maxAmperage", "phases", "phaseRotation", "connectedPhase"))
    assert made == {
        "id": made["id"], "operatorId": 7, "chargePointId": place["id"], **EVSE, "allowsReservation": False,
        "bookingEnabled": False, "monitoringEnabled": True, "powerOptions": nothing, "roamingOperatorId": None,
        "hardwareStatus": None, "createdAt": made["createdAt"], "lastUpdatedAt": made["lastUpdatedAt"],
    }  # fmt: skip
    nested = await read(caller, f"{POINTS}/{place['id']}/evses/{made['id']}")
    assert nested == {name: value for name, value in made.items() if name != "chargePointId"}


async def test_power_options_are_merged_by_key(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller), powerOptions=POWER)
    shown = await changed(caller, made, powerOptions={"maxPower": 11000, "phaseRotation": None})
    assert shown["powerOptions"] == {**POWER, "maxPower": 11000, "phaseRotation": None}


async def test_a_connected_phase_must_go_with_the_phases_that_stand(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(
        caller, await station(caller), powerOptions={"phases": "split_phase", "connectedPhase": "L1_L2"}
    )
    wrong = {"powerOptions.connectedPhase"}
    assert set(await refused(caller, made, powerOptions={"connectedPhase": "L1"})) == wrong
    assert set(await refused(caller, made, powerOptions={"phases": "three_phase"})) == wrong
    shown = await changed(caller, made, powerOptions={"phases": "three_phase", "connectedPhase": None})
    assert shown["powerOptions"]["phases"] == "three_phase"


async def test_a_bookable_evse_allows_reservations(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller), bookingEnabled=True)
    assert (made["bookingEnabled"], made["allowsReservation"]) == (True, True)


async def test_what_the_system_does_not_offer_no_evse_can(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller))
    async with caller.application.database.tenant(caller.tenant) as tx:
        await change_settings(tx, enable_reservations=False, enable_bookings=False)
    assert list(await refused(caller, made, allowsReservation=True)) == ["allowsReservation"]
    assert sorted(await refused(caller, made, bookingEnabled=True)) == ["allowsReservation", "bookingEnabled"]
    assert (await changed(caller, made, allowsReservation=False))["allowsReservation"] is False


@pytest.mark.parametrize(
    ("change", "field"), [({"networkId": "1"}, "networkId"), ({"physicalReference": "Q1"}, "physicalReference")]
)
async def test_what_must_be_unique_is_refused_by_name(callers: Callers, change: dict[str, Any], field: str) -> None:
    caller = await caller_of(callers)
    place = await station(caller)
    await evse_of(caller, place)
    made = await evse_of(caller, place, physicalReference="Q2", networkId="2")
    assert await refused(caller, made, **change) == {field: ["This value is taken already."]}


async def test_an_evse_stays_where_it_was_made(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller))
    other = await station(caller)
    shown = await changed(caller, made, chargePointId=other["id"], operatorId=9, hardwareStatus="faulted")
    assert shown == {**made, "lastUpdatedAt": shown["lastUpdatedAt"]}


async def test_a_token_of_one_operator_makes_evses_at_its_own_stations_only(callers: Callers) -> None:
    caller = await caller_of(callers)
    mine, foreign = await station(caller), await station(caller, operatorId=8)
    theirs = await evse_of(caller, foreign)
    scoped = await caller_of(callers, operator=7)
    body = {**EVSE, "physicalReference": "Q2"}
    answer = await scoped.post(EVSES, json={**body, "chargePointId": foreign["id"]})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"chargePointId": ["There is no such charge point."]})
    assert (await scoped.post(f"{POINTS}/{foreign['id']}/evses", json=body)).status_code == 404
    assert (await scoped.patch(f"{EVSES}/{theirs['id']}", json={"label": "x"})).status_code == 404
    assert [each["id"] for each in await caller.all(EVSES)] == [theirs["id"]]
    assert (await evse_of(scoped, mine, physicalReference="Q2"))["operatorId"] == 7


async def test_a_roaming_evse_shows_what_its_partner_said(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller))
    said = {
        "evseId": "DE*ABC*E1",
        "tariffIds": ["t"],
        "capabilities": [],
        "physicalReference": None,
        "status": "planned",
    }
    await set_columns(caller, "evse", made["id"], roaming=said, roaming_operator_id=5, operator_id=None)
    shown = await read(caller, f"{EVSES}/{made['id']}")
    assert (shown["roaming"], shown["emi3Id"], shown["operatorId"], shown["roamingOperatorId"]) == (
        said,
        "DE*ABC*E1",
        None,
        5,
    )
    for filters in ({"hasRoamingTariffIds": True}, {"roaming": True}, {"roamingOperatorIds": ["5"]}):
        assert [each["id"] for each in await caller.all(EVSES, **filters)] == [made["id"]]
    assert await caller.all(EVSES, roamingOperatorIds=["6"]) == []
    scoped = await caller_of(callers, operator=7)
    assert [each["id"] for each in await scoped.all(EVSES)] == [made["id"]]


async def test_includes_are_there_when_asked_for(callers: Callers) -> None:
    caller = await caller_of(callers)
    place = await station(caller)
    made = await evse_of(caller, place, externalAppData={"a": 1})
    url = f"{POINTS}/{place['id']}/evses/{made['id']}"
    plug = await posted(caller, f"{url}/connectors", {"type": "type2"})
    assert plug == {"id": plug["id"], "type": "type2", "status": "enabled"}
    await posted(caller, f"{ROOT}/evses/v2.0/{made['id']}/notes", {"summary": "Stiff"})
    names = ["chargingProfile", "connectors", "externalAppData", "notes", "accessibleParkingSpaces"]
    answer = await caller.get(f"{EVSES}/{made['id']}", params={"include[]": names})
    answers(caller.api, answer, "GET", f"{EVSES}/{{evse}}")
    shown = answer.json()["data"]
    assert (shown["connectors"], shown["externalAppData"], shown["chargingProfile"]) == ([plug], {"a": 1}, None)
    assert ([note["summary"] for note in shown["notes"]], shown["accessibleParkingSpaces"]) == (["Stiff"], [])
    assert not set(names) & made.keys()


async def test_a_changed_connector_is_a_changed_evse(callers: Callers) -> None:
    caller = await caller_of(callers)
    place = await station(caller)
    made = await evse_of(caller, place)
    url = f"{POINTS}/{place['id']}/evses/{made['id']}/connectors"
    plug = await posted(caller, url, {"type": "type2"})
    stamps = [(await read(caller, f"{EVSES}/{made['id']}"))["lastUpdatedAt"]]
    assert (await caller.patch(f"{url}/{plug['id']}", json={"format": "socket"})).status_code == 200
    stamps.append((await read(caller, f"{EVSES}/{made['id']}"))["lastUpdatedAt"])
    assert (await caller.delete(f"{url}/{plug['id']}")).status_code == 204
    stamps.append((await read(caller, f"{EVSES}/{made['id']}"))["lastUpdatedAt"])
    assert made["lastUpdatedAt"] < stamps[0] < stamps[1] < stamps[2]


async def test_a_connector_is_not_made_through_another_station(callers: Callers) -> None:
    caller = await caller_of(callers)
    made, other = await evse_of(caller, await station(caller)), await station(caller)
    answer = await caller.post(f"{POINTS}/{other['id']}/evses/{made['id']}/connectors", json={"type": "type2"})
    assert answer.status_code == 404
    assert (await read(caller, f"{EVSES}/{made['id']}", **{"include[]": "connectors"}))["connectors"] == []
