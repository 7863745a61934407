"""Pieces of a buffer as columns: many are read, hashed, compared and numbered at once.

A span is a start and a size in bytes. Eight bytes of every span are taken at a time, so that a million names cost a few
passes of numpy and no Python string. Hashes are seeded by chance in each process and never decide alone: spans that
share a hash are compared byte by byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_AT_ONCE = 1 << 14
"""Spans of one pass, so that its columns stay in the processor's cache."""

_LONG = 1024
"""Bytes from which a span is handled by itself: a round over all spans for every eight of its bytes would not pay."""
_MASKS = np.array([(1 << (8 * size)) - 1 for size in range(9)], dtype=np.uint64)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Words:
    """A buffer of which eight bytes can be read at many places at once; beyond its end are zeros."""

    def __init__(self, buffer: bytes | memoryview) -> None:
        self.buffer = memoryview(buffer)
        self.pieces: bytes | memoryview = buffer if isinstance(buffer, bytes) else self.buffer
        """The buffer as what gives many short pieces soonest."""
        self.bytes: NDArray[np.uint8] = np.frombuffer(buffer, dtype=np.uint8)
        size = len(self.bytes)
        self._last = max(0, size - 8)
        tail = bytes(self.buffer[self._last :]) + bytes(16)
        self._tail: Hashes = np.ndarray((len(tail) - 7,), dtype="<u8", buffer=tail, strides=(1,)).copy()
        self._words: Hashes = (
            np.ndarray((size - 7,), dtype="<u8", buffer=self.buffer, strides=(1,)) if size >= 8 else self._tail[:1]
        )

    def __len__(self) -> int:
        return len(self.bytes)

    def at(self, places: Ints) -> Hashes:
        """Return the eight bytes at each place, the first one lowest."""
        if not places.size or places.max() <= self._last:
            return self._words[places]
        found = self._words[np.minimum(places, self._last)]
        late = places > self._last
        found[late] = self._tail[np.minimum(places[late] - self._last, len(self._tail) - 1)]
        return found

    def content(self, start: int, size: int) -> bytes:
        """Return one span."""
        return bytes(self.buffer[start : start + size])


