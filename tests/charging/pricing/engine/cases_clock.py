"""Worked by hand: duration+energy by time of day, energy by rates, optimised charging."""

from datetime import date, time
from typing import Any

from tests.charging.pricing.engine.golden import BRUSSELS, Case, D, session

from gridloom.charging.pricing.engine.public import (
    ANY_DAY,
    Calendar,
    DurationEnergyTimeOfDay,
    EnergyTou,
    MarkUpInterval,
    OptimisedDynamicPricing,
    Rate,
    RatePeriod,
)


def time_of_day(**more: Any) -> DurationEnergyTimeOfDay:
    """Day from 7 to 22: 0.40 a kWh and 1.00 an hour; night: 0.20 and 0.50."""
    fields: dict[str, Any] = {
        "day_tariff_start": time(7), "night_tariff_start": time(22), "price_period_in_minutes": 60,
        "day_price_per_kwh": D("0.40"), "night_price_per_kwh": D("0.20"),
        "day_price_per_period": D("1.00"), "night_price_per_period": D("0.50"),
    }  # fmt: skip
    return DurationEnergyTimeOfDay(**{**fields, **more})


def only_energy(start: time) -> DurationEnergyTimeOfDay:
    """0.40 from the given time to 22, 0.20 at night, no price of time."""
    return time_of_day(day_tariff_start=start, day_price_per_period=None, night_price_per_period=None)


def span(start: int, end: int, price: str) -> RatePeriod:
    """From hour to hour; 24 is midnight."""
    return RatePeriod(starts_at=time(start), ends_at=time(end % 24), price=D(price))


EVENING = Rate(default_price=D("0.20"), week_days={ANY_DAY: (span(17, 21, "0.40"),)})
MONDAY_SUNDAY = Rate(default_price=D("0.20"), week_days={1: (span(0, 24, "0.30"),), 7: (span(0, 24, "0.10"),)})
SECOND_OF_MARCH = Rate(
    default_price=D("0.20"),
    week_days=EVENING.week_days,
    dates={date(2026, 3, 2): (span(0, 6, "0.10"), span(6, 16, "0.15"))},
)
TWO_TO_THREE = Rate(default_price=D("0.20"), week_days={ANY_DAY: (span(2, 3, "0.50"),)})
BELOW_ZERO = Rate(default_price=D("-0.05"))
FOLLOWS = {"fallback_rate": EVENING}
HOUR = session("10:00", 60, 10)
RUSH = session("16:30", 60, 10)


def optimised(**more: Any) -> OptimisedDynamicPricing:
    """0.40 a kWh; 0.25 when reduced while electricity costs more than 0.30."""
    return OptimisedDynamicPricing(
        price_per_kwh=D("0.40"),
        threshold_price_for_energy=D("0.30"),
        price_for_energy_when_optimized=D("0.25"),
        **more,
    )


DEAR = {"fallback_rate": Rate(default_price=D("0.20"), week_days={ANY_DAY: (span(17, 21, "0.50"),)})}
AT_THRESHOLD = {"fallback_rate": Rate(default_price=D("0.30"))}
REDUCED = (("09:00", "optimised"),)

