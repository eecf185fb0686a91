"""Between pricing as it travels and tariffs of the engine."""

from datetime import time
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.tariffs.kit import TARIFFS_OF

from gridloom.charging.pricing.engine import public as engine
from gridloom.charging.tariffs.parsing import as_json, from_json, kept, mistakes, tariff_of, wired
from gridloom.charging.tariffs.pricing_schemas import Pricing
from gridloom.charging.tariffs.tables import TYPES
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.checks import checker


def read(kind: str, raw: dict[str, Any], day: str | None = None, night: str | None = None) -> engine.Tariff:
    return tariff_of(kind, msgspec.convert(raw, Pricing), day, night)


def wrong(kind: str, raw: dict[str, Any], day: str | None = None, night: str | None = None) -> list[str]:
    return [path for path, _ in mistakes(kind, msgspec.convert(raw, Pricing), day, night)]


def test_every_type_of_the_contract_is_one_of_the_engine_and_is_drawn_here() -> None:
    assert set(TYPES) == {each.kind for each in get_args(engine.Tariff)} == set(TARIFFS_OF)


@given(st.one_of(*TARIFFS_OF.values()))
def test_a_tariff_survives_the_way_out_and_back_in(tariff: engine.Tariff) -> None:
    sent = wired(tariff)
    received = from_json(msgspec.json.decode(msgspec.json.encode(as_json(sent.pricing))))
    assert tariff_of(sent.type, received, sent.day_tariff_start, sent.night_tariff_start) == tariff


@given(st.one_of(*TARIFFS_OF.values()))
def test_what_is_kept_passes_every_check_of_the_wire_and_is_kept_the_same_again(tariff: engine.Tariff) -> None:
    sent = wired(tariff)
    starts = (sent.day_tariff_start, sent.night_tariff_start)
    _, stored = kept(sent.type, sent.pricing, *starts)
    again = from_json(stored)
    refusals: list[Any] = []
    check = checker(Pricing)
    assert check is not None
    check(again, (), lambda path, message: refusals.append((path, message)))
    assert refusals == []
    assert kept(sent.type, again, *starts)[1] == stored


@given(st.sampled_from(sorted(TARIFFS_OF)), st.data())
def test_a_type_keeps_nothing_of_another(kind: str, data: st.DataObject) -> None:
    tariff = data.draw(TARIFFS_OF[kind])
    other = data.draw(st.one_of(*TARIFFS_OF.values()))
    sent = wired(tariff)
    mixed = msgspec.structs.replace(sent.pricing)
    for name in (
        set(other.__struct_fields__) - set(tariff.__struct_fields__) - {"day_tariff_start", "night_tariff_start"}
    ):
        setattr(mixed, name, getattr(wired(other).pricing, name))
    starts = (sent.day_tariff_start, sent.night_tariff_start)
    assert kept(kind, mixed, *starts)[1] == kept(kind, sent.pricing, *starts)[1]


def test_zero_is_set_and_null_is_not() -> None:
    zero = read("duration+energy", {"pricePerKwh": 0.35, "idleFeePerMinute": 0})
    null = read("duration+energy", {"pricePerKwh": 0.35, "idleFeePerMinute": None})
    assert zero == engine.DurationEnergy(price_per_kwh=Decimal("0.35"), idle_fee_per_minute=Decimal(0))
    assert null == engine.DurationEnergy(price_per_kwh=Decimal("0.35"))