def hash_spans(words: Words, start: Ints, size: Ints, seed: int) -> Hashes:
    """Return a hash of each span; equal spans have equal hashes."""
    found = size.astype(np.uint64) * _MULTIPLIER + np.uint64(seed)
    for first in range(0, len(start), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        order, sizes = _longest_first(size[part])
        if not sizes.size:
            continue
        hashes = found[part][order]
        starts = start[part][order]
        for at, count, masks in _rounds(sizes):
            word = words.at(starts[:count] + at)
            word[count - len(masks) :] &= masks
            word ^= hashes[:count]
            word *= _MULTIPLIER
            hashes[:count] = _mix(word)
        found[part][order] = hashes
    for number in np.flatnonzero(size > _LONG).tolist():
        found[number] = hash((seed, words.content(int(start[number]), int(size[number])))) & 0xFFFFFFFFFFFFFFFF
    return found


def _longest_first(size: Ints) -> tuple[Ints, Ints]:
    """Return the spans that have bytes and are not long ones, the longest first, and their sizes."""
    short = np.where(size > _LONG, 0, size).astype(np.uint16)
    order = np.argsort(_LONG - short, kind="stable")  # of 16 bits: in linear time
    order = order[: np.count_nonzero(short)]
    return order, size[order]


def _rounds(size: Ints) -> Iterator[tuple[int, int, Hashes]]:
    """Yield, eight bytes after eight: the offset, how many spans go so far, and masks for those that end within.

    Args:
        size: shape (spans,), the largest first. So the spans that go on stand before those that have ended, and what
            is done with them needs no list of places.
    """
    offsets = np.arange(0, int(size[0]), 8)
    counts = np.searchsorted(-size, -offsets)  # how many are larger than each offset
    whole = np.searchsorted(-size, -offsets - 8, side="right")
    for at, count, filled in zip(offsets.tolist(), counts.tolist(), whole.tolist(), strict=True):
        yield at, count, _MASKS[size[filled:count] - at]


def mixed(values: Hashes) -> Hashes:
    """Spread bits (the last step of splitmix64)."""
    return _mix(values.copy())


def _mix(values: Hashes) -> Hashes:
    """Spread bits in place."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def are_same(words: Words, start: Ints, others: Words, other_start: Ints, size: Ints) -> NDArray[np.bool_]:
    """Compare spans of one size each, byte by byte."""
    found = np.ones(len(start), dtype=bool)
    for first in range(0, len(start), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        order, sizes = _longest_first(size[part])
        if not sizes.size:
            continue
        starts, other_starts = start[part][order], other_start[part][order]
        agree = np.ones(len(order), dtype=bool)
        for at, count, masks in _rounds(sizes):
            word = words.at(starts[:count] + at)
            word ^= others.at(other_starts[:count] + at)
            word[count - len(masks) :] &= masks
            agree[:count] &= word == 0
        found[part][order] = agree
    for number in np.flatnonzero(size > _LONG).tolist():
        length = int(size[number])
        found[number] = words.content(int(start[number]), length) == others.content(int(other_start[number]), length)
    return found


class SpanIndex:
    """Spans by their content.

    Attributes:
        first: shape (spans,); for each span the first one that is equal, which is itself unless it repeats one.
    """

    def __init__(self, words: Words, start: Ints, size: Ints) -> None:
        self.words, self.start, self.size = words, start, size
        while True:  # once: another seed is needed only where two different spans share 64 bits
            self._seed = int.from_bytes(os.urandom(8), "little") >> 1
            self._hashes = hash_spans(words, start, size, self._seed)
            self.first = self._place()
            repeats = np.flatnonzero(self.first != np.arange(len(start)))
            firsts = self.first[repeats]
            if (size[repeats] == size[firsts]).all() and are_same(
                words, start[repeats], words, start[firsts], size[repeats]
            ).all():
                return

    def _place(self) -> Ints:
        """Put every hash into an open table; returns the first span of the same hash."""
        count = len(self._hashes)
        self._bits = max(4, int(2 * count).bit_length())
        self._table = np.full(1 << self._bits, -1, dtype=np.int32)
        found = np.empty(count, dtype=np.int64)
        waiting = np.arange(count)
        step = 0
        while waiting.size:
            slot = self._slot(self._hashes[waiting], step)
            free = self._table[slot] < 0
            self._table[slot[free][::-1]] = waiting[free][::-1]  # of several for one slot, the first wins
            owner = self._table[slot]
            matches = self._hashes[owner] == self._hashes[waiting]
            found[waiting[matches]] = owner[matches]
            waiting = waiting[~matches]
            step += 1
        return found

    def _slot(self, hashes: Hashes, step: int) -> Ints:
        mask = np.uint64((1 << self._bits) - 1)
        return (((hashes >> np.uint64(64 - self._bits)) + np.uint64(step) * (hashes | np.uint64(1))) & mask).astype(
            np.int64
        )

    def find(self, words: Words, start: Ints, size: Ints) -> Ints:
        """Return the first span that equals each of some others, or -1."""
        hashes = hash_spans(words, start, size, self._seed)
        found = np.full(len(start), -1, dtype=np.int64)
        waiting = np.arange(len(start))
        step = 0
        while waiting.size:
            owner = self._table[self._slot(hashes[waiting], step)].astype(np.int64)
            waiting, owner = waiting[owner >= 0], owner[owner >= 0]
            matches = self._hashes[owner] == hashes[waiting]
            found[waiting[matches]] = owner[matches]
            waiting = waiting[~matches]
            step += 1
        known = np.flatnonzero(found >= 0)
        other = found[known]
        agree = self.size[other] == size[known]
        agree &= are_same(words, start[known], self.words, self.start[other], np.where(agree, size[known], 0))
        found[known[~agree]] = -1
        return found

    def numbered(self) -> tuple[Ints, Ints]:
        """Return a number for each span, equal for equal ones, and the first span of each number."""
        firsts = np.flatnonzero(self.first == np.arange(len(self.first)))
        number = np.empty(len(self.first), dtype=np.int64)
        number[firsts] = np.arange(len(firsts))
        return number[self.first], firsts

    def texts(self, spans: Ints) -> list[str]:
        """Decode some of the spans, which must be UTF-8."""
        return [
            str(self.words.buffer[start : start + size], "utf-8")
            for start, size in zip(self.start[spans].tolist(), self.size[spans].tolist(), strict=True)
        ]