CASES = (
    # time of day
    Case("by day", time_of_day(), HOUR, "10 x 0.40 + 1 x 1.00", "5.00", ("energy 10 4.00", "charging_time 60 1.00"),
         periods=("10:00 charging@day 10000 5.00",)),
    Case("day into night", time_of_day(), session("21:00", 120, 20), "10 x 0.40 + 10 x 0.20 + 1.00 + 0.50", "7.50",
         ("energy 10 4.00", "energy 10 2.00", "charging_time 60 1.00", "charging_time 60 0.50"),
         periods=("21:00 charging@day 10000 5.00", "22:00 charging@night 10000 2.50")),
    Case("a block belongs to where it begins", time_of_day(), session("21:30", 60, 10), "5 x 0.40 + 5 x 0.20 + 1.00", "4.00",
         ("energy 5 2.00", "energy 5 1.00", "charging_time 60 1.00"),
         periods=("21:30 charging@day 5000 3.00", "22:00 charging@night 5000 1.00")),
    Case("locked", time_of_day(lock_price_on_session_start=True), session("21:00", 120, 20), "20 x 0.40 + 2 x 1.00", "10.00",
         ("energy 20 8.00", "charging_time 120 2.00"),
         periods=("21:00 charging@day 10000 5.00", "22:00 charging@night 10000 5.00")),
    Case("up to the border", time_of_day(), session("21:00", 60, 10), "10 x 0.40 + 1.00", "5.00",
         ("energy 10 4.00", "charging_time 60 1.00"), periods=("21:00 charging@day 10000 5.00",)),
    Case("from the border", time_of_day(), session("22:00", 60, 10), "10 x 0.20 + 0.50", "2.50",
         ("energy 10 2.00", "charging_time 60 0.50"), periods=("22:00 charging@night 10000 2.50",)),
    Case("a second before the border", time_of_day(), session("21:59:59", 60, 36),
         "36 kWh in 3600 s: 0.01 x 0.40 + 35.99 x 0.20 = 0.004 + 7.198; 1.00", "8.20",
         ("energy 0.01 0.004", "energy 35.99 7.198", "charging_time 60 1.00")),
    Case("midnight is no border", time_of_day(), session("23:30", 60, 10), "10 x 0.20 + 0.50", "2.50",
         ("energy 10 2.00", "charging_time 60 0.50"), periods=("23:30 charging@night 10000 2.50",)),
    Case("night into day", time_of_day(), session("06:00", 120, 20), "10 x 0.20 + 10 x 0.40 + 0.50 + 1.00", "7.50",
         ("energy 10 2.00", "energy 10 4.00", "charging_time 60 0.50", "charging_time 60 1.00")),
    Case("night of eight hours", time_of_day(), session("2026-10-25T00:00", 420, 7),
         "00:00-06:00 by the wall is 7 h when the clocks go back: 7 x 0.20 + 7 x 0.50", "4.90",
         ("energy 7 1.40", "charging_time 420 3.50")),
    Case("the hour that comes twice", only_energy(time(2, 30)), session("2026-10-25T01:00+02:00", 240, 8),
         "2 kW; night 01:00-02:30 and 02:00-02:30 again = 2 h = 4 kWh, day 2 h = 4 kWh: 4 x 0.20 + 4 x 0.40", "2.40",
         ("energy 4 0.80", "energy 4 1.60"),
         periods=("01:00 charging@night 3000 0.60", "02:30 charging@day 1000 0.40", "02:00 charging@night 1000 0.20",
                  "02:30 charging@day 3000 1.20")),
    Case("the hour that never comes", only_energy(time(2, 30)), session("2026-03-29T01:00", 120, 4),
         "2 kW; 01:00-02:00 night, then it is 03:00 and day: 2 x 0.20 + 2 x 0.40", "1.20", ("energy 2 0.40", "energy 2 0.80")),
    Case("a day of 23 hours", time_of_day(), session("2026-03-29T00:00", 23 * 60, 23),
         "night 6 + 2 = 8 h, day 15 h, 1 kW: 8 x 0.20 + 15 x 0.40 + 8 x 0.50 + 15 x 1.00 = 1.60 + 6 + 4 + 15", "26.60",
         ("energy 8 1.60", "energy 15 6.00", "charging_time 480 4.00", "charging_time 900 15.00")),
    Case("a day of 25 hours", time_of_day(), session("2026-10-25T00:00", 25 * 60, 25),
         "night 8 + 2 = 10 h, day 15 h, 1 kW: 10 x 0.20 + 15 x 0.40 + 10 x 0.50 + 15 x 1.00 = 2 + 6 + 5 + 15", "28.00",
         ("energy 10 2.00", "energy 15 6.00", "charging_time 600 5.00", "charging_time 900 15.00")),
    Case("idle fee of the day only", time_of_day(day_idle_fee_per_minute=D("0.05")),
         session("21:00", 120, 0, idle=((30, 120),)),
         "block 21:00 1.00; idle 21:30-22:00 30 x 0.05 = 1.50; at night duration goes on: the block has 30 min left, then 0.50",
         "3.00", ("charging_time 60 1.00", "charging_time 60 0.50", "idle_time 30 1.50")),
    Case("idle fees of day and night", time_of_day(day_idle_fee_per_minute=D("0.10"), night_idle_fee_per_minute=D("0.05")),
         session("21:00", 90, 0, idle=((30, 90),)), "1.00 + 30 x 0.10 + 30 x 0.05", "5.50",
         ("charging_time 60 1.00", "idle_time 30 3.00", "idle_time 30 1.50"),
         periods=("21:00 charging@day 0 1.00", "21:30 idle@day 0 3.00", "22:00 idle@night 0 1.50")),
    # energy by rate
    Case("rate for the rest", EnergyTou(), HOUR, "10 x 0.20", "2.00", ("energy 10 2.00",), FOLLOWS),
    Case("mark-up in percent", EnergyTou(markup_percentage_per_kwh=D(10)), HOUR, "10 x 0.20 + 10 x 0.02", "2.20",
         ("energy 10 2.00", "service_fee 10 0.20"), FOLLOWS),
    Case("mark-up fixed", EnergyTou(markup_fixed_fee_per_kwh=D("0.05")), HOUR, "10 x 0.20 + 10 x 0.05", "2.50",
         ("energy 10 2.00", "service_fee 10 0.50"), FOLLOWS),
    Case("both mark-ups", EnergyTou(markup_percentage_per_kwh=D(10), markup_fixed_fee_per_kwh=D("0.05")), HOUR,
         "10 x 0.20 + 10 x (0.02 + 0.05)", "2.70", ("energy 10 2.00", "service_fee 10 0.70"), FOLLOWS),
    Case("into the evening", EnergyTou(markup_percentage_per_kwh=D(10)), RUSH,
         "5 x 0.20 + 5 x 0.40 + 5 x 0.02 + 5 x 0.04", "3.30",
         ("energy 5 1.00", "energy 5 2.00", "service_fee 5 0.10", "service_fee 5 0.20"), FOLLOWS,
         periods=("16:30 charging 5000 1.10", "17:00 charging 5000 2.20")),
    Case("rate locked", EnergyTou(lock_price_on_session_start=True, markup_percentage_per_kwh=D(10)), RUSH,
         "10 x 0.20 + 10 x 0.02", "2.20", ("energy 10 2.00", "service_fee 10 0.20"), FOLLOWS),
    Case("rate of a date", EnergyTou(), HOUR, "10 x 0.15", "1.50", ("energy 10 1.50",), {"fallback_rate": SECOND_OF_MARCH}),
    Case("a date with holes", EnergyTou(), session("17:00", 60, 10), "no hour of the date: any day 17-21: 10 x 0.40", "4.00",
         ("energy 10 4.00",), {"fallback_rate": SECOND_OF_MARCH}),
    Case("a date and neither", EnergyTou(), session("16:00", 60, 10), "10 x 0.20", "2.00", ("energy 10 2.00",),
         {"fallback_rate": SECOND_OF_MARCH}),
    Case("the date is over", EnergyTou(), session("2026-03-03T10:00", 60, 10), "10 x 0.20", "2.00", ("energy 10 2.00",),
         {"fallback_rate": SECOND_OF_MARCH}),
    Case("Sunday into Monday", EnergyTou(), session("2026-03-01T23:30", 60, 10), "5 x 0.10 + 5 x 0.30", "2.00",
         ("energy 5 0.50", "energy 5 1.50"), {"fallback_rate": MONDAY_SUNDAY}),
    Case("Saturday", EnergyTou(), session("2026-02-28T10:00", 60, 10), "10 x 0.20", "2.00", ("energy 10 2.00",),
         {"fallback_rate": MONDAY_SUNDAY}),
    Case("a Monday that counts as Sunday", EnergyTou(), HOUR, "10 x 0.10", "1.00", ("energy 10 1.00",),
         {"fallback_rate": MONDAY_SUNDAY}, Calendar(BRUSSELS, {date(2026, 3, 2): 7})),
    Case("flexible mark-up", EnergyTou(
            markup_fixed_fee_per_kwh=D("0.05"),
            flexible_mark_up_as_fixed_per_kwh=(
                MarkUpInterval(starts_at=time(10, 30), ends_at=time(11, 30), price=D("0.08")),)),
         HOUR, "10 x 0.20 + 5 x 0.05 + 5 x 0.08", "2.65",
         ("energy 10 2.00", "service_fee 5 0.25", "service_fee 5 0.40"), FOLLOWS,
         periods=("10:00 charging 5000 1.25", "10:30 charging 5000 1.40")),
    Case("rate of the charge point", EnergyTou(charge_point_electricity_rate=True), HOUR, "10 x 0.33", "3.30",
         ("energy 10 3.30",), {**FOLLOWS, "charge_point_rate": Rate(default_price=D("0.33"))}),
    Case("not the rate of the charge point", EnergyTou(), HOUR, "10 x 0.20", "2.00",
         ("energy 10 2.00",), {**FOLLOWS, "charge_point_rate": Rate(default_price=D("0.33"))}),
    Case("a charge point without a rate", EnergyTou(charge_point_electricity_rate=True), HOUR, "10 x 0.20", "2.00",
         ("energy 10 2.00",), FOLLOWS),
    Case("rate, time and idling", EnergyTou(price_per_period=D("0.10"), idle_fee_per_minute=D("0.02")),
         session("10:00", 60, 10, idle=((30, 60),)), "10 x 0.20 + 2 x 0.10 + 30 x 0.02", "2.80",
         ("energy 10 2.00", "charging_time 30 0.20", "idle_time 30 0.60"), FOLLOWS),
    Case("paid for charging", EnergyTou(), HOUR, "10 x -0.05, lifted to 0", "0.00",
         ("energy 10 -0.50", "min_price 1 0.50"), {"fallback_rate": BELOW_ZERO}),
    Case("less for charging", EnergyTou(connection_fee=D(1)), HOUR, "1 + 10 x -0.05", "0.50",
         ("connection 1 1", "energy 10 -0.50"), {"fallback_rate": BELOW_ZERO}),
    Case("a dear hour twice", EnergyTou(), session("2026-10-25T01:00+02:00", 240, 4),
         "1 kW; 02:00-03:00 comes twice: 2 x 0.50 + 2 x 0.20", "1.40", ("energy 2 0.40", "energy 2 1.00"),
         {"fallback_rate": TWO_TO_THREE}),
    Case("a dear hour never", EnergyTou(), session("2026-03-29T01:00", 120, 2), "1 kW; no 02:00-03:00: 2 x 0.20", "0.40",
         ("energy 2 0.40",), {"fallback_rate": TWO_TO_THREE}),
    # optimised
    Case("cheap electricity", optimised(), session("10:00", 60, 10, choices=REDUCED), "0.20 <= 0.30: 10 x 0.40", "4.00",
         ("energy 10 4.00",), DEAR),
    Case("dear and reduced", optimised(), session("17:00", 60, 10, choices=REDUCED), "0.50 > 0.30: 10 x 0.25", "2.50",
         ("energy 10 2.50",), DEAR),
    Case("dear and boosted", optimised(), session("17:00", 60, 10), "10 x 0.40", "4.00", ("energy 10 4.00",), DEAR),
    Case("at the threshold", optimised(), session("17:00", 60, 10, choices=REDUCED), "0.30 is not above 0.30: 10 x 0.40", "4.00",
         ("energy 10 4.00",), AT_THRESHOLD),
    Case("into dear hours", optimised(), session("16:30", 60, 10, choices=REDUCED), "5 x 0.40 + 5 x 0.25", "3.25",
         ("energy 5 2.00", "energy 5 1.25"), DEAR,
         periods=("16:30 charging 5000 2.00", "17:00 charging 5000 1.25")),
    Case("a changed mind", optimised(connection_fee=D(1)),
         session("17:00", 60, 10, choices=(*REDUCED, ("17:30", "boosted"))), "1 + 5 x 0.25 + 5 x 0.40", "4.25",
         ("connection 1 1", "energy 5 1.25", "energy 5 2.00"), DEAR),
)  # fmt: skip
