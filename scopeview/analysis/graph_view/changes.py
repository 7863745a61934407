"""A diff of two graphs in the picture of one of them: what is gone, new, changed or renamed in each item."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.graphs import GraphDiff, OpChange, diff_graphs
from scopeview.analysis.graph_view.nodes import item_id
from scopeview.analysis.graph_view.scope_layer import ScopeLayer
from scopeview.analysis.graph_view.subgraph import find_layer
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions
from scopeview.model.names import is_within, scope_of

_NAMED = 50


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What a diff says of one item."""

    id: str
    gone: int
    """Ops of it that the other graph does not have."""
    changed: int
    renamed: int
    new: int
    """Ops that only the other graph has, and that would be in it."""


@dataclass(frozen=True, slots=True)
class PictureChanges:
    """What a diff says of one opened scope."""

    scope: str
    items: tuple[ItemChange, ...]
    """Items of which it says anything."""
    new: tuple[str, ...]
    """Scopes and ops directly in the scope that only the other graph has; the first of them."""
    total_new: int


def graph_difference(a: AnalysisContext, b: AnalysisContext, of_main: GraphDiff | None) -> GraphDiff | None:
    """Return the diff of what is drawn of two models: programs are compared as they are inlined.

    Args:
        a: the graph that is drawn: a program, or the main graph.
        b: the same of the other model.
        of_main: the diff of the main graphs, as it was worked out.
    """
    if a.model.entry is None and b.model.entry is None:
        return of_main
    one, other = a.model.graph, b.model.graph
    if not len(one) or not len(other):
        return None
    # The other side is kept with the answer, so that no other ever has its identity.
    _, found = a.cached(("graph difference", id(b)), lambda: (b, diff_graphs(one, other, {})))
    return found


def changes_in_picture(
    context: AnalysisContext,
    found: GraphDiff | None,
    scope: str = "",
    *,
    view_options: ViewOptions = DEFAULT_VIEW,
) -> PictureChanges:
    """Tell the changes of a diff by the items of a picture.

    Args:
        context: the graph that is drawn, side A of the diff.
        found: the diff, as `graph_difference` returns it; None where one side has no graph.
        scope: the scope that is drawn.
        view_options: how it is drawn.

    Raises:
        NotFoundError: there is no such scope.
    """
    graph_index, layer = find_layer(context, scope, "", view_options)
    changes = found.ops if found is not None else ()
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    unmatched: dict[str, None] = {}
    by_path = _by_path(layer)
    for change in changes:
        row = graph_index.table.row(change.a) if change.a is not None else None
        if row is not None:
            if layer.first <= row < layer.last:
                counts[int(layer.item_of_unit[layer.unit_of_row[row - layer.first]])][_word(change)] += 1
        elif change.b is not None and is_within(change.b, scope):
            child = _child(change.b, scope)
            if child in by_path and scope_of(change.b) != scope:
                counts[by_path[child]]["new"] += 1
            else:
                unmatched[child] = None
    return PictureChanges(
        scope=scope,
        items=tuple(_item_changes(layer, counts)),
        new=tuple(unmatched)[:_NAMED],
        total_new=len(unmatched),
    )


def _by_path(layer: ScopeLayer) -> Mapping[str, int]:
    units = enumerate(layer.units)
    return {unit.path: int(layer.item_of_unit[index]) for index, unit in units if unit.scope is not None}


def _child(name: str, scope: str) -> str:
    start = len(scope) + 1 if scope else 0
    end = name.find("/", start)
    return name if end < 0 else name[:end]


def _word(change: OpChange) -> str:
    return "gone" if change.status == "removed" else change.status


def _item_changes(layer: ScopeLayer, counts: Mapping[int, Counter[str]]) -> Iterable[ItemChange]:
    for index, found in sorted(counts.items()):
        yield ItemChange(item_id(layer, index), found["gone"], found["changed"], found["renamed"], found["new"])
