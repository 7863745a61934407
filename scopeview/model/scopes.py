"""A scope is a slice: the tree of scopes over names that are sorted by their path.

Names sorted with "/" as the smallest character keep everything below a scope together, so that each scope, at every
depth, is one range of rows `[first, last)`:

    row  name            scope  path        first  last
    0    dense           0      (root)          0     4
    1    dense/bias/v    1      dense           1     3
    2    dense/kernel    2      dense/bias      1     2
    3    loss/mean       3      loss            3     4

A name that is also a scope (`dense`) stands just before its slice, in its parent. Counting, summing and paging a scope
are array operations on a slice; a tree holds no object per row.

Names that nest deeper than any program makes them are divided into the first 8,192 levels only.

Scope ids are in preorder: everything below scope `s` is `s+1 .. subtree_end[s]-1`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NewType

import numpy as np
from numpy.typing import NDArray

from scopeview.model.names import leaf_of

if TYPE_CHECKING:
    import networkx

DEEPEST = 8192
"""Levels below which a name is not divided further: paths of a name of 1 MB would take 1 TB."""

_ALWAYS = 64
"""Levels that every name is divided into, however many scopes there are."""

_MOST_SCOPES, _SCOPES_PER_ROW = 1 << 16, 16
"""Scopes of a tree whose names nest deeper than that: a few hostile names of 100 kB would make a million."""

ScopeId = NewType("ScopeId", int)
ROOT = ScopeId(0)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScopeCut:
    """Names cut into scopes, in preorder; all of shape (scopes,) but the last."""

    first: Ints
    last: Ints
    parent: Ints
    path_end: Ints
    """Characters of each path; -1 for the root, for "/x" has a scope whose path is empty."""
    depth: Ints
    subtree_end: Ints
    scope_of_row: Ints
    """Shape (rows,): the scope that each row lies in directly."""
    labels: Sequence[str]
    """The last segment of each path; the root's is empty."""
    leaves: tuple[Ints, Sequence[str]] | None = None
    """For each row the number of its last segment, and the distinct last segments; None if not worked out."""


