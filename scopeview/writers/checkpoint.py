"""A V2 checkpoint (tensor bundle): PREFIX.index and one data file, which `tf.train.load_checkpoint` and Saver read.

Messages: `tensorflow/core/protobuf/tensor_bundle.proto`. BundleHeaderProto {1 num_shards, 3 version {1 producer}},
BundleEntryProto {1 dtype, 2 shape, 3 shard_id, 4 offset, 5 size, 6 crc32c (fixed32, masked)};
TensorShapeProto {2 dim {1 size}}.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from scopeview.model.dtypes import dtype_number
from scopeview.model.model import Model
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.readers.checksums import MaskedChecksum
from scopeview.readers.protobuf.wire import encode_varint
from scopeview.writers.object_graph import object_graph_of, string_content
from scopeview.writers.table import write_table
from scopeview.writers.tensors import TensorToWrite, new_file

_VERSION = 1


def write_checkpoint(
    prefix: Path,
    tensors: Iterable[TensorToWrite],
    on_written: Callable[[int], None] = lambda _size: None,
    like: Model | None = None,
) -> None:
    """Write a checkpoint; the data file comes first, so that an index never names what is not there.

    Args:
        prefix: its path without `.index`.
        tensors: what to write; any order.
        on_written: called with the bytes of each block that was written.
        like: the checkpoint whose keys are taken; if it is object-based, the new one is too, with the same objects.

    Raises:
        ScopeviewError: a file cannot be written, or values are missing.
    """
    ordered = sorted(tensors, key=lambda one: one.key.encode())
    objects = None
    if like is not None and like.origin.format == "checkpoint_object":
        objects = object_graph_of(like, {tensor.key for tensor in ordered})
    entries: list[tuple[bytes, bytes]] = []
    with new_file(prefix.with_name(f"{prefix.name}.data-00000-of-00001")) as data:
        offset = 0
        for tensor in ordered:
            checksum, size = MaskedChecksum(), 0
            for raw in tensor.raw_blocks():
                data.write(raw)
                checksum.update(raw)
                size += len(raw)
                on_written(len(raw))
            entries.append((tensor.key.encode(), _entry(tensor.dtype, tensor.shape, offset, size, checksum.value)))
            offset += size
        if objects is not None:
            content, total = string_content(objects)
            data.write(content)
            entries.append((OBJECT_GRAPH_KEY.encode(), _entry("string", (), offset, len(content), total)))
    with new_file(prefix.with_name(f"{prefix.name}.index")) as index:
        write_table(index, [(b"", _header()), *sorted(entries)])


def _header() -> bytes:
    return _number(1, 1) + _message(3, _number(1, _VERSION))


def _entry(dtype: str, shape: tuple[int, ...], offset: int, size: int, checksum: int) -> bytes:
    sizes = b"".join(_message(2, _number(1, length)) for length in shape)
    return (
        _number(1, dtype_number(dtype))
        + _message(2, sizes)
        + _number(4, offset)
        + _number(5, size)
        + encode_varint(6 << 3 | 5)
        + struct.pack("<I", checksum)
    )


def _number(field: int, value: int) -> bytes:
    """Encode a varint field; a zero is left out, as proto3 does."""
    return encode_varint(field << 3) + encode_varint(value) if value else b""


def _message(field: int, content: bytes) -> bytes:
    return encode_varint(field << 3 | 2) + encode_varint(len(content)) + content
