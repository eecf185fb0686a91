"""From a tariff to the prices that hold one after the other while a session runs."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias, assert_never

from gridloom.charging.pricing.engine.calendar import MIDNIGHT, Calendar, Wall, within
from gridloom.charging.pricing.engine.tariffs import (
    DEFAULT_PERIOD,
    AveragePowerLevels,
    ChargingNotAllowed,
    DaysWhenApplied,
    DurationEnergy,
    DurationEnergyTimeOfDay,
    EnergyLevel,
    EnergyTou,
    FlatRate,
    Free,
    OptimisedDynamicPricing,
    PeakPowerLevels,
    Standard,
    StandardTod,
    Tariff,
    Timed,
    UnitLevel,
)
from gridloom.charging.pricing.engine.terms import Terms
from gridloom.charging.pricing.engine.timeline import ChargingType, Timeline

EnergyLevels: TypeAlias = tuple[EnergyLevel, ...]
UnitLevels: TypeAlias = tuple[UnitLevel, ...]

ZERO = Decimal(0)


class Slot(NamedTuple):
    """Prices that hold for a while. Two that follow each other and are equal are one.

    energy, service: per kWh. duration: per started block of `minutes`; idle the same of `idle_minutes`, None where no idle fee
    is set. pauses: no duration fee in idle time. idle_grace: minutes. The rest says what the prices are called.
    """

    energy: EnergyLevels = ()
    service: Decimal = ZERO
    duration: UnitLevels = ()
    minutes: int = 1
    idle: UnitLevels | None = None
    idle_minutes: int = 1
    pauses: bool = False
    idle_grace: Decimal | None = None
    day_period: str | None = None
    charging_type: ChargingType | None = None
    start_hour: time | None = None
    end_hour: time | None = None
    day: str | None = None


class Slots(NamedTuple):
    """The slots with the instant each begins at, the first at the start; and what is fixed at the start of the session."""

    starts: list[datetime]
    slots: list[Slot]
    connection_fee: Decimal | None = None
    connection_minutes: int | None = None
    connection_kwh: Decimal | None = None
    duration_grace: int | None = None
    locked_energy: Decimal | None = None
    locked_duration: Decimal | None = None

    def at(self, instant: datetime) -> Slot:
        """The slot of an instant."""
        return self.slots[bisect_right(self.starts, instant) - 1]


def slots_of(tariff: Tariff, timeline: Timeline, calendar: Calendar, terms: Terms, wall: Wall) -> Slots:  # noqa: PLR0911 - one a kind
    """What the tariff asks for from start to stop."""
    match tariff:
        case Free() | ChargingNotAllowed() | FlatRate():
            return Slots([timeline.started_at], [Slot()])
        case DurationEnergy():
            slot = _timed(tariff, tariff.price_per_kwh, tariff.price_per_period, tariff.idle_fee_per_minute)
            return _fixed(tariff, [timeline.started_at], [slot])
        case DurationEnergyTimeOfDay():
            return _time_of_day(tariff, timeline, wall)
        case EnergyTou():
            return _energy_tou(tariff, timeline, calendar, terms, wall)
        case Standard():
            return _fixed(tariff, [timeline.started_at], [_standard(tariff, terms)])
        case AveragePowerLevels() | PeakPowerLevels():
            levels = _average(tariff, timeline) if isinstance(tariff, AveragePowerLevels) else _peak(tariff, timeline)
            slots = Slots([timeline.started_at], [Slot(duration=levels)])
            return slots._replace(
                connection_fee=tariff.connection_fee,
                connection_minutes=tariff.connection_fee_minimum_session_duration,
                connection_kwh=tariff.connection_fee_minimum_session_energy,
            )
        case StandardTod():
            return _standard_tod(tariff, timeline, terms, wall)
        case OptimisedDynamicPricing():
            return _optimised(tariff, timeline, calendar, terms, wall)
        case _:
            assert_never(tariff)


def _one_energy(fee: Decimal | None) -> EnergyLevels:
    return (EnergyLevel(first_kwh=ZERO, fee_per_kwh=fee),) if fee else ()


def _one_unit(fee: Decimal | None) -> UnitLevels:
    return (UnitLevel(first_unit=1, fee_per_unit=fee),) if fee else ()


def _timed(tariff: Timed, energy: Decimal | None, period: Decimal | None, idle_minute: Decimal | None) -> Slot:
    """A slot of the duration+energy family: idle fees are per minute, and one that is set replaces the duration fee."""
    idle_minutes = tariff.idle_pricing_period_in_minutes or 1
    return Slot(
        energy=_one_energy(energy),
        duration=_one_unit(period),
        minutes=tariff.price_period_in_minutes or DEFAULT_PERIOD,
        idle=None if idle_minute is None else _one_unit(idle_minute * idle_minutes),
        idle_minutes=idle_minutes,
        pauses=idle_minute is not None,
        idle_grace=tariff.idle_fee_grace_period_minutes,
    )


def _fixed(tariff: Timed, starts: list[datetime], slots: list[Slot]) -> Slots:
    return Slots(
        starts,
        slots,
        tariff.connection_fee,
        tariff.connection_fee_minimum_session_duration,
        tariff.connection_fee_minimum_session_energy,
        tariff.duration_fee_grace_period,
    )


def _changing(
    timeline: Timeline, cuts: Iterable[datetime], slot_at: Callable[[datetime], Slot]
) -> tuple[list[datetime], list[Slot]]:
    """Slots from instant to instant, equal neighbours joined."""
    starts, slots = [timeline.started_at], [slot_at(timeline.started_at)]
    for cut in cuts:
        slot = slot_at(cut)
        if slot != slots[-1]:
            starts.append(cut)
            slots.append(slot)
    return starts, slots


def _time_of_day(tariff: DurationEnergyTimeOfDay, timeline: Timeline, wall: Wall) -> Slots:
    day = _timed(tariff, tariff.day_price_per_kwh, tariff.day_price_per_period, tariff.day_idle_fee_per_minute)
    night = _timed(tariff, tariff.night_price_per_kwh, tariff.night_price_per_period, tariff.night_idle_fee_per_minute)
    day, night = day._replace(day_period="day"), night._replace(day_period="night")

    def slot_at(at: datetime) -> Slot:
        is_day = within(wall.shown(at).time(), tariff.day_tariff_start, tariff.night_tariff_start)
        return day if is_day else night

    borders = (tariff.day_tariff_start, tariff.night_tariff_start)
    found = _fixed(tariff, *_changing(timeline, wall.cuts(borders), slot_at))
    locked = tariff.lock_price_on_session_start
    return _locked(found, energy=locked, duration=locked)


def _locked(found: Slots, *, energy: bool = False, duration: bool = False, idle: bool = False) -> Slots:
    """Prices of the first slot for the whole session; the other parts of each slot stay."""
    first = found.slots[0]
    slots = found.slots
    if energy:
        slots = [each._replace(energy=first.energy, service=first.service) for each in slots]
    if duration:
        slots = [each._replace(duration=first.duration, minutes=first.minutes) for each in slots]
    if idle:
        slots = [each._replace(idle=first.idle, idle_minutes=first.idle_minutes) for each in slots]
    return found._replace(
        slots=slots,
        locked_energy=(first.energy[0].fee_per_kwh if first.energy else ZERO) if energy else None,
        locked_duration=(first.duration[0].fee_per_unit if first.duration else ZERO) if duration else None,
    )


def _energy_tou(tariff: EnergyTou, timeline: Timeline, calendar: Calendar, terms: Terms, wall: Wall) -> Slots:
    rate = terms.rate(of_charge_point=tariff.charge_point_electricity_rate)
    intervals = tariff.flexible_mark_up_as_fixed_per_kwh
    slot = _timed(tariff, None, tariff.price_per_period, tariff.idle_fee_per_minute)
    percentage = tariff.markup_percentage_per_kwh or ZERO

    def slot_at(at: datetime) -> Slot:
        local = wall.shown(at)
        base = rate.price_at(local, calendar)
        fixed = tariff.markup_fixed_fee_per_kwh or ZERO
        for each in intervals:
            if within(local.time(), each.starts_at, each.ends_at):
                fixed = each.price
        return slot._replace(energy=_one_energy(base), service=base * percentage / 100 + fixed)

    borders = rate.borders() | {at for each in intervals for at in (each.starts_at, each.ends_at)}
    cuts = wall.cuts(borders) if borders else []
    found = _fixed(tariff, *_changing(timeline, cuts, slot_at))
    return _locked(found, energy=tariff.lock_price_on_session_start)


def _standard(tariff: Standard, terms: Terms) -> Slot:
    minutes = tariff.price_period_in_minutes or DEFAULT_PERIOD
    return Slot(
        energy=tariff.multi_price_per_kwh,
        duration=tariff.multi_price_per_duration,
        minutes=minutes,
        idle=tariff.multi_idle_fee or None,
        idle_minutes=tariff.idle_pricing_period_in_minutes or minutes,
        pauses=not terms.duration_fee_while_idle,
        idle_grace=tariff.idle_fee_grace_period_minutes,
    )


def _average(tariff: AveragePowerLevels, timeline: Timeline) -> UnitLevels:
    # Energy is compared with power times time (kWh and hours, both in 3,600 million parts), so that no quotient is rounded.
    microseconds = timeline.duration // timedelta(microseconds=1)
    energy = timeline.energy_wh / 1000 * 3_600_000_000
    levels = tariff.average_power_levels
    level = next((each for each in levels if energy <= each.average_power_up_to_kw * microseconds), levels[-1])
    return _one_unit(level.price_per_minute)


def _peak(tariff: PeakPowerLevels, timeline: Timeline) -> UnitLevels:
    kw = timeline.peak_w() / 1000
    levels = tariff.peak_power_levels
    level = next((each for each in levels if kw <= each.peak_power_up_to_kw), levels[-1])
    regular = tariff.regular_use_period
    if regular is None:
        return _one_unit(level.regular_price_per_minute)
    return (
        UnitLevel(first_unit=0, last_unit=regular, fee_per_unit=level.regular_price_per_minute),
        UnitLevel(first_unit=regular + 1, fee_per_unit=level.excess_use_price_per_min),
    )


def _standard_tod(tariff: StandardTod, timeline: Timeline, terms: Terms, wall: Wall) -> Slots:
    by_date = {day: each for each in tariff.days_when_applied for day in each.special_dates}
    ordinary = next((each for each in tariff.days_when_applied if not each.special_dates), None)
    ordinary = ordinary or DaysWhenApplied(price_periods=tariff.price_periods)
    order = sorted(range(len(tariff.time_periods)), key=lambda index: tariff.time_periods[index].start_time)
    begins = [tariff.time_periods[index].start_time for index in order]

    def found_at(at: datetime) -> tuple[DaysWhenApplied, int]:
        local = wall.shown(at)
        # Before the first start of the day the last slot of the list still runs: -1.
        return by_date.get(local.date(), ordinary), order[bisect_right(begins, local.time()) - 1]

    borders = {*begins, MIDNIGHT} if by_date else set(begins)
    cuts = wall.cuts(borders)
    starts, slots = _changing(timeline, cuts, lambda at: _slot_of_day(tariff, *found_at(at), terms))
    rules, index = found_at(timeline.started_at)
    minutes, kwh = rules.connection_fee_minimum_session_duration, rules.connection_fee_minimum_session_energy
    grace = rules.duration_fee_grace_period
    fixed = Slots(
        starts,
        slots,
        _fee(rules.price_periods.connection_fee_periods, index, tariff.connection_fee),
        tariff.connection_fee_minimum_session_duration if minutes is None else minutes,
        tariff.connection_fee_minimum_session_energy if kwh is None else kwh,
        tariff.duration_fee_grace_period if grace is None else grace,
    )
    return _locked(
        fixed,
        energy=tariff.lock_energy_price_on_session_start,
        duration=tariff.lock_duration_price_on_session_start,
        idle=tariff.lock_idle_price_on_session_start,
    )


def _fee(fees: tuple[Decimal, ...], index: int, otherwise: Decimal | None = None) -> Decimal | None:
    return fees[index] if fees else otherwise


def _slot_of_day(tariff: StandardTod, rules: DaysWhenApplied, index: int, terms: Terms) -> Slot:
    minutes = rules.price_period_in_minutes or tariff.price_period_in_minutes or DEFAULT_PERIOD
    grace = rules.idle_fee_grace_period_minutes
    idle = _fee(rules.price_periods.idle_fee_periods, index)
    return Slot(
        energy=_one_energy(_fee(rules.price_periods.energy_fee_periods, index)),
        duration=_one_unit(_fee(rules.price_periods.duration_fee_periods, index)),
        minutes=minutes,
        idle=None if idle is None else _one_unit(idle),
        idle_minutes=rules.idle_pricing_period_in_minutes or tariff.idle_pricing_period_in_minutes or minutes,
        pauses=not terms.duration_fee_while_idle,
        idle_grace=tariff.idle_fee_grace_period_minutes if grace is None else grace,
        start_hour=tariff.time_periods[index].start_time,
        end_hour=tariff.time_periods[index].end_time,
        day=rules.name or None,
    )


def _optimised(
    tariff: OptimisedDynamicPricing, timeline: Timeline, calendar: Calendar, terms: Terms, wall: Wall
) -> Slots:
    rate = terms.rate(of_charge_point=tariff.charge_point_electricity_rate)
    boosted = _timed(tariff, tariff.price_per_kwh, tariff.price_per_period, tariff.idle_fee_per_minute)
    boosted = boosted._replace(charging_type=ChargingType.BOOSTED)
    optimised = boosted._replace(
        energy=_one_energy(tariff.price_for_energy_when_optimized), charging_type=ChargingType.OPTIMISED
    )
    chosen_at = [each.at for each in timeline.choices]

    def slot_at(at: datetime) -> Slot:
        made = bisect_right(chosen_at, at)
        wants = made > 0 and timeline.choices[made - 1].charging_type is ChargingType.OPTIMISED
        is_dear = rate.price_at(wall.shown(at), calendar) > tariff.threshold_price_for_energy
        return optimised if wants and is_dear else boosted

    borders = rate.borders()
    cuts = {
        *(wall.cuts(borders) if borders else []),
        *(at for at in chosen_at if timeline.started_at < at < timeline.stopped_at),
    }
    return _fixed(tariff, *_changing(timeline, sorted(cuts), slot_at))
