"""Kernels that one side keeps as a magnitude and a direction, and the other as they are used: weight norm, folded.

    kernel = direction * (magnitude / length of the direction)        the length of each slice along one axis

Sources: `torch/nn/utils/weight_norm.py` (weight_g, weight_v) and `parametrizations.py` (original0, original1), whose
magnitude has all axes, those of length 1 measured; `weightnorm.py` of Salimans and Kingma and `WeightNormalization` of
TensorFlow Addons (g, v), whose magnitude has the axis of the outputs alone, which is the last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from scopeview.analysis.diff.assembly import assembled, block_of
from scopeview.analysis.diff.blocks import Rest
from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item, Normed
from scopeview.analysis.diff.matching.layouts import permuting_axes
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.matching.split_layers import explained_roles
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe
from scopeview.model.shapes import Shape

_MOST_AXES = 5
_MOST_COMPARED = 4096
"""Pairs of kernels of one size that are compared."""
_ROUNDING = 1e-5
"""How far a product in 32 bits may lie from another, of the largest number."""

Axes = tuple[int, ...]


def shapes_of_normed(found: Iterable[Normed], a: Namespace, b: Namespace) -> list[tuple[str, Shape, str, Shape]]:
    """Return name and shape on side A and on side B of kernels and their directions."""
    pairs = [(one.kernel, one.direction) if one.is_kernel_in_a else (one.direction, one.kernel) for one in found]
    return [(ours, a.entries[ours].shape, theirs, b.entries[theirs].shape) for ours, theirs in pairs]


def normed_recipes(found: Iterable[Normed], a: Namespace, b: Namespace, layout: tuple[bool, int]) -> Iterator[Recipe]:
    """Yield what kernels of B are made of that A keeps in two parts, and the reverse; names say which they are.

    Args:
        found: the kernels of matched layers that only one side keeps in two parts.
        a: side A.
        b: side B.
        layout: whether the sides store kernels in different layouts, and from which side.
    """
    for one in found:
        wholes, parts = (a.entries, b.entries) if one.is_kernel_in_a else (b.entries, a.entries)
        kernel, magnitude, direction = wholes[one.kernel], parts[one.magnitude], parts[one.direction]
        ours, theirs = (kernel, direction) if one.is_kernel_in_a else (direction, kernel)
        names = ours.name, theirs.name
        axes = permuting_axes(names, ours.shape, theirs.shape, layout[1]) if layout[0] else ()
        if _turned(ours.shape, axes) == theirs.shape:
            yield from _recipes(kernel, magnitude, direction, axes, one.is_kernel_in_a, "names agree, weight norm")


def proved_normed(a: Rest, b: Rest) -> Iterator[Recipe]:
    """Yield the recipes of kernels that values show to be a magnitude and a direction of the other side."""
    left = _MOST_COMPARED
    for parts, wholes, is_kernel_in_a in ((a, b, False), (b, a, True)):
        taken: set[str] = set()
        for magnitude, direction in _in_parts([*parts.entries, *parts.small]):
            lengths = _measured(magnitude.shape, direction.shape)
            fitting = [one for one in wholes.entries if _is_of_size(one, direction) and one.name not in taken]
            if lengths is None or not fitting:
                continue
            made = _folded(parts.array(magnitude), parts.array(direction), lengths)
            for kernel in fitting[:left]:
                left -= 1
                axes = _order_between(made, wholes.array(kernel))
                if axes is not None:
                    taken.add(kernel.name)
                    axes = _inverse(axes) if is_kernel_in_a else axes
                    yield from _recipes(kernel, magnitude, direction, axes, is_kernel_in_a, "equal values, weight norm")
                    break


def _recipes(
    kernel: Entry, magnitude: Entry, direction: Entry, axes: Axes, is_kernel_in_a: bool, evidence: str
) -> Iterator[Recipe]:
    """Yield how a kernel is made of its parts, or they of it.

    Args:
        kernel: the kernel as it is used.
        magnitude: the lengths of its slices.
        direction: its slices, of any length.
        axes: the order of A's axes that gives B's.
        is_kernel_in_a: whether the kernel is the source.
        evidence: what says that they are one.
    """
    lengths = _measured(magnitude.shape, direction.shape)
    if lengths is None:
        return
    if is_kernel_in_a:
        is_reshaped = len(magnitude.shape or ()) != len(direction.shape or ())
        measured = Piece(kernel.name, kernel.key, axes=axes, lengths=lengths)
        yield Recipe(magnitude, (measured,), f"{evidence}, its length", is_reshaped=is_reshaped)
        yield Recipe(direction, (Piece(kernel.name, kernel.key, axes=axes),), f"{evidence}, its direction")
        return
    full = tuple(1 if axis in lengths else size or 0 for axis, size in enumerate(direction.shape or ()))
    now = tuple(sorted(axes.index(axis) for axis in lengths)) if axes else lengths
    pieces = (
        Piece(direction.name, direction.key, axes=axes),
        Piece(magnitude.name, magnitude.key, axes=axes, shape=full if magnitude.shape != full else ()),
        Piece(direction.name, direction.key, axes=axes, lengths=now),
    )
    yield Recipe(kernel, pieces, f"{evidence}, folded", is_scaled=True)


def _in_parts(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Yield the magnitudes and directions of a side."""
    items = [Item(entry.name, entry.shape, entry.dtype) for entry in entries]
    known = explained_roles(items, [roles.role_of(item.name, item.shape) for item in items])
    by_stem: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry, (role, stem, _) in zip(entries, known, strict=True):
        by_stem[stem].setdefault(role, entry)
    for found in by_stem.values():
        if roles.MAGNITUDE in found and roles.KERNEL in found:
            yield found[roles.MAGNITUDE], found[roles.KERNEL]


