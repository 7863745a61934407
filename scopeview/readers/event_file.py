"""Event files: the graphs among the summaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.errors import UnknownFormatError
from scopeview.model.model import Model, Origin
from scopeview.model.recorded_runs import RecordedRuns
from scopeview.readers.budget import budget
from scopeview.readers.event_graphs import MOST_GRAPHS, EventGraph, best_first, event_graphs, listed_as
from scopeview.readers.files import look_into
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.records import header_is_valid, records
from scopeview.readers.step_stats import runs_in


class EventFileReader:
    """Reads the graphs of an event file."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it starts with the header of a record, whose checksum fits."""
        return Certainty.CERTAIN if header_is_valid(content.head) else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the graphs of an event file, the best first.

        Raises:
            UnknownFormatError: it has none.
        """
        notes: list[str] = []
        graphs = best_first(_graphs(content.buffer, notes))
        if not graphs:
            reason = f" ({notes[0]})" if notes else ""
            raise UnknownFormatError(
                f"{content.path} is an event file without a graph: it holds summaries only{reason}; "
                "pass the run that wrote its graph"
            )
        if len(graphs) > MOST_GRAPHS:
            notes.append(f"the event file holds {len(graphs):,} graphs; the best {MOST_GRAPHS:,} of them are listed")
        for graph in graphs[:MOST_GRAPHS]:
            label, kind = listed_as(graph, name)
            order = (0 if graph.is_meta_graph else 2 if graph.is_trace else 1, -graph.size)
            yield Artifact(
                label,
                f"{kind} of an event file",
                content.path,
                self,
                graph.size,
                order=order,
                part=graph,
                notes=tuple(notes),
            )

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read one graph of an event file; notes about the file become the model's."""
        del tags
        graph = artifact.part
        assert isinstance(graph, EventGraph)
        whole = look_into(artifact.file)
        buffer = whole[graph.span.start : graph.span.end]
        span = Span(0, len(buffer))
        origin = Origin(path, "meta_graph" if graph.is_meta_graph else "graph_def", str(artifact.file))
        model = read_meta_graph(buffer, span, origin) if graph.is_meta_graph else assemble(buffer, [span], origin)
        return replace(model, notes=(*artifact.notes, *model.notes), runs=_runs(whole))


def _runs(buffer: Buffer) -> RecordedRuns:
    """Return the steps that were recorded in the same file; its events are walked over when they are asked for."""
    return RecordedRuns(lambda: runs_in(buffer))


def _graphs(buffer: Buffer, notes: list[str]) -> list[EventGraph]:
    found: list[EventGraph] = []
    for start, end in records(buffer, notes):
        if not budget().spend(64, "the events of the file"):
            break
        try:
            for graph in event_graphs(buffer, Span(start, end)):
                if not budget().spend_items(1, "the graphs of the file"):
                    return found
                found.append(graph)
        except WireError as error:
            notes.append(f"the event at byte {start:,} is damaged: {error}")
    return found
