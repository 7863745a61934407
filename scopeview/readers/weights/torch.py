"""PyTorch's files: the zip archive of `torch.save` since 1.6, and the sequence of pickles before it.

Zip: NAME/data.pkl, NAME/data/KEY (the bytes of a storage, stored without compression), NAME/byteorder.
Legacy: five pickles (magic number, protocol, system, the object, the keys of the storages), then for each key
the number of elements (i64) and the bytes of its storage. Source: `torch/serialization.py`. Nothing of a pickle is run.
"""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.dtypes import element_bytes
from scopeview.model.model import Model
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import opened, status
from scopeview.readers.weights.archive import archive_at, data_offset, members, unpacked
from scopeview.readers.weights.pickles import RebuiltTensor, Unpickler, load_tensors, storage_key, tensors_in
from scopeview.readers.weights.scan import (
    Blocks,
    Scan,
    StoredTensor,
    bounded,
    is_beyond,
    model_of,
    no_blocks,
    raw_blocks,
)
from scopeview.readers.weights.shard_index import has_index_name, is_index, scan_parts

_MAGIC = 0x1950A86A20F9469CFC6C
"""What the first pickle of a legacy file holds."""
_LEGACY_STARTS = (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",)
_MOST_PICKLE = 256 << 20
_LONGEST_ORDER = 100
_LARGEST = 1 << 60

Places = Mapping[str, tuple[int, int]]
"""Offset and bytes of each storage in the file."""


class TorchReader:
    """Reads files that `torch.save` wrote."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it is a zip with a data.pkl, begins as a legacy file does, or is an index of such files."""
        if content.head.startswith(_LEGACY_STARTS) or is_index(content, (".bin", ".pt", ".pth")):
            return Certainty.CERTAIN
        is_archive = any(name.endswith("/data.pkl") for name in members(content))
        return Certainty.CERTAIN if is_archive else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        yield Artifact(name, "PyTorch file", content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_torch", artifact.file)


def scan(path: Path) -> Scan:
    """Return the tensors of a PyTorch file, or of all files that an index names.

    Raises:
        DamagedError: it cannot be read, or its pickle asks for more than tensors and containers.
    """
    if has_index_name(path):
        return scan_parts(path, scan)
    try:
        with opened(path) as file:
            is_zip = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            root, places, notes = _archive(path) if is_zip else _legacy(file, path)
    except OSError as error:
        raise DamagedError(f"{path} is a PyTorch file that cannot be read: {error}; save it again") from error
    tensors = [_stored(key, tensor, path, places, notes) for key, tensor in tensors_in(root)]
    there = status(path)
    layout = {"layout": "zip" if is_zip else "legacy"}
    return bounded(Scan(tensors, tuple(dict.fromkeys(notes)), layout), there.st_size if there is not None else 0)


def _archive(path: Path) -> tuple[object, Places, list[str]]:
    with archive_at(path) as (archive, file):
        entries = {entry.filename: entry for entry in archive.infolist()}
        name = next((name for name in entries if name.endswith("/data.pkl")), "")
        folder = name.removesuffix("data.pkl")
        if not name:
            raise DamagedError(f"the pickle of {path} is missing; save it again")
        root = load_tensors(unpacked(archive, entries[name], _MOST_PICKLE), str(path))
        order = entries.get(f"{folder}byteorder")
        notes = []
        if order is not None and unpacked(archive, order, _LONGEST_ORDER)[:3] == b"big":
            notes.append("it was written on a big-endian machine: its values are not read")
        places: dict[str, tuple[int, int]] = {}
        for entry in entries.values():
            key = entry.filename.removeprefix(f"{folder}data/")
            if key != entry.filename and entry.compress_type == zipfile.ZIP_STORED and not notes:
                places[key] = data_offset(file, entry), entry.file_size
    return root, places, notes


def _legacy(file: Any, path: Path) -> tuple[object, Places, list[str]]:
    magic, _protocol, _system = (Unpickler(file, str(path)).load_checked() for _ in range(3))
    if magic != _MAGIC:
        raise DamagedError(f"{path} is a Python pickle and no PyTorch file; what it holds is not opened")
    root = Unpickler(file, str(path)).load_checked()
    keys = Unpickler(file, str(path)).load_checked()
    sizes = {tensor.storage.key: element_bytes(tensor.storage.dtype) or 0 for _, tensor in tensors_in(root)}
    places: dict[str, tuple[int, int]] = {}
    notes: list[str] = []
    for key in keys if isinstance(keys, list) else []:
        raw = file.read(8)
        if len(raw) < 8:
            notes.append("it ends before the values of its last tensors: it was cut off; fetch it again")
            break
        (elements,) = struct.unpack("<q", raw)
        size = max(0, elements) * sizes.get(storage_key(key), 0)
        if size > _LARGEST:
            notes.append("a storage is said to be larger than any file: what stands behind it is not read")
            break
        places[storage_key(key)] = file.tell(), size
        file.seek(size, 1)
    return root, places, notes


def _stored(key: str, tensor: RebuiltTensor, path: Path, places: Places, notes: list[str]) -> StoredTensor:
    dtype = numpy_dtype(tensor.dtype)
    place = places.get(tensor.storage.key)
    nothing = StoredTensor(key, tensor.dtype or "unknown", tensor.shape, no_blocks)
    if place is None or dtype is None:
        notes.append("some of its values are not where their tensors say, and are not read")
        return nothing
    start = place[0] + tensor.offset * dtype.itemsize
    elements, reach = math.prod(tensor.shape), _reach(tensor)
    if (tensor.offset + reach) * dtype.itemsize > place[1]:
        notes.append(f"{key[:200]!r} reaches beyond its storage, and its values are not read")
        return nothing
    there = status(path)
    if is_beyond(tensor.shape, dtype.itemsize, there.st_size if there is not None else 0):
        notes.append(f"{key[:200]!r} is said to be larger than its file can hold, and its values are not read")
        return nothing
    if tensor.is_contiguous:
        blocks: Blocks = raw_blocks(path, start, elements * dtype.itemsize, dtype)
    else:
        blocks = _strided(raw_blocks(path, start, reach * dtype.itemsize, dtype), tensor)
    return StoredTensor(key, tensor.dtype, tensor.shape, blocks, offset=start)


def _reach(tensor: RebuiltTensor) -> int:
    """Return how many elements lie from its first to its last."""
    if 0 in tensor.shape:
        return 0
    return sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride, strict=True)) + 1


def _strided(read: Blocks, tensor: RebuiltTensor) -> Blocks:
    """Return the values of a view that is no plain piece of its storage, such as a transposed one."""

    def blocks() -> Iterator[Any]:
        import numpy as np

        pieces = list(read())
        if not pieces:
            return
        flat = np.concatenate(pieces)
        reach = _reach(tensor)
        if len(flat) < reach:
            return
        strides = tuple(step * flat.itemsize for step in tensor.stride)
        yield np.lib.stride_tricks.as_strided(flat, tensor.shape, strides, writeable=False).ravel()

    return blocks
