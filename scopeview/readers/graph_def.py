"""GraphDef (`graph.pb`, `graph.pbtxt`): a graph alone, in wire or text format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.model.model import Model, Origin
from scopeview.readers.file_pieces import SparseFile
from scopeview.readers.files import FileBytes, look_into, read_file
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.protobuf.wire import Buffer, WireError, fields
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_message, sniff_text
from scopeview.readers.text_format import to_wire

_VARIABLE_TYPES = (b"VariableV2", b"VarHandleOp", b"Variable")
_LOOKED_THROUGH = 8 << 20
_LARGE = 64 << 20
"""Bytes from which a file is looked at to see whether its nodes have weights in them."""

_FEWEST_BYTES = 1 << 13
"""Bytes that a node has on average where the weights are most of the file."""

_LOOKED_AT_TOGETHER = 1024


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
        is_text, notes = artifact.kind.endswith("(text)"), list[str]()
        buffer: Buffer = (None if is_text else _sparse(artifact)) or read_file(artifact.file)
        if is_text:
            buffer, notes = to_wire(buffer, "graph_def_text", path)
        origin = Origin(path, "graph_def", str(artifact.file), text=is_text)
        model = assemble(buffer, [Span(0, len(buffer))], origin)
        return replace(model, notes=(*notes, *model.notes))


def _sparse(artifact: Artifact) -> SparseFile | None:
    """Return a large file of few nodes, whose weights stay on the disk; None for any other."""
    if artifact.size_bytes < _LARGE or not isinstance(look_into(artifact.file), FileBytes):
        return None
    file = SparseFile(artifact.file)
    position, nodes = 0, 0
    try:
        for field in fields(file):
            position, nodes = field.end, nodes + 1
            if nodes % _LOOKED_AT_TOGETHER == 0 and position < nodes * _FEWEST_BYTES:
                return None
    except WireError:
        pass
    return file if position >= nodes * _FEWEST_BYTES else None


def _is_text(content: Content) -> bool:
    return sniff_message(content, "graph_def") == Certainty.NO
