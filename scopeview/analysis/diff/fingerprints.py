"""Fingerprints of values that no order of axes changes: equal for equal multisets of numbers, whatever their layout.

Each number is hashed by itself, as float64, and the hashes are added up modulo 2**64: a sum of integers is exact, where
a sum of floats would depend on its order. A block of a tensor has the sum of its own numbers, so that a tensor that was
split or joined is found by its pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.work import Values
from scopeview.model.variables import Variable

Hashes = NDArray[np.uint64]

_FACTORS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_SHIFTS = np.uint64(32), np.uint64(29)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the values of one variable are, in any order."""

    elements: int
    total: int
    """The sum of the hashes of all numbers, modulo 2**64."""
    is_blank: bool
    """Whether all numbers are the same: such values prove nothing."""


def hashes_of(block: NDArray[np.generic]) -> Hashes:
    """Return a hash of each number: shape and order stay. All NaN are one, and so are both zeros."""
    numbers = block.astype(np.float64) + 0.0
    numbers[np.isnan(numbers)] = np.nan
    found: Hashes = numbers.view(np.uint64)
    found = (found ^ (found >> _SHIFTS[0])) * _FACTORS[0]
    found = (found ^ (found >> _SHIFTS[1])) * _FACTORS[1]
    return found ^ (found >> _SHIFTS[0])


def fingerprint_of(values: Values, variable: Variable) -> Fingerprint | None:
    """Return the fingerprint of a variable, a block at a time; None where it cannot be read whole, or is complex."""
    elements = total = 0
    first: np.uint64 | None = None
    is_blank = True
    for block in values.blocks(variable):
        if np.iscomplexobj(block) or not block.size:
            return None
        hashes = hashes_of(block)
        first = hashes[0] if first is None else first
        is_blank = is_blank and bool((hashes == first).all())
        elements += block.size
        total += int(hashes.sum(dtype=np.uint64))
    if elements != variable.parameters or not elements:
        return None
    return Fingerprint(elements, total % (1 << 64), is_blank)


def fingerprints_of(values: Values, variables: Sequence[Variable]) -> list[Fingerprint | None]:
    """Return the fingerprint of each of several variables."""
    return [fingerprint_of(values, variable) for variable in variables]


def blocks_of(hashes: Hashes, cuts: tuple[tuple[int, ...], ...]) -> Iterator[tuple[tuple[tuple[int, int], ...], int]]:
    """Yield the blocks that cuts make of a tensor: the range of each axis, and the sum of the hashes.

    Args:
        hashes: of its numbers, in its shape.
        cuts: for each axis where blocks begin, 0 first.
    """
    sums = hashes
    for axis, starts in enumerate(cuts):
        sums = np.add.reduceat(sums, starts, axis=axis)
    for place in np.ndindex(sums.shape):
        ranges = tuple(
            (starts[at], starts[at + 1] if at + 1 < len(starts) else size)
            for at, starts, size in zip(place, cuts, hashes.shape, strict=True)
        )
        yield ranges, int(sums[place])
