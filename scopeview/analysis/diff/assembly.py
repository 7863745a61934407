"""A variable made by its recipe: blocks cut, turned, added up and joined, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scopeview.analysis.diff.matching.pieces import Piece


def block_of(array: Any, piece: Piece) -> Any:
    """Return the numbers of a piece.

    Args:
        array: all values of the piece's source, in its shape.
        piece: which block of them, and what becomes of it.
    """
    found = array[tuple(slice(*ends) for ends in piece.ranges)] if piece.ranges else array
    found = found.reshape(piece.shape) if piece.shape else found
    found = found.transpose(piece.axes) if piece.axes else found
    if piece.lengths:
        return np.sqrt(np.square(found.astype(np.float64)).sum(piece.lengths, keepdims=True))
    if piece.is_zero:
        return np.zeros_like(found)
    return found + found.dtype.type(piece.offset) if piece.offset else found


def assembled(blocks: Sequence[Any], columns: int, addends: int = 1, is_scaled: bool = False) -> Any:
    """Return blocks joined in rows of so many.

    Args:
        blocks: as `block_of` gives them.
        columns: how many make a row.
        addends: how many that follow each other are added up first.
        is_scaled: whether the first is a direction, which gets the length of the second in place of the third.

    Raises:
        ValueError: they do not fit together.
    """
    if is_scaled:
        direction, magnitude, length = blocks
        with np.errstate(divide="ignore", invalid="ignore"):  # a slice of zeros has no direction, here as elsewhere
            return direction * (magnitude / length)
    if addends > 1:
        groups = [blocks[first : first + addends] for first in range(0, len(blocks), addends)]
        blocks = [sum(group[1:], group[0]) for group in groups]
    if len(blocks) == 1:
        return blocks[0]
    rows = [blocks[first : first + columns] for first in range(0, len(blocks), columns)]
    return np.concatenate([np.concatenate(row, 1) if columns > 1 else row[0] for row in rows])
