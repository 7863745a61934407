"""A record of `scopeview trace`, opened as the graph that it describes: the MetaGraph beside it, and the trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from scopeview.errors import DamagedError, NotFoundError
from scopeview.model.builder import OpTableBuilder
from scopeview.model.code_lines import CodeLine, CodeLines
from scopeview.model.model import Model, Origin
from scopeview.model.trace import Trace, TracedGraph
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.files import read_file
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import is_file
from scopeview.readers.trace_file import is_trace, parse_trace

_MOST_BYTES = 1 << 30


class TraceReader:
    """Reads `NAME.scopetrace`."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it begins as such a record does."""
        return Certainty.CERTAIN if is_trace(content.head) else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the graphs of the record, the largest first; the record alone where none was exported."""
        trace = read_record(content.path)
        graphs = _exported(trace)
        if not graphs:
            yield Artifact(name, "traced program", content.path, self, content.size, part=_NO_GRAPH)
        for graph in graphs:
            several = f"{name}:{graph.file}" if name else graph.file
            label = several if len(graphs) > 1 else name
            yield Artifact(label, "traced graph", content.path, self, content.size, part=graph.number)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read one graph of the record."""
        del tags
        trace = read_record(artifact.file)
        graph = next((one for one in trace.graphs if one.number == artifact.part), None)
        model, note = _without_graph(trace, _NO_GRAPH), _why_no_graph(trace)
        if graph is not None:
            model, note = _with_graph(trace, graph, artifact.file)
        version = trace.tensorflow_version
        origin = replace(
            model.origin, path=path, format="trace", file=str(artifact.file), details={"program": trace.program}
        )
        if not origin.tensorflow_version:
            origin = replace(origin, tensorflow_version=version)
        notes = (*([note] if note else []), *_ended(trace), *model.notes)
        return replace(model, origin=origin, notes=notes)


_NO_GRAPH = -1


def read_record(path: Path) -> Trace:
    """Read a record.

    Raises:
        DamagedError: it is no such record, or damaged.
    """
    content = read_file(path)
    if len(content) > _MOST_BYTES:
        raise DamagedError(f"{path} is larger than 1 GB; trace a part of the program")
    try:
        text = bytes(content[:]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedError(f"{path} is no text in UTF-8: {error.reason}; record it again") from error
    return parse_trace(text, str(path))


def _exported(trace: Trace) -> list[TracedGraph]:
    return sorted((graph for graph in trace.graphs if graph.file), key=lambda graph: -graph.ops)


def _with_graph(trace: Trace, graph: TracedGraph, record: Path) -> tuple[Model, str]:
    """Return the MetaGraph of a graph, and a note where it is not there: a name beside the record, never elsewhere."""
    name = Path(graph.file).name
    beside = record.parent / name
    if not name.endswith(".meta") or not is_file(beside):
        return _without_graph(trace, graph.number), (
            f"the graph {name[:80]!r} is not beside the record: variables are those of the trace; copy it there"
        )
    try:
        buffer = read_file(beside)
        model = read_meta_graph(buffer, Span(0, len(buffer)), Origin(str(beside), "meta_graph", str(beside)))
    except (DamagedError, NotFoundError) as error:
        return _without_graph(trace, graph.number), f"the graph of the record cannot be read: {error}"
    note = ""
    if len(model.graph) != graph.ops:
        note = f"{name} has {len(model.graph):,} ops and the record says {graph.ops:,}: it may be of another run"
    lines = CodeLines(partial(_stacks, trace, graph.number))
    return replace(model, code_lines=lines, trace=trace, trace_graph=graph.number), note


def _without_graph(trace: Trace, number: int) -> Model:
    """Return a model of the variables that the record knows; of every graph where no number is given."""
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    made = [
        Variable(request.variable, "traced", request.shape, request.dtype)
        for request in trace.variables
        if request.action == "created" and number in (_NO_GRAPH, request.graph)
    ]
    return Model(Origin("", "trace"), graph, {}, VariableTable(made), trace=trace, trace_graph=number)


def _why_no_graph(trace: Trace) -> str:
    whys = dict.fromkeys(graph.note for graph in trace.graphs if graph.note)
    why = f" ({'; '.join(list(whys)[:3])})" if whys else ""
    return f"the program built no graph that can be exported{why}: variables are those of the trace"


def _ended(trace: Trace) -> Iterable[str]:
    if trace.error:
        yield f"the program ended with {trace.error}; the graph is what was built until then"


def _stacks(trace: Trace, number: int) -> Mapping[str, tuple[CodeLine, ...]]:
    return {
        op: tuple(CodeLine(frame.file, frame.line, frame.function, "") for frame in stack.frames)
        for stack in trace.op_stacks
        if stack.graph == number
        for op in stack.ops
    }
