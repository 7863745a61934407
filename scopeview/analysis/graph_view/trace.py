"""What feeds something, what it feeds, what lies between two: found op by op, given as what is drawn for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.graph_index import GraphIndex, graph_index_of
from scopeview.analysis.graph_view.nodes import item_id
from scopeview.analysis.graph_view.scope_layer import layer_of, scope_of_path
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError

Direction = Literal["inputs", "outputs", "paths"]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_OPS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class LitScope:
    """What is on a trace in one opened scope."""

    scope: str
    items: tuple[str, ...]
    """Ids of the items that stand for ops of the trace."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The ops that are found, and what is drawn for them."""

    direction: Direction
    names: tuple[str, ...]
    ops: tuple[str, ...]
    """The first of them, by name."""
    total: int
    depth: int
    """Steps that were taken; with a limit of depth there may be more."""
    is_whole: bool
    lit: tuple[LitScope, ...]


def trace(  # noqa: PLR0913 - a question of the page, one parameter per field
    context: AnalysisContext,
    names: Sequence[str],
    direction: Direction,
    opened: Iterable[str] = ("",),
    *,
    function: str = "",
    view_options: ViewOptions = DEFAULT_VIEW,
    depth: int = 0,
    control: bool = False,
) -> Trace:
    """Follow the edges.

    Args:
        context: the model, analyzed.
        names: ops or scopes to begin at; `paths` takes two, in either order.
        direction: what feeds them, what they feed, or what lies between them.
        opened: the scopes that are open, the root among them: what is on the trace is shown in their terms.
        function: the function whose body is drawn; empty for the main graph.
        view_options: how the picture is drawn.
        depth: steps to take; 0 for all.
        control: whether control edges are followed too.

    Raises:
        NotFoundError: there is nothing of such a name, or not two for `paths`.
    """
    graph_index = graph_index_of(context, function)
    starts = [_rows(context, graph_index, name) for name in names]
    if not starts or (direction == "paths" and len(starts) != 2):
        raise NotFoundError("name two ops or scopes to find the paths between them, one or more to trace others")
    follow = _Follow(graph_index, control)
    if direction == "paths":
        found, taken, is_whole = _between(follow, starts[0], starts[1])
    else:
        found, taken, is_whole = follow.reach(np.concatenate(starts), forward=direction == "outputs", depth=depth)
    rows = np.flatnonzero(found)
    return Trace(
        direction,
        tuple(names),
        tuple(graph_index.table.names[row] for row in rows[:_OPS_SHOWN].tolist()),
        len(rows),
        taken,
        is_whole,
        tuple(_lit(graph_index, opened, view_options, rows)),
    )


def _between(follow: _Follow, one: Ints, other: Ints) -> tuple[Mask, int, bool]:
    for first, last in ((one, other), (other, one)):
        after, steps, _ = follow.reach(first, forward=True)
        before, _, _ = follow.reach(last, forward=False)
        both = after & before
        if both.any():
            return both, steps, True
    return np.zeros_like(both), 0, True


class _Follow:
    """The edges of a table, both ways."""

    def __init__(self, graph_index: GraphIndex, control: bool) -> None:
        columns = graph_index.table.columns
        kept = (columns.source >= 0) & (control | (columns.port >= 0))
        self._source = columns.source[kept].astype(np.int64)
        self._target = graph_index.target[kept]
        self._size = len(graph_index.table)

    def reach(self, starts: Ints, *, forward: bool, depth: int = 0) -> tuple[Mask, int, bool]:
        """Return what is reached, the steps that took, and whether nothing more would be."""
        here, there = (self._source, self._target) if forward else (self._target, self._source)
        order = np.argsort(here, kind="stable")
        begin = np.searchsorted(here[order], np.arange(self._size + 1))
        there = there[order]
        found = np.zeros(self._size, dtype=bool)
        found[starts] = True
        frontier, steps = np.unique(starts), 0
        while frontier.size and (not depth or steps < depth):
            counts = begin[frontier + 1] - begin[frontier]
            offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            reached = np.unique(there[np.repeat(begin[frontier], counts) + offsets])
            frontier = reached[~found[reached]]
            found[frontier] = True
            steps += bool(frontier.size)
        return found, steps, not frontier.size


def _rows(context: AnalysisContext, graph_index: GraphIndex, name: str) -> Ints:
    """Return the ops of a name: the op, and all below the scope."""
    scope, row = scope_of_path(graph_index, name) if name else None, graph_index.table.row(name)
    rows = ([int(row)] if row is not None else []) + (list(graph_index.tree.rows(scope)) if scope is not None else [])
    if not rows:
        raise NotFoundError(not_found(context.model, name, graph_index.table.names))
    return np.array(rows, dtype=np.int64)


def _lit(graph_index: GraphIndex, opened: Iterable[str], view_options: ViewOptions, rows: Ints) -> Iterable[LitScope]:
    for path in dict.fromkeys(opened):
        scope = scope_of_path(graph_index, path)
        if scope is None:
            continue
        layer = layer_of(graph_index, scope, view_options)
        inside = rows[(rows >= layer.first) & (rows < layer.last)]
        items = np.unique(layer.items_of_rows(inside)).tolist()
        yield LitScope(path, tuple(item_id(layer, item) for item in items))
