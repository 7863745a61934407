"""Files that were converted for the page: in a temporary folder of the server, bounded, the oldest removed first."""

from __future__ import annotations

import secrets
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.convert import ConvertOptions, ConvertPlan, NotConverted, plan_conversion
from scopeview.analysis.counterparts import counterparts
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.kept_variables import with_kept
from scopeview.analysis.work import Values
from scopeview.errors import NoRoomError, NotFoundError, QueryError, ScopeviewError, TooLargeError
from scopeview.model.model import Model
from scopeview.model.wanted import check_wanted
from scopeview.readers import Limits
from scopeview.readers.fence import fenced
from scopeview.readers.temporary import new_folder
from scopeview.server.uploads import safe_segment
from scopeview.workspace import Workspace
from scopeview.writers.convert import convert, is_filled_up, manifest_path
from scopeview.writers.verify import verify

MOST_BYTES = 8 << 30
"""Of all files that are kept."""
MOST_FILES = 4
_LEFT_FREE = 256 << 20
"""Bytes of the disk that are left to others."""
_PER_TENSOR = 1024
"""Bytes that a tensor takes beside its values: its entry in the file and in the manifest."""
_LARGEST_TENSOR = 4 << 30
_LISTED = 50

FileFormat = Literal["safetensors", "npz", "weights.h5", "checkpoint"]