class ScopeTree:
    """The scopes of a sorted sequence of names.

    Attributes:
        names: the names, sorted by `names.sort_key`; rows index into it.
        first, last: shape (scopes,); the slice of rows below each scope.
        parent: shape (scopes,); -1 for the root.
        labels: shape (scopes,); the last segment of each path.
        depth: shape (scopes,); 0 for the root.
        subtree_end: shape (scopes,); one past the last scope below each scope.
    """

    def __init__(self, names: Sequence[str], cut: ScopeCut | None = None) -> None:
        """Cut names into scopes, if that was not done while they were sorted."""
        self.names = names
        cut = cut or _cut(names)
        self.first, self.last, self.parent = cut.first, cut.last, cut.parent
        self.depth, self.subtree_end = cut.depth, cut.subtree_end
        self._path_end = cut.path_end
        self._scope_of_row = cut.scope_of_row
        self.labels = cut.labels
        self._leaves = cut.leaves
        self._own_rows: Ints | None = None

    def __len__(self) -> int:
        return len(self._path_end)

    def path(self, scope: ScopeId) -> str:
        """Return the path of a scope; the root's is empty."""
        if scope == ROOT:
            return ""
        return self.names[int(self.first[scope])][: self._path_end[scope]]

    def label(self, scope: ScopeId) -> str:
        """Return the last segment of a scope's path."""
        return self.labels[scope]

    def labelled(self, test: Callable[[str], object]) -> list[ScopeId]:
        """Return the scopes, root left out, whose last segments pass a test, which is asked once for equal ones."""
        passing = {label for label in set(self.labels) if test(label)}
        return [ScopeId(scope) for scope, label in enumerate(self.labels) if label in passing and scope]

    def rows(self, scope: ScopeId) -> range:
        """Return every row below a scope."""
        return range(int(self.first[scope]), int(self.last[scope]))

    def children(self, scope: ScopeId) -> Iterator[ScopeId]:
        """Yield the scopes directly below a scope, in the order of their names."""
        child, end = scope + 1, int(self.subtree_end[scope])
        while child < end:
            yield ScopeId(child)
            child = int(self.subtree_end[child])

    def leaves(self, scope: ScopeId) -> Iterator[int]:
        """Yield the rows directly in a scope, those of its child scopes left out."""
        row = int(self.first[scope])
        for child in self.children(scope):
            yield from range(row, int(self.first[child]))
            row = int(self.last[child])
        yield from range(row, int(self.last[scope]))

    def find(self, path: str) -> ScopeId | None:
        """Return the scope of a path, or None; the empty path is the root."""
        return self._below(path.split("/")) if path else ROOT

    def find_row(self, name: str) -> int | None:
        """Return the row of a name, the first of several, or None; for trees that were cut while names were sorted.

        It takes no text of any other name, and no table of them: for a million names these are large.
        """
        *around, leaf = name.split("/")
        scope = self._below(around)
        return self._rows.find(scope, leaf) if scope is not None else None

    def counterparts(self, other: ScopeTree) -> list[ScopeId | None]:
        """Return the scope of another tree that has the path of each scope of this one, None where it has none."""
        found: list[ScopeId | None] = [ROOT]
        for parent, label in zip(self.parent[1:].tolist(), self.labels[1:], strict=True):
            around = found[parent]
            child = other._children.find(around, label) if around is not None else None
            found.append(None if child is None else ScopeId(child))
        return found

    def _below(self, labels: Iterable[str]) -> ScopeId | None:
        # No table of paths: those of one name with 10,000 segments take 10,000 times its length.
        found = ROOT
        for label in labels:
            child = self._children.find(found, label)
            if child is None:
                return None
            found = ScopeId(child)
        return found

    @cached_property
    def _children(self) -> _ByScope:
        numbers: dict[str, int] = {}
        labels = np.array([numbers.setdefault(label, len(numbers)) for label in self.labels[1:]], dtype=np.int64)
        return _ByScope(self.parent[1:], labels, numbers, first=1)

    @cached_property
    def _rows(self) -> _ByScope:
        leaf_of_row, texts = self.leaves_of_rows()
        return _ByScope(self._scope_of_row, leaf_of_row, {text: number for number, text in enumerate(texts)})

    def path_lengths(self) -> Ints:
        """Return the number of characters of every scope's path, without making them: shape (scopes,)."""
        return np.maximum(0, self._path_end)

    def scopes_of_rows(self) -> Ints:
        """Return the scope that each row lies in directly: shape (rows,)."""
        return self._scope_of_row

    def leaves_of_rows(self) -> tuple[Ints, Sequence[str]]:
        """Return the number of each row's last segment, and the distinct last segments: shapes (rows,), (segments,)."""
        if self._leaves is None:
            numbers: dict[str, int] = {}
            rows = [numbers.setdefault(leaf_of(name), len(numbers)) for name in self.names]
            self._leaves = np.array(rows, dtype=np.int64), list(numbers)
        return self._leaves

    def own_rows(self) -> Ints:
        """Return the row whose name is the path of each scope, the first of several, or -1: shape (scopes,).

        The row stands just before the slice of the scope; a scope whose path is empty has none.
        """
        if self._own_rows is None:
            leaf_of_row, texts = self.leaves_of_rows()
            numbers = {text: number for number, text in enumerate(texts)}
            label = np.array([numbers.get(text, -1) for text in self.labels], dtype=np.int64)
            found = np.where(self._path_end > 0, self.first - 1, -1)
            is_own = found >= 0
            candidate = found[is_own]
            is_own[is_own] = (self._scope_of_row[candidate] == self.parent[is_own]) & (
                leaf_of_row[candidate] == label[is_own]
            )
            scopes = np.flatnonzero(is_own)
            while scopes.size:
                before = found[scopes] - 1
                same = (before >= 0) & (leaf_of_row[before] == label[scopes])
                same &= self._scope_of_row[before] == self.parent[scopes]
                scopes = scopes[same]
                found[scopes] -= 1
            self._own_rows = np.where(is_own, found, -1)
        return self._own_rows

    def roll_up(self, weights: NDArray[np.int64]) -> Ints:
        """Sum a weight per row over everything below each scope.

        Args:
            weights: shape (rows,).

        Returns:
            Shape (scopes,).
        """
        total = np.concatenate(([0], np.cumsum(weights, dtype=np.int64)))
        return np.asarray(total[self.last] - total[self.first], dtype=np.int64)

    def to_networkx(self) -> networkx.DiGraph[int]:
        """Return the tree as an arborescence of scope ids, parent to child.

        Each node carries `path`, `first`, `last`, `rows` (all below it) and `depth`. Nodes are ids and not paths,
        because a hostile name such as `/x` makes a scope whose path is empty, as the root's is.
        """
        import networkx as nx  # 0.1 s to import, and most commands do not need it

        tree: networkx.DiGraph[int] = nx.DiGraph()
        for scope in map(ScopeId, range(len(self))):
            rows = self.rows(scope)
            tree.add_node(
                int(scope),
                path=self.path(scope),
                first=rows.start,
                last=rows.stop,
                rows=len(rows),
                depth=int(self.depth[scope]),
            )
        tree.add_edges_from((int(self.parent[s]), s) for s in range(1, len(self)))
        return tree


