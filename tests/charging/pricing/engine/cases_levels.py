"""Worked by hand: standard, average and peak power levels, standard by time of day."""

from datetime import date, time
from typing import Any

from tests.charging.pricing.engine.golden import Case, D, session

from gridloom.charging.pricing.engine.public import (
    AveragePowerLevel,
    AveragePowerLevels,
    DaysWhenApplied,
    EnergyLevel,
    PeakPowerLevel,
    PeakPowerLevels,
    PricePeriods,
    Standard,
    StandardTod,
    State,
    TimePeriod,
    UnitLevel,
)

# 0-5 kWh 2.00 flat; 5-10 at 0.35; from 10 at 0.40
ENERGY = (
    EnergyLevel(first_kwh=D(0), last_kwh=D(5), fee_per_kwh=D(0), flat_fee=D(2)),
    EnergyLevel(first_kwh=D(5), last_kwh=D(10), fee_per_kwh=D("0.35"), flat_fee=D(0)),
    EnergyLevel(first_kwh=D(10), fee_per_kwh=D("0.40")),
)
# 1-8 at 0.50; 9-24 at 0.55; from 25 10.00 flat
TIME = (
    UnitLevel(first_unit=0, last_unit=8, fee_per_unit=D("0.50"), flat_fee=D(0)),
    UnitLevel(first_unit=9, last_unit=24, fee_per_unit=D("0.55")),
    UnitLevel(first_unit=25, fee_per_unit=D(0), flat_fee=D(10)),
)
# 1-2 at 0.30; 3-6 at 0.40; then free
IDLE = (
    UnitLevel(first_unit=0, last_unit=2, fee_per_unit=D("0.30")),
    UnitLevel(first_unit=3, last_unit=6, fee_per_unit=D("0.40")),
    UnitLevel(first_unit=7),
)
BY_ENERGY = Standard(multi_price_per_kwh=ENERGY)
BY_TIME = Standard(multi_price_per_duration=TIME)


def by_idle(**more: Any) -> Standard:
    """The idle levels alone."""
    return Standard(multi_idle_fee=IDLE, **more)


def idle_for(minutes: float) -> Any:
    """An hour of charging, then so many idle minutes."""
    return session("10:00", 60 + minutes, 0, idle=((60, 60 + minutes),))


AVERAGE = (
    AveragePowerLevel(average_power_up_to_kw=D(11), price_per_minute=D("0.10")),
    AveragePowerLevel(average_power_up_to_kw=D(22), price_per_minute=D("0.20")),
)
PEAK = (
    PeakPowerLevel(peak_power_up_to_kw=D(11), regular_price_per_minute=D("0.10"), excess_use_price_per_min=D("0.30")),
    PeakPowerLevel(peak_power_up_to_kw=D(22), regular_price_per_minute=D("0.20"), excess_use_price_per_min=D("0.50")),
)
BY_AVERAGE = AveragePowerLevels(average_power_levels=AVERAGE)
BY_PEAK = PeakPowerLevels(peak_power_levels=PEAK, regular_use_period=120)

SLOTS = (TimePeriod(start_time=time(8), end_time=time(20)), TimePeriod(start_time=time(20), end_time=time(8)))


def fees(connection: str = "", energy: str = "", duration: str = "", idle: str = "") -> PricePeriods:
    """Two prices each, of 8-20 and of 20-8."""
    return PricePeriods(
        connection_fee_periods=tuple(map(D, connection.split())),
        energy_fee_periods=tuple(map(D, energy.split())),
        duration_fee_periods=tuple(map(D, duration.split())),
        idle_fee_periods=tuple(map(D, idle.split())),
    )


def slotted(prices: PricePeriods = fees("2 1", "0.5 0.3", "1.0 0.4"), **more: Any) -> StandardTod:  # noqa: B008 - frozen
    """By slots, blocks of an hour."""
    return StandardTod(time_periods=SLOTS, price_periods=prices, price_period_in_minutes=60, **more)


