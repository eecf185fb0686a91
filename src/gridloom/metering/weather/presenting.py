"""Blended weather as a caller wants it: buckets, power for charts, another unit. No database in here."""

import numpy as np

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.errors import Invalid
from gridloom.metering.signals.catalogue import SignalType
from gridloom.metering.weather.quantities import BY_MOID
from gridloom.metering.weather.rules import Samples, chart_power
from gridloom.metering.weather.schemas import WeatherQuery

_POWER_OF = {"kW.h": "kW", "W.h": "W", "MW.h": "MW"}


def presented(
    samples: Samples, kind: SignalType, query: WeatherQuery, since_ms: int, till_ms: int
) -> tuple[Samples, str]:
    """The values and their unit. Raises Invalid for an output unit that measures something else."""
    if query.raw:
        return samples, kind.unit_symbol
    unit = kind.unit_symbol
    grid = None if query.delta_t is None else series.FixedStep(query.delta_t)
    charts = query.is_chart and kind.kind != "instant" and unit in _POWER_OF
    if grid is not None:
        samples = _bucketed(samples, kind, grid, since_ms, till_ms, counts=charts or kind.charts_power)
        if charts:
            samples = Samples(*series.mean_power(series.Samples(*samples), grid))
    elif charts:
        samples = chart_power(samples, register=kind.kind == "register")
    if charts:
        unit = _POWER_OF[unit]
    return _in_unit(samples, unit, query.output_unit_id)


def _bucketed(
    samples: Samples, kind: SignalType, grid: series.FixedStep, since_ms: int, till_ms: int, *, counts: bool
) -> Samples:
    plain = series.Samples(*samples)
    if kind.kind == "register" and counts:
        return Samples(*series.amounts(plain, grid, since_ms, till_ms))
    quantity = BY_MOID.get(kind.signal_type_moid)
    if quantity is not None and quantity.circular:
        return _mean_direction(samples, grid, till_ms)
    return Samples(*series.resample(plain, grid, kind.kind, till_ms=till_ms))


def _mean_direction(samples: Samples, grid: series.FixedStep, till_ms: int) -> Samples:
    """The mean of a compass direction is that of its two components: between 350 and 10 degrees lies 0, not 180."""
    angles = np.radians(samples.values)
    east, north = (
        series.resample(series.Samples(samples.times, part), grid, "instant", till_ms=till_ms)
        for part in (np.sin(angles), np.cos(angles))
    )
    return Samples(east.time_ms, np.degrees(np.arctan2(east.value, north.value)) % 360.0)


def _in_unit(samples: Samples, unit: str, output_unit_id: int | None) -> tuple[Samples, str]:
    if output_unit_id is None:
        return samples, unit
    try:
        values = units.convert(samples.values, unit, output_unit_id)
    except (units.UnknownUnit, units.UnitMismatch) as fault:
        raise Invalid(fault.message, field="output_unit_id", where="query") from None
    return Samples(samples.times, values), units.unit(output_unit_id).symbol
