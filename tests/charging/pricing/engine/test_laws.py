"""What holds of every session and every tariff."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.charging.pricing.engine import cases_clock, cases_levels, cases_plain
from tests.charging.pricing.engine.golden import priced

from gridloom.charging.pricing.engine.public import (
    Calendar,
    ChargingType,
    Choice,
    EnergyLevel,
    EnergyTou,
    NoRate,
    Priced,
    PricePeriods,
    Rate,
    RatePeriod,
    Reading,
    Standard,
    StandardTod,
    State,
    StateChange,
    Tariff,
    Terms,
    Timeline,
    TimePeriod,
    UnitLevel,
    price,
)
from gridloom.charging.pricing.engine.tariffs import DurationEnergyTimeOfDay, PeakPowerLevels
from gridloom.kernel.clock import start_of_day
from gridloom.kernel.money import digits_of, round_to

GOLDEN = (*cases_plain.CASES, *cases_clock.CASES, *cases_levels.CASES)
BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC")
# Around both changes of the clocks of 2026 and of an ordinary day.
DAYS = (
    date(2026, 3, 28),
    date(2026, 3, 29),
    date(2026, 10, 24),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2026, 6, 30),
)
RATE = Rate(
    default_price=Decimal("0.2"),
    week_days={0: (RatePeriod(starts_at=time(1, 30), ends_at=time(2, 30), price=Decimal("0.5")),)},
)
TARIFFS: tuple[Tariff, ...] = tuple({id(case.tariff): case.tariff for case in GOLDEN}.values())


@dataclass(frozen=True)
class Ride:
    """A timeline before it is one: minutes and Wh a minute of each step between two readings, states by step.

    At whole minutes the register is a whole number; a step of no minutes is a jump of the register.
    """

    start: datetime
    steps: tuple[tuple[int, int, State], ...]

    def timeline(self, *, more: int = 0, of_step: int = 0) -> Timeline:
        """more: Wh on top of one step."""
        at, wh = self.start, Decimal(1000)
        readings, states = [Reading(at, wh)], []
        for number, (minutes, energy, state) in enumerate(self.steps):
            states.append(StateChange(at, state))
            at += timedelta(minutes=minutes)
            wh += energy * max(1, minutes) + (more if number == of_step else 0)
            readings.append(Reading(at, wh))
        return Timeline(started_at=self.start, stopped_at=at, readings=tuple(readings), states=tuple(states))


steps = st.tuples(st.integers(0, 300), st.integers(0, 700), st.sampled_from(State))


@st.composite
def rides(draw: Any) -> Ride:
    start = start_of_day(draw(st.sampled_from(DAYS)), BRUSSELS) + timedelta(minutes=draw(st.integers(0, 1440)))
    return Ride(start, tuple(draw(st.lists(steps, min_size=1, max_size=6))))


@st.composite
def terms(draw: Any) -> Terms:
    return Terms(
        currency=draw(st.sampled_from(("EUR", "JPY", "KWD"))),
        tax_percentage=draw(st.sampled_from((None, Decimal(21), Decimal("5.5")))),
        prices_include_tax=draw(st.booleans()),
        duration_fee_while_idle=draw(st.booleans()),
        allowance_wh=Decimal(draw(st.sampled_from((0, 0, 5000)))),
        fallback_rate=RATE,
    )


tariffs = st.sampled_from(TARIFFS)
zones = st.sampled_from(ZONES).map(lambda name: Calendar(ZoneInfo(name)))


def own_half(amount: Any, of: Terms) -> Decimal:
    """The half of an amount that the tariff's prices are in."""
    half: Decimal = amount.with_tax if of.prices_include_tax else amount.without_tax
    return half


