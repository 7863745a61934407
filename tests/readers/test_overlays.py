"""Overlays: text that people write, so that everything in it may be wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.errors import QueryError
from scopeview.readers.overlays import read_overlays

VALUES = st.dictionaries(
    st.text(st.characters(blacklist_characters=":", blacklist_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda name: name not in ("values", "results")
    ),
    st.floats(-1e9, 1e9),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("overlays")


@given(values=VALUES)
def test_values_come_back_from_every_form(folder: Path, values: dict[str, float]) -> None:
    forms = (values, {"values": values}, {"results": {name: {"value": v} for name, v in values.items()}})
    for form in forms:
        path = folder / "load.json"
        path.write_text(json.dumps(form), "utf-8")
        (found,) = read_overlays(str(path))
        assert (found.title, dict(found.values), found.is_text) == ("load", values, False)


def test_a_column_of_csv_is_an_overlay(folder: Path) -> None:
    path = folder / "several.csv"
    path.write_text('\ufeffname,sparsity,owner\na/b,0.5,ana\n"c,d:0",,"b, c"\n\n', "utf-8")

    numbers, texts = read_overlays(str(path))

    assert (numbers.title, dict(numbers.values)) == ("sparsity", {"a/b": 0.5})
    assert (texts.title, dict(texts.values), texts.is_text) == ("owner", {"a/b": "ana", "c,d": "b, c"}, True)


def test_title_unit_scale_and_how_boxes_combine(folder: Path) -> None:
    path = folder / "given.json"
    path.write_text('{"title": "t", "unit": "%", "scale": [0, 1], "combine": "max", "values": {"a": 1}}')
    (found,) = read_overlays(str(path))
    assert (found.title, found.unit, found.scale, found.combine) == ("t", "%", (0.0, 1.0), "max")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"a": 1', "it is not JSON"),
        (b"[1, 2]", "its JSON is no object"),
        (b'{"a": NaN}', "NaN is no number that can be drawn"),
        (b'{"a": 1e999}', "neither a number nor a text"),
        (b'{"a": true}', "neither a number nor a text"),
        (b'{"a": [1]}', "neither a number nor a text"),
        (b'{"a": 1, "b": "x"}', "some of its values are numbers and some are texts"),
        (b'{"": 1}', "a name has 0 characters"),
        (b'{"values": {"a": 1}, "scales": [0, 1]}', "there is no field 'scales'"),
        (b'{"values": {"a": 1}, "scale": [1, 0]}', "the first number must be the smaller"),
        (b'{"values": {"a": 1}, "scale": [0]}', "scale is no pair of numbers"),
        (b'{"values": {"a": 1}, "combine": "median"}', "combine is 'median'"),
        (b'{"values": {}}', "it holds no values"),
        (b"{" * 100_000, "it is n"),
        (b'{"a":' * 100_000, "it is n"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"just words", "neither JSON nor CSV with a header"),
        (b"name,a\nx,1,2\n", "line 2 has 3 cells and the header 2"),
        (b"name,a\nx,inf\n", "is no number that can be drawn: inf"),
        (b"name," + b",".join(b"c%d" % n for n in range(40)), "at most 20 are shown"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(folder: Path, content: bytes, sentence: str) -> None:
    path = folder / "wrong"
    path.write_bytes(content)
    with pytest.raises(QueryError, match=re.escape(sentence)):
        read_overlays(str(path))
