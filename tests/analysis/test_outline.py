from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import scopeview
from scopeview.analysis.trees.outline import Outline, Sort, View, op_forest, outline, variable_forest
from tests.graphs import model_from_text
from tests.places import BROKEN, SAMPLES

NAMES = st.lists(
    st.lists(st.sampled_from(["a", "b", "s_0", "s_1", "s_2", "w"]), min_size=1, max_size=4).map("/".join),
    unique=True,
    min_size=1,
    max_size=30,
)


def shown(found: Outline) -> list[str]:
    return ["  " * row.depth + row.label + ("/" if row.kind == "scope" else "") for row in found.rows]


def ops(text: str, view: View, scope: str = "") -> list[str]:
    return shown(outline(op_forest(model_from_text(text).graph), view, scope))


GRAPH = """
    x           Placeholder
    net/a/w     Const
    net/a/y     MatMul  x  net/a/w
    net/z       Relu    net/a/y
    loss        Mean    net/z
    loss/axis   Const
"""


def test_everything_is_shown_when_there_is_room() -> None:
    assert ops(GRAPH, View(lines=20)) == ["x", "net/", "  a/", "    w", "    y", "  z", "loss/", "  axis"]


def test_an_op_that_a_scope_is_named_after_is_one_line_with_it() -> None:
    model = model_from_text(GRAPH)
    rows = outline(op_forest(model.graph), View(lines=20)).rows

    (loss,) = [row for row in rows if row.label == "loss"]
    assert loss.own is not None
    assert (model.graph.names[loss.own], loss.last - loss.first) == ("loss", 1)


def test_the_heaviest_scopes_open_first() -> None:
    assert ops(GRAPH, View(lines=5)) == ["x", "net/", "  a/", "  z", "loss/"]
    assert ops(GRAPH, View(lines=3)) == ["x", "net/", "loss/"]


def test_what_does_not_fit_is_counted() -> None:
    found = outline(op_forest(model_from_text("\n".join(f"op{c} NoOp" for c in "abcdefgh")).graph), View(lines=4))

    assert shown(found) == ["opa", "opb", "opc", "5 more"]
    assert found.hidden == 5


def test_scopes_are_shown_before_the_ops_beside_them() -> None:
    text = "\n".join([f"s/op{c} NoOp" for c in "abcdefgh"] + ["s/inner/x NoOp"])

    assert ops(text, View(lines=4)) == ["s/", "  inner/", "    x", "  8 more"]


def test_depth_opens_everything_down_to_it_and_nothing_below() -> None:
    assert ops(GRAPH, View(lines=None, depth=1)) == ["x", "net/", "loss/"]
    assert ops(GRAPH, View(lines=None, depth=2)) == ["x", "net/", "  a/", "  z", "loss/", "  axis"]
    assert ops(GRAPH, View(lines=None, depth=1), "net") == ["a/", "z"]


def test_siblings_are_sorted_as_asked() -> None:
    text = "b/x NoOp\nb/y NoOp\na NoOp\nc/z NoOp"

    assert ops(text, View(lines=3)) == ["b/", "a", "c/"]
    assert ops(text, View(lines=3, sort="name")) == ["a", "b/", "c/"]
    assert ops(text, View(lines=3, sort="size")) == ["b/", "a", "c/"]


def test_a_scope_that_is_not_there_has_no_lines() -> None:
    assert ops(GRAPH, View(), "nothing") == []


def test_steps_of_an_unrolled_loop_fold_and_the_first_differs() -> None:
    model = scopeview.load(SAMPLES / "m09_loop_unrolled.meta")

    found = outline(op_forest(model.graph), View(lines=12), "rnn")

    assert [row.label for row in found.rows if row.kind == "scope" and row.depth == 0] == ["cell", "cell_[1-9]"]
    assert found.folded == 8


def test_slots_hang_under_their_variable() -> None:
    model = scopeview.load(SAMPLES / "m24_adam.meta")

    found = outline(variable_forest(model), View(lines=None, fold=False))

    assert shown(found)[1:4] == ["  weights/", "    Adam", "    Adam_1"]


def test_nesting_of_any_depth_needs_no_recursion() -> None:
    model = scopeview.load(BROKEN / "deep_nesting.pb")

    found = outline(op_forest(model.graph), View(lines=None))

    assert len(found.rows) == 3000


@given(NAMES, st.integers(1, 40), st.booleans(), st.sampled_from(["definition", "name", "size"]))
def test_no_op_disappears_without_a_line_that_counts_it(names: list[str], lines: int, fold: bool, sort: Sort) -> None:
    graph = model_from_text("\n".join(f"{name} NoOp" for name in names)).graph

    found = outline(op_forest(graph), View(lines=lines, fold=fold, sort=sort))

    closed = [row for row in found.rows if row.kind != "scope" or not row.is_open]
    opened = [row for row in found.rows if row.kind == "scope" and row.is_open]
    # A fold that is open shows its first member; the others stand behind its count.
    behind = sum((row.last - row.first + (row.own is not None)) * (row.twins - 1) for row in opened)
    counted = sum(
        (row.last - row.first + (row.own is not None)) * row.twins if row.kind != "more" else row.last for row in closed
    )
    own = sum(row.own is not None for row in opened)
    assert counted + own + behind >= len(names)
    if found.hidden == 0 and all(row.twins == 1 for row in found.rows):
        assert counted + own == len(names)
    assert len(found.rows) <= max(lines, 1) + 1