ENERGY_SLOTS = fees(energy="0.5 0.3")
TUESDAY = (date(2026, 3, 3),)
EVENING = session("19:00", 120, 20)
IDLE_EVENING = session("19:00", 120, 0, idle=((30, 90),))
INTO_TUESDAY = session("23:30", 60, 10)

CASES = (
    # standard: energy
    Case("levels of energy", BY_ENERGY, session("10:00", 60, 12), "2.00 + 5 x 0.35 + 2 x 0.40 = 2.00 + 1.75 + 0.80", "4.55",
         ("energy 5 1.75", "energy 2 0.80", "energy_flat_fee 1 2.00")),
    Case("within the first level", BY_ENERGY, session("10:00", 60, "0.001"), "2.00 flat", "2.00", ("energy_flat_fee 1 2.00",)),
    Case("end of the first level", BY_ENERGY, session("10:00", 60, 5), "2.00 flat", "2.00", ("energy_flat_fee 1 2.00",)),
    Case("into the second level", BY_ENERGY, session("10:00", 60, "5.1"), "2.00 + 0.1 x 0.35 = 2.035 -> 2.04", "2.04",
         ("energy 0.1 0.035", "energy_flat_fee 1 2.00")),
    Case("end of the second level", BY_ENERGY, session("10:00", 60, 10), "2.00 + 5 x 0.35", "3.75",
         ("energy 5 1.75", "energy_flat_fee 1 2.00")),
    Case("into the third level", BY_ENERGY, session("10:00", 60, "10.1"), "2.00 + 1.75 + 0.1 x 0.40", "3.79",
         ("energy 5 1.75", "energy 0.1 0.04", "energy_flat_fee 1 2.00")),
    Case("no energy enters no level", BY_ENERGY, session("10:00", 60, 0), "0", "0.00"),
    Case("levels count what is billed", BY_ENERGY, session("10:00", 60, 12), "12 - 7 = 5 kWh: 2.00 flat", "2.00",
         ("energy_flat_fee 1 2.00",), {"allowance_wh": D(7000)}),
    Case("levels over an idle break", BY_ENERGY, session("10:00", 60, 12, idle=((20, 40),)),
         "4 kWh each: 2.00; 1 x 0.35 for 4-8 is 3 x 0.35 = 1.05; 2 x 0.35 + 2 x 0.40 = 1.50", "4.55",
         ("energy 5 1.75", "energy 2 0.80", "energy_flat_fee 1 2.00"),
         periods=("10:00 charging 4000 2.00", "10:20 idle 4000 1.05", "10:40 charging 4000 1.50")),
    # standard: time
    Case("levels of time", BY_TIME, session("10:00", 420), "28 units: 8 x 0.50 + 16 x 0.55 + 10", "22.80",
         ("charging_time 120 4.00", "charging_time 240 8.80", "duration_flat_fee 1 10")),
    Case("eight units", BY_TIME, session("10:00", 120), "8 x 0.50", "4.00", ("charging_time 120 4.00",)),
    Case("the ninth unit", BY_TIME, session("10:00", 121), "8 x 0.50 + 0.55", "4.55",
         ("charging_time 120 4.00", "charging_time 15 0.55")),
    Case("24 units", BY_TIME, session("10:00", 360), "4.00 + 16 x 0.55", "12.80",
         ("charging_time 120 4.00", "charging_time 240 8.80")),
    Case("the 25th unit", BY_TIME, session("10:00", 361), "12.80 + 10", "22.80",
         ("charging_time 120 4.00", "charging_time 240 8.80", "duration_flat_fee 1 10")),
    Case("limit in a flat fee", Standard(multi_price_per_duration=TIME, duration_fee_limit=D(15)), session("10:00", 420),
         "4.00 + 8.80 + (15 - 12.80)", "15.00", ("charging_time 120 4.00", "charging_time 240 8.80", "duration_flat_fee 1 2.20")),
    Case("units of an hour", Standard(multi_price_per_duration=TIME, price_period_in_minutes=60), session("10:00", 61),
         "2 x 0.50", "1.00", ("charging_time 120 1.00",)),
    Case("no time while idle", BY_TIME, session("10:00", 60, idle=((30, 60),)), "2 x 0.50", "1.00", ("charging_time 30 1.00",)),
    Case("time while idle", BY_TIME, session("10:00", 60, idle=((30, 60),)), "4 x 0.50", "2.00", ("charging_time 60 2.00",),
         {"duration_fee_while_idle": True}),
    Case("a break inside a unit", BY_TIME, session("10:00", 60, idle=((20, 40),)), "20 + 20 min = 3 units x 0.50", "1.50",
         ("charging_time 45 1.50",)),
    Case("free minutes before units", Standard(multi_price_per_duration=TIME, duration_fee_grace_period=60),
         session("10:00", 180), "120 min = 8 x 0.50", "4.00", ("charging_time 120 4.00",)),
    # standard: idle
    Case("six idle units", by_idle(), idle_for(90), "2 x 0.30 + 4 x 0.40", "2.20", ("idle_time 30 0.60", "idle_time 60 1.60")),
    Case("the seventh is free", by_idle(), idle_for(91), "2 x 0.30 + 4 x 0.40 + 0", "2.20",
         ("idle_time 30 0.60", "idle_time 60 1.60")),
    Case("idle units of their own", by_idle(idle_pricing_period_in_minutes=30), idle_for(31), "2 x 0.30", "0.60",
         ("idle_time 60 0.60",)),
    Case("idle units as those of time", by_idle(price_period_in_minutes=60), idle_for(61), "2 x 0.30", "0.60",
         ("idle_time 120 0.60",)),
    Case("idle units over the session", by_idle(), session("10:00", 120, states=(
             (20, State.IDLE), (45, State.CHARGING), (60, State.IDLE), (85, State.CHARGING))),
         "25 + 25 min = 4 units: 2 x 0.30 + 2 x 0.40", "1.40", ("idle_time 30 0.60", "idle_time 30 0.80")),
    Case("grace counts from idling whatever the mode",
         by_idle(idle_fee_grace_period_minutes=D(45), idle_fee_grace_period_mode="session_start"), idle_for(60),
         "60 - 45 = 15 min = 1 x 0.30", "0.30", ("idle_time 15 0.30",)),
    Case("all at once", Standard(connection_fee=D("0.5"), multi_price_per_kwh=ENERGY, multi_price_per_duration=TIME,
                                 multi_idle_fee=IDLE, idle_fee_grace_period_minutes=D(10)),
         session("10:00", 420, curve=((0, "0"), (360, "12"), (420, "12")), idle=((360, 420),)),
         "0.5 + 4.55 + 24 units 12.80 + (60 - 10) min = 4 units 1.40", "19.25",
         ("connection 1 0.5", "energy 5 1.75", "energy 2 0.80", "energy_flat_fee 1 2.00", "charging_time 120 4.00",
          "charging_time 240 8.80", "idle_time 30 0.60", "idle_time 30 0.80"), {"tax_percentage": D(21)}, net="15.91",
         periods=("10:00 charging 12000 17.85", "16:00 idle 0 0", "16:10 idle 0 1.40")),
    # average power
    Case("average in the second level", BY_AVERAGE, session("10:00", 60, 15), "15 kW: 60 x 0.20", "12.00",
         ("power_levels_time 60 12.00",)),
    Case("average at the border", BY_AVERAGE, session("10:00", 60, 11), "11 <= 11 kW: 60 x 0.10", "6.00",
         ("power_levels_time 60 6.00",)),
    Case("average above the border", BY_AVERAGE, session("10:00", 60, "11.001"), "60 x 0.20", "12.00",
         ("power_levels_time 60 12.00",)),
    Case("average above the last", BY_AVERAGE, session("10:00", 60, 40), "60 x 0.20", "12.00", ("power_levels_time 60 12.00",)),
    Case("average of a third", BY_AVERAGE, session("10:00", 20, "3.666667"), "11.000001 kW: 20 x 0.20", "4.00",
         ("power_levels_time 20 4.00",)),
    Case("started minutes", BY_AVERAGE, session("10:00", 1.5), "0 kW: 2 x 0.10", "0.20", ("power_levels_time 2 0.20",)),
    Case("average of no time", BY_AVERAGE, session("10:00", 0), "0 x 0.10", "0.00"),
    Case("average with connection", AveragePowerLevels(average_power_levels=AVERAGE, connection_fee=D(1)),
         session("10:00", 60, 15, idle=((30, 60),)), "1 + 60 x 0.20, idle or not", "13.00",
         ("connection 1 1", "power_levels_time 60 12.00")),
    # peak power
    Case("regular and excess", BY_PEAK, session("10:00", 150, 10, power_kw="7"), "120 x 0.10 + 30 x 0.30", "21.00",
         ("power_levels_time 120 12.00", "power_levels_time 30 9.00")),
    Case("regular only", BY_PEAK, session("10:00", 120, 10, power_kw="11"), "11 <= 11: 120 x 0.10", "12.00",
         ("power_levels_time 120 12.00",)),
    Case("a minute in excess", BY_PEAK, session("10:00", 120.5, 10, power_kw="7"), "120 x 0.10 + 1 x 0.30", "12.30",
         ("power_levels_time 120 12.00", "power_levels_time 1 0.30")),
    Case("peak in the second level", BY_PEAK, session("10:00", 150, 10, power_kw="11.001"), "120 x 0.20 + 30 x 0.50", "39.00",
         ("power_levels_time 120 24.00", "power_levels_time 30 15.00")),
    Case("peak above the last", BY_PEAK, session("10:00", 60, 10, power_kw="50"), "60 x 0.20", "12.00",
         ("power_levels_time 60 12.00",)),
    Case("peak from the register", BY_PEAK, session("10:00", 60, curve=((0, "0"), (30, "10"), (60, "10"))),
         "10 kWh in 30 min = 20 kW: 60 x 0.20", "12.00", ("power_levels_time 60 12.00",)),
    Case("never in excess", PeakPowerLevels(peak_power_levels=PEAK), session("10:00", 150, 10, power_kw="7"), "150 x 0.10",
         "15.00", ("power_levels_time 150 15.00",)),
    # standard by time of day
    Case("slot of the day", slotted(), session("10:00", 60, 10), "2 + 10 x 0.5 + 1.0", "8.00",
         ("connection 1 2", "energy 10 5.0", "charging_time 60 1.0")),
    Case("slot of the night", slotted(), session("20:00", 60, 10), "1 + 10 x 0.3 + 0.4", "4.40",
         ("connection 1 1", "energy 10 3.0", "charging_time 60 0.4")),
    Case("over the border", slotted(), EVENING, "2 + 10 x 0.5 + 10 x 0.3 + 1.0 + 0.4", "11.40",
         ("connection 1 2", "energy 10 5", "energy 10 3", "charging_time 60 1.0", "charging_time 60 0.4"),
         periods=("19:00 charging 10000 8.0", "20:00 charging 10000 3.4")),
    Case("energy locked", slotted(lock_energy_price_on_session_start=True), EVENING, "2 + 20 x 0.5 + 1.4", "13.40",
         ("connection 1 2", "energy 20 10", "charging_time 60 1.0", "charging_time 60 0.4")),
    Case("duration locked", slotted(lock_duration_price_on_session_start=True), EVENING, "2 + 8 + 2 x 1.0", "12.00",
         ("connection 1 2", "energy 10 5", "energy 10 3", "charging_time 120 2.0")),
    Case("idle by slot", slotted(fees("", "", "1.0 0.4", "0.20 0.10"), idle_pricing_period_in_minutes=15), IDLE_EVENING,
         "60 min of charging = 1 x 1.0; 2 x 0.20 + 2 x 0.10", "1.60",
         ("charging_time 60 1.0", "idle_time 30 0.40", "idle_time 30 0.20")),
    Case("idle locked", slotted(fees("", "", "1.0 0.4", "0.20 0.10"), idle_pricing_period_in_minutes=15,
                                lock_idle_price_on_session_start=True), IDLE_EVENING, "1.0 + 4 x 0.20", "1.80",
         ("charging_time 60 1.0", "idle_time 60 0.80")),
    Case("no time while idle in slots", slotted(fees("", "", "1.0 0.4")), session("19:00", 120, 0, idle=((0, 120),)), "0",
         "0.00"),
    Case("into a special day", slotted(ENERGY_SLOTS, days_when_applied=(
             DaysWhenApplied(name="Carnival", special_dates=TUESDAY, price_periods=fees(energy="0.1 0.1")),)),
         INTO_TUESDAY, "5 x 0.3 + 5 x 0.1", "2.00", ("energy 5 1.5", "energy 5 0.5"),
         periods=("23:30 charging 5000 1.5", "00:00 charging 5000 0.5")),
    Case("special day, energy locked", slotted(ENERGY_SLOTS, lock_energy_price_on_session_start=True, days_when_applied=(
             DaysWhenApplied(special_dates=TUESDAY, price_periods=fees(energy="0.1 0.1")),)),
         INTO_TUESDAY, "10 x 0.3", "3.00", ("energy 10 3.0",)),
    Case("ordinary days of their own", slotted(ENERGY_SLOTS, days_when_applied=(
             DaysWhenApplied(price_periods=fees(energy="0.7 0.6")),)),
         session("10:00", 60, 10), "10 x 0.7", "7.00", ("energy 10 7.0",)),
    Case("a special day of 25 hours", slotted(ENERGY_SLOTS, days_when_applied=(
             DaysWhenApplied(special_dates=(date(2026, 10, 25),), price_periods=fees(energy="0.1 0.1")),)),
         session("2026-10-24T23:00", 27 * 60, 27), "1 kW; 1 x 0.3 + 25 x 0.1 + 1 x 0.3", "3.10",
         ("energy 2 0.6", "energy 25 2.5")),
    Case("a special day of 23 hours", slotted(ENERGY_SLOTS, days_when_applied=(
             DaysWhenApplied(special_dates=(date(2026, 3, 29),), price_periods=fees(energy="0.1 0.1")),)),
         session("2026-03-28T23:00", 25 * 60, 25), "1 kW; 1 x 0.3 + 23 x 0.1 + 1 x 0.3", "2.90",
         ("energy 2 0.6", "energy 23 2.3")),
    Case("blocks of a special day", slotted(fees(duration="1.0 0.4"), days_when_applied=(
             DaysWhenApplied(special_dates=TUESDAY, price_periods=fees(duration="0.2 0.2"), price_period_in_minutes=15),)),
         session("23:30", 90), "23:30-00:30 at 0.4, then 2 x 0.2", "0.80", ("charging_time 60 0.4", "charging_time 30 0.4")),
    Case("grace of a special day", slotted(fees(idle="0.2 0.2"), idle_fee_grace_period_minutes=D(5), days_when_applied=(
             DaysWhenApplied(special_dates=TUESDAY, price_periods=fees(idle="0.2 0.2"),
                             idle_fee_grace_period_minutes=D(30), idle_pricing_period_in_minutes=15),)),
         session("2026-03-03T10:00", 60, 0, idle=((0, 60),)), "60 - 30 = 30 min = 2 x 0.2", "0.40", ("idle_time 30 0.4",)),
    Case("connection of a special day", slotted(fees("2 1"), days_when_applied=(
             DaysWhenApplied(special_dates=TUESDAY, price_periods=fees("9 9"), connection_fee_minimum_session_duration=30),)),
         session("2026-03-03T10:00", 29), "29 < 30 min", "0.00"),
)  # fmt: skip
