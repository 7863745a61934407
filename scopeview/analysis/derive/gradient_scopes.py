"""The scopes in which `tf.gradients` puts its ops, whatever they are called.

gradients/dense/MatMul_grad/MatMul      tf.gradients(...), the default
steps/dense/MatMul_grad/MatMul          tf.gradients(..., name="steps")
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from scopeview.analysis.derive.reach import Flags, per_type
from scopeview.model.names import leaf_of
from scopeview.model.op_types import GRADIENT
from scopeview.model.ops import OpTable
from scopeview.model.scopes import ROOT, ScopeId, ScopeTree

_NAMED = re.compile(r"gradients(_\d+)?|gradient_tape(_\d+)?")
_LEAST = 2
"""Ops whose gradients stand in a scope of another name: one could have any name by chance."""


def gradient_scopes(table: OpTable) -> Iterator[ScopeId]:
    """Yield the outermost scopes of gradients."""
    yield from table.cached("scopes of gradients", lambda: list(_outermost(table)))


def _outermost(table: OpTable) -> Iterator[ScopeId]:
    tree = table.scopes
    end = 0
    for scope in sorted({*tree.labelled(_NAMED.fullmatch), *_roots(table)}):
        if scope >= end:
            yield scope
            end = int(tree.subtree_end[scope])


def gradient_rows(table: OpTable) -> Flags:
    """Return which ops compute gradients, by their types and scopes: shape (ops,)."""
    found = per_type(table, GRADIENT.fullmatch)
    for scope in gradient_scopes(table):
        found[int(table.scopes.first[scope]) : int(table.scopes.last[scope])] = True
    return found


def differentiated(table: OpTable) -> Iterator[str]:
    """Yield the ops that somebody took the gradient of, as the scopes of their gradients name them."""
    for _, name in _gradients_of(table):
        yield name


def _roots(table: OpTable) -> Iterator[ScopeId]:
    tree = table.scopes
    children: dict[str, set[str]] = defaultdict(set)
    for root, name in _gradients_of(table):
        children[root].add(name)
    for root, names in children.items():
        found = tree.find(root) if len(names) >= _LEAST else None
        if found is not None:
            yield found


def _gradients_of(table: OpTable) -> list[tuple[str, str]]:
    """Return scopes `root/op_grad` for which the op is there, each as its root and the op."""
    return table.cached("gradients of ops", lambda: list(_find_gradients(table)))


def _find_gradients(table: OpTable) -> Iterator[tuple[str, str]]:
    for scope in scopes_of_gradients(table):
        path = table.scopes.path(scope).removesuffix("_grad")
        start = path.find("/")
        while start >= 0:
            if table.row(path[start + 1 :]) is not None:
                yield path[:start], path[start + 1 :]
                break
            start = path.find("/", start + 1)


def scopes_of_gradients(table: OpTable) -> list[ScopeId]:
    """Return the scopes `root/op_grad` whose `op` may be there: it begins with a segment that any op begins with."""
    return table.cached("scopes root/op_grad", lambda: _may_name_ops(table.scopes))


def _may_name_ops(tree: ScopeTree) -> list[ScopeId]:
    ends = tree.labelled(lambda label: label.endswith("_grad"))
    if not ends:
        return []
    tops = {tree.label(scope) for scope in tree.children(ROOT)}
    top_leaves = {leaf_of(tree.names[row]) for row in tree.leaves(ROOT)}
    # Which scopes stand behind the first segment and are called as a scope at the top; then those and all below them.
    begins = tree.depth > 1
    begins[begins] = [tree.labels[place] in tops for place in np.flatnonzero(begins).tolist()]
    around = np.zeros(len(tree) + 1, dtype=np.int64)
    np.add.at(around, np.flatnonzero(begins), 1)
    np.subtract.at(around, tree.subtree_end[begins], 1)
    is_within = np.cumsum(around) > 0
    return [scope for scope in ends if is_within[scope] or tree.label(scope).removesuffix("_grad") in top_leaves]
