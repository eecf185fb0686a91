"""The graphs of an installation: JSON files in a folder, read and checked when the server starts.

One file is one graph, named by the file: `{"description": …, "defaults": {name: value}, "nodes": [{"id", "function",
"params"}], "edges": [{"from", "to"}]}`. A node without an id is known by its function, when it is the only one, or by
its place (0, 1, …). `defaults` are values for placeholders that the body leaves out. Anything wrong in any file is
refused with the name of the file.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gridloom.metering.graphs import placeholders
from gridloom.metering.graphs.faults import UnknownGraph, WrongDefinition
from gridloom.metering.graphs.nodes import FUNCTIONS, STRUCTURAL, Function

SHIPPED = Path(__file__).parent / "definitions"

MAX_BYTES = 256 * 1024
MAX_GRAPHS = 500
MAX_NODES = 100
MAX_EDGES = 400
MAX_DEPTH = 8

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class NodeText(Struct, forbid_unknown_fields=True):
    """A node as the file has it."""

    function: Annotated[str, Meta(max_length=64)]
    params: dict[str, Any] = {}
    id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class EdgeText(Struct, forbid_unknown_fields=True, rename={"source": "from", "target": "to"}):
    """An edge as the file has it: ids, or places in the list of nodes."""

    source: str | int
    target: str | int


class GraphText(Struct, forbid_unknown_fields=True):
    """A file."""

    nodes: Annotated[list[NodeText], Meta(min_length=1, max_length=MAX_NODES)]
    edges: Annotated[list[EdgeText], Meta(max_length=MAX_EDGES)] = []
    description: str = ""
    defaults: dict[str, Any] = {}


class Node(NamedTuple):
    """A checked node. params may hold placeholders; before: the ids of the nodes whose outputs it takes, in order."""

    id: str
    function: Function
    params: Mapping[str, Any]
    before: tuple[str, ...]


class Graph(NamedTuple):
    """A checked graph; its nodes stand in an order in which they can be run. digest: of its file."""

    name: str
    description: str
    defaults: Mapping[str, Any]
    nodes: tuple[Node, ...]
    digest: str

    @property
    def placeholders(self) -> frozenset[str]:
        """Every value that a body may give."""
        return frozenset(name for node in self.nodes for name in placeholders.names_in(dict(node.params)))

    @property
    def required(self) -> frozenset[str]:
        """Every value that a body must give; since and till come with the window."""
        return self.placeholders - self.defaults.keys() - {"since", "till"}


class Library:
    """Every graph by its name."""

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self.graphs = dict(graphs)

    def graph(self, name: str) -> Graph:
        """The graph of this name. Raises UnknownGraph."""
        try:
            return self.graphs[name]
        except KeyError:
            raise UnknownGraph from None


def load(folder: Path = SHIPPED) -> Library:
    """Every `*.json` of a folder. Raises WrongDefinition for the first file that describes no graph."""
    if not folder.is_dir():
        raise WrongDefinition(str(folder), "there is no such folder")
    files = sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))
    if len(files) > MAX_GRAPHS:
        raise WrongDefinition(str(folder), f"more than {MAX_GRAPHS} graphs")
    graphs = [_read(path) for path in files]
    return Library({graph.name: graph for graph in graphs})


def _read(path: Path) -> Graph:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WrongDefinition(path.name, f"cannot be read: {error.strerror}") from None
    try:
        return parse(path.stem, raw)
    except ValueError as error:
        raise WrongDefinition(path.name, str(error)) from None


def parse(name: str, raw: bytes) -> Graph:
    """A graph from the text of its file. Raises ValueError saying what is wrong."""
    if not _NAME.fullmatch(name):
        raise ValueError("a graph's name is up to 64 letters, digits, dots, dashes and underscores")
    if len(raw) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES:,} bytes")
    try:
        text = msgspec.json.decode(raw, type=GraphText)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    ids = _ids(text.nodes)
    before = _before(text, ids)
    order = _order(before)
    places = {each: place for place, each in enumerate(ids)}
    nodes = {each: _node(each, text.nodes[places[each]], tuple(before[each])) for each in order}
    for each in nodes.values():
        _check_inputs(each, nodes)
    _check_depth(text.defaults, "the defaults")
    return Graph(name, text.description, text.defaults, tuple(nodes.values()), hashlib.sha256(raw).hexdigest())


def _ids(nodes: list[NodeText]) -> list[str]:
    """The id of each node: its own, or its function's name when no other node has it, or its place."""
    functions = [node.function for node in nodes if node.id is None]
    ids = [
        node.id or (node.function if functions.count(node.function) == 1 else str(place))
        for place, node in enumerate(nodes)
    ]
    doubles = sorted({each for each in ids if ids.count(each) > 1})
    if doubles:
        raise ValueError(f"two nodes have the id {doubles[0]!r}")
    return ids


