"""Which paths may be opened: those named on the command line, what lies under the roots, and what was dropped."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from scopeview.errors import NotFoundError, QueryError

_LARGEST_UPLOAD = 4 << 30
_MOST_LISTED = 500
_DEEPEST = 8
"""Folders of a path that is sent; what lies above is left out."""


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """What can be opened, one folder at a time."""

    folder: str
    """Empty for what was named and the roots."""
    above: str
    """The folder that it lies in; empty for a root."""
    paths: tuple[str, ...]
    """Files, and folders with a slash at the end; the first of them, where there are many."""
    total: int
    has_roots: bool
    """Whether there is any folder to choose from."""


class AllowedPaths:
    """Decides about paths; links are followed before anything is compared, so that none leads out of a root."""

    def __init__(self, named: Iterable[str] = (), roots: Iterable[str] = ()) -> None:
        self._named = frozenset(named)
        self._roots = tuple(Path(root).resolve() for root in roots)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._groups: dict[object, Path] = {}

    def close(self) -> None:
        """Remove what was uploaded."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def allowed(self, path: str) -> tuple[str, tuple[Path, ...] | None]:
        """Return a path that may be opened, and the folders that opening it must not lead out of; None for a named one.

        Raises:
            NotFoundError: it is neither named on the command line nor under a root.
        """
        if path in self._named:
            return path, None
        found = Path(path)
        for sent in self._groups.values():  # what was sent may hold several artifacts, of which one is chosen
            if found.is_absolute() and ".." not in found.parts and sent in found.parents:
                return path, (sent,)
        for root in self._roots if "\0" not in path else ():
            whole = (found if found.is_absolute() else root / found).resolve()
            if whole == root or root in whole.parents:
                return str(whole), self._roots
        raise NotFoundError(f"{path} is not served: pass it to scopeview serve, or a folder above it as --root")

    def listed(self, under: str) -> PlacesPage:
        """Return the paths below a folder of the roots, folders with a slash; the roots themselves for nothing."""
        if not under:
            paths = sorted([*self._named, *(f"{root}/" for root in self._roots)])
            return PlacesPage("", "", tuple(paths), len(paths), bool(self._roots))
        folder = Path(self.allowed(under)[0])
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        shown = tuple(f"{path}/" if path.is_dir() else str(path) for path in inside[:_MOST_LISTED])
        above = "" if folder in self._roots else f"{folder.parent}/"
        return PlacesPage(str(folder), above, shown, len(inside), has_roots=True)

    async def keep(self, name: str, group: str, chunks: AsyncIterator[bytes]) -> Path:
        """Write a file that was sent, beside others of its group, and return their folder.

        Args:
            name: of the file; below a folder that was sent, its path there. Only letters, digits and a few signs of
                each segment are kept: it becomes a path.
            group: what was sent together, by whatever the sender calls it; empty for a file alone.
            chunks: the content.

        Raises:
            QueryError: it is larger than 4 GB.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="scopeview-")
        key = group or object()
        if key not in self._groups:
            self._groups[key] = Path(tempfile.mkdtemp(dir=self._folder.name))
        segments = [_safe(segment) for segment in Path(name).parts if segment.strip("./")] or ["upload"]
        target = self._groups[key].joinpath(*segments[-_DEEPEST if group else -1 :])
        target.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with target.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > _LARGEST_UPLOAD:
                    raise QueryError("the file is larger than 4 GB; open it by its path instead")
                file.write(chunk)
        return self._groups[key]


def _safe(segment: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in segment)[-120:].lstrip(".") or "upload"


def openable(folder: Path) -> list[Path]:
    """Return what of the files that were sent together can be opened: each alone, a checkpoint by its prefix.

    A folder that was sent stands for all that is in it.
    """
    names = {path.name for path in folder.iterdir()}
    found = []
    for path in sorted(folder.iterdir()):
        stem, is_index, _ = path.name.rpartition(".index")
        shard_of = re.sub(r"\.data-\d{5}-of-\d{5}\Z", "", path.name)
        is_shard = shard_of != path.name and f"{shard_of}.index" in names
        if not is_shard and (path.name != "checkpoint" or len(names) == 1):
            found.append(path.with_name(stem) if is_index and stem else path)
    return found
