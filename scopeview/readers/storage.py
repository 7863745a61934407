"""The one way to files and folders: those of this machine (`fence`, `local_file`), and those elsewhere (`remote`).

Readers ask here what lies at a path, list it, and open it; where it lies, they do not know. A path is what
`paths.path_of` made of a person's words, or what was joined to one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Protocol, cast

from scopeview.errors import NotFoundError
from scopeview.readers import fence
from scopeview.readers.local_file import LocalFile
from scopeview.readers.paths import RemotePath, is_remote


class PositionedFile(Protocol):
    """A file that is read by position, and is what it was when it was opened."""

    CHUNK: int
    """Bytes that a read costs at least, so that smaller ones are kept."""
    IS_COSTLY: bool
    """Whether opening it again costs much, so that it is kept for the next read."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        ...

    @property
    def identity(self) -> Hashable:
        """What changes when the file is rewritten."""
        ...

    def read(self, position: int, size: int) -> bytes:
        """Read so many bytes at a position, fewer at the end of the file.

        Raises:
            DamagedError: the file is no longer what it was.
        """
        ...


def positioned(path: Path) -> PositionedFile:
    """Open a file that is read by position.

    Raises:
        NotFoundError: it leads out of the folders that are not to be left.
        OSError: it cannot be opened.
        RemoteError: it lies elsewhere, and cannot be reached.
    """
    remote = _elsewhere(path)
    if remote is None:
        return cast(PositionedFile, LocalFile(path))
    from scopeview.readers.remote.file import RemoteFile

    return cast(PositionedFile, RemoteFile(remote))


def opened(path: Path) -> BufferedReader:
    """Open a file that is read as a stream; the errors are those of `positioned`."""
    remote = _elsewhere(path)
    if remote is None:
        return fence.opened(path)
    from scopeview.readers.remote.file import opened as opened_elsewhere

    return opened_elsewhere(remote)


def status(path: Path) -> os.stat_result | None:
    """Return kind and size of what a path leads to; None if nothing is there, or it lies outside the fence.

    Raises:
        RemoteError: it lies elsewhere, and cannot be reached.
    """
    if not is_remote(path):
        return fence.status(path)
    from scopeview.readers.remote import looks

    return looks.status(cast(RemotePath, path)) if fence.fence() is None else None


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file within the fence."""
    return _kind(path) == stat.S_IFREG


def is_dir(path: Path) -> bool:
    """Return whether a path leads to a folder within the fence."""
    return _kind(path) == stat.S_IFDIR


def _kind(path: Path) -> int:
    """Return `S_IFREG`, `S_IFDIR` or another kind; 0 if nothing is there."""
    if not is_remote(path):
        found = fence.status(path)
        return 0 if found is None else stat.S_IFMT(found.st_mode)
    from scopeview.readers.remote import looks

    is_folder = looks.is_folder(cast(RemotePath, path)) if fence.fence() is None else None
    return {None: 0, True: stat.S_IFDIR, False: stat.S_IFREG}[is_folder]


def children(folder: Path) -> list[Path]:
    """Return what lies in a folder within the fence, sorted.

    Raises:
        NotFoundError: it lies outside.
        OSError: it cannot be listed.
        RemoteError: it lies elsewhere, and cannot be reached.
    """
    remote = _elsewhere(folder)
    if remote is None:
        return fence.children(folder)
    from scopeview.readers.remote import looks

    return cast(list[Path], looks.children(remote))


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of those below it, sorted; the errors are those of `children`.

    At most 100,000 are looked at: the folder may be the root of a file system.
    """
    remote = _elsewhere(folder)
    if remote is None:
        return fence.files_below(folder)
    from scopeview.readers.remote import looks

    return cast(list[Path], looks.files_below(remote))


def or_unlisted(path: Path) -> str:
    """Return what to say of a path that is not there, where it may be a folder all the same."""
    if not is_remote(path) or cast(RemotePath, path).protocol not in ("http", "https"):
        return ""
    return "; a web server need not list its folders: pass a file in it, such as saved_model.pb"


@contextmanager
def remembering() -> Iterator[None]:
    """Ask once for each thing elsewhere that is looked at within."""
    from scopeview.readers.remote import looks

    with looks.remembering():
        yield


@contextmanager
def looking(path: Path) -> Iterator[None]:
    """Ask once for each thing that is looked at within, where a path lies elsewhere.

    Raises:
        RemoteError: nothing was found, and a server had refused access.
    """
    if not is_remote(path):
        yield
        return
    from scopeview.readers.remote import looks

    with looks.remembering():
        try:
            yield
        except NotFoundError:
            looks.raise_if_refused()
            raise


def _elsewhere(path: Path) -> RemotePath | None:
    """Return the URL that a path is, None for a path of this machine.

    Raises:
        NotFoundError: there is a fence, which no URL is within.
    """
    if not is_remote(path):
        return None
    if fence.fence() is not None:
        raise NotFoundError(f"{path} leads out of the folders that are served; pass it to scopeview serve by its name")
    return cast(RemotePath, path)
