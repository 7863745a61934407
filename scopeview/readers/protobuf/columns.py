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
_CONTINUES = np.uint64(0x8080808080808080)
_SIZES = np.full(8, -1, dtype=np.int64)
_SIZES[[VARINT, LENGTH]] = 0
_SIZES[FIXED64], _SIZES[FIXED32] = 8, 4


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of messages; all of shape (fields,) but `odd`. The fields of one message stand in their order."""

    owner: Ints
    """Which message it is of."""
    number: Ints
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
    rounds: list[tuple[Ints, Ints, NDArray[np.bool_], Ints, Ints]] = []
    while owner.size and len(rounds) < most:
        word = words.at(place)
        kind = (word & np.uint64(7)).astype(np.int64)
        number = ((word & np.uint64(0xFF)) >> np.uint64(3)).astype(np.int64)
        head, length, is_wrong = _extent(word, kind)
        value, end = place + head, place + head + length
        is_wrong |= (number == 0) | (number > 15) | (end > stop)
        if is_wrong.any():
            odd[owner[is_wrong]] = True
            kept = ~is_wrong
            owner, number, kind, stop = owner[kept], number[kept], kind[kept], stop[kept]
            value, length, end = value[kept], length[kept], end[kept]
        rounds.append((owner, number, kind == LENGTH, value, length))
        goes_on = end < stop
        owner, place, stop = owner[goes_on], end[goes_on], stop[goes_on]
    odd[owner] = True
    if not rounds:
        none = np.zeros(0, dtype=np.int64)
        return Fields(none, none, none.astype(bool), none, none, odd)
    owners, numbers, is_block, starts, sizes = (np.concatenate(column) for column in zip(*rounds, strict=True))
    return Fields(owners, numbers, is_block, starts, sizes, odd)


def _extent(word: Hashes, kind: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return how many bytes tag and length take, how many the value, and which are not to be read like this."""
    after = word >> np.uint64(8)
    head = np.ones(len(word), dtype=np.int64)
    length = _SIZES[kind]
    is_wrong = length < 0
    is_block = np.flatnonzero(kind == LENGTH)
    head[is_block] = 2
    length[is_block] = (after[is_block] & np.uint64(0x7F)).astype(np.int64)
    longer = is_block[(after[is_block] & np.uint64(0x80)) != 0]
    if longer.size:
        taken = after[longer]
        for byte in range(1, 4):
            part = (taken >> np.uint64(8 * byte)) & np.uint64(0x7F)
            goes_on = (taken >> np.uint64(8 * byte - 1)) & np.uint64(1) != 0
            length[longer[goes_on]] |= (part[goes_on] << np.uint64(7 * byte)).astype(np.int64)
            head[longer[goes_on]] += 1
            longer, taken = longer[goes_on], taken[goes_on]
        is_wrong[longer[(taken >> np.uint64(31)) & np.uint64(1) != 0]] = True
    numbers = np.flatnonzero(kind == VARINT)
    if numbers.size:
        length[numbers], too_long = _varint_sizes(after[numbers])
        is_wrong[numbers[too_long]] = True
    return head, length, is_wrong


def _varint_sizes(word: Hashes) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the bytes of the varint at the start of each word, and which have more than 7."""
    ends = ~word & _CONTINUES
    lowest = ends & (~ends + np.uint64(1))
    sizes = np.zeros(len(word), dtype=np.int64)
    for byte in range(7):
        sizes[lowest == np.uint64(0x80 << (8 * byte))] = byte + 1
    return sizes, sizes == 0
