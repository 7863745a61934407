"""What one link of a picture stands for: every edge of it, with its tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.subgraph import carried_by, edges_of_layer, find_layer, ids_of, standing
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions
from scopeview.errors import NotFoundError
from scopeview.model.ops import OpRow
from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One input of one op."""

    source: str
    port: int
    """Output of the source; -1 for a control edge."""
    argument: str
    """Named output of the source, in function bodies only."""
    target: str
    slot: int
    """Position in the target's list of inputs."""
    writes: bool
    """Whether the target writes the variable that it gets."""
    dtype: str | None
    shape: Shape
    shape_known: bool


@dataclass(frozen=True, slots=True)
class GraphEdges:
    """The edges of one link, a page at a time."""

    scope: str
    source: str
    target: str
    edges: tuple[GraphEdge, ...]
    total: int
    offset: int


def edges_of_link(  # noqa: PLR0913 - what names a link, and a page
    context: AnalysisContext,
    scope: str,
    source: str,
    target: str,
    *,
    function: str = "",
    view_options: ViewOptions = DEFAULT_VIEW,
    offset: int = 0,
    limit: int = 100,
) -> GraphEdges:
    """List the edges between two things of a picture, both named by their ids.

    Raises:
        NotFoundError: there is no such scope, or nothing of such an id in its picture.
    """
    graph_index, layer = find_layer(context, scope, function, view_options)
    codes, outside = standing(graph_index, layer)
    ids = ids_of(layer, outside)
    for name in (source, target):
        if name not in ids:
            raise NotFoundError(f"there is nothing called {name!r} in the picture of {scope or 'the root'}")
    edges = edges_of_layer(graph_index, layer)
    columns = graph_index.table.columns
    kept = edges[(codes[columns.source[edges]] == ids[source]) & (codes[graph_index.target[edges]] == ids[target])]
    shown = kept[offset : offset + limit].tolist()
    return GraphEdges(scope, source, target, tuple(_edge(graph_index, edge) for edge in shown), len(kept), offset)


def _edge(graph_index: GraphIndex, edge: int) -> GraphEdge:
    table, columns = graph_index.table, graph_index.table.columns
    source, target = OpRow(int(columns.source[edge])), OpRow(int(graph_index.target[edge]))
    port = int(columns.port[edge])
    carried = carried_by(graph_index, edge)
    return GraphEdge(
        source=table.name(source),
        port=port,
        argument=columns.arguments[columns.argument_id[edge]],
        target=table.name(target),
        slot=int(edge - np.int64(columns.in_start[target])),
        writes=bool(graph_index.is_write[edge]),
        dtype=carried.dtype,
        shape=carried.shape,
        shape_known=carried.shape_known,
    )
