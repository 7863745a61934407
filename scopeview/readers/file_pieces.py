"""A file of which the long pieces stay on the disk: a frozen graph is read for its names, not for its weights.

    node { name "w" op "Const" attr { key "value" value { tensor { dtype, shape, tensor_content: 100 MB } } } }
         ^ read                                                                ^ stays; its first bytes are looked at

A slice of up to 64 kB is bytes. A longer one is a `FilePiece`, which is sliced again without being read.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast, overload

from scopeview.readers.files import FileBytes
from scopeview.readers.protobuf.wire import Buffer

_LONG = 1 << 16
"""Bytes from which a slice stays in the file."""
_SMALL = 1 << 20
"""Bytes of a file that is read whole, which takes less time than two pieces of it."""


def sparse(path: Path) -> Buffer:
    """Return the bytes of a file of which few are wanted: those of a small one, else one that is read in pieces.

    Raises:
        OSError, NotFoundError: it cannot be opened.
        DamagedError: it changed while it was read.
    """
    file = SparseFile(path)
    return file.read(0, len(file)) if len(file) <= _SMALL else file


class SparseFile(FileBytes):
    """The bytes of a file of which few are wanted, and these far apart."""

    CHUNK = 1 << 14

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...

    def __getitem__(self, key: int | slice) -> int | bytes:
        if isinstance(key, int):
            return super().__getitem__(key)
        first, last, _ = key.indices(len(self))
        if last - first <= _LONG:
            return super().__getitem__(key)
        return cast(bytes, FilePiece(self, first, last))  # it is what readers need of bytes


class FilePiece:
    """A long slice of a file: `len`, an index and a slice, as `bytes` has them; `bytes(piece)` reads all of it."""

    def __init__(self, file: SparseFile, start: int, end: int) -> None:
        self._file, self._start, self._end = file, start, end

    def __len__(self) -> int:
        return self._end - self._start

    def __bytes__(self) -> bytes:
        return self._file.read(self._start, len(self))

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...

    def __getitem__(self, key: int | slice) -> int | bytes:
        if isinstance(key, int):
            if not 0 <= key < len(self):
                raise IndexError(f"byte {key} of {len(self)}")
            return self._file[self._start + key]
        first, last, step = key.indices(len(self))
        return self._file[self._start + first : self._start + max(first, last) : step]
