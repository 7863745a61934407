"""What a reader of one format is, and what an artifact says that it can do.

A format is one module with a `Reader`, and one line in `registry`. A reader recognizes a file by its content (`sniff`),
lists what the file holds (`list`), and reads one of those (`read`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scopeview.model.model import Model
from scopeview.readers.files import look_into
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.storage import status

HEAD_BYTES = 65536

Found = TypeVar("Found")


class Certainty(IntEnum):
    """How sure a reader is that a file is of its format; of equal ones, the first in the registry counts."""

    NO = 0
    PERHAPS = 1
    """It can be read as that, in part: damaged, or text."""
    LIKELY = 2
    """Its structure holds as far as is looked at."""
    CERTAIN = 3
    """A magic number or a checksum says so."""


class Content:
    """A file that is looked into."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[Callable[[Content], Any], Any] = {}

    def once(self, look: Callable[[Content], Found]) -> Found:
        """Return what a function finds in the file; it looks once, however many readers ask."""
        if look not in self._found:
            self._found[look] = look(self)
        found: Found = self._found[look]
        return found

    @cached_property
    def buffer(self) -> Buffer:
        """The content, unpacked if it is packed by gzip."""
        return look_into(self.path)

    @cached_property
    def head(self) -> bytes:
        """Its first 64 kB."""
        return bytes(self.buffer[:HEAD_BYTES])

    @cached_property
    def size(self) -> int:
        """Bytes of the file on the disk."""
        found = status(self.path)
        return found.st_size if found is not None else 0


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something at a path that can be opened."""

    name: str
    """What the `artifact` argument takes; empty where the path holds nothing else."""
    kind: str
    """What it is, in words: `SavedModel`, `checkpoint`, `graph`."""
    file: Path
    reader: Reader
    size_bytes: int
    has_graph: bool = True
    has_values: bool = False
    """Whether it holds the values of variables itself: a checkpoint does."""
    has_tags: bool = False
    """Whether a tag-set chooses among several MetaGraphs in it."""
    order: tuple[int, ...] = ()
    """Among artifacts of one kind in several files of a folder: the lowest is the best."""
    rank: tuple[int, ...] = ()
    """Among what one path holds: the lowest opens; equal ones must be chosen between."""
    part: object = None
    """Where in the file it lies, for the reader that listed it."""
    notes: tuple[str, ...] = ()
    """What was found out about the file on the way, such as a record that is damaged."""
    checkpoint: Path | None = None
    """The table of the checkpoint with the values of its variables, which lies in another file."""


class Reader(Protocol):
    """One format."""

    def sniff(self, content: Content) -> Certainty:
        """Return how sure it is that a file is of this format; a file of any content may be passed."""
        ...

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List what a file of this format holds, the best first.

        Args:
            content: the file.
            name: what the artifact is called where the path holds others; part of the names if there are several.

        Raises:
            ScopeviewError: it holds nothing that can be opened.
        """
        ...

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read one artifact that `list` returned.

        Args:
            artifact: which one.
            path: the path as it was asked for.
            tags: the tag-set of a MetaGraph, for an artifact that has tags.

        Raises:
            ScopeviewError: nothing of it can be read.
        """
        ...
