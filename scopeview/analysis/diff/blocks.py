"""Variables that were split or joined, found by the values of their blocks: fused projections, gates in new order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np

from scopeview.analysis.diff.assembly import assembled, block_of
from scopeview.analysis.diff.fingerprints import Fingerprint, blocks_of, hashes_of
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.namespace import Entry
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.work import Values
from scopeview.model.names import scope_of

_PARTS = (2, 3, 4)
"""Into how many equal parts an axis may be cut: keys and values, projections, gates."""
_MOST_CUTS = 8
"""Unequal cuts of an axis that are tried: where a variable of the other side ends."""
_MOST_HEADS = 128
_MOST_ELEMENTS = 1 << 26
_MOST_FLAT = 1 << 16
"""Numbers of a matrix that is also looked at as one row: biases of attention heads."""
_MOST_BLOCKS = 200_000
_MOST_AXES = 3

Ranges = tuple[tuple[int, int], ...]
Cuts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rest:
    """The variables of one side that are not matched as a whole, and what reads them."""

    entries: Sequence[Entry]
    values: Values
    fingerprints: Mapping[str, Fingerprint]
    small: Sequence[Entry] = ()
    """Variables of so few numbers that they prove nothing alone."""

    def arrays(self) -> Iterator[tuple[Entry, Any]]:
        """Yield each variable of one to three axes whose values are not all alike, and its values."""
        for entry in self.entries:
            is_small = (entry.variable.parameters or 0) <= _MOST_ELEMENTS
            if is_small and 0 < len(entry.shape or ()) <= _MOST_AXES and not self.fingerprints[entry.name].is_blank:
                yield entry, self.array(entry)

    def array(self, entry: Entry) -> Any:
        """Return all values of an entry, whose fingerprint says that they are there."""
        shape = [size or 0 for size in entry.shape or ()]
        return np.concatenate(list(self.values.blocks(entry.variable))).reshape(shape)

    def sizes(self) -> set[int]:
        """Return the lengths of all axes, and of two that follow each other as one."""
        shapes = [tuple(size or 0 for size in entry.shape or ()) for entry in self.entries]
        joined = {one * other for shape in shapes if len(shape) > 1 for one, other in pairwise(shape)}
        return joined.union(*shapes)


def joined_recipes(a: Rest, b: Rest) -> Iterator[Recipe]:
    """Yield the recipes of variables of B that blocks of A make up; each is compared number by number."""
    if not a.entries or not b.entries:
        return
    held = _blocks_held(a, b.sizes())
    sources = {entry.name: entry for entry in a.entries}
    found = []
    for entry, array in b.arrays():
        recipe = _made_of(entry, array, held, a)
        if recipe is not None:
            found.append(recipe)
            yield recipe
    yield from _blank_biases(found, sources, b, a)


def _blocks_held(side: Rest, sizes: set[int]) -> dict[tuple[int, int], tuple[Entry, Ranges] | None]:
    """Return the blocks of a side by number of elements and sum of hashes; None where several are equal."""
    found: dict[tuple[int, int], tuple[Entry, Ranges] | None] = {}
    for entry, array in side.arrays():
        hashes = hashes_of(array)
        mine: dict[tuple[int, int], tuple[Entry, Ranges]] = {}
        for cuts in _all_cuts(array.shape, sizes) if array.ndim < _MOST_AXES else [((0,),) * array.ndim]:
            for ranges, total in blocks_of(hashes, cuts):
                mine.setdefault((_elements(ranges), total), (entry, ranges))
        for key, block in mine.items():
            found[key] = None if key in found else block
        if len(found) > _MOST_BLOCKS:
            break
    return found


def _all_cuts(shape: Sequence[int], sizes: set[int]) -> Iterator[Cuts]:
    """Yield ways to cut a tensor, those with the fewest blocks first."""
    options = [_axis_cuts(length, sizes) for length in shape]
    heads = [
        tuple(starts if at == axis else (0,) for at in range(len(shape)))
        for axis, length in enumerate(shape)
        for starts in _head_cuts(length, sizes)
    ]
    yield from sorted(
        [*product(*options), *heads], key=lambda cuts: int(np.prod([len(starts) for starts in cuts], dtype=np.int64))
    )


def _axis_cuts(length: int, sizes: set[int]) -> list[tuple[int, ...]]:
    equal = [tuple(range(0, length, length // parts)) for parts in _PARTS if length % parts == 0 and length >= parts]
    ends = sorted(size for size in sizes if 0 < size < length and length - size in sizes)[:_MOST_CUTS]
    return list(dict.fromkeys([(0,), *equal, *((0, end) for end in ends)]))


def _head_cuts(length: int, sizes: set[int]) -> Iterator[tuple[int, ...]]:
    """Yield cuts between the heads of attention: one side may keep queries, keys and values of each head together."""
    for count in (2, 3):
        for whole, parts in ((length // count, count), (length, 1)):
            if (parts > 1 and (length % count or whole not in sizes)) or (parts == 1 and length * count not in sizes):
                continue
            for heads in range(2, min(_MOST_HEADS, whole // 2) + 1):
                if whole % heads == 0:
                    yield tuple(range(0, length, whole // heads))


def _elements(ranges: Ranges) -> int:
    return int(np.prod([last - first for first, last in ranges]))


def _made_of(
    entry: Entry, array: Any, held: Mapping[tuple[int, int], tuple[Entry, Ranges] | None], source: Rest
) -> Recipe | None:
    """Return how blocks make up a variable, by the cuts with the fewest blocks that explain all of it."""
    all_hashes = hashes_of(array)
    sizes = source.sizes()
    for shape in _views(array.shape):
        view, hashes = array.reshape(shape), all_hashes.reshape(shape)
        for cuts in _all_cuts(shape, sizes):
            wanted = [(_elements(ranges), total) for ranges, total in blocks_of(hashes, cuts)]
            blocks = [held.get(key) for key in wanted]
            if all(block is not None for block in blocks):
                recipe = _checked(entry, view, [block for block in blocks if block is not None], cuts, source)
                if recipe is not None:
                    return recipe
    return None


def _views(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the shapes in which a variable is looked at: its own, if it has at most two axes, and with axes joined."""
    if len(shape) == _MOST_AXES:
        yield shape[0], shape[1] * shape[2]
        yield shape[0] * shape[1], shape[2]
        return
    yield shape
    if len(shape) > 1 and shape[0] * shape[1] <= _MOST_FLAT:
        yield (shape[0] * shape[1],)


