"""Charge points of the current version: what every declared resource owes."""

from typing import Any, ClassVar

from tests.charging.stations.kit import STATION, evse_of, home, set_columns, site, station
from tests.charging.stations.test_hardware import vendor_of
from tests.suites.client import Caller
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.points.resources import charge_points

LATER, EARLIER = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00+02:00"
MOMENTS = ("yesterday", 5, "2026-01-01T00:00:00")
FULL: dict[str, Any] = {
    **STATION,
    "externalId": "cp-1",
    "networkType": "ethernet",
    "network": {"id": "QUAY-1", "protocol": "ocpp 2.0.1", "ip": "10.0.0.9", "port": 8080},
    "capabilities": ["meter_values", "remote_start_stop_capable"],
    "autoStartWithoutAuthorization": True,
    "disableAutoStartEmulation": True,
    "security": {"desiredProfile": 2},
    "monitoringEnabled": False,
    "autoRecoveryEnabled": True,
    "partner": {"id": 5, "contractId": 6, "corporateBillingAsDefault": True, "accessType": "private_view_public_use"},
    "utilityId": 4,
    "electricityRateId": 3,
    "installationAndMaintenanceCompanyId": 2,
    "countryStationId": "DE-77",
    "tags": ["quay", "24h"],
    "usesRenewableEnergy": True,
    "integratedAt": "2026-01-02T03:04:05Z",
    "manufacturedAt": "2025-01-02T03:04:05+02:00",
}


class TestChargePoints(ResourceSuite):
    resource = charge_points
    good: ClassVar = FULL
    hidden: ClassVar = ("integratedAt", "manufacturedAt")
    changed: ClassVar = {
        "name": "Quay 2", "status": "out of order", "externalId": "cp-9", "network": {"id": "QUAY-2"}, "tags": [],
        "capabilities": ["stop_transaction_on_ev_disconnect"], "usesRenewableEnergy": False, "utilityId": None,
    }  # fmt: skip
    bad: ClassVar = {
        "operatorId": (0, "x", None),
        "name": (None, "", 5, "x" * 256),
        "type": (None, "home", 5),
        "status": (None, "active", 5),
        "pin": ("12a", "", 1234, "१२"),
        "locationId": (None, 0, "x", 987654321),
        "chargingZoneId": (0, 987654321),
        "networkType": ("wifi", 5),
        "externalId": (5, "x" * 256),
        "network": (
            None, [], {"id": ""}, {"id": "a b"}, {"id": "x" * 49}, {"id": "../x"}, {"protocol": "ocpp 3"}, {"port": 0},
            {"port": 65536}, {"password": ""}, {"password": "x" * 65}, {"protocol": "ocpp 1.5"},
            {"protocol": "ocpp 1.6 soap", "ip": "10.0.0.1"},
        ),
        "capabilities": (None, "meter_values", ["METER_VALUES"], ["disregard_the_heartbeats"]),
        "autoStartWithoutAuthorization": (None, "yes"),
        "security": (None, {"desiredProfile": 4}, {"desiredProfile": -1}, {"desiredProfile": None}),
        "modelId": (0, 987654321),
        "monitoringEnabled": (None, "yes"),
        "partner": ({"id": 5}, {"id": 0, "contractId": 1}, {"accessType": "all"}, {"id": 5, "contractId": None}),
        "user": ({"id": 0}, {"id": 3}, {"automaticFirmwareUpdatesEnabled": None}),
        "subscription": ({"required": True}, {"planIds": [0]}, {"planIds": "x"}),
        "sharingCode": ("ABC", 5),
        "noticeId": (0, 987654321),
        "tags": (None, [""], [5], "x"),
        "integratedAt": MOMENTS,
        "manufacturedAt": MOMENTS,
        "communicationMode": ("roaming", "ocpp", None),
        "countryStationId": (5, "x" * 256),
        "utilityId": (0, "x"),
        "electricityRateId": (0, "x"),
    }  # fmt: skip
    filtered: ClassVar = {
        "operatorId": (["7", "8"], ["8", "9"]),
        "desiredSecurityProfileStatus": ("pending", "applied"),
        "networkId": ("QUAY-1", "QUAY"),
        "modelId": (lambda row: row["modelId"], 987654321),
        "partnerId": (5, 6),
        "partnerContractId": (6, 5),
        "type": ("public", "private"),
        "roaming": (False, True),
        "name": ("Quay 1", "Quay"),
        "locationId": (lambda row: row["locationId"], 987654321),
        "managedByOperator": (True, False),
        "externalId": ("cp-1", "cp"),
        "utilityId": (4, 5),
        "tag": ("24h", "24"),
        "countryStationId": ("DE-77", "DE"),
        "createdAfter": (EARLIER, LATER),
        "createdBefore": (LATER, EARLIER),
        "lastUpdatedAfter": (lambda row: row["lastUpdatedAt"], LATER),
        "lastUpdatedBefore": (lambda row: row["lastUpdatedAt"], EARLIER),
        "networkStatus": ("never_connected", "available"),
        "vendorId": (lambda row: row["vendor"], 987654321),
        # What other parts write, see `create`.
        "evsePhysicalReference": ("Q1", "Q"),
        "bootNotificationSerialNumber": ("SN-1", "SN-2"),
        "subOperatorId": (11, 12),
        "circuitId": (13, 14),
        "lastNetworkStatusUpdateAfter": (EARLIER, LATER),
        "lastNetworkStatusUpdateBefore": (LATER, EARLIER),
        "chargingZoneId": (lambda row: row["zone"], 987654321),
        # A public charge point has no owner and no code, and roaming ones come from elsewhere: see the tests of rules.
        "userId": (21, 22),
        "sharingCode": ("CODE", "COD"),
        "roamingOperatorIds": ([], [5]),
    }

    async def body(self, caller: Caller) -> dict[str, Any]:
        vendor = await vendor_of(caller)
        models = "/public-api/resources/charge-point-models/v1.0"
        found = await caller.all(models) or [
            (await caller.post(models, json={"name": "A", "vendorId": vendor})).json()["data"]
        ]
        return {**self.good, "locationId": await site(caller), "modelId": found[0]["id"]}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        again = {"externalId": f"cp-{number + 2}", "network": {"id": f"QUAY-{number + 2}"}}
        return {**await self.body(caller), **again}

    async def test_each_filter_finds_what_it_should_and_only_that(self, callers: Any) -> None:
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        zones = f"/public-api/resources/locations/v2.0/{row['locationId']}/charging-zones"
        zone = (await caller.post(zones, json={"name": "P", "status": "enabled"})).json()["data"]
        await evse_of(caller, row)
        await set_columns(
            caller, "charge_point", row["id"], sub_operator_id=11, circuit_id=13, charging_zone_id=zone["id"], user_id=21,
            sharing_code="CODE", last_boot={"chargePointSerialNumber": "SN-1"},
        )  # fmt: skip
        async with caller.application.database.tenant(caller.tenant) as tx:
            await tx.run("UPDATE charging.charge_point SET network_status_at = now()")
        assert sorted(set(self.resource.filters) - set(self.filtered)) == []
        row |= {"zone": zone["id"], "vendor": await vendor_of(caller)}
        url = self.url(caller, "list", row)
        for name, (hit, miss) in self.filtered.items():
            if hit != []:
                found = await caller.all(url, **{name: hit(row) if callable(hit) else hit})
                assert [each["id"] for each in found] == [row["id"]], name
            assert await caller.all(url, **{name: miss}) == [], name


