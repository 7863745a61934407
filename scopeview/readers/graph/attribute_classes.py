"""Ops whose attributes are equal, found without decoding any: by the bytes of the entries that matter.

attr { key: "T" value { type: DT_FLOAT } }       counts as it is
attr { key: "_class" ... }                       does not count (`UNSTRUCTURAL`)
attr { key: "value" value { tensor { ... } } }   counts by dtype and shape; the values stay where they are
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import UNSTRUCTURAL
from scopeview.model.spans import Ints, SpanIndex, Words
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.columns import HIGHEST, Fields, fields_of
from scopeview.readers.protobuf.wire import LENGTH, VARINT, Buffer

_ATTRIBUTE, _KEY, _VALUE = 5, 1, 2
_TENSOR, _DTYPE, _SHAPE = 8, 1, 2
_TENSOR_TAG = _TENSOR << 3 | LENGTH
_TENSOR_FIELDS, _MOST_FIELDS = 32, 4096
"""Fields of a tensor up to which many are read together, and up to which one is read by itself."""

_IS_HEAD = np.zeros(256, dtype=bool)
_IS_HEAD[[number << 3 | LENGTH for number in (1, 2, 3, 4)]] = True
_FIRST = np.uint64(0xFF)
_AT_ONCE = 1 << 15
_UNSTRUCTURAL = frozenset(name.encode() for name in UNSTRUCTURAL)


def classify_attributes(buffer: Buffer, start: Ints, end: Ints) -> Ints:
    """Return a number for each NodeDef, equal where all attributes that matter have equal bytes, in any order.

    Different numbers prove nothing (one value may be written in two ways), nor does -1, which is for what cannot be
    compared by bytes.

    Args:
        buffer: what the nodes lie in.
        start: shape (nodes,).
        end: shape (nodes,).
    """
    if not isinstance(buffer, bytes | memoryview):  # a file that is too large for memory
        return np.full(len(start), -1, dtype=np.int64)
    words = Words(buffer)
    firsts, which = _distinct(words, start, end)
    start, size = start[firsts], (end - start)[firsts]
    known = _Known()
    passes = [
        _classes(words, start[first : first + _AT_ONCE], size[first : first + _AT_ONCE], known)
        for first in range(0, len(start), _AT_ONCE)
    ]
    return np.concatenate(passes)[which] if passes else np.zeros(0, dtype=np.int64)


def _distinct(words: Words, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return NodeDefs of which no two have the same bytes behind their heads, and for each node which of these it has.

    Nodes of one type mostly have equal attributes, written alike: only the first of them has to be looked into.
    """
    numbers: dict[Buffer, int] = {}
    buffer = words.pieces
    behind = zip(_behind_heads(words, start, end).tolist(), end.tolist(), strict=True)
    which = np.array([numbers.setdefault(buffer[at:stop], len(numbers)) for at, stop in behind], dtype=np.int64)
    firsts = np.zeros(len(numbers), dtype=np.int64)
    firsts[which[::-1]] = np.arange(len(which))[::-1]
    return firsts, which


def _behind_heads(words: Words, start: Ints, end: Ints) -> Ints:
    """Return where the first field that is no name, type, input or device of up to 16 kB begins in each NodeDef."""
    found = start.copy()
    nodes = np.flatnonzero(start < end)
    while nodes.size:
        word = words.at(found[nodes])
        low, high = ((word >> np.uint64(shift) & _FIRST).astype(np.int64) for shift in (8, 16))
        is_long = low >= 0x80
        onward = found[nodes] + np.where(is_long, 3 + (low & 0x7F) + (high << 7), 2 + low)
        is_head = _IS_HEAD[(word & _FIRST).astype(np.int64)] & ~(is_long & (high >= 0x80))
        goes_on = is_head & (onward <= end[nodes])
        nodes = nodes[goes_on]
        found[nodes] = onward[goes_on]
        nodes = nodes[found[nodes] < end[nodes]]
    return found


class _Known:
    """Numbers for contents, the same in every pass."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[bytes, int]] = defaultdict(dict)

    def number(self, kind: str, words: Words, start: Ints, size: Ints) -> tuple[Ints, list[bytes]]:
        """Return the number of each span's content, and the distinct contents by their place in this pass."""
        index = SpanIndex(words, start, size)
        place, firsts = index.numbered()
        contents = [words.content(at, length) for at, length in zip(start[firsts], size[firsts], strict=True)]
        return self.of(kind, contents)[place], contents

    def of(self, kind: str, contents: Iterable[bytes]) -> Ints:
        numbers = self._numbers[kind]
        return np.array([numbers.setdefault(content, len(numbers)) for content in contents], dtype=np.int64)


def _classes(words: Words, start: Ints, size: Ints, known: _Known) -> Ints:
    nodes = fields_of(words, start, size)
    entries = nodes.of(_ATTRIBUTE)
    owner = nodes.owner[entries]
    inside = fields_of(words, nodes.start[entries], nodes.size[entries], most=2)
    key, value = _once(inside, _KEY, len(entries)), _once(inside, _VALUE, len(entries))
    is_odd = inside.odd | (key < 0) | (value < 0)
    odd = nodes.odd
    odd[owner[is_odd]] = True
    key, value, owner = key[~is_odd], value[~is_odd], owner[~is_odd]
    key_number, _ = known.number("key", words, inside.start[key], inside.size[key])
    matters = ~np.isin(key_number, known.of("key", _UNSTRUCTURAL))
    key_number, value, owner = key_number[matters], value[matters], owner[matters]
    value_number, is_odd = _values(words, inside.start[value], inside.size[value], known)
    odd[owner[is_odd]] = True
    return _of_entries(len(start), owner, key_number, value_number, odd, known)


