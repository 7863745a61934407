"""GraphDef to OpTable: nodes one by one, straight from the file's bytes.

message GraphDef { repeated NodeDef node = 1; FunctionDefLibrary library = 2; int32 version = 3 [deprecated];
                   VersionDef versions = 4; GraphDebugInfo debug_info = 5; }
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from scopeview.model.builder import OpTableBuilder
from scopeview.model.model import Dangling
from scopeview.model.ops import OpTable
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.progress import report_progress
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.messages import message
from scopeview.readers.protobuf.wire import Buffer

_NODE, _LIBRARY, _VERSION, _VERSIONS, _DEBUG_INFO = 1, 2, 3, 4, 5
_TOLD_EVERY = 2048
"""Nodes between two words about progress."""


class Span(NamedTuple):
    """Where a message lies in the buffer; `complete` is False if the file ends inside it."""

    start: int
    end: int
    complete: bool = True


@dataclass
class GraphParts:
    """The fields of a GraphDef, located but not decoded."""

    nodes: list[Span] = field(default_factory=list)
    libraries: list[Span] = field(default_factory=list)
    debug_info: list[Span] = field(default_factory=list)
    producer: int | None = None
    min_consumer: int | None = None
    notes: list[str] = field(default_factory=list)


def split_graph(buffer: Buffer, spans: Iterable[Span]) -> GraphParts:
    """Locate the nodes and libraries of a GraphDef; several spans are merged, as protobuf does."""
    parts = GraphParts()
    for span in spans:
        try:
            for found in wire.fields(buffer, span.start, span.end):
                _take(buffer, found, parts)
        except wire.WireError as error:
            parts.notes.append(f"the graph is damaged at byte {error.offset:,}; what stands before it is shown")
    return parts


def _take(buffer: Buffer, found: wire.Field, parts: GraphParts) -> None:
    span = Span(found.start, found.end, found.complete)
    if found.number == _NODE and found.wire_type == wire.LENGTH:
        if found.complete:
            parts.nodes.append(span)
        else:
            parts.notes.append(_cut_off(f"node number {len(parts.nodes) + 1:,}", found.end))
    elif found.number == _LIBRARY and found.wire_type == wire.LENGTH:
        parts.libraries.append(span)
        if not found.complete:
            parts.notes.append(_cut_off("the function library", found.end))
    elif found.number == _VERSIONS and found.complete:
        try:
            versions = message("VersionDef").FromString(bytes(buffer[found.start : found.end]))
            parts.producer, parts.min_consumer = versions.producer, versions.min_consumer or None
        except decode_errors() as error:
            parts.notes.append(f"the versions of the graph could not be decoded: {error}")
    elif found.number == _DEBUG_INFO and found.complete:
        parts.debug_info.append(span)
    elif found.number == _VERSION and parts.producer is None:
        parts.producer = found.value
    elif not found.complete:
        parts.notes.append(_cut_off("the graph", found.end))


def _cut_off(what: str, end: int) -> str:
    return f"the file is truncated: it ends at byte {end:,} inside {what}; what is complete is shown"


def read_nodes(buffer: Buffer, spans: Iterable[Span], builder: OpTableBuilder, notes: list[str]) -> None:
    """Add every node to a builder; one that does not parse is kept as far as it can be read."""
    parse = message("NodeDef").FromString
    refused = decode_errors()
    for number, span in enumerate(spans):
        if number % _TOLD_EVERY == 0:
            report_progress("reading the nodes", span.start)
        raw = bytes(buffer[span.start : span.end])
        try:
            node = parse(raw)
        except refused:
            _read_damaged_node(raw, span, builder, notes)
            continue
        builder.add(node.name, node.op, node.input, node.device, (span.start, span.end))


def decode_errors() -> tuple[type[Exception], ...]:
    """Return what protobuf raises for bytes that are not the message, or hold text that is not UTF-8."""
    from google.protobuf.message import DecodeError

    return (DecodeError, UnicodeDecodeError)


def _read_damaged_node(raw: bytes, span: Span, builder: OpTableBuilder, notes: list[str]) -> None:
    """Take name, op, inputs and device of a node whose bytes TensorFlow's parser refuses."""
    texts: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: []}
    damage = "its text is not UTF-8 or an attribute is damaged"
    try:
        for found in wire.fields(raw):
            if found.number in texts and found.wire_type == wire.LENGTH:
                texts[found.number].append(wire.text_of(raw, found))
    except wire.WireError as error:
        damage = str(error)
    name = texts[1][-1] if texts[1] else f"(unnamed node {len(builder) + 1})"
    op_type = texts[2][-1] if texts[2] else ""
    device = texts[4][-1] if texts[4] else ""
    notes.append(f"node {name[:200]!r} could not be decoded in full: {damage}")
    builder.add(name, op_type, texts[3], device, (span.start, span.end))


def build_graph(buffer: Buffer, parts: GraphParts) -> tuple[OpTable, list[Dangling]]:
    """Build the op table of a main graph, and list what dangles in it."""
    builder = OpTableBuilder(buffer, decode_node)
    read_nodes(buffer, parts.nodes, builder, parts.notes)
    table, repeated = builder.freeze()
    dangling = [Dangling("input", table.name(row), text) for row, text in table.dangling]
    dangling += [Dangling("duplicate", name, name) for name in repeated]
    return table, dangling
