"""A scope with others opened in it, as one graph: what is on a screen, for a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.nodes import GraphItem, describe_items
from scopeview.analysis.graph_view.scope_layer import ScopeLayer, layer_of, scope_of_path
from scopeview.analysis.graph_view.subgraph import (
    GraphLink,
    Outside,
    described,
    edges_of_layer,
    find_layer,
    links_between,
    only_linked,
    standing,
)
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions

MOST_NODES = 5_000


@dataclass(frozen=True, slots=True)
class GraphNode:
    """An item, and the opened scope that it is drawn in."""

    item: GraphItem
    parent: int
    """Index into `nodes`; -1 in the scope itself."""
    is_open: bool


@dataclass(frozen=True, slots=True)
class WholeGraph:
    """Everything that is drawn of a scope and of the scopes opened in it."""

    path: str
    scope: str
    function: str
    nodes: tuple[GraphNode, ...]
    outside: tuple[Outside, ...]
    links: tuple[GraphLink, ...]
    """Between nodes that are not open; an index beyond them is one of `outside`."""
    edges: int
    """Edges with at least one end in the scope."""
    edges_within: int
    is_cut: bool
    """Whether scopes stayed closed because there would be more than 5,000 nodes."""


def whole_graph(
    context: AnalysisContext,
    scope: str = "",
    opened: Iterable[str] = (),
    *,
    layers: int = 1,
    function: str = "",
    view_options: ViewOptions = DEFAULT_VIEW,
) -> WholeGraph:
    """Draw a scope and what is opened in it.

    Args:
        context: the model, analyzed.
        scope: the scope; empty for all.
        opened: paths of scopes below it that are open.
        layers: levels below the scope that are drawn; 1 leaves all scopes in it closed, but those of `opened`.
        function: the function whose body is drawn; empty for the main graph.
        view_options: roles that are drawn in place, groups that are unfolded.

    Raises:
        NotFoundError: there is no such scope or function.
    """
    graph_index, top = find_layer(context, scope, function, view_options)
    nodes, drawn, is_cut = _nodes(top, frozenset(opened), layers)
    base, everything = standing(graph_index, top)
    codes = np.where(base >= 0, base - len(top.items) + len(nodes), -1)
    for layer, offset in drawn:  # a scope opened within another comes after it
        codes[layer.first : layer.last] = layer.items_of_rows(np.arange(layer.first, layer.last)) + offset
    edges = edges_of_layer(graph_index, top)
    between = codes[graph_index.table.columns.source[edges]] != codes[graph_index.target[edges]]
    codes, outside = only_linked(graph_index, codes, everything, edges[between], len(nodes))
    return WholeGraph(
        path=context.model.origin.path,
        scope=scope,
        function=function,
        nodes=tuple(nodes),
        outside=tuple(described(graph_index, outside, codes, edges[between], len(nodes))),
        links=tuple(links_between(graph_index, codes, edges[between])),
        edges=len(edges),
        edges_within=int(len(edges) - np.count_nonzero(between)),
        is_cut=is_cut,
    )


def _nodes(
    top: ScopeLayer, opened: frozenset[str], layers: int
) -> tuple[list[GraphNode], list[tuple[ScopeLayer, int]], bool]:
    """Return the nodes, the levels that are drawn with the index of their first node, and whether it is cut."""
    graph_index = top.graph_index
    found: list[GraphNode] = []
    drawn: list[tuple[ScopeLayer, int]] = []
    waiting: list[tuple[ScopeLayer, int, int]] = [(top, -1, 1)]
    is_cut = False
    for layer, parent, depth in waiting:
        drawn.append((layer, len(found)))
        for item in describe_items(layer):
            scope = scope_of_path(graph_index, item.path) if item.can_open else None
            is_wanted = scope is not None and item.hidden_by is None and (depth < layers or item.path in opened)
            is_open = is_wanted and len(found) < MOST_NODES
            is_cut |= is_wanted and not is_open
            if is_open and scope is not None:
                waiting.append((layer_of(graph_index, scope, layer.view_options), len(found), depth + 1))
            found.append(GraphNode(item, parent, is_open))
    return found, drawn, is_cut
