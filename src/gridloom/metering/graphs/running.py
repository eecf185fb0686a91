"""One run of a graph: the body is checked, the series are read, the nodes calculate, the results are written.

Three steps, so that no transaction stands open while nodes calculate: `prepare` (in one that reads), `Runner.run`
(in none), `conclude` (in one that writes everything or nothing).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from gridloom.kernel import clock
from gridloom.metering.graphs import placeholders
from gridloom.metering.graphs.data import MINUTE_MS, Estimate, Request, SensorSignal, Signal, Window
from gridloom.metering.graphs.estimation import values_for
from gridloom.metering.graphs.faults import WrongValue
from gridloom.metering.graphs.library import MAX_DEPTH, Graph, depths
from gridloom.metering.graphs.nodes import FUNCTIONS, EstimationParameters, SignalsParameters
from gridloom.metering.graphs.runner import Outputs, Plan, Task
from gridloom.metering.graphs.store import Result, SignalStore, Target

MAX_OBJECTS = 500
MAX_TASKS = 5_000
MAX_KEYS = 200
MAX_STEPS = 2_000_000
MAX_VALUES = 10_000_000
LONGEST_WINDOW = timedelta(days=400)
USUAL_WINDOW = timedelta(days=1)

_MAX_ROUNDS = 4
_READ_TOGETHER = 20
_LAST_MS = 253_402_300_799_000
_POWER_OF = {"kW.h": "kW", "kvar.h": "kvar", "kV.A.h": "kV.A"}


class Prepared(NamedTuple):
    """Everything a run needs. targets: for each plan, task id of a propagating node -> the signal it writes."""

    graph: Graph
    plans: list[Plan]
    targets: list[dict[str, SensorSignal]]


class Propagated(NamedTuple):
    """What one `signals` node wrote. hook_from: the node it came from, hook_to: the node that wrote it.

    signature: the same for the same graph, parameters and window.
    """

    result: Result
    hook_from: str
    hook_to: str
    signature: str


def window_of(since: int | None, till: int | None) -> Window:
    """The window of a run; without till it ends now, without since it lasts a day. Raises WrongValue."""
    end = clock.to_ms(clock.now()) if till is None else till
    start = end - USUAL_WINDOW // timedelta(milliseconds=1) if since is None else since
    for name, given in (("since", start), ("till", end)):
        if not 0 <= given <= _LAST_MS:
            raise WrongValue(f"{name} is no time in milliseconds since 1970.", field=name, where="query")
    if start > end:
        raise WrongValue("since lies after till.", field="since", where="query")
    if end - start > LONGEST_WINDOW // timedelta(milliseconds=1):
        raise WrongValue(f"A run is about {LONGEST_WINDOW.days} days at most.", field="till", where="query")
    return Window(start, end)


def objects_of(body: Any, graph: Graph) -> list[tuple[int | None, Mapping[str, Any]]]:
    """The objects of a body with their places: an array of them, or one alone, which has none. Raises WrongValue."""
    objects = body if isinstance(body, list) else [body]
    if not objects:
        raise WrongValue("Give at least one object.")
    if len(objects) > MAX_OBJECTS or len(objects) * len(graph.nodes) > MAX_TASKS:
        most = min(MAX_OBJECTS, MAX_TASKS // len(graph.nodes))
        raise WrongValue(f"This graph takes {most} objects at once.")
    for index, each in enumerate(objects):
        if not isinstance(each, dict):
            raise WrongValue("Give an object, or an array of objects.", field=str(index))
        if len(each) > MAX_KEYS:
            raise WrongValue(f"An object has at most {MAX_KEYS} values.", field=str(index))
        if any(depth > MAX_DEPTH for depth in depths(each)):
            raise WrongValue(f"The values are nested more than {MAX_DEPTH} deep.", field=str(index))
    return list(enumerate(objects)) if isinstance(body, list) else [(None, body)]


async def prepare(graph: Graph, body: Any, window: Window, store: SignalStore) -> Prepared:
    """Fill the placeholders, check the parameters, read every series the nodes need, check every target.

    Raises MissingValue and WrongValue, and what the store raises.
    """
    drafts = [_draft(graph, given, index, window) for index, given in objects_of(body, graph)]
    targets = [_targets(draft) for draft in drafts]
    tasks = [task for draft in drafts for task in draft]
    _check_steps(tasks, window)
    await store.describe(sorted({target for each in targets for target in each.values()}))
    asked: list[set[Request]] = [set() for _ in tasks]
    have: dict[Request, Signal] = {}
    for _ in range(_MAX_ROUNDS):
        for task, requests in zip(tasks, asked, strict=True):
            requests.update(FUNCTIONS[task.function].needs(task.parameters, window, have))
        missing = sorted(set().union(*asked) - have.keys(), key=repr)
        if not missing:
            break
        for start in range(0, len(missing), _READ_TOGETHER):
            have.update(await store.read(missing[start : start + _READ_TOGETHER]))
            if sum(signal.times.size for signal in have.values()) > MAX_VALUES:
                raise WrongValue(f"The series this run needs hold more than {MAX_VALUES:,} values.")
    own = iter({request: have[request] for request in requests} for requests in asked)
    plans: list[Plan] = [[msgspec.structs.replace(task, have=next(own)) for task in draft] for draft in drafts]
    return Prepared(graph, plans, targets)


async def conclude(prepared: Prepared, outputs: Sequence[Outputs], store: SignalStore) -> list[Propagated]:
    """Write what came to the `signals` nodes, with origin 4; everything or nothing by the caller's transaction."""
    takes = await store.describe(sorted({target for each in prepared.targets for target in each.values()}))
    found: list[Propagated] = []
    for plan, targets, given in zip(prepared.plans, prepared.targets, outputs, strict=True):
        for task in plan:
            output, target = given[task.id], targets.get(task.id)
            if target is not None and output is not None:
                result = _result(output, target, takes[target])
                found.append(Propagated(result, task.before[0], task.id, _signature(prepared.graph, task, target)))
    await store.write([each.result for each in found])
    return found


