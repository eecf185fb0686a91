"""What exactly is told of sessions; each message is held against the contract as well."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.drivers.kit import driver_row
from tests.charging.notifications.contract import wrong_in
from tests.charging.notifications.kit import emitted, one, silence, subscribed, told
from tests.charging.stations.kit import evse_of, set_columns, station
from tests.kernel.webhooks.partner import Partner
from tests.suites.client import Caller

from gridloom.charging.sessions import events as sessions
from gridloom.kernel import clock

AT = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
AT_TEXT = "2026-11-20T12:00:00.250000Z"


@pytest.fixture
async def point(caller: Caller) -> dict[str, Any]:
    return await station(caller)


async def session_at(caller: Caller, point: dict[str, Any], **columns: Any) -> int:
    evse = await evse_of(caller, point, networkId="9", physicalReference="Q9")
    await set_columns(caller, "location", point["locationId"], timezone="America/Los_Angeles")
    given = {
        "tenant_id": caller.tenant, "operator_id": 7, "charge_point_id": point["id"], "evse_id": evse["id"], "status": "active",
        "started_at": AT, "id_tag": "04A2", "meter_start_wh": Decimal("1000.5"), "updated_at": LATER, **columns,
    }  # fmt: skip
    async with caller.application.database.tenant(caller.tenant) as tx:
        number = await tx.scalar(
            f"INSERT INTO charging.session ({', '.join(given)}) VALUES ({', '.join(f':{each}' for each in given)}) RETURNING id",
            **given,
        )
    await silence(caller)
    return int(number)


async def evse_of_session(caller: Caller, number: int) -> int:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return int(await tx.scalar("SELECT evse_id FROM charging.session WHERE id = :id", id=number))


async def test_a_session_that_began_in_both_forms(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    driver = await driver_row(caller)
    number = await session_at(caller, point, driver_id=driver, external_app_data={"a": 1})
    evse = await evse_of_session(caller, number)
    event = sessions.SessionStarted(session_id=number, charge_point_id=point["id"], evse_id=evse)
    body = await one(caller, partner, "session.start.stop.notification", event)
    common = {
        "sessionId": number, "chargePointId": point["id"], "evseId": evse, "action": "start", "userId": driver,
        "idTag": "04A2", "startedAtTimestamp": AT_TEXT, "meterStart": 1000, "meterStop": 1000, "energyConsumed": 0,
        "lastUpdatedAt": "2026-11-20T13:30:00Z", "externalAppData": {"a": 1},
    }  # fmt: skip
    assert body == {
        "notification": "session.start.stop.notification",
        **common,
        "startedAtTimestampLocal": "2026-11-20T04:00:00.250000-08:00",
    }
    await subscribed(caller, partner, "SessionStartStopNotification")
    await emitted(caller, event)
    found = [each for each in await told(caller, partner) if each["notification"] == "SessionStartStopNotification"]
    assert found == [{"notification": "SessionStartStopNotification", **common}]
    assert wrong_in(found[0]) == []


async def test_a_session_that_ended_in_both_forms(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    driver = await driver_row(caller)
    number = await session_at(
        caller, point, driver_id=driver, status="finished", stopped_at=LATER, meter_stop_wh=Decimal(13500), reason="remote",
        id_tag="my-reference", remote_start_id=5,
    )  # fmt: skip
    evse = await evse_of_session(caller, number)
    event = sessions.SessionStopped(session_id=number, charge_point_id=point["id"], evse_id=evse)
    body = await one(caller, partner, "session.start.stop.notification", event)
    common = {
        "sessionId": number, "chargePointId": point["id"], "evseId": evse, "action": "stop", "idTag": "my-reference",
        "externalSessionId": "my-reference", "startedAtTimestamp": AT_TEXT, "stoppedAtTimestamp": "2026-11-20T13:30:00Z",
        "meterStart": 1000, "meterStop": 13500, "energyConsumed": 12499.5, "reason": "remote",
        "lastUpdatedAt": "2026-11-20T13:30:00Z", "externalAppData": None,
    }  # fmt: skip
    assert body == {
        "notification": "session.start.stop.notification", **common, "userId": driver,
        "startedAtTimestampLocal": "2026-11-20T04:00:00.250000-08:00", "stoppedAtTimestampLocal": "2026-11-20T05:30:00-08:00",
    }  # fmt: skip
    await subscribed(caller, partner, "SessionStartStopNotification")
    await emitted(caller, event)
    found = [each for each in await told(caller, partner) if each["notification"] == "SessionStartStopNotification"]
    assert found == [{"notification": "SessionStartStopNotification", **common, "userId": None}]


async def test_an_updated_session_is_told_as_it_is_read(
    caller: Caller, partner: Partner, point: dict[str, Any]
) -> None:
    number = await session_at(caller, point)
    evse = await evse_of_session(caller, number)
    event = sessions.SessionUpdated(session_id=number, charge_point_id=point["id"], evse_id=evse)
    body = await one(caller, partner, "SessionUpdateNotification", event)
    shown = (await caller.get(f"/public-api/resources/sessions/v1.0/{number}")).json()["data"]
    assert body == {"notification": "SessionUpdateNotification", "session": shown}


async def test_meter_values_and_a_new_period(caller: Caller, partner: Partner, point: dict[str, Any]) -> None:
    number = await session_at(caller, point)
    evse = await evse_of_session(caller, number)
    where = {"session_id": number, "charge_point_id": point["id"], "evse_id": evse}
    values = [
        {"timestamp": AT_TEXT, "measurand": "Energy Active Import Register", "value": "12000", "unit": "Wh"},
        {"timestamp": AT_TEXT, "measurand": "Power Active Import", "value": "7400.50", "unit": "W"},
    ]
    body = await one(
        caller, partner, "SessionMeterValuesNotification", sessions.MeterValuesReceived(**where, at=AT, values=values)
    )
    assert body == {
        "notification": "SessionMeterValuesNotification", "chargePointId": point["id"], "evseId": evse, "sessionId": number,
        "meterValues": [
            {"timestamp": AT_TEXT, "measurand": "Energy Active Import Register", "value": 12000, "unit": "Wh"},
            {"timestamp": AT_TEXT, "measurand": "Power Active Import", "value": 7400.5},
        ],
    }  # fmt: skip
    with clock.at(AT):
        event = sessions.ChargingPeriodChanged(
            **where, current_period_id=2, current_state="idle", previous_period_id=1, previous_state="charging"
        )
        body = await one(caller, partner, "session.chargingPeriod.changed", event)
    assert body == {
        "notification": "session.chargingPeriod.changed", "sessionId": number, "chargePointId": point["id"], "evseId": evse,
        "previousChargingPeriodId": 1, "currentChargingPeriodId": 2, "previousState": "charging", "currentState": "idle",
        "lastUpdatedAt": AT_TEXT,
    }  # fmt: skip
