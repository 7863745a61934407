"""The heads of many nodes at once: name, op type, inputs and device as spans, attributes left where they are.

    node 0   "w"   VariableV2                     heads.name     spans in a blob of all names
    node 1   "y"   MatMul   "x:1"  "^w"           heads.input    spans in the file, without "^" and ":1"
                                                  heads.port     1, CONTROL

Nodes that are not plain (text that is not UTF-8, fields that no serializer writes) are for the reader of single nodes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scopeview.model.heads import Heads
from scopeview.model.names import CONTROL
from scopeview.model.spans import Ints, Words
from scopeview.readers.progress import report_progress
from scopeview.readers.protobuf.columns import Fields, fields_of

_NAME, _OP, _INPUT, _DEVICE = 1, 2, 3, 4
_AT_ONCE = 1 << 15
"""Nodes of one pass, so that its columns stay in the processor's cache."""
_INDEX_DIGITS = 9
_FIRST = np.uint64(0xFF)


def read_heads(words: Words, start: Ints, size: Ints) -> Heads | None:
    """Return the heads of nodes, or None if one of them has a name or a field that is not plain.

    Args:
        words: the file.
        start: shape (nodes,); where each NodeDef starts.
        size: shape (nodes,).
    """
    passes: list[_Pass] = []
    for first in range(0, len(start), _AT_ONCE):
        report_progress("reading the nodes", int(start[first]))
        found = _read_pass(words, start[first : first + _AT_ONCE], size[first : first + _AT_ONCE])
        if found is None:
            return None
        passes.append(found)
    columns = {name: [getattr(one, name) for one in passes] for name in _Pass._fields}
    del passes

    def whole(name: str) -> Any:
        return np.concatenate(columns.pop(name))  # so that two copies of one column are the most that there are

    return Heads(
        words=words,
        names=b"".join(columns.pop("names")),
        name_size=whole("name_size"),
        op=(whole("op"), whole("op_size")),
        device=(whole("device"), whole("device_size")),
        input_count=whole("input_count"),
        input=(whole("source"), whole("source_size")),
        port=whole("port"),
        raw=(start, start + size),
    )


class _Pass(NamedTuple):
    """The heads of some nodes; sizes and ports in 32 bits, for there are many."""

    names: bytes
    name_size: Ints
    op: Ints
    op_size: NDArray[np.int32]
    device: Ints
    device_size: NDArray[np.int32]
    input_count: NDArray[np.int32]
    source: Ints
    source_size: NDArray[np.int32]
    port: NDArray[np.int32]


def _read_pass(words: Words, start: Ints, size: Ints) -> _Pass | None:
    fields = fields_of(words, start, size)
    if fields.odd.any():
        return None
    singles = [_single(fields, number, start) for number in (_NAME, _OP, _DEVICE)]
    inputs = fields.of(_INPUT)
    in_start, in_size = fields.start[inputs], fields.size[inputs]
    (name_start, name_size), (op_start, op_size), (device_start, device_size) = singles
    buffer = words.pieces
    parts = [buffer[at:end] for at, end in zip(name_start.tolist(), (name_start + name_size).tolist(), strict=True)]
    names = b"".join(parts)
    if not (names.isascii() or all(map(_is_text, parts))):
        return None
    in_start, in_size, port = split_inputs(words, in_start, in_size)
    return _Pass(
        names=names,
        name_size=name_size,
        op=op_start,
        op_size=op_size.astype(np.int32),
        device=device_start,
        device_size=device_size.astype(np.int32),
        input_count=np.bincount(fields.owner[inputs], minlength=len(start)).astype(np.int32),
        source=in_start,
        source_size=in_size.astype(np.int32),
        port=port.astype(np.int32),
    )


def _single(fields: Fields, number: int, start: Ints) -> tuple[Ints, Ints]:
    """Return the spans of a field that a node has once; the last of several counts, and a missing one is empty."""
    found = fields.of(number)
    at, size = start.copy(), np.zeros(len(start), dtype=np.int64)
    at[fields.owner[found]], size[fields.owner[found]] = fields.start[found], fields.size[found]
    return at, size


def _is_text(name: bytes | memoryview) -> bool:
    """Whether a name is UTF-8; of op types, devices and inputs the distinct ones are decoded later."""
    try:
        str(name, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def split_inputs(words: Words, start: Ints, size: Ints) -> tuple[Ints, Ints, Ints]:
    """Split entries of `NodeDef.input` of a graph as `parse_input` does: the spans of the ops, and the ports."""
    port = np.zeros(len(start), dtype=np.int64)
    is_control = (size > 0) & (words.at(start) & _FIRST == ord("^"))
    port[is_control] = CONTROL
    start, size = start + is_control, size - is_control
    left = np.flatnonzero(~is_control & (size > 1))
    value = np.zeros(len(left), dtype=np.int64)
    # From the end: digits, and then a colon.
    for digits in range(_INDEX_DIGITS + 1):
        byte = words.bytes[start[left] + size[left] - 1 - digits].astype(np.int64)
        ends = (byte == ord(":")) & (digits > 0)
        port[left[ends]] = value[ends]
        size[left[ends]] -= digits + 1
        goes_on = (byte >= ord("0")) & (byte <= ord("9")) & (size[left] > digits + 1)
        left, value = left[goes_on], value[goes_on] + (byte[goes_on] - ord("0")) * 10**digits
        if not left.size:
            break
    return start, size, port
