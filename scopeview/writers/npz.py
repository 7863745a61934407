"""npz: a zip of .npy files, as `numpy.load` reads it; stored, not compressed, and written a block at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.writers.tensors import TensorToWrite, new_file, no_such_dtype


def write_npz(
    path: Path, tensors: Iterable[TensorToWrite], on_written: Callable[[int], None] = lambda _size: None
) -> None:
    """Write an npz file, the tensors sorted by key.

    Raises:
        QueryError: a tensor has a dtype that numpy lacks, such as bfloat16.
        ScopeviewError: the file cannot be written, or values are missing.
    """
    import numpy as np

    with new_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for tensor in sorted(tensors, key=lambda one: one.key):
            dtype = numpy_dtype(tensor.dtype)
            if dtype is None or dtype.kind not in "biufc":  # ml_dtypes has others, which numpy.load does not know
                raise no_such_dtype("numpy", tensor)
            descr = np.lib.format.dtype_to_descr(dtype.newbyteorder("<"))
            with archive.open(f"{tensor.key}.npy", "w", force_zip64=True) as member:
                header = {"descr": descr, "fortran_order": False, "shape": tensor.shape}
                np.lib.format.write_array_header_2_0(member, header)
                for block in tensor.raw_blocks():
                    member.write(block)
                    on_written(len(block))
