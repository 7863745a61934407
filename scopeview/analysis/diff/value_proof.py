"""What equal values prove: which variable of one side is which of the other, and in which layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, permutations
from typing import Any

import numpy as np

from scopeview.analysis.diff.blocks import Rest, joined_recipes
from scopeview.analysis.diff.fingerprints import Fingerprint, fingerprints_of
from scopeview.analysis.diff.layer_proof import layer_recipes
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.diff.sums import summed_recipes
from scopeview.analysis.diff.weight_norm import proved_normed
from scopeview.analysis.diff.whole_proof import flattened_recipe, padded_tables, tied_recipes
from scopeview.analysis.work import Reading, Values, gathered

_LEAST_ELEMENTS = 4
"""Fewer numbers agree by chance, or are powers and steps of an optimizer."""
_MOST_AXES = 5
_MOST_COMPARED = 1 << 28
"""Numbers of a tensor that is compared as a whole."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Two variables with equal values."""

    b: str
    axes: tuple[int, ...]
    """The order of A's axes that gives B; empty if it stays."""
    evidence: str
    is_reshaped: bool


@dataclass(frozen=True)
class Proofs:
    """What the values of both sides prove, and what their graphs show."""

    pairs: Mapping[str, Proof] = field(default_factory=dict)
    """By the name of A."""
    recipes: tuple[Recipe, ...] = ()
    """Variables of B that several of A are joined to, or that are a part of one of A."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Names of A with names of B, of variables in one place of the dataflow; values outrank them."""
    tied: Mapping[str, Recipe] = field(default_factory=dict)
    """By the name of B: variables whose numbers several of a side have. Names say which is which; what they leave is
    made of any of them."""

    def without(self, names: Collection[str]) -> Proofs:
        """Return what is proved without some variables of A."""
        if not names:
            return self
        recipes = (r for r in self.recipes if not any(piece.source in names for piece in r.pieces))
        pairs = {name: proof for name, proof in self.pairs.items() if name not in names}
        tied = {name: recipe for name, recipe in self.tied.items() if recipe.pieces[0].source not in names}
        places = {one: other for one, other in self.places.items() if one not in names}
        return Proofs(pairs, tuple(recipes), places, tied)


def proofs_of(
    a: Namespace,
    b: Namespace,
    values: tuple[Values, Values],
    reading: Reading = Reading(),  # noqa: B008 - frozen
) -> Proofs:
    """Compare the values of all variables of both sides, in any order of axes.

    Fingerprints are read a block at a time; what they find is compared number by number, one pair in memory at a time.

    Args:
        a: the first side.
        b: the second side.
        values: readers of the values of both.
        reading: what reads the values, and takes how much was read.
    """
    found = [_fingerprints(side, reader, reading) for side, reader in zip((a, b), values, strict=True)]
    groups = _groups(found)
    single = [(a.entries[ones[0]], b.entries[others[0]]) for ones, others in groups if len(ones) == len(others) == 1]
    pairs: dict[str, Proof] = {}
    recipes: list[Recipe] = []
    for one, other in single:
        proof = _proof(one, other, values)
        if isinstance(proof, Recipe):
            recipes.append(proof)
        elif proof is not None:
            pairs[one.name] = proof
    taken = {proof.b for proof in pairs.values()}
    rest = (
        Rest([a.entries[name] for name in found[0] if name not in pairs], values[0], found[0], _small(a)),
        Rest([b.entries[name] for name in found[1] if name not in taken], values[1], found[1], _small(b)),
    )
    known = [(a.entries[name], b.entries[proof.b]) for name, proof in pairs.items()]
    used = _names_of(recipes)
    recipes += layer_recipes(_without(rest[0], used[0]), _without(rest[1], used[1]), known)
    for find in (proved_normed, summed_recipes, joined_recipes):
        recipes += find(*(_without(side, used) for side, used in zip(rest, _names_of(recipes), strict=True)))
    left = (_without(side, used) for side, used in zip(rest, _names_of(recipes), strict=True))
    for one, other, made in padded_tables(*left):
        if isinstance(made, Recipe):
            recipes.append(made)
        else:
            pairs[one.name] = Proof(other.name, (), f"equal values in {made:,} rows", False)
    several = [
        ([a.entries[name] for name in ones], [b.entries[name] for name in others])
        for ones, others in groups
        if len(ones) + len(others) > 2
    ]
    return Proofs(pairs, tuple(recipes), tied=tied_recipes(several, *rest))


