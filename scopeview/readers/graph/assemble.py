"""From located GraphDef and MetaGraphDef parts to a Model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scopeview.model.attributes import Attributes, FunctionRef
from scopeview.model.code_lines import CodeLines
from scopeview.model.functions import Function
from scopeview.model.model import Binding, Dangling, Message, Model, Origin
from scopeview.model.op_types import FUNCTIONAL_TYPES
from scopeview.model.ops import OpTable
from scopeview.readers.budget import budget
from scopeview.readers.graph import collection_defs
from scopeview.readers.graph.functions import read_functions
from scopeview.readers.graph.nodes import GraphParts, Span, build_graph, split_graph
from scopeview.readers.graph.savers import read_savers
from scopeview.readers.graph.signatures import read_signatures
from scopeview.readers.graph.variables import AnalysisContext, graph_variables, with_collections
from scopeview.readers.progress import report_progress
from scopeview.readers.protobuf.wire import Buffer


@dataclass
class MetaGraphParts:
    """What a MetaGraphDef holds beside its graph; all empty for a bare GraphDef."""

    collections: Mapping[str, Any] = field(default_factory=dict)
    """CollectionDef by name."""
    signatures: Mapping[str, Any] = field(default_factory=dict)
    """SignatureDef by name."""
    object_graph: Any = None
    """SavedObjectGraph, or None."""
    span: Span | None = None
    """Where the MetaGraphDef lies; None for a bare GraphDef."""
    notes: list[str] = field(default_factory=list)


def assemble(buffer: Buffer, graphs: Sequence[Span], origin: Origin, meta: MetaGraphParts | None = None) -> Model:
    """Build the model of a graph and what stands beside it.

    Args:
        buffer: the bytes of the file; the model's attributes are decoded from it when asked for.
        graphs: where the GraphDef lies in it (several are merged).
        origin: where the model comes from; the producer version is filled in.
        meta: collections, signatures and object graph, if there are any.
    """
    meta = meta or MetaGraphParts()
    report_progress("looking for the nodes", 0)
    parts = split_graph(buffer, graphs)
    _keep_affordable(parts)
    graph, dangling = build_graph(buffer, parts)
    report_progress("putting variables and collections together", len(buffer))
    functions, dangling_in_functions = read_functions(buffer, parts.libraries, parts.notes)
    raw = collection_defs.decode_collections(meta.collections, graph)
    context = AnalysisContext(
        collection_defs.variable_definitions(raw),
        collection_defs.trainable_ops(raw),
        read_savers(graph, functions),
    )
    variables = graph_variables(graph, context)
    bindings: tuple[Binding, ...] = ()
    savers = context.savers
    if meta.object_graph is not None:
        from scopeview.readers.graph.bindings import read_bindings
        from scopeview.readers.graph.object_copies import merge_copies
        from scopeview.readers.graph.objects import join_objects

        variables, paths, identities = join_objects(variables, graph, meta.object_graph)
        bindings = read_bindings(meta.object_graph, functions, identities, paths)
        variables, savers = merge_copies(variables, savers, graph, meta.object_graph.nodes, paths, identities)
    collections, missing_members = collection_defs.resolve_collections(raw, graph, variables)
    signatures, missing_tensors = read_signatures(meta.signatures, graph)
    return Model(
        origin=replace(origin, producer=parts.producer, min_consumer=parts.min_consumer),
        graph=graph,
        functions=functions,
        variables=with_collections(variables, collections),
        collections=collections,
        signatures=signatures,
        savers=savers,
        bindings=bindings,
        has_objects=meta.object_graph is not None and len(meta.object_graph.nodes) > 0,
        dangling=(
            *dangling,
            *dangling_in_functions,
            *_missing_functions(graph, functions),
            *missing_members,
            *missing_tensors,
        ),
        notes=(*meta.notes, *parts.notes),
        code_lines=_code_lines(buffer, parts.debug_info),
        message=_message(buffer, graphs, meta),
    )


def _keep_affordable(parts: GraphParts) -> None:
    """Drop the nodes past what a file of this size may cost: an empty one takes two bytes."""
    affordable = budget().affordable_items()
    if not budget().spend_items(len(parts.node_starts), "the ops of the graph"):
        del parts.node_starts[affordable:], parts.node_ends[affordable:]


def _code_lines(buffer: Buffer, spans: Sequence[Span]) -> CodeLines | None:
    """Return the stacks in a graph's own debug info; they are decoded when somebody asks."""
    if not spans:
        return None
    from scopeview.readers.graph.debug_info import parse_debug_info

    return CodeLines(lambda: parse_debug_info(b"".join(bytes(buffer[span.start : span.end]) for span in spans)))


def _message(buffer: Buffer, graphs: Sequence[Span], meta: MetaGraphParts) -> Message | None:
    if meta.span is not None:
        return Message("meta_graph", buffer, meta.span.start, meta.span.end)
    return Message("graph_def", buffer, graphs[0].start, graphs[0].end) if graphs else None


def _missing_functions(graph: OpTable, functions: Mapping[str, Function]) -> Iterable[Dangling]:
    """Calls by op type need no library; functions that are attributes do."""
    bodies = [(f"{name}: ", function.body) for name, function in functions.items()]
    for prefix, table in [("", graph), *bodies]:
        for row in table.rows_of_type(*FUNCTIONAL_TYPES):
            named = _function_names(table.attributes(row))
            yield from (
                Dangling("function", f"{prefix}{table.name(row)}", name) for name in named if name not in functions
            )


def _function_names(attributes: Attributes) -> Iterable[str]:
    for value in attributes.values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, FunctionRef) and item.name:
                yield item.name
