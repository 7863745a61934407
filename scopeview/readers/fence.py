"""The folders that reading must not lead out of, and the one way to a file below them.

A served folder may hold links, a checkpoint's state file names paths, and both may change while they are read. So a
path is resolved once, compared with the folders, and then opened from the folder's own descriptor, one component after
the other and following no link: what is swapped for a link in between cannot be opened. What is asked of a file (is it
one, how large is it) is asked of such a descriptor too, so that no answer depends on what lies outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import BufferedReader
from itertools import islice
from pathlib import Path

from scopeview.errors import NotFoundError

LONGEST_PATH = 4096
"""Characters of a path; Linux takes no more, and resolving one costs the square of its length."""

_HAS_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_MOST_BELOW = 100_000
_QUIET = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | _QUIET

_fence: ContextVar[tuple[Path, ...] | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(roots: Sequence[Path] | None) -> Iterator[None]:
    """Refuse every file that lies below none of these folders once links are followed; None refuses nothing."""
    token = _fence.set(None if roots is None else tuple(map(resolved, roots)))
    try:
        yield
    finally:
        _fence.reset(token)


def fence() -> tuple[Path, ...] | None:
    """Return the folders that are not left at this point, for what reads on later."""
    return _fence.get()


def or_outside() -> str:
    """Return what to say of a named file that is not there: within a fence, the same if it is there and outside."""
    return "" if _fence.get() is None else ", or not in a folder that is served"


def resolved(path: Path) -> Path:
    """Return a path with its links followed, as far as they lead anywhere.

    Raises:
        NotFoundError: no file can have this path.
    """
    text = str(path)
    if len(text) > LONGEST_PATH or "\0" in text:
        raise NotFoundError(f"{text[:100]!r}... is not a path of this system")
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError) as error:  # such as half a surrogate pair, which no file system can name
        raise NotFoundError(f"{text[:100]!r} is not a path of this system") from error


def opened(path: Path) -> BufferedReader:
    """Open a file for reading: the one way by which a reader gets at any.

    Raises:
        NotFoundError: it leads out of the folders that are not to be left.
        OSError: it cannot be opened.
    """
    roots = _fence.get()
    if roots is None:
        return path.open("rb")
    descriptor = _descriptor(path, roots)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFoundError(f"{path} is not a file")
    return os.fdopen(descriptor, "rb")


def status(path: Path) -> os.stat_result | None:
    """Return the status of what a path leads to; None if nothing is there, or it lies outside the fence."""
    roots = _fence.get()
    with suppress(OSError, ValueError, NotFoundError):
        if roots is None:
            return path.stat()
        descriptor = _descriptor(path, roots)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)
    return None


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file within the fence."""
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_dir(path: Path) -> bool:
    """Return whether a path leads to a folder within the fence."""
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def children(folder: Path) -> list[Path]:
    """Return what lies in a folder within the fence, sorted.

    Raises:
        NotFoundError: it lies outside.
        OSError: it cannot be listed.
    """
    roots = _fence.get()
    if roots is None or not _HAS_DESCRIPTORS:
        return sorted(folder.iterdir())
    descriptor = _descriptor(folder, roots)
    try:
        with os.scandir(descriptor) as inside:
            return sorted(folder / entry.name for entry in inside)
    finally:
        os.close(descriptor)


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of those below it, sorted; no link to a folder is followed.

    At most 100,000 are looked at: the folder may be the root of a file system.
    """
    roots = _fence.get()
    found: list[Path] = []
    if roots is None or not _HAS_DESCRIPTORS:
        walk = ((where, names) for where, _, names in os.walk(folder))
        return sorted(Path(where) / name for where, name in islice(_pairs(walk), _MOST_BELOW))
    descriptor = _descriptor(folder, roots)
    try:
        inner = ((where, names) for where, _, names, _ in os.fwalk(dir_fd=descriptor))
        found = [folder / where / name for where, name in islice(_pairs(inner), _MOST_BELOW)]
    finally:
        os.close(descriptor)
    return sorted(found)


def _pairs(walk: Iterable[tuple[str, list[str]]]) -> Iterator[tuple[str, str]]:
    return ((where, name) for where, names in walk for name in names)


def _descriptor(path: Path, roots: Sequence[Path]) -> int:
    """Open a file or a folder below one of the roots, for reading, without waiting for whatever it is.

    Raises:
        NotFoundError: it lies below none of them.
        OSError: it cannot be opened.
    """
    real = resolved(path)
    root = next((root for root in roots if root == real or root in real.parents), None)
    if root is None:
        raise NotFoundError(f"{path} leads out of the folders that are served; pass it to scopeview serve by its name")
    if not _HAS_DESCRIPTORS:
        return os.open(real, os.O_RDONLY | _QUIET)
    descriptor = os.open(root, os.O_RDONLY | (0 if root == real else _FOLDER) | os.O_NOFOLLOW | _QUIET)
    parts = real.relative_to(root).parts
    for position, part in enumerate(parts, 1):
        kind = _FOLDER if position < len(parts) else 0
        try:
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | kind | _QUIET, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor
