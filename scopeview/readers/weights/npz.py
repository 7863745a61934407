"""npz: a zip of .npy files, as `numpy.savez` writes it. Arrays of Python objects are pickles, and are never opened."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import opened
from scopeview.readers.weights.archive import members
from scopeview.readers.weights.scan import BLOCK_BYTES, Blocks, Scan, StoredTensor, model_of


class NpzReader:
    """Reads an npz file."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it is a zip that holds .npy files."""
        names = members(content)
        return Certainty.CERTAIN if names and all(name.endswith(".npy") for name in names) else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the arrays as one artifact."""
        yield Artifact(name, "npz", content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_npz", artifact.file)


def scan(path: Path) -> Scan:
    """Return the arrays of an npz file.

    Raises:
        DamagedError: the archive cannot be read.
    """
    tensors, notes = [], []
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            separator = "/" if any("/" in name for name in names) else "."  # as PyTorch's names have it
            for name in names:
                try:
                    shape, fortran, dtype = _array_header(archive, name)
                except (ValueError, SyntaxError, EOFError, RecursionError) as error:
                    notes.append(f"{name[:200]!r} is no array that can be read, and is left out: {str(error)[:100]}")
                    continue
                if dtype.hasobject or dtype.fields is not None:
                    notes.append(f"{name[:200]!r} holds Python objects or records, which are not opened")
                    continue
                key = name.removesuffix(".npy")
                blocks = _blocks(path, name, dtype, shape if fortran else None)
                tensors.append(StoredTensor(key, dtype.name, shape, blocks, separator=separator))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DamagedError(f"{path} is a zip archive that cannot be read: {error}; fetch it again") from error
    return Scan(tensors, tuple(notes))


def _array_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], bool, Any]:
    import numpy as np

    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(member)
    return shape, fortran, dtype


def _blocks(path: Path, name: str, dtype: Any, fortran_shape: tuple[int, ...] | None) -> Blocks:
    def blocks() -> Iterator[Any]:
        import numpy as np

        with opened(path) as file, zipfile.ZipFile(file) as archive, archive.open(name) as member:
            version = np.lib.format.read_magic(member)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            read(member)
            block_bytes = max(1, BLOCK_BYTES // dtype.itemsize) * dtype.itemsize
            pieces = iter(lambda: member.read(block_bytes), b"")
            arrays = (np.frombuffer(raw, dtype, count=len(raw) // dtype.itemsize) for raw in pieces)
            if fortran_shape is None:
                yield from arrays
            else:  # column-major: the whole array is turned
                yield np.concatenate([*arrays]).reshape(fortran_shape, order="F").ravel()

    return blocks
