from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scopeview.analysis.derive.gradient_scopes import differentiated, gradient_rows
from tests.graphs import model_from_text

SEGMENTS = st.sampled_from(["a", "b", "a_grad", "b_grad", "gradients", "steps", "tower_0"])
NAMES = st.lists(st.lists(SEGMENTS, min_size=1, max_size=5).map("/".join), max_size=12, unique=True)


def named_by_suffixes(names: list[str]) -> set[str]:
    """Every op whose name, with `_grad`, ends the path of a scope behind a slash; of several the longest."""
    paths = {"/".join(name.split("/")[:end]) for name in names for end in range(1, name.count("/") + 1)}
    found = set()
    for path in (path.removesuffix("_grad") for path in paths if path.endswith("_grad")):
        segments = path.split("/")
        behind = ["/".join(segments[start:]) for start in range(1, len(segments))]
        found.update([name for name in behind if name in names][:1])
    return found


@settings(max_examples=60)
@given(NAMES)
def test_ops_are_differentiated_whose_names_end_a_scope(names: list[str]) -> None:
    table = model_from_text("\n".join(f"{name} NoOp" for name in names)).graph

    assert set(differentiated(table)) == named_by_suffixes(names)


def test_a_scope_of_gradients_inside_another_is_part_of_it() -> None:
    names = ["a", "b", "gradients/x/gradients_1/y", "steps/a_grad/y", "steps/b_grad/y", "other/a_grad/y"]

    table = model_from_text("\n".join(f"{name} NoOp" for name in names)).graph

    rows = [table.name(row) for row in table if gradient_rows(table)[row]]
    assert rows == ["gradients/x/gradients_1/y", "steps/a_grad/y", "steps/b_grad/y"]