@given(rides(), tariffs, zones, terms())
def test_the_total_is_the_sum_of_its_parts(ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms) -> None:
    done = price(ride.timeline(), tariff, calendar, of)
    lines = [own_half(line.price, of) for line in done.price_breakdown]
    assert sum(lines) == done.subtotal
    assert sum(own_half(each.total_amount, of) for each in done.periods) == done.subtotal
    assert done.subtotal + done.rounding == own_half(done.total_amount, of)
    assert own_half(done.total_amount, of) == round_to(done.subtotal, digits_of(of.currency))
    assert done.total_amount.without_tax + done.tax == done.total_amount.with_tax
    for each in done.periods:
        assert sum(own_half(line.price, of) for line in each.price_breakdown) == own_half(each.total_amount, of)
    for kind in {line.type for line in done.price_breakdown}:
        whole = sum(line.quantity for line in done.price_breakdown if line.type is kind)
        in_periods = [line for each in done.periods for line in each.price_breakdown if line.type is kind]
        assert sum(line.quantity for line in in_periods) == whole


@given(rides(), tariffs, zones, terms())
def test_periods_lie_end_to_end_and_hold_all_energy(ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms) -> None:
    timeline = ride.timeline()
    done = price(timeline, tariff, calendar, of)
    assert done.periods[0].started_at == timeline.started_at
    assert done.periods[-1].stopped_at == timeline.stopped_at
    assert all(
        before.stopped_at == after.started_at for before, after in zip(done.periods, done.periods[1:], strict=False)
    )
    assert sum(each.energy_wh for each in done.periods) == done.energy_wh == timeline.energy_wh
    assert all(each.started_at < each.stopped_at for each in done.periods) or timeline.duration == timedelta()


@given(rides(), tariffs, zones, terms())
def test_nothing_is_negative(ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms) -> None:
    done = price(ride.timeline(), tariff, calendar, of)
    assert all(own_half(line.price, of) >= 0 and line.quantity > 0 for line in done.price_breakdown)
    assert all(own_half(each.total_amount, of) >= 0 for each in done.periods)
    assert done.tax >= 0
    assert 0 <= done.non_billable_energy_wh <= done.energy_wh


@given(rides(), tariffs, zones, terms(), st.integers(1, 20_000), st.integers(0, 5))
def test_more_energy_never_costs_less(
    ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms, more: int, of_step: int
) -> None:
    less = price(ride.timeline(), tariff, calendar, of)
    dearer = price(ride.timeline(more=more, of_step=of_step % len(ride.steps)), tariff, calendar, of)
    assert own_half(dearer.total_amount, of) >= own_half(less.total_amount, of)


@given(rides(), tariffs, zones, terms(), st.data())
def test_a_reading_or_state_in_between_that_says_nothing_new_changes_nothing(
    ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms, data: st.DataObject
) -> None:
    timeline = ride.timeline()
    minutes = int(timeline.duration / timedelta(minutes=1))
    at = timeline.started_at + timedelta(minutes=data.draw(st.integers(0, minutes)))
    wh = timeline.register_wh(at)
    now = next(each.state for each in reversed((StateChange(timeline.started_at, ride.steps[0][2]), *timeline.states))
               if each.at <= at)  # fmt: skip
    cut = msgspec.structs.replace(
        timeline, readings=(*timeline.readings, Reading(at, wh)), states=(*timeline.states, StateChange(at, now))
    )
    assert price(cut, tariff, calendar, of) == price(timeline, tariff, calendar, of)


