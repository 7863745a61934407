"""One entry of a checkpoint's index, BundleEntryProto: a large index has hundreds of thousands, and few shapes.

What serializers write is read field by field here; anything else is for the table of messages, which knows all fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from scopeview.model.shapes import Shape, element_count
from scopeview.readers.graph.attributes import shape_of
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import WireError, varint

_DTYPE, _SHARD, _OFFSET, _SIZE = 0x08, 0x18, 0x20, 0x28
_SHAPE, _CHECKSUM = 0x12, 0x35
"""Tags: number and wire type."""

_LARGEST = {_DTYPE: 1 << 31, _SHARD: 1 << 31, _OFFSET: 1 << 63, _SIZE: 1 << 63}
"""Numbers from which a field is negative."""


class StoredShape(NamedTuple):
    """A shape, decoded once for all entries that have it."""

    lengths: tuple[int, ...]
    """As the file has them: of something damaged, negative."""
    sizes: Shape
    problem: str
    """What is wrong with it; empty for what TensorFlow writes."""


class BundleEntry(NamedTuple):
    """Where a checkpoint keeps a tensor."""

    dtype: int
    shape: StoredShape
    shard_id: int
    offset: int
    size: int
    crc32c: int
    slices: Sequence[Any] = ()
    """TensorSliceProto of each part of a partitioned variable."""


def decode_bundle_entry(raw: bytes) -> BundleEntry:
    """Decode an entry.

    Raises:
        DecodeError: the bytes are no BundleEntryProto.
    """
    try:
        plain = _plain_entry(raw)
    except (IndexError, WireError, DecodeError):
        plain = None
    if plain is not None:
        return plain
    found = parse("BundleEntryProto", raw)
    shape = _described(found.shape)
    return BundleEntry(found.dtype, shape, found.shard_id, found.offset, found.size, found.crc32c, found.slices)


def _plain_entry(raw: bytes) -> BundleEntry | None:
    """Decode an entry without slices, each field once at most; None if it is another."""
    shape, checksum = b"", 0
    numbers = {_DTYPE: 0, _SHARD: 0, _OFFSET: 0, _SIZE: 0}
    position, end = 0, len(raw)
    while position < end:
        tag = raw[position]
        if tag in numbers:
            value, position = raw[position + 1], position + 2
            if value >= 0x80:
                value, position = varint(raw, position - 1)
            if value >= _LARGEST[tag]:
                return None
            numbers[tag] = value
        elif tag == _SHAPE and not shape and raw[position + 1] < 0x80:
            start, position = position + 2, position + 2 + raw[position + 1]
            shape = raw[start:position]
        elif tag == _CHECKSUM:
            checksum = int.from_bytes(raw[position + 1 : position + 5], "little")
            position += 5
        else:
            return None
    if position != end:
        return None
    dtype, shard, offset, size = numbers.values()
    return BundleEntry(dtype, shape_of_bytes(shape), shard, offset, size, checksum)


@lru_cache(maxsize=1 << 14)
def shape_of_bytes(raw: bytes) -> StoredShape:
    """Decode a TensorShapeProto.

    Raises:
        DecodeError: the bytes are none.
    """
    return _described(parse("TensorShapeProto", raw))


def _described(proto: Any) -> StoredShape:
    lengths, sizes = tuple(dim.size for dim in proto.dim), shape_of(proto)
    problem = ""
    if any(length < 0 for length in lengths):
        problem = "a negative size; it is shown as unknown"
    elif element_count(sizes) is None and not proto.unknown_rank:
        problem = "a shape that no machine could hold"
    return StoredShape(lengths, sizes, problem)
