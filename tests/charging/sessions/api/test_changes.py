"""What the office may still change about a session, and when it may not."""

from datetime import timedelta
from typing import Any

import pytest
from tests.charging.drivers.kit import made as posted
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import ACTIONS, NOON, Site, finished, metered, running, set_columns, shown, site
from tests.charging.tariffs.kit import TARIFFS
from tests.suites.client import Callers

from gridloom.charging.sessions import billing
from gridloom.charging.sessions.resources import sessions
from gridloom.kernel import clock

BY_KWH: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3}}
CHEAP: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.1}}
BODIES: dict[str, dict[str, Any]] = {
    "assign-user": {"userId": 1},
    "change-tariff": {"tariffId": 1},
    "retry-payment": {},
}


async def act(at: Site, session: int, verb: str, body: dict[str, Any]) -> int:
    """The status of an action; a refusal must change nothing."""
    before = await at.rows("SELECT * FROM charging.session ORDER BY id")
    answer = await at.caller.post(f"{ACTIONS}/session/v1.0/{session}/{verb}", json=body)
    if answer.status_code != 202:
        assert await at.rows("SELECT * FROM charging.session ORDER BY id") == before
        assert answer.json()["message"]
    return answer.status_code


async def tariff(at: Site, fields: dict[str, Any], **changes: Any) -> int:
    row = await posted(at.caller, TARIFFS, {"operatorId": at.operator, "name": "Another", **fields, **changes})
    return int(row["id"])


# --- assign-user ------------------------------------------------------------------------------------------------------


