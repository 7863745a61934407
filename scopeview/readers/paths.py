"""Paths as a person names them: of this machine (`pathlib.Path`), or the URL of a file elsewhere.

A URL becomes a `RemotePath` here and nowhere else. Readers take apart and join both alike (`name`, `parent`, `/`), and
open both through `readers.storage`. A text out of a file is joined to the path of that file and never passed to
`path_of`, so that no file can name a URL that is opened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import total_ordering
from pathlib import Path, PurePosixPath
from typing import cast

from scopeview.errors import NotFoundError, QueryError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)\Z", re.DOTALL)
_LOCAL = ("file", "local")
_WEB = ("http", "https")
_WITHOUT_HOST = ("memory",)
"""Protocols whose first segment is a folder like any other."""


def path_of(named: str | Path) -> Path:
    """Return the path that a person named: `model.meta`, `gs://bucket/model.meta`, `file:///data/model.meta`.

    Raises:
        QueryError: it is a URL with a password in it, or without anything behind its protocol.
    """
    match = _URL.match(named) if isinstance(named, str) else None
    if match is None:
        return Path(named)
    protocol, rest = match[1].lower(), match[2]
    if protocol in _LOCAL:
        return Path(rest)
    return cast(Path, _remote(protocol, rest))  # it is what readers need of a path


def is_remote(path: Path) -> bool:
    """Return whether a path is a URL."""
    return isinstance(path, RemotePath)


def is_url(text: str) -> bool:
    """Return whether a person's text names a file elsewhere."""
    match = _URL.match(text)
    return match is not None and match[1].lower() not in _LOCAL


def _remote(protocol: str, rest: str) -> RemotePath:
    query = ""
    if protocol in _WEB:
        rest = rest.partition("#")[0]
        rest, mark, query = rest.partition("?")
        query = mark + query
    host, slash, path = ("", "/", rest) if protocol in _WITHOUT_HOST else rest.partition("/")
    if ":" in host.rpartition("@")[0]:
        shown = f"{protocol}://{host.rpartition('@')[2]}{slash}{path}"
        raise QueryError(
            f"a password does not belong in a path; pass {shown}, and give fsspec the password in its configuration"
        )
    path = path.lstrip("/") if protocol in _WITHOUT_HOST else path
    segments = tuple(path.rstrip("/").split("/")) if path.strip("/") else ()
    if not host and not segments and protocol not in _WITHOUT_HOST:
        raise QueryError(f"{protocol}:// names no file; pass the whole URL")
    return RemotePath(f"{protocol}://{host}", segments, query)


@total_ordering
class RemotePath:
    """The URL of a file or folder, with what readers use of `pathlib.Path`.

    Attributes:
        root: protocol and host or bucket: `gs://bucket`, `https://example.org`, `memory://`.
        parts: the segments behind it.
        query: what a web address has behind `?`, such as a signature; it stays with every path made from this one.
    """

    __slots__ = ("parts", "query", "root")

    def __init__(self, root: str, parts: Sequence[str], query: str = "") -> None:
        self.root, self.parts, self.query = root, tuple(parts), query

    @property
    def protocol(self) -> str:
        """What stands before `://`."""
        return self.root.partition("://")[0]

    @property
    def name(self) -> str:
        """The last segment; empty for the root."""
        return self.parts[-1] if self.parts else ""

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """What follows the last dot of the name, the dot included."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> RemotePath:
        """The folder that it lies in; the root lies in itself."""
        return self._with(self.parts[:-1])

    @property
    def parents(self) -> tuple[RemotePath, ...]:
        """The folders around it, the innermost first."""
        return tuple(self._with(self.parts[:count]) for count in reversed(range(len(self.parts))))

    def with_name(self, name: str) -> RemotePath:
        """Return what has another name in the same folder.

        Raises:
            ValueError: the name is empty, or has a slash.
        """
        if not name or "/" in name or name in (".", ".."):
            raise ValueError(f"invalid name {name!r}")
        return self._with((*self.parts[:-1], name))

    def with_suffix(self, suffix: str) -> RemotePath:
        """Return what has another suffix in the same folder."""
        return self.with_name(f"{self.stem}{suffix}")

    def __truediv__(self, below: str | PurePosixPath) -> RemotePath:
        """Return what lies below.

        Raises:
            NotFoundError: the text would lead out of this folder, which no text may: it may come from a file.
        """
        inner = tuple(segment for segment in str(below).split("/") if segment != ".")
        if not all(inner) or ".." in inner or _URL.match(str(below)):
            raise NotFoundError(f"{str(below)[:100]!r} leads out of {self}; pass the URL of what is meant")
        return self._with((*self.parts, *inner))

    def joinpath(self, *below: str) -> RemotePath:
        """Return what lies below, as `/` does."""
        return self / "/".join(below)

    def relative_to(self, other: RemotePath) -> PurePosixPath:
        """Return the segments behind those of a folder above.

        Raises:
            ValueError: it does not lie below.
        """
        if not self.is_relative_to(other):
            raise ValueError(f"{self} does not lie below {other}")
        return PurePosixPath(*self.parts[len(other.parts) :])

    def is_relative_to(self, other: object) -> bool:
        """Return whether it is another path, or lies below it."""
        is_one = isinstance(other, RemotePath) and self.root == other.root
        return is_one and isinstance(other, RemotePath) and self.parts[: len(other.parts)] == other.parts

    def absolute(self) -> RemotePath:
        """Return itself: a URL is relative to nothing."""
        return self

    def is_symlink(self) -> bool:
        """Return False: there are no links elsewhere."""
        return False

    def as_posix(self) -> str:
        """Return the URL."""
        return str(self)

    def _with(self, parts: Sequence[str]) -> RemotePath:
        return RemotePath(self.root, parts, self.query)

    def _key(self) -> tuple[str, tuple[str, ...], str]:
        return self.root, self.parts, self.query

    def __str__(self) -> str:
        return f"{self.root}{'' if self.root.endswith('//') and self.protocol in _WITHOUT_HOST else '/'}" + (
            "/".join(self.parts) + self.query
        )

    def __repr__(self) -> str:
        return f"RemotePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and self._key() == other._key()

    def __lt__(self, other: RemotePath) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())
