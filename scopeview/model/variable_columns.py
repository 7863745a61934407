"""Variables as columns: of a checkpoint's hundreds of thousands of entries, only those that are shown become objects.

They are entries that stand for themselves: no parts, no objects, no ops, and no two of one name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.name_order import NameColumn, order_names
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeTree
from scopeview.model.shapes import Shape, byte_count, element_count
from scopeview.model.spans import Ints, SpanIndex, Words

Entry = TypeVar("Entry")
"""What is made of a row: a `Variable`, which this module does not know."""


_ASKED_ONE_BY_ONE = 1000
"""Names that are looked for by themselves; then a table of all is worth making."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What many variables have in common: the distinct pairs of shape and dtype."""

    number: Ints
    """Shape (variables,): which pair each has."""
    pairs: Sequence[tuple[Shape, str]]

    def counted(self, count: Callable[[Shape, str], int]) -> Ints:
        """Return a number that shape and dtype give: shape (variables,)."""
        return np.array([count(shape, dtype) for shape, dtype in self.pairs] or [0], dtype=np.int64)[self.number]


@dataclass(frozen=True)
class StoredColumns:
    """What a checkpoint says of the values of many variables, each of which is stored in one piece."""

    size_bytes: Ints
    """Shape (variables,)."""
    checksum: Ints
    """Shape (variables,); crc32c, as the index gives it."""
    find_blank: Callable[[], NDArray[np.bool_]]
    """Returns which checksums are those of all zeros, or of all ones."""

    @cached_property
    def is_blank(self) -> NDArray[np.bool_]:
        """Whether the values are all zeros or all ones, as far as the checksums show: shape (variables,)."""
        return self.find_blank()


def _elements(shape: Shape, dtype: str) -> int:
    return 0 if dtype in NON_NUMERIC else element_count(shape) or 0


def _lacks_size(shape: Shape, dtype: str) -> int:
    return dtype not in NON_NUMERIC and (element_count(shape) is None or byte_count(shape, dtype) is None)


class VariableColumns(Sequence[Entry]):
    """Variables sorted by the path of their names; each is made when it is asked for, and then kept.

    Attributes:
        names: sorted as `names.sort_key` says.
        scopes: the tree of these names.
        kinds: their shapes and dtypes.
        listed: shape (variables,); rows in the order in which the artifact lists its variables.
        stored: what is known of their values.
        parameters, size_bytes: shape (variables,); 0 where unknown.
    """

    def __init__(
        self, names: Names, kinds: Kinds, listed: Ints, stored: StoredColumns, make: Callable[[int], Entry]
    ) -> None:
        """Take variables that are sorted already.

        Args:
            names: their names.
            kinds: their shapes and dtypes, by row.
            listed: shape (variables,).
            stored: sizes and checksums of their values.
            make: returns the variable of a row.
        """
        self.names, self.scopes, self.spans = names.column, names.scopes, names
        self.kinds, self.listed, self.stored = kinds, listed, stored
        self._make = make
        self._asked = 0
        self._made: dict[int, Entry] = {}
        self._all: list[Entry] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, row: int) -> Entry: ...
    @overload
    def __getitem__(self, row: slice) -> list[Entry]: ...
    def __getitem__(self, row: int | slice) -> Entry | list[Entry]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        if self._all is not None:
            return self._all[row]
        row = range(len(self))[row]
        return self._made.get(row) or self._made.setdefault(row, self._make(row))

    def __iter__(self) -> Iterator[Entry]:
        if self._all is None:
            made, make = self._made.get, self._make
            self._all = [made(row) or self._made.setdefault(row, make(row)) for row in range(len(self))]
        return iter(self._all)

    @cached_property
    def parameters(self) -> Ints:
        """Elements of each variable, 0 where unknown."""
        return self.kinds.counted(_elements)

    @cached_property
    def size_bytes(self) -> Ints:
        """Bytes of each variable, 0 where unknown."""
        return self.kinds.counted(lambda shape, dtype: byte_count(shape, dtype) or 0)

    def without_size(self) -> int:
        """Return how many variables have a shape or a dtype that does not tell their size."""
        return int(self.kinds.counted(_lacks_size).sum())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    def row(self, name: str) -> int | None:
        """Return the row of a name, or None."""
        self._asked += 1
        if self._asked > _ASKED_ONE_BY_ONE:
            return self._rows.get(name)
        row = bisect_left(self.names, sort_key(name), key=sort_key)
        return row if row < len(self) and self.names[row] == name else None

    def tree_of(self, rows: Ints) -> ScopeTree:
        """Return the scopes of some of the names, whose rows are sorted."""
        return self.spans.taken(rows).scopes


@dataclass(frozen=True, slots=True)
class Names:
    """Sorted names as spans of a text in ASCII, with their scopes."""

    blob: bytes
    words: Words
    start: Ints
    size: Ints
    column: NameColumn
    scopes: ScopeTree
    index: SpanIndex
    """All names of the text, as they stand in it."""
    row_of: Ints
    """Shape (names of the text + 1,): the row of each of these; -1 for one that is not taken, and at the end."""

    def find(self, start: Ints, size: Ints) -> Ints:
        """Return the row of the name that each of some spans is, or -1."""
        return self.find_in(self.words, start, size)

    def rows_in(self, other: Names) -> Ints:
        """Return the row that each of these names has among others, or -1."""
        return other.find_in(self.words, self.start, self.size)

    def find_in(self, words: Words, start: Ints, size: Ints) -> Ints:
        """Return the row of the name that each of some spans of another text is, or -1."""
        return self.row_of[self.index.find(words, start, size)]

    def taken(self, rows: Ints) -> Names:
        """Return some of the names, whose rows are sorted."""
        start, size = self.start[rows], self.size[rows]
        ordered = order_names(self.words, start, size)
        assert ordered is not None  # fewer names nest no deeper
        column = NameColumn(self.blob, start, size)
        place = np.append(np.full(len(self.start), -1, dtype=np.int64), -1)
        place[rows] = np.arange(len(rows))
        scopes = ScopeTree(column, ordered.scopes)
        return Names(self.blob, self.words, start, size, column, scopes, self.index, place[self.row_of])


def sorted_names(blob: bytes, size: Ints) -> tuple[Names, Ints] | None:
    """Sort names that stand one after the other; returns them, and which name each row is.

    None if two are equal, if one has an empty segment, if they nest too deeply for columns, or are no ASCII.
    """
    if not blob.isascii():
        return None
    words, start = Words(blob), np.cumsum(size) - size
    index = SpanIndex(words, start, size)
    if (index.first != np.arange(len(size))).any() or _has_empty_segment(words, start, size):
        return None
    ordered = order_names(words, start, size)
    if ordered is None:
        return None
    start, size = start[ordered.order], size[ordered.order]
    column = NameColumn(blob, start, size)
    row_of = np.full(len(size) + 1, -1, dtype=np.int64)
    row_of[ordered.order] = np.arange(len(size))
    scopes = ScopeTree(column, ordered.scopes)
    return Names(blob, words, start, size, column, scopes, index, row_of), ordered.order


def _has_empty_segment(words: Words, start: Ints, size: Ints) -> bool:
    is_slash: NDArray[np.bool_] = words.bytes == ord("/")
    edges = np.concatenate((start, start + size - 1))
    if (size == 0).any() or is_slash[edges].any():
        return True
    return bool((is_slash[1:] & is_slash[:-1]).any())  # across two names this is an edge, which none has