def _checked(
    entry: Entry, view: Any, blocks: Sequence[tuple[Entry, Ranges]], cuts: Cuts, source: Rest
) -> Recipe | None:
    """Return the recipe if what it makes is equal to the variable, in one of its views."""
    arrays = {one.name: source.array(one) for one, _ in blocks}
    for axes, columns, shapes in _arrangements(view, blocks, cuts):
        pieces = [_piece(one, ranges, axes, shape) for (one, ranges), shape in zip(blocks, shapes, strict=True)]
        try:
            made = assembled([block_of(arrays[piece.source], piece) for piece in pieces], columns)
        except ValueError:  # blocks that do not fit together in this order of axes
            continue
        is_reshaped = made.ndim != len(entry.shape or ())
        if made.ndim != view.ndim and made.size == view.size:
            made = made.reshape(view.shape)
        if made.shape == view.shape and np.array_equal(made, view, equal_nan=True):
            whole = sum(not piece.ranges for piece in pieces)
            how = "joined" if whole == len(pieces) and whole > 1 else "a part" if len(pieces) == 1 else "parts, joined"
            return Recipe(entry, tuple(pieces), f"equal values, {how}", columns, is_reshaped=is_reshaped)
    return None


def _arrangements(
    array: Any, blocks: Sequence[tuple[Entry, Ranges]], cuts: Cuts
) -> Iterator[tuple[tuple[int, ...], int, Sequence[tuple[int, ...]]]]:
    """Yield orders of axes of the blocks, how many of them make a row, and their shapes, that may give a variable."""
    axes_of_sources = {len(ranges) for _, ranges in blocks}
    own: Sequence[tuple[int, ...]] = [()] * len(blocks)
    if axes_of_sources == {array.ndim}:
        columns = len(cuts[1]) if array.ndim > 1 else 1
        yield from ((axes, columns, own) for axes in (((), (1, 0)) if array.ndim > 1 else ((),)))
    elif axes_of_sources == {2} and all(ranges[0][1] - ranges[0][0] == 1 for _, ranges in blocks):
        yield (), len(blocks), own  # rows of a tensor, such as the two biases in one of a GRU
    elif axes_of_sources == {1} and len(cuts[0]) == len(array):
        yield (), 1, own  # each row of the variable is made of whole blocks
    elif all(len(ranges) == array.ndim or _is_whole(one, ranges) for one, ranges in blocks):
        columns = len(cuts[1]) if array.ndim > 1 else 1
        for joins_last in (True, False) if array.ndim > 1 else (True,):
            shapes = [_joined_axes(one, array.ndim, joins_last) for one, _ in blocks]
            yield from ((axes, columns, shapes) for axes in (((), (1, 0)) if array.ndim > 1 else ((),)))


