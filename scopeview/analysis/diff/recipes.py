"""How the values of one side become a variable of the other: which parts of which tensors, turned and joined how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching.layouts import is_reshape
from scopeview.analysis.diff.namespace import Entry
from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor of the source, or a block of it, as a part of the target."""

    source: str
    """The name of the source's variable."""
    key: str
    """What its file calls it."""
    ranges: tuple[tuple[int, int], ...] = ()
    """First and last row, exclusive, of the block along each axis of the source; empty for all of it."""
    axes: tuple[int, ...] = ()
    """The order of the source's axes that gives the target's; empty if it stays."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one variable of the target is made of."""

    target: Entry
    pieces: tuple[Piece, ...]
    """In rows of `columns` each, which are joined along the axes 1 and 0 of the target."""
    evidence: str
    columns: int = 1
    is_reshaped: bool = False
    """Whether the result is reshaped to the target's shape, its elements in the same order."""


def recipe_of(
    a: Entry, b: Entry, axes: tuple[int, ...], evidence: str, is_reshape_proved: bool = False
) -> Recipe | None:
    """Return how a variable of A becomes one of B; None where their shapes do not allow it.

    Args:
        a: the source.
        b: the target.
        axes: the order of A's axes that gives B's; empty if it stays.
        evidence: what says that both are one.
        is_reshape_proved: whether values show that its elements have the same order in another shape.
    """
    shape = _turned(a.shape, axes)
    is_reshaped = not _is_compatible(shape, b.shape)
    if is_reshaped and not is_reshape_proved and not is_reshape(shape, b.shape):
        return None
    return Recipe(b, (Piece(a.name, a.key, axes=axes),), evidence, is_reshaped=is_reshaped)


def _turned(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(shape[axis] for axis in axes) if shape is not None and axes else shape


def _is_compatible(stored: Shape, wanted: Shape) -> bool:
    """Whether a tensor has the shape of a variable, as far as both are known."""
    if stored is None or wanted is None:
        return True
    return len(stored) == len(wanted) and all(None in (a, b) or a == b for a, b in zip(stored, wanted, strict=True))
