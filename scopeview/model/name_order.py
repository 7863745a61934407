"""Names sorted by their path, and the scopes that they make, without a Python string for each of them.

A name is cut at its last "/". Scopes and last segments repeat, so only the distinct ones become strings and are sorted
as text; every row is then placed by numbers alone:

    next     the first scope, in preorder, that stands behind the row
    depth    of two rows with the same next scope, the deeper one stands first
    rank     of two rows in one scope, the smaller last segment
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeCut, most_scopes
from scopeview.model.spans import Ints, SpanIndex, Words

_DEEPEST = 1_000
"""Slashes in a name up to which names are sorted in columns."""
_COPIES, _LEAST_BYTES = 32, 1 << 24
"""Bytes of scope paths that are compared: so many for each byte of the names, and a rest for small graphs."""
_PIECE = 1 << 18
_NONE = np.zeros(0, dtype=np.int64)

_ASKED_ONE_BY_ONE = 4096
_KEPT_AS_TEXT = 1 << 18
"""Names up to which all are decoded and kept, once many have been asked for."""


class NameColumn(Sequence[str]):
    """Names that are decoded when they are asked for."""

    def __init__(self, blob: bytes, start: Ints, size: Ints) -> None:
        self._blob, self._start, self._size = blob, start, size
        self._starts, self._sizes = start.data, size.data
        self._asked = 0
        self._texts: list[str] | None = None

    def __len__(self) -> int:
        return len(self._start)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if self._texts is not None:
            return self._texts[index]
        if isinstance(index, slice):
            return list(_decoded(self._blob, self._start[index], self._size[index]))
        self._asked += 1
        if self._asked == _ASKED_ONE_BY_ONE and len(self) <= _KEPT_AS_TEXT:
            return self._kept()[index]
        start = self._starts[index]
        return self._blob[start : start + self._sizes[index]].decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept()) if len(self) <= _KEPT_AS_TEXT else _decoded(self._blob, self._start, self._size)

    def taken(self, rows: Ints) -> list[str]:
        """Return many of the names."""
        return list(_decoded(self._blob, self._start[rows], self._size[rows]))

    def _kept(self) -> list[str]:
        """Return all names, decoded once."""
        if self._texts is None:
            self._texts = list(_decoded(self._blob, self._start, self._size))
        return self._texts

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]


def _decoded(blob: bytes, start: Ints, size: Ints) -> Iterator[str]:
    spans = zip(start.tolist(), (start + size).tolist(), strict=True)
    if 2 * int(size.sum()) < len(blob) or not blob.isascii():
        return (blob[at:end].decode() for at, end in spans)
    text = blob.decode()  # at once, for slices of a text cost half of those of bytes
    return (text[at:end] for at, end in spans)


@dataclass(frozen=True, slots=True)
class NameOrder:
    """Where each name belongs."""

    order: Ints
    """Shape (names,): which name stands in each row."""
    scopes: ScopeCut


def order_names(words: Words, start: Ints, size: Ints) -> NameOrder | None:
    """Sort names by `names.sort_key` and cut them into scopes; None if they nest too deeply for it.

    Args:
        words: the names, as UTF-8, one after the other.
        start: shape (names,).
        size: shape (names,).
    """
    slashes = _slashes(words)
    until = np.searchsorted(slashes[:-1], start + size)
    depth = until - np.searchsorted(slashes[:-1], start)
    if depth.max(initial=0) > _DEEPEST:
        return None
    head = np.where(depth > 0, slashes[until - 1] + 1 - start, 0)
    head_number, firsts = SpanIndex(words, start, head).numbered()
    leaf_number, leaf_texts = _numbered(SpanIndex(words, start + head, size - head))
    levels = _cut_paths(words, start[firsts], slashes, until[firsts] - 1, depth[firsts])
    if levels is None:
        return None
    label_number, label_texts = _numbered(_labels(words, levels, slashes))
    texts = sorted({"", *leaf_texts, *label_texts}, key=sort_key)
    rank = {text: place for place, text in enumerate(texts)}
    label_rank = np.array([rank[text] for text in label_texts] or [0], dtype=np.int64)[label_number]
    scopes = _Scopes(levels, label_rank, len(texts), len(firsts))
    leaf_rank = np.array([rank[text] for text in leaf_texts] or [0], dtype=np.int64)[leaf_number]
    scope = scopes.of_head[head_number]
    following = scopes.following(scope, leaf_rank)
    order = _sorted((following, scopes.depth.max() - scopes.depth[scope], leaf_rank))
    first = np.searchsorted(following[order], np.arange(len(scopes.depth)), side="right")
    first[0] = 0
    rows = np.concatenate(([0], np.cumsum(np.bincount(scope, minlength=len(scopes.depth)))))
    cut = ScopeCut(
        first=first,
        last=first + rows[scopes.subtree_end] - rows[:-1],
        parent=scopes.parent,
        path_end=_characters(words, scopes.start, slashes[scopes.last]),
        depth=scopes.depth,
        subtree_end=scopes.subtree_end,
        scope_of_row=scope[order],
        labels=[texts[place] for place in scopes.rank.tolist()],
        leaves=(leaf_number[order], leaf_texts),
    )
    return NameOrder(order, cut)


def _numbered(spans: SpanIndex) -> tuple[Ints, list[str]]:
    """Return a number for each span, equal for equal ones, and the text of each number; the index is let go."""
    number, firsts = spans.numbered()
    return number, spans.texts(firsts)


def _slashes(words: Words) -> Ints:
    """Return where slashes stand, and -1 behind the last one.

    Found piece by piece, so that what is compared stays in the processor's cache.
    """
    pieces = range(0, len(words), _PIECE)
    found = [np.flatnonzero(words.bytes[first : first + _PIECE] == ord("/")) + first for first in pieces]
    return np.concatenate((*found, [-1]))


@dataclass(slots=True)
class _Level:
    """The distinct scope paths of one depth."""

    start: Ints
    """Shape (paths,); where a name starts that lies in the scope."""
    last: Ints
    """Shape (paths,); which of the slashes ends the path."""
    heads: Ints
    """The heads that are a path of this depth."""
    of_head: Ints
    """Shape (heads,); the path that each of these is."""
    parent: Ints
    """Shape (paths,); the path on the level above that each lies in."""


def _cut_paths(words: Words, start: Ints, slashes: Ints, last: Ints, depth: Ints) -> list[_Level] | None:
    """Return the scope paths of heads level by level, from depth 1 on; None if there are too many, or too long ones.

    From the deepest level on each path loses its last segment. What is left are paths of the level above, most of them
    equal to others: each is followed once.

    Args:
        words: the names.
        start: shape (heads,); where each distinct head starts.
        slashes: where all slashes stand (`_slashes`).
        last: shape (heads,); which of these ends the head; of no meaning where it has none.
        depth: shape (heads,); how many slashes it has.
    """
    order = np.argsort(depth, kind="stable")
    begins = np.searchsorted(depth[order], np.arange(int(depth.max(initial=0)) + 2))
    levels: list[_Level] = []
    above_start = above_last = _NONE
    paths_left, bytes_left = most_scopes(len(start)), _COPIES * len(words) + _LEAST_BYTES
    for level in range(len(begins) - 2, 0, -1):
        heads = order[begins[level] : begins[level + 1]]
        starts, lasts = np.concatenate((start[heads], above_start)), np.concatenate((last[heads], above_last))
        size = slashes[lasts] + 1 - starts
        bytes_left -= int(size.sum())
        if bytes_left < 0:
            return None
        number, firsts = SpanIndex(words, starts, size).numbered()
        paths_left -= len(firsts)
        if paths_left <= 0:
            return None
        if levels:
            levels[-1].parent = number[len(heads) :]
        above_start, above_last = starts[firsts], lasts[firsts] - 1
        none = np.zeros(len(firsts), dtype=np.int64)
        levels.append(_Level(above_start, lasts[firsts], heads, number[: len(heads)], none))
    return levels[::-1]


def _labels(words: Words, levels: Sequence[_Level], slashes: Ints) -> SpanIndex:
    """Return the last segment of each path, level after level."""
    begins = [
        level.start if depth == 0 else slashes[level.last - 1] + 1  # behind the slash that ends the path above
        for depth, level in enumerate(levels)
    ]
    begin = np.concatenate((*begins, _NONE))
    return SpanIndex(words, begin, np.concatenate((*(slashes[level.last] for level in levels), _NONE)) - begin)


class _Scopes:
    """Scopes in preorder, numbered level by level: those of one level differ in their parent or their last segment.

    Attributes:
        of_head: shape (heads,); the scope of each head.
        parent, depth, subtree_end: shape (scopes,); as in `ScopeTree`.
        rank: shape (scopes,); the place of its last segment among all texts.
        start: shape (scopes,); where a name starts that lies in the scope.
        last: shape (scopes,); which slash ends its path; -1 for the root.
    """

    def __init__(self, levels: Sequence[_Level], ranks: Ints, width: int, heads: int) -> None:
        """Number the scopes.

        Args:
            levels: their paths, as `_cut_paths` gives them.
            ranks: the place of the last segment of each path among all texts, level after level.
            width: how many texts there are.
            heads: how many heads.
        """
        self._width = np.int64(width)
        above, done = np.zeros(1, dtype=np.int64), 0
        places: list[Ints] = []
        ordered: list[tuple[Ints, Ints, Ints, Ints]] = []
        for level in levels:
            count = len(level.start)
            parent, rank = above[level.parent], ranks[done : done + count]
            order = np.argsort(parent * self._width + rank)
            above = np.empty(count, dtype=np.int64)
            above[order] = np.arange(count)
            ordered.append((parent[order], rank[order], level.start[order], level.last[order]))
            places.append(above)
            done += count
        self._number(ordered)
        self.of_head: Ints = np.zeros(heads, dtype=np.int64)
        for level, place, scopes in zip(levels, places, self._preorder, strict=True):
            self.of_head[level.heads] = scopes[place[level.of_head]]

    def _number(self, levels: list[tuple[Ints, Ints, Ints, Ints]]) -> None:
        """Give the scopes of all levels their places in preorder."""
        sizes = [np.ones(len(level[0]), dtype=np.int64) for level in levels]
        for above, size, (parent, *_) in zip(sizes[-2::-1], sizes[:0:-1], levels[:0:-1], strict=True):
            above += np.bincount(parent, weights=size, minlength=len(above)).astype(np.int64)
        count = 1 + int(sum(len(size) for size in sizes))
        self.parent, self.depth, self.rank, self.start = (np.zeros(count, dtype=np.int64) for _ in range(4))
        self.last: Ints = np.full(count, -1, dtype=np.int64)
        self.subtree_end: Ints = np.full(count, count, dtype=np.int64)
        self.parent[0] = -1
        self._preorder: list[Ints] = []
        above = np.zeros(1, dtype=np.int64)
        for depth, ((parent, rank, start, last), size) in enumerate(zip(levels, sizes, strict=True), 1):
            before = np.cumsum(size) - size
            scopes = above[parent] + 1 + before - before[np.searchsorted(parent, parent)]
            self.parent[scopes], self.depth[scopes] = above[parent], depth
            self.rank[scopes], self.start[scopes], self.last[scopes] = rank, start, last
            self.subtree_end[scopes] = scopes + size
            self._preorder.append(scopes)
            above = scopes

    def following(self, scope: Ints, leaf_rank: Ints) -> Ints:
        """Return the first scope behind each row: a child that is not smaller, or what stands behind its own."""
        keys = self.parent * self._width + self.rank
        children = np.argsort(keys, kind="stable")
        place = np.searchsorted(keys[children], scope * self._width + leaf_rank)
        child = np.concatenate((children, [0]))[place]
        return np.where(self.parent[child] == scope, child, self.subtree_end[scope])


def _characters(words: Words, start: Ints, end: Ints) -> Ints:
    """Return the number of characters between two places of UTF-8; -1 where the second is -1."""
    if words.bytes.max(initial=0) < 0x80:
        return np.where(end < 0, -1, end - start)
    before = np.concatenate(([0], np.cumsum((words.bytes & 0xC0) != 0x80)))
    return np.where(end < 0, -1, before[end] - before[start])


def _sorted(keys: tuple[Ints, Ints, Ints]) -> Ints:
    """Return the order by several keys, the first one deciding; of equal ones the first stays first."""
    widths = [int(key.max(initial=0)) + 1 for key in keys]
    if widths[0] * widths[1] * widths[2] < 1 << 62:
        return np.argsort((keys[0] * widths[1] + keys[1]) * widths[2] + keys[2], kind="stable")
    return np.lexsort(keys[::-1])
