"""Which scopes to open at first, so that the way from the inputs to the loss can be read at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.graph_view.scope_layer import ScopeLayer, layer_of
from scopeview.analysis.graph_view.subgraph import find_layer
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW
from scopeview.model.scopes import ScopeId

_FORWARD = ROLES.index("forward")
_MOST_SCOPES = 12
_MOST_MEMBERS = 40
"""Of a group that is drawn member by member in a first picture."""

_LEAST_SHARE = 0.02
"""Of the computation: a smaller scope says nothing in a first picture."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open of a graph that nobody has opened anything of, as far as it can still be read."""

    scopes: tuple[str, ...]
    """Those with most of the computation first; each lies in the root, or in one that stands before it."""
    unfolded: tuple[str, ...] = ()
    """The group to draw member by member, where the root is nothing else: ten equal towers say little as one box."""


def opening(context: AnalysisContext) -> Opening:
    """Return the scopes to open, heaviest computation first; whoever draws stops when the picture is full."""
    graph_index, root = find_layer(context, "", "", DEFAULT_VIEW)
    unfolded = _sole_group(root)
    options = replace(DEFAULT_VIEW, unfolded=frozenset(unfolded))
    root = layer_of(graph_index, root.scope, options)
    total = int(np.count_nonzero(graph_index.roles == _FORWARD))
    closed = [(-ops, scope) for ops, scope in _closed_scopes(root)]
    if unfolded:
        closed = [min(closed)]  # the others are equal to it
    heapq.heapify(closed)
    scopes: list[str] = []
    while closed and len(scopes) < _MOST_SCOPES:
        ops, scope = heapq.heappop(closed)
        if -ops < _LEAST_SHARE * total:
            break
        scopes.append(graph_index.tree.path(ScopeId(scope)))
        for inner, child in _closed_scopes(layer_of(graph_index, ScopeId(scope), options)):
            heapq.heappush(closed, (-inner, child))
    return Opening(tuple(scopes), unfolded)


def _sole_group(root: ScopeLayer) -> tuple[str, ...]:
    """Return the first member of the only group of equal scopes, if nothing else of the root is drawn."""
    drawn = [item for item in root.items if item.hidden_by is None]
    if len(drawn) != 1 or drawn[0].kind != "series" or len(drawn[0].units) > _MOST_MEMBERS:
        return ()
    first = root.units[drawn[0].units[0]]
    return (first.path,) if first.scope is not None else ()


def _closed_scopes(layer: ScopeLayer) -> Iterator[tuple[int, int]]:
    """Yield the ops of the computation in each scope that can be opened, and the scope; none of variables alone."""
    index = layer.graph_index
    is_forward = index.roles == _FORWARD
    computes = is_forward & ~index.context.gives_weights
    for item in layer.items:
        unit = layer.units[item.units[0]]
        holds_one = unit.path in index.variables  # a variable and what reads it: one box says all
        if item.hidden_by is not None or len(item.units) != 1 or unit.scope is None or holds_one:
            continue
        if computes[unit.rows].any():
            yield int(np.count_nonzero(is_forward[unit.rows])), int(unit.scope)
