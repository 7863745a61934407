"""HDF5 as Keras reads it: a dataset at the path of each key; groups get the attributes of the file of these keys.

Keras 3 reads `layers/LAYER/vars/NUMBER`; Keras 2's files name layers and weights in attributes (`layer_names`,
`weight_names`), which are taken from the file whose keys are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from scopeview.errors import QueryError, ScopeviewError
from scopeview.model.model import Model
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.paths import path_of
from scopeview.readers.weights.hdf5 import attributes
from scopeview.writers.tensors import TensorToWrite, new_file, no_such_dtype

ENDS = (".h5", ".hdf5")


def write_hdf5(
    path: Path,
    tensors: Iterable[TensorToWrite],
    on_written: Callable[[int], None] = lambda _size: None,
    like: Model | None = None,
) -> None:
    """Write an HDF5 file, a block at a time.

    Args:
        path: the file.
        tensors: what to write, keys as paths.
        on_written: called with the bytes of each block.
        like: the file that its keys are those of.

    Raises:
        QueryError: a tensor has a dtype that the format lacks, or a key that is also a group.
        ScopeviewError: h5py is not installed, the file cannot be written, or values are missing.
    """
    try:
        import h5py
    except ImportError as error:
        raise ScopeviewError("HDF5 files are written by h5py, which is not installed; pip install h5py") from error
    with new_file(path) as raw, h5py.File(raw, "w") as file:
        for tensor in sorted(tensors, key=lambda one: one.key):
            _write(file, tensor, on_written)
        if like is not None and like.origin.format == "checkpoint_hdf5" and "layout" not in like.origin.details:
            _copy_attributes(path_of(like.origin.file), file)


def _write(file: Any, tensor: TensorToWrite, on_written: Callable[[int], None]) -> None:
    dtype = numpy_dtype(tensor.dtype)
    if dtype is None or dtype.kind not in "fiub":
        raise no_such_dtype("HDF5", tensor)
    try:
        dataset = file.create_dataset(tensor.key, shape=tensor.shape, dtype=dtype)
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        raise QueryError(f"{tensor.key[:200]!r} cannot be a path in an HDF5 file: {str(error)[:100]}") from error
    first = 0
    for block in tensor.checked_blocks():
        if not tensor.shape:
            dataset[()] = block[0]
        else:
            _fill(dataset, block, first)
        first += block.size
        on_written(block.nbytes)


def _fill(dataset: Any, block: Any, first: int) -> None:
    """Write a flat block into the rows of a dataset, from an element on: the parts of rows at both ends apart."""
    import numpy as np

    row = int(np.prod(dataset.shape[1:], dtype=np.int64))
    while block.size:
        at, within = divmod(first, row)
        if within or block.size < row:
            taken = min(row - within, block.size)
            whole = dataset[at].ravel() if dataset.ndim > 1 else np.atleast_1d(dataset[at])
            whole[within : within + taken] = block[:taken]
            dataset[at] = whole.reshape(dataset.shape[1:])
        else:
            rows = block.size // row
            taken = rows * row
            dataset[at : at + rows] = block[:taken].reshape(rows, *dataset.shape[1:])
        first, block = first + taken, block[taken:]


def _copy_attributes(source: Path, target: Any) -> None:
    """Give every group of the new file the attributes that it has in another file; groups of attributes alone too."""
    groups = [""]
    target.visit(groups.append)
    for group, name, value in attributes(source, groups):
        (target.require_group(group) if group else target).attrs[name] = value
