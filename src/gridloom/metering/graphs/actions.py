"""Running a graph by name."""

from typing import Any

from msgspec import UNSET

from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import action
from gridloom.metering.graphs.faults import (
    ClusterUnreachable,
    MissingValue,
    TookTooLong,
    UnknownGraph,
    WrongValue,
)
from gridloom.metering.graphs.running import window_of
from gridloom.metering.graphs.runs import GraphRuns
from gridloom.metering.graphs.schemas import GraphResult, RunQuery

MAX_BODY = 4_000_000


@action(
    "POST", "/api/tasks/graphs/run/name", scope="metering.graphs:run", answers={200: list[GraphResult], 201: None},
    faults=(UnknownGraph, MissingValue, WrongValue, TookTooLong, ClusterUnreachable), tags=("Estimation",),
    max_body=MAX_BODY, audited=False,
)  # fmt: skip
async def run_graph(call: Call, graphs: GraphRuns, query: RunQuery, body: Any) -> list[GraphResult] | Answer:
    """Run a graph once for each object of the body, and write what its `signals` nodes propagate, with origin 4.

    The body is an array of objects, or one object; each fills the placeholders of the graph. Everything is written, or
    nothing when a value is wrong, a node fails or the time is up. 201 when the graph wrote to no signal.
    """
    window = window_of(*(None if each is UNSET else each for each in (query.since, query.till)))
    done = await graphs.run(call.subject, query.graph_name, body, window)
    return done or Answer(None, status=201)
