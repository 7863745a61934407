"""Names sorted in columns stand as `sort_key` sorts them, and are cut into the same scopes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.name_order import NameColumn, order_names
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.model.spans import Words

NAMES = st.lists(st.text(alphabet="ab//!\0\1é_", max_size=9), max_size=25)


def columns(names: list[str]) -> tuple[bytes, np.ndarray, np.ndarray]:
    encoded = [name.encode() for name in names]
    size = np.array([len(name) for name in encoded], dtype=np.int64)
    return b"".join(encoded), np.cumsum(size) - size, size


@given(NAMES)
def test_rows_and_scopes_are_those_of_sorted_text(names: list[str]) -> None:
    blob, start, size = columns(names)
    found = order_names(Words(blob), start, size)
    assert found is not None
    expected = sorted(range(len(names)), key=lambda place: sort_key(names[place]))
    assert found.order.tolist() == expected

    text = ScopeTree([names[place] for place in expected])
    tree = ScopeTree(NameColumn(blob, start[found.order], size[found.order]), found.scopes)
    for name in ("first", "last", "parent", "depth", "subtree_end"):
        assert getattr(tree, name).tolist() == getattr(text, name).tolist(), name
    assert [*map(tree.path, map(ScopeId, range(len(tree))))] == [*map(text.path, map(ScopeId, range(len(text))))]
    assert list(tree.labels) == list(text.labels)
    assert tree.scopes_of_rows().tolist() == text.scopes_of_rows().tolist()


def test_names_that_are_nested_without_end_are_left_to_the_other_way() -> None:
    assert order_names(Words(b"a/" * 5000), np.array([0]), np.array([10_000])) is None


def test_paths_that_are_too_long_together_are_left_to_the_other_way() -> None:
    """Each level is compared whole: 900 levels of one name of 1.8 MB are 800 MB, which so small a file may not cost."""
    name = b"/".join([b"x" * 2000] * 900)
    assert order_names(Words(name), np.array([0]), np.array([len(name)])) is None
    short = b"/".join([b"x" * 20] * 900)
    assert order_names(Words(short), np.array([0]), np.array([len(short)])) is not None


@given(NAMES)
def test_a_column_is_a_sequence_of_texts(names: list[str]) -> None:
    column = NameColumn(*columns(names))

    assert list(column) == names == column
    assert [column[place] for place in range(len(column))] == names
    assert column[1:3] == names[1:3]
    assert len(column) == len(names)
