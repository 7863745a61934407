"""The runs of a logdir and the graphs in them, found beside TensorBoard in a thread of their own."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scopeview.errors import ScopeviewError
from scopeview.readers import find_artifacts
from scopeview.readers.fence import fenced, files_below, status
from scopeview.readers.protocol import Artifact

_MOST_RUNS, _MOST_GRAPHS = 1000, 200
_LOOK_EVERY_S = 10.0
_WAIT_S = 2.0
_REMOTE = re.compile(r"[A-Za-z][0-9A-Za-z+.-]*://")


@dataclass(frozen=True, slots=True)
class _RunFile:
    """An event file, and the graphs in it."""

    file: Path
    stamp: tuple[int, int]
    """Time in nanoseconds and size in bytes."""
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class RunGraph:
    """One graph of a run."""

    path: str
    """The event file."""
    artifact: str
    """Which graph of the file; empty where it holds one."""
    title: str
    """What it is called in a menu."""


@dataclass(frozen=True, slots=True)
class Run:
    """A folder of the logdir with event files that hold graphs, called as TensorBoard calls it."""

    name: str
    graphs: tuple[RunGraph, ...]
    """Those of the newest file first; of one file the best first."""


@dataclass(frozen=True, slots=True)
class RunList:
    """What can be looked at."""

    runs: tuple[Run, ...]
    note: str
    """What is not shown, and why; empty if nothing."""
    is_looking: bool
    """Whether event files are being read; ask again."""


NO_RUNS = RunList((), "", is_looking=False)


def folders_of(logdir: str, logdir_spec: str = "") -> dict[str, Path]:
    """Return the local folders that TensorBoard was given, by the names that it gives them; "" for a logdir.

    Args:
        logdir: `--logdir`.
        logdir_spec: `--logdir_spec`, read without one: `name:folder,name:folder`, where names may be missing.
    """
    found: dict[str, Path] = {}
    parts = [("", logdir)] if logdir else [(_name_in(part), part) for part in logdir_spec.split(",") if part]
    for name, part in parts:
        folder = part[len(name) + 1 :] if name else part
        if not _REMOTE.match(folder):
            found[name or ("" if logdir else folder)] = Path(folder).expanduser()
    return found


def _name_in(part: str) -> str:
    """Return the name of `name:folder`; an address, an absolute path and a drive may have a colon too, and none."""
    if _REMOTE.match(part) or part.startswith("/") or os.path.splitdrive(part)[0]:
        return ""
    name, colon, _ = part.partition(":")
    return name if colon else ""


class Runs:
    """Looks for runs; a file is read again when it has changed."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._ended = threading.Event()
        self._ended.set()
        self._files: dict[Path, _RunFile] = {}
        self._runs: tuple[Run, ...] = ()
        self._left_out = 0

    def listed(self) -> RunList:
        """Return the runs that are known, after a short wait for those that are being looked for."""
        self._begin()
        self._ended.wait(_WAIT_S)
        return RunList(self._runs, self._note(), is_looking=not self._ended.is_set())

    def has_any(self) -> bool:
        """Return whether any graph is known."""
        return bool(self.listed().runs)

    def _begin(self) -> None:
        with self._lock:
            if not self._ended.is_set() or time.monotonic() - self._looked_at < _LOOK_EVERY_S:
                return
            self._ended.clear()
        threading.Thread(target=self._look, name="scopeview-runs", daemon=True).start()

    def _look(self) -> None:
        try:
            found: dict[str, list[_RunFile]] = {}
            for name, folder in self._folders.items():
                for one in self._files_of(folder):
                    found.setdefault(_run_name(name, folder, one.file), []).append(one)
            self._files = {one.file: one for files in found.values() for one in files}
            runs = [_run(name, files) for name, files in sorted(found.items())]
            with_graphs = [run for run in runs if run.graphs]
            self._left_out = max(0, len(with_graphs) - _MOST_RUNS)
            self._runs = tuple(with_graphs[:_MOST_RUNS])
        finally:
            self._looked_at = time.monotonic()
            self._ended.set()

    def _files_of(self, folder: Path) -> list[_RunFile]:
        """Return the event files below a folder that are there, with their graphs."""
        with fenced([folder]):
            return [known for file in _event_files(folder) if (known := self._read(file)) is not None]

    def _read(self, file: Path) -> _RunFile | None:
        """Return an event file with its graphs, or None where it is not there."""
        now = status(file)
        if now is None:
            return None
        stamp = (now.st_mtime_ns, now.st_size)
        known = self._files.get(file)
        if known is not None and known.stamp == stamp:
            return known
        try:
            return _RunFile(file, stamp, tuple(find_artifacts(file)))
        except ScopeviewError:  # summaries alone, or not whole yet
            return _RunFile(file, stamp, ())

    def _note(self) -> str:
        if not self._folders:
            return "the logdir is not on this machine; copy the event files, and pass their folder"
        return f"{self._left_out:,} more runs are not listed; pass a folder below" if self._left_out else ""


def _event_files(folder: Path) -> list[Path]:
    try:
        return [file for file in files_below(folder) if "tfevents" in file.name]
    except (OSError, ScopeviewError):  # it is not there yet, or cannot be listed
        return []


def _run_name(name: str, folder: Path, file: Path) -> str:
    """Return what TensorBoard calls the run of a file: its folder below the logdir, after the name of that."""
    below = file.parent.relative_to(folder).as_posix()
    return "/".join(filter(None, (name, "" if below == "." else below))) or "."


def _run(name: str, files: list[_RunFile]) -> Run:
    with_graphs = sorted((one for one in files if one.artifacts), key=lambda one: one.stamp, reverse=True)
    several = len(with_graphs) > 1
    graphs = [
        RunGraph(str(one.file), artifact.name, _title(artifact, one.file if several else None))
        for one in with_graphs
        for artifact in one.artifacts
    ]
    return Run(name, tuple(graphs[:_MOST_GRAPHS]))


def _title(artifact: Artifact, file: Path | None) -> str:
    title = artifact.name or artifact.kind.removesuffix(" of an event file")
    return f"{title} in {file.name}" if file is not None else title
