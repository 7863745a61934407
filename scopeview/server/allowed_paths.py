"""Which paths may be opened: those named on the command line, what lies under the roots, and what was dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scopeview.errors import NotFoundError
from scopeview.readers.fence import children, fenced, is_dir, resolved
from scopeview.server.conversions import Conversions
from scopeview.server.uploads import Uploads

_MOST_LISTED = 500
_LONGEST_SHOWN = 200


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

    def __init__(self, named: Iterable[str] = (), roots: Iterable[str] = (), *, takes_uploads: bool = True) -> None:
        self._named = frozenset(named)
        self._roots = tuple(resolved(Path(root)) for root in roots)
        self.uploads = Uploads(is_open=takes_uploads)
        self.conversions = Conversions(is_open=takes_uploads)

    def close(self) -> None:
        """Remove what was uploaded, and what was converted."""
        self.uploads.close()
        self.conversions.close()

    def allowed(self, path: str) -> tuple[str, tuple[Path, ...] | None]:
        """Return a path that may be opened, and the folders that opening it must not lead out of; None for a named one.

        Raises:
            NotFoundError: it is neither named on the command line nor under a root.
        """
        if path in self._named:
            return path, None
        asked = Path(path)
        sent = self.uploads.folder_of(asked)  # what was sent may hold several artifacts, of which one is chosen
        if sent is not None:
            return path, (sent,)
        for root in self._roots:
            whole = _resolved(asked if asked.is_absolute() else root / asked)
            if whole is None:
                break
            if whole == root or root in whole.parents:
                return str(whole), self._roots
        shown = path if len(path) <= _LONGEST_SHOWN else f"{path[:_LONGEST_SHOWN]}..."
        raise NotFoundError(f"{shown} is not served: pass it to scopeview serve, or a folder above it as --root")

    def listed(self, under: str) -> PlacesPage:
        """Return the paths below a folder of the roots, folders with a slash; the roots themselves for nothing.

        Raises:
            NotFoundError: it lies below no root, or cannot be listed.
        """
        if not under:
            paths = sorted([*self._named, *(f"{root}/" for root in self._roots)])
            return PlacesPage("", "", tuple(paths), len(paths), bool(self._roots))
        path, within = self.allowed(under)
        folder = Path(path)
        with fenced(within):
            try:
                inside = children(folder) if is_dir(folder) else []
            except OSError as error:
                raise NotFoundError(f"{path} cannot be listed: {error.strerror or error}") from error
            shown = tuple(f"{inner}/" if is_dir(inner) else str(inner) for inner in inside[:_MOST_LISTED])
        above = "" if folder in self._roots else f"{folder.parent}/"
        return PlacesPage(path, above, shown, len(inside), has_roots=True)


def _resolved(path: Path) -> Path | None:
    try:
        return resolved(path)
    except NotFoundError:  # no file can have this path
        return None


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
