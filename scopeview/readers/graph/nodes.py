"""GraphDef to OpTable: nodes one by one, straight from the file's bytes.

message GraphDef { repeated NodeDef node = 1; FunctionDefLibrary library = 2; int32 version = 3 [deprecated];
                   VersionDef versions = 4; GraphDebugInfo debug_info = 5; }
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from scopeview.model.builder import OpTableBuilder
from scopeview.model.heads import table_of_heads
from scopeview.model.model import Dangling
from scopeview.model.notes import NotRead
from scopeview.model.ops import OpTable
from scopeview.model.spans import Words
from scopeview.readers.graph.attribute_columns import ATTRIBUTE_COLUMNS
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.graph.node_columns import read_heads
from scopeview.readers.progress import report_progress
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import Buffer

_NODE, _LIBRARY, _VERSION, _VERSIONS, _DEBUG_INFO = 1, 2, 3, 4, 5
_NODE_TAG = _NODE << 3 | wire.LENGTH
_LONGEST_SIZE = 4
"""Bytes of the size of a node that are read here: up to 256 MB."""
COLUMNS_FROM = 256
"""Nodes from which a graph is read in columns."""

_LONG_NODE = 1 << 16
"""Bytes from which a node is not copied to read its head: it has a weight."""

_REPORTED_EVERY = 2048
"""Nodes between two reports of progress."""


class Span(NamedTuple):
    """Where a message lies in the buffer; `complete` is False if the file ends inside it."""

    start: int
    end: int
    complete: bool = True


@dataclass
class GraphParts:
    """The fields of a GraphDef, located but not decoded."""

    node_starts: array[int] = field(default_factory=lambda: array("q"))
    node_ends: array[int] = field(default_factory=lambda: array("q"))
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
            position = _take_nodes(buffer, span.start, span.end, parts)
            while position < span.end:
                found = next(wire.fields(buffer, position, span.end))
                _take(buffer, found, parts)
                position = _take_nodes(buffer, found.end, span.end, parts)
        except wire.WireError as error:
            parts.notes.append(
                NotRead(f"the graph is damaged at byte {error.offset:,}; what stands before it is shown")
            )
    return parts


def _take_nodes(buffer: Buffer, start: int, end: int, parts: GraphParts) -> int:
    """Take the nodes that stand one after the other; return where something else starts."""
    position, last = start, end - _LONGEST_SIZE
    starts, ends = parts.node_starts.append, parts.node_ends.append
    while position < last and buffer[position] == _NODE_TAG:
        size = buffer[position + 1]
        if size < 0x80:
            content = position + 2
        else:
            more, content = buffer[position + 2], position + 3
            size += (more - 1) << 7
            if more >= 0x80:
                shift = 7
                while more >= 0x80 and shift < 7 * _LONGEST_SIZE - 7:
                    more, content, shift = buffer[content], content + 1, shift + 7
                    size += (more - 1) << shift
                if more >= 0x80:
                    break
        after = content + size
        if after > end:
            break
        starts(content)
        ends(after)
        position = after
    return position


def _take(buffer: Buffer, found: wire.Field, parts: GraphParts) -> None:
    span = Span(found.start, found.end, found.complete)
    if found.number == _NODE and found.wire_type == wire.LENGTH:
        if found.complete:
            parts.node_starts.append(found.start)
            parts.node_ends.append(found.end)
        else:
            parts.notes.append(_cut_off(f"node number {len(parts.node_starts) + 1:,}", found.end))
    elif found.number == _LIBRARY and found.wire_type == wire.LENGTH:
        parts.libraries.append(span)
        if not found.complete:
            parts.notes.append(_cut_off("the function library", found.end))
    elif found.number == _VERSIONS and found.complete:
        try:
            versions = parse("VersionDef", bytes(buffer[found.start : found.end]))
            parts.producer, parts.min_consumer = versions.producer, versions.min_consumer or None
        except DecodeError as error:
            parts.notes.append(f"the versions of the graph could not be decoded: {error}")
    elif found.number == _DEBUG_INFO and found.complete:
        parts.debug_info.append(span)
    elif found.number == _VERSION and parts.producer is None:
        parts.producer = found.value
    elif not found.complete:
        parts.notes.append(_cut_off("the graph", found.end))


def _cut_off(what: str, end: int) -> NotRead:
    return NotRead(f"the file is truncated: it ends at byte {end:,} inside {what}; what is complete is shown")


def read_nodes(buffer: Buffer, spans: Iterable[Span], builder: OpTableBuilder, notes: list[str]) -> None:
    """Add the heads of nodes to a builder, one by one; what is damaged is kept as far as it can be read."""
    for number, span in enumerate(spans):
        if number % _REPORTED_EVERY == 0:
            report_progress("reading the nodes", span.start)
        texts: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: []}
        raw = buffer[span.start : span.end]
        damage = _read_head(bytes(raw) if len(raw) <= _LONG_NODE else raw, texts)
        name = texts[1][-1] if texts[1] else f"(unnamed node {len(builder) + 1})" if damage else ""
        if damage:
            notes.append(f"node {name[:200]!r} could not be decoded in full: {damage}")
        op_type = texts[2][-1] if texts[2] else ""
        device = texts[4][-1] if texts[4] else ""
        builder.add(name, op_type, texts[3], device, (span.start, span.end))


def _read_head(raw: wire.Bytes, texts: dict[int, list[str]]) -> str:
    """Collect name (1), op (2), inputs (3) and device (4) of a node; return what is damaged, or an empty string."""
    damage = ""
    try:
        for found in wire.fields(raw):
            if not found.complete:
                return f"it ends inside field {found.number}"
            if found.number not in texts or found.wire_type != wire.LENGTH:
                continue
            text = wire.text_of(raw, found)
            texts[found.number].append(text)
            if text.encode() != raw[found.start : found.end]:
                damage = "its text is not UTF-8"
    except wire.WireError as error:
        return str(error)
    return damage


def build_graph(buffer: Buffer, parts: GraphParts) -> tuple[OpTable, list[Dangling]]:
    """Build the op table of a main graph, and list what dangles in it."""
    table, repeated = _in_columns(buffer, parts) or _one_by_one(buffer, parts)
    dangling = [Dangling("input", table.name(row), text) for row, text in table.dangling]
    dangling += [Dangling("duplicate", name, name) for name in repeated]
    return table, dangling


def _in_columns(buffer: Buffer, parts: GraphParts) -> tuple[OpTable, list[str]] | None:
    """Build the table of a large graph; None if the graph is small, or not as serializers write it."""
    if len(parts.node_starts) < COLUMNS_FROM or not isinstance(buffer, bytes | memoryview):
        return None
    starts, ends = (np.frombuffer(places, dtype=np.int64) for places in (parts.node_starts, parts.node_ends))
    heads = read_heads(Words(buffer), starts, ends - starts)
    return None if heads is None else table_of_heads(heads, decode_node, ATTRIBUTE_COLUMNS)


def _one_by_one(buffer: Buffer, parts: GraphParts) -> tuple[OpTable, list[str]]:
    builder = OpTableBuilder(buffer, decode_node, ATTRIBUTE_COLUMNS)
    spans = map(Span, parts.node_starts, parts.node_ends)
    read_nodes(buffer, spans, builder, parts.notes)
    return builder.freeze()
