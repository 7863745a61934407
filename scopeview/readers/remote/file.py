"""One file elsewhere, read by range.

Small reads go through the cache of blocks; reading on where the last request ended doubles what is asked for, so that a
file that is read forward costs few requests and one that is read here and there few bytes. Large reads (values) pass
the cache by, in several requests at a time. After every request the identity of the file is compared with that of the
beginning, unless one request gave the whole file.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

from scopeview.errors import DamagedError, RemoteError
from scopeview.model.wanted import check_wanted
from scopeview.readers.paths import RemotePath
from scopeview.readers.remote.cache import BLOCK_BYTES, blocks
from scopeview.readers.remote.calls import at_once, call
from scopeview.readers.remote.looks import look, remembered_look
from scopeview.readers.remote.systems import address, is_web, system_of

_LARGE = 1 << 20
"""Bytes from which a read passes the cache by."""
_REQUEST = 4 << 20
_AT_ONCE = 4
_MOST_AHEAD = (2 << 20) // BLOCK_BYTES
_WHOLE_UP_TO = 32 << 20
"""Bytes of a file that is fetched whole from a web server that gives no ranges."""


class RemoteFile:
    """A file elsewhere: its size, its identity, and its bytes by position."""

    CHUNK = BLOCK_BYTES
    """Bytes that are read at least."""
    IS_COSTLY = True

    def __init__(self, path: RemotePath) -> None:
        """Ask for size and identity.

        Raises:
            OSError: there is no such file, or it may not be read.
            RemoteError: it cannot be reached, or nothing says how large it is.
        """
        self.path = path
        found = remembered_look(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "nothing is there, or access is refused", str(path))
        if found.is_folder:
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if found.size is None:
            raise RemoteError(f"{path} cannot be read: the server does not say how large it is; download it")
        self.size, self.identity = found.size, found.identity
        self._key = (str(path), found.identity)
        self._system = system_of(path)
        self._has_ranges = found.has_ranges
        self._after_last, self._ahead = 0, 0

    def read(self, position: int, size: int) -> bytes:
        """Read so many bytes at a position, fewer at the end of the file.

        Raises:
            DamagedError: the file is no longer what it was.
            RemoteError: it cannot be reached any more.
        """
        size = min(size, self.size - position)
        if size <= 0:
            return b""
        if size >= _LARGE and self._has_ranges:
            content = self._ranges(position, position + size)
            if content is not None:
                self._check(len(content), position, position + size)
                return content
        return self._small(position, size)

    def _small(self, position: int, size: int) -> bytes:
        """Read through the cache."""
        first, last = position // BLOCK_BYTES, (position + size - 1) // BLOCK_BYTES
        found = {number: blocks.get(self._key, number) for number in range(first, last + 1)}
        missing = [number for number, block in found.items() if block is None]
        if missing:
            found.update(self._fetched(missing[0], missing[-1]))
        content = b"".join(found[number] or b"" for number in range(first, last + 1))
        start = position - first * BLOCK_BYTES
        return content[start : start + size]

    def _fetched(self, first: int, last: int) -> dict[int, bytes]:
        """Fetch blocks, and more behind them where the file is read forward."""
        self._ahead = min(_MOST_AHEAD, 2 * self._ahead + 1) if first == self._after_last and first else 0
        start, end = first * BLOCK_BYTES, min(self.size, (last + 1 + self._ahead) * BLOCK_BYTES)
        content = self._ranges(start, end) if self._has_ranges else None
        if content is None:
            start, end, content = 0, self.size, self._whole()
        self._check(len(content), start, end)
        self._after_last = -(-end // BLOCK_BYTES)
        found = {}
        for at in range(start, end, BLOCK_BYTES):
            number = at // BLOCK_BYTES
            found[number] = content[at - start : at - start + BLOCK_BYTES]
            blocks.put(self._key, number, found[number])
        return found

    def _ranges(self, start: int, end: int) -> bytes | None:
        """Fetch a part, in several requests where it is long; None where the server gives only the whole file."""
        spans = [(at, min(at + _REQUEST, end)) for at in range(start, end, _REQUEST)]
        parts: list[bytes] = []
        for number in range(0, len(spans), _AT_ONCE):
            check_wanted()
            try:
                parts += self._spans(spans[number : number + _AT_ONCE])
            except RemoteError as error:
                if not is_web(self.path) or not isinstance(error.__cause__, ValueError):
                    raise
                self._has_ranges = False
                return None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _spans(self, spans: list[tuple[int, int]]) -> list[bytes]:
        where = address(self.path)
        if is_web(self.path):
            return at_once(self.path, self._system, self._web_range, spans)
        if getattr(self._system, "async_impl", False):
            return at_once(self.path, self._system, self._object_range, spans)
        return [call(self.path, self._system, "cat_file", where, start=start, end=end) for start, end in spans]

    async def _object_range(self, start: int, end: int) -> bytes:
        return bytes(await self._system._cat_file(address(self.path), start=start, end=end))

    @cached_property
    def _web_range(self) -> Callable[..., Any]:
        """What asks a web server for a range, and refuses (ValueError) an answer that is none."""
        handle = self._system.open(address(self.path), block_size=BLOCK_BYTES, cache_type="none", size=self.size)
        return handle.async_fetch_range  # type: ignore[no-any-return]

    def _whole(self) -> bytes:
        """Fetch all of a small file from a web server that gives no ranges.

        Raises:
            RemoteError: it is not small.
        """
        if self.size > _WHOLE_UP_TO:
            raise RemoteError(
                f"{self.path} cannot be read: its server gives no parts of a file, and it has more than "
                f"{_WHOLE_UP_TO >> 20} MB; download it"
            )
        return bytes(call(self.path, self._system, "cat_file", address(self.path)))

    def _check(self, got: int, start: int, end: int) -> None:
        """Compare the file with what it was, after it was read.

        Raises:
            DamagedError: it has changed.
        """
        is_whole = got == end - start == self.size
        try:
            changed = got != end - start or (not is_whole and look(self.path).identity != self.identity)
        except OSError as error:
            raise DamagedError(f"{self.path} can no longer be read: {error.strerror}; reload it") from error
        if changed:
            raise DamagedError(f"{self.path} has changed since it was opened; reload it")


class RemoteStream(io.RawIOBase):
    """A file elsewhere as a stream that can be read and moved in, for what takes files of Python."""

    def __init__(self, path: RemotePath) -> None:
        super().__init__()
        self.file = RemoteFile(path)
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.file.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, target: Any) -> int:
        """Read into a buffer, and return how many bytes."""
        content = self.file.read(self._position, len(target))
        target[: len(content)] = content
        self._position += len(content)
        return len(content)


def opened(path: RemotePath) -> io.BufferedReader:
    """Open a file for reading; the errors are those of `RemoteFile`."""
    return io.BufferedReader(RemoteStream(path), BLOCK_BYTES)
