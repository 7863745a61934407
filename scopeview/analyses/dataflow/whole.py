"""A scope with others opened in it, as one graph: what is on a screen, for a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scopeview.analyses.dataflow.level import Level, Wishes, level_of, scope_of_path
from scopeview.analyses.dataflow.picture import (
    GraphLink,
    Outside,
    described,
    edges_of_level,
    find_level,
    links_between,
    only_linked,
    standing,
)
from scopeview.analyses.dataflow.portrait import GraphItem, portraits
from scopeview.analyses.facts import Facts

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
    facts: Facts,
    scope: str = "",
    opened: Iterable[str] = (),
    *,
    levels: int = 1,
    function: str = "",
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
) -> WholeGraph:
    """Draw a scope and what is opened in it.

    Args:
        facts: the model, analysed.
        scope: the scope; empty for all.
        opened: paths of scopes below it that are open.
        levels: levels below the scope that are drawn; 1 leaves all scopes in it closed, but those of `opened`.
        function: the function whose body is drawn; empty for the main graph.
        wishes: roles that are drawn in place, groups that are unfolded.

    Raises:
        NotFoundError: there is no such scope or function.
    """
    ground, top = find_level(facts, scope, function, wishes)
    nodes, drawn, is_cut = _nodes(top, frozenset(opened), levels)
    base, everything = standing(ground, top)
    codes = np.where(base >= 0, base - len(top.items) + len(nodes), -1)
    for level, offset in drawn:  # a scope opened within another is told after it
        codes[level.first : level.last] = level.items_of_rows(np.arange(level.first, level.last)) + offset
    edges = edges_of_level(ground, top)
    between = codes[ground.table.columns.source[edges]] != codes[ground.target[edges]]
    codes, outside = only_linked(ground, codes, everything, edges[between], len(nodes))
    return WholeGraph(
        path=facts.model.origin.path,
        scope=scope,
        function=function,
        nodes=tuple(nodes),
        outside=tuple(described(ground, outside, codes, edges[between], len(nodes))),
        links=tuple(links_between(ground, codes, edges[between])),
        edges=len(edges),
        edges_within=int(len(edges) - np.count_nonzero(between)),
        is_cut=is_cut,
    )


def _nodes(top: Level, opened: frozenset[str], levels: int) -> tuple[list[GraphNode], list[tuple[Level, int]], bool]:
    """Return the nodes, the levels that are drawn with the index of their first node, and whether it is cut."""
    ground = top.ground
    found: list[GraphNode] = []
    drawn: list[tuple[Level, int]] = []
    waiting: list[tuple[Level, int, int]] = [(top, -1, 1)]
    is_cut = False
    for level, parent, depth in waiting:
        drawn.append((level, len(found)))
        for item in portraits(level):
            scope = scope_of_path(ground, item.path) if item.can_open else None
            is_wanted = scope is not None and item.aside is None and (depth < levels or item.path in opened)
            is_open = is_wanted and len(found) < MOST_NODES
            is_cut |= is_wanted and not is_open
            if is_open and scope is not None:
                waiting.append((level_of(ground, scope, level.wishes), len(found), depth + 1))
            found.append(GraphNode(item, parent, is_open))
    return found, drawn, is_cut
