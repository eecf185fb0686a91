"""Graph definitions: what is loaded, and what is refused with the file's name and the reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridloom.metering.graphs import library, placeholders
from gridloom.metering.graphs.faults import MissingValue, UnknownGraph, WrongDefinition, WrongValue

ESTIMATION = {"function": "estimation", "params": {"client_cid": 1, "sensor_mid": 1, "signal_type_moid": 32}}
POST = {"function": "post_estimation"}
WRITE = {"function": "signals"}
CHAIN = {
    "nodes": [ESTIMATION, POST, WRITE],
    "edges": [{"from": "estimation", "to": "post_estimation"}, {"from": "post_estimation", "to": "signals"}],
}


def refusal(definition: Any) -> str:
    raw = definition if isinstance(definition, bytes) else json.dumps(definition).encode()
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is what the tests assert
        library.parse("graph", raw)
    return str(refused.value)


def with_params(**params: Any) -> dict[str, Any]:
    return {"nodes": [{"function": "estimation", "params": {**ESTIMATION["params"], **params}}]}  # type: ignore[dict-item]


def test_the_shipped_graphs_load_and_say_what_they_need() -> None:
    graphs = library.load().graphs
    assert sorted(graphs) == ["estimation", "pv", "wind"]
    assert graphs["estimation"].required == {"client_cid", "sensor_mid", "signal_type_moid"}
    assert graphs["pv"].required == {"client_cid", "sensor_mid", "lat", "lon", "power"}
    assert [node.id for node in graphs["pv"].nodes] == ["estimate", "settle", "write"]


def test_nodes_come_in_an_order_in_which_they_can_be_run() -> None:
    backwards = {
        "nodes": [WRITE, POST, ESTIMATION],
        "edges": [{"from": 1, "to": 0}, {"from": "estimation", "to": "post_estimation"}],
    }
    graph = library.parse("graph", json.dumps(backwards).encode())
    assert [(node.id, node.before) for node in graph.nodes] == [
        ("estimation", ()),
        ("post_estimation", ("estimation",)),
        ("signals", ("post_estimation",)),
    ]


def test_two_nodes_of_one_function_are_known_by_their_places() -> None:
    two = {"nodes": [ESTIMATION, WRITE, ESTIMATION, WRITE], "edges": [{"from": 0, "to": 1}, {"from": "2", "to": "3"}]}
    graph = library.parse("graph", json.dumps(two).encode())
    assert {node.id: node.before for node in graph.nodes} == {"0": (), "1": ("0",), "2": (), "3": ("2",)}


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"null", "Expected `object`, got `null`"),
        (b"\xff\xfe", "malformed"),
        ({}, "missing required field `nodes`"),
        ({"nodes": []}, "length >= 1"),
        ({"nodes": "many"}, "Expected `array`"),
        ({"nodes": [1]}, "Expected `object`"),
        ({"nodes": [{"function": 5}]}, "Expected `str`"),
        ({"nodes": [POST], "colour": "blue"}, "unknown field `colour`"),
        ({"nodes": [{**ESTIMATION, "colour": "blue"}]}, "unknown field `colour`"),
        ({"nodes": [{"function": "prophecy"}]}, "unknown function 'prophecy'"),
        ({"nodes": [{"function": "estimation"}]}, "the parameter 'client_cid' is missing"),
        (with_params(colour="blue"), "estimation has no parameter 'colour'"),
        (with_params(freq_minutes=0), "parameter 'freq_minutes'"),
        (with_params(freq_minutes="often"), "parameter 'freq_minutes'"),
        (with_params(freq_minutes="${}"), "broken placeholder"),
        (with_params(freq_minutes="${a b}"), "broken placeholder"),
        (with_params(lat="${lat"), "broken placeholder"),
        (with_params(params={"type": "coal", "power": 1}), "parameter 'params'"),
        (with_params(zone_signals_freq_minutes={"x": 1}), "parameter 'zone_signals_freq_minutes'"),
        ({"nodes": [{"function": "signals", "params": {"mode": "${mode}"}}]}, "takes no placeholder"),
        ({"nodes": [{"function": "signals", "params": {"mode": "destroy"}}]}, "parameter 'mode'"),
        ({"nodes": [ESTIMATION], "edges": [{"from": "estimation", "to": "nowhere"}]}, "'nowhere', which is no node"),
        ({"nodes": [ESTIMATION], "edges": [{"from": 0, "to": 7}]}, "7, which is no node"),
        ({"nodes": [ESTIMATION], "edges": [{"from": -1, "to": 0}]}, "-1, which is no node"),
        ({"nodes": [ESTIMATION], "edges": [{"from": 0}]}, "missing required field `to`"),
        ({"nodes": [{**ESTIMATION, "id": "a"}, {**POST, "id": "a"}]}, "two nodes have the id 'a'"),
        ({**CHAIN, "edges": [*CHAIN["edges"], CHAIN["edges"][0]]}, "is there twice"),
        ({"nodes": [WRITE]}, "signals takes 1 inputs, not 0"),
        ({"nodes": [POST]}, "post_estimation takes 1 inputs, not 0"),
        (
            {"nodes": [ESTIMATION, POST, WRITE], "edges": [{"from": 0, "to": 2}, {"from": 2, "to": 1}]},
            "post_estimation cannot take what node 'signals' gives (nothing)",
        ),
        (
            {"nodes": [ESTIMATION, {**ESTIMATION, "id": "b"}], "edges": [{"from": 0, "to": "b"}]},
            "estimation cannot take what node 'estimation' gives (estimate)",
        ),
    ],
)
def test_what_describes_no_graph_is_refused_with_the_reason(definition: Any, reason: str) -> None:
    assert reason in refusal(definition)


def test_a_circle_is_refused_and_shown() -> None:
    circle = {
        "nodes": [{**POST, "id": "a"}, {**POST, "id": "b"}, {**POST, "id": "c"}],
        "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}, {"from": "c", "to": "a"}],
    }
    said = refusal(circle)
    assert said.startswith("the edges run in a circle: ")
    assert sorted(set(said.partition(": ")[2].split(" -> "))) == ["a", "b", "c"]


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    assert "in a circle: post_estimation -> post_estimation" in refusal(
        {"nodes": [POST], "edges": [{"from": 0, "to": 0}]}
    )


def test_too_many_nodes_edges_bytes_and_depths_are_refused() -> None:
    assert "length <= 100" in refusal({"nodes": [ESTIMATION] * 101})
    assert "length <= 400" in refusal({"nodes": [ESTIMATION], "edges": [{"from": 0, "to": 0}] * 401})
    assert "more than 262,144 bytes" in refusal(b" " * (library.MAX_BYTES + 1))
    assert "nested too deeply" in refusal(b'{"nodes":[{"function":"signals","params":{"x":' + b"[" * 100_000)
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    assert "nested more than 8 deep" in refusal(with_params(params=deep))
    assert "nested more than 8 deep" in refusal({**CHAIN, "defaults": {"x": deep}})


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_graph_or_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - any text will do, as long as there is one
        library.parse("graph", raw)
    assert str(refused.value)


def test_the_file_is_named_in_the_refusal(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(CHAIN))
    (tmp_path / "wrong.json").write_text('{"nodes": []}')
    with pytest.raises(WrongDefinition, match=r"^wrong\.json: .*length >= 1"):
        library.load(tmp_path)


def test_a_folder_that_is_not_there_and_a_name_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongDefinition, match="there is no such folder"):
        library.load(tmp_path / "none")
    (tmp_path / "a graph.json").write_text(json.dumps(CHAIN))
    with pytest.raises(WrongDefinition, match="a graph's name is"):
        library.load(tmp_path)


def test_only_the_json_files_of_the_folder_are_graphs(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(CHAIN))
    (tmp_path / "notes.txt").write_text("not a graph")
    (tmp_path / ".hidden.json").write_text("not a graph")
    found = library.load(tmp_path)
    assert sorted(found.graphs) == ["mine"]
    assert found.graph("mine").name == "mine"
    for name in ("other", "../mine", "mine.json", ""):
        with pytest.raises(UnknownGraph):
            found.graph(name)


def test_a_placeholder_that_is_the_whole_text_keeps_the_type_of_its_value() -> None:
    values = {"a": 1.5, "b": None, "c": [1, {"x": "y"}], "d": "text"}
    filled = placeholders.fill({"a": "${a}", "b": ["${b}", "${c}"], "d": "-${d}-${a}-"}, values)
    assert filled == {"a": 1.5, "b": [None, [1, {"x": "y"}]], "d": "-text-1.5-"}


def test_a_value_is_never_searched_for_placeholders_itself() -> None:
    assert placeholders.fill("${a} ${b}", {"a": "${b}", "b": "${a}"}) == "${b} ${a}"
    assert placeholders.fill("${a}", {"a": "${b}"}) == "${b}"


def test_a_missing_value_is_named_with_the_place_of_its_object() -> None:
    with pytest.raises(MissingValue) as refused:
        placeholders.fill({"x": "${power}"}, {}, 3)
    assert (refused.value.field, refused.value.index) == ("power", 3)
    assert refused.value.errors[0].path == (3, "power")


def test_an_object_inside_a_text_is_refused() -> None:
    with pytest.raises(WrongValue, match="x stands inside a text"):
        placeholders.fill("a ${x}", {"x": {}})


def test_a_text_cannot_be_made_to_grow_without_end() -> None:
    with pytest.raises(WrongValue, match="grows beyond"):
        placeholders.fill("${x}" * 100 + " ", {"x": "y" * 1000})
