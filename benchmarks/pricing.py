"""What pricing a session costs against the bare arithmetic of the same numbers, in one process on one core.

    .venv/bin/python benchmarks/pricing.py

standard: a session of seven hours with a reading every quarter of an hour, three levels of energy, three of time, three of
idle time, a connection fee, a grace and 21 % of tax; whole, with periods, both breakdowns and tax. Ceiling: only the sums,
products, roundings and divisions by tax that its lines are made of, in Decimal, with the quantities known beforehand. The
others of the eleven kinds are there to compare with `standard`. Medians of several rounds, each pair in turn.
"""

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from decimal import Decimal
from time import process_time
from zoneinfo import ZoneInfo

from gridloom.charging.pricing.engine.public import (
    Calendar,
    DurationEnergyTimeOfDay,
    EnergyLevel,
    EnergyTou,
    Priced,
    Rate,
    RatePeriod,
    Reading,
    Standard,
    State,
    StateChange,
    Tariff,
    Terms,
    Timeline,
    UnitLevel,
    price,
)
from gridloom.kernel.money import round_total, round_unit_price

ROUNDS = 9
SESSIONS = 1_500
AIM = 5_000
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALENDAR = Calendar(ZoneInfo("Europe/Brussels"))
D = Decimal
RATE = Rate(
    default_price=D("0.21"),
    week_days={
        0: tuple(
            RatePeriod(starts_at=day_time(hour), ends_at=day_time((hour + 1) % 24),
                       price=D(10 + hour) / 100)
            for hour in range(24)
        )
    },
)  # fmt: skip
TERMS = Terms(currency="EUR", tax_percentage=D(21), fallback_rate=RATE)
STANDARD = Standard(
    connection_fee=D("0.50"),
    multi_price_per_kwh=(
        EnergyLevel(first_kwh=D(0), last_kwh=D(5), flat_fee=D(2)),
        EnergyLevel(first_kwh=D(5), last_kwh=D(10), fee_per_kwh=D("0.35")),
        EnergyLevel(first_kwh=D(10), fee_per_kwh=D("0.40")),
    ),
    multi_price_per_duration=(
        UnitLevel(first_unit=0, last_unit=8, fee_per_unit=D("0.50")),
        UnitLevel(first_unit=9, last_unit=24, fee_per_unit=D("0.55")),
        UnitLevel(first_unit=25, flat_fee=D(10)),
    ),
    multi_idle_fee=(
        UnitLevel(first_unit=0, last_unit=2, fee_per_unit=D("0.30")),
        UnitLevel(first_unit=3, last_unit=6, fee_per_unit=D("0.40")),
        UnitLevel(first_unit=7),
    ),
    idle_fee_grace_period_minutes=D(10),
)
OTHERS: dict[str, Tariff] = {
    "duration+energy time of day": DurationEnergyTimeOfDay(
        day_tariff_start=day_time(7), night_tariff_start=day_time(14),
        day_price_per_kwh=D("0.40"), night_price_per_kwh=D("0.25"), day_price_per_period=D("0.10"),
        night_price_per_period=D("0.05"), day_idle_fee_per_minute=D("0.05"), night_idle_fee_per_minute=D("0.02"),
    ),
    "energy tou, a price an hour": EnergyTou(markup_percentage_per_kwh=D(10), idle_fee_per_minute=D("0.05")),
}  # fmt: skip
# What the lines of the standard session are: units and fee. 8 of them.
LINES = tuple(
    (D(units), D(fee))
    for units, fee in (
        ("1", "0.50"), ("5", "0.35"), ("2", "0.40"), ("1", "2"), ("8", "0.50"), ("16", "0.55"), ("2", "0.30"), ("2", "0.40"),
    )
)  # fmt: skip


def session() -> Timeline:
    """Six hours of charging and one of idling, as it comes from meter values."""
    return Timeline(
        started_at=START,
        stopped_at=START + timedelta(hours=7),
        readings=tuple(Reading(START + timedelta(minutes=15 * n), D(500 * min(n, 24))) for n in range(29)),
        states=(StateChange(START + timedelta(hours=6), State.IDLE),),
    )


def bare() -> Decimal:
    """The arithmetic alone, for the session and for its periods."""
    prices = [round_unit_price(units * fee) for units, fee in LINES]
    # Each line is a line of the session and of one period: its price and its unit price, with and without tax.
    for (_, fee), line in zip(LINES, prices, strict=True):
        round_unit_price(fee)
        round_unit_price(fee * 100 / 121)
        round_unit_price(line * 100 / 121)
    total = round_total(sum(prices, D(0)), "EUR")
    if round_total(total * 100 / 121, "EUR") != D("15.91") or total != D("19.25"):
        raise RuntimeError("the ceiling is another sum")
    return total


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    mark = "ok  " if ratio >= floor else "LOW "
    print(f"{mark}{name:<48} {ratio:6.2f}  (at least {floor})   {text}")


def a_second(work: Callable[[], object]) -> float:
    """How often a second, by processor time: what else the machine does is not counted."""
    started = process_time()
    for _ in range(SESSIONS):
        work()
    return SESSIONS / (process_time() - started)


def main() -> None:
    """Every pair, one after the other."""
    timeline = session()

    def standard() -> Priced:
        return price(timeline, STANDARD, CALENDAR, TERMS)

    def whole() -> Priced:
        return price(session(), STANDARD, CALENDAR, TERMS)

    if standard().total_amount.with_tax != bare():
        raise RuntimeError("what is priced is not what the ceiling counts")
    names = ("bare", "standard", "whole", *OTHERS)
    works: tuple[Callable[[], object], ...] = (
        bare, standard, whole,
        *(lambda tariff=tariff: price(timeline, tariff, CALENDAR, TERMS) for tariff in OTHERS.values()),
    )  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, work in zip(names, works, strict=True):
            rates[name].append(a_second(work))
    middle = {name: statistics.median(each) for name, each in rates.items()}

    def ratio(name: str, to: str) -> float:
        return statistics.median(mine / other for mine, other in zip(rates[name], rates[to], strict=True))

    text = f"{middle['standard']:,.0f} of {middle['bare']:,.0f} sessions a second"
    say("pricing `standard` / bare Decimal arithmetic", ratio("standard", "bare"), 0.15, text)
    say("sessions a second a core, `standard` / aim", middle["standard"] / AIM, 1.0, f"aim {AIM:,}")
    say("with its readings put in order / without", ratio("whole", "standard"), 0.5, f"{middle['whole']:,.0f} a second")
    for name in OTHERS:
        say(f"pricing `{name}` / `standard`", ratio(name, "standard"), 0.2, f"{middle[name]:,.0f} a second")


if __name__ == "__main__":
    main()
