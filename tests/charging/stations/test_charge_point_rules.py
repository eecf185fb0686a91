"""What holds of a charge point, whichever fields a request names."""

from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.stations.kit import (
    EVSES,
    HOME,
    POINTS,
    ROOT,
    STATION,
    evse_of,
    home,
    posted,
    read,
    refused,
    set_columns,
    site,
    station,
)
from tests.suites.client import Caller, Callers, answers

from gridloom.charging.stations.secrets import open_password
from gridloom.kernel.security.sealing import Sealer, Unsealable


async def changed(caller: Caller, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = await caller.patch(f"{POINTS}/{made['id']}", json=changes)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()["data"]
    return shown


async def test_a_station_with_the_least_has_these_defaults(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    assert made == {
        "id": made["id"], "operatorId": 7, "name": "Quay 1", "type": "public", "status": "enabled", "chargingZoneId": None,
        "locationId": made["locationId"], "managedByOperator": True, "network": {"protocol": "ocpp 1.6"}, "capabilities": [],
        "autoStartWithoutAuthorization": False, "disableAutoStartEmulation": False, "security": {"currentProfile": 0},
        "modelId": None, "monitoringEnabled": True, "autoRecoveryEnabled": True, "enableAutoFaultRecovery": True,
        "utilityId": None, "createdAt": made["createdAt"], "displayTariffAndCosts": False, "networkStatus": "never_connected",
        "lastNetworkStatusUpdateAt": None, "tags": [], "noticeId": None, "usesRenewableEnergy": False,
        "lastUpdatedAt": made["lastUpdatedAt"], "communicationMode": "direct_ocpp",
    }  # fmt: skip


async def test_the_password_is_sealed_for_its_tenant_and_never_shown(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, network={"id": "Q", "password": "correct horse"})
    assert made["network"] == {"id": "Q", "protocol": "ocpp 1.6"}
    for url in (POINTS, f"{POINTS}/{made['id']}"):
        assert "horse" not in (await caller.get(url)).text
    sealer = caller.application.services.part(Sealer)
    query = "SELECT network_password FROM charging.charge_point WHERE id = :id"
    async with caller.application.database.tenant(caller.tenant) as tx:
        sealed = await tx.scalar(query, id=made["id"])
    assert b"horse" not in sealed
    assert open_password(sealer, caller.tenant, sealed) == "correct horse"
    with pytest.raises(Unsealable):
        open_password(sealer, caller.tenant + 1, sealed)
    await changed(caller, made, network={"port": 80})
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await tx.scalar(query, id=made["id"]) == sealed
    await changed(caller, made, network={"password": None})
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await tx.scalar(query, id=made["id"]) is None


async def test_a_network_id_is_there_once_a_tenant(callers: Callers) -> None:
    caller = await caller_of(callers)
    await station(caller, network={"id": "Q1"})
    second = await station(caller, network={"id": "Q2"})
    taken = {"network.id": ["This value is taken already."]}
    body = {**STATION, "locationId": second["locationId"], "network": {"id": "Q1"}}
    assert await refused(caller, POINTS, body) == taken
    assert await refused(caller, f"{POINTS}/{second['id']}", {"network": {"id": "Q1"}}, method="PATCH") == taken
    assert (await station(caller, operatorId=8, network={"id": "q1"}))["network"]["id"] == "q1"


@pytest.mark.parametrize("body", [{"externalId": "x"}, {"sharingCode": "x"}])
async def test_what_must_be_unique_is_refused_by_name(callers: Callers, body: dict[str, Any]) -> None:
    caller = await caller_of(callers)
    await home(caller, **body)
    assert await refused(caller, POINTS, {**HOME, **body}) == {next(iter(body)): ["This value is taken already."]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pin": None}, "pin"),
        ({"type": "public"}, "locationId"),
        ({"type": "private", "locationId": 987654321}, "locationId"),
        ({"network": {"protocol": "ocpp 1.5", "ip": "10.0.0.1"}}, "network.port"),
        ({"capabilities": ["disregard_the_heartbeats"]}, "capabilities"),
        ({"chargingZoneId": 987654321}, "chargingZoneId"),
    ],
)
async def test_an_update_that_does_not_fit_what_stands_is_refused(
    callers: Callers, change: dict[str, Any], field: str
) -> None:
    caller = await caller_of(callers)
    made = await home(caller)
    assert list(await refused(caller, f"{POINTS}/{made['id']}", change, method="PATCH")) == [field]


async def test_a_personal_one_that_becomes_public_must_lose_what_only_it_has(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await home(
        caller, user={"id": 3}, subscription={"required": True}, sharingCode="C", locationId=await site(caller)
    )
    errors = await refused(caller, f"{POINTS}/{made['id']}", {"type": "public"}, method="PATCH")
    assert sorted(errors) == ["sharingCode", "subscription.required", "user.id"]


async def test_a_location_of_another_operator_is_refused(callers: Callers) -> None:
    caller = await caller_of(callers)
    foreign = await site(caller, operator=8)
    said = {"locationId": ["This operator has no such location."]}
    assert await refused(caller, POINTS, {**STATION, "locationId": foreign}) == said
    made = await station(caller)
    assert await refused(caller, f"{POINTS}/{made['id']}", {"locationId": foreign}, method="PATCH") == said


async def test_a_station_that_moves_leaves_its_zone(callers: Callers) -> None:
    caller = await caller_of(callers)
    here = await site(caller)
    place = {
        "operatorId": 7,
        "name": [{"locale": "en", "translation": "B"}],
        "geoposition": {"latitude": 1, "longitude": 1},
    }
    place |= {"address": [{"locale": "en", "translation": "B"}], "country": "BE"}
    there = (await posted(caller, f"{ROOT}/locations/v2.0", place))["id"]
    zone = (await posted(caller, f"{ROOT}/locations/v2.0/{here}/charging-zones", {"name": "P", "status": "enabled"}))[
        "id"
    ]
    made = await station(caller, chargingZoneId=zone, locationId=here)
    assert made["chargingZoneId"] == zone
    assert (await changed(caller, made, locationId=there))["chargingZoneId"] is None
    errors = await refused(caller, f"{POINTS}/{made['id']}", {"chargingZoneId": zone}, method="PATCH")
    assert list(errors) == ["chargingZoneId"]
    assert (await changed(caller, made, locationId=here, chargingZoneId=zone))["chargingZoneId"] == zone


async def test_a_location_with_stations_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    url = f"{ROOT}/locations/v2.0/{made['locationId']}"
    assert (await caller.delete(url)).status_code == 422
    assert (await caller.delete(f"{POINTS}/{made['id']}")).status_code == 204
    assert (await caller.delete(url)).status_code == 204


async def test_partners_of_stations_are_partners_of_their_location(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, partner={"id": 5, "contractId": 6})
    await station(caller, partner={"id": 4, "contactId": 6})
    found = await read(caller, f"{ROOT}/locations/v2.0/{made['locationId']}", **{"include[]": "partnerIds"})
    assert found["partnerIds"] == [4, 5]
    assert await caller.all(f"{ROOT}/locations/v2.0", partnerId=6) == []


async def test_a_partner_that_goes_takes_its_contract_along(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, partner={"id": 5, "contactId": 6, "accessType": "private_view_private_use"})
    assert made["partner"] == {
        "id": 5, "contractId": 6, "contactId": 6, "corporateBillingAsDefault": False, "accessType": "private_view_private_use",
    }  # fmt: skip
    kept = await changed(caller, made, partner={"corporateBillingAsDefault": True})
    assert kept["partner"] == {**made["partner"], "corporateBillingAsDefault": True}
    assert "partner" not in await changed(caller, made, partner={"id": None})
    again = await changed(caller, made, partner={"id": 5, "contractId": 7})
    assert again["partner"] == {"id": 5, "contractId": 7, "contactId": 7, "corporateBillingAsDefault": False}


@pytest.mark.parametrize(
    ("said", "mode", "managed"),
    [
        ({}, "direct_ocpp", True),
        ({"managedByOperator": False}, "none", False),
        ({"managedByOperator": True}, "direct_ocpp", True),
        ({"managedByOperator": True, "communicationMode": "none"}, "none", False),
        ({"managedByOperator": False, "communicationMode": "direct_ocpp"}, "direct_ocpp", True),
    ],
)
async def test_the_newer_word_for_who_speaks_with_it_wins(
    callers: Callers, said: dict[str, Any], mode: str, managed: bool
) -> None:
    made = await station(await caller_of(callers), **said)
    assert (made["communicationMode"], made["managedByOperator"]) == (mode, managed)


async def test_a_satellite_takes_nothing_that_its_master_decides(callers: Callers) -> None:
    caller = await caller_of(callers)
    master = await station(caller)
    given = {
        "network": {"id": "S"},
        "electricityRateId": 3,
        "usesRenewableEnergy": True,
        "ocppConnectedChargePointId": master["id"],
    }
    made = await station(caller, communicationMode="via_ocpp_connected_charge_point", **given)
    assert (made["communicationMode"], made["ocppConnectedChargePointId"]) == (
        "via_ocpp_connected_charge_point",
        master["id"],
    )
    assert (made["network"], made["usesRenewableEnergy"]) == ({"protocol": "ocpp 1.6"}, False)
    assert "electricityRateId" not in made
    older = await station(caller, managedByOperator=False, **given)
    assert older["communicationMode"] == "via_ocpp_connected_charge_point"
    assert (await changed(caller, older, managedByOperator=False))["communicationMode"] == older["communicationMode"]
    assert (await caller.delete(f"{POINTS}/{master['id']}")).status_code == 422
    direct = await station(caller, ocppConnectedChargePointId=master["id"])
    assert "ocppConnectedChargePointId" not in direct


async def test_a_satellite_needs_a_master_that_speaks_itself(callers: Callers) -> None:
    caller = await caller_of(callers)
    mute, foreign = await station(caller, communicationMode="none"), await station(caller, operatorId=8)
    body = {**STATION, "locationId": mute["locationId"], "communicationMode": "via_ocpp_connected_charge_point"}
    for master in (None, 987654321, mute["id"], foreign["id"]):
        errors = await refused(caller, POINTS, {**body, "ocppConnectedChargePointId": master})
        assert list(errors) == ["ocppConnectedChargePointId"]


async def test_the_older_switch_of_recovery_sets_both_and_yields_to_each(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, enableAutoFaultRecovery=False)
    assert (made["monitoringEnabled"], made["autoRecoveryEnabled"], made["enableAutoFaultRecovery"]) == (
        False,
        False,
        False,
    )
    shown = await changed(caller, made, enableAutoFaultRecovery=True, monitoringEnabled=False)
    assert (shown["monitoringEnabled"], shown["autoRecoveryEnabled"], shown["enableAutoFaultRecovery"]) == (
        False,
        True,
        False,
    )


async def test_a_wanted_profile_is_pending_until_the_station_uses_it(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(
        caller, security={"desiredProfile": 0, "currentProfile": 3, "desiredProfileStatus": "rejected"}
    )
    assert made["security"] == {"currentProfile": 0, "desiredProfile": 0, "desiredProfileStatus": "applied"}
    shown = await changed(caller, made, security={"desiredProfile": 2})
    assert shown["security"] == {"currentProfile": 0, "desiredProfile": 2, "desiredProfileStatus": "pending"}
    await set_columns(caller, "charge_point", made["id"], desired_security_profile_status="rejected")
    assert (await changed(caller, made, security={"desiredProfile": 2}))["security"][
        "desiredProfileStatus"
    ] == "rejected"


async def test_display_messages_is_what_the_station_says(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, capabilities=["display_messages", "meter_values"])
    assert made["capabilities"] == ["meter_values"]
    await set_columns(caller, "charge_point", made["id"], capabilities=["display_messages", "meter_values"])
    assert (await changed(caller, made, capabilities=[]))["capabilities"] == ["display_messages"]


async def test_a_vendors_error_code_is_shown_while_it_is_faulted(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    await set_columns(caller, "charge_point", made["id"], hardware_status="faulted", vendor_error_code="E7")
    assert (await read(caller, f"{POINTS}/{made['id']}"))["vendorErrorCode"] == "E7"
    await set_columns(caller, "charge_point", made["id"], hardware_status="available")
    assert "vendorErrorCode" not in await read(caller, f"{POINTS}/{made['id']}")


async def test_includes_are_there_when_asked_for(callers: Callers) -> None:
    caller = await caller_of(callers)
    access = {
        "id": 5,
        "contractId": 6,
        "accessType": "public_view_private_use",
        "notice": [{"locale": "en", "translation": "Ring"}],
    }
    made = await station(caller, type="private", partner=access)
    url = f"{POINTS}/{made['id']}"
    await posted(caller, f"{url}/notes", {"summary": "Key under the mat"})
    names = [
        "lastBootNotification", "chargingProfile", "smartCharging", "smartChargingPreferences", "notes", "notice",
        "personalSmartChargingPreferences", "availablePersonalSmartChargingModes",
    ]  # fmt: skip
    answer = await caller.get(url, params={"include[]": names})
    answers(caller.api, answer, "GET", f"{POINTS}/{{chargePoint}}")
    shown = answer.json()["data"]
    assert shown["notice"] == [{"locale": "en", "translation": "Ring"}]
    assert [note["summary"] for note in shown["notes"]] == ["Key under the mat"]
    assert [shown[name] for name in names[:4]] == [None] * 4
    assert (shown["personalSmartChargingPreferences"], shown["availablePersonalSmartChargingModes"]) == (None, [])
    assert not set(names) & (await read(caller, url)).keys()
    assert (await changed(caller, made, type="public"))["type"] == "public"
    assert (await read(caller, url, **{"include[]": "notice"}))["notice"] == []


async def test_a_token_of_one_operator_sees_its_own_and_the_roaming_ones(callers: Callers) -> None:
    caller = await caller_of(callers)
    mine, foreign = await station(caller), await station(caller, operatorId=8)
    roaming = await station(caller)
    await set_columns(
        caller, "charge_point", roaming["id"], operator_id=None, roaming_operator_id=5, communication_mode="roaming"
    )
    scoped = await caller_of(callers, operator=7)
    assert [each["id"] for each in await scoped.all(POINTS)] == [mine["id"], roaming["id"]]
    assert [each["id"] for each in await caller.all(POINTS, roamingOperatorIds=["5", "6"])] == [roaming["id"]]
    assert await caller.all(POINTS, roamingOperatorIds=["6"]) == []
    for url in (f"{POINTS}/{foreign['id']}", f"{POINTS}/{foreign['id']}/evses"):
        assert (await scoped.get(url)).status_code == 404
    assert (await scoped.patch(f"{POINTS}/{foreign['id']}", json={"name": "Stolen"})).status_code == 404
    assert (await read(caller, f"{POINTS}/{foreign['id']}"))["name"] == "Quay 1"
    made = await posted(scoped, POINTS, {**STATION, "operatorId": None, "locationId": mine["locationId"]})
    assert made["operatorId"] == 7


async def test_notes_and_evses_go_with_their_station(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    evse = await evse_of(caller, made)
    await posted(caller, f"{POINTS}/{made['id']}/notes", {"summary": "A"})
    await posted(caller, f"{ROOT}/evses/v2.0/{evse['id']}/notes", {"summary": "B"})
    assert (await caller.delete(f"{POINTS}/{made['id']}")).status_code == 204
    assert (await caller.get(f"{EVSES}/{evse['id']}")).status_code == 404
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM charging.note") == 0


async def test_what_only_the_station_says_is_ignored_in_a_body(callers: Callers) -> None:
    caller = await caller_of(callers)
    said = {
        "networkStatus": "available",
        "hardwareStatus": 5,
        "firstContactAt": 1,
        "id": "x",
        "roamingOperatorId": 5,
        "notice": 1,
    }
    made = await station(caller, **said)
    shown = await changed(caller, made, operatorId=99, communicationMode="none", **said)
    assert shown == {**made, "lastUpdatedAt": shown["lastUpdatedAt"]}
