"""Variables that have the numbers of one other variable, and more than an order of axes between them.

flattened   a dense layer behind convolutions: its rows are (rows, columns, channels) here and (channels, rows,
            columns) there
padded      a table with more rows on one side: rows of zeros, or rows that the other side does not have
tied        numbers that several variables of one side have
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from scopeview.analysis.diff.blocks import Rest
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.namespace import Entry
from scopeview.analysis.diff.recipes import Recipe

_MATRIX = 2
_MOST_TABLES = 10_000
"""Pairs of tables that are compared."""
_ORDERS = ((1, 0, 2), (2, 1, 0), (0, 2, 1))
"""How the three axes of a matrix with one axis split are ordered, so that its two parts change their places."""

Tied = Mapping[str, Recipe]
"""By the name of B, how it is made of a variable of A whose numbers it has, as others do."""


def flattened_recipe(a: Entry, b: Entry, one: Any, other: Any) -> Recipe | None:
    """Return how a matrix becomes one with the same numbers, an axis of it in another order; None if it is not so.

    Args:
        a: the variable of A.
        b: that of B, of as many numbers.
        one: the values of A.
        other: the values of B.
    """
    if one.ndim != _MATRIX or other.ndim != _MATRIX:
        return None
    for axis, length in enumerate(one.shape):
        for inner in (number for number in range(2, length // 2 + 1) if length % number == 0):
            split = (length // inner, inner)
            shape = (*split, one.shape[1]) if axis == 0 else (one.shape[0], *split)
            for order in _ORDERS:
                turned = one.reshape(shape).transpose(order)
                if _is_flat(turned.shape, other.shape) and _equal(turned, other):
                    piece = Piece(a.name, a.key, (), order, shape)
                    return Recipe(b, (piece,), "equal values, an axis in another order", is_reshaped=True)
    return None


def _is_flat(shape: tuple[int, ...], matrix: tuple[int, ...]) -> bool:
    """Whether three axes are those of a matrix, the first or the last two of them as one."""
    return matrix in ((shape[0] * shape[1], shape[2]), (shape[0], shape[1] * shape[2]))


def _equal(turned: Any, other: Any) -> bool:
    """Compare an array in another order of axes with one of as many numbers; the first of them first."""
    view = other.reshape(turned.shape)
    return np.array_equal(turned[0], view[0], equal_nan=True) and np.array_equal(turned, view, equal_nan=True)


def padded_tables(a: Rest, b: Rest) -> Iterator[tuple[Entry, Entry, Recipe | int]]:
    """Yield tables of A and B of which one is the first rows of the other.

    With each the recipe of B: the first rows, or all of A and rows of zeros. Where B has other rows below them, the
    number of equal rows.
    """
    left = _MOST_TABLES
    for target in _tables(b):
        for source in _tables(a):
            rows = (source.shape or ())[0] or 0, (target.shape or ())[0] or 0
            if not left or rows[0] == rows[1] or (source.shape or ())[1:] != (target.shape or ())[1:]:
                continue
            left -= 1
            found = _padded(source, target, a.array(source), b.array(target))
            if found:
                yield source, target, found
                break


def _tables(side: Rest) -> Iterator[Entry]:
    for entry in side.entries:
        if len(entry.shape or ()) == _MATRIX and not side.fingerprints[entry.name].is_blank:
            yield entry


def _padded(source: Entry, target: Entry, held: Any, wanted: Any) -> Recipe | int:
    rows = min(len(held), len(wanted))
    if not np.array_equal(held[:rows], wanted[:rows], equal_nan=True) or _is_alike(held[:rows]):
        return 0
    columns = held.shape[1]
    if len(held) > rows:
        piece = Piece(source.name, source.key, ((0, rows), (0, columns)))
        return Recipe(target, (piece,), f"equal values, its first {rows:,} rows")
    if wanted[rows:].any():
        return rows
    pieces = [Piece(source.name, source.key)]
    for first in range(rows, len(wanted), rows):
        count = min(rows, len(wanted) - first)
        pieces.append(Piece(source.name, source.key, ((0, count), (0, columns)), is_zero=True))
    return Recipe(target, tuple(pieces), f"equal values, and {len(wanted) - rows:,} rows of zeros")


def _is_alike(array: Any) -> bool:
    """Whether all numbers are the same, which proves nothing."""
    return bool((array == array.flat[0]).all())


def tied_recipes(groups: Iterable[tuple[list[Entry], list[Entry]]], a: Rest, b: Rest) -> dict[str, Recipe]:
    """Return how each variable of B is made of one of A, where several of a side have the same numbers.

    Args:
        groups: variables of A and of B with equal fingerprints.
        a: what reads A.
        b: what reads B.
    """
    found = {}
    for sources, targets in groups:
        held = a.array(sources[0])
        names = ", ".join(entry.name for entry in sources[1:] + targets)
        for target in targets:
            wanted = b.array(target)
            for axes in ((), (1, 0)) if held.ndim == _MATRIX else ((),):
                turned = held.transpose(axes) if axes else held
                if turned.shape == wanted.shape and np.array_equal(turned, wanted, equal_nan=True):
                    piece = Piece(sources[0].name, sources[0].key, (), axes)
                    found[target.name] = Recipe(target, (piece,), f"equal values, tied ({names})")
                    break
    return found
