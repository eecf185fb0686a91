"""Running checked graphs on Dask: in this process, or on a cluster whose scheduler's address is configured.

Nodes are pure, so a run can be given up at any moment: nothing has been written. Dask is imported on first use.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, cast

import structlog
from msgspec import Struct

from gridloom.metering.graphs.data import Output, Request, Signal, Window
from gridloom.metering.graphs.faults import ClusterUnreachable, TookTooLong
from gridloom.metering.graphs.nodes import FUNCTIONS

CONNECT_S = 5.0

log = structlog.get_logger(__name__)


class Task(Struct, frozen=True):
    """One node for one object of the body, with everything it needs. before: the ids of the tasks it takes from.

    A struct, because Dask would search tuples and data classes for more of its own.
    """

    id: str
    function: str
    parameters: Any
    window: Window
    have: Mapping[Request, Signal]
    before: tuple[str, ...]


Plan = Sequence[Task]
"""The tasks of one object, each behind those it takes from."""

Outputs = dict[str, Output]
"""What each task of a plan gave, by its id."""


class Runner(Protocol):
    """Where graphs are calculated."""

    async def run(self, plans: Sequence[Plan], limit_s: float) -> list[Outputs]:
        """The outputs of each plan, in their order. Raises TookTooLong, ClusterUnreachable, and what a node raises."""
        ...

    async def close(self) -> None:
        """Let go of what the runner holds."""
        ...


def compute(task: Task, *before: Output) -> Output:
    """One node; what Dask calls."""
    return FUNCTIONS[task.function].compute(task.parameters, task.window, task.have, before)


def delayed_outputs(plans: Sequence[Plan], call: Callable[..., Output] = compute) -> list[Any]:
    """The plans as Dask graphs: one delayed output for each task of each plan, in their order."""
    from dask.delayed import delayed

    lazy = delayed(call, pure=False)
    all_outputs: list[Any] = []
    for plan in plans:
        outputs: dict[str, Any] = {}
        for task in plan:
            outputs[task.id] = lazy(task, *(outputs[each] for each in task.before))
        all_outputs.extend(outputs.values())
    return all_outputs


def by_task(plans: Sequence[Plan], outputs: Sequence[Output]) -> list[Outputs]:
    """The outputs of all tasks of all plans, sorted back to them."""
    each = iter(outputs)
    return [{task.id: next(each) for task in plan} for plan in plans]


class InProcess:
    """Calculates in a few threads of this process, so that the event loop stays free.

    A run that is given up ends before its next node; until then it keeps its thread, and a run that finds no free
    thread waits for one inside its own time limit.
    """

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="graphs")

    async def run(self, plans: Sequence[Plan], limit_s: float) -> list[Outputs]:
        """See Runner."""
        given_up = threading.Event()
        running = asyncio.get_running_loop().run_in_executor(self._pool, _compute_here, plans, given_up)
        try:
            async with asyncio.timeout(limit_s):
                return await running
        except TimeoutError:
            log.warning("graph_given_up", limit_s=limit_s)
            raise TookTooLong from None
        finally:
            given_up.set()

    async def close(self) -> None:
        """See Runner."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class OnCluster:
    """Calculates on a Dask cluster. address: of its scheduler, e.g. `tcp://10.0.0.5:8786`.

    The workers need gridloom installed in the same version. TLS and the like are Dask's own configuration.
    """

    def __init__(self, address: str, connect_s: float = CONNECT_S) -> None:
        self._address = address
        self._connect_s = connect_s

    async def run(self, plans: Sequence[Plan], limit_s: float) -> list[Outputs]:
        """See Runner. The connection counts into the time limit."""
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        end = time.monotonic() + limit_s
        client = await self._client(min(self._connect_s, limit_s))
        try:
            async with asyncio.timeout(end - time.monotonic()):
                return by_task(plans, await client.gather(client.compute(delayed_outputs(plans))))
        except TimeoutError:
            log.warning("graph_given_up", limit_s=limit_s, cluster=self._address)
            raise TookTooLong from None
        except (OSError, FutureCancelledError, KilledWorker) as error:
            raise ClusterUnreachable(f"The calculation cluster was lost ({type(error).__name__}).") from None
        finally:
            # Closing the client forgets its futures, and the scheduler cancels what nobody waits for.
            await client.close(timeout=self._connect_s)

    async def _client(self, limit_s: float) -> Any:
        import distributed

        # Dask's own functions carry no types.
        client = cast("Any", distributed.Client)(
            self._address, asynchronous=True, timeout=limit_s, set_as_default=False
        )
        try:
            async with asyncio.timeout(limit_s + 1):
                return await client
        except (OSError, TimeoutError, ValueError) as error:
            await client.close(timeout=1)
            raise ClusterUnreachable(
                f"The calculation cluster is not available at the moment ({type(error).__name__})."
            ) from None

    async def close(self) -> None:
        """See Runner."""


def runner_for(address: str | None, threads: int = 2) -> Runner:
    """The cluster at this address, or this process when there is none."""
    return OnCluster(address) if address else InProcess(threads)


class _GivenUp(Exception):
    """Nobody waits for this run any more."""


def _compute_here(plans: Sequence[Plan], given_up: threading.Event) -> list[Outputs]:
    from dask import base

    def call(task: Task, *before: Output) -> Output:
        if given_up.is_set():
            raise _GivenUp
        return compute(task, *before)

    return by_task(plans, cast("Any", base.compute)(*delayed_outputs(plans, call), scheduler="synchronous"))