def _is_whole(one: Entry, ranges: Ranges) -> bool:
    return ranges == tuple((0, size) for size in one.shape or ())


def _joined_axes(one: Entry, axes: int, joins_last: bool) -> tuple[int, ...]:
    """Return the shape of a variable with as many axes; empty if it has as many."""
    sizes = [size or 0 for size in one.shape or ()]
    if len(sizes) <= axes:
        return ()
    if axes == 1:
        return (int(np.prod(sizes)),)
    return (sizes[0], int(np.prod(sizes[1:]))) if joins_last else (int(np.prod(sizes[:-1])), sizes[-1])


def _piece(one: Entry, ranges: Ranges, axes: tuple[int, ...], shape: tuple[int, ...]) -> Piece:
    return Piece(one.name, one.key, () if _is_whole(one, ranges) else ranges, axes, shape)


def _blank_biases(recipes: Iterable[Recipe], sources: Mapping[str, Entry], b: Rest, a: Rest) -> Iterator[Recipe]:
    """Yield recipes for biases that are all zero beside kernels that were split or joined: they follow these."""
    biases_a, biases_b = (_blank_by_scope(side) for side in (a, b))
    for recipe in recipes:
        bias = biases_b.get(scope_of(recipe.target.name))
        if bias is None or len(recipe.target.shape or ()) != 2:
            continue
        pieces = []
        for piece in recipe.pieces:
            source = biases_a.get(scope_of(piece.source))
            ends = _output_range(piece, sources[piece.source], source)
            if source is None or ends is None:
                break
            pieces.append(Piece(source.name, source.key, (ends,) if ends != (0, source.shape[0]) else ()))  # type: ignore[index]
        lengths = sum(_length(piece, sources) for piece in pieces)
        if len(pieces) == len(recipe.pieces) and bias.shape == (lengths,):
            yield Recipe(bias, tuple(pieces), "as its kernel")


def _blank_by_scope(side: Rest) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in side.entries:
        if side.fingerprints[entry.name].is_blank and len(entry.shape or ()) == 1:
            found.setdefault(scope_of(entry.name), entry)
    return found


def _output_range(piece: Piece, kernel: Entry, bias: Entry | None) -> tuple[int, int] | None:
    """Return which rows of a bias belong to a block of its kernel."""
    length = bias.shape[0] if bias is not None and bias.shape else None
    shape = tuple(size or 0 for size in kernel.shape or ())
    ranges = piece.ranges or tuple((0, size) for size in shape)
    fitting = [ends for ends, size in zip(ranges, shape, strict=True) if size == length]
    cut = [ends for ends in fitting if ends != (0, length)]
    return next(iter(cut or fitting), None)


def _length(piece: Piece, sources: Mapping[str, Entry]) -> int:
    first, last = piece.ranges[0] if piece.ranges else (0, (sources[piece.source].shape or (0,))[0] or 0)
    return last - first
