from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.builder import OpTableBuilder
from scopeview.model.names import CONTROL
from scopeview.model.ops import MISSING, OpRow, OpTable
from tests.graphs import model_from_text

NODES = st.lists(
    st.tuples(
        st.sampled_from(["a", "a/b", "a/c", "b", "b/a/b", "x"]),
        st.sampled_from(["Const", "Add", "Identity"]),
        st.lists(st.sampled_from(["a", "a/b:1", "^a", "b", "gone", "^x", "x:2", "x:2"]), max_size=4),
        st.sampled_from(["", "/cpu:0"]),
    ),
    unique_by=lambda node: node[0],
)


def table_of(nodes: list[tuple[str, str, list[str], str]]) -> OpTable:
    builder = OpTableBuilder(b"", lambda _raw: {})
    for name, op_type, inputs, device in nodes:
        builder.add(name, op_type, inputs, device)
    return builder.freeze()[0]


def written(table: OpTable, row: OpRow) -> list[str]:
    """The inputs of an op as its file writes them, from the table's edges alone."""
    texts = []
    missing = [text for target, text in table.dangling if target == row]
    assert [table.input(row, slot) for slot in range(len(table.inputs(row)) + 1)] == [*table.inputs(row), None]
    for edge in table.inputs(row):
        if edge.source == MISSING:
            texts.append(missing.pop(0))
        elif edge.port == CONTROL:
            texts.append(f"^{table.name(edge.source)}")
        else:
            texts.append(f"{table.name(edge.source)}:{edge.port}" if edge.port else table.name(edge.source))
    return texts


@given(NODES)
def test_a_table_gives_back_what_was_added(nodes: list[tuple[str, str, list[str], str]]) -> None:
    table = table_of(nodes)

    found = {
        table.name(row): (table.op_type(row), written(table, row), table.device(row), table.columns.definition[row])
        for row in table
    }
    assert found == {n: (t, inputs, device, place) for place, (n, t, inputs, device) in enumerate(nodes)}


@given(NODES)
def test_consumers_are_the_inputs_seen_from_the_other_end(nodes: list[tuple[str, str, list[str], str]]) -> None:
    table = table_of(nodes)

    forward = sorted(edge for row in table for edge in table.consumers(row))
    backward = sorted(edge for row in table for edge in table.inputs(row) if edge.source != MISSING)
    assert forward == backward


@given(NODES)
def test_rows_are_found_by_name_and_by_type(nodes: list[tuple[str, str, list[str], str]]) -> None:
    table = table_of(nodes)

    assert {table.row(name) for name, *_ in nodes} == set(table)
    assert table.row("a/") is None
    adds = {name for name, op_type, *_ in nodes if op_type in ("Add", "Const")}
    assert {table.name(row) for row in table.rows_of_type("Add", "Const")} == adds
    assert sum(table.type_counts().values()) == len(nodes)


def test_of_two_ops_with_one_name_the_first_owns_the_consumers() -> None:
    builder = OpTableBuilder(b"", lambda _raw: {})
    for op_type in ("First", "Second"):
        builder.add("twin", op_type, ())
    builder.add("user", "Identity", ["twin"])
    table, repeated = builder.freeze()

    assert repeated == ["twin"]
    (edge,) = table.inputs(OpRow(2))
    assert table.op_type(edge.source) == "First"
    assert table.row("twin") == edge.source


def test_rows_are_the_same_once_many_were_asked_for() -> None:
    builder = OpTableBuilder(b"", lambda _raw: {})
    for name, op_type in (
        ("a", "VariableV2"),
        ("both", "Add"),
        ("both", "VariableV2"),
        ("b", "VariableV2"),
        ("c", "Add"),
    ):
        builder.add(name, op_type, ())
    table, _ = builder.freeze()
    asked = ("a", "both", "b", "c", "none")
    first = [table.row(name) for name in asked]

    for _ in range(600):
        assert [table.row(name) for name in asked] == first
    assert [table.op_type(row) for row in first if row is not None] == ["VariableV2", "Add", "VariableV2", "Add"]


def test_function_bodies_keep_the_output_argument_of_an_input() -> None:
    builder = OpTableBuilder(b"", lambda _raw: {}, in_function=True)
    builder.add("x", "_Arg", ())
    builder.add("split", "Split", ["x"])
    builder.add("y", "Identity", ["split:output:1", "gone:out:0"])
    table, _ = builder.freeze()

    row = table.row("y")
    assert row is not None
    edge = table.inputs(row)[0]
    assert (table.name(edge.source), edge.argument, edge.port) == ("split", "output", 1)
    assert table.dangling == ((row, "gone:out:0"),)


def test_networkx_graph_has_every_edge_with_its_ends() -> None:
    model = model_from_text(
        """
        w       VariableV2  shape=2
        w/read  Identity    w
        y       Mul         w/read  w/read  ^w  gone
        """
    )

    graph = model.graph.to_networkx()

    edges: list[tuple[str, str, dict[str, Any]]] = sorted(graph.edges(data=True), key=str)
    assert edges == [
        ("w", "w/read", {"slot": 0, "port": 0, "argument": ""}),
        ("w", "y", {"slot": 2, "port": CONTROL, "argument": ""}),
        ("w/read", "y", {"slot": 0, "port": 0, "argument": ""}),
        ("w/read", "y", {"slot": 1, "port": 0, "argument": ""}),
    ]
    assert graph.nodes["y"] == {"type": "Mul", "device": ""}


def test_an_empty_table_answers_every_question() -> None:
    table = table_of([])

    assert (len(table), table.row("a"), table.type_counts(), len(table.scopes)) == (0, None, {}, 1)
