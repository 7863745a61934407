"""Links between rows, reduced to what is visible: counted as a plain loop would."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.links import Frontier, group_pairs, reduce_links
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeId, ScopeTree

NAMES = ["a/b/x", "a/b/y", "a/z", "a", "c", "d/e/f/g", "d/h"]


def tree(names: list[str]) -> ScopeTree:
    return ScopeTree(sorted(names, key=sort_key))


def frontier(of: ScopeTree, *opened: str) -> Frontier:
    return Frontier(of, [scope for path in opened if (scope := of.find(path)) is not None])


def label(side: Frontier, code: int) -> str:
    return side.tree.names[code] if code >= 0 else f"{side.tree.path(ScopeId(~code))}/"


def test_what_is_visible_is_in_the_order_of_the_tree() -> None:
    of = tree(NAMES)

    assert [label(side, c) for side in [frontier(of)] for c in side.visible.tolist()] == ["a", "a/", "c", "d/"]
    side = frontier(of, "a", "d", "d/e")
    assert [label(side, code) for code in side.visible.tolist()] == ["a", "a/b/", "a/z", "c", "d/e/f/", "d/h"]
    # A scope that is opened below a closed one changes nothing until that one is opened too.
    assert frontier(of, "a/b").codes.tolist() == frontier(of).codes.tolist()


def test_no_names_no_links() -> None:
    empty = Frontier(tree([]), [])

    found = reduce_links(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64), empty, empty)

    assert (len(empty.visible), len(found.weight)) == (0, 0)


PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


@given(st.data())
def test_counts_are_those_of_a_plain_loop(data: st.DataObject) -> None:
    sides = [tree(sorted(data.draw(st.sets(PATHS, min_size=1, max_size=12)))) for _ in range(2)]
    opened = [data.draw(st.lists(PATHS, max_size=5)) for _ in range(2)]
    left, right = (frontier(side, *paths) for side, paths in zip(sides, opened, strict=True))
    rows = [st.integers(0, len(side.names) - 1) for side in sides]
    pairs = data.draw(st.lists(st.tuples(*rows, st.integers(0, 3)), max_size=20))

    ends = np.array([pair[:2] for pair in pairs], dtype=np.int64).reshape(-1, 2)
    found = reduce_links(ends, np.array([pair[2] for pair in pairs], dtype=np.int64), left, right)

    def visible(side: Frontier, row: int) -> str:
        path = ""
        for segment in side.tree.names[row].split("/")[:-1]:
            path = f"{path}/{segment}" if path else segment
            if side.tree.find(path) not in side.opened:
                return f"{path}/"
        return side.tree.names[row]

    expected: Counter[tuple[str, str]] = Counter()
    for one, other, weight in pairs:
        expected[visible(left, one), visible(right, other)] += weight
    links = zip(found.left.tolist(), found.right.tolist(), found.weight.tolist(), strict=True)
    assert {(label(left, one), label(right, other)): weight for one, other, weight in links} == dict(expected)


def test_equal_pairs_are_brought_together_in_the_order_of_both_sides() -> None:
    left, right = np.array([2, 1, 2, 1, 2]), np.array([0, 5, 0, 4, 1])
    order, starts = group_pairs(left, right)

    assert order.tolist() == [3, 1, 0, 2, 4]
    assert starts.tolist() == [0, 1, 2, 4]
    assert [part.tolist() for part in group_pairs(left[:0], right[:0])] == [[], []]
