"""Equal scopes: found by hash, proved op by op."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopeview
from scopeview.analysis.derive.structure import Twins, are_equal, find_twins, scope_hashes
from scopeview.model.ops import OpTable
from tests.graphs import model_from_text
from tests.places import SAMPLES

CELL = "{0}/a Placeholder shape=2\n{0}/in/b Neg {0}/a\n{0}/in/c Add {0}/in/b {1} ^{0}/a\n"


def table(text: str) -> OpTable:
    return model_from_text(text).graph


def twins(text: str) -> list[tuple[str, ...]]:
    return [found.scopes for found in find_twins(table(text))]


def test_numbered_scopes_that_are_equal_are_twins_wherever_their_inputs_come_from() -> None:
    text = "x Placeholder\ny Split\n" + CELL.format("c", "x") + CELL.format("c_1", "y:1") + CELL.format("c_2", "c/in/c")

    assert twins(text) == [("c", "c_1", "c_2")]
    assert find_twins(table(text)) == (Twins(("c", "c_1", "c_2"), 3),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c_1/in/b Neg", "c_1/in/b Exp"),
        ("c_1/in/c Add c_1/in/b x", "c_1/in/c Add x c_1/in/b"),
        ("^c_1/a", "^x"),
        ("shape=2\nc_1", "shape=3\nc_1"),
        ("c_1/in/b Neg c_1/a", "c_1/in/d Neg c_1/a"),
    ],
)
def test_what_differs_inside_makes_no_twins(old: str, new: str) -> None:
    text = "x Placeholder\n" + CELL.format("c", "x") + CELL.format("c_1", "x")
    assert twins(text) == [("c", "c_1")]
    assert old in text

    assert twins(text.replace(old, new)) == []


def test_values_of_constants_and_seeds_do_not_matter() -> None:
    assert twins("c/k Const value=1\nc_1/k Const value=2") == [("c", "c_1")]
    assert twins("c/k Const value=1\nc_1/k Const value=2,3") == []


def test_the_missed_sharing_of_a_sample_is_a_pair_of_twins() -> None:
    found = find_twins(scopeview.load(SAMPLES / "m18_missed_sharing.meta").graph)

    assert found[0] == Twins(("filter", "filter_1"), 32)


def test_an_empty_graph_has_no_twins() -> None:
    assert find_twins(table("")) == ()


NAMES = st.lists(st.sampled_from(["a", "b", "a_1", "c"]), min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(NAMES, st.tuples(st.sampled_from(["Neg", "Exp"]), st.lists(NAMES, max_size=2)), max_size=12))
def test_equal_scopes_have_equal_hashes(ops: dict[str, tuple[str, list[str]]]) -> None:
    """Put one graph below two scopes: these are equal, and so are their hashes; a changed type is neither."""

    def below(scope: str, changed: str = "") -> str:
        lines = [
            f"{scope}/{name} {'Sin' if name == changed else kind} "
            + " ".join(f"{scope}/{source}" for source in inputs if source in ops)
            for name, (kind, inputs) in ops.items()
        ]
        return "\n".join(lines) + "\n"

    if not ops:
        return
    graph = table(below("one") + below("two") + below("three", changed=next(iter(ops))))
    hashes = scope_hashes(graph)
    one, two, three = (graph.scopes.find(name) for name in ("one", "two", "three"))
    assert one is not None and two is not None and three is not None

    assert hashes[one] == hashes[two]
    assert are_equal(graph, one, two)
    assert hashes[one] != hashes[three]
    assert not are_equal(graph, one, three)
    assert hashes.dtype == np.uint64
