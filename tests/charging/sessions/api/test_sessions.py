"""Sessions as they are listed and read: fields, filters, pages, what is shown on demand, and who sees them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import (
    ALL,
    NOON,
    SESSIONS,
    Site,
    finished,
    measured,
    metered,
    running,
    set_columns,
    shown,
    site,
    stations_answer,
)
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.sessions.resources import sessions
from gridloom.charging.sessions.rules import reason_of
from gridloom.charging.sessions.schemas import Reason
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.pages import Pages

BY_KWH: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3}}
EARLY, LATE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


class TestSessions(ResourceSuite):
    resource = sessions


async def a_full_session(at: Site) -> int:
    """A session in which every column that another part writes is filled."""
    driver = await at.driver(partner_id=31)
    session = await running(at, NOON, driver, connector_id=5)
    await metered(at, NOON, (0, 0), (30, 6000), (60, 12000))
    await measured(at, "Power.Active.Import", [(NOON + timedelta(minutes=m), 12000 + m) for m in (0, 30, 60)])
    await measured(at, "SoC", [(NOON + timedelta(minutes=m), 50 + m / 2) for m in (0, 30, 60)])
    await finished(at, session, NOON, 60, 12000, "evdisconnected")
    await set_columns(
        at.caller, "session", session, payment_type="tokenized", payment_method_id="77", payment_status="paid",
        payment_status_updated_at=NOON, terminal_id=9, external_app_data={"order": {"id": 12, "tag": "a"}, "lane": "B"},
        original_session_id=session - 1, extended_by_session_id=session + 1, randomised_delay_s=42, booking_id=8,
        id_tag_label="Van", id_tag_type="rfid", electricity_cost=Decimal("1.5"), non_billable_energy_wh=Decimal(500),
        authorization_source="roaming", reimbursement_eligibility=True,
    )  # fmt: skip
    await set_columns(
        at.caller, "charge_point", at.station["id"], partner_id=33, sub_operator_id=34,
        last_boot={"vendor": "Acme", "model": "M", "chargePointSerialNumber": "SN1"},
    )  # fmt: skip
    return session


async def test_a_session_shows_all_that_is_known_of_it(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await a_full_session(at)
    (row,) = await at.sessions()
    answer = await at.caller.get(f"{SESSIONS}/{session}")
    assert answer.json()["data"] == {
        "id": str(session), "operatorId": at.operator, "chargePointId": at.station["id"], "evseId": at.evse["id"],
        "connectorId": 5, "status": "finished", "reason": "evdisconnected", "userId": row["driver_id"], "bookingId": 8,
        "startedAt": "2025-06-04T12:00:00Z", "stoppedAt": "2025-06-04T13:00:00Z", "energy": 12000,
        "energyConsumption": {"total": 12000, "grid": 12000}, "powerKw": 12.06, "socPercent": 80,
        "power": {"latest": 12060, "peak": 12060, "average": 12000}, "amount": 3.6,
        "totalAmount": {"withTax": 3.6, "withoutTax": 3.6}, "tax": None, "currency": "EUR", "paymentType": "tokenized",
        "paymentMethodId": "77", "terminalId": 9, "nonBillableEnergy": 500, "paymentStatus": "paid",
        "paymentStatusUpdatedAt": "2025-06-04T12:00:00Z", "authorizationId": None, "idTag": row["id_tag"],
        "idTagLabel": "Van", "idTagType": "rfid", "extendingSessionId": session - 1, "originalSessionId": session - 1,
        "extendedBySessionId": session + 1, "reimbursementEligibility": True, "externalSessionId": None,
        "tariffSnapshotId": row["tariff_snapshot_id"], "electricityCost": 1.5,
        "evsePhysicalReference": at.evse["physicalReference"], "randomisedDelay": 42, "receiptId": None,
        "billingStatus": "completed", "billingCompletedAt": answer.json()["data"]["billingCompletedAt"],
        "lastUpdatedAt": answer.json()["data"]["lastUpdatedAt"],
    }  # fmt: skip


async def test_what_is_unknown_of_a_session_is_null_or_left_out(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await running(at, NOON, meter_start_wh=None)
    answer = await at.caller.get(f"{SESSIONS}/{session}")
    read = answer.json()["data"]
    nulls = {name for name, value in read.items() if value is None}
    assert nulls == {
        "connectorId", "stoppedAt", "userId", "amount", "totalAmount", "tax", "paymentMethodId", "terminalId",
        "paymentStatus", "paymentStatusUpdatedAt", "authorizationId", "idTagType", "extendingSessionId",
        "externalSessionId", "tariffSnapshotId", "electricityCost", "receiptId", "billingStatus",
    }  # fmt: skip
    assert {
        "reason", "bookingId", "powerKw", "socPercent", "paymentType", "nonBillableEnergy", "idTagLabel",
        "originalSessionId", "extendedBySessionId", "reimbursementEligibility", "authorization", "chargingPeriods",
        "priceBreakdown", "chargePointOperatorRoamingId", "roaming", "randomisedDelay", "externalAppData",
        "clockAlignedEnergyConsumption", "estimatedSavings", "billingCompletedAt", "power",
    }.isdisjoint(read)  # fmt: skip
    assert (read["energy"], read["energyConsumption"]) == (0, {"total": 0, "grid": 0})


FILTERS: dict[str, tuple[Any, Any]] = {
    "operatorId": (lambda at, row: [at.operator, 1], 987654),
    "evseId": (lambda at, row: at.evse["id"], 987654),
    "chargePointId": (lambda at, row: at.station["id"], 987654),
    "evsePhysicalReference": (lambda at, row: at.evse["physicalReference"], "another"),
    "chargePointNetworkId": (lambda at, row: f"cp-{at.caller.tenant}", "another"),
    "reason": ("evdisconnected", "local"),
    "chargePointBootNotificationSerialNumber": ("SN1", "SN2"),
    "chargePointBootNotificationVendor": ("Acme", "Other"),
    "startedAfter": ("2025-06-04T14:00:00+02:00", "2025-06-04T12:00:01Z"),
    "startedBefore": ("2025-06-04T12:00:00Z", "2025-06-04T11:59:59Z"),
    "userId": (lambda at, row: row["driver_id"], 987654),
    "status": ("finished", "active"),
    "endedAfter": ("2025-06-04T13:00:00Z", "2025-06-04T13:00:01Z"),
    "endedBefore": ("2025-06-04T13:00:00Z", "2025-06-04T12:59:59Z"),
    "partnerId": (33, 31),
    "userPartnerId": (31, 33),
    "subOperatorId": (34, 33),
    "locationId": (lambda at, row: at.station["locationId"], 987654),
    "idTag": (lambda at, row: row["id_tag"], "*9999999"),
    "paymentType": ("tokenized", "balance"),
    "paymentStatus": ("paid", "failed"),
    "paymentStatusUpdatedBefore": ("2025-06-04T12:00:00Z", EARLY),
    "paymentStatusUpdatedAfter": ("2025-06-04T12:00:00Z", LATE),
    "billingCompletedBefore": (LATE, EARLY),
    "billingCompletedAfter": (EARLY, LATE),
    "externalAppData": ("B", "C"),
    "externalAppData.lane": ("B", "C"),
    "externalAppData.order.id": ("12", "13"),
    "externalAppData.order.tag": ("a", "b"),
    "authorizationSource": ("roaming", "local"),
    "billingStatus": ("completed", "null"),
    "terminalId": (9, 10),
    "lastUpdatedAfter": (EARLY, LATE),
    "lastUpdatedBefore": (LATE, EARLY),
}


async def test_each_filter_finds_what_it_should_and_only_that(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = str(await a_full_session(at))
    (row,) = await at.sessions()
    for name, (hit, miss) in FILTERS.items():
        found, lost = [
            [
                each["id"]
                for each in await at.caller.all(SESSIONS, **{name: value(at, row) if callable(value) else value})
            ]
            for value in (hit, miss)
        ]
        assert found == [session], f"{name} does not find the session"
        assert lost == [], f"{name} finds what it should not"
    assert await at.caller.all(SESSIONS, taxId=1) == []
    assert await at.caller.all(SESSIONS, receiptId=1) == []
    tested = {name for name in FILTERS if "." not in name} | {"taxId", "receiptId", "selectedPaymentMethod", "roaming"}
    assert tested == set(sessions.filters)


async def test_several_properties_of_other_applications_have_to_fit_together(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await a_full_session(at)
    both = {"externalAppData.lane": "B", "externalAppData.order.id": "12"}
    assert [each["id"] for each in await at.caller.all(SESSIONS, **both)] == [str(session)]
    assert await at.caller.all(SESSIONS, **{**both, "externalAppData.order.id": "13"}) == []
    assert await at.caller.all(SESSIONS, **{"externalAppData.missing.path": "B"}) == []
    await set_columns(at.caller, "session", session, external_app_data=None)
    assert await at.caller.all(SESSIONS, **{"externalAppData.lane": "B"}) == []


async def test_a_walk_with_a_made_up_filter_goes_on_with_it(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    ids = []
    for number in range(5):
        session = await running(at, NOON + timedelta(hours=number))
        await set_columns(
            at.caller, "session", session, status="finished", external_app_data={"lane": "AB"[number % 2]}
        )
        ids.append(str(session))
    found: list[str] = []
    url = SESSIONS
    params: dict[str, str] | None = {"per_page": "2", "cursor": "", "filter[externalAppData.lane]": "A"}
    while url:
        answer = await at.caller.get(url, params=params)
        assert answer.status_code == 200, answer.text
        found += [each["id"] for each in answer.json()["data"]]
        url, params = answer.json()["links"]["next"], None
    assert found == ids[::2]


@pytest.mark.parametrize(
    ("stored", "hits"),
    [
        ("balance", {"balance"}), ("corporate", {"corporate"}), ("subscription", {"subscription"}),
        ("bank_transfer", {"bank_transfer"}), ("terminal", {"payment_terminal"}), ("tokenized", set()),
    ],
)  # fmt: skip
async def test_sessions_are_found_by_the_payment_method_that_was_chosen(
    callers: Callers, stored: str, hits: set[str]
) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    await set_columns(at.caller, "session", session, payment_type=stored)
    words = ("corporate", "subscription", "balance", "bank_transfer", "payment_terminal", "external", "visa", "unknown")
    found = {each for each in words if await at.caller.all(SESSIONS, selectedPaymentMethod=[each])}
    assert found == hits
    assert len(await at.caller.all(SESSIONS, selectedPaymentMethod=[*hits, "visa", "balance"])) == (1 if hits else 0)


async def test_a_session_that_is_not_billed_yet_is_found_by_the_word_null(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    assert [each["id"] for each in await at.caller.all(SESSIONS, billingStatus="null")] == [str(session)]
    assert await at.caller.all(SESSIONS, billingStatus="completed") == []


async def test_a_reason_is_found_in_both_spellings(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    await set_columns(at.caller, "session", session, status="expired", reason="ev_not_connected_to_evse")
    for word in ("ev_not_connect_to_evse", "ev_not_connected_to_evse"):
        assert [each["id"] for each in await at.caller.all(SESSIONS, reason=word)] == [str(session)]


@pytest.mark.parametrize("name", ["roamingOperatorCpoIds", "roamingOperatorEmspIds", "roamingConnectionIds"])
async def test_nothing_roams_yet(callers: Callers, name: str) -> None:
    at = await site(await caller_of(callers))
    await running(at)
    url = f"{SESSIONS}?filter[roaming][{name}][]"
    assert (await at.caller.get(f"{url}=1")).json()["data"] == []
    refused = await at.caller.get(f"{url}=many")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [f"filter.roaming.{name}.0"])


async def test_words_that_a_list_does_not_know_are_refused_by_name(callers: Callers) -> None:
    caller = await caller_of(callers)
    for params, name in (
        ({"filter[status]": "done"}, "filter.status"),
        ({"filter[reason]": "because"}, "filter.reason"),
        ({"filter[evseId]": "one"}, "filter.evseId"),
        ({"filter[startedAfter]": "yesterday"}, "filter.startedAfter"),
        ({"filter[selectedPaymentMethod][]": "shells"}, "filter.selectedPaymentMethod.0"),
        ({"filter[billingStatus]": "open"}, "filter.billingStatus"),
        ({"filter[externalAppData.a][]": "x"}, "filter.externalAppData.a"),
        ({f"filter[externalAppData.a{n}]": "x" for n in range(21)}, "filter.externalAppData"),
        ({"filter[externalAppData][a]": "x"}, "filter.externalAppData"),
        ({"clockAlignedInterval": "20"}, "clockAlignedInterval"),
        ({"withPriceBreakdown": "perhaps"}, "withPriceBreakdown"),
        ({"include[]": "everything"}, "include.0"),
    ):
        answer = await caller.get(SESSIONS, params=params)
        assert answer.status_code == 422, params
        assert list(answer.json()["errors"]) == [name]


async def test_nothing_is_shown_that_was_not_asked_for(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await a_full_session(at)
    url = f"{SESSIONS}/{session}"
    fields = {
        "withAuthorization": "authorization", "withChargingPeriods": "chargingPeriods",
        "withPriceBreakdown": "priceBreakdown", "withClockAlignedEnergyConsumption": "clockAlignedEnergyConsumption",
    }  # fmt: skip
    plain = (await at.caller.get(url)).json()["data"]
    assert set(fields.values()).isdisjoint(plain)
    for switch, field in fields.items():
        data = (await at.caller.get(url, params={switch: "true"})).json()["data"]
        assert set(data) - set(plain) == ({field} if switch != "withAuthorization" else set())
        assert set((await at.caller.get(url, params={switch: "false"})).json()["data"]) == set(plain)
    alone = await at.caller.get(url, params={"withChargingPeriodsPriceBreakdown": "true"})
    assert set(alone.json()["data"]) == set(plain)
    (period,) = (await at.caller.get(url, params={"withChargingPeriods": "1"})).json()["data"]["chargingPeriods"]
    assert "priceBreakdown" not in period
    included = (await at.caller.get(url, params={"include[]": "externalAppData"})).json()["data"]
    assert included["externalAppData"] == {"order": {"id": 12, "tag": "a"}, "lane": "B"}


async def test_a_period_and_a_line_have_their_older_fields_too(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await a_full_session(at)
    read = await shown(at.caller, session)
    line = {
        "type": "energy", "currency": "EUR", "unit": "kwh", "pricePerUnit": {"withTax": 0.3, "withoutTax": 0.3},
        "quantity": 12, "price": {"withTax": 3.6, "withoutTax": 3.6}, "taxPercentage": None,
    }  # fmt: skip
    assert read["priceBreakdown"] == [{**line, "unitPrice": 0.3, "totalPrice": 3.6}]
    (period,) = read["chargingPeriods"]
    assert period == {
        "id": period["id"], "energy": 12000, "energyPrecise": 12000, "startedAt": "2025-06-04T12:00:00Z",
        "stoppedAt": "2025-06-04T13:00:00Z", "state": "charging", "chargingState": "charging",
        "pricingDetails": {"pricingMethod": "energy"}, "amount": 3.6, "totalAmount": {"withTax": 3.6, "withoutTax": 3.6},
        "priceBreakdown": [line],
    }  # fmt: skip


async def test_lines_are_shown_once_the_bill_is_made(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await running(at)
    read = await shown(at.caller, session)
    assert "priceBreakdown" not in read
    (period,) = read["chargingPeriods"]
    assert "priceBreakdown" not in period
    assert period["stoppedAt"] is None


async def test_the_decision_behind_a_session_is_shown_in_the_words_of_the_first_version(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch)
    driver = await at.driver()
    made = (await at.caller.post(at.start_url(), json={"userId": driver})).json()
    await set_columns(at.caller, "authorization", made["authorizationId"], method="mac_address", id_tag_uid="AA:BB")
    shown_as = (await shown(at.caller, made["sessionId"]))["authorization"]
    first = await at.caller.get(f"/public-api/resources/authorizations/v1.0/{made['authorizationId']}")
    assert shown_as == first.json()["data"]
    assert (shown_as["method"], shown_as["userId"], shown_as["rfidTagUid"]) == ("rfid_tag", driver, "AA:BB")


async def test_pages_hold_every_session_once_in_both_ways(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    ids = []
    for number in range(5):
        session = await running(at, NOON + timedelta(hours=number))
        await set_columns(at.caller, "session", session, status="finished")
        ids.append(str(session))
    for way in (Pages.NUMBER, Pages.CURSOR):
        assert [each["id"] for each in await at.caller.walk(SESSIONS, way, size=2)] == ids
    numbered = await at.caller.get(SESSIONS, params={"page": "2", "per_page": "2"})
    assert (numbered.json()["meta"]["total"], numbered.headers["deprecation"]) == (5, "@1780272000")


async def test_other_tenants_and_other_operators_see_nothing_of_a_session(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    session = await a_full_session(at)
    elsewhere = await callers.other(sessions)
    scoped = await caller_of(callers, operator=at.operator + 1)
    for caller in (elsewhere, scoped):
        assert await caller.all(SESSIONS) == []
        assert (await caller.get(f"{SESSIONS}/{session}")).status_code == 404
        assert (await caller.get(f"{SESSIONS}/{session}/consumption-stats")).status_code == 404
    own = await caller_of(callers, operator=at.operator)
    assert [each["id"] for each in await own.all(SESSIONS)] == [str(session)]
    assert await own.all(SESSIONS, operatorId=at.operator + 1) == []
    reader = await caller_of(callers, scopes=["charging.sessions:read"])
    assert (await reader.get(f"{SESSIONS}/{session}/consumption-stats")).status_code == 200
    stranger = await caller_of(callers, scopes=["charging.tariffs:read"])
    assert (await stranger.get(f"{SESSIONS}/{session}/consumption-stats")).status_code == 403


async def statements(caller: Caller, params: dict[str, str]) -> int:
    """How many statements a list runs."""
    seen: list[int] = []
    database = caller.application.services.part(Database)
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == caller.tenant else None
    try:
        answer = await caller.get(SESSIONS, params=params)
    finally:
        database.observer = None
    assert answer.status_code == 200, answer.text
    return sum(seen)


async def test_a_list_with_all_that_can_be_shown_runs_a_fixed_number_of_statements(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    everything = {**ALL, "include[]": "externalAppData", "cursor": ""}
    counts = []
    for number in range(3):
        for again in range(1 + 2 * number):
            start = NOON + timedelta(days=number, hours=2 * again)
            session = await running(at, start)
            await metered(at, start, (0, 0), (30, 6000), (60, 12000))
            await finished(at, session, start, 60, 12000)
        counts.append(await statements(at.caller, everything))
    # The list; data of other applications, authorizations, periods, lines; sessions, channels, what each of them may see,
    # readings, costs.
    assert counts == [10, 10, 10]
    assert await statements(at.caller, {"cursor": ""}) == 1
    assert await statements(at.caller, {"page": "1"}) == 2


STOPPED = (
    "DeAuthorized", "EmergencyStop", "EnergyLimitReached", "EVDisconnected", "GroundFault", "HardReset", "ImmediateReset",
    "Local", "LocalOutOfCredit", "MasterPass", "Other", "OvercurrentFault", "PowerLoss", "PowerQuality", "Reboot", "Remote",
    "SOCLimitReached", "SoftReset", "StoppedByEV", "TimeLimitReached", "Timeout", "UnlockCommand",
)  # fmt: skip


@pytest.mark.parametrize("told", STOPPED)
def test_whatever_reason_a_station_gives_the_contract_has_a_word_for_it(told: str) -> None:
    assert reason_of(told, None) in get_args(Reason)