class TestPersonalChargePoints:
    """Those of drivers' homes have fields that others lack."""

    async def test_a_home_shows_its_owner_its_code_and_its_plans(self, callers: Any) -> None:
        caller = await callers.owner(charge_points)
        made = await home(
            caller, user={"id": 21, "automaticFirmwareUpdatesEnabled": False}, sharingCode="CODE",
            subscription={"required": True, "planIds": [1, 2]}, enabledRandomisedDelay=True,
            electricityCostReimbursementIntegrationId=9,
        )  # fmt: skip
        assert made["user"] == {"id": 21, "automaticFirmwareUpdatesEnabled": False}
        assert made["subscription"] == {"required": True, "planIds": [1, 2]}
        assert (made["sharingCode"], made["sharingBillingRule"]) == ("CODE", "owner_covers_guests")
        assert (made["pin"], made["enabledRandomisedDelay"]) == ("1234", True)
        assert made["electricityCostReimbursementIntegrationId"] == 9
        assert "locationId" not in made

    async def test_a_public_one_shows_none_of_them(self, callers: Any) -> None:
        caller = await callers.owner(charge_points)
        made = await station(caller, enabledRandomisedDelay=True, electricityCostReimbursementIntegrationId=9)
        hidden = {"user", "subscription", "sharingCode", "sharingBillingRule", "pin", "enabledRandomisedDelay"}
        assert not (hidden | {"electricityCostReimbursementIntegrationId"}) & made.keys()
