"""Zip archives: which files one holds, found once for all formats that are archives."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

from scopeview.readers.protocol import Content
from scopeview.readers.storage import opened

_MOST_MEMBERS = 200_000


def members(content: Content) -> Sequence[str]:
    """Return the names of an archive's files; none if it is no zip archive that can be read."""
    return content.once(_members)


def _members(content: Content) -> Sequence[str]:
    if not content.head.startswith(b"PK\x03\x04"):
        return ()
    try:
        with opened(content.path) as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return ()
    return names if len(names) <= _MOST_MEMBERS else ()
