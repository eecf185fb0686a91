"""Signals for graphs in the series core, as far as the caller's rights on clients reach."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.database.transaction import Tx
from gridloom.metering.graphs.data import ESTIMATED, PlaceSignal, Request, SensorSignal, Signal
from gridloom.metering.graphs.faults import WrongValue
from gridloom.metering.graphs.store import Result, Target
from gridloom.metering.sensors.access import access
from gridloom.metering.sensors.schemas import SensorState
from gridloom.metering.sensors.store import SensorRef, find_sensors, states
from gridloom.metering.signals.catalogue import SIGNAL_TYPES, SignalType
from gridloom.metering.weather.public import BeyondReach, Samples, WeatherStore, position, weather_at

UNCERTAIN = "uncertain"
_NORMAL = {"energy": "kW.h", "power": "kW"}


class StoredSignals:
    """The store of one transaction."""

    def __init__(self, tx: Tx, weather: WeatherStore) -> None:
        self._tx = tx
        self._weather = weather

    async def read(self, requests: Sequence[Request]) -> Mapping[Request, Signal]:
        """See SignalStore. A place without any weather within reach has a series of no values."""
        found: dict[Request, Signal] = {}
        of_sensors: dict[Request, SensorSignal] = {}
        for request in requests:
            if isinstance(request.source, PlaceSignal):
                found[request] = await self._weather_of(request, request.source)
            else:
                of_sensors[request] = request.source
        if of_sensors:
            found.update(await self._read_sensors(of_sensors))
        return found

    async def describe(self, targets: Sequence[SensorSignal]) -> Mapping[SensorSignal, Target]:
        """See SignalStore. Whoever may run things for a client may have estimates written for it."""
        rights = await access(self._tx)
        await self._sensors([target for target in targets if rights.of(target.client_cid).execute], targets)
        kinds = {target: _type_of(target) for target in targets}
        return {target: Target(kind.kind, kind.unit_symbol) for target, kind in kinds.items()}

    async def write(self, results: Sequence[Result]) -> None:
        """See SignalStore."""
        filled = [result for result in results if result.times.size]
        targets = [result.target for result in filled]
        sensors = await self._sensors(targets, targets)
        batches: list[series.Batch] = []
        for result in filled:
            target, kind = result.target, _type_of(result.target)
            point = sensors[target.client_cid, target.sensor_mid].point_id
            channel = await series.ensure_channel(self._tx, point, target.moid, unit=kind.unit_symbol, kind=kind.kind)
            values = units.convert(result.values, result.unit, channel.unit)
            comment = [UNCERTAIN if each else None for each in result.uncertain] if any(result.uncertain) else None
            batches.append(series.Batch.of(channel.id, result.times, values, origin=ESTIMATED, comment=comment))
        if batches:
            await series.write(self._tx, series.Batch.join(batches))

    async def _sensors(
        self, allowed: Sequence[SensorSignal], wanted: Sequence[SensorSignal]
    ) -> dict[tuple[int, int], SensorRef]:
        """The sensors of the signals. Raises WrongValue for one that is not there or not among the allowed."""
        found = await find_sensors(self._tx, [(each.client_cid, each.sensor_mid) for each in allowed])
        for each in wanted:
            if (each.client_cid, each.sensor_mid) not in found:
                raise WrongValue(f"There is no sensor {each.client_cid}.{each.sensor_mid}.")
        return found

    async def _read_sensors(self, requests: Mapping[Request, SensorSignal]) -> dict[Request, Signal]:
        sources = list(requests.values())
        sensors = await self._sensors(sources, sources)
        points = {source: sensors[source.client_cid, source.sensor_mid].point_id for source in sources}
        channels = await series.channels_for(self._tx, [(points[each], each.moid) for each in sources])
        alike: dict[tuple[int, int, tuple[int, ...] | None], list[Request]] = defaultdict(list)
        found: dict[Request, Signal] = {}
        for request, source in requests.items():
            if (points[source], source.moid) in channels:
                alike[request.since, request.till, request.origins].append(request)
            else:
                kind = _type_of(source)
                found[request] = Signal(source, kind.kind, kind.unit_symbol, np.empty(0, np.int64), np.empty(0))
        for (since, till, origins), group in alike.items():
            own = {request: channels[points[requests[request]], requests[request].moid] for request in group}
            readings = await series.read_many(self._tx, own.values(), since, till, origins=origins)
            for request, channel in own.items():
                samples = series.prefer(readings[channel.id])
                if request.around:
                    samples = await self._with_neighbours(channel, samples, request)
                source = requests[request]
                found[request] = await self._signal(sensors[source.client_cid, source.sensor_mid], channel, samples)
        return found

    async def _signal(self, sensor: SensorRef, channel: series.Channel, samples: series.Samples) -> Signal:
        """The samples in their normal unit, with the changes of the meter that lie among them."""
        source = SensorSignal(sensor.client_cid, sensor.sensor_mid, channel.code)
        meters = await states(self._tx, cid=sensor.client_cid, mid=sensor.sensor_mid)
        if channel.kind == "register" and samples.time_ms.size:
            changes = _meter_changes(meters, channel.code)
            first, last = int(samples.time_ms[0]), int(samples.time_ms[-1])
            samples = _merged({time: value for time, value in changes.items() if first < time < last}, samples)
        unit = _NORMAL.get(channel.quantity, channel.unit)
        values = units.convert(samples.value, channel.unit, unit)
        worth = _worth(_type_of(source), meters[-1].info if meters else None, sensor.info)
        return Signal(source, channel.kind, unit, samples.time_ms, values, worth)

    async def _with_neighbours(
        self, channel: series.Channel, samples: series.Samples, request: Request
    ) -> series.Samples:
        before = await series.last_reading(self._tx, channel, None, request.since, origins=request.origins)
        after = await series.first_reading(self._tx, channel, request.till, None, origins=request.origins)
        edges = {edge[0]: edge[1] for edge in (before, after) if edge is not None}
        return _merged(edges, samples)

    async def _weather_of(self, request: Request, source: PlaceSignal) -> Signal:
        kind = _type_of(source)
        try:
            weather = await weather_at(
                self._weather, position(source.lat, source.lon), source.moid, request.since, request.till
            )
            samples = weather.samples
        except BeyondReach:
            samples = Samples.empty()
        return Signal(source, kind.kind, kind.unit_symbol, samples.times, samples.values)


def _type_of(source: SensorSignal | PlaceSignal) -> SignalType:
    found = SIGNAL_TYPES.get(source.moid)
    if found is None:
        raise WrongValue(f"There is no signal type {source.moid}.")
    return found


def _meter_changes(meters: Sequence[SensorState], moid: int) -> dict[int, float]:
    """The registers at every end of a meter's time, the last of the old one a millisecond before; NaN where unknown."""
    changes: dict[int, float] = {}
    for meter in meters:
        known = next((each for each in meter.signal_states if each.signal_type_moid == moid), None)
        if meter.since is not None:
            changes.setdefault(meter.since - 1, math.nan)
            changes[meter.since] = math.nan if known is None or known.value_for_since is None else known.value_for_since
        if meter.till is not None:
            last = math.nan if known is None or known.value_for_till is None else known.value_for_till
            changes[meter.till - 1] = last
            changes.setdefault(meter.till, math.nan)
    return changes


def _merged(more: Mapping[int, float], samples: series.Samples) -> series.Samples:
    """Samples with others among them; what was read counts where both have a value."""
    found = {**more, **dict(zip(samples.time_ms.tolist(), samples.value.tolist(), strict=True))}
    times = sorted(found)
    return series.Samples(np.array(times, np.int64), np.array([found[time] for time in times], np.float64))


def _worth(kind: SignalType, *infos: str | None) -> float:
    """What one count of the meter is worth for a signal of this type; 1 for info that says nothing."""
    try:
        known: list[Any] = [msgspec.json.decode(info) for info in infos if info]
        factor = series.factor_of(
            *(each for each in known if isinstance(each, dict)),
            apply_multiplier=kind.apply_multiplier,
            apply_current_ratio=kind.apply_current_ratio,
            apply_voltage_ratio=kind.apply_voltage_ratio,
        )
    except (msgspec.DecodeError, RecursionError, series.WrongRatio):
        return 1.0
    return float(factor)
