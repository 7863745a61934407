"""ONNX: the initializers and large constants of a model's graph and of the graphs within it, read without onnx.

The graph is walked field by field, so that the weights stay in the file; what a file larger than 2 GB keeps beside it
(`external_data`) is read from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.model.shapes import element_count
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.file_pieces import sparse
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.weights.onnx_tensor import field_names, stored_tensor, tensor_parts
from scopeview.readers.weights.scan import Scan, StoredTensor, bounded, model_of

_MODEL_FIELDS = frozenset({*range(1, 9), 14, 20, 25, 26})
_GRAPH_FIELDS = frozenset({1, 2, 5, *range(10, 17)})
_MOST_LOOKED_AT = 100
_DEEPEST = 50
_LARGEST_IR = 1000
_LONGEST_LABEL = 500
_LEAST_ELEMENTS = 64
"""Elements of a constant; smaller ones are shapes and factors."""


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
    """Return the initializers of an ONNX model, and constants that are as large as weights.

    Raises:
        DamagedError: it holds none that can be read.
    """
    walk = _Walk(sparse(path), path)
    details: dict[str, str] = {}
    names = field_names("OnnxModelProto")
    for one in walk.fields(0, len(walk.buffer)):
        name = names.get(one.number, "")
        if name == "graph" and one.wire_type == wire.LENGTH:
            walk.waiting.append(_Graph(one.start, one.end, "", 0))
        elif name.startswith("producer") and one.wire_type == wire.LENGTH:
            details[name] = wire.text_of(walk.buffer, one)[:100]
        elif name == "ir_version":
            details[name] = str(one.value)
    while walk.waiting:
        walk.add_graph(walk.waiting.pop())
    if not walk.found:
        raise DamagedError(f"{path} is an ONNX model without initializers: it holds no weights to show")
    return bounded(Scan([*walk.found.values()], tuple(dict.fromkeys(walk.notes)), details), len(walk.buffer))


class _Graph(NamedTuple):
    """A graph that waits to be read."""

    start: int
    end: int
    scope: str
    """What its names begin with: empty for the model's own."""
    depth: int


@dataclass(slots=True)
class _Walk:
    """The way through the graphs of a model, and what was found on it."""

    buffer: Buffer
    path: Path
    found: dict[str, StoredTensor] = field(default_factory=dict)
    waiting: list[_Graph] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fields(self, start: int, end: int) -> Iterator[wire.Field]:
        """Yield the fields of a message as far as it is one."""
        try:
            yield from wire.fields(self.buffer, start, end)
        except WireError as error:
            self.notes.append(f"it is damaged: {error}; what stands behind that is left out")

    def add_graph(self, graph: _Graph) -> None:
        """Add the initializers and large constants of one graph; the graphs within its nodes then wait."""
        names = field_names("OnnxGraphProto")
        for one in self.fields(graph.start, graph.end):
            name = names.get(one.number, "")
            if one.wire_type != wire.LENGTH or not name:
                continue
            if not budget().spend(ITEM_BYTES // 4, "the nodes and initializers of its graph"):
                break
            if name == "initializer":
                self._add_tensor(one, graph.scope)
            elif name == "sparse_initializer":
                self.notes.append("initializers that are stored sparse are left out")
            elif name == "node":
                self._add_node(one, graph)

    def _add_node(self, node: wire.Field, graph: _Graph) -> None:
        """Add the value of a constant, and what graphs a node has: the branches of an If, the body of a Loop."""
        names, parts_of = field_names("OnnxNodeProto"), field_names("OnnxAttributeProto")
        label = "graph"
        for one in self.fields(node.start, node.end):
            name = names.get(one.number, "")
            if name == "output" and label == "graph" and one.wire_type == wire.LENGTH:
                label = wire.text_of(self.buffer, one)[:_LONGEST_LABEL] or label
            if name != "attribute" or one.wire_type != wire.LENGTH:
                continue
            attribute, inner = "", 0
            for part in self.fields(one.start, one.end):
                kind = parts_of.get(part.number, "") if part.wire_type == wire.LENGTH else ""
                if kind == "name":
                    attribute = wire.text_of(self.buffer, part)[:_LONGEST_LABEL]
                elif kind == "t":
                    self._add_tensor(part, graph.scope, label)
                elif kind in ("g", "graphs"):
                    self._wait(part, graph, f"{label}/{attribute}{inner or ''}")
                    inner += 1

    def _wait(self, part: wire.Field, around: _Graph, scope: str) -> None:
        if around.depth < _DEEPEST:
            self.waiting.append(_Graph(part.start, part.end, f"{around.scope}{scope}/", around.depth + 1))
        else:
            self.notes.append(f"graphs within graphs, more than {_DEEPEST} levels deep, are left out")

    def _add_tensor(self, one: wire.Field, scope: str, constant: str = "") -> None:
        """Add an initializer; or a constant, under the name of the output of its op, if it is large."""
        try:
            parts = tensor_parts(self.buffer, one.start, one.end)
        except WireError as error:
            self.notes.append(f"a tensor is damaged, and is left out: {error}")
            return
        if constant and (element_count(tuple(parts.shape)) or 0) < _LEAST_ELEMENTS:
            return
        parts.is_complete = parts.is_complete and one.complete
        name = constant or parts.name
        if not one.complete and not name:
            self.notes.append("it ends in the middle of an initializer: it was cut off; fetch it again")
            return
        key = f"{scope}{name or f'initializer_{len(self.found)}'}"
        if not budget().spend(ITEM_BYTES + 2 * len(key) + 40 * len(parts.shape), "its initializers"):
            return
        if key in self.found:
            self.notes.append(f"{key[:200]!r} is there twice; the second is left out")
            return
        tensor = stored_tensor(key, parts, self.path, self.notes)
        if tensor is not None:
            self.found[key] = tensor


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
