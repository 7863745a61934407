"""What one link of a picture stands for: every edge of it, with its tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scopeview.analyses.dataflow.ground import Ground
from scopeview.analyses.dataflow.level import Wishes
from scopeview.analyses.dataflow.picture import edges_of_level, find_level, ids_of, port_of, standing
from scopeview.analyses.facts import Facts
from scopeview.analyses.tensors import output_facts
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
    facts: Facts,
    scope: str,
    source: str,
    target: str,
    *,
    function: str = "",
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    offset: int = 0,
    limit: int = 100,
) -> GraphEdges:
    """List the edges between two things of a picture, both named by their ids.

    Raises:
        NotFoundError: there is no such scope, or nothing of such an id in its picture.
    """
    ground, level = find_level(facts, scope, function, wishes)
    codes, outside = standing(ground, level)
    ids = ids_of(level, outside)
    for name in (source, target):
        if name not in ids:
            raise NotFoundError(f"there is nothing called {name!r} in the picture of {scope or 'the root'}")
    edges = edges_of_level(ground, level)
    columns = ground.table.columns
    kept = edges[(codes[columns.source[edges]] == ids[source]) & (codes[ground.target[edges]] == ids[target])]
    shown = kept[offset : offset + limit].tolist()
    return GraphEdges(scope, source, target, tuple(_edge(ground, edge) for edge in shown), len(kept), offset)


def _edge(ground: Ground, edge: int) -> GraphEdge:
    table, columns = ground.table, ground.table.columns
    source, target = OpRow(int(columns.source[edge])), OpRow(int(ground.target[edge]))
    port = int(columns.port[edge])
    told = output_facts(ground.facts.model, ground.function, source, port_of(ground, edge) if port >= 0 else port)
    return GraphEdge(
        source=table.name(source), port=port, argument=columns.arguments[columns.argument_id[edge]],
        target=table.name(target), slot=int(edge - np.int64(columns.in_start[target])),
        writes=bool(ground.is_write[edge]), dtype=told.dtype, shape=told.shape, shape_known=told.shape_known,
    )  # fmt: skip
