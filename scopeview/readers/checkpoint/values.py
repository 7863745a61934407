"""The values of a V2 checkpoint, read from its shards a block at a time.

A shard is the raw bytes of its tensors, row-major and little-endian, at the offsets that the index gives; nothing but
one block is ever in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scopeview.errors import QueryError
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.model import Model
from scopeview.model.variables import StoredSlice, Variable
from scopeview.readers.checkpoint.v2 import shard_path
from scopeview.readers.files import fence, fenced, opened

BLOCK_BYTES = 1 << 24
"""Bytes of a block; a multiple of the size of every dtype."""


class ShardValues:
    """Reads the values of one checkpoint."""

    def __init__(self, model: Model) -> None:
        index = Path(model.origin.file)
        self._prefix = index.with_name(index.name.removesuffix(".index"))
        self._fence = fence()
        self._shards = int(model.origin.details.get("shards", "1"))

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the values of a variable in flat blocks, parts one after the other.

        Strings, unknown dtypes and what cannot be read (a shard that is missing or short, a V1 checkpoint) yield
        nothing.
        """
        dtype = numpy_dtype(variable.dtype)
        for stored in (variable.stored, *(part.stored for part in variable.parts)):
            if stored is not None and dtype is not None:
                yield from self._read(stored, dtype)

    def _read(self, stored: StoredSlice, dtype: np.dtype[np.generic]) -> Iterator[NDArray[np.generic]]:
        path = shard_path(self._prefix, stored.shard, self._shards)
        try:
            with fenced(self._fence):  # not around the loop: whoever takes the blocks may open files of others
                shard = opened(path)
            with shard:
                shard.seek(stored.offset)
                left = stored.size_bytes
                while left > 0:
                    raw = shard.read(min(left, BLOCK_BYTES))
                    if not raw:
                        return
                    left -= len(raw)
                    yield np.frombuffer(raw, dtype, count=len(raw) // dtype.itemsize)
        except OSError:
            return


def can_be_read(model: Model) -> bool:
    """Return whether a model is a checkpoint whose values are read: V2, and the file itself."""
    origin = model.origin
    return origin.format in ("checkpoint_v2", "checkpoint_object") and "inspected" not in origin.details


def reader_of(model: Model) -> ShardValues:
    """Return the reader of a checkpoint's values.

    Raises:
        QueryError: it is no checkpoint of V2, nor the `variables` of a SavedModel.
    """
    origin = model.origin
    if origin.format == "checkpoint_v1":
        raise QueryError(f"{origin.path} is a V1 checkpoint: the values in those are not read; save it again as V2")
    if not can_be_read(model):
        if origin.format == "saved_model":
            raise QueryError(f"{origin.path} lacks its values: copy the folder variables/ beside the saved_model.pb")
        raise QueryError(f"{origin.path} holds no values: those are in checkpoints and SavedModels")
    return ShardValues(model)


def numpy_dtype(name: str) -> np.dtype[np.generic] | None:
    """Return the dtype of numpy, or of ml_dtypes, that TensorFlow's name stands for; None for what is no number."""
    if name in NON_NUMERIC or name == "unknown":
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
