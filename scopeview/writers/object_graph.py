"""The object graph of a TensorFlow 2 checkpoint, for a new checkpoint with the same objects.

`tensorflow/core/protobuf/trackable_object_graph.proto`: TrackableObjectGraph {1 nodes: TrackableObject {1 children,
2 attributes: SerializedTensor {1 name, 2 full_name, 3 checkpoint_key}, 3 slot_variables}}. A string tensor in a data
file: the length of each element (varint), a masked checksum of the lengths as u32, the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator

from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.readers.budget import budget_for
from scopeview.readers.checkpoint.v2 import read_bundle, read_string
from scopeview.readers.checksums import MaskedChecksum, masked_crc32c
from scopeview.readers.files import look_into
from scopeview.readers.paths import path_of
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import WireError, encode_varint

_NODES, _ATTRIBUTES, _KEY = 1, 2, 3


def object_graph_of(like: Model, keys: Collection[str]) -> bytes:
    """Return the object graph of a checkpoint, without the attributes whose keys a new one does not have.

    Raises:
        DamagedError: it cannot be read.
    """
    table = path_of(like.origin.file)
    content = look_into(table)
    with budget_for(len(content)):
        bundle = read_bundle(content, str(table))
    prefix = table.with_name(table.name.removesuffix(".index"))
    raw = read_string(prefix, bundle, OBJECT_GRAPH_KEY.encode()) if bundle is not None else None
    if raw is None:
        raise DamagedError(
            f"the object graph of {like.origin.path} cannot be read: its data file is missing or cut off"
        )
    encoded = {key.encode() for key in keys}
    try:
        return b"".join(
            _field(_NODES, _pruned(raw[field.start : field.end], encoded)) if field.number == _NODES else whole
            for field, whole in _fields(raw)
        )
    except WireError as error:
        raise DamagedError(f"the object graph of {like.origin.path} is damaged: {error}") from error


def _pruned(raw: bytes, keys: Collection[bytes]) -> bytes:
    """Return one object without the attributes that the new checkpoint lacks."""
    return b"".join(
        whole
        for field, whole in _fields(raw)
        if field.number != _ATTRIBUTES or _key(raw[field.start : field.end]) in keys
    )


def _key(attribute: bytes) -> bytes:
    return next((attribute[field.start : field.end] for field, _ in _fields(attribute) if field.number == _KEY), b"")


def _fields(raw: bytes) -> Iterator[tuple[wire.Field, bytes]]:
    """Yield the fields of a message, each with all of its bytes.

    Raises:
        WireError: it is cut off, or no message.
    """
    start = 0
    for field in wire.fields(raw):
        if not field.complete:
            raise WireError(start)
        yield field, raw[start : field.end]
        start = field.end


def string_content(text: bytes) -> tuple[bytes, int]:
    """Return the bytes that a data file holds for a scalar string, and the masked checksum of its entry."""
    lengths = struct.pack("<I", len(text))
    of_lengths = struct.pack("<I", masked_crc32c(lengths))
    checksum = MaskedChecksum()
    for part in (lengths, of_lengths, text):
        checksum.update(part)
    return encode_varint(len(text)) + of_lengths + text, checksum.value


def _field(number: int, content: bytes) -> bytes:
    return encode_varint(number << 3 | 2) + encode_varint(len(content)) + content
