"""What meters took and injected, read from the series store as whole micro-kWh at the steps of the days."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.public import whole
from gridloom.communities.balance.amounts import NO_AMOUNTS, NOTHING, Amounts, Given, arranged, key_of
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days
from gridloom.core.series import codes
from gridloom.core.series.public import (
    Channel,
    FixedStep,
    Origin,
    Readings,
    Samples,
    amounts,
    channels_for,
    last_readings,
    prefer,
    read_many,
)
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.units import convert

Ints: TypeAlias = NDArray[np.int64]
Channels: TypeAlias = Mapping[tuple[int, int], Channel]
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


async def read(tx: Tx, points: Sequence[int], channels: Channels, days: Days) -> tuple[Found, Found]:
    """What stands on these days, by direction; the place of a meter is that of its point. Registers are read where no amounts
    stand on some day."""
    amounts_of = [each for (_, code), each in channels.items() if code not in REGISTERS and each.first_cap is not None]
    standing = await read_many(tx, amounts_of, days.since_ms, days.till_ms) if amounts_of else {}
    counted = await _registers(tx, points, channels, days, standing)
    return (
        _found(TAKEN, points, channels, days, standing, counted),
        _found(FED, points, channels, days, standing, counted),
    )


def _found(
    way: Direction, points: Sequence[int], channels: Channels, days: Days, standing: Read, counted: dict[int, Samples]
) -> Found:
    def column(code: int, origins: Sequence[int]) -> tuple[Ints, Ints, Ints]:
        return _column(points, channels, standing, code, lambda readings: prefer(readings, origins))

    def given(code: int, origins: Sequence[int]) -> Given:
        place, time_ms, micro = column(code, origins)
        return Given(key_of(place, time_ms), micro) if len(micro) else NOTHING

    gross = arranged(*column(way.gross, _GROSS), days)
    from_registers = _from_registers(way, points, channels, counted, days)
    return Found(
        _filled(gross, from_registers, days), given(way.shared, _OURS), given(way.shared, _OPERATOR),
        given(way.net, _OPERATOR),
    )  # fmt: skip


def _column(
    points: Sequence[int], channels: Channels, standing: Read, code: int, pick: Pick
) -> tuple[Ints, Ints, Ints]:
    """Places, times and micro-kWh of one code, by place and time."""
    places, times, values = [], [], []
    for place, point in enumerate(points):
        channel = channels.get((point, code))
        readings = None if channel is None else standing.get(channel.id)
        if channel is None or readings is None or not len(readings):
            continue
        samples = pick(readings)
        places.append(np.full(len(samples.time_ms), place, dtype=np.int64))
        times.append(samples.time_ms)
        values.append(in_micro(samples.value, channel.unit))
    if not places:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing
    return np.concatenate(places), np.concatenate(times), np.concatenate(values)


def in_micro(values: NDArray[np.float64], unit: str) -> Ints:
    """Amounts of a channel as whole micro-kWh; less than nothing counts as nothing."""
    kwh = values if unit == "kW.h" else convert(values, unit, "kW.h")
    return np.maximum(whole(kwh), 0)


async def _registers(
    tx: Tx, points: Sequence[int], channels: Channels, days: Days, standing: Read
) -> dict[int, Samples]:
    """Register readings, by channel, of the meters that have no amounts on some of the days."""
    wanted = []
    for point in points:
        for way in DIRECTIONS:
            register, gross = channels.get((point, way.register)), channels.get((point, way.gross))
            if register is None or register.first_cap is None or register.kind != "register":
                continue
            known = None if gross is None else standing.get(gross.id)
            if known is None or len(np.unique(days.of_times(known.time_ms))) < len(days):
                wanted.append(register)
    if not wanted:
        return {}
    read_ = await read_many(tx, wanted, days.since_ms, days.till_ms + 1, origins=_GROSS)
    before = await last_readings(tx, wanted, days.since_ms - HOUR_MS, days.since_ms, origins=_GROSS)
    found = {}
    for channel in wanted:
        samples, earlier = prefer(read_[channel.id], _GROSS), before[channel.id]
        if earlier is not None:
            samples = Samples(np.append(earlier[0], samples.time_ms), np.append(earlier[1], samples.value))
        found[channel.id] = samples
    return found


def _from_registers(
    way: Direction, points: Sequence[int], channels: Channels, counted: dict[int, Samples], days: Days
) -> Amounts:
    places, times, values = [], [], []
    for place, point in enumerate(points):
        channel = channels.get((point, way.register))
        if channel is None or channel.id not in counted:
            continue
        for piece in _unbroken(counted[channel.id]):
            found = amounts(piece, FixedStep(_step_ms(piece) // _MINUTE_MS), days.since_ms, days.till_ms)
            places.append(np.full(len(found.time_ms), place, dtype=np.int64))
            times.append(found.time_ms)
            values.append(in_micro(found.value, channel.unit))
    if not places:
        return NO_AMOUNTS
    return arranged(np.concatenate(places), np.concatenate(times), np.concatenate(values), days)


def _unbroken(samples: Samples) -> list[Samples]:
    """A register in pieces without a gap of more than an hour: what was counted in a longer one belongs to no known step."""
    cuts = np.flatnonzero(np.diff(samples.time_ms) > HOUR_MS) + 1
    pieces = zip(np.split(samples.time_ms, cuts), np.split(samples.value, cuts), strict=True)
    return [Samples(time_ms, value) for time_ms, value in pieces if len(time_ms) > 1]


def _step_ms(samples: Samples) -> int:
    """The step at which a register is read, a quarter hour at least."""
    usual = int(np.median(np.diff(samples.time_ms)))
    return usual if usual > QUARTER_MS and HOUR_MS % usual == 0 else QUARTER_MS


def _filled(gross: Amounts, counted: Amounts, days: Days) -> Amounts:
    """Amounts as they stand; of a meter and a day without any, what its register counted."""
    if not len(counted.time_ms):
        return gross
    taken = np.unique(gross.place * len(days) + days.of_times(gross.time_ms))
    missing = ~np.isin(counted.place * len(days) + days.of_times(counted.time_ms), taken)
    if not missing.any():
        return gross
    both = Amounts(*(np.concatenate(pair) for pair in zip(gross, counted.take(missing), strict=True)))
    return both.take(np.argsort(both.keys, kind="stable"))
