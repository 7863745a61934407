"""Tables and records whose checksums are right, so that mutants get past them and into the messages."""

from __future__ import annotations

import io
import random
import struct

from fuzz.mutate import as_bytes, mutate
from scopeview.readers.checkpoint import table
from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.protobuf.wire import LENGTH, WireError, encode_varint, fields
from scopeview.readers.records import records
from scopeview.writers.table import write_table


def mutate_table(raw: bytes, header: str, message: str, chance: random.Random) -> bytes:
    """Return a table with other keys, or other messages as values; now and then with other bytes.

    Args:
        raw: bytes of a table.
        header: the message of the empty key.
        message: the message of every other key.
        chance: where the choices come from.
    """
    notes: list[str] = []
    try:
        rows = {entry.key: bytes(entry.value) for entry in table.entries(raw, notes)}
    except ValueError:
        return as_bytes(raw, chance)
    if not rows or chance.random() < 0.2:
        return as_bytes(raw, chance)
    key = chance.choice(list(rows))
    if chance.random() < 0.25:
        rows[as_bytes(key, chance)[:4096]] = rows.pop(key)
    else:
        rows[key] = mutate(rows[key], message if key else header, chance)
    file = io.BytesIO()
    write_table(file, sorted(rows.items()))
    return file.getvalue()


_GRAPHS_OF_EVENTS = {4: "GraphDef", 9: "MetaGraphDef"}
"""The fields of an Event that hold a graph (tensorflow/core/util/event.proto)."""


def mutate_events(raw: bytes, chance: random.Random) -> bytes:
    """Return an event file with one of its graphs or other fields changed, or a record left out or repeated."""
    notes: list[str] = []
    found = [bytes(raw[start:end]) for start, end in records(raw, notes)]
    if not found or chance.random() < 0.15:
        return as_bytes(raw, chance)
    at = chance.randrange(len(found))
    if chance.random() < 0.2:
        found[at:at] = [found[chance.randrange(len(found))]] * chance.choice((0, 1, 5))
    else:
        found[at] = _event(found[at], chance)
    return b"".join(map(_record, found))


def _event(event: bytes, chance: random.Random) -> bytes:
    try:
        graphs = [field for field in fields(event) if field.number in _GRAPHS_OF_EVENTS and field.wire_type == LENGTH]
    except WireError:
        graphs = []
    if not graphs or chance.random() < 0.1:
        return as_bytes(event, chance)
    field = chance.choice(graphs)
    content = mutate(event[field.start : field.end], _GRAPHS_OF_EVENTS[field.number], chance)
    return encode_varint(field.number << 3 | LENGTH) + encode_varint(len(content)) + content


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))
