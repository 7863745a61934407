"""The scopes in which `tf.gradients` puts its ops, whatever they are called.

gradients/dense/MatMul_grad/MatMul      tf.gradients(...), the default
steps/dense/MatMul_grad/MatMul          tf.gradients(..., name="steps")
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scopeview.analysis.derive.reach import Flags, per_type
from scopeview.model.op_types import GRADIENT
from scopeview.model.ops import OpTable
from scopeview.model.scopes import ScopeId

_NAMED = re.compile(r"gradients(_\d+)?|gradient_tape(_\d+)?")
_LEAST = 2
"""Ops whose gradients stand in a scope of another name: one could have any name by chance."""


def gradient_scopes(table: OpTable) -> Iterator[ScopeId]:
    """Yield the outermost scopes of gradients."""
    yield from table.cached("scopes of gradients", lambda: list(_outermost(table)))


def _outermost(table: OpTable) -> Iterator[ScopeId]:
    tree = table.scopes
    roots = set(_roots(table))
    scope = 1
    while scope < len(tree):
        if _NAMED.fullmatch(tree.label(ScopeId(scope))) or scope in roots:
            yield ScopeId(scope)
            scope = int(tree.subtree_end[scope])
        else:
            scope += 1


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


def _roots(table: OpTable) -> Iterator[int]:
    tree = table.scopes
    children: dict[str, set[str]] = defaultdict(set)
    for root, name in _gradients_of(table):
        children[root].add(name)
    for root, names in children.items():
        found = tree.find(root) if len(names) >= _LEAST else None
        if found is not None:
            yield int(found)


def _gradients_of(table: OpTable) -> list[tuple[str, str]]:
    """Return scopes `root/op_grad` for which the op is there, each as its root and the op."""
    return table.cached("gradients of ops", lambda: list(_find_gradients(table)))


def _find_gradients(table: OpTable) -> Iterator[tuple[str, str]]:
    tree = table.scopes
    for scope in (ScopeId(place) for place, label in enumerate(tree.labels) if label.endswith("_grad")):
        path = tree.path(scope).removesuffix("_grad")
        start = path.find("/")
        while start >= 0:
            if table.row(path[start + 1 :]) is not None:
                yield path[:start], path[start + 1 :]
                break
            start = path.find("/", start + 1)
