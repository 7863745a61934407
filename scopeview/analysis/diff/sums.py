"""Biases that are a sum on the other side, proved by values: PyTorch keeps two for each recurrent layer, Keras one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from scopeview.analysis.diff.blocks import Rest
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.matching.roles import role_of
from scopeview.analysis.diff.namespace import Entry
from scopeview.analysis.diff.recipes import Recipe


def summed_recipes(a: Rest, b: Rest) -> Iterator[Recipe]:
    """Yield the recipes of variables of B that are the sum of the two biases of a layer of A, number by number.

    Only a sum that is one variable's alone counts.
    """
    halves: dict[str, dict[str, tuple[Entry, Any]]] = defaultdict(dict)
    for entry, array in a.arrays():
        role, stem, _ = role_of(entry.name, entry.shape)
        if role.startswith("bias:"):
            halves[stem][role] = entry, array
    pairs = [(both["bias:ih"], both["bias:hh"]) for both in halves.values() if len(both) > 1]
    if not pairs:
        return
    wholes: dict[bytes, list[Entry]] = defaultdict(list)
    for entry, array in b.arrays():
        if array.ndim == 1:
            wholes[array.tobytes()].append(entry)
    for (one, first), (other, second) in pairs:
        fitting = wholes.get((first + second).tobytes(), []) if first.shape == second.shape else []
        if len(fitting) == 1:
            pieces = Piece(one.name, one.key), Piece(other.name, other.key)
            yield Recipe(fitting[0], pieces, "equal values, summed", addends=len(pieces))