def test_the_default_of_flexible_mark_ups_becomes_the_fixed_one() -> None:
    flexible = {"defaultPrice": 0.02, "intervalPricing": [{"startsAt": "22:00", "endsAt": "24:00", "price": 0.01}]}
    raw = {"chargePointElectricityRate": True, "markupFixedFeePerKwh": 0.05, "flexibleMarkUpAsFixedPerKwh": flexible}
    tariff = read("energy tou", raw)
    assert isinstance(tariff, engine.EnergyTou)
    assert tariff.markup_fixed_fee_per_kwh == Decimal("0.02")
    assert tariff.flexible_mark_up_as_fixed_per_kwh == (
        engine.MarkUpInterval(starts_at=time(22), ends_at=time(0), price=Decimal("0.01")),
    )
    assert kept("energy tou", msgspec.convert(raw, Pricing))[1] == {
        "chargePointElectricityRate": True, "markupFixedFeePerKwh": 0.02, "idleFeeGracePeriodMode": "idle_detection",
        "flexibleMarkUpAsFixedPerKwh": {"intervalPricing": [{"startsAt": "22:00", "endsAt": "00:00", "price": 0.01}]},
        "lockPriceOnSessionStart": False,
    }  # fmt: skip


def test_what_no_price_follows_from_is_kept_beside_it() -> None:
    raw = {"preAuthorizeAmount": 20, "taxID": 4, "stateOfChargeIdleThreshold": 90, "averagePowerIdleThreshold": 0.5}
    assert kept("free", msgspec.convert({**raw, "pricePerKwh": 1}, Pricing))[1] == raw
    tou = {"fallbackElectricityRateId": 3, "subsidyIntegrationId": 8}
    found = kept("energy tou", msgspec.convert({**raw, **tou, "optimisedLabel": "Eco"}, Pricing))[1]
    assert {name: found.get(name) for name in (*raw, *tou, "optimisedLabel")} == {**raw, **tou, "optimisedLabel": None}


def levels(*bounds: tuple[float, float | None]) -> list[dict[str, Any]]:
    return [{"firstKwh": first, "lastKwh": last, "feePerKwh": 0.3} for first, last in bounds]


def units(*bounds: tuple[int, int | None]) -> list[dict[str, Any]]:
    return [{"firstUnit": first, "lastUnit": last, "feePerUnit": 0.3} for first, last in bounds]


def slots(*bounds: tuple[str, str]) -> dict[str, Any]:
    return {"timePeriods": [{"startTime": start, "endTime": end} for start, end in bounds]}


def flexible(*bounds: tuple[str, str]) -> dict[str, Any]:
    intervals = [{"startsAt": start, "endsAt": end, "price": 1} for start, end in bounds]
    return {"chargePointElectricityRate": True, "flexibleMarkUpAsFixedPerKwh": {"intervalPricing": intervals}}


DAY = slots(("00:00", "12:00"), ("12:00", "00:00"))
PEAK = {"peakPowerUpToKw": 11, "regularPricePerMinute": 0.1, "excessUsePricePerMin": 0.3}
MARK_UPS = "pricing.flexibleMarkUpAsFixedPerKwh.intervalPricing"