class _ByScope:
    """Rows or scopes by the scope that they lie in and their own segment: one sorted column for all scopes."""

    def __init__(self, scope: Ints, segment: Ints, numbers: Mapping[str, int], first: int = 0) -> None:
        """Sort members.

        Args:
            scope: shape (members,); the scope that each lies in.
            segment: shape (members,); the number of its segment.
            numbers: the numbers of segments.
            first: the number of the first member.
        """
        keys = scope * len(numbers) + segment
        order = np.argsort(keys, kind="stable")
        self._numbers, self._keys = numbers, keys[order].data
        self._members = (order + first).astype(np.int32).data

    def find(self, scope: int, segment: str) -> int | None:
        """Return the first member of a scope with a segment, or None."""
        number = self._numbers.get(segment)
        if number is None:
            return None
        key = scope * len(self._numbers) + number
        place = bisect_left(self._keys, key)
        return self._members[place] if place < len(self._keys) and self._keys[place] == key else None


def most_scopes(rows: int) -> int:
    """Return the scopes that a tree of so many rows may have before its names are no longer divided to their end."""
    return _MOST_SCOPES + _SCOPES_PER_ROW * rows


def _cut(names: Sequence[str]) -> ScopeCut:
    """Cut sorted names into scopes, one name after the other."""
    first, last, parent, ends, labels = [0], [len(names)], [-1], [-1], [""]
    open_scopes = [0]
    scope_of_row = np.zeros(len(names), dtype=np.int64)
    most = most_scopes(len(names))
    previous = ""
    for row, name in enumerate(names):
        # A scope stays open while its path and the "/" after it start the name.
        while not name.startswith(previous[: ends[open_scopes[-1]] + 1]):
            last[open_scopes.pop()] = row
        slash = name.find("/", ends[open_scopes[-1]] + 1)
        while slash >= 0 and len(open_scopes) <= (DEEPEST if len(ends) < most else _ALWAYS):
            first.append(row)
            last.append(len(names))
            parent.append(open_scopes[-1])
            labels.append(name[ends[open_scopes[-1]] + 1 : slash])
            ends.append(slash)
            open_scopes.append(len(ends) - 1)
            slash = name.find("/", slash + 1)
        scope_of_row[row] = open_scopes[-1]
        previous = name
    depth, subtree_end = _depths(parent)
    firsts, lasts, parents, path_end = (np.array(column, dtype=np.int64) for column in (first, last, parent, ends))
    return ScopeCut(firsts, lasts, parents, path_end, depth, subtree_end, scope_of_row, labels)


def _depths(parent: list[int]) -> tuple[Ints, Ints]:
    """Return depth and subtree end of every scope from the parents, which stand in preorder."""
    count = len(parent)
    depth, end = [0] * count, list(range(1, count + 1))
    for scope in range(1, count):
        depth[scope] = depth[parent[scope]] + 1
    for scope in range(count - 1, 0, -1):
        end[parent[scope]] = max(end[parent[scope]], end[scope])
    return np.array(depth, dtype=np.int64), np.array(end, dtype=np.int64)
