"""What exactly is told of each event; each message is held against the contract as well."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.charging.notifications.contract import wrong_in
from tests.charging.notifications.kit import emitted, one, silence, subscribed, told
from tests.charging.stations.kit import OLD_POINTS, evse_of, set_columns, station
from tests.kernel.webhooks.partner import Partner
from tests.suites.client import Caller

from gridloom.charging.drivers.public import decide_authorization, record_authorization
from gridloom.charging.stations import events as stations
from gridloom.charging.stations.public import append_hardware_status, append_network_status, record_boot
from gridloom.kernel import clock

AT = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
AT_TEXT = "2026-11-20T12:00:00.250000Z"
BOOT = {"model": "M", "vendor": "V", "firmwareVersion": "1.2", "chargePointSerialNumber": "S1", "reason": "PowerUp"}


@pytest.fixture
async def point(caller: Caller) -> dict[str, Any]:
    made = await station(caller, externalId="ext-1")
    await evse_of(caller, made)
    await silence(caller)
    return made


async def test_a_boot(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    number = point["id"]
    assert await one(caller, partner, "BootNotification", stations.Booted(charge_point_id=number, at=AT, boot=BOOT)) == {
        "notification": "BootNotification", "chargePointId": number, "timestamp": AT_TEXT,
        "bootNotification": {
            "model": "M", "vendor": "V", "charge_box_serial_number": None, "charge_point_serial_number": "S1",
            "firmware_version": "1.2", "iccid": None, "imsi": None, "meter_serial_number": None, "meter_type": None,
            "reason": "PowerUp",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("never_connected", "never connected"), ("available", "available"),
        ("temporarily_unavailable", "temporarily unavailable"), ("long-term_unavailable", "long-term unavailable"),
    ],
)  # fmt: skip
async def test_a_network_status(caller: Caller, partner: Partner, point: dict[str, Any], word: str, shown: str) -> None:
    event = stations.NetworkStatusChanged(charge_point_id=point["id"], at=AT, status=word)
    assert await one(caller, partner, "NetworkStatusNotification", event) == {
        "notification": "NetworkStatusNotification", "chargePointId": point["id"], "timestamp": AT_TEXT, "networkStatus": shown,
    }  # fmt: skip


async def test_a_hardware_status_of_a_station_and_of_an_evse(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    whole = stations.HardwareStatusChanged(
        charge_point_id=point["id"], at=AT, status="faulted", error_code="GroundFailure"
    )
    body = await one(caller, partner, "HardwareStatusNotification", whole)
    assert body == {
        "notification": "HardwareStatusNotification", "chargePointId": point["id"], "timestamp": AT_TEXT,
        "hardwareStatus": "faulted", "errorCode": "GroundFailure", "info": None, "vendorId": None, "vendorErrorCode": None,
    }  # fmt: skip
    part = stations.HardwareStatusChanged(
        charge_point_id=point["id"], at=AT, status="occupied", evse_id=3, error_code="NoError", info="i", vendor_id="v",
        vendor_error_code="e",
    )  # fmt: skip
    await emitted(caller, part)
    more = {"errorCode": "NoError", "info": "i", "vendorId": "v", "vendorErrorCode": "e"}
    assert await told(caller, partner) == [{**body, **more, "evseId": 3, "hardwareStatus": "preparing"}]


async def test_a_station_that_is_not_watched_is_silent(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    names = ("BootNotification", "NetworkStatusNotification", "HardwareStatusNotification", "SecurityEventNotification")
    await subscribed(caller, partner, *names, "chargePoint.changed")
    number = point["id"]
    happened = (
        stations.Booted(charge_point_id=number, at=AT, boot=BOOT),
        stations.NetworkStatusChanged(charge_point_id=number, at=AT, status="available"),
        stations.HardwareStatusChanged(charge_point_id=number, at=AT, status="faulted"),
        stations.SecurityEventReported(charge_point_id=number, at=AT, type="MemoryExhaustion"),
        stations.ChargePointChanged(charge_point_id=number, action="updated"),
    )
    await set_columns(caller, "charge_point", number, monitoring_enabled=False)
    await emitted(caller, *happened)
    assert [each["notification"] for each in await told(caller, partner)] == ["chargePoint.changed"]
    await set_columns(caller, "charge_point", number, monitoring_enabled=True)
    await emitted(caller, *happened)
    assert sorted(each["notification"] for each in await told(caller, partner)) == sorted(
        [*names, "chargePoint.changed"]
    )


async def test_an_evse_that_is_not_watched_is_silent_alone(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    silent = await evse_of(caller, point, networkId="2", physicalReference="Q2", monitoringEnabled=False)
    await silence(caller)
    await subscribed(caller, partner, "HardwareStatusNotification")
    for evse in (silent["id"], None):
        event = stations.HardwareStatusChanged(charge_point_id=point["id"], at=AT, status="faulted", evse_id=evse)
        await emitted(caller, event)
    assert ["evseId" in each for each in await told(caller, partner)] == [False]


async def test_a_changed_charge_point(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    number = point["id"]
    event = stations.ChargePointChanged(charge_point_id=number, action="updated")
    body = await one(caller, partner, "chargePoint.changed", event)
    assert body == {
        "notification": "chargePoint.changed", "chargePointId": number, "action": "updated",
        "lastUpdatedAt": point["lastUpdatedAt"],
    }  # fmt: skip


async def test_the_older_form_holds_the_charge_point_as_the_first_version_reads_it(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    number = point["id"]
    event = stations.ChargePointChanged(charge_point_id=number, action="created")
    body = await one(caller, partner, "ChargePointChangedNotification", event)
    shown = (await caller.get(f"{OLD_POINTS}/{number}")).json()["data"]
    assert body == {
        "notification": "ChargePointChangedNotification", "chargePoint": shown, "action": "created",
        "lastUpdatedAt": shown["lastUpdatedAt"],
    }  # fmt: skip
    await emitted(
        caller, stations.EvseChanged(charge_point_id=number, evse_id=shown["evses"][0]["id"], action="created")
    )
    assert await told(caller, partner) == [{**body, "action": "updated"}]


async def test_a_changed_evse(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    evse = await evse_of(caller, point, networkId="2", physicalReference="Q2")
    await silence(caller)
    event = stations.EvseChanged(charge_point_id=point["id"], evse_id=evse["id"], action="updated")
    assert await one(caller, partner, "evse.changed", event) == {
        "notification": "evse.changed", "evseId": evse["id"], "action": "updated", "lastUpdatedAt": evse["lastUpdatedAt"],
    }  # fmt: skip


async def test_a_synchronised_configuration_and_one_that_failed(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    entry = {
        "key": "BlinkRepeat",
        "value": "1",
        "readonly": False,
        "required": True,
        "timestamp": AT_TEXT,
        "lastUpdatedAt": AT_TEXT,
    }
    name = "ChargePointSyncConfigurationNotification"
    event = stations.ConfigurationSynced(charge_point_id=point["id"], configuration=[entry])
    assert await one(caller, partner, name, event) == {
        "notification": name, "chargePointId": point["id"], "configuration": [entry],
    }  # fmt: skip
    await emitted(caller, stations.ConfigurationSynced(charge_point_id=point["id"], request_id=4, error="no answer"))
    (failed,) = await told(caller, partner)
    assert failed == {
        "notification": name, "chargePointId": point["id"], "requestId": 4, "configuration": [], "error": "no answer",
    }  # fmt: skip


async def test_diagnostics_and_firmware(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    number = point["id"]
    event = stations.DiagnosticsProgressed(charge_point_id=number, at=AT, status="uploading", request_id=9)
    assert await one(caller, partner, "DiagnosticsStatusNotification", event) == {
        "notification": "DiagnosticsStatusNotification", "chargePointId": number, "requestId": 9, "status": "uploading",
        "lastUpdatedAt": AT_TEXT,
    }  # fmt: skip
    await emitted(caller, stations.DiagnosticsProgressed(charge_point_id=number, at=AT, status="idle"))
    assert await told(caller, partner) == []
    told_ = stations.FirmwareProgressed(
        charge_point_id=number, at=AT, status="Installing", protocol="ocpp 1.6", request_id=3
    )
    body = {
        "notification": "FirmwareStatusNotification", "chargePointId": number, "externalId": "ext-1", "lastUpdatedAt": AT_TEXT,
        "protocol": "ocpp 1.6", "firmwareStatus": "Installing",
    }  # fmt: skip
    assert await one(caller, partner, "FirmwareStatusNotification", told_) == body
    newer = {
        "protocol": "ocpp 2.0.1",
        "firmwareStatus": "SignatureVerified",
        "requestId": 3,
        "firmwareUpdateExecutionId": 5,
    }
    assert wrong_in({**body, **newer}) == []
    # A word that the older protocol's message does not have is not told.
    for protocol, expected in (("ocpp 2.0.1", [{**body, **newer}]), ("ocpp 1.6", [])):
        progressed = stations.FirmwareProgressed(
            charge_point_id=number, at=AT, status="SignatureVerified", protocol=protocol, request_id=3, execution_id=5
        )
        await emitted(caller, progressed)
        assert await told(caller, partner) == expected


async def test_security_data_profile_and_reservation(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    number = point["id"]
    security = stations.SecurityEventReported(
        charge_point_id=number, at=AT, type="TamperDetectionActivated", tech_info="lid", critical=True
    )
    assert await one(caller, partner, "SecurityEventNotification", security) == {
        "notification": "SecurityEventNotification", "chargePointId": number, "type": "TamperDetectionActivated",
        "timestamp": AT_TEXT, "techInfo": "lid", "critical": True,
    }  # fmt: skip
    await emitted(caller, stations.SecurityEventReported(charge_point_id=number, at=AT, type="SomethingOfAVendor"))
    assert await told(caller, partner) == []
    data = stations.DataTransferReceived(charge_point_id=number, at=AT, vendor_id="v", data="{}")
    assert await one(caller, partner, "chargePoint.dataTransferReceived", data) == {
        "notification": "chargePoint.dataTransferReceived", "chargePointId": number, "vendorId": "v", "data": "{}",
    }  # fmt: skip
    profile = {
        "id": 3,
        "chargingRateUnit": "A",
        "stackLevel": 0,
        "purpose": "TxProfile",
        "chargingProfileKind": "Relative",
    }
    applied = stations.ProfileApplied(charge_point_id=number, at=AT, profile=profile, evse_id=4)
    assert await one(caller, partner, "chargingProfile.applied", applied) == {
        "notification": "chargingProfile.applied", "chargePointId": number, "evseId": 4, "sessionId": None,
        "chargingProfile": profile, "appliedAt": AT_TEXT,
    }  # fmt: skip


async def test_a_reservation_under_both_its_names(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    await subscribed(caller, partner, "reservation.changed", "ReservationChangedNotification")
    with clock.at(AT):
        await emitted(caller, stations.ReservationChanged(charge_point_id=point["id"], reservation_id=6, status="done"))
    found = await told(caller, partner)
    said = {"reservationId": 6, "status": "done", "lastUpdatedAt": AT_TEXT}
    assert found == [
        {"notification": "reservation.changed", **said}, {"notification": "ReservationChangedNotification", **said},
    ]  # fmt: skip
    assert wrong_in(found[0]) == []


# --- decisions, and what stations themselves make happen --------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (None, "Accepted"), ("id_tag_disabled", "Blocked"), ("id_tag_expired", "Expired"), ("unknown_id_tag", "Invalid"),
        ("session_already_running", "ConcurrentTx"), ("user_is_disabled", "Blocked"), ("location_is_closed", "Invalid"),
    ],
)  # fmt: skip
async def test_a_decision_in_both_forms(
    caller: Caller, partner: Partner, point: dict[str, Any], reason: str | None, word: str
) -> None:
    await subscribed(caller, partner, "authorization.changed", "AuthorizationNotification")
    decision = "rejected" if reason else "accepted"
    async with caller.application.database.tenant(caller.tenant) as tx:
        number = await record_authorization(
            tx, method="id_tag", status=decision, rejection_reason=reason, operator_id=7, id_tag_uid="04A2",
            charge_point_id=point["id"],
        )  # fmt: skip
    new, old = sorted(await told(caller, partner), key=lambda each: each["notification"], reverse=True)
    assert new == {
        "notification": "authorization.changed", "authorizationId": number, "action": "created", "chargePointId": point["id"],
        "idTag": "04A2", "status": decision, "lastUpdatedAt": new["lastUpdatedAt"],
    }  # fmt: skip
    assert old == {
        "notification": "AuthorizationNotification", "chargePointId": point["id"], "authorizationId": number, "idTag": "04A2",
        "status": word, "lastUpdatedAt": new["lastUpdatedAt"],
    }  # fmt: skip
    assert wrong_in(new) == wrong_in(old) == []


async def test_a_pending_decision_is_told_twice_and_in_the_older_form_when_it_is_made(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    await subscribed(caller, partner, "authorization.changed", "AuthorizationNotification")
    database = caller.application.database
    async with database.tenant(caller.tenant) as tx:
        number = await record_authorization(
            tx, method="id_tag", status="pending", operator_id=7, id_tag_uid="04A2", charge_point_id=point["id"]
        )
    assert [(each["notification"], each["action"], each["status"]) for each in await told(caller, partner)] == [
        ("authorization.changed", "created", "pending")
    ]
    async with database.tenant(caller.tenant) as tx:
        assert await decide_authorization(tx, number, "accepted")
        assert not await decide_authorization(tx, number, "rejected", "unknown_id_tag")
    found = {each["notification"]: each for each in await told(caller, partner)}
    assert found["authorization.changed"]["action"] == "updated"
    assert found["AuthorizationNotification"]["status"] == "Accepted"
    assert len(found) == 2


async def test_a_station_tells_of_changes_only(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    names = ("BootNotification", "NetworkStatusNotification", "HardwareStatusNotification")
    await subscribed(caller, partner, *names)
    number = point["id"]
    evse = await evse_of(caller, point, networkId="2", physicalReference="Q2")
    await silence(caller)

    async def heard(*, at: datetime, network: str, hardware: str, boot: bool = False) -> list[str]:
        async with caller.application.database.tenant(caller.tenant) as tx:
            if boot:
                await record_boot(tx, number, BOOT, at)
            await append_network_status(tx, number, network, at)
            await append_hardware_status(tx, number, hardware, at)
            await append_hardware_status(tx, number, hardware, at, evse_id=evse["id"])
        return sorted(each["notification"] for each in await told(caller, partner))

    boot, hardware, network = sorted(names)
    everything = [boot, hardware, hardware, network]
    assert await heard(at=AT, network="available", hardware="available", boot=True) == everything
    assert await heard(at=AT, network="available", hardware="available", boot=True) == [boot]
    assert await heard(at=LATER, network="temporarily_unavailable", hardware="unavailable") == everything[1:]
    assert await heard(at=AT, network="available", hardware="faulted", boot=True) == [boot]
    assert await heard(at=LATER, network="temporarily_unavailable", hardware="faulted") == [hardware, hardware]
