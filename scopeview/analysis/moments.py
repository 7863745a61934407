"""What can be said of many numbers without keeping them, in parts that merge exactly and in any order.

The sums of a block of numbers are taken in float64, as numpy takes them. Between blocks nothing is rounded: sums are
fractions, so that (a + b) + c is a + (b + c) bit by bit, whichever machine summed which block. The squares about the
mean of all follow from those about the mean of each block (Chan, Golub and LeVeque 1979):

    sum (x - mean)^2  =  sum of blocks (squares about their own mean + sum_b^2 / n_b)  -  sum^2 / n
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Exact = Fraction | float
"""A sum; a float only where it is infinite or NaN, as that of the largest numbers is."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Counts, extremes and sums of numbers; those of no numbers are the default."""

    elements: int = 0
    finite: int = 0
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    minimum: float = math.inf
    """Of the finite numbers, as are all that follow."""
    maximum: float = -math.inf
    total: Exact = Fraction(0)
    squares: Exact = Fraction(0)
    within: Exact = Fraction(0)
    """Squares about the mean of each block."""
    between: Exact = Fraction(0)
    """Square of the sum of each block, divided by its numbers."""

    def __add__(self, other: Moments) -> Moments:
        """Return those of both."""
        return Moments(
            self.elements + other.elements,
            self.finite + other.finite,
            self.zeros + other.zeros,
            self.nan + other.nan,
            self.inf + other.inf,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            added(self.total, other.total),
            added(self.squares, other.squares),
            added(self.within, other.within),
            added(self.between, other.between),
        )

    @property
    def mean(self) -> float:
        """Mean of the finite numbers, NaN of none."""
        return rounded(_divided(self.total, self.finite)) if self.finite else math.nan

    @property
    def deviation(self) -> float:
        """Standard deviation with n in the denominator, NaN of no numbers."""
        if not self.finite:
            return math.nan
        if isinstance(self.total, float):
            return math.inf
        about = added(added(self.within, self.between), -self.total * self.total / self.finite)
        return math.sqrt(max(0.0, rounded(_divided(about, self.finite))))

    @property
    def l2(self) -> float:
        """Euclidean norm of the finite numbers."""
        return math.sqrt(rounded(self.squares))


def moments_of(raw: NDArray[np.generic]) -> Moments:
    """Return the moments of one block; its sums are those of numpy."""
    block = raw.astype(np.float64)
    nan, inf = int(np.isnan(block).sum()), int(np.isinf(block).sum())
    zeros, elements = int((block == 0).sum()), block.size
    if nan or inf:
        block = block[np.isfinite(block)]
    if not block.size:
        return Moments(elements, 0, zeros, nan, inf)
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(block.sum())
        about = block - total / block.size
        within, squares = float(np.vdot(about, about)), float(np.vdot(block, block))
    exact = as_exact(total)
    return Moments(
        elements,
        block.size,
        zeros,
        nan,
        inf,
        float(block.min()),
        float(block.max()),
        exact,
        as_exact(squares),
        as_exact(within),
        math.inf if isinstance(exact, float) else exact * exact / block.size,
    )


def as_exact(number: float) -> Exact:
    """Return a float as a fraction; one that is infinite or NaN as it is."""
    return Fraction(number) if math.isfinite(number) else number


def added(one: Exact, other: Exact) -> Exact:
    """Return a sum, exactly."""
    if isinstance(one, float):
        return one + other if isinstance(other, float) else one
    return other if isinstance(other, float) else one + other


def rounded(number: Exact) -> float:
    """Return the nearest float; infinite where there is none."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _divided(number: Exact, count: int) -> Exact:
    return number if isinstance(number, float) else number / count
