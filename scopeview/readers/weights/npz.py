"""npz: a zip of .npy files, as `numpy.savez` writes it. Arrays of Python objects are pickles, and are never opened."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from scopeview.model.model import Model
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import status
from scopeview.readers.weights.archive import FAULTS, archive_at, members, open_entry
from scopeview.readers.weights.scan import BLOCK_BYTES, Blocks, Scan, StoredTensor, bounded, model_of, no_blocks

_LONGEST_HEADER = 1 << 16
_MOST_AXES = 64
_HEADER = re.compile(
    r"\{\s*'descr':\s*'(?P<descr>[^']{0,20})',\s*'fortran_order':\s*(?P<order>True|False),"
    r"\s*'shape':\s*\((?P<shape>[0-9L, ]*)\),?\s*\}"
)
"""As `numpy.lib.format` writes it; keys are sorted."""
_PLAIN = re.compile(r"[<>|=]([fiubc]\d{1,2}|[SUV]\d{1,5})")
"""Numbers, and texts and bytes of one length; numpy writes bfloat16 as two bytes, `V2`."""


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
    """Return the arrays of an npz file; work in proportion to its entries, of each of which the header is read.

    Raises:
        DamagedError: the archive cannot be read.
    """
    tensors, notes = [], []
    with archive_at(path) as (archive, _):
        entries = {entry.filename: entry for entry in archive.infolist()}  # of a name that is there twice, the last
        separator = "/" if any("/" in name for name in entries) else "."  # as PyTorch's names have it
        for name, entry in entries.items():
            if not budget().spend(ITEM_BYTES + 2 * len(name), "its arrays"):
                break
            try:
                with open_entry(archive, entry) as member:
                    header = _header(member)
            except FAULTS as error:
                notes.append(f"{name[:200]!r} is no array that can be read, and is left out: {str(error)[:100]}")
                continue
            if header.dtype is None:
                notes.append(f"{name[:200]!r} holds Python objects or records, which are not opened")
                continue
            key = name.removesuffix(".npy")
            blocks = _blocks(path, entry, header) if header.dtype.kind in "fiubc" else no_blocks
            tensors.append(StoredTensor(key, header.dtype.name, header.shape, blocks, separator=separator))
    there = status(path)
    return bounded(Scan(tensors, tuple(notes)), there.st_size if there is not None else 0)


class _Header(NamedTuple):
    """The header of an array: `numpy/lib/format.py` has the format."""

    shape: tuple[int, ...]
    is_fortran: bool
    """Whether it is column-major."""
    dtype: Any
    """None for one of objects or records."""


def _header(member: Any) -> _Header:
    """Read the header of an array, at most 64 kB of it; what the numbers are is seen by its text.

    Raises:
        ValueError: it is none.
    """
    import numpy as np

    start = member.read(12)
    wide = start[6:7] in (b"\2", b"\3")
    if start[:6] != b"\x93NUMPY" or len(start) < 12 or not (wide or start[6:7] == b"\1"):
        raise ValueError("it has not the signature of an array")
    length = int.from_bytes(start[8:12] if wide else start[8:10], "little")
    if length > _LONGEST_HEADER:
        raise ValueError("its header is too long")
    text = (b"" if wide else start[10:]) + member.read(length - (0 if wide else 2))
    found = _HEADER.fullmatch(text.decode("latin-1").strip())
    if found is None:
        if b"'descr'" in text:
            return _Header((), False, None)
        raise ValueError("its header is not as numpy writes it")
    descr, order, sizes = found["descr"], found["order"], found["shape"]
    shape = tuple(int(size.rstrip("L")) for size in sizes.replace(" ", "").split(",") if size)
    if len(shape) > _MOST_AXES or any(size >= 1 << 48 for size in shape):
        raise ValueError("its shape cannot be right")
    try:
        return _Header(shape, order == "True", np.dtype(descr) if _PLAIN.fullmatch(descr) else None)
    except TypeError as error:
        raise ValueError("its dtype is none") from error


def _blocks(path: Path, entry: zipfile.ZipInfo, header: _Header) -> Blocks:
    def blocks() -> Iterator[Any]:
        import numpy as np

        itemsize = header.dtype.itemsize
        left = prod(header.shape) * itemsize
        with archive_at(path) as (archive, _), open_entry(archive, entry) as member:
            _header(member)
            arrays = []
            while left > 0 and (raw := member.read(min(left, max(1, BLOCK_BYTES // itemsize) * itemsize))):
                left -= len(raw)
                block = np.frombuffer(raw, header.dtype, count=len(raw) // itemsize)
                if not header.is_fortran:
                    yield block
                else:
                    arrays.append(block)
            if arrays and not left:  # column-major: the whole array is turned
                yield np.concatenate(arrays).reshape(header.shape, order="F").ravel()

    return blocks
