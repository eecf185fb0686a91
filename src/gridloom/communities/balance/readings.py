"""What meters took and injected, read from the series store as whole micro-kWh at the steps of the days."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.public import MICRO, MOST, whole
from gridloom.communities.balance.amounts import (
    NO_AMOUNTS,
    NOTHING,
    Amounts,
    Given,
    arranged,
    covered,
    filled,
    key_of,
)
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days
from gridloom.core.series import codes
from gridloom.core.series.public import (
    Channel,
    FixedStep,
    Origin,
    Period,
    Readings,
    Samples,
    amounts,
    channels_for,
    counters_of,
    last_readings,
    one_count,
    prefer,
    read_many,
)
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.units import convert

Ints: TypeAlias = NDArray[np.int64]
Channels: TypeAlias = Mapping[tuple[int, int], Channel]
Counters: TypeAlias = Mapping[tuple[int, int], Sequence[Period]]
Read: TypeAlias = Mapping[int, Readings]
Pick: TypeAlias = Callable[[Readings], Samples]

# A prediction is no energy that anybody took.
_GROSS = (Origin.CORRECTED, Origin.MEASURED, Origin.CALCULATED, Origin.ESTIMATED)
_OPERATOR = (Origin.CORRECTED, Origin.MEASURED)
_OURS = (Origin.CALCULATED,)
_MINUTE_MS = 60_000


class Direction(NamedTuple):
    """The signals of energy that flows one way."""

    gross: int
    register: int
    shared: int
    net: int


TAKEN = Direction(codes.GROSS_CONSUMPTION, codes.REGISTER_CONSUMPTION, codes.SHARED_CONSUMPTION, codes.NET_CONSUMPTION)
FED = Direction(codes.GROSS_INJECTION, codes.REGISTER_INJECTION, codes.SHARED_INJECTION, codes.NET_INJECTION)
DIRECTIONS = (TAKEN, FED)
REGISTERS = tuple(each.register for each in DIRECTIONS)
ALL = tuple(code for each in DIRECTIONS for code in each)
SUMS = tuple(code for each in DIRECTIONS for code in (each.gross, each.shared, each.net))


class Found(NamedTuple):
    """One direction. gross: what was taken or injected. ours: shared as we wrote it before. shared, net: the operator's."""

    gross: Amounts
    ours: Given
    shared: Given
    net: Given


async def channels_of(tx: Tx, points: Sequence[int]) -> Channels:
    """The channels of these points that matter here, by point and code, in one statement."""
    found = await channels_for(tx, [(point, code) for point in points for code in ALL])
    return {pair: each for pair, each in found.items() if each.quantity == "energy"}


async def counters_for(tx: Tx, channels: Channels) -> Counters:
    """What the registers among these channels are worth: their meters, by point and code. One statement, or none."""
    points = {point for (point, _), each in channels.items() if _is_register(each)}
    return await counters_of(tx, sorted(points)) if points else {}


async def read(
    tx: Tx, points: Sequence[int], channels: Channels, days: Days, counters: Counters | None = None
) -> tuple[Found, Found]:
    """What stands on these days, by direction; the place of a meter is that of its point.

    Registers are read where amounts leave a part of some day open. counters: who reads several times hands them on.
    """
    amounts_of = [each for (_, code), each in channels.items() if code not in REGISTERS and each.first_cap is not None]
    standing = await read_many(tx, amounts_of, days.since_ms, days.till_ms) if amounts_of else {}
    gross = [_gross(way, points, channels, days, standing) for way in DIRECTIONS]
    wanted = [
        channel
        for way, each in zip(DIRECTIONS, gross, strict=True)
        for place in np.flatnonzero(each.is_open.any(axis=1)).tolist()
        if (channel := channels.get((points[place], way.register))) is not None and _is_register(channel)
    ]
    counted = await _registers(tx, wanted, channels, days, counters)
    taken, fed = (
        _found(way, points, channels, standing, _filled(way, each, points, channels, counted, days))
        for way, each in zip(DIRECTIONS, gross, strict=True)
    )
    return taken, fed


class _Gross(NamedTuple):
    """Amounts as they were given, and as they are arranged. is_open: (places, days) where they do not cover the day."""

    given: tuple[Ints, Ints, Ints]
    rows: Amounts
    is_open: NDArray[np.bool_]
    is_sparse: NDArray[np.bool_]


def _gross(way: Direction, points: Sequence[int], channels: Channels, days: Days, standing: Read) -> _Gross:
    given = _column(points, channels, standing, way.gross, lambda readings: prefer(readings, _GROSS))
    rows = arranged(*given, days)
    known = covered(rows, days, len(points)).reshape(len(points), len(days))
    length = np.diff(days.begin_ms)
    return _Gross(given, rows, known < length, 2 * known <= length)


def _is_register(channel: Channel) -> bool:
    """Whether it is a register that was ever read."""
    return channel.code in REGISTERS and channel.kind == "register" and channel.first_cap is not None


def _found(way: Direction, points: Sequence[int], channels: Channels, standing: Read, gross: Amounts) -> Found:
    def given(code: int, origins: Sequence[int]) -> Given:
        place, time_ms, micro = _column(
            points, channels, standing, code, lambda readings: prefer(readings, origins), is_signed=True
        )
        return Given(key_of(place, time_ms), micro) if len(micro) else NOTHING

    return Found(gross, given(way.shared, _OURS), given(way.shared, _OPERATOR), given(way.net, _OPERATOR))


