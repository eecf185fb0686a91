"""Tariffs and groups to test with, and drawn tariffs of every type."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.suites.client import Caller

from gridloom.charging.pricing.engine import public as engine

TARIFFS = "/public-api/resources/tariffs/v1.0"
GROUPS = "/public-api/resources/tariff-groups/v1.0"
SNAPSHOTS = "/public-api/resources/tariff-snapshots/v1.0"
FREE = {"operatorId": 7, "name": "Free", "type": "free"}
ENERGY = {"operatorId": 7, "name": "Energy", "type": "duration+energy", "pricing": {"pricePerKwh": 0.35}}


async def made(caller: Caller, url: str, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What was created, as it was answered."""
    answer = await caller.post(url, json={**body, **changes})
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def put(caller: Caller, url: str, row_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """A row after an update that must succeed."""
    answer = await caller.put(f"{url}/{row_id}", json=body)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def read(caller: Caller, url: str, row_id: int) -> dict[str, Any]:
    """A row as it is read now."""
    answer = await caller.get(f"{url}/{row_id}")
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def refused(caller: Caller, url: str, body: dict[str, Any]) -> list[str]:
    """The fields of a new row that must be refused, and must not be there afterwards."""
    before = await caller.all(url)
    answer = await caller.post(url, json=body)
    assert answer.status_code == 422, answer.text
    assert await caller.all(url) == before
    return sorted(answer.json()["errors"])


# --- drawn tariffs ----------------------------------------------------------------------------------------------------

_AMOUNTS = st.decimals(0, 1000, places=5, allow_nan=False, allow_infinity=False)
_FEES = st.decimals(0, 1000, places=2, allow_nan=False, allow_infinity=False)
_MINUTES = st.integers(0, 600)
_BLOCKS = st.sampled_from((1, 15, 30, 60, 240, 360))
_TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_BASE = {"min_price": _maybe(_AMOUNTS)}
_CONNECTED = {
    **_BASE, "connection_fee": _maybe(_AMOUNTS), "connection_fee_minimum_session_duration": _maybe(_MINUTES),
    "connection_fee_minimum_session_energy": _maybe(_AMOUNTS),
}  # fmt: skip
_TIMED = {
    **_CONNECTED, "price_period_in_minutes": _maybe(_BLOCKS), "duration_fee_grace_period": _maybe(_MINUTES),
    "duration_fee_limit": _maybe(_AMOUNTS), "idle_pricing_period_in_minutes": _maybe(_BLOCKS),
    "idle_fee_grace_period_minutes": _maybe(_AMOUNTS), "idle_fee_limit": _maybe(_AMOUNTS),
    "idle_fee_grace_period_mode": st.sampled_from(("idle_detection", "session_start")),
}  # fmt: skip
_BLOCKWISE = {**_TIMED, "price_per_period": _maybe(_AMOUNTS), "idle_fee_per_minute": _maybe(_AMOUNTS)}


@st.composite
def _windowed(draw: st.DrawFn, shape: Any, fields: dict[str, st.SearchStrategy[Any]]) -> Any:
    values = {name: draw(each) for name, each in fields.items()}
    for pair in (("duration_fee_from", "duration_fee_to"), ("idle_fee_period_start", "idle_fee_period_end")):
        if draw(st.booleans()):
            values |= dict(zip(pair, (draw(_TIMES), draw(_TIMES)), strict=True))
    return shape(**values)


@st.composite
def _energy_levels(draw: st.DrawFn) -> tuple[engine.EnergyLevel, ...]:
    bounds = sorted(draw(st.sets(_FEES.filter(bool), max_size=3)))
    pairs = zip([Decimal(0), *bounds], [*bounds, None], strict=True)
    return tuple(
        engine.EnergyLevel(
            first_kwh=first, last_kwh=last, fee_per_kwh=draw(_maybe(_FEES)), flat_fee=draw(_maybe(_FEES))
        )
        for first, last in pairs
    )


@st.composite
def _unit_levels(draw: st.DrawFn) -> tuple[engine.UnitLevel, ...]:
    ends = sorted(draw(st.sets(st.integers(1, 500), max_size=3)))
    pairs = zip([0, *[end + 1 for end in ends]], [*ends, None], strict=True)
    return tuple(
        engine.UnitLevel(
            first_unit=first, last_unit=last, fee_per_unit=draw(_maybe(_FEES)), flat_fee=draw(_maybe(_FEES))
        )
        for first, last in pairs
    )


_SLOTS = st.lists(_TIMES, min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def _tod(draw: st.DrawFn) -> engine.StandardTod:
    starts: Sequence[time] = draw(_SLOTS)
    periods = tuple(
        engine.TimePeriod(start_time=start, end_time=end)
        for start, end in zip(starts, [*starts[1:], starts[0]], strict=True)
    )
    fees = st.just(()) | st.tuples(*[_AMOUNTS for _ in starts])
    names = ("connection_fee_periods", "energy_fee_periods", "duration_fee_periods", "idle_fee_periods")
    prices = st.builds(engine.PricePeriods, **dict.fromkeys(names, fees))
    dates = draw(st.sets(st.dates(date(2024, 1, 1), date(2030, 1, 1)), max_size=3))
    days = tuple(
        engine.DaysWhenApplied(
            name=draw(st.sampled_from(("", "Holiday"))), special_dates=(day,), price_periods=draw(prices),
            duration_fee_grace_period=draw(_maybe(_MINUTES)), price_period_in_minutes=draw(_maybe(_BLOCKS)),
        )
        for day in sorted(dates)
    )  # fmt: skip
    locks = {f"lock_{each}_price_on_session_start": st.booleans() for each in ("energy", "duration", "idle")}
    more = {"time_periods": st.just(periods), "price_periods": prices, "days_when_applied": st.just(days), **locks}
    return draw(_windowed(engine.StandardTod, {**_TIMED, **more}))


def _ascending(build: Any) -> st.SearchStrategy[Any]:
    bounds = st.sets(_AMOUNTS.filter(bool), min_size=2, max_size=4).map(sorted)
    return st.tuples(bounds, _AMOUNTS, _AMOUNTS).map(lambda drawn: tuple(build(each, *drawn[1:]) for each in drawn[0]))


def _average(bound: Decimal, price: Decimal, _: Decimal) -> engine.AveragePowerLevel:
    return engine.AveragePowerLevel(average_power_up_to_kw=bound, price_per_minute=price)


def _peak(bound: Decimal, price: Decimal, excess: Decimal) -> engine.PeakPowerLevel:
    return engine.PeakPowerLevel(
        peak_power_up_to_kw=bound, regular_price_per_minute=price, excess_use_price_per_min=excess
    )


_TWO_STARTS = st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] != pair[1])


