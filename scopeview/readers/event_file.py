"""Event files: the graphs among the summaries.

    Event.graph_def (4)             the graph that a FileWriter was given, with `_output_shapes` on its nodes
    Event.meta_graph_def (9)        the same with collections
    Event.tagged_run_metadata (8)   RunMetadata of a traced step
    Event.summary (5)               TF 2: a tensor that holds RunMetadata, of plugin `graph_run_metadata_graph`

RunMetadata holds the functions of TF 2: function_graphs (4) {pre_optimization_graph (2), post_optimization_graph (3)}.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scopeview.model.model import Model, Origin
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.records import records

_GRAPH_DEF, _SUMMARY, _TAGGED_RUN_METADATA, _META_GRAPH_DEF = 4, 5, 8, 9
_PLUGIN = b"graph_run_metadata"


@dataclass(frozen=True, slots=True)
class EventGraph:
    """One graph of an event file."""

    name: str
    """`meta_graph`, `graph`, `step1/function_0`; a number follows where a name occurs again."""
    is_meta_graph: bool
    span: Span

    @property
    def is_derived(self) -> bool:
        """Whether a run made it from another graph, by optimizing or by placing it."""
        return self.name.endswith("/optimized") or "/partition_" in self.name


def event_graphs(buffer: Buffer, notes: list[str]) -> list[EventGraph]:
    """List the graphs of an event file: MetaGraphs first, then graphs, then traced functions, each latest first."""
    found: list[EventGraph] = []
    for start, end in records(buffer, notes):
        try:
            found += _graphs_of_event(buffer, Span(start, end))
        except wire.WireError as error:
            notes.append(f"the event at byte {start:,} is damaged: {error}")
    latest_first = found[::-1]
    latest_first.sort(key=lambda graph: (not graph.is_meta_graph, graph.name != "graph", graph.is_derived))
    return list(_numbered(latest_first))


def _numbered(graphs: list[EventGraph]) -> Iterator[EventGraph]:
    """Give every graph a name of its own: TensorBoard shows the last and drops the others with a warning."""
    seen: dict[str, int] = {}
    for graph in graphs:
        seen[graph.name] = count = seen.get(graph.name, 0) + 1
        name = graph.name if count == 1 else f"{graph.name}.{count}"
        yield EventGraph(name, graph.is_meta_graph, graph.span)


def _graphs_of_event(buffer: Buffer, event: Span) -> Iterator[EventGraph]:
    for field in wire.fields(buffer, event.start, event.end):
        span = Span(field.start, field.end)
        if field.number == _GRAPH_DEF:
            yield EventGraph("graph", False, span)
        elif field.number == _META_GRAPH_DEF:
            yield EventGraph("meta_graph", True, span)
        elif field.number == _TAGGED_RUN_METADATA:
            tag, run_metadata = "", None
            for item in wire.fields(buffer, field.start, field.end):
                if item.number == 1:
                    tag = wire.text_of(buffer, item)
                elif item.number == 2:
                    run_metadata = Span(item.start, item.end)
            if run_metadata is not None:
                yield from _graphs_of_run(buffer, tag or "run", run_metadata)
        elif field.number == _SUMMARY and _PLUGIN in bytes(buffer[field.start : field.end]):
            yield from _graphs_of_summary(buffer, span)


def _graphs_of_summary(buffer: Buffer, summary: Span) -> Iterator[EventGraph]:
    """Summary.value (1) {tag (1), tensor (8) {string_val (8)}}; `graph_run_metadata` holds RunMetadata too."""
    for value in wire.fields(buffer, summary.start, summary.end):
        items = list(wire.fields(buffer, value.start, value.end))
        tag = next((wire.text_of(buffer, item) for item in items if item.number == 1), "trace")
        tensors = [item for item in items if item.number == 8 and item.wire_type == wire.LENGTH]
        for content in (part for tensor in tensors for part in wire.fields(buffer, tensor.start, tensor.end)):
            if content.number == 8:
                yield from _graphs_of_run(buffer, tag, Span(content.start, content.end))


def _graphs_of_run(buffer: Buffer, tag: str, run: Span) -> Iterator[EventGraph]:
    functions = partitions = 0
    for field in wire.fields(buffer, run.start, run.end):
        if field.number == 4 and field.wire_type == wire.LENGTH:
            for item in wire.fields(buffer, field.start, field.end):
                stage = {2: "", 3: "/optimized"}.get(item.number)
                if stage is not None:
                    name = f"{tag}/function_{functions}{stage}"
                    yield EventGraph(name, False, Span(item.start, item.end))
            functions += 1
        elif field.number == 3 and field.wire_type == wire.LENGTH:
            yield EventGraph(f"{tag}/partition_{partitions}", False, Span(field.start, field.end))
            partitions += 1


def read_event_graph(buffer: Buffer, graph: EventGraph, origin: Origin, notes: Sequence[str]) -> Model:
    """Read one graph of an event file; notes about the file become the model's."""
    if graph.is_meta_graph:
        model = read_meta_graph(buffer, graph.span, origin)
    else:
        model = assemble(buffer, [graph.span], origin)
    return replace(model, notes=(*notes, *model.notes))
