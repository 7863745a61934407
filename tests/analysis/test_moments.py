"""Moments merge exactly: whatever was read where and in which order, the answer is the same bit by bit."""

from __future__ import annotations

import math
import pickle
import random
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopeview.analysis.moments import Moments, moments_of

BLOCKS = st.lists(st.lists(st.floats(width=32), max_size=12), min_size=1, max_size=8)


@settings(max_examples=60)
@given(BLOCKS, st.randoms(use_true_random=False))
def test_order_and_grouping_make_no_difference(blocks: list[list[float]], shuffled: random.Random) -> None:
    parts = [moments_of(np.array(block, np.float32)) for block in blocks]
    forward = reduce(add, parts, Moments())
    shuffled.shuffle(parts)
    middle = shuffled.randint(0, len(parts))

    assert reduce(add, parts[:middle], Moments()) + reduce(add, parts[middle:], Moments()) == forward


@pytest.mark.parametrize("seed", range(4))
def test_they_are_those_of_numpy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    numbers = generator.normal(10.0 ** (2 * seed), 1.0, 10_000)
    blocks = np.array_split(numbers, 1 + 7 * seed)

    found = reduce(add, pickle.loads(pickle.dumps([moments_of(block) for block in blocks])))

    assert found.mean == pytest.approx(numbers.mean(), rel=1e-14)
    assert found.deviation == pytest.approx(numbers.std(), rel=1e-8)
    assert found.l2 == pytest.approx(np.linalg.norm(numbers), rel=1e-13)
    assert (found.minimum, found.maximum, found.elements) == (numbers.min(), numbers.max(), 10_000)


def test_numbers_that_sums_cannot_hold_are_infinite() -> None:
    large = moments_of(np.array([1.7e308, 1.7e308]))
    both = large + large + moments_of(np.array([1.0, math.nan, math.inf]))

    assert (both.l2, both.mean, both.deviation) == (math.inf, math.inf, math.inf)
    assert (both.nan, both.inf, both.elements, both.finite) == (1, 1, 7, 5)
    assert math.isnan(Moments().mean)
    assert math.isnan(Moments().deviation)
