"""Where graphs lie in an event: one walk over the fields that lead to them.

    Event.graph_def (4)             the graph that a FileWriter was given, with `_output_shapes` on its nodes
    Event.meta_graph_def (9)        the same with collections
    Event.tagged_run_metadata (8)   RunMetadata of a traced step
    Event.summary (5)               TF 2: a tensor that holds RunMetadata, of plugin `graph_run_metadata_graph`

RunMetadata holds partition_graphs (3) and the functions of TF 2: function_graphs (4) {pre_optimization_graph (2),
post_optimization_graph (3)}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scopeview.readers.graph.nodes import Span
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer

MOST_GRAPHS = 1000
"""Graphs of one file that are listed; the others are counted."""

_LONGEST_TAG = 200
_UNTAGGED = "run"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field that holds a graph; `{tag}` and the numbers of the fields on the way make its name."""

    name: str
    is_meta_graph: bool = False


@dataclass(frozen=True, slots=True)
class _Message:
    """A message on the way to a graph."""

    inside: Mapping[int, _Message | _Leaf]
    tag: int = 0
    """The text field that names what is inside; 0 if there is none."""
    mark: bytes = b""
    """Bytes without which no graph lies in it."""


_RUN_METADATA = _Message(
    {
        3: _Leaf("{tag}/partition_{own}"),
        4: _Message({2: _Leaf("{tag}/function_{outer}"), 3: _Leaf("{tag}/function_{outer}/optimized")}),
    }
)
_TENSOR = _Message({8: _RUN_METADATA})
_EVENT = _Message(
    {
        4: _Leaf("graph"),
        9: _Leaf("meta_graph", is_meta_graph=True),
        8: _Message({2: _RUN_METADATA}, tag=1),
        5: _Message({1: _Message({8: _TENSOR}, tag=1)}, mark=b"graph_run_metadata"),
    }
)


@dataclass(frozen=True, slots=True)
class EventGraph:
    """One graph of an event file."""

    name: str
    """`meta_graph`, `graph`, `step1/function_0`; a number follows where a name occurs again."""
    is_meta_graph: bool
    span: Span

    @property
    def size(self) -> int:
        """Bytes that it takes in the file."""
        return self.span.end - self.span.start

    @property
    def is_trace(self) -> bool:
        """Whether it is of a run or a function, and not what a writer was given."""
        return "/" in self.name

    @property
    def is_derived(self) -> bool:
        """Whether a run made it from another graph, by optimizing or by placing it."""
        return self.name.endswith("/optimized") or "/partition_" in self.name


@dataclass(slots=True)
class _Step:
    """A message that is walked over next."""

    schema: _Message
    span: Span
    tag: str
    outer: int
    """Which of its kind it is in the message around it."""
    seen: Counter[int] = field(default_factory=Counter)


def event_graphs(buffer: Buffer, event: Span) -> Iterator[EventGraph]:
    """Yield the graphs of one event."""
    return _graphs(buffer, _Step(_EVENT, event, "", 0))


def run_graphs(buffer: Buffer, run: Span) -> Iterator[EventGraph]:
    """Yield the graphs of one RunMetadata."""
    return _graphs(buffer, _Step(_RUN_METADATA, run, _UNTAGGED, 0))


def _graphs(buffer: Buffer, first: _Step) -> Iterator[EventGraph]:
    waiting = [first]
    while waiting:
        step = waiting.pop()
        inner: list[_Step] = []
        for item in _items(buffer, step):
            below, span = step.schema.inside[item.number], Span(item.start, item.end, item.complete)
            own = step.seen[item.number]
            step.seen[item.number] += 1
            if isinstance(below, _Leaf):
                yield EventGraph(below.name.format(tag=step.tag, own=own, outer=step.outer), below.is_meta_graph, span)
            else:
                inner.append(_Step(below, span, step.tag, own))
        waiting += reversed(inner)


def _items(buffer: Buffer, step: _Step) -> list[wire.Field]:
    """Return the fields of a message that lead to graphs, and take note of its tag."""
    schema, span = step.schema, step.span
    if schema.mark and schema.mark not in bytes(buffer[span.start : span.end]):
        return []
    found = []
    for item in wire.fields(buffer, span.start, span.end):
        if item.wire_type != wire.LENGTH:
            continue
        if schema.tag and item.number == schema.tag:
            shown = item._replace(end=min(item.end, item.start + _LONGEST_TAG))
            step.tag = wire.text_of(buffer, shown)
        elif item.number in schema.inside:
            found.append(item)
    if schema.tag and not step.tag:
        step.tag = _UNTAGGED
    return found


def best_first(graphs: Iterable[EventGraph]) -> list[EventGraph]:
    """Sort the graphs of a file: MetaGraphs, then graphs, the latest first; then traces, the largest first.

    TensorBoard shows the last graph and drops the others with a warning; here each has a name of its own.
    """
    latest_first = list(graphs)[::-1]
    latest_first.sort(key=_order)
    return list(_numbered(latest_first))


def _order(graph: EventGraph) -> tuple[bool, bool, bool, int]:
    return not graph.is_meta_graph, graph.is_trace, graph.is_derived, -graph.size if graph.is_trace else 0


def _numbered(graphs: list[EventGraph]) -> Iterator[EventGraph]:
    seen: Counter[str] = Counter()
    for graph in graphs:
        seen[graph.name] += 1
        count = seen[graph.name]
        name = graph.name if count == 1 else f"{graph.name}.{count}"
        yield EventGraph(name, graph.is_meta_graph, graph.span)


def listed_as(graph: EventGraph, file: str) -> tuple[str, str]:
    """Return the name of an artifact and what it is, for a graph in a file of this name."""
    kind = "MetaGraph" if graph.is_meta_graph else "trace" if graph.is_trace else "graph"
    return f"{file}:{graph.name}" if file else graph.name, kind
