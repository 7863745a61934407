"""The fields of many messages at once: one round of numpy for the first field of each, one for the second, and so on.

Only what serializers write is read here: fields below 16 with one-byte tags, lengths below 2^28. A message with
anything else (a group, a longer varint, a field that ends beyond it) is marked as odd, for `wire.fields` to read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.spans import Hashes, Ints, Words
from scopeview.readers.protobuf.wire import FIXED32, FIXED64, LENGTH, VARINT

_MOST_ROUNDS = 100_000
HIGHEST = 15
"""The highest number of a field: its tag takes one byte."""
_CONTINUES = np.uint64(0x8080808080808080)
_SIZES = np.full(8, -1, dtype=np.int64)
_SIZES[[VARINT, LENGTH]] = 0
_SIZES[FIXED64], _SIZES[FIXED32] = 8, 4


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of messages; all of shape (fields,) but `odd`. The fields of one message stand in their order."""

    owner: Ints
    """Which message it is of."""
    number: NDArray[np.uint8]
    is_block: NDArray[np.bool_]
    """Whether it is a string, bytes or a message."""
    start: Ints
    """Where its value starts; after the length if it has one."""
    size: Ints
    odd: NDArray[np.bool_]
    """Shape (messages,): what was not read; such a message may have fields here and must not be believed."""

    def of(self, number: int) -> Ints:
        """Return the positions of the strings or messages of a field number, sorted by message."""
        found = np.flatnonzero((self.number == number) & self.is_block)
        return found[np.argsort(self.owner[found], kind="stable")]


def fields_of(words: Words, start: Ints, size: Ints, most: int = _MOST_ROUNDS) -> Fields:
    """Return the fields of every message.

    Args:
        words: the buffer that the messages lie in.
        start: shape (messages,).
        size: shape (messages,).
        most: fields of one message from which it counts as odd.
    """
    odd = np.zeros(len(start), dtype=bool)
    owner = np.flatnonzero(size > 0)
    place, stop = start[owner], (start + size)[owner]
    rounds: list[tuple[Ints, NDArray[np.uint8], Ints, Ints]] = []
    while owner.size and len(rounds) < most:
        word = words.at(place)
        tag = word.astype(np.uint8)
        length = _SHORT[word.astype(np.uint16)].astype(np.int64)
        value = place + 2
        others = np.flatnonzero(length < 0)
        if others.size:
            head, length[others] = _extent(word[others], tag[others])
            value[others] = place[others] + head
        end = value + length
        is_right = (length >= 0) & (end <= stop)
        if not is_right.all():
            odd[owner[~is_right]] = True
            owner, tag, stop = owner[is_right], tag[is_right], stop[is_right]
            value, length, end = value[is_right], length[is_right], end[is_right]
        rounds.append((owner, tag, value, length))
        goes_on = end < stop
        owner, place, stop = owner[goes_on], end[goes_on], stop[goes_on]
    odd[owner] = True
    if not rounds:
        none = np.zeros(0, dtype=np.int64)
        return Fields(none, none.astype(np.uint8), none.astype(bool), none, none, odd)
    owners, tags, starts, sizes = (np.concatenate(column) for column in zip(*rounds, strict=True))
    return Fields(owners, np.right_shift(tags, np.uint8(3)), (tags & 7) == LENGTH, starts, sizes, odd)


def _extent(word: Hashes, tag: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return how many bytes tag and length take, and how many the value: -1 for what is not to be read like this."""
    kind, number = tag & 7, tag >> 3
    after = word >> np.uint64(8)
    head = np.ones(len(word), dtype=np.int64)
    length = _SIZES[kind]
    length[(number == 0) | (number > HIGHEST)] = -1
    longer = np.flatnonzero((kind == LENGTH) & (length >= 0))
    head[longer] = 2
    length[longer] = (after[longer] & np.uint64(0x7F)).astype(np.int64)
    taken = after[longer]
    is_long = (taken & np.uint64(0x80)) != 0
    longer, taken = longer[is_long], taken[is_long]
    for byte in range(1, 4):
        part = (taken >> np.uint64(8 * byte)) & np.uint64(0x7F)
        length[longer] |= (part << np.uint64(7 * byte)).astype(np.int64)
        head[longer] += 1
        goes_on = (taken >> np.uint64(8 * byte + 7)) & np.uint64(1) != 0
        longer, taken = longer[goes_on], taken[goes_on]
    length[longer] = -1
    numbers = np.flatnonzero((kind == VARINT) & (length >= 0))
    if numbers.size:
        length[numbers] = _varint_sizes(after[numbers])
    return head, length


def _short_lengths() -> NDArray[np.int8]:
    """Return the length that a string or message says in the byte behind its tag, for all pairs of bytes; else -1."""
    found = np.full((256, 256), -1, dtype=np.int8)  # by length and tag: of two bytes, the second one is the higher
    found[:0x80, [number << 3 | LENGTH for number in range(1, HIGHEST + 1)]] = np.arange(0x80)[:, None]
    return found.ravel()


def _varint_sizes(word: Hashes) -> Ints:
    """Return the bytes of the varint at the start of each word; -1 for more than 7."""
    ends = ~word & _CONTINUES
    lowest = ends & (~ends + np.uint64(1))
    sizes = np.full(len(word), -1, dtype=np.int64)
    for byte in range(7):
        sizes[lowest == np.uint64(0x80 << (8 * byte))] = byte + 1
    return sizes


_SHORT = _short_lengths()
