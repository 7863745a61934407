"""Which scopes to open at first, so that the way from the inputs to the loss can be read at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.graph_view.scope_layer import DEFAULT_VIEW, ScopeLayer, layer_of
from scopeview.analysis.graph_view.subgraph import find_layer
from scopeview.model.scopes import ScopeId

_FORWARD = ROLES.index("forward")
_MOST_SCOPES = 12
_LEAST_SHARE = 0.02
"""Of the computation: a smaller scope says nothing in a first picture."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open of a graph that nobody has opened anything of, as far as it can still be read."""

    scopes: tuple[str, ...]
    """Those with most of the computation first; each lies in the root, or in one that stands before it."""


def opening(context: AnalysisContext) -> Opening:
    """Return the scopes to open, heaviest computation first; whoever draws stops when the picture is full."""
    graph_index, root = find_layer(context, "", "", DEFAULT_VIEW)
    total = int(np.count_nonzero(graph_index.roles == _FORWARD))
    closed = [(-ops, scope) for ops, scope in _closed_scopes(root)]
    heapq.heapify(closed)
    scopes: list[str] = []
    while closed and len(scopes) < _MOST_SCOPES:
        ops, scope = heapq.heappop(closed)
        if -ops < _LEAST_SHARE * total:
            break
        scopes.append(graph_index.tree.path(ScopeId(scope)))
        for inner, child in _closed_scopes(layer_of(graph_index, ScopeId(scope), DEFAULT_VIEW)):
            heapq.heappush(closed, (-inner, child))
    return Opening(tuple(scopes))


def _closed_scopes(layer: ScopeLayer) -> Iterator[tuple[int, int]]:
    """Yield the ops of the computation in each scope that can be opened, and the scope."""
    for item in layer.items:
        unit = layer.units[item.units[0]]
        holds_one = unit.path in layer.graph_index.variables  # a variable and what reads it: one box says all
        if item.hidden_by is None and len(item.units) == 1 and unit.scope is not None and not holds_one:
            yield int(np.count_nonzero(layer.graph_index.roles[unit.rows] == _FORWARD)), int(unit.scope)
