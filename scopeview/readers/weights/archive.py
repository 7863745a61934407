"""Zip archives: which files one holds, found once for all formats that are archives; and their bytes, bounded.

An entry may claim any size, be packed a thousandfold, or lie where another lies: what is unpacked is spent from the
budget. Entries are stored or deflated, as numpy, PyTorch and Keras write them; other methods are not unpacked.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError
from scopeview.readers.budget import budget
from scopeview.readers.protocol import Content
from scopeview.readers.storage import opened

_MOST_MEMBERS = 200_000
_LOCAL_HEADER = 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

FAULTS = (
    *(OSError, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What Python's zipfile raises on damaged input; RuntimeError where an entry is encrypted."""


@contextmanager
def archive_at(path: Path) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Open an archive, and its file; what is wrong with it, then or within, is one error.

    Raises:
        DamagedError: it cannot be read.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            yield archive, file
    except FAULTS as error:
        why = " ".join(str(error).split())[:150]
        raise DamagedError(f"{path} is a zip archive that cannot be read: {why}; fetch it again") from error


def members(content: Content) -> Sequence[str]:
    """Return the names of an archive's files; none if it is no zip archive that can be read."""
    return content.once(_members)


def _members(content: Content) -> Sequence[str]:
    if not content.head.startswith(b"PK\x03\x04"):
        return ()
    try:
        with archive_at(content.path) as (archive, _):
            names = archive.namelist()
    except DamagedError:
        return ()
    return names if len(names) <= _MOST_MEMBERS else ()


def open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Any:
    """Open an entry for reading; whoever reads spends what it unpacks.

    Raises:
        NotImplementedError: it is packed by a method that none of the formats use.
    """
    if entry.compress_type not in _METHODS:
        raise NotImplementedError(f"{entry.filename[:100]!r} is packed by a method that is not read")
    return archive.open(entry)


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Return the bytes of an entry.

    Raises:
        ValueError: they are more than so many, or than a file of this size may cost.
    """
    size = entry.file_size
    if size > most or not budget().spend(size, "the files in the archive"):
        raise ValueError(f"{entry.filename[:100]!r} has {size:,} bytes, more than is unpacked")
    with open_entry(archive, entry) as file:
        found: bytes = file.read(size)
    return found


def data_offset(file: Any, entry: zipfile.ZipInfo) -> int:
    """Return where the bytes of a stored entry begin: behind its own header, name and padding."""
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER)
    name, extra = struct.unpack("<HH", header[26:30])
    return int(entry.header_offset + _LOCAL_HEADER + name + extra)
