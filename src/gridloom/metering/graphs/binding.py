"""Signals for graphs in the series core, as far as the caller's rights on clients reach."""

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
from gridloom.metering.sensors.store import SensorRef, find_sensors
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
                info = sensors[source.client_cid, source.sensor_mid].info
                found[request] = _signal(source, channel, samples, _worth(_type_of(source), info))
        return found

    async def _with_neighbours(
        self, channel: series.Channel, samples: series.Samples, request: Request
    ) -> series.Samples:
        before = await series.last_reading(self._tx, channel, None, request.since, origins=request.origins)
        after = await series.first_reading(self._tx, channel, request.till, None, origins=request.origins)
        times = [samples.time_ms, *([edge[0]] for edge in (after,) if edge)]
        values = [samples.value, *([edge[1]] for edge in (after,) if edge)]
        if before is not None:
            times, values = [[before[0]], *times], [[before[1]], *values]
        return series.Samples(np.concatenate(times).astype(np.int64), np.concatenate(values).astype(np.float64))

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


def _signal(source: SensorSignal, channel: series.Channel, samples: series.Samples, worth: float) -> Signal:
    unit = _NORMAL.get(channel.quantity, channel.unit)
    values = units.convert(samples.value, channel.unit, unit)
    return Signal(source, channel.kind, unit, samples.time_ms, values, worth)


def _worth(kind: SignalType, info: str | None) -> float:
    """What one count of the sensor's meter is worth for a signal of this type; 1 for info that says nothing."""
    try:
        known: Any = msgspec.json.decode(info or "{}")
        factor = series.factor_of(
            known if isinstance(known, dict) else None,
            apply_multiplier=kind.apply_multiplier,
            apply_current_ratio=kind.apply_current_ratio,
            apply_voltage_ratio=kind.apply_voltage_ratio,
        )
    except (msgspec.DecodeError, RecursionError, series.WrongRatio):
        return 1.0
    return float(factor)
