"""ONNX: the initializers of a model's graph and of the graphs within it, read without onnx.

The graph is walked field by field, so that the weights stay in the file; what a file larger than 2 GB keeps beside it
(`external_data`) is read from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.file_pieces import SparseFile
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.weights.onnx_tensor import field_names, stored_tensor, tensor_parts
from scopeview.readers.weights.scan import Scan, StoredTensor, model_of

_MODEL_FIELDS = frozenset({*range(1, 9), 14, 20, 25, 26})
_GRAPH_FIELDS = frozenset({1, 2, 5, *range(10, 17)})
_MOST_LOOKED_AT = 100
_DEEPEST = 50
_LARGEST_IR = 1000
_SMALL = 1024
"""Bytes of a constant up to which it is a shape or a factor."""


class OnnxReader:
    """Reads an ONNX model."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it has the version and the graph of a ModelProto, and nothing that this has not."""
        if content.size != len(content.buffer):  # packed by gzip
            return Certainty.NO
        found, is_whole = _first_fields(content.buffer, 0, None)
        numbers = {(field.number, field.wire_type) for field in found}
        if (
            not {(1, wire.VARINT), (7, wire.LENGTH)} <= numbers
            or not {number for number, _ in numbers} <= _MODEL_FIELDS
        ):
            return Certainty.NO
        version = next(field.value for field in found if field.number == 1)
        graph = next(field for field in found if field.number == 7)
        inside, is_graph_whole = _first_fields(content.buffer, graph.start, graph.end)
        is_graph = bool(inside) and {field.number for field in inside} <= _GRAPH_FIELDS
        if not is_graph or not 0 < version < _LARGEST_IR:
            return Certainty.NO
        return Certainty.CERTAIN if is_whole and is_graph_whole else Certainty.LIKELY

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        yield Artifact(name, "ONNX model", content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_onnx", artifact.file)


def scan(path: Path) -> Scan:
    """Return the initializers of an ONNX model.

    Raises:
        DamagedError: it holds none that can be read.
    """
    buffer = SparseFile(path)
    notes: list[str] = []
    found: dict[str, StoredTensor] = {}
    details: dict[str, str] = {}
    names = field_names("OnnxModelProto")
    graphs: list[tuple[int, int, str, int]] = []
    for field in _fields(buffer, 0, len(buffer), notes):
        name = names.get(field.number, "")
        if name == "graph" and field.wire_type == wire.LENGTH:
            graphs.append((field.start, field.end, "", 0))
        elif name.startswith("producer") and field.wire_type == wire.LENGTH:
            details[name] = wire.text_of(buffer, field)[:100]
        elif name == "ir_version":
            details[name] = str(field.value)
    constants = 0
    while graphs:
        start, end, scope, depth = graphs.pop()
        constants += _walk_graph(buffer, (start, end), (scope, depth), (graphs, found, path, notes))
    if not found:
        raise DamagedError(f"{path} is an ONNX model without initializers: it holds no weights to show")
    if constants:
        notes.append(f"{constants:,} ops of type Constant hold values too, which are no initializers and are left out")
    return Scan([*found.values()], tuple(dict.fromkeys(notes)), details)


def _walk_graph(
    buffer: Buffer,
    span: tuple[int, int],
    at: tuple[str, int],
    into: tuple[list[tuple[int, int, str, int]], dict[str, StoredTensor], Path, list[str]],
) -> int:
    """Add the initializers of one graph, and the graphs within its nodes to those that wait; return the constants.

    Args:
        buffer: the file.
        span: where the graph lies.
        at: the scope of its names, and how deep it lies.
        into: graphs that wait, tensors by key, the path of the file, notes.
    """
    waiting, found, path, notes = into
    scope, depth = at
    names = field_names("OnnxGraphProto")
    constants = 0
    for field in _fields(buffer, *span, notes):
        name = names.get(field.number, "")
        if field.wire_type != wire.LENGTH or not name:
            continue
        if not budget().spend(ITEM_BYTES // 4, "the nodes and initializers of its graph"):
            break
        if name == "initializer":
            _add(buffer, field, scope, found, path, notes)
        elif name == "sparse_initializer":
            notes.append("initializers that are stored sparse are left out")
        elif name == "node":
            graphs, is_constant = _within_node(buffer, field, notes)
            constants += is_constant
            if depth < _DEEPEST:
                waiting += [(*graph, f"{scope}{label}/", depth + 1) for graph, label in graphs]
            elif graphs:
                notes.append(f"graphs within graphs, more than {_DEEPEST} levels deep, are left out")
    return constants


def _add(
    buffer: Buffer, field: wire.Field, scope: str, found: dict[str, StoredTensor], path: Path, notes: list[str]
) -> None:
    try:
        parts = tensor_parts(buffer, field.start, field.end)
    except WireError as error:
        notes.append(f"an initializer is damaged, and is left out: {error}")
        return
    parts.is_complete = parts.is_complete and field.complete
    if not field.complete and not parts.name:
        notes.append("it ends in the middle of an initializer: it was cut off; fetch it again")
        return
    key = f"{scope}{parts.name or f'initializer_{len(found)}'}"
    if not budget().spend(ITEM_BYTES + 2 * len(key) + 40 * len(parts.shape), "its initializers"):
        return
    if key in found:
        notes.append(f"{key[:200]!r} is there twice; the second is left out")
        return
    tensor = stored_tensor(key, parts, path, notes)
    if tensor is not None:
        found[key] = tensor


def _within_node(buffer: Buffer, node: wire.Field, notes: list[str]) -> tuple[list[tuple[tuple[int, int], str]], bool]:
    """Return the graphs within a node, each with a name for its scope; and whether it is a constant that is large."""
    names, graph_names = field_names("OnnxNodeProto"), field_names("OnnxAttributeProto")
    found: list[tuple[tuple[int, int], str]] = []
    is_constant = False
    label = ""
    for field in _fields(buffer, node.start, node.end, notes):
        name = names.get(field.number, "")
        if name == "output" and not label and field.wire_type == wire.LENGTH:
            label = wire.text_of(buffer, field)[:200]
        if name != "attribute" or field.wire_type != wire.LENGTH:
            continue
        attribute = ""
        for part in _fields(buffer, field.start, field.end, notes):
            kind = graph_names.get(part.number, "") if part.wire_type == wire.LENGTH else ""
            is_constant = is_constant or (kind == "t" and part.end - part.start > _SMALL)
            if kind == "name":
                attribute = wire.text_of(buffer, part)[:200]
            elif kind in ("g", "graphs"):
                scope = f"{label or 'graph'}/{attribute or len(found)}"
                found.append(((part.start, part.end), scope if kind == "g" else f"{scope}/{len(found)}"))
    return found, is_constant


def _fields(buffer: Buffer, start: int, end: int, notes: list[str]) -> Iterator[wire.Field]:
    """Yield the fields of a message as far as it is one."""
    try:
        yield from wire.fields(buffer, start, end)
    except WireError as error:
        notes.append(f"it is damaged: {error}; what stands behind that is left out")


def _first_fields(buffer: Buffer, start: int, end: int | None) -> tuple[list[wire.Field], bool]:
    """Return the first fields of a message, and whether it is one as far as is looked at."""
    found: list[wire.Field] = []
    try:
        for field in wire.fields(buffer, start, end):
            found.append(field)
            if len(found) >= _MOST_LOOKED_AT:
                break
    except WireError:
        return found, False
    return found, not found or found[-1].complete
