"""Recurrent layers of two frameworks whose values are equal, gate by gate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scopeview.analysis.diff.assembly import assembled, block_of
from scopeview.analysis.diff.blocks import Rest
from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.recurrent import Layer, is_projection, recurrent_layers
from scopeview.analysis.diff.matching.recurrent_blocks import Made, layer_of
from scopeview.analysis.diff.namespace import Entry
from scopeview.analysis.diff.recipes import Recipe, recipe_made

_MOST_COMPARED = 4096
"""Pairs of layers of one size that are compared."""

_ROUNDING = 1e-6

Arrays = Mapping[str, Any]


def layer_recipes(a: Rest, b: Rest, known: Sequence[tuple[Entry, Entry]] = ()) -> Iterator[Recipe]:
    """Yield the recipes of recurrent layers of B whose numbers are those of a layer of A.

    Where a bias of A becomes two of B, their sum must be equal. A forget bias is what values show: none, or the usual
    one. Biases that are computed may differ by how they were rounded.

    Args:
        a: the variables of A that are not matched.
        b: those of B.
        known: pairs of others; of these the projection of a state belongs to a layer, and gets no recipe.
    """
    projections = [pair for pair in known if any(is_projection(entry.name, entry.shape) for entry in pair)]
    a, b = (
        replace(side, entries=[*side.entries, *(pair[of] for pair in projections)]) for of, side in enumerate((a, b))
    )
    filled = {entry.name for _, entry in projections}
    sides = [_layers(side) for side in (a, b)]
    left = _MOST_COMPARED
    for theirs in sides[1]:
        for ours in sides[0]:
            if ours.signature != theirs.signature or ours.framework == theirs.framework or not left:
                continue
            left -= 1
            found = _proved(ours, theirs, a, b)
            if found:
                yield from (recipe for recipe in found if recipe.target.name not in filled)
                break


def _layers(side: Rest) -> list[Layer]:
    return recurrent_layers([Item(entry.name, entry.shape, entry.dtype) for entry in side.entries])


def _proved(ours: Layer, theirs: Layer, a: Rest, b: Rest) -> list[Recipe]:
    """Return the recipes of one layer; nothing if a number differs."""
    held, wanted = _arrays(ours, a), _arrays(theirs, b)
    plain = replace(ours, forget_bias=0.0), replace(theirs, forget_bias=0.0)
    for one, other in ((ours, theirs), plain):
        made = layer_of(other, one)
        values = {each.target: _values(each, held) for each in made}
        computed = {each.target for each in made if each.addends > 1 or any(piece.offset for piece in each.pieces)}
        if made and _is_equal(values, wanted, computed):
            entries_a, entries_b = _entries(a), _entries(b)
            return [recipe_made(each, entries_a, entries_b[each.target], f"equal values, {each.how}") for each in made]
    return []


def _entries(side: Rest) -> dict[str, Entry]:
    return {entry.name: entry for entry in side.entries}


def _arrays(layer: Layer, side: Rest) -> Arrays:
    return {entry.name: side.array(entry) for entry in side.entries if entry.name in layer.names}


def _values(made: Made, held: Arrays) -> Any:
    return assembled([block_of(held[piece.source], piece) for piece in made.pieces], made.columns, made.addends)


def _is_equal(made: Arrays, wanted: Arrays, computed: Collection[str]) -> bool:
    """Whether all numbers are equal; of biases that were one, their sum."""
    differing = [name for name, array in made.items() if not _equal(array, wanted[name], name in computed)]
    if len(differing) != 2 or any(wanted[name].ndim > 1 for name in differing):
        return not differing
    return _equal(sum(made[name] for name in differing), sum(wanted[name] for name in differing), True)


def _equal(made: Any, wanted: Any, is_computed: bool) -> bool:
    if made.size != wanted.size or wanted.dtype.kind not in "fV":
        return False
    made, wanted = made.reshape(wanted.shape).astype(np.float64), wanted.astype(np.float64)
    return bool(np.allclose(made, wanted, _ROUNDING, _ROUNDING) if is_computed else np.array_equal(made, wanted))
