"""A `.meta` file: one MetaGraphDef, in wire or text format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.model.model import Model, Origin
from scopeview.readers.files import read_file
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_message, sniff_text
from scopeview.readers.text_format import to_wire


class MetaGraphReader:
    """Reads a `.meta` file."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the fields are those of a MetaGraphDef."""
        return max(sniff_message(content, "meta_graph"), sniff_text(content, "meta_graph_text"))

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the MetaGraph."""
        kind = "MetaGraph (text)" if sniff_message(content, "meta_graph") == Certainty.NO else "MetaGraph"
        yield Artifact(name, kind, content.path, self, content.size)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read the MetaGraph."""
        del tags
        buffer, is_text, notes = read_file(artifact.file), artifact.kind.endswith("(text)"), list[str]()
        if is_text:
            buffer, notes = to_wire(buffer, "meta_graph_text", path)
        origin = Origin(path, "meta_graph", str(artifact.file), text=is_text)
        model = read_meta_graph(buffer, Span(0, len(buffer)), origin)
        return replace(model, notes=(*notes, *model.notes))
