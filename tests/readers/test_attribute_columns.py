"""Attributes that are read for many ops at once are those that are decoded one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import scopeview
from scopeview.model.ops import OpRow
from scopeview.readers.graph import attribute_columns
from scopeview.readers.graph.attributes import string_values
from scopeview.readers.protobuf.decode import DecodeError
from tests.graphs import model_from_text
from tests.messages import message
from tests.places import SAMPLES


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.meta"))[::4], ids=lambda path: path.name)
def test_selected_attributes_are_those_of_each_op(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_columns, "_FEW", 0)
    table = scopeview.load(path).graph
    rows = list(table)
    names = ("shape", "dtype", "shared_name", "_class", "value", "nothing")

    selected = table.select_attributes(rows, names)

    for name in names:
        assert selected[name] == [table.attributes(row).get(name) for row in rows], name


def test_nodes_in_no_usual_form_are_decoded_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_columns, "_FEW", 0)
    node = message("NodeDef")(name="a", op="A")
    node.attr["k"].i = 7
    plain = node.SerializeToString()
    entry = plain[len(message("NodeDef")(name="a", op="A").SerializeToString()) :]
    repeated = plain + entry.replace(b"\x18\x07", b"\x18\x08")
    odd = plain + b"\x98\x06\x01"  # field 99
    raw = plain + repeated + odd
    ends = np.cumsum([len(plain), len(repeated), len(odd)])
    starts = ends - [len(plain), len(repeated), len(odd)]
    found = attribute_columns.select_attributes(raw, starts, ends, ["k", "l"])
    assert found == {"k": [7, 8, 7], "l": [None] * 3}


def test_the_strings_of_a_constant_are_those_of_the_message() -> None:
    table = model_from_text("a Const strings=x,,yy\nb Const value=1\nc Add a").graph
    values = [string_values(bytes(table.raw_attributes(OpRow(row)))) for row in range(3)]
    assert values == [[b"x", b"", b"yy"], [], []]

    node = message("NodeDef")(name="n", op="Const")
    node.attr["value"].tensor.string_val.extend([b"long" * 100, b"s", b"\xff"])
    raw = node.SerializeToString()
    assert string_values(raw) == [b"long" * 100, b"s", b"\xff"]
    for end in range(len(raw) - 400, len(raw)):
        with pytest.raises(DecodeError):
            string_values(raw[:end])
