"""What was sent to the server: kept below its temporary folder until it is closed, whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from scopeview.errors import NoRoomError, QueryError, TooLargeError, TooManyError
from scopeview.readers.temporary import new_folder
from scopeview.server.limits import LARGEST_UPLOAD

MOST_BYTES = 16 << 30
"""Of all files together."""
MOST_FILES = 10_000
_DEEPEST = 8
"""Folders of a path that is sent; what lies above is left out."""
_LONGEST_SEGMENT = 120
"""Bytes of a name; file systems take 255."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Uploads:
    """Files that were sent, in groups that belong together."""

    def __init__(self, *, is_open: bool = True) -> None:
        """Keep nothing yet.

        Args:
            is_open: whether anything is taken.
        """
        self._is_open = is_open
        self._folder: Path | None = None
        self._groups: dict[object, Path] = {}
        self._files = 0
        self._bytes = 0

    def folder_of(self, path: Path) -> Path | None:
        """Return the folder of the group that a path lies in, or None."""
        if not path.is_absolute() or ".." in path.parts:
            return None
        return next((folder for folder in self._groups.values() if folder in path.parents), None)

    def close(self) -> None:
        """Remove everything."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._groups.clear()
        self._files = self._bytes = 0

    def remove(self, folder: Path) -> None:
        """Remove one group."""
        sizes = [path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()]
        shutil.rmtree(folder, ignore_errors=True)
        self._files -= len(sizes)
        self._bytes -= sum(sizes)
        for key in [key for key, other in self._groups.items() if other == folder]:
            del self._groups[key]

    async def keep(self, name: str, group: str, chunks: AsyncIterator[bytes]) -> Path:
        """Write a file that was sent, beside others of its group, and return their folder.

        It is written under another name and gets its own when it is whole; on any other end it is removed.

        Args:
            name: of the file; below a folder that was sent, its path there. Only letters, digits and a few signs of
                each segment are kept: it becomes a path.
            group: what was sent together, by whatever the sender calls it; empty for a file alone.
            chunks: the content.

        Raises:
            TooLargeError: it is larger than 4 GB, or all files together are larger than 16 GB.
            TooManyError: too many files were sent.
            NoRoomError: the disk is full.
            QueryError: it cannot have this name.
        """
        if not self._is_open:
            raise QueryError("no files are taken here; open them by their paths")
        if self._files >= MOST_FILES:
            raise TooManyError(f"{MOST_FILES:,} files were sent already; close some models, or open files by path")
        partial: Path | None = None
        try:
            partial = self._new_folder() / "partial"
            size = await self._write(partial, chunks)
            folder = self._place(partial, name, group)
        except OSError as error:
            if error.errno in _FULL:
                raise NoRoomError("the server's disk has no room for this file; open it by its path instead") from error
            raise QueryError(f"the file cannot be kept under this name: {error.strerror or error}") from error
        finally:
            if partial is not None:
                shutil.rmtree(partial.parent, ignore_errors=True)
        self._files += 1
        self._bytes += size
        return folder

    async def _write(self, target: Path, chunks: AsyncIterator[bytes]) -> int:
        size = 0
        with target.open("wb", buffering=0) as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST_UPLOAD:
                    raise TooLargeError("the file is larger than 4 GB; open it by its path instead")
                if self._bytes + size > MOST_BYTES:
                    raise TooLargeError("more than 16 GB were sent; close some models, or open files by their paths")
                await run_in_threadpool(_write_whole, file.fileno(), chunk)
        return size

    def _place(self, partial: Path, name: str, group: str) -> Path:
        """Give a whole file its name in its group; a group without a file is not left behind."""
        key = group or object()
        is_new = key not in self._groups
        folder = self._groups.get(key) or self._new_folder()
        segments = [safe_segment(segment) for segment in Path(name).parts if segment.strip("./")] or ["upload"]
        target = folder.joinpath(*segments[-_DEEPEST if group else -1 :])
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        except OSError:
            with suppress(OSError):
                os.removedirs(target.parent)  # those that are empty, as far up as they are
            if is_new:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self._groups[key] = folder
        return folder

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._folder = new_folder()
        number = 0
        while True:
            folder = self._folder / f"{len(self._groups)}-{number}"
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                continue
            return folder


def _write_whole(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def safe_segment(segment: str) -> str:
    """Return a name that every file system takes: its end counts, for the ending says what it is."""
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in segment)
    while len(kept.encode("utf-8", "replace")) > _LONGEST_SEGMENT:
        kept = kept[1:]
    return kept.lstrip(".") or "upload"
