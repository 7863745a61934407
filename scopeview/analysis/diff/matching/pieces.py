"""A block of one variable as a part of another: where it is taken from, and how it is turned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor of the source, or a block of it, as a part of the target."""

    source: str
    """The name of the source's variable."""
    key: str = ""  # filled in where the file is known (`recipes.py`)
    """What its file calls it."""
    ranges: tuple[tuple[int, int], ...] = ()
    """First and last row, exclusive, of the block along each axis of the source; empty for all of it."""
    axes: tuple[int, ...] = ()
    """The order of the source's axes that gives the target's; empty if it stays."""
    shape: tuple[int, ...] = ()
    """The shape that the block is given before its axes are ordered; empty if it keeps its own."""
    offset: float = 0.0
    """What is added to each number, such as the forget bias that cells of TensorFlow 1 add as they run."""
    is_zero: bool = False
    """Whether it stands for zeros of its size, such as the second of two biases whose sum is known."""
    lengths: tuple[int, ...] = ()
    """The axes, in their new order, over which the Euclidean length of its slices is taken: the magnitudes of weight
    norm. Empty for its numbers themselves."""