def _groups(found: Sequence[Mapping[str, Fingerprint]]) -> list[tuple[list[str], list[str]]]:
    """Return the names of A and of B that have the same numbers, in any order; numbers that are all alike left out."""
    groups: dict[Fingerprint, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, fingerprints in enumerate(found):
        for name, fingerprint in fingerprints.items():
            if not fingerprint.is_blank:
                groups[fingerprint][side].append(name)
    return [(ones, others) for ones, others in groups.values() if ones and others]


def _names_of(recipes: Iterable[Recipe]) -> tuple[set[str], set[str]]:
    """Return the variables of A and of B that recipes are about."""
    recipes = list(recipes)
    return {piece.source for one in recipes for piece in one.pieces}, {one.target.name for one in recipes}


def _without(side: Rest, names: set[str]) -> Rest:
    left = [entry for entry in side.entries if entry.name not in names]
    return Rest(left, side.values, side.fingerprints, side.small)


def _small(side: Namespace) -> list[Entry]:
    """Return the variables that have too few numbers for a fingerprint."""
    return [
        e for e in side.entries.values() if e.kind == "variable" and 0 < (e.variable.parameters or 0) < _LEAST_ELEMENTS
    ]


def _fingerprints(side: Namespace, values: Values, reading: Reading) -> dict[str, Fingerprint]:
    asked = [
        entry
        for entry in side.entries.values()
        if entry.kind == "variable" and (entry.variable.parameters or 0) >= _LEAST_ELEMENTS
    ]
    tasks = list(gathered([entry.variable for entry in asked], lambda variable: variable.size_bytes or 0))
    results = reading.runner.run(
        partial(fingerprints_of, values),
        tasks,
        lambda number: reading.on_read(sum(variable.size_bytes or 0 for variable in tasks[number])),
    )
    found = chain.from_iterable(results)
    return {entry.name: one for entry, one in zip(asked, found, strict=True) if one is not None}


def _proof(a: Entry, b: Entry, values: tuple[Values, Values]) -> Proof | Recipe | None:
    """Compare two variables number by number, in every order of axes that their shapes allow."""
    if (a.variable.parameters or 0) > _MOST_COMPARED or len(a.shape or ()) > _MOST_AXES:
        return None
    one, other = array_of(values[0], a), array_of(values[1], b)
    if one is None or other is None:
        return None
    for axes in permutations(range(one.ndim)):
        turned = one.transpose(axes)
        is_same_shape = turned.shape == other.shape
        # Axes of equal shapes are only ever ordered, not joined: a kernel of depthwise convolutions is both.
        if np.array_equal(turned if is_same_shape else turned.reshape(other.shape), other, equal_nan=True):
            is_turned = axes != tuple(range(one.ndim))
            how = f", axes {list(axes)}" if is_turned else ""
            how += "" if is_same_shape else ", reshaped"
            return Proof(b.name, axes if is_turned else (), f"equal values{how}", not is_same_shape)
    return flattened_recipe(a, b, one, other)


def array_of(values: Values, entry: Entry) -> Any:
    """Return all values of an entry in its shape; None where they cannot be read whole or lie in parts."""
    blocks = list(values.blocks(entry.variable)) if not entry.variable.parts else []
    flat = np.concatenate(blocks) if blocks else np.zeros(0)
    shape = tuple(size or 0 for size in entry.shape or ())
    return flat.reshape(shape) if flat.size == entry.variable.parameters and blocks else None
