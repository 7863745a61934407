"""A file of this machine, read by position; its size, time and inode are compared with those at the beginning."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import NamedTuple

from scopeview.errors import DamagedError
from scopeview.readers.fence import opened


class Identity(NamedTuple):
    """What changes when a file is rewritten or replaced."""

    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Identity:
        """Return the identity of a file from its status."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class LocalFile:
    """A file that stays open: its size, its identity, and its bytes by position."""

    CHUNK = 1 << 20
    """Bytes that are read at least."""
    IS_COSTLY = False

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OSError, NotFoundError: as `fence.opened` says.
        """
        self._path = path
        with opened(path) as file:
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self.identity = Identity.of(os.fstat(self._descriptor))
        self.size = self.identity.size

    def read(self, position: int, size: int) -> bytes:
        """Read so many bytes at a position, fewer at the end of the file.

        Raises:
            DamagedError: the file is no longer what it was, or cannot be read.
        """
        size = min(size, self.size - position)
        descriptor = self._descriptor
        try:
            parts, left = [], size
            while left > 0 and (part := os.pread(descriptor, left, position + size - left)):
                parts.append(part)
                left -= len(part)
            changed = left > 0 or Identity.of(os.fstat(descriptor)) != self.identity
        except OSError as error:
            raise DamagedError(f"{self._path} can no longer be read: {error.strerror or error}; reload it") from error
        if changed:
            raise DamagedError(f"{self._path} has changed since it was opened; reload it")
        return parts[0] if len(parts) == 1 else b"".join(parts)