async def test_a_session_of_nobody_gets_a_user_once_its_bill_is_made(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    first, second = await at.driver(), await at.driver()
    session = await running(at)
    assert await act(at, session, "assign-user", {"userId": first}) == 409
    before = await finished(at, session, NOON, 60, 10000)
    assert await act(at, session, "assign-user", {"userId": first}) == 202
    after = await shown(at.caller, session)
    assert {**after, "userId": None, "lastUpdatedAt": before["lastUpdatedAt"]} == before
    assert after["userId"] == first
    assert await act(at, session, "assign-user", {"userId": second}) == 409
    assert await act(at, session, "assign-user", {"userId": first}) == 409
    (event,) = await at.rows(
        "SELECT name FROM events.outbox WHERE name = 'charging.session.updated' ORDER BY occurred_at DESC LIMIT 1"
    )
    assert event["name"] == "charging.session.updated"


async def test_a_session_is_given_to_users_of_its_own_operator_only(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at)
    await finished(at, session, NOON, 60, 10000)
    other = await at.driver(operator_id=at.operator + 1)
    gone = await at.driver(deleted_at=clock.now())
    for user in (987654321, other, gone):
        assert await act(at, session, "assign-user", {"userId": user}) == 422
    for body in ({}, {"userId": None}, {"userId": 0}, {"userId": "x"}):
        assert await act(at, session, "assign-user", body) == 422


# --- change-tariff ----------------------------------------------------------------------------------------------------


async def test_a_running_session_is_priced_by_another_tariff_from_its_start(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    start = clock.now() - timedelta(hours=2)
    session = await running(at, start)
    await metered(at, start, (0, 0), (119, 10000))
    (before,) = await at.sessions()
    cheap = await tariff(at, CHEAP)
    assert await act(at, session, "change-tariff", {"tariffId": cheap}) == 202
    (after,) = await at.sessions()
    assert (after["tariff_id"], after["tariff_snapshot_id"] != before["tariff_snapshot_id"]) == (cheap, True)
    (period,) = (await shown(at.caller, session))["chargingPeriods"]
    assert period["totalAmount"]["withTax"] == 1
    read = await finished(at, session, start, 120, 10000)
    assert read["totalAmount"]["withTax"] == 1


async def test_after_three_hours_a_running_session_keeps_its_tariff(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    cheap = await tariff(at, CHEAP)
    session = await running(at, NOON)
    with clock.at(NOON + timedelta(hours=3, minutes=1)):
        assert await act(at, session, "change-tariff", {"tariffId": cheap}) == 409
    with clock.at(NOON + timedelta(hours=3)):
        assert await act(at, session, "change-tariff", {"tariffId": cheap}) == 202


async def test_a_bill_that_is_made_keeps_its_tariff(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at)
    await finished(at, session, NOON, 60, 10000)
    assert await act(at, session, "change-tariff", {"tariffId": await tariff(at, CHEAP)}) == 409


async def test_a_bill_that_waits_is_made_by_the_new_tariff(callers: Callers) -> None:
    at = await site(await caller_of(callers), {"type": "energy tou", "pricing": {"chargePointElectricityRate": True}})
    session = await running(at)
    waiting = await finished(at, session, NOON, 240, 10000)
    assert waiting["billingStatus"] == "suspended"
    assert await act(at, session, "change-tariff", {"tariffId": await tariff(at, CHEAP)}) == 202
    read = await shown(at.caller, session)
    assert (read["billingStatus"], read["totalAmount"]["withTax"]) == ("completed", 1)


@pytest.mark.parametrize("columns", [{"status": "pending"}, {"status": "failed"}, {"status": "expired"}])
async def test_a_session_that_the_station_has_not_started_keeps_its_tariff(
    callers: Callers, columns: dict[str, Any]
) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at, clock.now())
    await set_columns(at.caller, "session", session, **columns)
    assert await act(at, session, "change-tariff", {"tariffId": await tariff(at, CHEAP)}) == 409


async def test_while_a_price_is_being_recalculated_the_tariff_stays(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at, clock.now())
    await set_columns(at.caller, "session", session, is_recalculating=True)
    assert await act(at, session, "change-tariff", {"tariffId": await tariff(at, CHEAP)}) == 409


async def test_a_session_at_a_partners_station_without_a_record_keeps_its_tariff(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at, clock.now())
    await set_columns(at.caller, "charge_point", at.station["id"], communication_mode="roaming", roaming_operator_id=3)
    assert await act(at, session, "change-tariff", {"tariffId": await tariff(at, CHEAP)}) == 409


async def test_a_tariff_of_another_operator_prices_nothing_here(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at, clock.now())
    foreign = await tariff(at, CHEAP, operatorId=at.operator + 1)
    for body in ({"tariffId": foreign}, {"tariffId": 987654321}, {}, {"tariffId": None}):
        assert await act(at, session, "change-tariff", body) == 422


async def test_a_tariff_that_was_taken_again_uses_the_same_snapshot(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at, clock.now())
    (before,) = await at.sessions()
    async with at.tx() as tx:
        await billing.take_tariff(tx, session)
    (after,) = await at.sessions()
    assert after["tariff_snapshot_id"] == before["tariff_snapshot_id"]


# --- retry-payment ----------------------------------------------------------------------------------------------------


async def test_no_payment_is_tried_again_where_nothing_takes_money(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at)
    assert await act(at, session, "retry-payment", {}) == 409
    await finished(at, session, NOON, 60, 10000)
    assert await act(at, session, "retry-payment", {}) == 409
    await set_columns(at.caller, "session", session, payment_status="failed")
    for body in ({}, {"paymentMethodId": None}, {"paymentMethodId": 7}):
        assert await act(at, session, "retry-payment", body) == 409
    await set_columns(at.caller, "session", session, billing_status="suspended")
    assert await act(at, session, "retry-payment", {}) == 409
    assert await act(at, session, "retry-payment", {"paymentMethodId": "card"}) == 422


# --- whose session it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", sorted(BODIES))
async def test_sessions_of_others_are_not_found(callers: Callers, verb: str) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at)
    url = f"{ACTIONS}/session/v1.0/{session}/{verb}"
    for caller in (await callers.other(sessions), await caller_of(callers, operator=at.operator + 1)):
        assert (await caller.post(url, json=BODIES[verb])).status_code == 404
    assert (await at.caller.post(url.replace(str(session), "987654321"), json=BODIES[verb])).status_code == 404
    reader = await caller_of(callers, scopes=["charging.sessions:read"])
    assert (await reader.post(url, json=BODIES[verb])).status_code == 403
    assert (await at.caller.anonymous().post(url, json=BODIES[verb])).status_code == 401
