"""The values of a V2 checkpoint, read from its shards a block at a time.

A shard is the raw bytes of its tensors, row-major and little-endian, at the offsets that the index gives; nothing but
one block is ever in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scopeview.errors import DamagedError
from scopeview.model.dtypes import element_bytes
from scopeview.model.model import Model
from scopeview.model.variables import StoredSlice, Variable
from scopeview.readers.checkpoint.v2 import shard_path
from scopeview.readers.fence import fence, fenced
from scopeview.readers.paths import path_of
from scopeview.readers.storage import PositionedFile, positioned, status

BLOCK_BYTES = 1 << 24
"""Bytes of a block; a multiple of the size of every dtype."""

_MOST_OPEN = 16


class ShardValues:
    """Reads the values of one checkpoint; a data file that changes between two reads is refused."""

    def __init__(self, model: Model) -> None:
        index = path_of(model.origin.file)
        self._prefix = index.with_name(index.name.removesuffix(".index"))
        self._fence = fence()
        self._shards = int(model.origin.details.get("shards", "1"))
        self._sizes: dict[int, int] = {}
        self._open: dict[Path, PositionedFile] = {}
        self._identities: dict[Path, Hashable] = {}

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the values of a variable in flat blocks, parts one after the other.

        Strings, unknown dtypes and what cannot be read (a shard that is missing or short, a V1 checkpoint) yield
        nothing.

        Raises:
            DamagedError: a data file changed since it was first read.
        """
        dtype = numpy_dtype(variable.dtype)
        for stored in _places(variable):
            if dtype is not None:
                yield from self._read(stored, dtype)

    def block_count(self, variable: Variable) -> int:
        """Return in how many blocks a variable is read; 1 if its data file does not hold it, whatever it claims."""
        places = _places(variable)
        if any(stored.offset + stored.size_bytes > self._size_of(stored.shard) for stored in places):
            return 1
        return sum(-(-stored.size_bytes // BLOCK_BYTES) for stored in places)

    def _size_of(self, shard: int) -> int:
        if shard not in self._sizes:
            with fenced(self._fence):
                found = status(shard_path(self._prefix, shard, self._shards))
            self._sizes[shard] = found.st_size if found is not None else 0
        return self._sizes[shard]

    def between(self, variable: Variable, first: int, last: int) -> Iterator[NDArray[np.generic]]:
        """Yield some of the blocks of a variable; the errors are those of `blocks`."""
        dtype = numpy_dtype(variable.dtype)
        for stored in _places(variable):
            count = -(-stored.size_bytes // BLOCK_BYTES)
            start, end = max(0, first) * BLOCK_BYTES, min(last * BLOCK_BYTES, stored.size_bytes)
            first, last = first - count, last - count
            if dtype is not None and start < end:
                yield from self._read(replace(stored, offset=stored.offset + start, size_bytes=end - start), dtype)

    def seen(self) -> Mapping[str, Hashable]:
        """Return the identity of each data file that was read, by its path."""
        return {str(path): identity for path, identity in self._identities.items()}

    def _opened(self, path: Path) -> PositionedFile:
        """Open a data file; of those that are costly to open the last few stay open."""
        if path in self._open:
            return self._open[path]
        with fenced(self._fence):  # not around the reading: whoever takes the blocks may open files of others
            shard = positioned(path)
        if shard.IS_COSTLY:
            while len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open)), None)
            self._open[path] = shard
        return shard

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs; it opens the files itself."""
        return {**vars(self), "_open": {}}

    def _read(self, stored: StoredSlice, dtype: np.dtype[np.generic]) -> Iterator[NDArray[np.generic]]:
        path = shard_path(self._prefix, stored.shard, self._shards)
        try:
            shard = self._opened(path)
        except OSError:
            return
        if self._identities.setdefault(path, shard.identity) != shard.identity:
            raise DamagedError(f"{path} has changed since it was opened; reload it")
        end = stored.offset + stored.size_bytes
        for position in range(stored.offset, end, BLOCK_BYTES):
            raw = shard.read(position, min(end - position, BLOCK_BYTES))
            if not raw:
                return
            yield np.frombuffer(raw, dtype, count=len(raw) // dtype.itemsize)


def _places(variable: Variable) -> list[StoredSlice]:
    found = (variable.stored, *(part.stored for part in variable.parts))
    return [stored for stored in found if stored is not None]


def numpy_dtype(name: str) -> np.dtype[np.generic] | None:
    """Return the dtype of numpy, or of ml_dtypes, that TensorFlow's name stands for; None for what is no number.

    Nothing but such a name reaches numpy: it would read others as records, and their numbers as Python (`(2,)f4,i8`).
    """
    if element_bytes(name) is None:
        return None
    try:
        dtype: np.dtype[np.generic] | None = np.dtype(_PLAIN.get(name, name))
    except TypeError:
        dtype = _extended(name)
    return None if dtype is None else dtype.newbyteorder("<") if sys.byteorder == "big" else dtype


_PLAIN = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}


def _extended(name: str) -> np.dtype[np.generic] | None:
    """Return a dtype that numpy lacks (bfloat16, float8); ml_dtypes comes with TensorFlow."""
    try:
        import ml_dtypes

        extended: np.dtype[np.generic] = np.dtype(getattr(ml_dtypes, name))
    except (ImportError, AttributeError, TypeError):
        return None
    return extended
