"""Whether the lists of both sides are in one order, so that order may decide what names and shapes leave open."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching import gaps, roles
from scopeview.analysis.diff.matching.layouts import content_key
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.tokens import Token

_LEAST_MODULES = 5
_LEAST_SHARE = 0.95
_LEAST_GAIN = 0.12
_FEW_NAMES = 4
_WITH_GAPS = 0.75
_SHUFFLES = 3


def sequence_shared(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the length of the longest common subsequence (bit-parallel, after Allison and Dix)."""
    masks: dict[Hashable, int] = {}
    for place, label in enumerate(a):
        masks[label] = masks.get(label, 0) | (1 << place)
    row = 0
    for label in b:
        both = row | masks.get(label, 0)
        row = both & ~(both - ((row << 1) | 1))
    return row.bit_count()


def agrees(a: Sequence[Hashable], b: Sequence[Hashable], least: float = _LEAST_SHARE) -> bool:
    """Whether two lists of labels are in one order, more than lists in random order would be."""
    longer = max(len(a), len(b))
    if min(len(a), len(b)) < _LEAST_MODULES:
        return False
    share = sequence_shared(a, b) / longer
    if share < least:
        return False
    shuffler = random.Random(0)
    by_chance = 0.0
    for _ in range(_SHUFFLES):
        shuffled = list(b)
        shuffler.shuffle(shuffled)
        by_chance += sequence_shared(a, shuffled) / longer / _SHUFFLES
    return share - by_chance >= _LEAST_GAIN


def is_sorted_by_name(modules: Sequence[Module]) -> bool:
    """Whether a list is sorted by name, as checkpoints are: its order says nothing then."""
    names = [next(iter(module.members.values())).name for module in modules]
    ascending = sum(one <= other for one, other in pairwise(names))
    return ascending >= 0.98 * (len(names) - 1)


def natural_key(module: Module) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts names by their words and numbers."""
    return tuple(
        (isinstance(t, str), t if isinstance(t, int) else 0, t if isinstance(t, str) else "") for t in module.tokens
    )


def words_only(module: Module) -> tuple[Token, ...]:
    """Return the words of a name: modules that differ in numbers alone may be ordered by them."""
    return tuple(token for token in module.tokens if isinstance(token, str))


def kind_of(module: Module) -> str:
    """Return a word for the kind of a module: modules of a kind are numbered together."""
    return "kernel" if roles.KERNEL in module.members else "norm" if module.is_norm else "other"


def agreeing_orders(
    a: Sequence[Module], b: Sequence[Module], least: float = _LEAST_SHARE
) -> list[tuple[str, str, str]]:
    """Return the orders of both sides that agree, and the kind of module for which they do; "" for all."""
    lists = [not is_sorted_by_name(side) for side in (a, b)]
    found: list[tuple[str, str, str]] = []
    if all(lists) and agrees(_labels(a, "list", ""), _labels(b, "list", ""), least):
        found.append(("list", "list", ""))
    for kind_a, kind_b in (("list", "numbers"), ("numbers", "list"), ("numbers", "numbers")):
        if (kind_a == "list" and not lists[0]) or (kind_b == "list" and not lists[1]):
            continue
        found.extend(
            (kind_a, kind_b, kind)
            for kind in ("kernel", "norm")
            if agrees(_labels(a, kind_a, kind), _labels(b, kind_b, kind), least)
        )
    return found


def pairs_with_gaps(a: Sequence[Module], b: Sequence[Module]) -> list[tuple[int, int]]:
    """Return the modules that stand at one place of both lists, however the gaps are filled."""
    found: dict[tuple[int, int], None] = {}
    for kind_a, kind_b, kind in agreeing_orders(a, b, _WITH_GAPS):
        if _numbers_decide(a, kind_a) and _numbers_decide(b, kind_b):
            ranks = _ranks_with_missing(a, kind_a, kind), _ranks_with_missing(b, kind_b, kind)
            found.update(dict.fromkeys(_pairs_at((a, b), ranks)))
    return list(found)


def pairs_in_lists(a: Sequence[Module], b: Sequence[Module]) -> list[tuple[int, int]]:
    """Return the modules that stand at one place of both lists as they are, however the gaps are filled."""
    return _pairs_at((a, b), (_ranks_with_missing(a, "list", ""), _ranks_with_missing(b, "list", "")))


def _pairs_at(
    sides: tuple[Sequence[Module], Sequence[Module]], ranks: tuple[Sequence[int], Sequence[int]]
) -> list[tuple[int, int]]:
    pairs = gaps.Alignment(_labels_at(sides[0], ranks[0]), _labels_at(sides[1], ranks[1])).certain()
    found = [(ranks[0][i], ranks[1][j]) for i, j in pairs]
    return [pair for pair in found if gaps.MISSING not in pair]


def far_in_lists(a: Sequence[Module], b: Sequence[Module]) -> npt.NDArray[np.bool_] | None:
    """Return the pairs of modules that stand far from each other in two lists of one order; None if they are not."""
    if is_sorted_by_name(a) or is_sorted_by_name(b):
        return None
    labels = _labels(a, "list", ""), _labels(b, "list", "")
    if not agrees(*labels, _WITH_GAPS):
        return None
    return ~gaps.Alignment(*labels).is_near()


def _numbers_decide(side: Sequence[Module], order: str) -> bool:
    """Whether an order does not depend on words: a list, or one series of numbers for each kind."""
    return order == "list" or len({words_only(module) for module in side}) <= _FEW_NAMES


def _ranks(side: Sequence[Module], order: str, kind: str) -> list[int]:
    """Return the modules of a kind in an order."""
    chosen = [index for index, module in enumerate(side) if not kind or kind_of(module) == kind]
    return sorted(chosen, key=lambda index: natural_key(side[index])) if order == "numbers" else chosen


def _ranks_with_missing(side: Sequence[Module], order: str, kind: str) -> list[int]:
    """Return the modules of a kind in an order, and where some are missing from it."""
    chosen = _ranks(side, order, kind)
    found = gaps.with_missing(side, chosen)
    return gaps.companions_missing(side, chosen, kind) if order == "list" and found == chosen else found


def _labels_at(side: Sequence[Module], ranked: Sequence[int]) -> list[Hashable]:
    return [None if index == gaps.MISSING else _label(side[index]) for index in ranked]


def is_one_order(a: Sequence[Module], b: Sequence[Module]) -> bool:
    """Whether both lists hold the same shapes in the same order, and are not sorted by name."""
    if len(a) != len(b) or is_sorted_by_name(a) or is_sorted_by_name(b):
        return False
    labels = _labels(a, "list", ""), _labels(b, "list", "")
    return labels[0] == labels[1] and agrees(*labels)


def _labels(side: Sequence[Module], order: str, kind: str) -> list[Hashable]:
    return [_label(side[index]) for index in _ranks(side, order, kind)]


def _label(module: Module) -> Hashable:
    """Return the shape of a module's kernel, or of what it has."""
    role = roles.KERNEL if roles.KERNEL in module.members else next(iter(module.members))
    return kind_of(module), content_key("", module.members[role].shape)


def ranked(side: Sequence[Module], group: Sequence[int], order: str) -> list[int] | None:
    """Return some modules of a side in an order; None if numbers cannot order them."""
    if order == "list":
        return sorted(group)
    if len({words_only(side[index]) for index in group}) > 1:
        return None
    return sorted(group, key=lambda index: natural_key(side[index]))
