"""How the values of one side become a variable of the other: which parts of which tensors, turned and joined how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching.gates import GATES, blocks
from scopeview.analysis.diff.matching.joined import JoinedProposal
from scopeview.analysis.diff.matching.layouts import is_reshape, permuting_axes
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
    is_sum: bool = False
    """Whether the pieces are added up, and not joined."""
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


def recipes_of_joined(
    proposal: JoinedProposal, a: Mapping[str, Entry], b: Mapping[str, Entry], turned: int | None
) -> tuple[Recipe, ...]:
    """Return what variables of B are made of, if a proposal is accepted; nothing where more would have to be known.

    Args:
        proposal: which variables of one side are one of the other.
        a: the entries of side A.
        b: those of side B.
        turned: from which side kernels are turned (0: not known); None if the sides keep them in one layout.
    """
    wholes, sides = (a, b) if proposal.is_whole_in_a else (b, a)
    whole, parts = wholes[proposal.whole], [sides[name] for name in proposal.parts]
    if proposal.how == "gates":
        return _gate_recipes(whole, parts, proposal.is_whole_in_a)
    if proposal.how == "summed":
        pieces = tuple(Piece(part.name, part.key) for part in parts)
        return () if proposal.is_whole_in_a else (Recipe(whole, pieces, "accepted proposal, summed", is_sum=True),)
    sizes = [size or 0 for size in whole.shape or ()]
    block = tuple(size // len(parts) if axis == proposal.axis else size for axis, size in enumerate(sizes))
    axes = _block_axes(parts[0], whole, block, turned)
    if axes is None:
        return ()
    if not proposal.is_whole_in_a:
        pieces = tuple(Piece(part.name, part.key, axes=axes) for part in parts)
        return (Recipe(whole, pieces, "accepted proposal, joined", len(parts) if proposal.axis else 1),)
    length = block[proposal.axis]
    found = []
    for at, part in enumerate(parts):
        ends = at * length, (at + 1) * length
        ranges = tuple(ends if axis == proposal.axis else (0, size) for axis, size in enumerate(sizes))
        found.append(Recipe(part, (Piece(whole.name, whole.key, ranges, axes),), "accepted proposal, a part"))
    return tuple(found)


def _gate_recipes(whole: Entry, parts: Sequence[Entry], is_whole_in_a: bool) -> tuple[Recipe, ...]:
    """Return how the weights of a GRU become those of the other framework, gate by gate (`matching/gates.py`)."""
    evidence = "accepted proposal, gates in another order"
    if len(parts) == 1:  # a kernel of Keras, (rows, gates), and one of PyTorch, (gates, rows)
        source, target = (whole, parts[0]) if is_whole_in_a else (parts[0], whole)
        gates_axis = 0 if is_whole_in_a else 1
        sizes = [size or 0 for size in source.shape or ()]
        turned = []
        for ends in blocks(sizes[gates_axis] // GATES):
            ranges = tuple(ends if axis == gates_axis else (0, size) for axis, size in enumerate(sizes))
            turned.append(Piece(source.name, source.key, ranges, (1, 0)))
        return (Recipe(target, tuple(turned), evidence, GATES if is_whole_in_a else 1),)
    order = blocks(((whole.shape or (0, 0))[1] or 0) // GATES)
    if not is_whole_in_a:  # the bias of Keras from the two of PyTorch
        pieces = tuple(Piece(part.name, part.key, (ends,)) for part in parts for ends in order)
        return (Recipe(whole, pieces, evidence, is_reshaped=True),)
    found = []
    for row, part in enumerate(parts):
        pieces = tuple(Piece(whole.name, whole.key, ((row, row + 1), ends)) for ends in order)
        found.append(Recipe(part, pieces, evidence, GATES, is_reshaped=True))
    return tuple(found)


def _block_axes(part: Entry, whole: Entry, block: tuple[int, ...], turned: int | None) -> tuple[int, ...] | None:
    """Return the order of axes between a part and its block of the whole; None if neither has the other's shape."""
    if turned is not None:
        axes = permuting_axes((part.name, whole.name), part.shape, block, turned)
        if axes and len(axes) == 2:  # which is its own inverse
            return axes
    if part.shape == block:
        return ()
    return (1, 0) if part.shape is not None and part.shape == block[::-1] and len(block) == 2 else None


def _turned(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(shape[axis] for axis in axes) if shape is not None and axes else shape


def _is_compatible(stored: Shape, wanted: Shape) -> bool:
    """Whether a tensor has the shape of a variable, as far as both are known."""
    if stored is None or wanted is None or stored == wanted:
        return True
    return len(stored) == len(wanted) and all(None in (a, b) or a == b for a, b in zip(stored, wanted, strict=True))
