"""The price of a charging session: one pure function from (timeline, tariff, calendar, terms). No I/O.

    periods   the session cut where state, slot, special day, rate, grace or kind of charging change
    charges   per period: kWh through the levels; started blocks of duration and idle time, each to its limit
    lines     charges of one kind at one fee, summed up and rounded once to the digits of unit prices
    subtotal  sum of lines; one between zero and the minimum price gets a line for what is missing
    total     subtotal rounded once to the digits of the currency; without = with / (1 + tax), or the reverse

Source: the pricing rules of the charging contract; README.md says how its silences are read.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal, NamedTuple

from gridloom.charging.pricing.engine.calendar import Calendar, Stretch, Wall
from gridloom.charging.pricing.engine.fees import ONE, Blocks, Charge, Energy, LineType
from gridloom.charging.pricing.engine.ledger import Ledger, Part
from gridloom.charging.pricing.engine.periods import Span, clipped, spans_of
from gridloom.charging.pricing.engine.priced import Period, Priced, PricingDetails
from gridloom.charging.pricing.engine.slots import ZERO, Slots, slots_of
from gridloom.charging.pricing.engine.tariffs import (
    AveragePowerLevels,
    EnergyTou,
    FlatRate,
    PeakPowerLevels,
    Tariff,
    Timed,
)
from gridloom.charging.pricing.engine.terms import Terms
from gridloom.charging.pricing.engine.timeline import Timeline
from gridloom.kernel.money import digits_of

# Sums and products of real sessions are exact in so many digits, whatever the caller's context.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)

_ENERGY_LINES = {LineType.ENERGY, LineType.SERVICE_FEE, LineType.ENERGY_FLAT_FEE}
_TIME_LINES = {
    LineType.CHARGING_TIME,
    LineType.DURATION_FLAT_FEE,
    LineType.IDLE_TIME,
    LineType.IDLE_FLAT_FEE,
    LineType.POWER_LEVELS_TIME,
}


class _Cut(NamedTuple):
    """A period with what was delivered in it and what it added to the lines."""

    span: Span
    energy_wh: Decimal
    parts: list[Part]


def price(timeline: Timeline, tariff: Tariff, calendar: Calendar, terms: Terms) -> Priced:
    """What the session costs under the tariff; a running session costs what it would if it stopped now.

    The same arguments give the same price, digit for digit. NoRate when the tariff follows an electricity rate and the terms
    have none; ValueError for what is no currency.
    """
    with localcontext(_EXACT):
        wall = Wall(calendar.zone, timeline.started_at, timeline.stopped_at)
        slots = slots_of(tariff, timeline, calendar, terms, wall)
        ledger = Ledger(terms)
        cuts = _charged(timeline, tariff, slots, terms, wall, ledger)
        _at_start(timeline, tariff, slots, ledger, cuts[0].parts)
        _at_end(tariff, ledger, cuts[-1].parts)
        return _summed(timeline, tariff, slots, terms, ledger, cuts)


def _charged(timeline: Timeline, tariff: Tariff, slots: Slots, terms: Terms, wall: Wall, ledger: Ledger) -> list[_Cut]:
    """The periods with their energy and their time."""
    clock = _Clock(timeline, tariff, slots, wall)
    energy = Energy()
    start_wh = before_wh = timeline.register_wh(timeline.started_at)
    cuts = []
    for span in spans_of(timeline, slots, tariff):
        after_wh = timeline.register_wh(span.stop)
        before_kwh = energy.kwh
        kwh = max(ZERO, after_wh - start_wh - terms.allowance_wh) / 1000
        charges = list(energy.climb(kwh, span.slot.energy))
        if span.slot.service and kwh > before_kwh:
            charges.append(Charge(LineType.SERVICE_FEE, span.slot.service, kwh - before_kwh))
        charges += clock.run(span)
        cuts.append(_Cut(span, after_wh - before_wh, [ledger.add(each) for each in charges]))
        before_wh = after_wh
    return cuts


class _Clock:
    """Which time of a period counts as duration and which as idle."""

    def __init__(self, timeline: Timeline, tariff: Tariff, slots: Slots, wall: Wall) -> None:
        is_by_power = isinstance(tariff, AveragePowerLevels | PeakPowerLevels)
        limits = (tariff.duration_fee_limit, tariff.idle_fee_limit) if isinstance(tariff, Timed) else (None, None)
        duration = LineType.POWER_LEVELS_TIME if is_by_power else LineType.CHARGING_TIME
        self._duration = Blocks(duration, LineType.DURATION_FLAT_FEE, limits[0])
        self._idle = Blocks(LineType.IDLE_TIME, LineType.IDLE_FLAT_FEE, limits[1])
        self._from = timeline.started_at + timedelta(minutes=slots.duration_grace or 0)
        self._duration_window: list[Stretch] | None = None
        self._idle_window: list[Stretch] | None = None
        if isinstance(tariff, Timed):
            if tariff.duration_fee_from is not None or tariff.duration_fee_to is not None:
                self._duration_window = wall.open(tariff.duration_fee_from, tariff.duration_fee_to)
            if tariff.idle_fee_period_start is not None or tariff.idle_fee_period_end is not None:
                self._idle_window = wall.open(tariff.idle_fee_period_start, tariff.idle_fee_period_end)

    def run(self, span: Span) -> list[Charge]:
        """What the time of a period costs."""
        slot = span.slot
        charges: list[Charge] = []
        if not (span.is_idle and slot.pauses):
            for start, stop in _counted(max(span.start, self._from), span.stop, self._duration_window):
                charges += self._duration.run(stop - start, slot.minutes, slot.duration)
        if span.is_idle and slot.idle is not None:
            for start, stop in _counted(max(span.start, span.grace_end or span.start), span.stop, self._idle_window):
                charges += self._idle.run(stop - start, slot.idle_minutes, slot.idle)
        return charges


def _counted(start: datetime, stop: datetime, window: list[Stretch] | None) -> list[Stretch]:
    if start >= stop:
        return []
    return [(start, stop)] if window is None else clipped(window, start, stop)


def _at_start(timeline: Timeline, tariff: Tariff, slots: Slots, ledger: Ledger, parts: list[Part]) -> None:
    """What is owed once, as a part of the first period."""
    if isinstance(tariff, FlatRate) and tariff.price_per_session:
        parts.append(ledger.add(Charge(LineType.FLAT, tariff.price_per_session, ONE)))
    if (
        slots.connection_fee
        and timeline.duration >= timedelta(minutes=slots.connection_minutes or 0)
        and timeline.energy_wh >= (slots.connection_kwh or ZERO) * 1000
    ):
        parts.append(ledger.add(Charge(LineType.CONNECTION, slots.connection_fee, ONE)))


def _at_end(tariff: Tariff, ledger: Ledger, parts: list[Part]) -> None:
    """What is missing to the minimum price, as a part of the last period; and nobody is paid for charging."""
    subtotal = ledger.subtotal
    lowest = tariff.min_price or ZERO if subtotal > 0 else ZERO
    if subtotal < lowest:
        parts.append(ledger.add(Charge(LineType.MIN_PRICE, lowest - subtotal, ONE)))


def _summed(timeline: Timeline, tariff: Tariff, slots: Slots, terms: Terms, ledger: Ledger, cuts: list[_Cut]) -> Priced:
    subtotal = ledger.subtotal
    digits = digits_of(terms.currency) if terms.digits is None else terms.digits
    total, both = ledger.total(digits)
    # Lines first: a period that is the whole of a line shows that line.
    lines = ledger.lines()
    energy_wh = timeline.energy_wh
    return Priced(
        currency=terms.currency,
        periods=tuple(_period(cut, tariff, slots, ledger) for cut in cuts),
        price_breakdown=lines,
        subtotal=subtotal,
        rounding=total - subtotal,
        total_amount=both,
        tax=both.with_tax - both.without_tax,
        tax_percentage=terms.tax_percentage,
        energy_wh=energy_wh,
        non_billable_energy_wh=min(energy_wh, terms.allowance_wh),
    )


def _period(cut: _Cut, tariff: Tariff, slots: Slots, ledger: Ledger) -> Period:
    span, slot = cut.span, cut.span.slot
    follows_rate = isinstance(tariff, EnergyTou)
    details = PricingDetails(
        charging_type=slot.charging_type,
        day_period=slot.day_period,
        pricing_method=_method(cut.parts),
        price=((slot.energy[0].fee_per_kwh if slot.energy else ZERO) if follows_rate else None),
        markup=slot.service if follows_rate else None,
        initial_energy_price=slots.locked_energy,
        initial_duration_price=slots.locked_duration,
        start_hour=slot.start_hour,
        end_hour=slot.end_hour,
        day=slot.day,
    )
    return Period(
        started_at=span.start,
        stopped_at=span.stop,
        charging_state="idle" if span.is_idle else "charging",
        energy_wh=cut.energy_wh,
        grace_time_end_at=span.grace_end,
        pricing_details=details,
        total_amount=ledger.amount(cut.parts),
        price_breakdown=ledger.lines_of(cut.parts),
    )


def _method(parts: list[Part]) -> Literal["duration", "energy", "durationAndEnergy", "free"]:
    types = {part.of.type for part in parts}
    energy, duration = bool(types & _ENERGY_LINES), bool(types & _TIME_LINES)
    if energy and duration:
        return "durationAndEnergy"
    if energy:
        return "energy"
    return "duration" if duration else "free"
