"""Files as bytes: mapped into memory, so that a large file is neither copied nor read before it is needed."""

from __future__ import annotations

import gzip
import mmap
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from scopeview.errors import DamagedError, NotFoundError
from scopeview.readers.protobuf.wire import Buffer

_GZIP = b"\x1f\x8b"
_MAX_UNPACKED = 1 << 32

_MAP_FROM = 1 << 20
"""Files below this are read whole: a mapping would outlive a file that is replaced."""


_fence: ContextVar[tuple[Path, ...] | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(roots: Sequence[Path] | None) -> Iterator[None]:
    """Refuse, within, every file that lies below none of these folders once links are followed; None refuses nothing.

    A folder may hold links, and a checkpoint's state file names paths: whoever may open the one may not open all that
    it leads to.
    """
    token = _fence.set(None if roots is None else tuple(root.resolve() for root in roots))
    try:
        yield
    finally:
        _fence.reset(token)


def fence() -> tuple[Path, ...] | None:
    """Return the folders that are not left at this point, for what reads on later."""
    return _fence.get()


def opened(path: Path) -> BufferedReader:
    """Open a file for reading: the one way by which a source gets at any.

    Raises:
        NotFoundError: it leads out of the folders that are not to be left.
        OSError: it cannot be opened.
    """
    roots = _fence.get()
    if roots is not None:
        real = path.resolve()
        if not any(root == real or root in real.parents for root in roots):
            raise NotFoundError(
                f"{path} leads out of the folders that are served; pass it to scopeview serve by its name"
            )
    return path.open("rb")


def read_file(path: Path) -> Buffer:
    """Return the content of a file.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
        DamagedError: the file is empty.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise DamagedError(f"{path} is empty (0 bytes); nothing was written to it")
        with opened(path) as file:
            if file.peek(2)[:2] == _GZIP:
                return _unpack(path, file)
            if size < _MAP_FROM:
                return file.read()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from error


def _unpack(path: Path, file: BinaryIO) -> bytes:
    """Return the content of a gzip file, which people use for large text graphs.

    Raises:
        DamagedError: it cannot be unpacked, or unpacks to more than 4 GiB.
    """
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            content = packed.read(_MAX_UNPACKED + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedError(f"{path} is a gzip file that cannot be unpacked: {error}") from error
    if len(content) > _MAX_UNPACKED:
        raise DamagedError(f"{path} unpacks to more than 4 GiB; unpack it first and open the result")
    return content