def _measured(magnitude: Shape, direction: Shape) -> Axes | None:
    """Return the axes of a direction over which its slices are measured; None where shapes do not say it."""
    if magnitude is None or direction is None or None in magnitude or None in direction or not direction:
        return None
    every = range(len(direction))
    if len(magnitude) == len(direction):
        is_one = all(one in (1, size) for one, size in zip(magnitude, direction, strict=True))
        return tuple(axis for axis in every if magnitude[axis] == 1) if is_one else None
    if len(magnitude) == 0:
        return tuple(every)
    kept = [axis for axis in every if (direction[axis],) == magnitude]
    return tuple(axis for axis in every if axis != kept[-1]) if kept else None


def _is_of_size(one: Entry, other: Entry) -> bool:
    return (
        one.shape is not None
        and other.shape is not None
        and sorted(map(str, one.shape)) == sorted(map(str, other.shape))
    )


def _folded(magnitude: Any, direction: Any, lengths: Axes) -> Any:
    full = tuple(1 if axis in lengths else size for axis, size in enumerate(direction.shape))
    blocks = direction, magnitude.reshape(full), block_of(direction, Piece("", lengths=lengths))
    return assembled(blocks, 1, is_scaled=True)


def _order_between(made: Any, wanted: Any) -> Axes | None:
    """Return the order of axes in which one array is nearly another; empty if it stays, None if it is another."""
    if made.ndim > _MOST_AXES:
        return None
    wanted = wanted.astype(np.float64)
    near = _ROUNDING * float(np.abs(wanted).max(initial=0.0))
    for axes in permutations(range(made.ndim)):
        turned = made.transpose(axes)
        if near and turned.shape == wanted.shape and np.allclose(turned, wanted, 0.0, near):
            return () if axes == tuple(range(made.ndim)) else axes
    return None


def _inverse(axes: Axes) -> Axes:
    return tuple(axes.index(axis) for axis in range(len(axes)))


def _turned(shape: Shape, axes: Axes) -> Shape:
    return tuple(shape[axis] for axis in axes) if shape is not None and axes else shape
