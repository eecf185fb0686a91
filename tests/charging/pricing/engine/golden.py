"""How a case worked out by hand is written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gridloom.charging.pricing.engine.public import (
    Calendar,
    ChargingType,
    Choice,
    Priced,
    Reading,
    State,
    StateChange,
    Tariff,
    Terms,
    Timeline,
    price,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
D = Decimal
METER_STARTS_AT = D(1_234_567)


class Case(NamedTuple):
    """sums: the arithmetic in words a reader can check. total: with tax. lines: "type quantity price", tax included or not
    as the tariff's prices. net: the total without tax. periods: "HH:MM state Wh price" of each, by the local clock."""

    name: str
    tariff: Tariff
    timeline: Timeline
    sums: str
    total: str
    lines: tuple[str, ...] = ()
    terms: dict[str, Any] = {}
    calendar: Calendar = Calendar(BRUSSELS)
    net: str | None = None
    periods: tuple[str, ...] | None = None


def local(text: str) -> datetime:
    """A local time of Monday 2 March 2026, or a whole date and time; with an offset where the clock shows it twice."""
    when = datetime.fromisoformat(text if "T" in text else f"2026-03-02T{text}")
    return when if when.tzinfo else when.replace(tzinfo=BRUSSELS)


def session(
    start: str,
    minutes: float,
    kwh: str | float = 0,
    *,
    idle: Sequence[tuple[float, float]] = (),
    states: Sequence[tuple[float, State]] = (),
    curve: Sequence[tuple[float, str]] | None = None,
    power_kw: str | None = None,
    choices: Sequence[tuple[str, str]] = (),
) -> Timeline:
    """A session of so many minutes with evenly delivered energy, or with a curve of (minute, kWh so far)."""
    # In UTC before anything is added: a local time plus a distance would walk on the wall.
    begin = local(start).astimezone(ZoneInfo("UTC"))

    def after(count: float) -> datetime:
        return begin + timedelta(minutes=count)

    points = curve if curve is not None else ((0, "0"), (minutes, str(kwh)))
    power = None if power_kw is None else D(power_kw) * 1000
    flips = [StateChange(after(at), state) for at, state in states]
    for first, last in idle:
        flips += [StateChange(after(first), State.IDLE), StateChange(after(last), State.CHARGING)]
    return Timeline(
        started_at=begin,
        stopped_at=after(minutes),
        readings=tuple(Reading(after(at), METER_STARTS_AT + D(so_far) * 1000, power) for at, so_far in points),
        states=tuple(flips),
        choices=tuple(Choice(local(at), ChargingType(kind)) for at, kind in choices),
    )


def priced(case: Case) -> Priced:
    """What our code says."""
    return price(case.timeline, case.tariff, case.calendar, Terms(**{"currency": "EUR", **case.terms}))


def lines_of(done: Priced, *, net: bool = False) -> list[tuple[str, Decimal, Decimal]]:
    """The breakdown in the half of the tariff's prices."""
    return [
        (line.type.value, line.quantity, line.price.without_tax if net else line.price.with_tax)
        for line in done.price_breakdown
    ]


def read_lines(lines: Sequence[str]) -> list[tuple[str, Decimal, Decimal]]:
    """The written lines."""
    parts = [line.split() for line in lines]
    return [(kind, D(quantity), D(amount)) for kind, quantity, amount in parts]


def periods_of(done: Priced) -> list[tuple[str, str, Decimal, Decimal]]:
    """The periods by the local clock."""
    return [
        (
            each.started_at.astimezone(BRUSSELS).strftime("%H:%M"),
            each.state,
            each.energy_wh,
            each.total_amount.with_tax,
        )
        for each in done.periods
    ]


def read_periods(periods: Sequence[str]) -> list[tuple[str, str, Decimal, Decimal]]:
    """The written periods."""
    parts = [each.split() for each in periods]
    return [(at, state, D(energy), D(amount)) for at, state, energy, amount in parts]
