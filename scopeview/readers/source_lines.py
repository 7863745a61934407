"""Lines of the user's own source files, as a trace names them.

A record may come from anyone, and names any file. So nothing is read but what lies under the folder of the script, as
the record says it, and that folder must lie under the one that the record itself is in. A page, which others may reach,
is shown files of Python that the record names, and no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scopeview.errors import NotFoundError
from scopeview.model.code_lines import SourceExcerpt, SourceLine
from scopeview.model.trace import Trace
from scopeview.readers.fence import fence, fenced, opened, resolved, status
from scopeview.readers.paths import is_remote

_MOST_BYTES, _MOST_LINES, _LONGEST = 4 << 20, 200, 500
_NOT_READ = "not read: it is not under the folder of the script, beside the record"
_CHANGED = "the file was changed after the record"


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
    root = _root(trace, base)
    files: dict[str, list[str] | None] = {}
    found: list[SourceLine] = []
    for file, line in list(dict.fromkeys(wanted))[:_MOST_LINES]:
        if file not in files:
            files[file] = _read(base / file, root)
        lines = files[file]
        if lines is None:
            found.append(SourceLine(file, line, "", _NOT_READ))
            continue
        text = lines[line - 1].strip()[:_LONGEST] if 0 < line <= len(lines) else ""
        found.append(SourceLine(file, line, text, _change(record, base / file)))
    return tuple(found)


def source_excerpt(trace: Trace, record: Path, file: str, line: int, around: int) -> SourceExcerpt:
    """Return the lines around one.

    Args:
        trace: the record that names it.
        record: its file; paths are relative to its folder.
        file: as the record names it.
        line: its number, from 1.
        around: how many lines before and after it.

    Raises:
        NotFoundError: the record names no such file of Python.
    """
    if not file.endswith(".py") or file not in _named(trace):
        raise NotFoundError(f"the record names no file {file[:200]!r} of Python; choose a line that it names")
    base = record.parent
    lines = _read(base / file, _root(trace, base))
    if lines is None:
        return SourceExcerpt(file, line, line, (), _NOT_READ)
    first = max(1, line - around)
    shown = tuple(text.rstrip()[:_LONGEST] for text in lines[first - 1 : line + around])
    return SourceExcerpt(file, line, first, shown, _change(record, base / file))


def _named(trace: Trace) -> set[str]:
    """Return the files of every line that a record holds."""
    parts = (
        trace.scopes,
        trace.reuse_calls,
        trace.variables,
        trace.collections,
        trace.objects,
        trace.functions,
        trace.op_stacks,
    )
    named = {frame.file for part in parts for one in part for frame in one.frames}
    return named | {frame.file for frame in trace.error_frames}


def _root(trace: Trace, base: Path) -> Path | None:
    """Return the folder of the script, or None where it does not lie below that of the record."""
    root = resolved(base / trace.folder)
    return root if root.is_relative_to(resolved(base)) else None


def _read(path: Path, root: Path | None) -> list[str] | None:
    """Return the lines of a file, or None where it is not under a folder or cannot be read.

    Within a fence, it is opened from the folders of that, for the folder itself may become a link meanwhile.
    """
    if root is None:
        return None
    try:
        real = resolved(path)
        if root not in real.parents:
            return None
        with fenced([root] if fence() is None else fence()), opened(real) as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except (OSError, NotFoundError):
        return None


def _change(record: Path, path: Path) -> str:
    now, written = status(path), status(record)
    return _CHANGED if now is not None and written is not None and now.st_mtime > written.st_mtime else ""
