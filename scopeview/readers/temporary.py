"""Temporary folders of this process, all below one that is locked while the process lives.

They are removed when they are no longer needed and when the process ends. A process that is killed leaves its folder
behind; the lock ends with the process, and the next server that starts removes what nobody holds.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "scopeview-"
_LOCK = ".lock"

_lock = threading.Lock()
_own: tuple[Path, int] | None = None


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that is removed after its use."""
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """Make a folder that is removed when the process ends, if not before.

    Raises:
        OSError: there is no room for one.
    """
    global _own
    with _lock:
        while _own is None or not _own[0].is_dir():
            _own = _claimed(Path(tempfile.mkdtemp(prefix=_PREFIX)))
        return Path(tempfile.mkdtemp(dir=_own[0]))


def remove_own() -> None:
    """Remove every temporary folder of this process."""
    global _own
    with _lock:
        if _own is not None:
            shutil.rmtree(_own[0], ignore_errors=True)
            os.close(_own[1])
        _own = None


def remove_left_behind() -> None:
    """Remove the folders of processes that were killed."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            if _is_mine(folder) and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _claimed(folder: Path) -> tuple[Path, int] | None:
    """Lock a folder that was just made; None if another process took it for one left behind."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if not _try_lock(descriptor) or not (folder / _LOCK).exists():
        os.close(descriptor)
        return None
    return folder, descriptor


def _is_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _is_mine(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and hasattr(os, "getuid") and found.st_uid == os.getuid()


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nothing is removed there that another process may hold
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


atexit.register(remove_own)