def _column(
    points: Sequence[int], channels: Channels, standing: Read, code: int, pick: Pick, *, is_signed: bool = False
) -> tuple[Ints, Ints, Ints]:
    """Places, times and micro-kWh of one code, by place and time."""
    places, times, values = [], [], []
    for place, point in enumerate(points):
        channel = channels.get((point, code))
        readings = None if channel is None else standing.get(channel.id)
        if channel is None or readings is None or not len(readings):
            continue
        time_ms, micro = in_micro(pick(readings), channel.unit, is_signed=is_signed)
        places.append(np.full(len(time_ms), place, dtype=np.int64))
        times.append(time_ms)
        values.append(micro)
    if not places:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing
    return np.concatenate(places), np.concatenate(times), np.concatenate(values)


def in_micro(samples: Samples, unit: str, *, is_signed: bool = False) -> tuple[Ints, Ints]:
    """Times and whole micro-kWh of the amounts of a channel.

    An amount above `MOST` was never counted by anything: it is not there. Less than nothing counts as nothing, unless what is
    said shall be seen as it was said (is_signed).
    """
    kwh = samples.value if unit == "kW.h" else convert(samples.value, unit, "kW.h")
    fits = np.abs(kwh) <= MOST / MICRO if is_signed else kwh <= MOST / MICRO
    micro = whole(kwh[fits] if is_signed else np.maximum(kwh[fits], 0.0))
    return samples.time_ms[fits], micro


async def _registers(
    tx: Tx, wanted: Sequence[Channel], channels: Channels, days: Days, counters: Counters | None
) -> dict[int, Samples]:
    """What these registers counted, by channel: one count across meter changes, each meter's worth its factor."""
    if not wanted:
        return {}
    meters = await counters_for(tx, channels) if counters is None else counters
    read_ = await read_many(tx, wanted, days.since_ms, days.till_ms + 1, origins=_GROSS)
    before = await last_readings(tx, wanted, days.since_ms - HOUR_MS, days.since_ms, origins=_GROSS)
    found = {}
    for channel in wanted:
        samples, earlier = prefer(read_[channel.id], _GROSS), before[channel.id]
        if earlier is not None:
            samples = Samples(np.append(earlier[0], samples.time_ms), np.append(earlier[1], samples.value))
        line = meters.get((channel.point_id, channel.code))
        found[channel.id] = samples if line is None else one_count(samples, line, window=(days.since_ms, days.till_ms))
    return found


def _from_registers(
    way: Direction, points: Sequence[int], channels: Channels, counted: dict[int, Samples], days: Days
) -> Amounts:
    places, times, values = [], [], []
    for place, point in enumerate(points):
        channel = channels.get((point, way.register))
        if channel is None or channel.id not in counted:
            continue
        for step_ms, span in _steps(counted[channel.id].time_ms, days):
            for piece in _unbroken(counted[channel.id]):
                found = amounts(piece, FixedStep(step_ms // _MINUTE_MS), *span)
                time_ms, micro = in_micro(found, channel.unit)
                places.append(np.full(len(time_ms), place, dtype=np.int64))
                times.append(time_ms)
                values.append(micro)
    if not places:
        return NO_AMOUNTS
    return arranged(np.concatenate(places), np.concatenate(times), np.concatenate(values), days)


def _unbroken(samples: Samples) -> list[Samples]:
    """A register in pieces without a gap of more than an hour: what was counted in a longer one belongs to no known step."""
    cuts = np.flatnonzero(np.diff(samples.time_ms) > HOUR_MS) + 1
    pieces = zip(np.split(samples.time_ms, cuts), np.split(samples.value, cuts), strict=True)
    return [Samples(time_ms, value) for time_ms, value in pieces if len(time_ms) > 1]


def _steps(time_ms: Ints, days: Days) -> list[tuple[int, tuple[int, int]]]:
    """The step at which a register is read, a quarter hour at least, and from when to when; days of one step together.

    The step of a day is the usual distance of its readings from those before them (the median), whatever was read on other days.
    """
    gaps, ends = np.diff(time_ms), time_ms[1:]
    inside = (ends > days.since_ms) & (ends <= days.till_ms) & (gaps <= HOUR_MS)
    gaps, day = gaps[inside], days.of_times(ends[inside] - 1)
    gaps = gaps[np.lexsort((gaps, day))]
    counts = np.bincount(day, minlength=len(days))
    lasts = np.cumsum(counts)
    # Days without a reading have no middle; what they would have is not asked for.
    middle = np.clip(lasts - counts // 2 - 1, 0, max(0, len(gaps) - 1))
    usual = gaps[middle] if len(gaps) else np.full(len(days), QUARTER_MS, dtype=np.int64)
    steps = np.where((usual > QUARTER_MS) & (HOUR_MS % np.maximum(usual, 1) == 0) & (counts > 0), usual, QUARTER_MS)
    first = np.flatnonzero(np.append(True, steps[1:] != steps[:-1]))
    begins, tills = days.begin_ms[first], days.begin_ms[np.append(first[1:], len(days))]
    return [
        (step, (begin, till))
        for step, begin, till in zip(steps[first].tolist(), begins.tolist(), tills.tolist(), strict=True)
    ]


def _filled(
    way: Direction, gross: _Gross, points: Sequence[int], channels: Channels, counted: dict[int, Samples], days: Days
) -> Amounts:
    """Amounts as they stand, and in the intervals without one what the register of the meter counted.

    The step of a few amounts is not known from how far they lie apart: it is the register's then, where that is finer.
    """
    registers = _from_registers(way, points, channels, counted, days)
    if not len(registers.time_ms):
        return gross.rows
    longest = np.full(len(points) * len(days), HOUR_MS, dtype=np.int64)
    longest[registers.place * len(days) + days.of_times(registers.time_ms)] = registers.step_ms
    longest[~gross.is_sparse.ravel()] = HOUR_MS
    return filled(arranged(*gross.given, days, longest), registers, days, len(points))
