"""Lines of the user's own source files, as a trace names them.

A record may come from anyone, and names any file. So nothing is read but what lies under the folder of the script, as
the record says it, and that folder must lie under the one that the record itself is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scopeview.errors import NotFoundError
from scopeview.model.code_lines import SourceLine
from scopeview.model.trace import Trace
from scopeview.readers.fence import fenced, opened, resolved, status
from scopeview.readers.paths import is_remote

_MOST_BYTES, _MOST_LINES, _LONGEST = 4 << 20, 200, 500


def source_lines(trace: Trace, record: Path, wanted: Iterable[tuple[str, int]]) -> tuple[SourceLine, ...]:
    """Return lines of source files.

    Args:
        trace: the record that names them.
        record: its file; paths are relative to its folder.
        wanted: files and line numbers; each is read once, the first 200 of them.
    """
    if is_remote(record):
        reason = "not read: the record lies elsewhere; copy it and the sources here"
        return tuple(SourceLine(file, line, "", reason) for file, line in list(dict.fromkeys(wanted))[:_MOST_LINES])
    base = record.parent
    root = resolved(base / trace.folder)
    is_inside = root.is_relative_to(resolved(base))
    files: dict[str, list[str] | None] = {}
    found: list[SourceLine] = []
    written = status(record)
    for file, line in list(dict.fromkeys(wanted))[:_MOST_LINES]:
        if file not in files:
            files[file] = _read(base / file, root) if is_inside else None
        lines = files[file]
        if lines is None:
            found.append(
                SourceLine(file, line, "", "not read: it is not under the folder of the script, beside the record")
            )
            continue
        text = lines[line - 1].strip()[:_LONGEST] if 0 < line <= len(lines) else ""
        now = status(base / file)
        changed = now is not None and written is not None and now.st_mtime > written.st_mtime
        found.append(SourceLine(file, line, text, "the file was changed after the record" if changed else ""))
    return tuple(found)


def _read(path: Path, root: Path) -> list[str] | None:
    """Return the lines of a file, or None where it is not under a folder or cannot be read."""
    try:
        with fenced([root]), opened(path) as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except (OSError, NotFoundError):
        return None
