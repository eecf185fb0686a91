"""Against a model that walks a session minute by minute with exact rationals, written from the rules and not from the code."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.pricing.engine.public import (
    Calendar,
    DurationEnergyTimeOfDay,
    EnergyLevel,
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
from gridloom.kernel.clock import start_of_day

BRUSSELS = ZoneInfo("Europe/Brussels")
DAYS = (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25), date(2026, 6, 30))
BLOCKS = (1, 15, 30, 60, 240, 360)
CHARGING, IDLE = State.CHARGING, State.IDLE


class Walk(NamedTuple):
    """A session of whole minutes: what was delivered in each, and whether it was idle."""

    start: datetime
    wh: tuple[int, ...]
    idle: tuple[bool, ...]

    def timeline(self) -> Timeline:
        register = [sum(self.wh[:n]) for n in range(len(self.wh) + 1)]
        return Timeline(
            started_at=self.start,
            stopped_at=self.start + timedelta(minutes=len(self.wh)),
            readings=tuple(Reading(self.start + timedelta(minutes=n), Decimal(wh)) for n, wh in enumerate(register)),
            states=tuple(
                StateChange(self.start + timedelta(minutes=n), IDLE if is_idle else CHARGING)
                for n, is_idle in enumerate(self.idle)
            ),
        )

    def walls(self) -> list[time]:
        return [(self.start + timedelta(minutes=n)).astimezone(BRUSSELS).time() for n in range(len(self.wh))]

    def idle_since(self) -> list[int | None]:
        """For each minute, the one in which the idling began that it belongs to."""
        found: list[int | None] = []
        for n, is_idle in enumerate(self.idle):
            before = found[-1] if found else None
            found.append(None if not is_idle else n if before is None else before)
        return found


@st.composite
def walks(draw: Any) -> Walk:
    start = start_of_day(draw(st.sampled_from(DAYS)), BRUSSELS) + timedelta(minutes=draw(st.integers(0, 1440)))
    wh: list[int] = []
    idle: list[bool] = []
    for _ in range(draw(st.integers(1, 5))):
        minutes = draw(st.integers(1, 120))
        wh += [draw(st.integers(0, 400))] * minutes
        idle += [draw(st.booleans())] * minutes
    return Walk(start, tuple(wh), tuple(idle))


minutes_of_day = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
cents = st.integers(0, 300).map(lambda n: Decimal(n) / 100)
maybe_cents = st.none() | cents
graces = st.none() | st.integers(0, 90)


@st.composite
def timed(draw: Any) -> dict[str, Any]:
    """The fields that all kinds with time have."""
    is_windowed = draw(st.booleans())
    grace = draw(graces)
    return {
        "price_period_in_minutes": draw(st.sampled_from(BLOCKS)),
        "idle_pricing_period_in_minutes": draw(st.sampled_from(BLOCKS)),
        "duration_fee_grace_period": draw(graces),
        "idle_fee_grace_period_minutes": None if grace is None else Decimal(grace),
        "idle_fee_grace_period_mode": draw(st.sampled_from(("idle_detection", "session_start"))),
        "duration_fee_limit": draw(st.none() | st.integers(1, 2000).map(lambda n: Decimal(n) / 100)),
        "idle_fee_limit": draw(st.none() | st.integers(1, 2000).map(lambda n: Decimal(n) / 100)),
        **{name: draw(minutes_of_day) for name in WINDOWS if is_windowed},
    }


WINDOWS = ("duration_fee_from", "duration_fee_to", "idle_fee_period_start", "idle_fee_period_end")


def is_open(at: time, opens: time | None, closes: time | None) -> bool:
    if opens is None or closes is None or opens == closes:
        return True
    return opens <= at < closes if opens < closes else not closes <= at < opens


class Counted(NamedTuple):
    """The minutes that count: as duration, as idle time."""

    duration: list[int]
    idle: list[int]


def count(
    walk: Walk, tariff: Any, pauses: Callable[[int], bool], owes_idle: Callable[[int], bool], *, modes: bool
) -> Counted:
    """Minute by minute."""
    counted = Counted([], [])
    free, grace = tariff.duration_fee_grace_period or 0, int(tariff.idle_fee_grace_period_minutes or 0)
    for n, (wall, since) in enumerate(zip(walk.walls(), walk.idle_since(), strict=True)):
        is_inside = n >= free and is_open(wall, tariff.duration_fee_from, tariff.duration_fee_to)
        if is_inside and (since is None or not pauses(n)):
            counted.duration.append(n)
        if since is not None and owes_idle(n):
            from_start = modes and tariff.idle_fee_grace_period_mode == "session_start"
            owed_from = grace if from_start else since + grace
            if n >= owed_from and is_open(wall, tariff.idle_fee_period_start, tariff.idle_fee_period_end):
                counted.idle.append(n)
    return counted


def at_most(amount: Fraction, limit: Decimal | None) -> Fraction:
    return amount if limit is None else min(amount, Fraction(limit))


def subtotal(walk: Walk, tariff: Tariff) -> Decimal:
    return price(walk.timeline(), tariff, Calendar(BRUSSELS), Terms(currency="EUR", unit_price_digits=5)).subtotal


@given(walks(), timed(), minutes_of_day, minutes_of_day, st.tuples(*[maybe_cents] * 6))
def test_time_of_day_costs_what_its_minutes_cost(
    walk: Walk, fields: dict[str, Any], day: time, night: time, fees: tuple[Decimal | None, ...]
) -> None:
    tariff = DurationEnergyTimeOfDay(
        **fields, day_tariff_start=day, night_tariff_start=night,
        day_price_per_kwh=fees[0], night_price_per_kwh=fees[1], day_price_per_period=fees[2],
        night_price_per_period=fees[3], day_idle_fee_per_minute=fees[4], night_idle_fee_per_minute=fees[5],
    )  # fmt: skip
    at_night = [not is_open(wall, day, night) for wall in walk.walls()]

    def fee(of: int, minute: int) -> Decimal | None:
        return fees[of + at_night[minute]]

    counted = count(walk, tariff, lambda n: fee(4, n) is not None, lambda n: fee(4, n) is not None, modes=True)
    energy = sum((Fraction(wh, 1000) * Fraction(fee(0, n) or 0) for n, wh in enumerate(walk.wh)), Fraction(0))
    blocks = counted.duration[:: fields["price_period_in_minutes"]]
    duration = sum((Fraction(fee(2, n) or 0) for n in blocks), Fraction(0))
    idle_block = fields["idle_pricing_period_in_minutes"]
    idle = sum((Fraction(fee(4, n) or 0) * idle_block for n in counted.idle[::idle_block]), Fraction(0))
    expected = energy + at_most(duration, tariff.duration_fee_limit) + at_most(idle, tariff.idle_fee_limit)
    assert Fraction(subtotal(walk, tariff)) == expected


@st.composite
def unit_levels(draw: Any) -> tuple[UnitLevel, ...]:
    ends = sorted(draw(st.sets(st.integers(1, 60), max_size=3)))
    firsts = [0, *(end + 1 for end in ends)]
    return tuple(
        UnitLevel(first_unit=first, last_unit=last, fee_per_unit=draw(maybe_cents), flat_fee=draw(maybe_cents))
        for first, last in zip(firsts, [*ends, None], strict=True)
    )


@st.composite
def energy_levels(draw: Any) -> tuple[EnergyLevel, ...]:
    borders = [Decimal(0), *(Decimal(each) / 100 for each in sorted(draw(st.sets(st.integers(1, 5000), max_size=3))))]
    return tuple(
        EnergyLevel(first_kwh=first, last_kwh=last, fee_per_kwh=draw(maybe_cents), flat_fee=draw(maybe_cents))
        for first, last in zip(borders, [*borders[1:], None], strict=True)
    )


def of_units(units: int, levels: tuple[UnitLevel, ...]) -> Fraction:
    cost, entered = Fraction(0), set()
    for unit in range(1, units + 1):
        place, level = next(
            (n, each) for n, each in enumerate(levels) if each.last_unit is None or unit <= each.last_unit
        )
        cost += Fraction(level.fee_per_unit or 0) + (0 if place in entered else Fraction(level.flat_fee or 0))
        entered.add(place)
    return cost


def of_energy(kwh: Fraction, levels: tuple[EnergyLevel, ...]) -> Fraction:
    cost = Fraction(0)
    for level in levels:
        inside = (kwh if level.last_kwh is None else min(kwh, Fraction(level.last_kwh))) - Fraction(level.first_kwh)
        if inside > 0:
            cost += inside * Fraction(level.fee_per_kwh or 0) + Fraction(level.flat_fee or 0)
    return cost


@given(walks(), timed(), energy_levels(), unit_levels(), unit_levels())
def test_standard_costs_what_its_units_cost(
    walk: Walk,
    fields: dict[str, Any],
    energy: tuple[EnergyLevel, ...],
    duration: tuple[UnitLevel, ...],
    idle: tuple[UnitLevel, ...],
) -> None:
    tariff = Standard(**fields, multi_price_per_kwh=energy, multi_price_per_duration=duration, multi_idle_fee=idle)
    counted = count(walk, tariff, lambda _: True, lambda _: True, modes=False)
    units = -(-len(counted.duration) // fields["price_period_in_minutes"])
    idle_units = -(-len(counted.idle) // fields["idle_pricing_period_in_minutes"])
    expected = (
        of_energy(Fraction(sum(walk.wh), 1000), energy)
        + at_most(of_units(units, duration), tariff.duration_fee_limit)
        + at_most(of_units(idle_units, idle), tariff.idle_fee_limit)
    )
    assert Fraction(subtotal(walk, tariff)) == expected