def _once(fields: Fields, number: int, count: int) -> Ints:
    """Return where each message has a field, or -1 if it has it never or more than once."""
    found = fields.of(number)
    place = np.full(count, -1, dtype=np.int64)
    place[fields.owner[found]] = found
    place[np.bincount(fields.owner[found], minlength=count) != 1] = -1
    return place


def _values(words: Words, start: Ints, size: Ints, known: _Known) -> tuple[Ints, NDArray[np.bool_]]:
    """Return a number for each AttrValue, and which are not to be compared by bytes."""
    is_odd = np.zeros(len(start), dtype=bool)
    found = np.empty(len(start), dtype=np.int64)
    is_tensor = (size > 0) & (words.at(start) & _FIRST == _TENSOR_TAG)
    plain, tensors = np.flatnonzero(~is_tensor), np.flatnonzero(is_tensor)
    found[plain] = 2 * known.number("value", words, start[plain], size[plain])[0]
    inside = fields_of(words, start[tensors], size[tensors], most=1)
    content = _once(inside, _TENSOR, len(tensors))
    is_one = content >= 0
    described, odd_tensors = _tensors(words, inside.start[content[is_one]], inside.size[content[is_one]], known)
    found[tensors[is_one]] = 2 * described + 1
    is_odd[tensors[~is_one | inside.odd]] = True
    is_odd[tensors[is_one][odd_tensors]] = True
    return found, is_odd


def _tensors(words: Words, start: Ints, size: Ints, known: _Known) -> tuple[Ints, NDArray[np.bool_]]:
    """Return a number for each TensorProto by its dtype and shape."""
    fields = fields_of(words, start, size, most=_TENSOR_FIELDS)
    odd = fields.odd.copy()
    dtype = np.flatnonzero((fields.number == _DTYPE) & ~fields.is_block)
    odd[np.bincount(fields.owner[dtype], minlength=len(start)) > 1] = True
    shape = fields.of(_SHAPE)
    odd[np.bincount(fields.owner[shape], minlength=len(start)) > 1] = True
    dtype_number, shape_number = np.full(len(start), -1), np.full(len(start), -1)
    dtype_number[fields.owner[dtype]] = known.number("dtype", words, fields.start[dtype], fields.size[dtype])[0]
    shape_number[fields.owner[shape]] = known.number("shape", words, fields.start[shape], fields.size[shape])[0]
    for tensor in np.flatnonzero(fields.odd).tolist():
        found = _long_tensor(words.buffer, int(start[tensor]), int(start[tensor] + size[tensor]))
        if found is not None:
            odd[tensor] = False
            dtype_number[tensor], shape_number[tensor] = (
                known.of(kind, [content])[0] if content is not None else -1
                for kind, content in zip(("dtype", "shape"), found, strict=True)
            )
    pairs = np.stack([dtype_number, shape_number], axis=1)
    return _of_rows(pairs, known, "tensor"), odd


def _long_tensor(buffer: Buffer, start: int, end: int) -> tuple[bytes | None, bytes | None] | None:
    """Return dtype and shape of a TensorProto of many strings or numbers, each if it has it; None if it is odd."""
    contents: dict[tuple[int, int], list[bytes]] = {(_DTYPE, VARINT): [], (_SHAPE, LENGTH): []}
    try:
        for count, field in enumerate(wire.fields(buffer, start, end)):
            if count == _MOST_FIELDS or field.number > HIGHEST or not field.complete:
                return None
            if (field.number, field.wire_type) in contents:
                contents[field.number, field.wire_type].append(bytes(buffer[field.start : field.end]))
    except wire.WireError:
        return None
    if any(len(found) > 1 for found in contents.values()):
        return None
    dtype, shape = (found[0] if found else None for found in contents.values())
    return dtype, shape


def _of_rows(rows: NDArray[np.int64], known: _Known, kind: str) -> Ints:
    """Return a number for each row of an array."""
    content = Words(np.ascontiguousarray(rows).tobytes())
    size = rows.shape[1] * 8
    return known.number(kind, content, np.arange(len(rows)) * size, np.full(len(rows), size))[0]


def _of_entries(count: int, owner: Ints, key: Ints, value: Ints, odd: NDArray[np.bool_], known: _Known) -> Ints:
    """Return a number for each node by its sorted entries; -1 for odd ones, and where a key stands twice."""
    order = np.lexsort((key, owner))
    owner, key, value = owner[order], key[order], value[order]
    repeats = np.flatnonzero((np.diff(owner) == 0) & (np.diff(key) == 0))
    odd[owner[repeats]] = True
    content = Words(np.stack([key, value], axis=1).astype(np.int64).tobytes())
    size = np.bincount(owner, minlength=count) * 16
    found = known.number("attributes", content, np.cumsum(size) - size, size)[0]
    found[odd] = -1
    return found
