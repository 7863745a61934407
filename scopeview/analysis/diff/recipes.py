"""How the values of one side become a variable of the other: which parts of which tensors, turned and joined how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.diff.matching.joined import JoinedProposal
from scopeview.analysis.diff.matching.layouts import is_reshape, permuting_axes
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.matching.recurrent_blocks import Made
from scopeview.analysis.diff.namespace import Entry
from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one variable of the target is made of."""

    target: Entry
    pieces: tuple[Piece, ...]
    """In rows of `columns` each, which are joined along the axes 1 and 0 of the target."""
    evidence: str
    columns: int = 1
    addends: int = 1
    """How many pieces that follow each other are added up before they are joined."""
    is_reshaped: bool = False
    """Whether the result is reshaped to the target's shape, its elements in the same order."""
    is_scaled: bool = False
    """Whether the first piece is a direction that gets the magnitude of the second in place of its own length, which
    is the third: weight norm, folded."""


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
    if proposal.made is not None:
        return (recipe_made(proposal.made, a, whole, f"accepted proposal, {proposal.made.how}"),)
    if proposal.how == "gates":
        return ()
    if proposal.how == "summed":
        pieces = tuple(Piece(part.name, part.key) for part in parts)
        return (
            () if proposal.is_whole_in_a else (Recipe(whole, pieces, "accepted proposal, summed", addends=len(pieces)),)
        )
    sizes = [size or 0 for size in whole.shape or ()]
    block = tuple(size // len(parts) if axis == proposal.axis else size for axis, size in enumerate(sizes))
    flat = without_heads(parts[0].shape, block)
    axes = _block_axes(parts[0].name, flat, whole, block, turned)
    if axes is None:
        return ()
    has_heads = flat != parts[0].shape
    if not proposal.is_whole_in_a:
        shape = tuple(size or 0 for size in flat or ()) if has_heads else ()
        pieces = tuple(Piece(part.name, part.key, axes=axes, shape=shape) for part in parts)
        return (Recipe(whole, pieces, "accepted proposal, joined", len(parts) if proposal.axis else 1),)
    length = block[proposal.axis]
    found = []
    for at, part in enumerate(parts):
        ends = at * length, (at + 1) * length
        ranges = tuple(ends if axis == proposal.axis else (0, size) for axis, size in enumerate(sizes))
        piece = Piece(whole.name, whole.key, ranges, axes)
        found.append(Recipe(part, (piece,), "accepted proposal, a part", is_reshaped=has_heads))
    return tuple(found)


def recipe_made(made: Made, sources: Mapping[str, Entry], target: Entry, evidence: str) -> Recipe:
    """Return how a variable of a recurrent layer is made of those of another framework's (`matching/recurrent.py`)."""
    pieces = tuple(_from_file(piece, sources[piece.source]) for piece in made.pieces)
    return Recipe(
        target, pieces, evidence, made.columns, made.addends, is_reshaped=len(target.shape or ()) == 2 and made.is_flat
    )


def _from_file(piece: Piece, entry: Entry) -> Piece:
    """Return a piece with the key of its file, and without ranges where these are all of it."""
    is_all = not piece.shape and piece.ranges == tuple((0, size or 0) for size in entry.shape or ())
    return replace(piece, key=entry.key, ranges=() if is_all else piece.ranges)


def without_heads(shape: Shape, block: Sequence[int | None]) -> Shape:
    """Return the shape of a projection, with the heads of its attention, which Keras gives an axis, in the last one."""
    if shape is None or len(shape) != len(block) + 1 or None in shape[-2:]:
        return shape
    return (*shape[:-2], (shape[-2] or 0) * (shape[-1] or 0))


def _block_axes(
    name: str, shape: Shape, whole: Entry, block: tuple[int, ...], turned: int | None
) -> tuple[int, ...] | None:
    """Return the order of axes between a part and its block of the whole; None if neither has the other's shape."""
    if turned is not None:
        axes = permuting_axes((name, whole.name), shape, block, turned)
        if axes and len(axes) == 2:  # which is its own inverse
            return axes
    if shape == block:
        return ()
    return (1, 0) if shape is not None and shape == block[::-1] and len(block) == 2 else None


def _turned(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(shape[axis] for axis in axes) if shape is not None and axes else shape


def _is_compatible(stored: Shape, wanted: Shape) -> bool:
    """Whether a tensor has the shape of a variable, as far as both are known."""
    if stored is None or wanted is None or stored == wanted:
        return True
    return len(stored) == len(wanted) and all(None in (a, b) or a == b for a, b in zip(stored, wanted, strict=True))
