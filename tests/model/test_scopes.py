from __future__ import annotations

from collections import defaultdict

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.names import sort_key
from scopeview.model.scopes import ROOT, ScopeId, ScopeTree

NAMES = st.lists(st.lists(st.sampled_from(["a", "b", "a!", "", "c_1"]), min_size=1, max_size=5).map("/".join))


def tree_of(names: list[str]) -> ScopeTree:
    return ScopeTree(sorted(names, key=sort_key))


def naive(names: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Every scope as its segments, with the sorted names below it."""
    below: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(names, key=sort_key):
        segments = name.split("/")
        for depth in range(len(segments)):
            below[tuple(segments[:depth])].append(name)
    return dict(below) or {(): []}


@given(NAMES)
def test_every_scope_is_the_slice_of_the_names_below_it(names: list[str]) -> None:
    tree, truth = tree_of(names), naive(names)

    found = {}
    for scope in map(ScopeId, range(len(tree))):
        segments = tuple(tree.path(scope).split("/")) if scope != ROOT else ()
        found[segments] = [tree.names[row] for row in tree.rows(scope)]
        assert tree.depth[scope] == len(segments)
    assert found == truth


@given(NAMES)
def test_children_and_leaves_partition_a_scope(names: list[str]) -> None:
    tree = tree_of(names)

    for scope in map(ScopeId, range(len(tree))):
        rows = [row for child in tree.children(scope) for row in tree.rows(child)] + list(tree.leaves(scope))
        assert sorted(rows) == list(tree.rows(scope))
        assert all(tree.parent[child] == scope for child in tree.children(scope))


@given(NAMES)
def test_the_graph_is_an_arborescence_over_the_slices(names: list[str]) -> None:
    tree = tree_of(names)

    graph = tree.to_networkx()

    assert nx.is_arborescence(graph)
    assert {graph.nodes[node]["rows"] for node in graph} == {len(tree.rows(ScopeId(s))) for s in range(len(tree))}
    for parent, child in graph.edges:
        assert graph.nodes[parent]["first"] <= graph.nodes[child]["first"]
        assert graph.nodes[child]["last"] <= graph.nodes[parent]["last"]


@given(NAMES, st.data())
def test_roll_up_sums_what_lies_below(names: list[str], data: st.DataObject) -> None:
    tree = tree_of(names)
    weights = data.draw(st.lists(st.integers(0, 99), min_size=len(names), max_size=len(names)))

    sums = tree.roll_up(np.array(weights, dtype=np.int64))

    assert sums.tolist() == [sum(weights[row] for row in tree.rows(ScopeId(s))) for s in range(len(tree))]


@given(NAMES)
def test_find_is_the_inverse_of_path(names: list[str]) -> None:
    tree = tree_of(names)

    for scope in map(ScopeId, range(1, len(tree))):
        found = tree.find(tree.path(scope))
        assert found is not None
        assert tree.path(found) == tree.path(scope)
    assert tree.find("") == ROOT
    assert tree.find("not/there") is None


@given(NAMES, NAMES)
def test_counterparts_are_what_find_gives_for_each_path(names: list[str], others: list[str]) -> None:
    tree, other = tree_of(names), tree_of([*others, *names[::2]])

    for scope, counterpart in enumerate(tree.counterparts(other)):
        path = tree.path(ScopeId(scope))
        if path:
            found = other.find(path)
            assert (counterpart is None) == (found is None)
            assert counterpart is None or other.path(counterpart) == path


def test_the_example_of_the_module() -> None:
    tree = tree_of(["dense", "dense/bias/v", "dense/kernel", "loss/mean"])

    rows = [(tree.path(s), int(tree.first[s]), int(tree.last[s])) for s in map(ScopeId, range(len(tree)))]
    assert rows == [("", 0, 4), ("dense", 1, 3), ("dense/bias", 1, 2), ("loss", 3, 4)]
    assert [tree.label(child) for child in tree.children(ROOT)] == ["dense", "loss"]


@pytest.mark.parametrize("depth", [5000])
def test_nesting_of_any_depth_needs_no_recursion(depth: int) -> None:
    tree = tree_of(["/".join(["d"] * depth), "e"])

    assert len(tree) == depth
    assert nx.is_arborescence(tree.to_networkx())


@given(st.lists(st.text(alphabet="ab/_", min_size=1, max_size=6), max_size=20))
def test_own_rows_are_those_whose_names_are_the_paths(names: list[str]) -> None:
    ordered = sorted(names, key=sort_key)
    tree = ScopeTree(ordered)

    expected = [
        ordered.index(path) if (path := tree.path(ScopeId(scope))) and path in ordered else -1
        for scope in range(len(tree))
    ]
    assert tree.own_rows().tolist() == expected


@given(NAMES)
def test_scopes_are_found_by_their_labels(names: list[str]) -> None:
    tree = tree_of(names)

    found = tree.labelled(lambda label: label.startswith("a"))

    assert found == [s for s in map(ScopeId, range(1, len(tree))) if tree.label(s).startswith("a")]


@given(NAMES)
def test_rows_are_found_by_their_names(names: list[str]) -> None:
    tree = tree_of(names)

    found = {name: tree.find_row(name) for name in (*names, "a/nothing", "nothing/a")}

    assert found == {name: tree.names.index(name) if name in names else None for name in found}
