"""Runs on a real Dask cluster in processes of its own, and without one."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.metering.graphs.graph_memory import HOUR, NOON, MemorySignals

from gridloom.metering.graphs import library, running
from gridloom.metering.graphs.data import SensorSignal, Window
from gridloom.metering.graphs.faults import ClusterUnreachable, TookTooLong
from gridloom.metering.graphs.runner import InProcess, OnCluster, runner_for

BODY = {"client_cid": 1, "sensor_mid": 7, "signal_type_moid": 32}
GRAPH = library.load().graphs["estimation"]

CLUSTER = """
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None,
                      host="127.0.0.1", scheduler_port=0) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of the scheduler of a cluster with one worker."""
    # The parent's end of the input pipe keeps it running; it ends when this process does.
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.stdin.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process.stdout.close()


def store() -> MemorySignals:
    made = MemorySignals()
    made.put(SensorSignal(1, 7, 32), {NOON: 100.0, NOON + HOUR: 102.0})
    return made


async def run(body: Any, signals: MemorySignals, runner: Any, limit_s: float) -> list[running.Propagated]:
    prepared = await running.prepare(GRAPH, body, Window(NOON, NOON + HOUR), signals)
    return await running.conclude(prepared, await runner.run(prepared.plans, limit_s), signals)


async def test_a_cluster_calculates_what_this_process_calculates(cluster: str) -> None:
    here, there = store(), store()
    in_process = InProcess()
    expected = await run([BODY, BODY], here, in_process, 20.0)
    found = await run([BODY, BODY], there, runner_for(cluster), 30.0)
    assert [each.result.values.tolist() for each in found] == [each.result.values.tolist() for each in expected]
    assert len(there.written) == 2
    await in_process.close()


async def test_a_run_on_the_cluster_has_its_time_limit_too(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Inside another function, because the workers do not know this file: so it travels as code and not by name.
    def sleepy(*_: Any) -> None:
        time.sleep(3)

    signals = store()
    monkeypatch.setattr("gridloom.metering.graphs.runner.delayed_outputs.__defaults__", (sleepy,))
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        await run(BODY, signals, OnCluster(cluster), 1.0)
    assert time.monotonic() - began < 5
    assert signals.written == []


async def test_a_cluster_that_is_not_there_is_said_to_be_unreachable() -> None:
    signals = store()
    began = time.monotonic()
    with pytest.raises(ClusterUnreachable) as refused:
        await run(BODY, signals, OnCluster("tcp://127.0.0.1:9", connect_s=0.5), 20.0)
    assert refused.value.status == 503
    assert time.monotonic() - began < 5
    assert signals.written == []


async def test_an_address_that_is_none_is_said_to_be_unreachable() -> None:
    with pytest.raises(ClusterUnreachable):
        await run(BODY, store(), OnCluster("nonsense://nowhere", connect_s=0.5), 20.0)
    await asyncio.sleep(0)


def test_without_an_address_graphs_run_in_this_process() -> None:
    assert isinstance(runner_for(None), InProcess)
    assert isinstance(runner_for("tcp://127.0.0.1:8786"), OnCluster)