def _before(text: GraphText, ids: list[str]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {each: [] for each in ids}
    for edge in text.edges:
        source, target = _end(edge.source, ids), _end(edge.target, ids)
        if source in before[target]:
            raise ValueError(f"the edge from {source!r} to {target!r} is there twice")
        before[target].append(source)
    return before


def _end(given: str | int, ids: list[str]) -> str:
    if isinstance(given, int):
        if 0 <= given < len(ids):
            return ids[given]
    elif given in ids:
        return given
    raise ValueError(f"an edge ends at {given!r}, which is no node")


def _order(before: Mapping[str, list[str]]) -> list[str]:
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise ValueError(f"the edges run in a circle: {' -> '.join(reversed(error.args[1]))}") from None


def _node(node_id: str, text: NodeText, before: tuple[str, ...]) -> Node:
    function = FUNCTIONS.get(text.function)
    if function is None:
        raise ValueError(f"node {node_id!r}: unknown function {text.function!r}; known are {', '.join(FUNCTIONS)}")
    _check_depth(text.params, f"node {node_id!r}: params")
    hints = get_type_hints(function.parameters, include_extras=True)
    for name, value in text.params.items():
        if name not in hints:
            raise ValueError(
                f"node {node_id!r}: {function.name} has no parameter {name!r}; known are {', '.join(hints)}"
            )
        _check_value(node_id, function, name, value, hints[name])
    required = [field.name for field in msgspec.structs.fields(function.parameters) if field.required]
    if missing := [name for name in required if name not in text.params]:
        raise ValueError(f"node {node_id!r}: the parameter {missing[0]!r} is missing")
    return Node(node_id, function, text.params, before)


def _check_value(node_id: str, function: Function, name: str, value: Any, wanted: Any) -> None:
    """A value without placeholders is checked now; one with placeholders when they are filled."""
    try:
        has_placeholders = any(placeholders.names_in(value))
        if not has_placeholders:
            msgspec.convert(value, wanted, str_keys=True)
    except ValueError as error:
        raise ValueError(f"node {node_id!r}: parameter {name!r}: {error}") from None
    if has_placeholders and name in STRUCTURAL.get(function.name, ()):
        raise ValueError(f"node {node_id!r}: parameter {name!r} takes no placeholder")


def _check_inputs(node: Node, nodes: Mapping[str, Node]) -> None:
    takes, least, most = node.function.takes(_structural(node))
    if not least <= len(node.before) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ValueError(f"node {node.id!r}: {node.function.name} takes {wanted} inputs, not {len(node.before)}")
    for each in node.before:
        gives = nodes[each].function.gives(_structural(nodes[each]))
        if gives not in takes:
            raise ValueError(f"node {node.id!r}: {node.function.name} cannot take what node {each!r} gives ({gives})")


class _Structural:
    """The parameters that stand in the definition itself, with the function's own defaults behind them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _structural(node: Node) -> _Structural:
    names = STRUCTURAL.get(node.function.name, frozenset[str]())
    defaults = {field.name: field.default for field in msgspec.structs.fields(node.function.parameters)}
    return _Structural({name: node.params.get(name, defaults[name]) for name in names})


def _check_depth(value: Any, what: str) -> None:
    if any(depth > MAX_DEPTH for depth in depths(value)):
        raise ValueError(f"{what} are nested more than {MAX_DEPTH} deep")


def depths(value: Any, depth: int = 1) -> Iterator[int]:
    """The depth of every value inside a JSON value; ends soon after MAX_DEPTH, however deep it goes."""
    yield depth
    if depth > MAX_DEPTH:
        return
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        yield from depths(each, depth + 1)