def _draft(graph: Graph, given: Mapping[str, Any], index: int | None, window: Window) -> list[Task]:
    """The tasks of one object, without their series."""
    values = {"since": window.since, "till": window.till, **graph.defaults, **given}
    tasks: list[Task] = []
    for node in graph.nodes:
        filled = placeholders.fill(dict(node.params), values, index)
        try:
            parameters = msgspec.convert(filled, node.function.parameters, str_keys=True)
        except msgspec.ValidationError as error:
            field = None if index is None else str(index)
            raise WrongValue(f"Node {node.id}: {error}", field=field) from None
        tasks.append(Task(node.id, node.function.name, parameters, window, {}, node.before))
    return tasks


def _check_steps(tasks: Sequence[Task], window: Window) -> None:
    estimations = [task.parameters for task in tasks if isinstance(task.parameters, EstimationParameters)]
    steps = sum((window.till - window.since) // (each.freq_minutes * MINUTE_MS) for each in estimations)
    if steps > MAX_STEPS:
        raise WrongValue(f"A run estimates at most {MAX_STEPS:,} steps; this one asks for {steps:,}.")


def _targets(draft: Sequence[Task]) -> dict[str, SensorSignal]:
    """Where each propagating node writes: what it names, and for the rest the signal at the head of its chain."""
    by_id = {task.id: task for task in draft}
    targets: dict[str, SensorSignal] = {}
    for task in draft:
        if isinstance(task.parameters, SignalsParameters) and task.parameters.mode == "propagate":
            head = by_id[task.before[0]]
            while not isinstance(head.parameters, EstimationParameters | SignalsParameters):
                head = by_id[head.before[0]]
            targets[task.id] = task.parameters.target(head.parameters.signal)
    return targets


def _result(output: Signal | Estimate, target: SensorSignal, takes: Target) -> Result:
    if isinstance(output, Signal):
        if output.kind != takes.kind:
            raise WrongValue(f"Signal {target.moid} takes values of kind {takes.kind}, not {output.kind}.")
        return Result(target, output.unit, output.times, output.values, [False] * output.times.size)
    unit = output.unit
    if takes.kind == "instant":
        if unit not in _POWER_OF:
            raise WrongValue(f"Signal {target.moid} takes powers, and {unit} makes none.")
        unit = _POWER_OF[unit]
    return Result(target, unit, *values_for(output, takes.kind))


def _signature(graph: Graph, task: Task, target: SensorSignal) -> str:
    text = msgspec.json.encode((graph.name, graph.digest, task.id, target, task.window), order="deterministic")
    return hashlib.sha256(text).hexdigest()[:32]