@dataclass(frozen=True, slots=True)
class ConvertedFile:
    """A file that was written, read back and compared with its plan; it is fetched by its id."""

    id: str
    name: str
    """A name for it. A checkpoint is an archive of its files."""
    size_bytes: int
    tensors: int
    """How many were written."""
    left_out: tuple[NotConverted, ...]
    """Variables with values that are not in it, the first 50."""
    total_left_out: int
    unfilled: tuple[NotConverted, ...]
    """Variables of the other side that get no values, the first 50."""
    total_unfilled: int
    kept: tuple[NotConverted, ...]
    """Variables that keep the values of the other side, the first 50: Keras loads no HDF5 file without them."""
    total_kept: int


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to be written."""

    plan: ConvertPlan
    model: Model
    """The source."""
    values: Values
    like: Model
    """The side whose names are taken."""
    within: tuple[Path, ...] | None
    """Folders that reading that side must not lead out of."""


def conversion(workspace: Workspace, a: str, b: str, guidance: Guidance, *, drop_slots: bool) -> Conversion:
    """Plan to write the values of one of two models under the names of the other.

    Args:
        workspace: where they are open.
        a: the id of the one.
        b: the id of the other; it gives the values where A is a graph and B its checkpoint.
        guidance: what a person says of the matching, from A to B.
        drop_slots: whether optimizer slots are left out.

    Raises:
        QueryError: neither has values to write, or nothing is left to write.
    """
    is_backwards = workspace.difference(a, b, guidance).report.restores_from == "b"
    source, other = (b, a) if is_backwards else (a, b)
    sides = namespace_of(workspace.compared(a)), namespace_of(workspace.compared(b))
    context, values = workspace.stored(source)
    like = workspace.compared(other)
    matched, recipes, reasons = counterparts(*sides, guidance, is_backwards=is_backwards)
    options = ConvertOptions(drop=("slots",) if drop_slots else ())
    plan = plan_conversion(context, options, like, matched, recipes, reasons)
    return Conversion(plan, context.model, values, like.model, workspace.within(other))


class Conversions:
    """The files that were converted, the latest last."""

    def __init__(self, *, is_open: bool = True) -> None:
        """Keep nothing yet.

        Args:
            is_open: whether anything is written.
        """
        self._is_open = is_open
        self._folder: Path | None = None
        self._files: dict[str, tuple[Path, int]] = {}
        self._reserved = 0
        self._lock = threading.Lock()
        self.revision = 0
        """Grows when a file goes: what was answered about it is no answer any more."""

    def path(self, identity: str) -> Path:
        """Return the path of a file.

        Raises:
            NotFoundError: it was removed for others, or never was.
        """
        found = self._files.get(identity)
        if found is None or not found[0].is_file():
            raise NotFoundError("this file is not kept any more; convert it again")
        return found[0]

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self._files.clear()
            self.revision += 1

    def make(self, wanted: Conversion, form: FileFormat) -> ConvertedFile:
        """Write a file, read it back, and keep it.

        Raises:
            QueryError: nothing is written here.
            TooLargeError: it is larger than 8 GB.
            NoRoomError: the disk has no room for it.
            ScopeviewError: it cannot be written, or values are missing.
        """
        if not self._is_open:
            raise QueryError("no files are written here; use scopeview convert --like in a terminal")
        if is_filled_up(Path(f"new.{form}"), wanted.like):
            wanted = replace(wanted, plan=with_kept(wanted.plan, AnalysisContext(wanted.like)))
        plan = wanted.plan
        kept = [NotConverted(row.source, row.reason) for row in plan.rows if row.is_kept]
        copies = 2 if form == "checkpoint" else 1  # its files, and the archive of them
        needed = copies * (plan.size_bytes + _PER_TENSOR * len(plan.rows))
        with self._room(needed) as folder:
            try:
                path = _written(wanted, form, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        size, identity = path.stat().st_size, secrets.token_hex(8)
        with self._lock:
            self._files[identity] = path, size
        return ConvertedFile(
            id=identity,
            name=path.name,
            size_bytes=size,
            tensors=len(plan.rows),
            left_out=plan.dropped[:_LISTED],
            total_left_out=len(plan.dropped),
            unfilled=plan.unfilled[:_LISTED],
            total_unfilled=len(plan.unfilled),
            kept=tuple(kept[:_LISTED]),
            total_kept=len(kept),
        )

    @contextmanager
    def _room(self, needed: int) -> Iterator[Path]:
        """Make a folder, and room for what is to be written there."""
        if needed > MOST_BYTES:
            raise TooLargeError(
                "the file would be too large for the server; use scopeview convert --like in a terminal"
            )
        with self._lock:
            if self._folder is None:
                self._folder = new_folder()
            while self._files and (
                len(self._files) >= MOST_FILES or self._reserved + needed + self._size() > MOST_BYTES
            ):
                path, _ = self._files.pop(next(iter(self._files)))
                shutil.rmtree(path.parent, ignore_errors=True)
                self.revision += 1
            free = shutil.disk_usage(self._folder).free
            if self._reserved + needed > MOST_BYTES or free < self._reserved + needed + _LEFT_FREE:
                raise NoRoomError("the server's disk has no room for the file; use scopeview convert in a terminal")
            self._reserved += needed
            folder = self._folder / secrets.token_hex(8)
            folder.mkdir()
        try:
            yield folder
        finally:
            with self._lock:
                self._reserved -= needed

    def _size(self) -> int:
        return sum(size for _, size in self._files.values())


def _written(wanted: Conversion, form: FileFormat, folder: Path) -> Path:
    """Write a file in a folder of its own, and return its path."""
    stem = safe_segment(Path(wanted.plan.source).name)[-60:].strip(".") or "weights"
    name = f"{stem}.converted"
    target = folder / (name if form == "checkpoint" else f"{name}.{form}")
    limits = Limits(memory_bytes=_LARGEST_TENSOR)
    with fenced(wanted.within):  # the files whose layout is taken; values are read within their own folders
        convert(wanted.plan, wanted.model, wanted.values, target, lambda _size: check_wanted(), limits, wanted.like)
    verify(wanted.plan, target)
    return _archive(folder, name) if form == "checkpoint" else _alone(target)


def _alone(target: Path) -> Path:
    manifest_path(target).unlink(missing_ok=True)  # a page fetches one file
    return target


def _archive(folder: Path, name: str) -> Path:
    """Put the files of a checkpoint into an archive, with the manifest of what came from where."""
    whole = folder / f"{name}.zip"
    parts = sorted(path for path in folder.iterdir() if path.is_file())
    try:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for path in parts:
                check_wanted()
                archive.write(path, path.name)
                path.unlink()
    except OSError as error:
        raise ScopeviewError(f"the checkpoint cannot be packed: {error.strerror or error}") from error
    return whole
