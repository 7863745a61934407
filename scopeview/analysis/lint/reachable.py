"""Does what one scope computes arrive in another?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scopeview.analysis.context import AnalysisContext

_MOST_STEPS = 100_000
"""Rounds of a walk, each of which takes every op one edge further: more than any path is long in practice."""


def reaches(context: AnalysisContext, scope: str, others: Iterable[str], *, most_steps: int = _MOST_STEPS) -> bool:
    """Whether data flows from a scope of the op tree into one of several others, through forward ops alone.

    Args:
        context: the model, analyzed.
        scope: path of the scope where it starts.
        others: paths of the scopes where it may arrive.
        most_steps: edges that a path may have.
    """
    graph, tree = context.model.graph, context.model.op_scopes
    start = tree.find(scope)
    goal = np.zeros(len(graph), dtype=bool)
    for path in others:
        found = tree.find(path)
        if found is not None:
            goal[tree.first[found] : tree.last[found]] = True
    if start is None or not goal.any():
        return False
    source, target = context.forward_edges
    seen = np.zeros(len(graph), dtype=bool)
    seen[tree.first[start] : tree.last[start]] = True
    frontier = np.flatnonzero(seen)
    for _ in range(most_steps):
        first, last = np.searchsorted(source, frontier), np.searchsorted(source, frontier, side="right")
        reached = np.unique(np.concatenate([target[a:b] for a, b in zip(first, last, strict=True)] or [frontier[:0]]))
        frontier = reached[~seen[reached]]
        if goal[frontier].any():
            return True
        if not frontier.size:
            return False
        seen[frontier] = True
    return False
