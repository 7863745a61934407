"""RunMetadata, as `Session.run(..., run_metadata=...)` fills it: the graphs that a run was made of, and its times.

The graphs are those that the run executed: cut into partitions by device and optimized, or the functions that were
traced. Times and memory of the ops are read by `step_stats`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.errors import UnknownFormatError
from scopeview.model.model import Model, Origin
from scopeview.model.recorded_runs import RecordedRuns
from scopeview.readers.event_graphs import MOST_GRAPHS, EventGraph, best_first, listed_as, run_graphs
from scopeview.readers.files import look_into
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_message
from scopeview.readers.step_stats import runs_in

_NOTE = (
    "this is a graph out of a RunMetadata: as a run executed it, perhaps one device's part of it, optimized; "
    "scopeview costs shows the times of the run"
)


class RunMetadataReader:
    """Reads the graphs of a serialized RunMetadata."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the fields are those of RunMetadata."""
        return sniff_message(content, "run_metadata")

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the graphs of the run.

        Raises:
            UnknownFormatError: it has none.
        """
        graphs = best_first(run_graphs(content.buffer, Span(0, len(content.buffer))))
        if not graphs:
            raise UnknownFormatError(
                f"{content.path} is a RunMetadata without a graph: it holds the times of a run only; "
                "record it with RunOptions(output_partition_graphs=True), or open the graph that was run"
            )
        for graph in graphs[:MOST_GRAPHS]:
            label, kind = listed_as(graph, name)
            yield Artifact(label, f"{kind} of a RunMetadata", content.path, self, graph.size, part=graph)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read one graph of the run."""
        del tags
        graph = artifact.part
        assert isinstance(graph, EventGraph)
        whole = look_into(artifact.file)
        runs = RecordedRuns(lambda: runs_in(whole))
        buffer = whole[graph.span.start : graph.span.end]
        model = assemble(buffer, [Span(0, len(buffer))], Origin(path, "graph_def", str(artifact.file)))
        return replace(model, notes=(_NOTE, *model.notes), runs=runs)