@st.composite
def _by_day(draw: st.DrawFn) -> engine.DurationEnergyTimeOfDay:
    day, night = draw(_TWO_STARTS)
    prices = ("price_per_kwh", "price_per_period", "idle_fee_per_minute")
    more = {f"{part}_{name}": _maybe(_AMOUNTS) for part in ("day", "night") for name in prices}
    starts = {"day_tariff_start": st.just(day), "night_tariff_start": st.just(night)}
    return draw(
        _windowed(
            engine.DurationEnergyTimeOfDay,
            {**_TIMED, **more, **starts, "lock_price_on_session_start": st.booleans()},
        )
    )


@st.composite
def _mark_ups(draw: st.DrawFn) -> tuple[engine.MarkUpInterval, ...]:
    starts = draw(st.just([]) | _SLOTS)
    ends = [*starts[1:], *starts[:1]]
    return tuple(
        engine.MarkUpInterval(starts_at=start, ends_at=end, price=draw(_AMOUNTS))
        for start, end in zip(starts, ends, strict=True)
    )


TARIFFS_OF: dict[str, st.SearchStrategy[engine.Tariff]] = {
    "free": st.builds(engine.Free, **_BASE),
    "charging not allowed": st.builds(engine.ChargingNotAllowed, **_BASE),
    "flat rate": st.builds(engine.FlatRate, **_BASE, price_per_session=_AMOUNTS),
    "duration+energy": _windowed(engine.DurationEnergy, {**_BLOCKWISE, "price_per_kwh": _maybe(_AMOUNTS)}),
    "duration+energy time of day": _by_day(),
    "energy tou": _windowed(
        engine.EnergyTou,
        {
            **_BLOCKWISE, "charge_point_electricity_rate": st.just(True), "markup_percentage_per_kwh": _maybe(_AMOUNTS),
            "markup_fixed_fee_per_kwh": _maybe(_AMOUNTS), "flexible_mark_up_as_fixed_per_kwh": _mark_ups(),
            "lock_price_on_session_start": st.booleans(),
        },
    ),
    "standard": _windowed(
        engine.Standard,
        {
            **_TIMED, "multi_price_per_kwh": _energy_levels(), "multi_price_per_duration": st.just(()) | _unit_levels(),
            "multi_idle_fee": st.just(()) | _unit_levels(),
        },
    ),
    "average power levels": st.builds(
        engine.AveragePowerLevels, **_CONNECTED, average_power_levels=_ascending(_average)
    ),
    "peak power levels": st.builds(
        engine.PeakPowerLevels, **_CONNECTED, peak_power_levels=_ascending(_peak), regular_use_period=_maybe(_MINUTES)
    ),
    "standard_tod": _tod(),
    "optimised dynamic pricing": _windowed(
        engine.OptimisedDynamicPricing,
        {
            **_BLOCKWISE, "price_per_kwh": _maybe(_AMOUNTS), "threshold_price_for_energy": _AMOUNTS,
            "price_for_energy_when_optimized": _AMOUNTS, "charge_point_electricity_rate": st.booleans(),
        },
    ),
}  # fmt: skip
