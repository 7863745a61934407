from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scopeview
from scopeview.errors import DamagedError, ScopeviewError
from scopeview.readers.inspection_json import read_inspection
from tests.places import SAMPLES

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=4),
        st.sampled_from(["ref", "variable", "graph_def", "\ud800"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)


def answer(name: str) -> dict[str, Any]:
    inspected = scopeview.inspect(scopeview.load(SAMPLES / name))
    return dict(json.loads(scopeview.to_json(inspected)))


ANSWERS = [answer("m28_partitioned.meta"), answer("m28_partitioned.ckpt"), answer("m17_gan.meta")]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every value of a JSON, as what holds it and the key in it."""
    found, waiting = [], [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else []
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys]
    return found


@pytest.mark.parametrize("original", ANSWERS)
def test_what_inspect_wrote_is_read(original: dict[str, Any]) -> None:
    model = read_inspection(json.dumps(original).encode(), "x", "x")

    assert [variable.name for variable in model.variables] == [row["name"] for row in original["variables"]]
    assert [list(v.shape or ()) for v in model.variables] == [row["shape"] or [] for row in original["variables"]]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_at_any_place_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    changed = json.loads(json.dumps(data.draw(st.sampled_from(ANSWERS))))
    for holder, key in data.draw(st.lists(st.sampled_from(places(changed)), min_size=1, max_size=3)):
        holder[key] = data.draw(JSON)

    try:
        model = read_inspection(json.dumps(changed).encode(), "x", "x")
    except ScopeviewError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 400
        return
    scopeview.to_json(scopeview.inspect(model))
    scopeview.lint(model)
    scopeview.diff(model, model)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"handle_op": 5}, r"variables\[0\]\.handle_op is a int, and should be a text"),
        ({"shape": [-5]}, r"variables\[0\]\.shape is not a number from 0 to 2\^63"),
        ({"shape": [float("inf")]}, r"variables\[0\]\.shape is a float, and should be a whole number"),
        ({"shape": [True]}, r"variables\[0\]\.shape is not a number"),
        ({"shape": [1] * 300}, r"variables\[0\]\.shape has 300 axes, and a tensor has at most 254"),
        ({"kind": "x" * 1000}, r"variables\[0\]\.kind is 'x{60}', which is none of ref, resource"),
        ({"name": None}, r"variables\[0\]\.name is missing, and should be a text"),
        ({"parts": [{"name": "p", "offset": [0], "shape": [None]}]}, r"parts\[0\] needs an offset and a shape"),
    ],
)
def test_a_fault_is_named_with_its_place(row: dict[str, Any], says: str) -> None:
    variable = {"name": "v", "kind": "ref", "shape": [1], "dtype": "float32"} | row
    content = {"model": {"format": "graph_def"}, "variables": [variable], "collections": []}

    with pytest.raises(DamagedError, match=says):
        read_inspection(json.dumps(content).encode(), "x", "x")


@pytest.mark.parametrize("start", [b"[", b'{"model": {"format": ' + b"[", b'{"a":'])
def test_brackets_without_end_are_refused(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(start * 50_000)

    with pytest.raises(ScopeviewError):
        scopeview.load(path)
