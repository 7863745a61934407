"""How far values differ, read a block at a time: memory stays small however large the variables are."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.moments import Exact, added, as_exact, rounded
from scopeview.analysis.work import (
    Reading,
    SplitValues,
    Stretch,
    Values,
    blocks_of,
    check_same,
    files_seen,
    gathered,
    unit_bytes,
)
from scopeview.model.measured import Measured
from scopeview.model.variables import Variable
from scopeview.model.wanted import check_wanted

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


Compared = tuple[Variable, Variable, tuple[int, ...]]
"""Two variables, and the order of A's axes that gives B; empty if it stays."""


def compare_values(a: Values, one: Variable, b: Values, other: Variable) -> ValueChange | None:
    """Compare the values of two variables of one shape; None where either cannot be read whole.

    Partitioned variables are read part by part: they compare if their parts follow one another along the first axis.
    """
    return compared([(one, other, ())], (a, b))[0]


def compared(
    pairs: Sequence[Compared],
    values: tuple[Values, Values],
    reading: Reading = Reading(),  # noqa: B008 - frozen
) -> list[ValueChange | None]:
    """Compare the values of many pairs; None where either variable cannot be read whole.

    Args:
        pairs: variables of one shape, or of one that the order of axes makes.
        values: the readers of both sides.
        reading: what reads the values, and takes how much was read.

    Raises:
        DamagedError: a file was rewritten meanwhile.
    """
    found: list[Differences | None] = [None] * len(pairs)
    unit = unit_bytes(sum(pair[0].size_bytes or 0 for pair in pairs))
    cut = [stretch for number, pair in enumerate(pairs) for stretch in _stretches(number, pair, values, unit)]
    tasks = [CompareTask(values, unit) for unit in _units(cut)]
    results = reading.runner.run(compare, tasks, lambda number: reading.on_read(tasks[number].size_bytes))
    check_same(seen for _, seen, _ in results)
    check_same(seen for _, _, seen in results)
    for stretch, part in zip(cut, chain.from_iterable(parts for parts, _, _ in results), strict=True):
        before = found[stretch.number]
        found[stretch.number] = part if before is None else before + part
    return [
        one.change() if one is not None and one.is_even and one.elements == a.parameters == b.parameters else None
        for one, (a, b, _) in zip(found, pairs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class PairStretch:
    """Some blocks of two variables."""

    number: int
    """Of the pair."""
    a: Variable
    b: Variable
    axes: tuple[int, ...]
    first: int
    last: int
    count: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the first side."""
        return Stretch(self.a, self.first, self.last, self.count).size_bytes


@dataclass(frozen=True, slots=True)
class CompareTask:
    """Stretches that are compared together."""

    values: tuple[Values, Values]
    stretches: tuple[PairStretch, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the first side."""
        return sum(stretch.size_bytes for stretch in self.stretches)


def _stretches(number: int, pair: Compared, values: tuple[Values, Values], unit: int) -> Iterator[PairStretch]:
    """Cut a pair into stretches, where both sides lie in the same blocks."""
    a, b, axes = pair
    if not (_is_in_order(a) and _is_in_order(b)):
        return
    count, other = (_count(side, one) for side, one in zip(values, (a, b), strict=True))
    is_alike = count == other and a.dtype == b.dtype and not (a.parts or b.parts or axes)
    step = max(1, unit * count // max(1, a.size_bytes or 0)) if is_alike else count
    if step >= count:
        yield PairStretch(number, a, b, axes, 0, 1, 1)
        return
    for first in range(0, count, step):
        yield PairStretch(number, a, b, axes, first, min(first + step, count), count)


def _count(values: Values, variable: Variable) -> int:
    return max(1, values.block_count(variable)) if isinstance(values, SplitValues) else 1


def _units(cut: Sequence[PairStretch]) -> Iterator[tuple[PairStretch, ...]]:
    return gathered(cut, lambda stretch: stretch.size_bytes)


def compare(
    task: CompareTask,
) -> tuple[tuple[Differences, ...], Mapping[str, Hashable], Mapping[str, Hashable]]:
    """Compare stretches; also return which files were read on either side."""
    found = tuple(_difference(task.values, stretch) for stretch in task.stretches)
    return found, files_seen(task.values[0]), files_seen(task.values[1])


def _difference(values: tuple[Values, Values], stretch: PairStretch) -> Differences:
    ours = TurnedValues(values[0], stretch.axes) if stretch.axes else values[0]
    blocks = stretch.first, stretch.last, stretch.count
    a = _Stream(blocks_of(ours, Stretch(stretch.a, *blocks)))
    b = _Stream(blocks_of(values[1], Stretch(stretch.b, *blocks)))
    total = Differences()
    while size := min(a.left(), b.left()):
        check_wanted()
        total += differences_of(a.take(size), b.take(size))
    return total if a.left() == b.left() == 0 else replace(total, is_even=False)


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


@dataclass(frozen=True, slots=True)
class Differences:
    """How numbers differ, in sums that merge exactly and in any order (`moments`)."""

    elements: int = 0
    changed: int = 0
    nan_a: int = 0
    nan_b: int = 0
    inf_a: int = 0
    inf_b: int = 0
    max_abs: float = 0.0
    squares: Exact = Fraction(0)
    """Of a - b."""
    squares_a: Exact = Fraction(0)
    squares_b: Exact = Fraction(0)
    product: Exact = Fraction(0)
    is_even: bool = True
    """Whether both sides ended together."""

    def __add__(self, other: Differences) -> Differences:
        """Return those of both."""
        return Differences(
            self.elements + other.elements,
            self.changed + other.changed,
            self.nan_a + other.nan_a,
            self.nan_b + other.nan_b,
            self.inf_a + other.inf_a,
            self.inf_b + other.inf_b,
            max(self.max_abs, other.max_abs),
            added(self.squares, other.squares),
            added(self.squares_a, other.squares_a),
            added(self.squares_b, other.squares_b),
            added(self.product, other.product),
            self.is_even and other.is_even,
        )

    def change(self) -> ValueChange:
        """Return what is said of them."""
        squares, squares_a = rounded(self.squares), rounded(self.squares_a)
        norms = math.sqrt(squares_a) * math.sqrt(rounded(self.squares_b))
        cosine = rounded(self.product) / norms if norms else math.nan
        relative = math.sqrt(squares / squares_a) if squares_a else math.inf if squares else 0.0
        return ValueChange(
            elements=self.elements,
            changed=self.changed,
            max_abs=self.max_abs,
            relative_l2=relative,
            cosine=max(-_ROUNDS_TO_EQUAL, min(_ROUNDS_TO_EQUAL, cosine)) if norms else cosine,
            nan_a=self.nan_a,
            nan_b=self.nan_b,
            inf_a=self.inf_a,
            inf_b=self.inf_b,
        )


def differences_of(raw_a: NDArray[np.generic], raw_b: NDArray[np.generic]) -> Differences:
    """Compare two blocks of one size."""
    a, b = _numbers(raw_a), _numbers(raw_b)
    nan_a, nan_b = np.isnan(a), np.isnan(b)
    # In their own dtype: float64 cannot tell large integers apart.
    changed = int((~((raw_a == raw_b) | (nan_a & nan_b))).sum())
    counts = a.size, changed, int(nan_a.sum()), int(nan_b.sum()), int(np.isinf(a).sum()), int(np.isinf(b).sum())
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all():
        a, b = a[finite], b[finite]
    difference = a - b
    return Differences(
        *counts,
        float(np.abs(difference).max(initial=0.0)),
        _product(difference, difference),
        _product(a, a),
        _product(b, b),
        _product(a, b),
    )


def _product(one: Any, other: Any) -> Exact:
    return as_exact(float(np.vdot(one, other).real))


def _numbers(block: NDArray[np.generic]) -> NDArray[np.float64] | NDArray[np.complex128]:
    return block.astype(np.complex128) if np.iscomplexobj(block) else block.astype(np.float64)
