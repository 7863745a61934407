"""What lies at a URL: a file or a folder, its size, what changes when it is rewritten, what lies in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from scopeview.errors import RemoteError
from scopeview.readers.paths import RemotePath
from scopeview.readers.remote.calls import call
from scopeview.readers.remote.systems import address, is_web, system_of

_MARKS = (
    "ETag",
    "etag",
    "generation",
    "VersionId",
    "md5Hash",
    "Content-MD5",
    "Digest",
    "Last-Modified",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
    "created",
)
"""What file systems say of a file that changes when it is rewritten."""
_MOST_LISTED = 100_000
_MOST_FOLDERS = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What lies at a URL."""

    is_folder: bool
    size: int | None
    """Bytes of a file; None where the server does not say."""
    identity: tuple[str, ...]
    """Size and marks such as an ETag: another tuple where the file was rewritten."""
    has_ranges: bool = True
    """Whether parts of it can be asked for, as far as the server says."""


@dataclass(slots=True)
class _Memory:
    """What was looked at while one path is opened: asked once, however many readers ask."""

    looks: dict[RemotePath, Look | None] = field(default_factory=dict)
    is_folder: dict[RemotePath, bool] = field(default_factory=dict)
    """By path, as the list of its folder has it."""
    sizes: dict[RemotePath, int] = field(default_factory=dict)
    lists: dict[RemotePath, list[RemotePath]] = field(default_factory=dict)
    refused: list[RemotePath] = field(default_factory=list)


_memory: ContextVar[_Memory | None] = ContextVar("memory", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Ask a server once for each thing that is looked at within; whoever remembers already goes on to."""
    if _memory.get() is not None:
        yield
        return
    token = _memory.set(_Memory())
    try:
        yield
    finally:
        _memory.reset(token)


def raise_if_refused() -> None:
    """Say that access was refused, where that is why nothing was found.

    Raises:
        RemoteError: a server refused to say whether something is there.
    """
    memory = _memory.get()
    if memory is not None and memory.refused:
        raise RemoteError(
            f"{memory.refused[0]} cannot be read: access is refused, or nothing is there; credentials are taken from "
            "where fsspec looks for them, such as the environment"
        )


def look(path: RemotePath) -> Look:
    """Ask what lies at a URL now.

    Raises:
        FileNotFoundError, PermissionError: nothing is there, or it may not be read.
        RemoteError: it cannot be reached.
    """
    system = system_of(path)
    found = call(path, system, "info", address(path))
    is_folder = found.get("type") == "directory" or (is_web(path) and _is_list_of_files(found))
    size = found.get("size")
    marks = tuple(f"{name}={found[name]}" for name in _MARKS if found.get(name))
    return Look(is_folder, size, (f"size={size}", *marks), found.get("partial", True) is not False)


def _is_list_of_files(info: dict[str, Any]) -> bool:
    """Whether a web page is the list of a folder: a page whose address, where it led in the end, has a slash last."""
    return info.get("mimetype") == "text/html" and urlsplit(str(info.get("url", ""))).path.endswith("/")


def remembered_look(path: RemotePath) -> Look | None:
    """Return what lies at a URL, None for nothing.

    Raises:
        RemoteError: it cannot be reached.
    """
    memory = _memory.get() or _Memory()
    if path not in memory.looks:
        try:
            memory.looks[path] = look(path)
        except PermissionError:
            memory.looks[path] = None
            memory.refused.append(path)
        except OSError:
            memory.looks[path] = None
    return memory.looks[path]


def status(path: RemotePath) -> os.stat_result | None:
    """Return kind and size of what lies at a URL, as `os.stat` has them; None if nothing is there."""
    memory = _memory.get()
    if memory is not None and path in memory.sizes:
        return _as_stat(is_folder=False, size=memory.sizes[path])
    if _is_unlisted(path):
        return None
    found = remembered_look(path)
    return None if found is None else _as_stat(is_folder=found.is_folder, size=found.size or 0)


def is_folder(path: RemotePath) -> bool | None:
    """Return whether a URL is a folder, None if nothing is there."""
    memory = _memory.get()
    if memory is not None and path in memory.is_folder:
        return memory.is_folder[path]
    if _is_unlisted(path):
        return None
    found = remembered_look(path)
    return None if found is None else found.is_folder


def _is_unlisted(path: RemotePath) -> bool:
    """Whether the folder of a path was listed, and the path was not there; a page of a web server need not list all."""
    memory = _memory.get()
    is_listed = memory is not None and path != path.parent and path.parent in memory.lists and not is_web(path)
    return is_listed and memory is not None and path not in memory.is_folder


def _as_stat(*, is_folder: bool, size: int) -> os.stat_result:
    mode = stat.S_IFDIR | 0o500 if is_folder else stat.S_IFREG | 0o400
    return os.stat_result((mode, 0, 0, 1, 0, 0, size, 0, 0, 0))


def children(folder: RemotePath) -> list[RemotePath]:
    """Return what lies in a folder, sorted.

    Raises:
        OSError: it cannot be listed; a web server need not list anything.
        RemoteError: it cannot be reached.
    """
    memory = _memory.get() or _Memory()
    if folder in memory.lists:
        return memory.lists[folder]
    found = []
    for entry in call(folder, system_of(folder), "ls", address(folder, is_folder=True), detail=True):
        child = _child(folder, str(entry["name"]))
        if child is None:
            continue
        found.append(child)
        memory.is_folder[child] = entry.get("type") == "directory"
        if isinstance(entry.get("size"), int) and not memory.is_folder[child]:
            memory.sizes[child] = entry["size"]
    memory.lists[folder] = sorted(set(found))
    return memory.lists[folder]


def _child(folder: RemotePath, listed: str) -> RemotePath | None:
    """Return an entry of a list as a path; None for the folder itself, and for what a page links elsewhere."""
    name = _linked(folder, listed) if is_web(folder) else listed.rstrip("/").rpartition("/")[2]
    is_folder_itself = bool(folder.parts) and listed.strip("/").endswith("/".join(folder.parts))
    if not name or "/" in name or name in (".", "..") or is_folder_itself:
        return None
    return RemotePath(folder.root, (*folder.parts, name), folder.query)


def _linked(folder: RemotePath, address_of_link: str) -> str:
    """Return the name of what a page of a folder links to, relative to it."""
    page = urlsplit(address(folder, is_folder=True)).path
    link = urlsplit(address_of_link).path
    return unquote(link).removeprefix(unquote(page)).rstrip("/")


def files_below(folder: RemotePath) -> list[RemotePath]:
    """Return the files of a folder and of those below it, sorted: of at most 1,000 folders, 100,000 files.

    Raises:
        OSError: the folder cannot be listed.
    """
    found: list[RemotePath] = []
    waiting, listed = [folder], 0
    while waiting and listed < _MOST_FOLDERS and len(found) < _MOST_LISTED:
        current = waiting.pop(0)
        listed += 1
        for child in children(current):
            if is_folder(child):
                waiting.append(child)
            else:
                found.append(child)
    return sorted(found[:_MOST_LISTED])
