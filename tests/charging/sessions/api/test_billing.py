"""What a session costs, from the rows that its station left."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.charging.drivers.kit import made as posted
from tests.charging.drivers.kit import put_into_group
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import (
    NOON,
    Site,
    finished,
    measured,
    metered,
    priced,
    running,
    set_columns,
    shown,
    site,
)
from tests.charging.tariffs.kit import TARIFFS, put
from tests.suites.client import Callers

from gridloom.charging.pricing.engine.public import Free
from gridloom.charging.sessions import billing, store
from gridloom.charging.sessions.settings import change_settings as change_session_settings
from gridloom.charging.sessions.spending import so_far
from gridloom.charging.sessions.terms import circumstances_of
from gridloom.charging.stations.public import change_settings

MINUTE = timedelta(minutes=1)
LEVELS = [
    {"firstKwh": 0, "lastKwh": 5, "flatFee": 2},
    {"firstKwh": 5, "lastKwh": 10, "feePerKwh": 0.35},
    {"firstKwh": 10, "lastKwh": None, "feePerKwh": 0.40},
]
UNITS = [
    {"firstUnit": 0, "lastUnit": 8, "feePerUnit": 0.5},
    {"firstUnit": 9, "lastUnit": 24, "feePerUnit": 0.55},
    {"firstUnit": 25, "lastUnit": None, "flatFee": 10},
]
BY_KWH: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3}}
BY_DAY: dict[str, Any] = {
    "type": "duration+energy time of day", "dayTariffStart": "06:00", "nightTariffStart": "22:00",
    "pricing": {"dayPricePerKwh": 0.4, "nightPricePerKwh": 0.2},
}  # fmt: skip
TAX_URL = "/public-api/resources/taxes/v2.0"
TAX = {"name": "VAT", "displayName": [{"locale": "en", "translation": "VAT"}]}


@pytest.fixture
def caller(callers: Callers) -> Any:
    """Makes the caller of a test."""
    return lambda: caller_of(callers)


def sums(read: dict[str, Any]) -> None:
    """The parts of a bill add up to its total."""
    total = Decimal(str(read["totalAmount"]["withTax"]))
    lines = sum(Decimal(str(each["price"]["withTax"])) for each in read["priceBreakdown"])
    periods = sum(Decimal(str(each["totalAmount"]["withTax"])) for each in read["chargingPeriods"])
    slices = sum(Decimal(str(each["totalCost"]["withTax"])) for each in read["clockAlignedEnergyConsumption"])
    energy = sum(Decimal(str(each["energyPrecise"])) for each in read["chargingPeriods"])
    assert lines == periods
    assert abs(total - lines) < Decimal("0.005")
    assert slices == total
    assert energy == Decimal(str(read["energyConsumption"]["total"]))


def lines_of(read: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [(each["type"], each["quantity"], each["price"]["withTax"]) for each in read["priceBreakdown"]]


async def test_energy_climbs_through_the_levels_of_its_tariff(caller: Any) -> None:
    at = await site(await caller(), {"type": "standard", "pricing": {"multiPricePerKwh": LEVELS}})
    session = await running(at)
    await metered(at, NOON, (0, 0), (30, 6000), (60, 12000))
    read = await finished(at, session, NOON, 60, 12000)
    assert read["totalAmount"] == {"withTax": 4.55, "withoutTax": 4.55}
    assert lines_of(read) == [("energy", 5, 1.75), ("energy", 2, 0.8), ("energy_flat_fee", 1, 2)]
    assert (read["billingStatus"], read["paymentStatus"], read["currency"]) == ("completed", None, "EUR")
    assert (read["amount"], read["energy"], read["energyConsumption"]) == (4.55, 12000, {"total": 12000, "grid": 12000})
    sums(read)


async def test_time_climbs_through_the_levels_of_its_tariff(caller: Any) -> None:
    at = await site(await caller(), {"type": "standard", "pricing": {"multiPricePerDuration": UNITS}})
    session = await running(at)
    await metered(at, NOON, *[(m, 100 * m) for m in range(0, 421, 4)])
    read = await finished(at, session, NOON, 420, 42000)
    assert read["totalAmount"]["withTax"] == 22.8
    times = [("charging_time", 120, 4), ("charging_time", 240, 8.8)]
    assert lines_of(read) == [*times, ("duration_flat_fee", 1, 10)]
    sums(read)


async def test_an_evse_without_a_tariff_group_costs_nothing(caller: Any) -> None:
    at = await site(await caller())
    session = await running(at)
    read = await finished(at, session, NOON, 60, 12000)
    assert read["totalAmount"] == {"withTax": 0, "withoutTax": 0}
    assert (read["priceBreakdown"], read["tariffSnapshotId"], read["currency"]) == ([], None, "EUR")
    assert [each["pricingDetails"]["pricingMethod"] for each in read["chargingPeriods"]] == ["free"]
    async with at.tx() as tx:
        assert (await circumstances_of(tx, await store.session(tx, session))).tariff == Free()


async def test_a_session_of_nobody_is_priced_as_ad_hoc(caller: Any) -> None:
    at = await site(await caller())
    ad_hoc = {"type": "flat rate", "pricing": {"pricePerSession": 9}, "restrictions": {"applyToAdHocUsers": True}}
    group = await priced(at.caller, at.operator, BY_KWH, ad_hoc)
    await set_columns(at.caller, "evse", at.evse["id"], tariff_group_id=group["id"])
    nobodys = await finished(at, await running(at), NOON, 60, 10000)
    later = NOON + 120 * MINUTE
    somebodys = await finished(at, await running(at, later, await at.driver()), later, 60, 10000)
    assert (nobodys["totalAmount"]["withTax"], somebodys["totalAmount"]["withTax"]) == (9, 3)


async def test_the_tariff_of_a_session_is_that_of_its_drivers_groups_on_its_local_day(caller: Any) -> None:
    at = await site(await caller())
    url = "/public-api/resources/user-groups/v1.0"
    staff = await posted(at.caller, url, {"operatorId": at.operator, "name": "Staff"})
    flat = {"type": "flat rate", "pricing": {"pricePerSession": 1}}
    restrictions = {"applyToUserGroupIds": [staff["id"]], "startDate": "2025-06-05"}
    group = await priced(at.caller, at.operator, BY_KWH, {**flat, "restrictions": restrictions})
    await set_columns(at.caller, "evse", at.evse["id"], tariff_group_id=group["id"])
    driver = await at.driver()
    await put_into_group(at.caller, staff["id"], driver)
    # 22:30 UTC is half past midnight in Brussels.
    for start, total in ((datetime(2025, 6, 4, 21, 30, tzinfo=UTC), 3), (datetime(2025, 6, 4, 22, 30, tzinfo=UTC), 1)):
        read = await finished(at, await running(at, start, driver), start, 10, 10000)
        assert read["totalAmount"]["withTax"] == total


async def test_the_tax_of_a_session_is_kept_with_it_and_inside_its_prices(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    tax = await posted(at.caller, TAX_URL, {**TAX, "percentage": 21})
    async with at.tx() as tx:
        await change_settings(tx, default_tax_id=tax["id"])
    session = await running(at)
    await set_columns(at.caller, "tax", tax["id"], percentage=6)
    read = await finished(at, session, NOON, 60, 12100)
    assert read["tax"] == {"taxId": tax["id"], "taxPercentage": 21}
    assert read["totalAmount"] == {"withTax": 3.63, "withoutTax": 3}
    (line,) = read["priceBreakdown"]
    assert line["pricePerUnit"] == {"withTax": 0.3, "withoutTax": 0.24793}
    assert (line["taxPercentage"], line["unitPrice"], line["totalPrice"]) == (21, 0.3, 3.63)
    found = await at.caller.all("/public-api/resources/sessions/v1.0", taxId=tax["id"])
    assert [each["id"] for each in found] == [str(session)]


async def test_an_operator_can_have_prices_without_tax(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    tax = await posted(at.caller, TAX_URL, {**TAX, "percentage": 21})
    async with at.tx() as tx:
        await change_settings(tx, default_tax_id=tax["id"])
        await change_session_settings(tx, at.operator, prices_include_tax=False)
    read = await finished(at, await running(at), NOON, 60, 10000)
    assert read["totalAmount"] == {"withTax": 3.63, "withoutTax": 3}


async def test_with_several_taxes_a_tariff_has_its_own(caller: Any) -> None:
    at = await site(await caller())
    usual = await posted(at.caller, TAX_URL, {**TAX, "percentage": 21})
    low = await posted(at.caller, TAX_URL, {**TAX, "percentage": 6})
    async with at.tx() as tx:
        await change_settings(tx, default_tax_id=usual["id"], enable_multi_tax_support=True)
    group = await priced(at.caller, at.operator, {**BY_KWH, "pricing": {"pricePerKwh": 1.06, "taxID": low["id"]}})
    await set_columns(at.caller, "evse", at.evse["id"], tariff_group_id=group["id"])
    read = await finished(at, await running(at), NOON, 60, 10000)
    assert read["totalAmount"] == {"withTax": 10.6, "withoutTax": 10}


async def test_a_currency_says_how_totals_are_rounded(caller: Any) -> None:
    at = await site(await caller(), {**BY_KWH, "pricing": {"pricePerKwh": 0.3333}})
    async with at.tx() as tx:
        await tx.run(
            "INSERT INTO charging.currency (tenant_id, alphabetic_code, decimal, unit_price_and_calculations_decimal) "
            "VALUES (:tenant, 'EUR', 1, 3) ON CONFLICT (tenant_id, alphabetic_code) DO UPDATE SET decimal = 1, "
            "unit_price_and_calculations_decimal = 3",
            tenant=at.caller.tenant,
        )
    read = await finished(at, await running(at), NOON, 60, 5000)
    assert read["priceBreakdown"][0]["price"]["withTax"] == 1.667
    assert read["totalAmount"]["withTax"] == 1.7


async def test_a_night_when_the_clocks_go_back_is_an_hour_longer(caller: Any) -> None:
    at = await site(await caller(), BY_DAY)
    # 23:00 of 25 October 2025 to 07:00 of the next day in Brussels: nine hours, eight of them at night.
    start = datetime(2025, 10, 25, 21, tzinfo=UTC)
    session = await running(at, start)
    await metered(at, start, *[(m, 100 * m) for m in range(0, 541, 4)])
    read = await finished(at, session, start, 540, 54000)
    stretches = [(each["state"], each["startedAt"], each["energy"]) for each in read["chargingPeriods"]]
    assert stretches == [
        ("charging@night", "2025-10-25T21:00:00Z", 48000),
        ("charging@day", "2025-10-26T05:00:00Z", 6000),
    ]
    assert read["totalAmount"]["withTax"] == 12
    sums(read)


async def test_a_night_when_the_clocks_go_forward_is_an_hour_shorter(caller: Any) -> None:
    at = await site(await caller(), BY_DAY)
    start = datetime(2025, 3, 29, 22, tzinfo=UTC)
    session = await running(at, start)
    await metered(at, start, *[(m, 100 * m) for m in range(0, 421, 4)])
    read = await finished(at, session, start, 420, 42000)
    assert [each["energy"] for each in read["chargingPeriods"]] == [36000, 6000]
    assert read["totalAmount"]["withTax"] == 9.6


async def test_a_price_can_be_locked_when_the_session_starts(caller: Any) -> None:
    start = datetime(2025, 6, 4, 19, 30, tzinfo=UTC)
    at = await site(await caller())
    totals = []
    for lock in (False, True):
        tariff = {**BY_DAY, "pricing": {**BY_DAY["pricing"], "lockPriceOnSessionStart": lock}}
        group = await priced(at.caller, at.operator, tariff)
        await set_columns(at.caller, "evse", at.evse["id"], tariff_group_id=group["id"])
        session = await running(at, start)
        await metered(at, start, *[(m, 100 * m) for m in range(0, 61, 4)])
        totals.append((await finished(at, session, start, 60, 6000))["totalAmount"]["withTax"])
        start += timedelta(days=1)
    assert totals == [1.8, 2.4]


async def test_idle_time_costs_once_its_grace_is_over(caller: Any) -> None:
    pricing = {"pricePerKwh": 0.3, "idleFeePerMinute": 0.1, "idleFeeGracePeriodMinutes": 10}
    at = await site(await caller(), {"type": "duration+energy", "pricing": pricing})
    session = await running(at)
    await metered(at, NOON, *[(m, 200 * min(m, 30)) for m in range(0, 61, 5)])
    read = await finished(at, session, NOON, 60, 6000)
    assert [(each["state"], each["energy"]) for each in read["chargingPeriods"]] == [
        ("charging", 6000), ("idle", 0), ("idle", 0),
    ]  # fmt: skip
    assert [each.get("graceTimeEndAt") for each in read["chargingPeriods"]][1:] == ["2025-06-04T12:40:00Z"] * 2
    assert sorted(lines_of(read)) == [("energy", 6, 1.8), ("idle_time", 20, 2)]
    sums(read)


async def test_a_tariff_says_how_full_a_car_idles_where_tariffs_may(caller: Any) -> None:
    pricing = {"pricePerKwh": 0.3, "idleFeePerMinute": 0.1, "stateOfChargeIdleThreshold": 90}
    at = await site(await caller(), {"type": "duration+energy", "pricing": pricing})
    totals = []
    for start in (NOON, NOON + timedelta(days=1)):
        session = await running(at, start)
        await metered(at, start, *[(m, 100 * m) for m in range(0, 61, 5)])
        await measured(at, "SoC", [(start + m * MINUTE, 70 + m / 2) for m in range(0, 61, 5)])
        totals.append((await finished(at, session, start, 60, 6000))["totalAmount"]["withTax"])
        async with at.tx() as tx:
            await change_session_settings(tx, at.operator, tariffs_set_idle=False)
    # Above 90 % from minute 45 on: a quarter of an hour.
    assert totals == [3.3, 1.8]


async def test_time_costs_on_while_the_car_idles_only_where_the_operator_says_so(caller: Any) -> None:
    levels = [{"firstUnit": 0, "lastUnit": None, "feePerUnit": 1}]
    at = await site(await caller(), {"type": "standard", "pricing": {"multiPricePerDuration": levels}})
    totals = []
    for start in (NOON, NOON + timedelta(days=1)):
        session = await running(at, start)
        await metered(at, start, *[(m, 200 * min(m, 30)) for m in range(0, 61, 5)])
        totals.append((await finished(at, session, start, 60, 6000))["totalAmount"]["withTax"])
        async with at.tx() as tx:
            await change_session_settings(tx, at.operator, duration_fee_while_idle=True)
    assert totals == [2, 4]


async def test_what_runs_costs_what_it_would_if_it_stopped_now(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    session = await running(at)
    await metered(at, NOON, (0, 0), (30, 6000), (60, 12000))
    async with at.tx() as tx:
        row = await store.present(tx, session)
        found = [(await so_far(tx, row, NOON + minutes * MINUTE)).priced for minutes in (0, 30, 60)]
    assert [each and each.total_amount.with_tax for each in found] == [0, Decimal("1.80"), Decimal("3.60")]


async def test_silence_before_the_end_is_not_billed_as_idle_time(caller: Any) -> None:
    at = await site(
        await caller(), {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3, "idleFeePerMinute": 0.1}}
    )
    session = await running(at)
    await metered(at, NOON, (0, 0), (10, 1000), (20, 2000))
    read = await finished(at, session, NOON, 120, None, "force_stop")
    assert [(each["state"], each["energy"]) for each in read["chargingPeriods"]] == [("charging", 2000)]
    assert read["totalAmount"]["withTax"] == 0.6


async def test_a_bill_that_is_made_again_changes_nothing(caller: Any) -> None:
    at = await site(await caller(), BY_DAY)
    start = datetime(2025, 6, 4, 19, 30, tzinfo=UTC)
    session = await running(at, start)
    await metered(at, start, *[(m, 100 * m) for m in range(0, 61, 4)])
    before = await finished(at, session, start, 60, 6000)
    kept = await at.rows("SELECT * FROM charging.session_period ORDER BY id")
    told = await at.rows("SELECT count(*) FROM events.outbox")
    async with at.tx() as tx:
        await billing.bill(tx, session)
    assert await shown(at.caller, session) == before
    assert await at.rows("SELECT * FROM charging.session_period ORDER BY id") == kept
    assert await at.rows("SELECT count(*) FROM events.outbox") == told


async def test_late_values_make_a_new_bill_with_the_same_periods(caller: Any) -> None:
    at = await site(await caller(), BY_DAY)
    start = datetime(2025, 6, 4, 19, 30, tzinfo=UTC)
    session = await running(at, start)
    before = await finished(at, session, start, 60, 6000)
    assert before["totalAmount"]["withTax"] == 1.8
    await metered(at, start, (30, 6000))
    async with at.tx() as tx:
        await billing.bill(tx, session)
    after = await shown(at.caller, session)
    assert after["totalAmount"]["withTax"] == 2.4
    assert [each["id"] for each in after["chargingPeriods"]] == [each["id"] for each in before["chargingPeriods"]]
    assert after["billingCompletedAt"] > before["billingCompletedAt"]


async def test_periods_that_are_no_longer_there_go(caller: Any) -> None:
    at = await site(await caller(), BY_DAY)
    start = datetime(2025, 6, 4, 19, 30, tzinfo=UTC)
    session = await running(at, start)
    await finished(at, session, start, 60, 6000)
    async with at.tx() as tx:
        await billing.price_by(tx, session, (await made_tariff(at, BY_KWH))["id"])
        await billing.bill(tx, session)
    (only,) = (await shown(at.caller, session))["chargingPeriods"]
    assert (only["state"], only["energy"], only["totalAmount"]["withTax"]) == ("charging", 6000, 1.8)


async def made_tariff(at: Site, tariff: dict[str, Any]) -> dict[str, Any]:
    return await posted(at.caller, TARIFFS, {"operatorId": at.operator, "name": "Another", **tariff})


async def test_without_a_meter_value_billing_is_suspended_until_there_is_one(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    session = await running(at)
    await set_columns(at.caller, "session", session, meter_start_wh=None)
    read = await finished(at, session, NOON, 60, None)
    assert (read["billingStatus"], read["totalAmount"]) == ("suspended", None)
    assert "priceBreakdown" not in read
    assert "billingCompletedAt" not in read
    await metered(at, NOON, (0, 0), (60, 10000))
    async with at.tx() as tx:
        await billing.bill(tx, session)
    assert (await shown(at.caller, session))["totalAmount"]["withTax"] == 3


async def test_a_tariff_that_follows_a_rate_waits_for_one(caller: Any) -> None:
    pricing = {"chargePointElectricityRate": True, "markupFixedFeePerKwh": 0.1}
    at = await site(await caller(), {"type": "energy tou", "pricing": pricing})
    session = await running(at)
    async with at.tx() as tx:
        assert (await so_far(tx, await store.present(tx, session), NOON)).priced is None
    read = await finished(at, session, NOON, 60, 10000)
    assert read["billingStatus"] == "suspended"


async def test_a_tariff_that_changes_later_leaves_sessions_as_they_are(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    session = await running(at)
    (row,) = await at.sessions()
    await put(
        at.caller, TARIFFS, row["tariff_id"], {"name": "Dear", "type": "flat rate", "pricing": {"pricePerSession": 99}}
    )
    read = await finished(at, session, NOON, 60, 10000)
    assert read["totalAmount"]["withTax"] == 3
    snapshot = await at.caller.get(f"/public-api/resources/tariff-snapshots/v1.0/{read['tariffSnapshotId']}")
    assert snapshot.json()["data"]["pricing"]["pricePerKwh"] == 0.3


async def test_a_session_that_never_ran_has_no_bill(caller: Any) -> None:
    at = await site(await caller(), BY_KWH)
    session = await running(at)
    await set_columns(at.caller, "session", session, status="expired")
    async with at.tx() as tx:
        await billing.bill(tx, session)
    read = await shown(at.caller, session)
    assert (read["billingStatus"], read["totalAmount"]) == (None, None)
    assert read["clockAlignedEnergyConsumption"] == []


async def test_a_setting_that_is_not_named_stays_as_it_is(caller: Any) -> None:
    at = await site(await caller())
    async with at.tx() as tx:
        await change_session_settings(tx, at.operator, idle_soc_percent=95, billing_strategy="payment_method")
        await change_session_settings(tx, at.operator, prices_include_tax=False)
    (row,) = await at.rows("SELECT * FROM charging.session_setting")
    assert {name: value for name, value in row.items() if name not in ("tenant_id", "operator_id")} == {
        "billing_strategy": "payment_method", "minimum_balance": 0, "duration_fee_while_idle": False,
        "idle_power_kw": Decimal("0.1"), "idle_soc_percent": 95, "tariffs_set_idle": True, "prices_include_tax": False,
    }  # fmt: skip
