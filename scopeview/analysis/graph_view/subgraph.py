"""The picture of one opened scope: its items, what stands outside and is linked with them, and the links.

Outside stands, for each op beyond the scope's sides, the item that is drawn for it at the lowest level that both are
in. A line that leaves a scope therefore goes on in the picture of the scope above, from the same item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.tensor_types import TensorFacts, carried_facts
from scopeview.analysis.graph_view.graph_index import GraphIndex, graph_index_of
from scopeview.analysis.graph_view.items import HiddenBy
from scopeview.analysis.graph_view.nodes import GraphItem, describe_items, item_id
from scopeview.analysis.graph_view.scope_layer import ScopeLayer, layer_of, scope_of_path
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError
from scopeview.model.links import group_pairs
from scopeview.model.names import leaf_of
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ROOT
from scopeview.model.shapes import Shape, element_count

Ints = NDArray[np.int64]

MOST_LINKS = 4_000
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Outside:
    """An item of a scope above, that is linked with something in this one."""

    id: str
    path: str
    """The scope or op; of a group, that of its first member."""
    scope: str
    """The scope that it is drawn in."""
    label: str
    variables: tuple[str, ...]
    """The variables that come from it; the first few."""
    total_variables: int
    hidden_by: HiddenBy | None


@dataclass(frozen=True, slots=True)
class GraphLink:
    """All edges from one item to another."""

    source: int
    """Index into `items`, or into `outside` counted on from there."""
    target: int
    data: int
    """Edges that carry a tensor."""
    control: int
    """Edges that only order execution."""
    writes: int
    """Of `data`: edges by which the target writes a variable."""
    weights: int
    """Of `data`: edges that come from a variable, or from what reads one."""
    tensors: int
    """Distinct tensors."""
    dtype: str | None
    """Of the tensor, if it is one and known."""
    shape: Shape
    shape_known: bool
    elements: int | None
    """Elements of the tensor, if it is one and its rank is known; unknown sizes count as 1."""


@dataclass(frozen=True, slots=True)
class GraphPicture:
    """One opened scope. The edges of the graph with an end in it are those of the links and those within the items."""

    scope: str
    function: str
    items: tuple[GraphItem, ...]
    outside: tuple[Outside, ...]
    links: tuple[GraphLink, ...]
    total_links: int
    """Links there are; `links` has those with most edges."""
    ops: int
    edges: int
    """Edges with at least one end in the scope."""
    edges_within: int
    """Of these, edges between ops that one item stands for."""
    dangling: int
    """Inputs that name an op that is not there."""


def picture(
    context: AnalysisContext, scope: str = "", *, function: str = "", view_options: ViewOptions = DEFAULT_VIEW
) -> GraphPicture:
    """Draw one scope of the op tree, all scopes in it closed.

    Raises:
        NotFoundError: there is no such scope or function.
    """
    graph_index, layer = find_layer(context, scope, function, view_options)
    codes, everything = standing(graph_index, layer)
    edges = edges_of_layer(graph_index, layer)
    columns = graph_index.table.columns
    between = codes[columns.source[edges]] != codes[graph_index.target[edges]]
    codes, outside = only_linked(graph_index, codes, everything, edges[between], len(layer.items))
    links = list(links_between(graph_index, codes, edges[between]))
    links.sort(key=lambda link: -(link.data + link.control))
    kept = sorted(links[:MOST_LINKS], key=lambda link: (link.source, link.target))
    return GraphPicture(
        scope=scope,
        function=function,
        items=tuple(describe_items(layer)),
        outside=tuple(described(graph_index, outside, codes, edges[between], len(layer.items))),
        links=tuple(kept),
        total_links=len(links),
        ops=layer.last - layer.first,
        edges=len(edges),
        edges_within=int(len(edges) - np.count_nonzero(between)),
        dangling=int(np.count_nonzero(_slice(graph_index, layer) < 0)),
    )


def find_layer(
    context: AnalysisContext, scope: str, function: str, view_options: ViewOptions
) -> tuple[GraphIndex, ScopeLayer]:
    """Return the level of a scope.

    Raises:
        NotFoundError: there is no such scope or function.
    """
    if function and function not in context.model.functions:
        raise NotFoundError(not_found(context.model, function, context.model.functions, "no function"))
    graph_index = graph_index_of(context, function)
    found = scope_of_path(graph_index, scope)
    if found is None:
        where = f"the function {function}" if function else context.model.origin.path
        raise NotFoundError(f"there is no scope {scope!r} among the ops of {where}")
    return graph_index, layer_of(graph_index, found, view_options)


def _slice(graph_index: GraphIndex, layer: ScopeLayer) -> Ints:
    columns = graph_index.table.columns
    return columns.source[int(columns.in_start[layer.first]) : int(columns.in_start[layer.last])].astype(np.int64)


def edges_of_layer(graph_index: GraphIndex, layer: ScopeLayer) -> Ints:
    """Return the edges with an end in the scope, and both ends in the graph."""
    source = graph_index.table.columns.source
    if layer.scope == ROOT:
        return np.flatnonzero(source >= 0)
    is_from = (source >= layer.first) & (source < layer.last)
    is_to = (graph_index.target >= layer.first) & (graph_index.target < layer.last) & (source >= 0)
    return np.flatnonzero(is_from | is_to)


def standing(graph_index: GraphIndex, layer: ScopeLayer) -> tuple[Ints, list[tuple[ScopeLayer, int]]]:
    """Return what stands for each op: an item, or something outside, counted on from the items.

    Each level above answers for the ops that no lower one has; what it has for them are its own items.
    """
    codes = np.full(len(graph_index.table), -1, dtype=np.int64)
    codes[layer.first : layer.last] = layer.items_of_rows(np.arange(layer.first, layer.last))
    outside: list[tuple[ScopeLayer, int]] = []
    first, last = layer.first, layer.last
    for scope in graph_index.chain(layer.scope)[1:]:
        above = layer_of(graph_index, scope, layer.view_options)
        rows = np.concatenate([np.arange(above.first, first), np.arange(last, above.last)])
        codes[rows] = above.items_of_rows(rows) + len(layer.items) + len(outside)
        outside += [(above, item) for item in range(len(above.items))]
        first, last = above.first, above.last
    return codes, outside


def ids_of(layer: ScopeLayer, outside: Sequence[tuple[ScopeLayer, int]]) -> dict[str, int]:
    """Return what stands for the ops, by id: what is in the scope before what is outside."""
    found = {item_id(above, item): len(layer.items) + index for index, (above, item) in enumerate(outside)}
    return found | {item_id(layer, index): index for index in range(len(layer.items))}


def only_linked(
    graph_index: GraphIndex, codes: Ints, outside: Sequence[tuple[ScopeLayer, int]], edges: Ints, offset: int
) -> tuple[Ints, list[tuple[ScopeLayer, int]]]:
    """Leave out what stands outside and has no link; returns the codes counted anew, and what is left."""
    ends = np.concatenate([codes[graph_index.table.columns.source[edges]], codes[graph_index.target[edges]]])
    kept = np.unique(ends[ends >= offset])
    number = np.full(offset + len(outside) + 1, -1, dtype=np.int64)  # the last is for -1
    number[:offset] = np.arange(offset)
    number[kept] = offset + np.arange(len(kept))
    return number[codes], [outside[code - offset] for code in kept.tolist()]


def links_between(graph_index: GraphIndex, codes: Ints, edges: Ints) -> Iterator[GraphLink]:
    """Yield the links that some edges make, one for each pair of what stands for their ends."""
    columns = graph_index.table.columns
    sources, targets = codes[columns.source[edges]], codes[graph_index.target[edges]]
    order, starts = group_pairs(sources, targets)
    if not len(starts):
        return
    edges = edges[order]
    is_control = columns.port[edges] < 0
    link_of_edge = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(edges)))
    tensors, some_edge = _tensors(graph_index, link_of_edge[~is_control], edges[~is_control], len(starts))
    weighed = (~is_control, is_control, graph_index.is_write[edges], graph_index.is_weight[edges] & ~is_control)
    sums = [np.add.reduceat(weights.astype(np.int64), starts).tolist() for weights in weighed]
    ends = sources[order[starts]].tolist(), targets[order[starts]].tolist()
    for source, target, data, control, writes, weights, number, edge in zip(
        *ends, *sums, tensors.tolist(), some_edge.tolist(), strict=True
    ):
        carried = carried_by(graph_index, edge) if number == 1 else None
        yield GraphLink(
            source=source,
            target=target,
            data=data,
            control=control,
            writes=writes,
            weights=weights,
            tensors=number,
            dtype=carried.dtype if carried is not None else None,
            shape=carried.shape if carried is not None else None,
            shape_known=carried is not None and carried.shape_known,
            elements=_elements(carried),
        )


def _elements(carried: TensorFacts | None) -> int | None:
    if carried is None or not carried.shape_known or carried.shape is None:
        return None
    return element_count(tuple(1 if size is None else size for size in carried.shape))


def carried_by(graph_index: GraphIndex, edge: int) -> TensorFacts:
    """Return dtype and shape of what an edge carries; of a variable's handle, the shape of the variable's value."""
    columns = graph_index.table.columns
    source, port = OpRow(int(columns.source[edge])), int(columns.port[edge])
    if columns.arguments[columns.argument_id[edge]]:  # in a function body ports count within a named output
        port = 0
    return carried_facts(graph_index.context.model, graph_index.function, source, port)


def _tensors(graph_index: GraphIndex, links: Ints, edges: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the number of distinct tensors of every link, and one edge of it (-1 where there is none)."""
    columns = graph_index.table.columns
    keys = (columns.argument_id[edges], columns.port[edges], columns.source[edges], links)
    order = np.lexsort(keys)
    is_new = np.zeros(len(order), dtype=bool)
    is_new[:1] = True
    for key in keys:
        is_new[1:] |= np.diff(key[order]) != 0
    distinct = order[is_new]
    some_edge = np.full(count, -1, dtype=np.int64)
    some_edge[links[distinct[::-1]]] = edges[distinct[::-1]]
    return np.bincount(links[distinct], minlength=count), some_edge


def described(
    graph_index: GraphIndex, outside: Sequence[tuple[ScopeLayer, int]], codes: Ints, edges: Ints, offset: int
) -> Iterable[Outside]:
    """Describe what is outside, with the variables that come from there."""
    columns = graph_index.table.columns
    source = columns.source[edges].astype(np.int64)
    from_outside = np.unique(source[codes[source] >= offset])
    variables: dict[int, dict[str, None]] = {}
    for row in [] if graph_index.function else from_outside.tolist():
        variable = graph_index.variable_rows.get(int(graph_index.context.weights_of[row]))
        if variable is not None:
            variables.setdefault(int(codes[row]) - offset, {})[variable.name] = None
    for index, (above, item) in enumerate(outside):
        drawn, names = above.items[item], tuple(variables.get(index, ()))
        path, scope = above.units[drawn.units[0]].path, graph_index.tree.path(above.scope)
        label = drawn.label or leaf_of(path)
        yield Outside(item_id(above, item), path, scope, label, names[:_NAMED], len(names), drawn.hidden_by)
