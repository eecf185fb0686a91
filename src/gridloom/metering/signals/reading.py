"""Reading one signal as a client wants it: origin, newest acquisition, meters, factors, buckets, unit, in this order."""

import time
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import numpy as np

from gridloom.core.series import public as series
from gridloom.kernel import clock, units
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.metering.sensors.store import SensorRef, states
from gridloom.metering.signals import payload
from gridloom.metering.signals.catalogue import SignalType
from gridloom.metering.signals.meters import factor_of, periods_of
from gridloom.metering.signals.schemas import Columns, SignalResponse

CALCULATED = 3
Correction: TypeAlias = Callable[[series.Samples], series.Samples]


class Where(msgspec.Struct, frozen=True):
    """Where a question stands in its request: in the query, or at a place of the list in the body."""

    part: str
    path: tuple[str | int, ...] = ()

    def wrong(self, message: str, *name: str) -> Invalid:
        """A refusal that says which parameter of which question."""
        return Invalid(message, errors=[FieldError(self.part, (*self.path, *name), message)])


IN_QUERY = Where("query")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asked for, however it was spelled. Times in milliseconds, [since, till)."""

    since: int
    till: int
    newest: bool = False
    grid: series.Grid | None = None
    raw: bool = False
    multiply: bool = True
    unit_id: int | None = None
    origin: int | None = None
    where: Where = IN_QUERY

    @property
    def origins(self) -> list[int] | None:
        """Only these origins; None for all."""
        return None if self.origin is None else [self.origin]


def output_unit(kind: SignalType, unit_id: int | None, where: Where = IN_QUERY) -> str:
    """The unit of the answer. Raises Invalid for one that does not exist or measures something else."""
    if unit_id is None:
        return kind.unit_symbol
    try:
        units.conversion(kind.unit_symbol, unit_id)
        return units.unit(unit_id).symbol
    except (units.UnknownUnit, units.UnitMismatch) as fault:
        raise where.wrong(fault.message, "output_unit_id") from None


async def read_signal(
    tx: Tx, sensor: SensorRef, kind: SignalType, channel: series.Channel | None, wanted: Wanted
) -> SignalResponse:
    """The values of one signal; a channel that nobody ever wrote to has none."""
    started = time.perf_counter()
    unit = kind.unit_symbol if wanted.raw else output_unit(kind, wanted.unit_id, wanted.where)
    spent = 0.0
    data = Columns(time=[], value=[], type=[], origin=[])
    if channel is not None:
        if wanted.grid is None or wanted.raw:
            data = await _single(tx, sensor, kind, channel, wanted, unit)
        else:
            data = await _bucketed(tx, sensor, kind, channel, wanted, unit)
        spent = time.perf_counter() - started
    return SignalResponse(
        client_cid=sensor.client_cid,
        sensor_mid=sensor.sensor_mid,
        signal_type_moid=kind.signal_type_moid,
        data=data,
        unit=unit,
        time_tstorage=round(spent, 6),
        time_other=round(time.perf_counter() - started - spent, 6),
    )


async def _single(
    tx: Tx, sensor: SensorRef, kind: SignalType, channel: series.Channel, wanted: Wanted, unit: str
) -> Columns:
    """Every value, or of each time and origin the newest."""
    readings = await series.read(
        tx, channel, wanted.since, wanted.till, origins=wanted.origins, newest=wanted.newest, full=True
    )
    if not wanted.raw and len(readings):
        correct = await _correction(tx, sensor, kind, channel, multiply=wanted.multiply)
        for column in (readings.value, readings.lower, readings.upper):
            if column is not None and (there := ~np.isnan(column)).any():
                samples = series.Samples(readings.time_ms[there], column[there])
                column[there] = _in_unit(correct(samples).value, kind, unit, wanted.where)
    return payload.answer(readings, with_acquisitions=not wanted.newest)


async def _bucketed(
    tx: Tx, sensor: SensorRef, kind: SignalType, channel: series.Channel, wanted: Wanted, unit: str
) -> Columns:
    """One value a bucket: the mean of a state, the sum of amounts, what a register counted or showed last."""
    grid = wanted.grid
    if grid is None:
        raise ValueError("without a grid there are no buckets")
    order = series.PREFERENCE if wanted.origin is None else (wanted.origin,)
    window = (wanted.since, wanted.till) if kind.charts_power else None
    correct = await _correction(tx, sensor, kind, channel, multiply=wanted.multiply, window=window)
    if kind.charts_power:
        samples = await series.read_register(tx, channel, wanted.since, wanted.till, origins=order)
        found = series.amounts(correct(samples), grid, wanted.since, wanted.till)
    else:
        readings = await series.read(tx, channel, wanted.since, wanted.till, origins=order)
        samples = correct(series.prefer(readings, order))
        found = series.resample(samples, grid, kind.kind, step_s=channel.step_s, till_ms=wanted.till)
    values = series.Samples(found.time_ms, _in_unit(found.value, kind, unit, wanted.where))
    return payload.sampled(values, CALCULATED)


async def _correction(
    tx: Tx,
    sensor: SensorRef,
    kind: SignalType,
    channel: series.Channel,
    *,
    multiply: bool,
    window: tuple[int, int] | None = None,
) -> Correction:
    """What makes of register readings one count without the jumps of meter changes, and takes every value times its factor.

    window: for what is counted between two times, the registers that were noted at a meter change count as readings too.
    """
    found = await states(tx, cid=sensor.client_cid, mid=sensor.sensor_mid)
    plain = factor_of(kind, sensor.info, multiply=multiply)
    if not found:
        return lambda samples: series.scaled(samples, plain)
    periods = periods_of(kind, found, sensor.info, multiply=multiply)
    if kind.kind == "register":
        line = await series.complete_periods(tx, channel, periods, unknown_factor=plain)
        return lambda samples: series.one_count(samples, line, given=periods, window=window)
    line = series.ordered(periods, plain)
    return lambda samples: _by_period(samples, line)


def _by_period(samples: series.Samples, periods: list[series.Period]) -> series.Samples:
    """Each value times the factor of the meter that hung there then."""
    value = samples.value.copy()
    for period in periods:
        first = 0 if period.since_ms is None else int(np.searchsorted(samples.time_ms, period.since_ms))
        after = len(value) if period.till_ms is None else int(np.searchsorted(samples.time_ms, period.till_ms))
        part = series.Samples(samples.time_ms[first:after], value[first:after])
        value[first:after] = series.scaled(part, period.factor).value
    return series.Samples(samples.time_ms, value)


def _in_unit(values: Any, kind: SignalType, unit: str, where: Where) -> Any:
    """Values in the unit of the answer. Raises Invalid where numbers end, because JSON would show nothing there."""
    shown = values if unit == kind.unit_symbol else units.convert(values, kind.unit_symbol, unit)
    if np.isinf(shown).any():
        raise where.wrong("A value is too large for a number in this unit; `raw` shows what is stored.")
    return shown


def grid_of(tx: Tx, delta_t: int | None, calendar: Any = None, zone: str | None = None) -> series.Grid | None:
    """The buckets that were asked for; None for none. Raises Invalid for both kinds at once or an unknown zone."""
    if calendar is None:
        if zone is not None:
            raise Invalid("A zone goes with a calendar.", field="zone", where="query")
        return None if delta_t is None else series.FixedStep(delta_t)
    if delta_t is not None:
        raise Invalid("Buckets are either of delta_t minutes or of the calendar.", field="delta_t", where="query")
    try:
        return series.Calendar(calendar, zone or tx.subject.attributes["zone"])
    except clock.UnknownZone as error:
        raise Invalid(str(error), field="zone", where="query") from None
