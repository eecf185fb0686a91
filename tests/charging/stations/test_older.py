"""Stations in the words of the older versions: the same rows, presented."""

from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.stations.kit import (
    EVSES,
    OLD_POINTS,
    POINTS,
    ROOT,
    evse_of,
    group,
    home,
    posted,
    read,
    set_columns,
    site,
    station,
)
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.older.resources import old_charge_points, old_evses
from gridloom.charging.stations.operators.store import add_operator, add_template

OLD_EVSES = f"{ROOT}/evses/v2.0"
TWIN = [
    {"network_id": "1", "phases": "three_phase", "max_power_w": 22_000, "max_amperage": 32},
    {"network_id": "2", "current_type": "dc", "status": "disabled"},
]  # fmt: skip
PUT: dict[str, Any] = {
    "physicalReference": "P", "type": "dc", "networkId": "7", "status": "active", "allowsReservation": True,
    "maxVoltage": "480", "phases": None, "maxPowerKw": 49.999, "phaseRotation": "rts", "externalId": "old",
}  # fmt: skip


class TestOldChargePoints(ResourceSuite):
    resource = old_charge_points


class TestOldEvses(ResourceSuite):
    resource = old_evses


async def template(caller: Caller) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await add_template(tx, "Twin", TWIN)


async def older(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A charge point that an older request makes."""
    body = {"templateId": await template(caller), "name": "Old", "networkId": "OLD-1", "status": "active"}
    return await posted(caller, OLD_POINTS, {**body, "locationId": await site(caller), **changes})


async def count(caller: Caller, table: str) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return int(await tx.scalar(f"SELECT count(*) FROM charging.{table}"))


async def test_a_charge_point_is_made_with_the_evses_of_its_template(callers: Callers) -> None:
    caller = await caller_of(callers)
    prices = await group(caller)
    made = await older(
        caller, plugAndCharge=True, capabilities=["METER_VALUES"], desiredSecurityProfile=1, networkPort="80", tags=["x"],
        partnerAccessType="publicViewPrivateUse", ownerPartnerId=5, networkPassword="secret",
        evses={"2": {"physicalReference": "Right", "status": "out of order", "tariffGroupId": prices, "maxAmperage": 16}},
    )  # fmt: skip
    left, right = made["evses"]
    number = made["id"]
    assert (left["physicalReference"], left["status"], left["maxPower"], left["maxAmperage"]) == (
        f"{number}-1",
        "active",
        22000,
        32,
    )
    assert (right["physicalReference"], right["status"], right["tariffGroupId"]) == ("Right", "out of order", prices)
    assert (made["accessType"], made["networkStatus"], made["networkPort"]) == ("public", "never connected", "80")
    assert (made["plugAndCharge"], made["capabilities"], made["tags"]) == (True, ["METER_VALUES"], ["x"])
    assert (made["partnerAccessType"], made["desiredSecurityProfileStatus"]) == ("publicViewPrivateUse", "pending")
    assert "secret" not in (await caller.get(f"{OLD_POINTS}/{number}")).text
    shown = await read(caller, f"{POINTS}/{number}")
    assert (shown["operatorId"], shown["status"], shown["autoStartWithoutAuthorization"]) == (7, "enabled", True)
    assert (shown["network"], shown["capabilities"]) == (
        {"id": "OLD-1", "protocol": "ocpp 1.6", "port": 80},
        ["meter_values"],
    )
    assert [each["currentType"] for each in await caller.all(EVSES, chargePointId=number)] == ["ac", "dc"]
    assert await read(caller, f"{OLD_POINTS}/{number}") == made


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"templateId": 987654321}, "templateId"),
        ({"evses": {"3": {"status": "active"}}}, "evses.3"),
        ({"locationId": None}, "locationId"),
        ({"accessType": "personal", "locationId": None}, "locationId"),
        ({"networkProtocol": "ocpp 1.5", "networkPort": "80"}, "networkIp"),
        ({"uptimeTrackingEnabled": True}, "uptimeTrackingEnabled"),
        ({"desiredSecurityProfile": 3}, "desiredSecurityProfile"),
        ({"status": "enabled"}, "status"),
        ({"capabilities": ["meter_values"]}, "capabilities.0"),
    ],
)
async def test_what_does_not_fit_is_told_in_the_older_words(
    callers: Callers, changes: dict[str, Any], field: str
) -> None:
    caller = await caller_of(callers)
    body = {"templateId": await template(caller), "name": "Old", "networkId": "OLD-1", "status": "active"}
    answer = await caller.post(OLD_POINTS, json={**body, "locationId": await site(caller), **changes})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert (await count(caller, "charge_point"), await count(caller, "evse")) == (0, 0)


async def test_a_name_that_is_taken_leaves_nothing_behind(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await older(caller)
    body = {"templateId": await template(caller), "name": "Old", "networkId": "OLD-1", "status": "active"}
    answer = await caller.post(OLD_POINTS, json={**body, "locationId": made["locationId"]})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["networkId"])
    assert (await count(caller, "charge_point"), await count(caller, "evse")) == (1, 2)


async def test_a_home_without_a_location_belongs_to_the_default_operator(callers: Callers) -> None:
    caller = await caller_of(callers)
    async with caller.application.database.tenant(caller.tenant) as tx:
        operator = await add_operator(tx, "Default", is_default=True)
    made = await older(caller, accessType="personal", pin="12", locationId=None)
    assert (await read(caller, f"{POINTS}/{made['id']}"))["operatorId"] == operator


async def test_an_update_changes_the_station_and_its_evses_without_an_envelope(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await older(caller)
    url = f"{OLD_POINTS}/{made['id']}"
    answer = await caller.patch(
        url, json={"name": "New", "autoFaultRecovery": False, "evses": {"1": {"physicalReference": "L"}}}
    )
    answers(caller.api, answer, "PATCH", f"{OLD_POINTS}/{{charge_point}}")
    shown = answer.json()
    assert (shown["name"], shown["autoFaultRecovery"], shown["monitoringEnabled"]) == ("New", False, False)
    assert [each["physicalReference"] for each in shown["evses"]] == ["L", f"{made['id']}-2"]
    assert await read(caller, url) == shown
    for body, field in (
        ({"name": "Lost", "evses": {"9": {}}}, "evses.9"),
        ({"name": "Lost", "evses": {"2": {"physicalReference": "L"}}}, "physicalReference"),
    ):
        refused = await caller.patch(url, json=body)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert await read(caller, url) == shown


async def test_the_older_list_finds_by_its_own_names(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await older(caller, externalId="x", tags=["t"], desiredSecurityProfile=2, ownerPartnerId=5)
    other = await home(caller)
    evse = made["evses"][0]
    await set_columns(caller, "evse", evse["id"], external_id="e-1")
    boot = {"chargePointSerialNumber": "SN", "model": "A", "vendor": "B"}
    await set_columns(caller, "charge_point", made["id"], sub_operator_id=8, last_boot=boot)
    await set_columns(caller, "charge_point", other["id"], user_id=3)
    hits: dict[str, Any] = {
        "desiredSecurityProfileStatus": "pending", "evseId": evse["id"], "evsePhysicalReference": evse["physicalReference"],
        "physicalReference": evse["physicalReference"], "chargePointNetworkId": "OLD-1", "partnerId": 5, "subOperatorId": 8,
        "chargePointBootNotificationSerialNumber": "SN", "accessType": "public", "name": "Old", "tag": "t",
        "locationId": made["locationId"], "externalId": "x", "evseExternalId": "e-1",
    }  # fmt: skip
    for name, value in hits.items():
        assert [each["id"] for each in await caller.all(OLD_POINTS, **{name: value})] == [made["id"]], name
    assert [each["id"] for each in await caller.all(OLD_POINTS, userId=3)] == [other["id"]]
    assert len(await caller.all(OLD_POINTS, roaming=False, managedByOperator=True)) == 2
    assert await caller.all(OLD_POINTS, roaming=True) == []
    assert set(hits) | {"userId", "roaming", "managedByOperator"} == set(old_charge_points.filters)
    shown = await read(caller, f"{OLD_POINTS}/{made['id']}")
    assert (shown["lastBootNotification"]["charge_point_serial_number"], shown["lastBootNotification"]["iccid"]) == (
        "SN",
        None,
    )


async def test_a_page_of_the_older_list_costs_one_statement_however_many_evses(callers: Callers) -> None:
    caller = await caller_of(callers)
    await older(caller)
    one = await caller.statements(OLD_POINTS, includes={})
    await older(caller, networkId="OLD-2")
    assert await caller.statements(OLD_POINTS, includes={}) == one


async def test_the_state_of_a_station_is_read_alone(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await older(caller)
    await set_columns(
        caller, "charge_point", made["id"], network_status="long-term_unavailable", hardware_status="faulted"
    )
    await set_columns(caller, "evse", made["evses"][0]["id"], hardware_status="occupied")
    answer = await caller.get(f"{OLD_POINTS}/{made['id']}/status")
    answers(caller.api, answer, "GET", f"{OLD_POINTS}/{{charge_point}}/status")
    assert answer.json()["data"] == {
        "networkStatus": "long-term unavailable", "hardwareStatus": "faulted", "lastUpdatedAt": made["lastUpdatedAt"],
        "evses": [
            {"id": made["evses"][0]["id"], "hardwareStatus": "preparing"},
            {"id": made["evses"][1]["id"], "hardwareStatus": None},
        ],
    }  # fmt: skip


async def test_a_station_that_an_older_request_deletes_is_gone(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await older(caller)
    scoped = await caller_of(callers, operator=8)
    assert (await scoped.delete(f"{OLD_POINTS}/{made['id']}")).status_code == 404
    assert (await caller.delete(f"{OLD_POINTS}/{made['id']}")).status_code == 204
    assert (await caller.get(f"{POINTS}/{made['id']}")).status_code == 404
    assert await count(caller, "evse") == 0


async def test_prices_of_somebody_else_or_of_nobody_are_refused_by_field(callers: Callers) -> None:
    caller = await caller_of(callers)
    foreign = await group(caller, operator=8)
    for wrong in (foreign, 987654321):
        body = {
            "templateId": await template(caller), "name": "Old", "networkId": "OLD-1", "status": "active",
            "locationId": await site(caller), "evses": {"2": {"tariffGroupId": wrong}},
        }  # fmt: skip
        answer = await caller.post(OLD_POINTS, json=body)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["evses.2.tariffGroupId"])
    assert await count(caller, "charge_point") == 0


async def test_an_evse_is_written_as_a_whole(callers: Callers) -> None:
    caller = await caller_of(callers)
    place = await station(caller, partner={"id": 5, "contractId": 6})
    made = await evse_of(
        caller, place, label="Kept", tariffGroupId=await group(caller), midMeterCertificationEndYear=2030
    )
    url = f"{OLD_EVSES}/{made['id']}"
    answer = await caller.put(url, json=PUT)
    answers(caller.api, answer, "PUT", f"{OLD_EVSES}/{{evse}}")
    shown = answer.json()["data"]
    assert shown == {
        **PUT, "id": made["id"], "chargePointId": place["id"], "chargingProfile": None, "roaming": None, "connectors": [],
        "tariffGroupId": None, "maxAmperage": None, "midMeterCertificationEndYear": None, "hardwareStatus": None,
    }  # fmt: skip
    assert await read(caller, url) == shown
    current = await read(caller, f"{EVSES}/{made['id']}")
    assert (current["status"], current["powerOptions"]["maxPower"], current["label"]) == ("enabled", 49999, "Kept")
    hits = {
        "chargePointId": place["id"], "physicalReference": "P", "evseStatus": "active", "evseType": "dc", "partnerId": 5,
    }  # fmt: skip
    for name, value in hits.items():
        assert [each["id"] for each in await caller.all(OLD_EVSES, **{name: value})] == [made["id"]], name
    misses = {
        "evseStatus": "disabled", "evseType": "ac", "tariffGroupId": 3, "roamingPlatformId": 1, "hardwareStatus": "charging",
    }  # fmt: skip
    for name, value in misses.items():
        assert await caller.all(OLD_EVSES, **{name: value}) == [], name


async def test_connectors_that_are_not_named_go_and_without_a_list_all_stay(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller))
    url = f"{OLD_EVSES}/{made['id']}"
    first = (
        await caller.put(url, json={**PUT, "connectors": [{"type": "catarc"}, {"type": "ccs2", "format": "cable"}]})
    ).json()["data"]
    old, other = first["connectors"]
    assert (old["type"], old["status"], other["format"]) == ("catarc", "active", "cable")
    current = await read(caller, f"{EVSES}/{made['id']}", **{"include[]": "connectors"})
    assert [each["type"] for each in current["connectors"]] == ["gb-t-dc", "ccs2"]
    assert (await caller.put(url, json=PUT)).json()["data"]["connectors"] == [old, other]
    kept = {"id": other["id"], "status": "disabled", "format": None}
    second = (await caller.put(url, json={**PUT, "connectors": [kept]})).json()["data"]
    assert second["connectors"] == [{**other, "status": "disabled", "format": None}]
    assert [each["id"] for each in await caller.all(OLD_EVSES, connectorId=other["id"])] == [made["id"]]
    for wrong, field in (({"id": old["id"]}, "connectors.0.id"), ({"format": "cable"}, "connectors.0.type")):
        refused = await caller.put(url, json={**PUT, "label": "x", "physicalReference": "Lost", "connectors": [wrong]})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert await read(caller, url) == second


@pytest.mark.parametrize(
    "name", ["physicalReference", "type", "networkId", "status", "allowsReservation", "maxVoltage", "phases"]
)
async def test_a_whole_evse_lacks_nothing(callers: Callers, name: str) -> None:
    caller = await caller_of(callers)
    made = await evse_of(caller, await station(caller))
    before = await read(caller, f"{OLD_EVSES}/{made['id']}")
    answer = await caller.put(
        f"{OLD_EVSES}/{made['id']}", json={key: value for key, value in PUT.items() if key != name}
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [name])
    assert await read(caller, f"{OLD_EVSES}/{made['id']}") == before
