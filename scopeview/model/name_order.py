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
    slashes = np.flatnonzero(words.bytes == ord("/"))
    until = np.searchsorted(slashes, start + size)
    depth = until - np.searchsorted(slashes, start)
    if depth.max(initial=0) > _DEEPEST:
        return None
    head = np.where(depth > 0, np.concatenate((slashes, [0]))[until - 1] + 1 - start, 0)
    head_number, firsts = SpanIndex(words, start, head).numbered()
    leaves = SpanIndex(words, start + head, size - head)
    leaf_number, leaf_firsts = leaves.numbered()
    segments = _Segments(words, start[firsts], slashes, until[firsts], depth[firsts])
    leaf_texts = leaves.texts(leaf_firsts)
    texts = sorted({"", *leaf_texts, *segments.texts}, key=sort_key)
    rank = {text: place for place, text in enumerate(texts)}
    scopes = _Scopes(segments, np.array([rank[text] for text in segments.texts] or [0], dtype=np.int64), len(texts))
    if len(scopes.depth) >= most_scopes(len(start)):
        return None
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
        path_end=_characters(words, np.concatenate((start[firsts], [0]))[scopes.head], scopes.end),
        depth=scopes.depth,
        subtree_end=scopes.subtree_end,
        scope_of_row=scope[order],
        labels=[texts[place] for place in scopes.rank.tolist()],
        leaves=(leaf_number[order], leaf_texts),
    )
    return NameOrder(order, cut)


class _Segments:
    """The segments of distinct scope paths ("heads"), with the distinct ones among them.

    Attributes:
        depth: shape (heads,); segments of each.
        first: shape (heads,); the place of its first segment among all.
        number: shape (segments,); equal for equal segments.
        end: shape (segments,); where the "/" after each stands.
        texts: shape (distinct segments,).
    """

    def __init__(self, words: Words, start: Ints, slashes: Ints, until: Ints, depth: Ints) -> None:
        self.depth = depth
        self.first: Ints = np.cumsum(depth) - depth
        place = np.arange(int(depth.sum())) + np.repeat(until - depth - self.first, depth)
        self.end: Ints = slashes[place]
        begin = np.concatenate(([0], self.end[:-1] + 1)) if len(place) else self.end
        has_segments = depth > 0
        begin[self.first[has_segments]] = start[has_segments]
        index = SpanIndex(words, begin, self.end - begin)
        self.number, firsts = index.numbered()
        self.texts = index.texts(firsts)


class _Scopes:
    """Scopes in preorder, made level by level: those of one level differ in their parent or their last segment.

    Attributes:
        of_head: shape (heads,); the scope of each head.
        parent, depth, subtree_end: shape (scopes,); as in `ScopeTree`.
        rank: shape (scopes,); the place of its last segment among all texts.
        head: shape (scopes,); a head that begins with its path.
        end: shape (scopes,); where the "/" after its path stands; -1 for the root.
    """

    def __init__(self, segments: _Segments, rank_of_number: Ints, width: int) -> None:
        self._width = np.int64(width)
        deepest = int(segments.depth.max(initial=0))
        heads = np.flatnonzero(segments.depth > 0)
        at = np.zeros(len(heads), dtype=np.int64)  # the scope of each head on the level above, counted in that level
        levels: list[tuple[Ints, Ints, Ints, Ints]] = []
        inner: list[tuple[Ints, Ints]] = []
        for level in range(deepest):
            place = segments.first[heads] + level
            keys = at * self._width + rank_of_number[segments.number[place]]
            found, some, at = np.unique(keys, return_index=True, return_inverse=True)
            levels.append((found // self._width, found % self._width, heads[some], segments.end[place[some]]))
            inner.append((heads, at))
            goes_on = segments.depth[heads] > level + 1
            heads, at = heads[goes_on], at[goes_on]
        self._number(levels)
        self.of_head: Ints = np.zeros(len(segments.depth), dtype=np.int64)
        for (members, places), scopes in zip(inner, self._preorder, strict=True):
            self.of_head[members] = scopes[places]  # a deeper level overwrites the one above

    def _number(self, levels: list[tuple[Ints, Ints, Ints, Ints]]) -> None:
        """Give the scopes of all levels their places in preorder."""
        sizes = [np.ones(len(level[0]), dtype=np.int64) for level in levels]
        for above, size, (parent, *_) in zip(sizes[-2::-1], sizes[:0:-1], levels[:0:-1], strict=True):
            above += np.bincount(parent, weights=size, minlength=len(above)).astype(np.int64)
        count = 1 + int(sum(len(size) for size in sizes))
        self.parent, self.depth, self.rank, self.head = (np.zeros(count, dtype=np.int64) for _ in range(4))
        self.end: Ints = np.full(count, -1, dtype=np.int64)
        self.subtree_end: Ints = np.full(count, count, dtype=np.int64)
        self.parent[0] = -1
        self._preorder: list[Ints] = []
        above = np.zeros(1, dtype=np.int64)
        for depth, ((parent, rank, head, end), size) in enumerate(zip(levels, sizes, strict=True), 1):
            before = np.cumsum(size) - size
            scopes = above[parent] + 1 + before - before[np.searchsorted(parent, parent)]
            self.parent[scopes], self.depth[scopes] = above[parent], depth
            self.rank[scopes], self.head[scopes], self.end[scopes] = rank, head, end
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
