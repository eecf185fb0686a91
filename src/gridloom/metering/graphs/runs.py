"""Running graphs for callers: definitions, the place where they are calculated, and a transaction on either side."""

import time
from typing import Any, Self

import structlog

from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.subject import Subject
from gridloom.metering.graphs import running
from gridloom.metering.graphs.binding import UNCERTAIN, StoredSignals
from gridloom.metering.graphs.data import ESTIMATED, Window
from gridloom.metering.graphs.library import Library
from gridloom.metering.graphs.runner import Runner
from gridloom.metering.graphs.running import Propagated
from gridloom.metering.graphs.schemas import GraphResult
from gridloom.metering.signals.schemas import Columns
from gridloom.metering.weather.binding import StoredWeather

log = structlog.get_logger(__name__)


class GraphRuns:
    """Every graph of an installation, ready to be run. limit_s: how long the nodes of one run may calculate."""

    def __init__(self, database: Database, library: Library, runner: Runner, limit_s: float) -> None:
        self._database = database
        self._library = library
        self._runner = runner
        self._limit_s = limit_s

    async def __aenter__(self) -> Self:
        """Nothing has to be opened."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the runner."""
        await self._runner.close()

    async def run(self, subject: Subject, name: str, body: Any, window: Window) -> list[GraphResult]:
        """One run of a graph for each object of the body.

        Nothing is written unless everything succeeded. Raises UnknownGraph, MissingValue, WrongValue, TookTooLong and
        ClusterUnreachable.
        """
        graph = self._library.graph(name)
        started = time.perf_counter()
        async with self._database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            prepared = await running.prepare(graph, body, window, StoredSignals(tx, StoredWeather(tx)))
        read = time.perf_counter()
        outputs = await self._runner.run(prepared.plans, self._limit_s)
        calculated = time.perf_counter()
        async with self._database.tenant(subject.tenant_id, subject=subject) as tx:
            done = await running.conclude(prepared, outputs, StoredSignals(tx, StoredWeather(tx)))
            trail.record(tx, "metering.graphs.run", ("metering.graph", name), {"signals": len(done)})
        written = time.perf_counter()
        log.info("graph_ran", graph=name, objects=len(prepared.plans), seconds=round(written - started, 3))
        stored = (read - started) + (written - calculated)
        return [_shown(each, stored, calculated - read) for each in done]


def _shown(done: Propagated, stored_s: float, other_s: float) -> GraphResult:
    result = done.result
    count = result.times.size
    value: list[float | None] = result.values.tolist()
    columns = Columns(time=result.times.tolist(), value=value, type=["DBL"] * count, origin=[ESTIMATED] * count)
    if any(result.uncertain):
        columns.com = [UNCERTAIN if each else None for each in result.uncertain]
    return GraphResult(
        client_cid=result.target.client_cid,
        sensor_mid=result.target.sensor_mid,
        signal_type_moid=result.target.moid,
        data=columns,
        unit=result.unit,
        time_tstorage=round(stored_s, 6),
        time_other=round(other_s, 6),
        hook_from=done.hook_from,
        hook_to=done.hook_to,
        signature_id=done.signature,
        uncertain=any(result.uncertain),
    )