@pytest.mark.parametrize(
    ("kind", "raw", "field"),
    [
        ("flat rate", {}, "pricing.pricePerSession"),
        ("standard", {}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerKwh": levels((1, None))}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerKwh": levels((0, 5), (6, None))}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerKwh": levels((0, 5), (4, None))}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerKwh": levels((0, 5), (5, 9))}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerKwh": levels((0, None), (5, None))}, "pricing.multiPricePerKwh"),
        ("standard", {"multiPricePerDuration": units((0, 8), (8, None))}, "pricing.multiPricePerDuration"),
        ("standard", {"multiPricePerDuration": units((0, 8), (10, None))}, "pricing.multiPricePerDuration"),
        ("standard", {"multiIdleFee": units((1, None))}, "pricing.multiIdleFee"),
        ("energy tou", {}, "pricing.fallbackElectricityRateId"),
        ("energy tou", {"chargePointElectricityRate": False}, "pricing.fallbackElectricityRateId"),
        ("energy tou", flexible(("08:00", "12:00"), ("11:59", "13:00")), f"{MARK_UPS}.1"),
        ("energy tou", flexible(("01:00", "02:00"), ("22:00", "01:30")), f"{MARK_UPS}.1"),
        ("energy tou", flexible(("00:00", "00:00"), ("03:00", "04:00")), f"{MARK_UPS}.1"),
        ("energy tou", flexible(("25:00", "12:00")), f"{MARK_UPS}.0.startsAt"),
        ("energy tou", flexible(("08:00", "12:60")), f"{MARK_UPS}.0.endsAt"),
        ("average power levels", {}, "pricing.averagePowerLevels"),
        ("average power levels", {"averagePowerLevels": []}, "pricing.averagePowerLevels"),
        (
            "average power levels",
            {"averagePowerLevels": [{"averagePowerUpToKw": 11, "pricePerMinute": 0.1}]},
            "pricing.averagePowerLevels",
        ),
        ("peak power levels", {"peakPowerLevels": [PEAK, PEAK]}, "pricing.peakPowerLevels"),
        ("standard_tod", {}, "pricing.timePeriods"),
        ("standard_tod", slots(("00:00", "12:00")), "pricing.timePeriods"),
        ("standard_tod", slots(("00:00", "12:00"), ("13:00", "00:00")), "pricing.timePeriods"),
        ("standard_tod", slots(("00:00", "12:00"), ("11:00", "00:00")), "pricing.timePeriods"),
        ("standard_tod", slots(("00:00", "12:00"), ("12:00", "24:01")), "pricing.timePeriods.1.endTime"),
        ("standard_tod", {**DAY, "pricePeriods": {"energyFeePeriods": {"fee": [1]}}}, "pricing.pricePeriods"),
        ("standard_tod", {**DAY, "daysWhenApplied": [{"name": "x"}]}, "pricing.daysWhenApplied.0.pricePeriods"),
        (
            "standard_tod",
            {**DAY, "daysWhenApplied": [{"specialDates": ["2026-12-25"] * 2, "pricePeriods": {}}]},
            "pricing.daysWhenApplied",
        ),
        (
            "optimised dynamic pricing",
            {"thresholdPriceForEnergy": 0.3},
            "pricing.priceForEnergyWhenOptimized",
        ),
        ("duration+energy", {"durationFeeFrom": "08:00"}, "pricing.durationFeeTo"),
        ("duration+energy", {"idleFeePeriodEnd": "08:00"}, "pricing.idleFeePeriodStart"),
        ("duration+energy", {"idleFeePeriodEnd": "08:00", "idleFeePeriodStart": "24:00"}, "pricing.idleFeePeriodStart"),
    ],
)
def test_what_does_not_make_a_tariff_is_refused_by_the_name_of_the_field(
    kind: str, raw: dict[str, Any], field: str
) -> None:
    assert wrong(kind, raw) == [field]
    with pytest.raises(Invalid) as refusal:
        read(kind, raw)
    assert [".".join(map(str, each.path)) for each in refusal.value.errors] == [field]


@pytest.mark.parametrize(
    ("day", "night", "fields"),
    [
        (None, None, ["dayTariffStart", "nightTariffStart"]),
        ("07:00", None, ["nightTariffStart"]),
        ("07:00", "07:00:00", ["nightTariffStart"]),
        ("7 am", "22:00", ["dayTariffStart"]),
    ],
)
def test_day_and_night_have_to_begin_apart(day: str | None, night: str | None, fields: list[str]) -> None:
    assert wrong("duration+energy time of day", {}, day, night) == fields


def test_slots_that_touch_over_midnight_do_not_overlap() -> None:
    assert wrong("energy tou", flexible(("22:00", "06:00"), ("06:00", "22:00"))) == []
    assert wrong("standard_tod", slots(("22:00", "06:00"), ("06:00", "22:00"))) == []
    assert wrong("standard_tod", slots(("00:00", "24:00"))) == []


def test_the_fallback_rate_stands_in_where_the_charge_point_has_none() -> None:
    assert wrong("energy tou", {"fallbackElectricityRateId": 3}) == []
    assert wrong("energy tou", {"chargePointElectricityRate": True}) == []
