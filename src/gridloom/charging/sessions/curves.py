"""Registers of many sessions at once, and energy by marks of the wall clock.

A page of sessions asks the series once for all of their EVSEs, in the time from the first start to the last stop.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from gridloom.charging.pricing.engine.public import Reading, Timeline
from gridloom.charging.sessions.apart import Sight, sights
from gridloom.charging.sessions.rules import trusted
from gridloom.charging.sessions.timeline import LOCATIONS, REGISTER, merged
from gridloom.core.series import public as series
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.money import round_to

QUARTER = timedelta(minutes=15)
COST_DIGITS = 5

_CHANNELS = sql(
    "SELECT evse_id, location, channel_id FROM charging.session_channel "
    "WHERE evse_id = ANY(CAST(:evses AS bigint[])) AND phase = '' AND measurand = :measurand"
)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


class Paid(NamedTuple):
    """A period and what it costs, with and without tax."""

    start: datetime
    stop: datetime
    with_tax: Decimal
    without_tax: Decimal


class Piece(NamedTuple):
    """Energy (Wh) between two instants, and its part of the price, None without one."""

    start: datetime
    stop: datetime
    energy_wh: Decimal
    cost: tuple[Decimal, Decimal] | None


async def curves(tx: Tx, sessions: Sequence[Any]) -> dict[int, Timeline]:
    """The trusted registers of sessions by their ids. sessions: rows of `charging.session` with max_power_w of the EVSE."""
    if not sessions:
        return {}
    now = clock.now()
    stops = {row["id"]: max(row["started_at"], row["stopped_at"] or now) for row in sessions}
    rows = await tx.all(_CHANNELS, evses=sorted({row["evse_id"] for row in sessions}), measurand=REGISTER)
    channels: dict[int, dict[str, int]] = {}
    for row in rows:
        channels.setdefault(row["evse_id"], {})[row["location"]] = row["channel_id"]
    wanted = [each for of_evse in channels.values() for each in of_evse.values()]
    seen = await sights(tx, [row["id"] for row in sessions])
    first, last = min(row["started_at"] for row in sessions), max(stops.values())
    read = await series.read_many(tx, wanted, first, last + _MILLISECOND, newest=False) if wanted else {}
    return {
        row["id"]: _curve(
            row,
            stops[row["id"]],
            {place: read[channel] for place, channel in channels.get(row["evse_id"], {}).items()},
            seen[row["id"]],
        )
        for row in sessions
    }


def _curve(row: Any, stop: datetime, told: Mapping[str, series.Readings], sight: Sight) -> Timeline:
    start = row["started_at"]
    readings: list[Reading] = []
    for location in LOCATIONS:
        values: Mapping[datetime, Decimal] = sight.inside(REGISTER, location, start, stop)
        if location in told:
            values = merged(values, _between(told[location], start, stop), sight)
        if values:
            readings = [Reading(at, wh) for at, wh in values.items()]
            break
    if row["meter_start_wh"] is not None:
        begins = max(start, min(row["meter_start_at"] or start, stop))
        readings = [Reading(begins, row["meter_start_wh"]), *[each for each in readings if each.at > begins]]
    stop_wh = row["reported_stop_wh"] if row["stopped_at"] is not None else None
    if stop_wh is not None:
        readings.append(Reading(stop, stop_wh))
    good, _ = trusted(readings, row["max_power_w"], stop_wh=stop_wh)
    return Timeline(started_at=start, stopped_at=stop, readings=tuple(good))


def _between(readings: series.Readings, start: datetime, stop: datetime) -> dict[datetime, Decimal]:
    """One value an instant, the highest that stands: a removal takes back what was told before it."""
    inside = (readings.time_ms >= clock.to_ms(start)) & (readings.time_ms <= clock.to_ms(stop))
    values: dict[int, float] = {}
    for ms, value in zip(readings.time_ms[inside].tolist(), readings.value[inside].tolist(), strict=True):
        if np.isnan(value):
            values.pop(ms, None)
        else:
            values[ms] = max(value, values.get(ms, value))
    return {clock.from_ms(ms): Decimal(repr(value)) for ms, value in values.items()}


def marks(start: datetime, stop: datetime, minutes: int, zone: ZoneInfo) -> list[datetime]:
    """Start, every instant between at which the wall shows a whole multiple of `minutes` (15, 30 or 60) of its hour, stop.

    Every zone is a whole number of quarter hours away from UTC, so that only those of UTC have to be looked at.
    """
    at = clock.EPOCH + ((start - clock.EPOCH) // QUARTER + 1) * QUARTER
    found = [start]
    while at < stop:
        if at.astimezone(zone).minute % minutes == 0:
            found.append(at)
        at += QUARTER
    return [*found, stop] if stop > start else found


def pieces(
    timeline: Timeline, cuts: Sequence[datetime], periods: Sequence[Paid], total: tuple[Decimal, Decimal] | None
) -> list[Piece]:
    """The stretches between the cuts. Energy is linear between two registers; the cost of a period lies where its energy does,
    or evenly where it has none, and all costs add up to the total."""
    found = []
    shares = [_share(timeline, at, periods) for at in cuts]
    for place, (start, stop) in enumerate(pairwise(cuts)):
        energy = timeline.register_wh(stop) - timeline.register_wh(start)
        cost = None
        if total is not None:
            before, after = shares[place], shares[place + 1]
            cost = (_cost(total[0], before[0], after[0]), _cost(total[1], before[1], after[1]))
        found.append(Piece(start, stop, energy, cost))
    return found


def _cost(total: Decimal, before: Decimal, after: Decimal) -> Decimal:
    return round_to(total * after, COST_DIGITS) - round_to(total * before, COST_DIGITS)


def _share(timeline: Timeline, at: datetime, periods: Sequence[Paid]) -> tuple[Decimal, Decimal]:
    """Which part of all periods' cost has come up by an instant, with and without tax."""
    passed = [_passed(timeline, each, at) for each in periods]
    is_over = at >= timeline.stopped_at
    return (
        _ratio(passed, [each.with_tax for each in periods], is_over=is_over),
        _ratio(passed, [each.without_tax for each in periods], is_over=is_over),
    )


def _ratio(passed: Sequence[Decimal], costs: Sequence[Decimal], *, is_over: bool) -> Decimal:
    whole = sum(costs, Decimal(0))
    if not whole:
        return Decimal(int(is_over))
    return sum((part * cost for part, cost in zip(passed, costs, strict=True)), Decimal(0)) / whole


def _passed(timeline: Timeline, period: Paid, at: datetime) -> Decimal:
    if at >= period.stop:
        return Decimal(1)
    if at <= period.start:
        return Decimal(0)
    begin = timeline.register_wh(period.start)
    energy = timeline.register_wh(period.stop) - begin
    if energy:
        return (timeline.register_wh(at) - begin) / energy
    return Decimal((at - period.start) // _MICROSECOND) / ((period.stop - period.start) // _MICROSECOND)
