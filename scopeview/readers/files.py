"""Files as bytes: mapped into memory, so that a large file is neither copied nor read before it is needed."""

from __future__ import annotations

import gzip
import mmap
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from scopeview.errors import DamagedError, NotFoundError
from scopeview.readers.fence import opened
from scopeview.readers.protobuf.wire import Buffer

_GZIP = b"\x1f\x8b"
_MAX_UNPACKED = 1 << 32

_MAP_FROM = 1 << 20
"""Files below this are read whole: a mapping would outlive a file that is replaced."""


def read_file(path: Path) -> Buffer:
    """Return the content of a file.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
        DamagedError: the file is empty.
    """
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise DamagedError(f"{path} is empty (0 bytes); nothing was written to it")
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
