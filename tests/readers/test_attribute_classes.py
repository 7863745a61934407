"""Ops of one class have equal attributes, but for those that do not matter; TensorFlow's messages are the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.model.attributes import UNSTRUCTURAL
from scopeview.model.ops import OpRow, OpTable
from tests.graphs import model_from_text
from tests.messages import message
from tests.places import SAMPLES


def structural(table: OpTable, row: int) -> Any:
    node = message("NodeDef").FromString(bytes(table.raw_attributes(OpRow(row))))
    kept = {key: value for key, value in node.attr.items() if key not in UNSTRUCTURAL}
    return {
        key: (value.tensor.dtype, value.tensor.tensor_shape.SerializeToString())
        if value.WhichOneof("value") == "tensor"
        else value.SerializeToString(deterministic=True)
        for key, value in kept.items()
    }


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.meta"))[::3], ids=lambda path: path.name)
def test_a_class_is_what_the_messages_say(path: Path) -> None:
    table = scopeview.load(path).graph
    classes = table.attribute_classes.tolist()
    expected = [structural(table, row) for row in range(len(table))]
    first: dict[int, int] = {}
    for row, number in enumerate(classes):
        assert number >= 0
        assert expected[row] == expected[first.setdefault(number, row)]
    distinct = [expected[row] for row in first.values()]
    assert all(one != other for at, one in enumerate(distinct) for other in distinct[:at])


def classes(text: str) -> list[int]:
    found: list[int] = model_from_text(text).graph.attribute_classes.tolist()
    return found


def test_values_places_and_order_do_not_matter() -> None:
    a, b, c, d = classes("a Const value=1\nb Const value=2 class=x\nc Const value=1,2\nd Const value=3 shared_name=n")

    assert a == b == d != c


def test_what_is_written_in_no_usual_way_is_in_no_class() -> None:
    node = message("NodeDef")(name="a", op="A")
    node.attr["k"].i = 1
    entry = node.SerializeToString()[len(message("NodeDef")(name="a", op="A").SerializeToString()) :]
    raw = message("NodeDef")(name="a", op="A").SerializeToString() + entry + entry
    graph = b"\x0a" + bytes([len(raw)]) + raw
    from scopeview.readers.graph.nodes import Span, build_graph, split_graph

    table, _ = build_graph(graph, split_graph(graph, [Span(0, len(graph))]))
    assert table.attribute_classes.tolist() == [-1]


def test_tensors_of_many_strings_count_by_dtype_and_shape_too() -> None:
    one, other = (",".join(f"{letter}{number}" for number in range(40)) for letter in "xy")

    a, b, c = classes(f"a Const strings={one}\nb Const strings={other}\nc Const strings={other},z")

    assert a == b != c
    assert min(a, c) >= 0
