"""Which scopes to open at first, so that the way from the inputs to the loss can be read at once."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.nodes import GraphItem, describe_items
from scopeview.analysis.graph_view.scope_layer import DEFAULT_VIEW, ScopeLayer, layer_of, scope_of_path
from scopeview.analysis.graph_view.subgraph import find_layer

_MOST_BOXES = 30
_MOST_OF_IT = 0.6
"""Share of the computation of a level that one scope must hold: several large ones are a picture by themselves."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened of a graph that nobody has opened anything of."""

    scopes: tuple[str, ...]
    """Outermost first; each holds most of the computation of the one around it."""


def opening(context: AnalysisContext) -> Opening:
    """Open the scope that holds most of the computation, and so on inwards, while there are few boxes."""
    graph_index, layer = find_layer(context, "", "", DEFAULT_VIEW)
    found: list[str] = []
    items = _in_place(layer)
    boxes = len(items)
    while items:
        computing = sum(item.roles.get("forward", 0) for item in items)
        largest = max(items, key=lambda item: item.roles.get("forward", 0))
        scope = scope_of_path(graph_index, largest.path) if largest.can_open else None
        if scope is None or largest.kind != "scope" or largest.roles.get("forward", 0) < _MOST_OF_IT * computing:
            break
        items = _in_place(layer_of(graph_index, scope, DEFAULT_VIEW))
        boxes += len(items)
        if boxes > _MOST_BOXES:
            break
        found.append(largest.path)
    return Opening(tuple(found))


def _in_place(layer: ScopeLayer) -> list[GraphItem]:
    return [item for item in describe_items(layer) if item.aside is None]
