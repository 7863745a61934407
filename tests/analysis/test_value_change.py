"""Numbers that differ, whatever the blocks they come in."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scopeview.analysis.diff.value_change import compare_values
from scopeview.model.variables import Part, Variable


class Given:
    """Values in blocks of chosen sizes."""

    def __init__(self, values: NDArray[np.generic], size: int) -> None:
        self._values, self._size = values, size

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        yield from (self._values[start : start + self._size] for start in range(0, len(self._values), self._size))


def variable(size: int) -> Variable:
    return Variable("w", "checkpoint", (size,), "float32")


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=40), st.integers(1, 9), st.integers(1, 9))
def test_blocks_make_no_difference(pairs: list[tuple[float, float]], size_a: int, size_b: int) -> None:
    a, b = (np.array(side, np.float32) for side in zip(*pairs, strict=True))

    found = compare_values(Given(a, size_a), variable(len(a)), Given(b, size_b), variable(len(b)))

    assert found is not None
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(wide_a) & np.isfinite(wide_b)
    difference = np.abs(wide_a[finite] - wide_b[finite])
    assert found.elements == len(a)
    assert found.changed == int((~((a == b) | (np.isnan(a) & np.isnan(b)))).sum())
    assert found.max_abs == float(difference.max(initial=0.0))
    assert (found.nan_a, found.nan_b) == (int(np.isnan(a).sum()), int(np.isnan(b).sum()))
    assert (found.inf_a, found.inf_b) == (int(np.isinf(a).sum()), int(np.isinf(b).sum()))
    assert math.isnan(found.cosine) or -1.0 <= found.cosine <= 1.0


def test_all_zero_on_one_side() -> None:
    zeros, ones = np.zeros(4, np.float32), np.ones(4, np.float32)

    from_zero = compare_values(Given(zeros, 4), variable(4), Given(ones, 4), variable(4))
    to_zero = compare_values(Given(ones, 4), variable(4), Given(zeros, 4), variable(4))
    same = compare_values(Given(zeros, 4), variable(4), Given(zeros, 4), variable(4))

    assert from_zero is not None and to_zero is not None and same is not None
    assert (from_zero.relative_l2, to_zero.relative_l2, same.relative_l2) == (math.inf, 1.0, 0.0)
    assert from_zero.share_changed == 1.0
    assert math.isnan(same.cosine)


def test_what_cannot_be_read_whole_is_not_compared() -> None:
    short, whole = np.zeros(3, np.float32), np.zeros(4, np.float32)
    across = Variable("w", "partitioned", (2, 2), "float32", parts=(Part("w/part_1", (0, 1), (2, 1)),))

    assert compare_values(Given(short, 4), variable(4), Given(whole, 4), variable(4)) is None
    assert compare_values(Given(whole, 4), across, Given(whole, 4), across) is None


def test_complex_numbers_and_integers() -> None:
    a, b = np.array([1 + 1j, 2], np.complex64), np.array([1 + 2j, 2], np.complex64)
    found = compare_values(Given(a, 2), variable(2), Given(b, 1), variable(2))
    assert found is not None and (found.max_abs, found.changed) == (1.0, 1)

    ids_a, ids_b = np.array([2**53], np.int64), np.array([2**53 + 1], np.int64)
    apart = compare_values(Given(ids_a, 1), variable(1), Given(ids_b, 1), variable(1))
    assert apart is not None and apart.changed == 1

    large = np.array([2**62, 5], np.int64)
    same = compare_values(Given(large, 1), variable(2), Given(large, 2), variable(2))
    assert same is not None and same.changed == 0