@given(rides(), zones, terms(), st.integers(1, 1439), st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_a_slot_cut_in_two_of_one_price_costs_the_same(
    ride: Ride, calendar: Calendar, of: Terms, minute: int, cents: list[int]
) -> None:
    at = time(minute // 60, minute % 60)
    once = [Decimal(each) / 100 for each in cents]
    whole = _slots((time(0),), [(each,) for each in once])
    cut = _slots((time(0), at), [(each, each) for each in once])
    one, two = (price(ride.timeline(), each, calendar, of) for each in (whole, cut))
    assert two.price_breakdown == one.price_breakdown
    assert two.total_amount == one.total_amount


def _slots(starts: tuple[time, ...], fees: list[tuple[Decimal, ...]]) -> StandardTod:
    ends = (*starts[1:], starts[0])
    return StandardTod(
        time_periods=tuple(TimePeriod(start_time=a, end_time=b) for a, b in zip(starts, ends, strict=True)),
        price_periods=PricePeriods(
            connection_fee_periods=fees[0],
            energy_fee_periods=fees[1],
            duration_fee_periods=fees[2],
            idle_fee_periods=fees[3],
        ),
        idle_fee_grace_period_minutes=Decimal(7),
    )


@given(rides(), tariffs, zones, terms(), st.randoms(use_true_random=False))
def test_the_order_in_which_readings_and_choices_are_given_does_not_matter(
    ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms, chance: Any
) -> None:
    choices = tuple(
        Choice(ride.start + timedelta(minutes=37 * n), kind)
        for n, kind in enumerate((ChargingType.OPTIMISED, ChargingType.BOOSTED, ChargingType.OPTIMISED))
    )
    timeline = msgspec.structs.replace(ride.timeline(), choices=choices)
    readings, mixed = list(timeline.readings), list(choices)
    chance.shuffle(readings)
    chance.shuffle(mixed)
    shuffled = msgspec.structs.replace(timeline, readings=tuple(readings), choices=tuple(mixed))
    assert price(shuffled, tariff, calendar, of) == price(timeline, tariff, calendar, of)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda each: each.name)
def test_the_order_of_slots_days_and_intervals_does_not_matter(case: Any) -> None:
    tariff = case.tariff
    if isinstance(tariff, StandardTod):
        tariff = msgspec.structs.replace(
            tariff,
            time_periods=tariff.time_periods[::-1],
            price_periods=_reversed(tariff.price_periods),
            days_when_applied=tuple(
                msgspec.structs.replace(each, price_periods=_reversed(each.price_periods))
                for each in reversed(tariff.days_when_applied)
            ),
        )
    elif isinstance(tariff, EnergyTou):
        intervals = tariff.flexible_mark_up_as_fixed_per_kwh[::-1]
        tariff = msgspec.structs.replace(tariff, flexible_mark_up_as_fixed_per_kwh=intervals)
    assert priced(case._replace(tariff=tariff)) == priced(case)


def _reversed(prices: PricePeriods) -> PricePeriods:
    return PricePeriods(*(), **{name: getattr(prices, name)[::-1] for name in prices.__struct_fields__})


@given(rides(), tariffs, zones, terms())
def test_the_same_session_has_the_same_price_whatever_the_callers_context(
    ride: Ride, tariff: Tariff, calendar: Calendar, of: Terms
) -> None:
    timeline = ride.timeline()
    here = price(timeline, tariff, calendar, of)
    with localcontext(prec=5, rounding=ROUND_DOWN):
        there = price(timeline, tariff, calendar, of)
    assert there == here


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 30), 24)])
@given(border=st.integers(0, 1439))
@settings(max_examples=60)
def test_every_minute_of_a_short_or_long_day_is_charged_once_at_the_price_on_the_wall(
    day: date, hours: int, border: int
) -> None:
    tariff = DurationEnergyTimeOfDay(
        day_tariff_start=time(border // 60, border % 60),
        night_tariff_start=time(23, 59, 30),
        day_price_per_kwh=Decimal(1),
        night_price_per_kwh=Decimal(100),
    )
    start = start_of_day(day, BRUSSELS)
    # One Wh a minute: what is charged counts minutes.
    minutes = hours * 60
    timeline = Timeline(
        started_at=start,
        stopped_at=start + timedelta(minutes=minutes),
        readings=(Reading(start, Decimal(0)), Reading(start + timedelta(minutes=minutes), Decimal(minutes))),
    )
    walls = [(start + timedelta(minutes=n)).astimezone(BRUSSELS).time() for n in range(minutes)]
    by_day = sum(time(border // 60, border % 60) <= wall for wall in walls)
    # The night begins in the middle of the last minute.
    wh = {1: Decimal(by_day) - Decimal("0.5"), 100: Decimal(minutes - by_day) + Decimal("0.5")}
    done = price(timeline, tariff, Calendar(BRUSSELS), Terms(currency="EUR"))
    assert {int(line.price_per_unit.with_tax): line.quantity * 1000 for line in done.price_breakdown} == wh


def test_two_times_of_one_zone_in_the_hour_that_comes_twice_are_in_order() -> None:
    late = datetime(2026, 10, 25, 2, 10, tzinfo=BRUSSELS, fold=1)
    early = datetime(2026, 10, 25, 2, 50, tzinfo=BRUSSELS)
    timeline = Timeline(
        started_at=early, stopped_at=late, readings=(Reading(late, Decimal(1000)), Reading(early, Decimal(0)))
    )
    assert timeline.duration == timedelta(minutes=20)
    assert timeline.energy_wh == 1000


def test_a_register_that_falls_keeps_its_last_good_value() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=BRUSSELS)
    readings = tuple(Reading(at + timedelta(minutes=n), Decimal(wh)) for n, wh in enumerate((100, 300, 200, 250, 400)))
    timeline = Timeline(started_at=at, stopped_at=at + timedelta(minutes=4), readings=readings)
    assert [each.energy_wh for each in timeline.readings] == [100, 300, 300, 300, 400]
    assert timeline.energy_wh == 300


def test_readings_before_and_after_the_session_count_where_the_line_between_them_crosses_it() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=BRUSSELS)
    readings = (Reading(at - timedelta(minutes=10), Decimal(0)), Reading(at + timedelta(minutes=30), Decimal(400)))
    timeline = Timeline(started_at=at, stopped_at=at + timedelta(minutes=20), readings=readings)
    assert timeline.energy_wh == 200


def test_a_tariff_that_follows_a_rate_needs_one() -> None:
    case = next(each for each in GOLDEN if each.name == "rate for the rest")
    with pytest.raises(NoRate):
        priced(case._replace(terms={}))


def test_a_session_that_stops_before_it_starts_is_refused() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=BRUSSELS)
    with pytest.raises(ValueError, match="stops before"):
        Timeline(started_at=at, stopped_at=at - timedelta(seconds=1))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Standard(multi_price_per_kwh=(EnergyLevel(first_kwh=Decimal(1)),)),
        lambda: Standard(multi_price_per_kwh=(EnergyLevel(first_kwh=Decimal(0), last_kwh=Decimal(5)),)),
        lambda: Standard(multi_price_per_duration=(UnitLevel(first_unit=0, last_unit=8), UnitLevel(first_unit=8))),
        lambda: Standard(multi_idle_fee=(UnitLevel(first_unit=0, last_unit=8), UnitLevel(first_unit=10))),
        lambda: PeakPowerLevels(peak_power_levels=()),
        lambda: _slots((time(0), time(8)), [(Decimal(1),)] * 4),
        lambda: StandardTod(time_periods=(TimePeriod(start_time=time(8), end_time=time(20)),)),
        lambda: StandardTod(time_periods=()),
    ],
)
def test_levels_and_slots_that_leave_holes_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"have to|need one fee"):
        make()


