"""Which paths may be opened: those named on the command line, what lies under the roots, and what was dropped."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from scopeview.errors import NotFoundError, QueryError

_LARGEST_UPLOAD = 4 << 30
_MOST_LISTED = 500


class Places:
    """Decides about paths; links are followed before anything is compared, so that none leads out of a root."""

    def __init__(self, named: Iterable[str] = (), roots: Iterable[str] = ()) -> None:
        self._named = frozenset(named)
        self._roots = tuple(Path(root).resolve() for root in roots)
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Remove what was uploaded."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def allowed(self, path: str) -> str:
        """Return a path that may be opened.

        Raises:
            NotFoundError: it is neither named on the command line nor under a root.
        """
        if path in self._named:
            return path
        found = Path(path)
        for root in self._roots:
            whole = (found if found.is_absolute() else root / found).resolve()
            if whole == root or root in whole.parents:
                return str(whole)
        raise NotFoundError(f"{path} is not served: pass it to scopeview serve, or a folder above it as --root")

    def listed(self, under: str) -> list[str]:
        """Return the paths below a folder of the roots, folders with a slash; the roots themselves for nothing."""
        if not under:
            return sorted([*self._named, *(f"{root}/" for root in self._roots)])
        folder = Path(self.allowed(under))
        if not folder.is_dir():
            return []
        found = (f"{path}/" if path.is_dir() else str(path) for path in sorted(folder.iterdir()))
        return [path for path, _ in zip(found, range(_MOST_LISTED), strict=False)]

    async def keep(self, name: str, chunks: AsyncIterator[bytes]) -> Path:
        """Write a file that was sent, under the last segment of its name.

        Raises:
            QueryError: it is larger than 4 GB.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="scopeview-")
        # Only letters, digits and a few signs of the name are kept: it becomes a path.
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in Path(name).name)[-120:].lstrip(".") or "upload"
        target = Path(tempfile.mkdtemp(dir=self._folder.name)) / safe
        size = 0
        with target.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > _LARGEST_UPLOAD:
                    raise QueryError("the file is larger than 4 GB; open it by its path instead")
                file.write(chunk)
        return target
