"""What is to be matched of two sides: their variables as items, without those that need no matching."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.diff.matching.core import names_have_moved
from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.recurrent import recurrent_pairs
from scopeview.analysis.diff.matching.rules import Rule, rewritten
from scopeview.analysis.diff.namesakes import Namesakes, find_namesakes
from scopeview.analysis.diff.namespace import Entry, EntryColumns, Namespace
from scopeview.model.spans import Ints

_LEAST_BYTES = 16
"""Values of fewer bytes agree by chance."""


@dataclass(frozen=True, slots=True)
class LeftToMatch:
    """What is to be matched; of A and of B."""

    own: tuple[Sequence[Item], Sequence[Item]]
    """The variables that stand for themselves."""
    items: tuple[Sequence[Item], Sequence[Item]]
    """The variables that are matched one by one, auxiliary ones among them."""
    namesakes: Namesakes | None
    """Pairs of equal names that are matched, whatever else is."""


def left_to_match(
    sides: tuple[Namespace, Namespace],
    rules: Sequence[Rule],
    without: tuple[Collection[str], tuple[Collection[str], Collection[str]]],
    paired: Mapping[str, str],
) -> LeftToMatch:
    """Return what is to be matched of two sides.

    Args:
        sides: A and B.
        rules: how names of A are rewritten.
        without: names of A without a counterpart; names of A and of B that are joined of others, or parts of them.
        paired: names of A to names of B: pairs that are known.
    """
    alone, pieces = without
    names = {*alone, *pieces[0], *paired}, {*pieces[1], *paired.values()}
    for namesakes in (None if rules else find_namesakes(*sides, names), None):
        followers = namesakes.followers if namesakes is not None else (None, None)
        every = _items(sides[0], rules, alone, followers[0]), _items(sides[1], (), (), followers[1])
        of_others = _recurrent_of_others(every, (paired.keys(), set(paired.values())))
        whole = _without(every[0], pieces[0]), _without(every[1], pieces[1])
        items = _without(whole[0], of_others[0]), _without(whole[1], of_others[1])
        if namesakes is None or not (any(of_others) or names_have_moved(*items)):
            break  # equal names are one variable, as far as both have them
    return LeftToMatch((_own(whole[0]), _own(whole[1])), items, namesakes)


def _own(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if not item.is_auxiliary]


def _without(items: Sequence[Item], names: Collection[str]) -> Sequence[Item]:
    return [item for item in items if item.name not in names] if names else items


def _recurrent_of_others(
    items: tuple[Sequence[Item], Sequence[Item]], paired: tuple[Collection[str], Collection[str]]
) -> tuple[set[str], set[str]]:
    """Return the variables of recurrent layers that the other side keeps in other pieces: no two of them are one."""
    found: tuple[set[str], set[str]] = set(), set()
    for layers in recurrent_pairs(*map(_own, items)):
        if all(layer.names.isdisjoint(names) for layer, names in zip(layers, paired, strict=True)):
            for names, layer in zip(found, layers, strict=True):
                names |= layer.names
    return found


def _items(side: Namespace, rules: Sequence[Rule], taken: Collection[str], followers: Ints | None = None) -> list[Item]:
    """Return the variables of a side that are to be matched as a whole, the rows of followers left out."""
    if isinstance(side.entries, EntryColumns):
        return [item for item in _items_of_columns(side.entries, rules, followers) if item.name not in taken]
    return [
        Item(
            name=entry.name,
            shape=entry.shape,
            dtype=entry.dtype,
            value=_fingerprint(entry),
            primary=entry.primary,
            slot=entry.slot,
            is_auxiliary=entry.kind != "variable",
            key=entry.key if entry.key != entry.name else "",
            alias=rewritten(entry.name, rules) if rules else "",
        )
        for entry in side.as_listed
        if entry.name not in taken
    ]


def _items_of_columns(columns: EntryColumns, rules: Sequence[Rule], followers: Ints | None) -> Iterator[Item]:
    """Yield the variables of a checkpoint in columns, without making its entries."""
    variables, auxiliary = columns.variables, columns.auxiliary
    stored, kinds = variables.stored, variables.kinds
    is_left = np.ones(len(variables), dtype=bool)
    if followers is not None:
        is_left[followers] = False
    rows = variables.listed[is_left[variables.listed]]
    is_own = auxiliary.kind[rows] < 0
    proves = is_own & (stored.size_bytes[rows] >= _LEAST_BYTES) & ~stored.is_blank[rows]
    listed = (rows, kinds.number[rows], is_own, proves, stored.size_bytes[rows], stored.checksum[rows])
    for row, number, stands_alone, is_proof, size, checksum in zip(*(each.tolist() for each in listed), strict=True):
        name, (shape, dtype) = variables.names[row], kinds.pairs[number]
        value = (shape, dtype, (((), size, checksum),)) if is_proof else None
        alias = rewritten(name, rules) if rules else ""
        if stands_alone:
            yield Item(name, shape, dtype, value, alias=alias)
        else:
            fact = auxiliary.at(row)
            yield Item(name, shape, dtype, None, fact.primary, fact.slot, is_auxiliary=True, alias=alias)


def _fingerprint(entry: Entry) -> Hashable | None:
    """Return the checksum of values that do not agree by chance: of some bytes, and not all alike."""
    is_small = entry.checksum is None or sum(piece[1] for piece in entry.checksum) < _LEAST_BYTES
    if is_small or entry.kind != "variable" or entry.is_blank:
        return None
    return entry.shape, entry.dtype, entry.checksum
