"""How far values differ, read a block at a time: memory stays small however large the variables are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.work import Values
from scopeview.model.measured import Measured
from scopeview.model.variables import Variable

_ROUNDS_TO_EQUAL = 1.0


@dataclass(frozen=True, slots=True)
class ValueChange:
    """How the values of two variables differ; where both have numbers, element by element in row-major order."""

    elements: int
    changed: int
    """Elements that are not equal; two NaN are equal here."""
    max_abs: Measured
    """Largest |a - b| of finite elements."""
    relative_l2: Measured
    """|a - b| / |a| over finite elements; infinite if a is all zero and b is not."""
    cosine: Measured
    """Cosine of the angle between a and b; NaN if either is all zero."""
    nan_a: int
    nan_b: int
    inf_a: int
    inf_b: int

    @property
    def share_changed(self) -> float:
        """Share of elements that are not equal."""
        return self.changed / self.elements if self.elements else 0.0


def compare_values(a: Values, one: Variable, b: Values, other: Variable) -> ValueChange | None:
    """Compare the values of two variables of one shape; None where either cannot be read whole.

    Partitioned variables are read part by part: they compare if their parts follow one another along the first axis.
    """
    if not (_is_in_order(one) and _is_in_order(other)):
        return None
    total = _Total()
    blocks_a, blocks_b = _Stream(a.blocks(one)), _Stream(b.blocks(other))
    while True:
        size = min(blocks_a.left(), blocks_b.left())
        if size == 0:
            break
        total.add(blocks_a.take(size), blocks_b.take(size))
    is_whole = blocks_a.left() == blocks_b.left() == 0 and total.elements == one.parameters == other.parameters
    return total.result() if is_whole else None


@dataclass(frozen=True, slots=True)
class TurnedValues:
    """Values in another order of axes; each variable is read as a whole."""

    values: Values
    axes: tuple[int, ...]

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the turned values of a variable as one block; nothing where they cannot be read whole."""
        blocks = list(self.values.blocks(variable))
        flat = np.concatenate(blocks) if blocks else np.zeros(0)
        if blocks and not variable.parts and flat.size == variable.parameters:
            yield flat.reshape([size or 0 for size in variable.shape or ()]).transpose(self.axes).ravel()


def _is_in_order(variable: Variable) -> bool:
    return all(not any(part.offset[1:]) for part in variable.parts)


class _Stream:
    """Takes any number of elements off a sequence of blocks."""

    def __init__(self, blocks: Iterator[NDArray[np.generic]]) -> None:
        self._blocks = blocks
        self._block: NDArray[np.generic] = np.zeros(0)

    def left(self) -> int:
        """Return how many elements of the block at hand are left, after fetching the next where it is used up."""
        while self._block.size == 0:
            following = next(self._blocks, None)
            if following is None:
                return 0
            self._block = following
        return int(self._block.size)

    def take(self, size: int) -> NDArray[np.generic]:
        """Return the next elements."""
        taken, self._block = self._block[:size], self._block[size:]
        return taken


class _Total:
    """What has been seen so far."""

    def __init__(self) -> None:
        self.elements = self.changed = self.nan_a = self.nan_b = self.inf_a = self.inf_b = 0
        self.max_abs = self.squares_a = self.squares_b = self.squares = self.product = 0.0

    def add(self, raw_a: NDArray[np.generic], raw_b: NDArray[np.generic]) -> None:
        a, b = _numbers(raw_a), _numbers(raw_b)
        self.elements += a.size
        self.nan_a, self.nan_b = self.nan_a + int(np.isnan(a).sum()), self.nan_b + int(np.isnan(b).sum())
        self.inf_a, self.inf_b = self.inf_a + int(np.isinf(a).sum()), self.inf_b + int(np.isinf(b).sum())
        # In their own dtype: float64 cannot tell large integers apart.
        self.changed += int((~((raw_a == raw_b) | (np.isnan(a) & np.isnan(b)))).sum())
        finite = np.isfinite(a) & np.isfinite(b)
        if not finite.all():
            a, b = a[finite], b[finite]
        difference = a - b
        self.max_abs = max(self.max_abs, float(np.abs(difference).max(initial=0.0)))
        self.squares += float(np.vdot(difference, difference).real)
        self.squares_a += float(np.vdot(a, a).real)
        self.squares_b += float(np.vdot(b, b).real)
        self.product += float(np.vdot(a, b).real)

    def result(self) -> ValueChange:
        norms = math.sqrt(self.squares_a) * math.sqrt(self.squares_b)
        cosine = self.product / norms if norms else math.nan
        return ValueChange(
            elements=self.elements,
            changed=self.changed,
            max_abs=self.max_abs,
            relative_l2=self._relative(),
            cosine=max(-_ROUNDS_TO_EQUAL, min(_ROUNDS_TO_EQUAL, cosine)) if norms else cosine,
            nan_a=self.nan_a,
            nan_b=self.nan_b,
            inf_a=self.inf_a,
            inf_b=self.inf_b,
        )

    def _relative(self) -> float:
        if self.squares_a:
            return math.sqrt(self.squares / self.squares_a)
        return math.inf if self.squares else 0.0


def _numbers(block: NDArray[np.generic]) -> NDArray[np.float64] | NDArray[np.complex128]:
    return block.astype(np.complex128) if np.iscomplexobj(block) else block.astype(np.float64)
