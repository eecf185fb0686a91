"""Half a day of a roof's readings is lost and estimated again from the sample's own weather."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from gridloom.metering.graphs import library, running
from gridloom.metering.graphs.data import KNOWN_ORIGINS, PlaceSignal, Request, SensorSignal, Signal, Window
from gridloom.metering.graphs.runner import compute
from gridloom.metering.graphs.store import Result, Target
from gridloom.metering.weather import importer
from gridloom.metering.weather.rules import Point, Position, blend, shares
from gridloom.samples import readings

LOST = Window(
    int(datetime(2026, 3, 24, 6, tzinfo=UTC).timestamp() * 1000),
    int(datetime(2026, 3, 24, 18, tzinfo=UTC).timestamp() * 1000),
)
ROOF = next(meter for meter in readings.meters() if meter.signal == readings.EXPORT)
REGISTER = {
    int(each.time.timestamp() * 1000): float(each.value) for each in readings.readings() if each.ean == ROOF.ean
}


class Sample:
    """The sample as a store of signals, with a hole in the roof's register."""

    def __init__(self) -> None:
        self.weather = importer.read_file(readings.WEATHER)
        self.written: list[Result] = []

    async def read(self, requests: list[Request]) -> dict[Request, Signal]:
        return {
            each: self._weather(each) if isinstance(each.source, PlaceSignal) else self._register(each)
            for each in requests
        }

    def _register(self, request: Request) -> Signal:
        assert request.origins == KNOWN_ORIGINS
        assert request.around
        known = sorted((t, v) for t, v in REGISTER.items() if not LOST.since < t < LOST.till)
        inside = [pair for pair in known if LOST.since - 1 <= pair[0] <= LOST.till]
        times, values = zip(*inside, strict=True)
        return Signal(request.source, "register", "kW.h", np.array(times, np.int64), np.array(values))

    def _weather(self, request: Request) -> Signal:
        source = request.source
        assert isinstance(source, PlaceSignal)
        series = {each.at: each.samples for each in self.weather if each.quantity.moid == source.moid}
        found = shares(Position(source.lat, source.lon), [Point(at, *at) for at in series])
        blended = blend([(share.weight, series[share.key]) for share in found])
        return Signal(source, "instant", "W/m2", blended.times, blended.values)

    async def describe(self, targets: list[SensorSignal]) -> dict[SensorSignal, Target]:
        return dict.fromkeys(targets, Target("register", "kW.h"))

    async def write(self, results: list[Result]) -> None:
        self.written.extend(results)


async def test_a_lost_half_day_of_a_roof_comes_back_from_its_weather() -> None:
    store = Sample()
    body = {
        "client_cid": 1,
        "sensor_mid": 1,
        "lat": ROOF.lat,
        "lon": ROOF.lon,
        "power": float(ROOF.size),
        "inclination": ROOF.inclination,
        "orientation": ROOF.orientation,
    }
    prepared = await running.prepare(library.load().graph("pv"), body, LOST, store)
    outputs: dict[str, object] = {}
    for task in prepared.plans[0]:
        outputs[task.id] = compute(task, *(outputs[each] for each in task.before))  # type: ignore[arg-type]
    (done,) = await running.conclude(prepared, [outputs], store)  # type: ignore[list-item]
    truth = [REGISTER[time] for time in done.result.times.tolist()]
    assert len(truth) == 47
    # The sample was made with the same sun, so only the rounding of its thousandths is left.
    assert done.result.values.tolist() == pytest.approx(truth, abs=0.03)
    assert not any(done.result.uncertain)
    steps = np.diff([REGISTER[LOST.since], *done.result.values.tolist(), REGISTER[LOST.till]])
    assert Decimal(repr(float(steps.sum()))).quantize(Decimal("0.001")) == Decimal(
        repr(REGISTER[LOST.till] - REGISTER[LOST.since])
    ).quantize(Decimal("0.001"))
