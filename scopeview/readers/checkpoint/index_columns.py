"""A large V2 index in columns: dtype, shape, shard, offset, size and checksum of all entries at once.

Only what savers write is read here; an index with anything else (a damaged block, slices, an object graph, a field that
stands twice) is for `v2.read_bundle`, which reads entry by entry and is also the oracle of the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.dtypes import dtype_name
from scopeview.model.object_paths import ATTRIBUTES, OBJECT_GRAPH_KEY
from scopeview.model.shapes import Shape
from scopeview.model.spans import Ints, SpanIndex, Words
from scopeview.model.variable_columns import Kinds, Names, StoredColumns, VariableColumns, sorted_names
from scopeview.model.variables import StoredSlice, Variable
from scopeview.readers.checkpoint import table
from scopeview.readers.checkpoint.bundle_entry import shape_of_bytes
from scopeview.readers.checkpoint.v2 import LARGEST_BLANK, V1_START, Bundle, blank_checksums, bundle_of_header
from scopeview.readers.protobuf.columns import Fields, fields_of
from scopeview.readers.protobuf.decode import DecodeError
from scopeview.readers.protobuf.wire import FIXED32, VARINT, Buffer

FEWEST = 1_000
"""Entries from which an index is read in columns."""

_BYTES_OF_ENTRY = 20
"""Bytes that an entry takes in the file at least."""

_DTYPE, _SHAPE, _SHARD, _OFFSET, _SIZE, _CHECKSUM = range(1, 7)
_WIRE = {_DTYPE: VARINT, _SHARD: VARINT, _OFFSET: VARINT, _SIZE: VARINT, _CHECKSUM: FIXED32}
_MOST_FIELDS = 8
_LARGEST_INT32 = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """The entries of an index; columns are by row of `variables`."""

    bundle: Bundle
    """The header, without entries."""
    variables: VariableColumns[Variable]
    shard: Ints
    end: Ints
    """Where the values of each end in its shard."""


def read_columns(buffer: Buffer) -> IndexColumns | None:
    """Read an index in columns; None if it is small, or not as savers write it."""
    if len(buffer) < FEWEST * _BYTES_OF_ENTRY:
        return None
    found = table.columns(buffer)
    if found is None or len(found.keys) < FEWEST or found.keys[0] != b"":
        return None
    content = found.content
    header = content[found.start[0] : found.start[0] + found.size[0]]
    blob, keys = b"".join(found.keys), found.keys[1:]
    if header[:1] == V1_START or ATTRIBUTES.encode() in blob or OBJECT_GRAPH_KEY.encode() in blob or b"\0" in blob:
        return None
    bundle = bundle_of_header(header, [])
    ordered = sorted_names(blob, np.fromiter(map(len, keys), dtype=np.int64, count=len(keys)))
    if bundle.notes or ordered is None:
        return None
    names, order = ordered
    start, size = (np.array(column[1:], dtype=np.int64)[order] for column in (found.start, found.size))
    try:
        return _of_values(bundle, names, order, Words(content), (start, size))
    except DecodeError:
        return None


def _of_values(
    bundle: Bundle, names: Names, order: Ints, words: Words, spans: tuple[Ints, Ints]
) -> IndexColumns | None:
    fields = fields_of(words, *spans, most=_MOST_FIELDS)
    numbers = _numbers(words, fields, len(order))
    if fields.odd.any() or numbers is None:
        return None
    dtype, shard, offset, size, checksum = (numbers[field] for field in _WIRE)
    if max(dtype.max(), shard.max()) > _LARGEST_INT32:
        return None
    kinds = _kinds(words, fields, dtype)
    if kinds is None:
        return None
    texts = names.column

    def make(row: int) -> Variable:
        shape, dtype = kinds.pairs[kinds.number[row]]
        place = int(shard[row]), int(offset[row]), int(size[row]), int(checksum[row])
        stored = StoredSlice(*place, is_blank=place[3] in blank_checksums(place[2], dtype))
        name = texts[row]
        return Variable(name, "checkpoint", shape, dtype, checkpoint_keys=(name,), stored=stored)

    listed = np.empty(len(order), dtype=np.int64)
    listed[order] = np.arange(len(order))
    stored_columns = StoredColumns(size, checksum, lambda: _are_blank(kinds, size, checksum))
    return IndexColumns(bundle, VariableColumns(names, kinds, listed, stored_columns, make), shard, offset + size)


def _are_blank(kinds: Kinds, size: Ints, checksum: Ints) -> NDArray[np.bool_]:
    """Return which values are all zeros or all ones, by their checksums: shape (entries,)."""
    count = len(kinds.pairs)
    size = np.minimum(size, LARGEST_BLANK + 1)
    distinct, place = np.unique(size * count + kinds.number, return_inverse=True)
    known = [blank_checksums(pair // count, kinds.pairs[pair % count][1]) for pair in distinct.tolist()]
    blanks = np.array([(*sums, -1, -1)[:2] for sums in known], dtype=np.int64)
    return np.asarray((blanks[place] == checksum[:, None]).any(1))


def _numbers(words: Words, fields: Fields, entries: int) -> dict[int, Ints] | None:
    """Return the numbers of each entry by their fields, 0 where one is left out; None if any is not as it should be."""
    columns = {field: np.zeros(entries, dtype=np.int64) for field in _WIRE}
    known = 0
    for field, column in columns.items():
        at = np.flatnonzero((fields.number == field) & ~fields.is_block)
        owner, size = fields.owner[at], fields.size[at]
        tag = field << 3 | _WIRE[field]
        if (np.bincount(owner, minlength=1) > 1).any() or (words.bytes[fields.start[at] - 1] != tag).any():
            return None
        raw = words.at(fields.start[at])
        is_fixed = field == _CHECKSUM
        column[owner] = (raw & np.uint64(0xFFFFFFFF)).astype(np.int64) if is_fixed else _varints(raw, size)
        known += len(at)
    known += int(((fields.number == _SHAPE) & fields.is_block).sum())
    return columns if known == len(fields.number) else None


def _varints(raw: NDArray[np.uint64], size: Ints) -> Ints:
    """Return the numbers of varints of up to 7 bytes, each at the start of a word."""
    found = np.zeros(len(raw), dtype=np.uint64)
    for byte in range(7):
        part = ((raw >> np.uint64(8 * byte)) & np.uint64(0x7F)) << np.uint64(7 * byte)
        found |= np.where(size > byte, part, np.uint64(0))
    return found.astype(np.int64)


def _kinds(words: Words, fields: Fields, dtype: Ints) -> Kinds | None:
    """Return shapes and dtypes; None if an entry has two shapes, or one that is not sound.

    Raises:
        DecodeError: a shape is no message.
    """
    at = np.flatnonzero((fields.number == _SHAPE) & fields.is_block)
    owner = fields.owner[at]
    if (np.bincount(owner, minlength=1) > 1).any():
        return None
    number, firsts = SpanIndex(words, fields.start[at], fields.size[at]).numbered()
    spans = zip(fields.start[at][firsts].tolist(), fields.size[at][firsts].tolist(), strict=True)
    shapes = [shape_of_bytes(words.content(start, size)) for start, size in spans]
    shapes.append(shape_of_bytes(b""))
    if any(shape.problem for shape in shapes):
        return None
    shape_of_row = np.full(len(dtype), len(shapes) - 1, dtype=np.int64)
    shape_of_row[owner] = number
    distinct, kind = np.unique(dtype * len(shapes) + shape_of_row, return_inverse=True)
    pairs: dict[tuple[Shape, str], int] = {}  # one shape may be written in several ways
    numbers = [
        pairs.setdefault((shapes[pair % len(shapes)].sizes, dtype_name(pair // len(shapes))), len(pairs))
        for pair in distinct.tolist()
    ]
    return Kinds(np.array(numbers, dtype=np.int64)[kind], list(pairs))
