"""Where inlining stops, and what it says then: hostile libraries make more ops than any file holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import NotFoundError
from scopeview.model.entry_point import WHOLE
from scopeview.model.frames import Limits, affordable
from scopeview.model.model import Model
from scopeview.model.programs import program
from tests.messages import message

Nodes = list[tuple[str, str, list[str], str]]
"""Name, op type, inputs, function that is called."""


def library(tmp_path: Path, main: Nodes, functions: Mapping[str, Nodes]) -> Model:
    """Write a graph whose functions take `x` and return what their last node makes."""
    graph = message("GraphDef")()
    for name, nodes in functions.items():
        function = graph.library.function.add()
        function.signature.name = name
        function.signature.input_arg.add(name="x", type=1)
        function.signature.output_arg.add(name="y", type=1)
        function.ret["y"] = f"{nodes[-1][0]}:output:0" if nodes else "x"
        _add(function.node_def, nodes)
    _add(graph.node, main)
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    return scopeview.load(path)


def _add(field: object, nodes: Nodes) -> None:
    for name, op_type, inputs, called in nodes:
        node = field.add(name=name, op=op_type, input=inputs)  # type: ignore[attr-defined]
        if called:
            node.attr["f"].func.name = called


X: tuple[str, str, list[str], str] = ("x", "Placeholder", [], "")


def doubling(tmp_path: Path, depth: int) -> Model:
    """Write a graph whose functions call the next twice, one after the other."""
    functions: dict[str, Nodes] = {
        f"f{level}": [
            ("a", "PartitionedCall", ["x"], f"f{level + 1}"),
            ("b", "PartitionedCall", ["a:output:0"], f"f{level + 1}"),
        ]
        for level in range(depth)
    }
    return library(tmp_path, [X, ("c", "PartitionedCall", ["x"], "f0")], functions | {f"f{depth}": []})


def test_calls_that_double_stop_at_the_limit(tmp_path: Path) -> None:
    model = doubling(tmp_path, 40)
    found = program(model, WHOLE, Limits(ops=5_000))
    assert found.entry is not None
    assert len(found.graph) <= 5_000
    assert found.entry.total_stops > 0
    assert {stop.reason for stop in found.entry.stops} == {"ops"}
    assert found.graph.row(found.entry.stops[0].op) is not None
    assert found.entry.stops[0].function in found.functions


@pytest.mark.parametrize(("depth", "calls"), [(17, 350), (60, 1_210)])
def test_a_small_file_buys_a_small_program(depth: int, calls: int, tmp_path: Path) -> None:
    """Ten entries for each of the `2 * depth + 1` ops that call, and what is made says that it stopped."""
    model = doubling(tmp_path, depth)
    assert affordable(model.graph, model.functions) == Limits(ops=10_000, calls=calls)
    found = program(model, WHOLE)
    assert found.entry is not None
    assert {stop.reason for stop in found.entry.stops} == {"ops"}  # of too many ops or calls
    assert len(found.graph) < 2 * calls


def test_functions_that_only_hand_on_count_too(tmp_path: Path) -> None:
    empty: dict[str, Nodes] = {f"f{level}": [("a", "PartitionedCall", ["x"], f"f{level + 1}")] for level in range(30)}
    model = library(tmp_path, [X, ("c", "PartitionedCall", ["x"], "f0"), ("y", "Neg", ["c"], "")], empty | {"f30": []})
    found = program(model, WHOLE, Limits(depth=100))
    row = found.graph.row("y")
    assert row is not None
    assert [found.graph.name(edge.source) for edge in found.graph.inputs(row)] == ["x"]
    shallow = program(model, WHOLE, Limits(depth=10))
    assert shallow.entry is not None
    assert [stop.reason for stop in shallow.entry.stops] == ["depth"]


def test_a_function_that_calls_itself_is_entered_once(tmp_path: Path) -> None:
    model = library(
        tmp_path,
        [X, ("c", "PartitionedCall", ["x"], "f")],
        {"f": [("n", "Neg", ["x"], ""), ("again", "PartitionedCall", ["n:y:0"], "f")]},
    )
    found = program(model, WHOLE)
    assert found.entry is not None
    assert [(stop.op, stop.function, stop.reason) for stop in found.entry.stops] == [("c/again", "f", "recursion")]
    assert set(found.functions) == {"f"}


def test_a_call_of_a_missing_function_stays(tmp_path: Path) -> None:
    found = program(library(tmp_path, [X, ("c", "StatefulPartitionedCall", ["x"], "gone")], {}), WHOLE)
    assert found.entry is not None
    assert [(stop.op, stop.reason) for stop in found.entry.stops] == [("c", "missing")]


def test_a_call_that_feeds_itself_dangles(tmp_path: Path) -> None:
    model = library(tmp_path, [("c", "PartitionedCall", ["c"], "f"), ("y", "Neg", ["c"], "")], {"f": []})
    found = program(model, WHOLE)
    row = found.graph.row("y")
    assert row is not None
    assert found.graph.inputs(row) == []


def test_calls_by_op_type_vanish(tmp_path: Path) -> None:
    model = library(
        tmp_path, [X, ("net/c", "f", ["x"], ""), ("y", "Neg", ["net/c"], "")], {"f": [("n", "Neg", ["x"], "")]}
    )
    found = program(model, WHOLE).graph
    assert list(found.names) == ["net/c/n", "x", "y"]
    row = found.row("y")
    assert row is not None
    assert [found.name(edge.source) for edge in found.inputs(row)] == ["net/c/n"]


def test_names_that_meet_get_numbers(tmp_path: Path) -> None:
    calls: Nodes = [("s/PartitionedCall", "PartitionedCall", ["x"], "f"), ("s/n", "Neg", ["x"], "")]
    found = program(library(tmp_path, [X, *calls], {"f": [("n", "Neg", ["x"], "")]}), WHOLE).graph
    assert list(found.names) == ["s/n", "s/n_1", "x"]


def test_several_unnamed_calls_get_scopes_named_for_their_functions(tmp_path: Path) -> None:
    calls: Nodes = [
        (f"s/PartitionedCall{number}", "PartitionedCall", ["x"], f"__inference_{name}_7")
        for number, name in (("", "encode"), ("_1", "encode"), ("_2", "decode"))
    ]
    body: Nodes = [("n", "Neg", ["x"], "")]
    functions = {"__inference_encode_7": body, "__inference_decode_7": body}
    found = program(library(tmp_path, [X, *calls], functions), WHOLE).graph
    assert list(found.names) == ["s/decode/n", "s/encode/n", "s/encode_1/n", "x"]


def test_an_unknown_program_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="it has: main"):
        program(library(tmp_path, [X], {}), "serve")


def test_order_reaches_through_calls(tmp_path: Path) -> None:
    model = library(
        tmp_path,
        [X, ("before", "NoOp", [], ""), ("c", "PartitionedCall", ["x", "^before"], "f"), ("after", "NoOp", ["^c"], "")],
        {"f": [("k", "Const", [], ""), ("n", "Add", ["x", "k:output:0"], "")]},
    )
    found = program(model, WHOLE).graph
    by_name = {found.name(row): [(found.name(e.source), e.port) for e in found.inputs(row)] for row in found}
    assert by_name["c/n"] == [("x", 0), ("c/k", 0), ("before", -1)]
    assert by_name["after"] == [("c/n", -1)]


def test_outputs_of_a_bare_graph_get_their_numbers(tmp_path: Path) -> None:
    nodes: Nodes = [
        ("u", "Unique", ["x"], ""),
        ("t", "TopKV2", ["u:y:0", "u:idx:0"], ""),
        ("n", "Neg", ["t:indices:0"], ""),
    ]
    found = program(library(tmp_path, [X, ("c", "PartitionedCall", ["x"], "f")], {"f": nodes}), WHOLE).graph
    row, negated = found.row("c/t"), found.row("c/n")
    assert row is not None
    assert negated is not None
    assert [edge.port for edge in found.inputs(row)] == [0, 1]
    assert [edge.port for edge in found.inputs(negated)] == [1]
