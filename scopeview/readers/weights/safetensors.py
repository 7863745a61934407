"""Safetensors: the length of a JSON header (u64, little-endian), the header, the bytes of every tensor.

Format: https://huggingface.co/docs/safetensors. The package of that name wants the whole file in memory or a mapping; a
header is small, and values are read by position.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.dtypes import element_bytes
from scopeview.model.model import Model
from scopeview.model.shapes import byte_count, element_count
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.files import look_into
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.weights.scan import Scan, StoredTensor, bounded, model_of, no_blocks, raw_blocks
from scopeview.readers.weights.shard_index import has_index_name, is_index, scan_parts

DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
}

_MOST_HEADER = 100_000_000
"""Bytes of a header; the format's own limit."""
_MOST_AXES = 254


class SafetensorsReader:
    """Reads a safetensors file, or the index of several."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the file begins with the length of a JSON header that fits into it."""
        if is_index(content, (".safetensors",)):
            return Certainty.CERTAIN
        head = content.head
        if len(head) < 10 or head[8:9] != b"{":
            return Certainty.NO
        (length,) = struct.unpack("<Q", head[:8])
        fits = 2 <= length <= min(_MOST_HEADER, content.size - 8)
        return Certainty.CERTAIN if fits and (b'"data_offsets"' in head or head[8:10] == b"{}") else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        yield Artifact(name, "safetensors", content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_safetensors", artifact.file)


def scan(path: Path) -> Scan:
    """Return the tensors of a safetensors file, or of all files that an index names.

    Raises:
        DamagedError: the header cannot be read.
    """
    if has_index_name(path):
        return scan_parts(path, scan)
    buffer = look_into(path)
    header, start = _header(buffer, path)
    size = len(buffer)
    notes: list[str] = []
    tensors = [
        tensor
        for key, entry in header.items()
        if key != "__metadata__" and (tensor := _tensor(key, entry, path, start, size, notes)) is not None
    ]
    metadata = header.get("__metadata__")
    known = metadata if isinstance(metadata, dict) else {}
    details = {str(key): str(value)[:200] for key, value in known.items()}
    return bounded(Scan(tensors, (*notes, *_overlaps(tensors)), details), size)


def _header(buffer: Any, path: Path) -> tuple[dict[str, Any], int]:
    (length,) = struct.unpack("<Q", bytes(buffer[:8]))
    if not 2 <= length <= min(_MOST_HEADER, len(buffer) - 8):
        raise DamagedError(f"{path} says that its header has {length:,} bytes, which it cannot have; fetch it again")
    try:
        header = json.loads(bytes(buffer[8 : 8 + length]), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"the header of {path} cannot be read: {str(error)[:100]}; fetch the file again") from error
    if not isinstance(header, dict):
        raise DamagedError(f"the header of {path} is no JSON object; fetch the file again")
    return header, 8 + length


def _tensor(key: str, entry: Any, path: Path, start: int, size: int, notes: list[str]) -> StoredTensor | None:
    """Return one entry of a header, checked; what cannot be right is noted and left out."""
    found = entry if isinstance(entry, dict) else {}
    shape, offsets = _numbers(found.get("shape")), _numbers(found.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2 or len(shape) > _MOST_AXES:
        notes.append(f"the entry of {key[:200]!r} has no shape or place that can be right, and is left out")
        return None
    code = str(found.get("dtype"))[:40]
    dtype = DTYPES.get(code, "unknown")
    first, last = offsets
    expected = (element_count(tuple(shape)) or 0) * (element_bytes(dtype) or 0)
    if dtype != "unknown" and last - first != expected:
        notes.append(f"{key[:200]!r} has {last - first:,} bytes where its shape needs {expected:,}; it is left out")
        return None
    if start + last > size:
        notes.append(f"the values of {key[:200]!r} end behind the end of the file: it was cut off; fetch it again")
    numpy = numpy_dtype(dtype)
    blocks = raw_blocks(path, start + first, last - first, numpy) if numpy is not None else no_blocks
    return StoredTensor(key, dtype, tuple(shape), blocks, offset=start + first)


def _overlaps(tensors: Sequence[StoredTensor]) -> tuple[str, ...]:
    """Say which tensors claim the same bytes: the format has none that do, so that one of them is not what it says."""
    end, last = 0, ""
    for tensor in sorted(tensors, key=lambda one: one.offset):
        size = byte_count(tensor.shape, tensor.dtype) or 0
        if size and tensor.offset < end:
            return (
                f"{last[:200]!r} and {tensor.key[:200]!r} share bytes of the file, which the format does not allow",
            )
        if size:
            end, last = tensor.offset + size, tensor.key
    return ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON.

    Raises:
        ValueError: it has a key twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice[:50]!r} is there twice")
    return found


def _numbers(found: Any) -> list[int] | None:
    """Return a list of sizes; None for anything else."""
    is_right = isinstance(found, list) and all(type(size) is int and 0 <= size < 1 << 48 for size in found)
    return found if is_right else None
