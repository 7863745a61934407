"""What is read in columns is what is read one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopeview
from scopeview.model.names import parse_input
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.spans import Words
from scopeview.readers.graph import nodes
from scopeview.readers.graph.node_columns import split_inputs
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.columns import fields_of
from tests.graphs import graph_def_from_text
from tests.messages import message
from tests.places import BROKEN, SAMPLES

GRAPHS = [*sorted(SAMPLES.glob("*.meta")), *sorted(SAMPLES.glob("*.pb")), *sorted(BROKEN.glob("*.pb"))]


def spans(pieces: list[bytes]) -> tuple[Words, np.ndarray, np.ndarray]:
    size = np.array([len(piece) for piece in pieces], dtype=np.int64)
    return Words(b"".join(pieces)), np.cumsum(size) - size, size


FIELD = st.one_of(
    st.binary(max_size=12),
    st.tuples(st.integers(1, 15), st.binary(max_size=300)).map(
        lambda pair: bytes([pair[0] << 3 | 2]) + _size(len(pair[1])) + pair[1]
    ),
    st.tuples(st.integers(1, 15), st.integers(0, 1 << 60)).map(lambda pair: bytes([pair[0] << 3]) + _size(pair[1])),
    st.integers(1, 15).map(lambda number: bytes([number << 3 | 5, 1, 2, 3, 4])),
    st.integers(1, 15).map(lambda number: bytes([number << 3 | 1]) + bytes(8)),
)


def _size(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


@given(st.lists(st.lists(FIELD, max_size=4).map(b"".join), max_size=6))
def test_fields_are_those_of_the_scanner_of_single_messages(messages: list[bytes]) -> None:
    words, start, size = spans(messages)
    found = fields_of(words, start, size)

    for index in np.flatnonzero(~found.odd).tolist():
        mine = [
            (int(found.number[i]), bool(found.is_block[i]), int(found.start[i]), int(found.size[i]))
            for i in np.flatnonzero(found.owner == index)
        ]
        assert mine == [
            (field.number, field.wire_type == wire.LENGTH, field.start, field.end - field.start)
            for field in wire.fields(words.buffer, int(start[index]), int(start[index] + size[index]))
        ]


@given(st.lists(st.text(alphabet="^:a/01é", max_size=14), max_size=8))
def test_inputs_are_split_as_one_by_one(texts: list[str]) -> None:
    words, start, size = spans([text.encode() for text in texts])
    at, length, port = split_inputs(words, start, size)

    for index, text in enumerate(texts):
        expected = parse_input(text)
        assert (words.content(int(at[index]), int(length[index])).decode(), port[index]) == (expected.op, expected.port)


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[scopeview.Model, scopeview.Model]:
    monkeypatch.setattr(nodes, "COLUMNS_FROM", 0)
    columns = scopeview.load(path)
    monkeypatch.setattr(nodes, "COLUMNS_FROM", 1 << 40)
    return columns, scopeview.load(path)


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_graphs_are_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        columns, one_by_one = both(path, monkeypatch)
    except scopeview.ScopeviewError:
        return
    assert_same(columns.graph, one_by_one.graph)
    assert columns.dangling == one_by_one.dangling
    assert columns.notes == one_by_one.notes
    assert list(columns.variables) == list(one_by_one.variables)


NAMES = st.lists(st.text(alphabet="ab/!\0\1é_1", max_size=8), min_size=1, max_size=12)


@given(NAMES, st.data())
def test_graphs_of_strange_names_are_the_same(names: list[str], data: st.DataObject) -> None:
    graph = message("GraphDef")()
    for name in names:
        inputs = data.draw(st.lists(st.sampled_from([*names, "^a", "a:1", "nothing:3"]), max_size=3))
        graph.node.add(name=name, op=data.draw(st.sampled_from(["A", "B", ""])), input=inputs)
    raw = graph.SerializeToString()
    parts = nodes.split_graph(raw, [nodes.Span(0, len(raw))])
    one_by_one, repeated = nodes._one_by_one(raw, parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "COLUMNS_FROM", 0)
        found = nodes._in_columns(raw, parts)

    assert found is not None
    assert_same(found[0], one_by_one)
    assert found[1] == repeated


def assert_same(one: OpTable, other: OpTable) -> None:
    assert list(one.names) == list(other.names)
    for name in ("definition", "in_start", "source", "port", "argument_id", "raw_start", "raw_end"):
        assert getattr(one.columns, name).tolist() == getattr(other.columns, name).tolist(), name
    assert [one.op_type(row) for row in one] == [other.op_type(row) for row in other]
    assert [one.device(row) for row in one] == [other.device(row) for row in other]
    assert one.dangling == other.dangling
    trees = one.scopes, other.scopes
    for name in ("first", "last", "parent", "depth", "subtree_end"):
        assert getattr(trees[0], name).tolist() == getattr(trees[1], name).tolist(), name
    assert list(trees[0].labels) == list(trees[1].labels)
    assert trees[0].path_lengths().tolist() == trees[1].path_lengths().tolist()
    assert trees[0].scopes_of_rows().tolist() == trees[1].scopes_of_rows().tolist()
    leaves = [[tree.leaves_of_rows()[1][place] for place in tree.leaves_of_rows()[0]] for tree in trees]
    assert leaves[0] == leaves[1]


@pytest.mark.parametrize("text", [b"abc", b"Neg", b"far"])
def test_a_text_that_is_no_utf_8_is_read_one_by_one(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name, an op type and an input that nothing makes."""
    broken = text[:1] + b"\xff" + text[2:]
    raw = graph_def_from_text("abc Add\nabd Neg abc far").replace(text, broken)
    monkeypatch.setattr(nodes, "COLUMNS_FROM", 0)
    parts = nodes.split_graph(raw, [nodes.Span(0, len(raw))])
    table, _ = nodes.build_graph(raw, parts)

    shown = broken.decode("utf-8", "backslashreplace")
    assert shown in (table.name(table.rows_of_type("Add")[0]), table.op_type(OpRow(1)), table.dangling[0][1])
    assert len(parts.notes) == (2 if text == b"abc" else 1)