def test_details_of_a_period_say_how_it_was_priced() -> None:
    by_name = {case.name: priced(case).periods for case in GOLDEN}
    evening = by_name["into the evening"]
    assert [(each.pricing_details.price, each.pricing_details.markup) for each in evening] == [
        (Decimal("0.20"), Decimal("0.02")),
        (Decimal("0.40"), Decimal("0.04")),
    ]
    assert [each.pricing_details.charging_type for each in by_name["into dear hours"]] == ["boosted", "optimised"]
    assert [each.pricing_details.pricing_method for each in by_name["idle grace"]] == ["duration", "free", "duration"]
    assert by_name["hour"][0].pricing_details.pricing_method == "durationAndEnergy"
    assert by_name["rate for the rest"][0].pricing_details.pricing_method == "energy"
    locked = by_name["locked"][1].pricing_details
    assert locked.day_period == "night"
    assert (locked.initial_energy_price, locked.initial_duration_price) == (Decimal("0.40"), Decimal("1.00"))
    special = by_name["into a special day"]
    assert [(each.pricing_details.start_hour, each.pricing_details.day) for each in special] == [
        (time(20), None),
        (time(20), "Carnival"),
    ]
    grace = by_name["idle grace"]
    ends = [each.grace_time_end_at for each in grace]
    assert ends == [None, grace[2].started_at, grace[2].started_at]


def test_a_block_is_shown_by_its_minutes_and_charged_by_its_fee() -> None:
    done: Priced = priced(next(each for each in GOLDEN if each.name == "hour"))
    line = done.price_breakdown[1]
    assert line.unit == "minute"
    assert (line.price_per_unit.with_tax, line.quantity) == (Decimal("0.03333"), Decimal(60))
    assert line.price.with_tax == Decimal("2.00")
