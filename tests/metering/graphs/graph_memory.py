"""Signals in memory, for graphs that need a store and no SQL."""

from collections.abc import Mapping, Sequence

import numpy as np

from gridloom.metering.graphs.data import Kind, PlaceSignal, Request, SensorSignal, Signal, Source
from gridloom.metering.graphs.faults import WrongValue
from gridloom.metering.graphs.store import Result, Target

QUARTER = 900_000
HOUR = 3_600_000
NOON = 1_774_605_600_000  # 2026-03-27T10:00Z


class MemorySignals:
    """Keeps series by source; `written` lists what was written, `reads` what was asked for."""

    def __init__(self) -> None:
        self.series: dict[Source, dict[int, float]] = {}
        self.targets: dict[int, Target] = {
            32: Target("register", "kW.h"),
            34: Target("register", "kW.h"),
            132: Target("interval", "kW.h"),
            232: Target("instant", "kW"),
            40: Target("register", "kvar.h"),
            65: Target("register", "m3"),
        }
        self.written: list[Result] = []
        self.reads: list[Request] = []
        self.forbidden: set[int] = set()

    def put(self, source: Source, values: Mapping[int, float]) -> None:
        self.series.setdefault(source, {}).update(values)

    async def read(self, requests: Sequence[Request]) -> Mapping[Request, Signal]:
        self.reads.extend(requests)
        return {request: self._read(request) for request in requests}

    def _read(self, request: Request) -> Signal:
        known = sorted(self.series.get(request.source, {}).items())
        inside = [(t, v) for t, v in known if request.since <= t < request.till]
        if request.around:
            before = [(t, v) for t, v in known if t < request.since][-1:]
            after = [(t, v) for t, v in known if t >= request.till][:1]
            inside = [*before, *inside, *after]
        times, values = np.array([t for t, _ in inside], np.int64), np.array([v for _, v in inside], np.float64)
        if isinstance(request.source, PlaceSignal):
            return Signal(request.source, "instant", "W/m2", times, values)
        target = self._target(request.source)
        return Signal(request.source, target.kind, target.unit, times, values)

    async def describe(self, targets: Sequence[SensorSignal]) -> Mapping[SensorSignal, Target]:
        return {target: self._target(target) for target in targets}

    def _target(self, source: SensorSignal) -> Target:
        if source.moid not in self.targets or source.sensor_mid in self.forbidden:
            raise WrongValue(f"There is no signal {source.moid} of sensor {source.client_cid}.{source.sensor_mid}.")
        return self.targets[source.moid]

    async def write(self, results: Sequence[Result]) -> None:
        self.written.extend(results)


def signal(values: Mapping[int, float], kind: Kind = "register", unit: str = "kW.h") -> Signal:
    """A series of sensor 1.1, signal 32."""
    ordered = sorted(values.items())
    times, numbers = np.array([t for t, _ in ordered], np.int64), np.array([v for _, v in ordered], np.float64)
    return Signal(SensorSignal(1, 1, 32), kind, unit, times, numbers)
