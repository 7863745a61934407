"""Files as bytes, read by position: whole (graphs), or piece by piece as they are asked for (tables, events).

Nothing is mapped into memory: a mapping of a file that is truncated ends the process (SIGBUS), and one that is
rewritten changes what was read. A file that is read in pieces is compared with every piece with what it was at the
beginning (`storage.positioned`).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import overload

from scopeview.errors import DamagedError, NotFoundError
from scopeview.readers.budget import budget
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.storage import opened, positioned

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20

WHOLE_UP_TO = 1 << 31
"""Bytes of a file that is read whole where all of it is wanted: no message of protobuf is larger."""


class FileBytes:
    """The bytes of a file: `len`, an index and a slice, as `bytes` has them; each read when asked for.

    The last piece of up to `CHUNK` bytes is kept, so that reading forward costs one read per piece.
    """

    CHUNK = 1 << 20

    def __init__(self, path: Path) -> None:
        self._file = positioned(path)
        self._least = min(self.CHUNK, self._file.CHUNK)
        self._piece = (0, b"")  # replaced as a whole: several threads read at a time

    def __len__(self) -> int:
        return self._file.size

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...

    def __getitem__(self, key: int | slice) -> int | bytes:
        start, piece = self._piece
        if isinstance(key, int):
            position = key - start
            if 0 <= position < len(piece):
                return piece[position]
            return self._at(key)
        first, last, step = key.indices(len(self))
        if step != 1:
            raise ValueError("a file is read forward, without steps")
        if start <= first and last <= start + len(piece):
            return piece[first - start : max(first, last) - start]
        return self._slice(first, max(first, last))

    def _at(self, key: int) -> int:
        position = key + len(self) if key < 0 else key
        if not 0 <= position < len(self):
            raise IndexError(f"byte {key} of {len(self)}")
        self._piece = position, self.read(position, self._least)
        return self._piece[1][0]

    def _slice(self, first: int, last: int) -> bytes:
        if last - first >= self._least:
            return self.read(first, last - first)
        piece = self.read(first, self._least)
        self._piece = first, piece
        return piece[: last - first]

    def read(self, position: int, size: int) -> bytes:
        """Read so many bytes at a position, fewer at the end of the file.

        Raises:
            DamagedError: the file is no longer what it was, or cannot be read.
        """
        return self._file.read(position, size)


def read_file(path: Path) -> Buffer:
    """Return the content of a file that is going to be read to its end, in memory.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
        DamagedError: the file is empty, or changed while it was read.
    """
    content = look_into(path)
    return content.read(0, len(content)) if isinstance(content, FileBytes) and len(content) <= WHOLE_UP_TO else content


def look_into(path: Path) -> Buffer:
    """Return the content of a file of which a few pieces are wanted; what is packed by gzip is unpacked.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
        DamagedError: the file is empty, or cannot be unpacked.
    """
    try:
        content = FileBytes(path)
        if not len(content):
            raise DamagedError(f"{path} is empty (0 bytes); nothing was written to it")
        return _unpack(path) if content[:2] == _GZIP else content
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from error


def _unpack(path: Path) -> bytes:
    """Return the content of a gzip file, which people use for large text graphs, as far as the budget goes.

    Raises:
        DamagedError: it cannot be unpacked.
    """
    from gzip import GzipFile

    parts: list[bytes] = []
    allowance = budget()  # one for all parts, also of a file that has none of its own
    try:
        with opened(path) as file, GzipFile(fileobj=file) as packed:
            while part := packed.read(_CHUNK):
                if not allowance.spend(len(part), f"the unpacked bytes of {path.name}"):
                    break
                parts.append(part)
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedError(f"{path} is a gzip file that cannot be unpacked: {error}") from error
    return b"".join(parts)
