"""GraphDef (`graph.pb`, `graph.pbtxt`): a graph alone, in wire or text format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.model.model import Model, Origin
from scopeview.readers.files import read_file
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_message, sniff_text
from scopeview.readers.text_format import to_wire

_VARIABLE_TYPES = (b"VariableV2", b"VarHandleOp", b"Variable")
_LOOKED_THROUGH = 8 << 20


class GraphDefReader:
    """Reads a GraphDef."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the fields are those of a GraphDef."""
        return max(sniff_message(content, "graph_def"), sniff_text(content, "graph_def_text"))

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the graph; whether it holds variables orders it among the graphs of a folder."""
        kind = "graph (text)" if _is_text(content) else "graph"
        start = bytes(content.buffer[:_LOOKED_THROUGH])
        has_variables = any(op_type in start for op_type in _VARIABLE_TYPES)
        yield Artifact(name, kind, content.path, self, content.size, order=(0 if has_variables else 1, -content.size))

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read the graph."""
        del tags
        buffer, is_text, notes = read_file(artifact.file), artifact.kind.endswith("(text)"), list[str]()
        if is_text:
            buffer, notes = to_wire(buffer, "graph_def_text", path)
        origin = Origin(path, "graph_def", str(artifact.file), text=is_text)
        model = assemble(buffer, [Span(0, len(buffer))], origin)
        return replace(model, notes=(*notes, *model.notes))


def _is_text(content: Content) -> bool:
    return sniff_message(content, "graph_def") == Certainty.NO
