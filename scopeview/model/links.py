"""One operation draws every picture: links between rows, reduced to what is visible in two trees.

A frontier is the set of scopes that somebody opened in a tree. It maps every row to what is visible for it: the row
itself, or the closed scope that holds it. Links between rows then are links between visible things, with their counts:
variables and the ops that read them (the map), variables of two artifacts (the diff), producers and consumers.

    rows     a/x  a/y  b/z      opened {root, b}      visible   scope a, scope a, row b/z
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.scopes import ROOT, ScopeId, ScopeTree

Ints = NDArray[np.int64]


class Frontier:
    """What is visible of a tree when some of its scopes are open; the root always is.

    Attributes:
        codes: shape (rows,); what is visible for each row: the row itself, or ~scope for a closed scope.
        visible: shape (visible things,); their codes from top to bottom, open scopes left out.
    """

    def __init__(self, tree: ScopeTree, opened: Iterable[ScopeId]) -> None:
        self.tree = tree
        self.opened = frozenset(opened) | {ROOT}
        codes = np.arange(len(tree.names), dtype=np.int64)
        waiting = [ROOT]
        while waiting:
            for child in tree.children(waiting.pop()):
                if child in self.opened:
                    waiting.append(child)
                else:
                    codes[tree.first[child] : tree.last[child]] = ~int(child)
        self.codes: Ints = codes
        changes = np.flatnonzero(np.diff(codes, prepend=np.iinfo(np.int64).min)) if len(codes) else codes
        self.visible: Ints = codes[changes]


@dataclass(frozen=True, slots=True)
class Links:
    """Links between visible things; all of shape (links,), in the order of the left side, then of the right."""

    left: Ints
    """Codes of the left frontier."""
    right: Ints
    """Codes of the right frontier."""
    weight: Ints
    """Sum of the weights of the pairs that each link stands for."""


def reduce_links(pairs: Ints, weights: Ints, left: Frontier, right: Frontier) -> Links:
    """Reduce links between rows to links between what is visible.

    Args:
        pairs: shape (pairs, 2); row of the left tree, row of the right tree.
        weights: shape (pairs,).
        left: what is visible on the left.
        right: what is visible on the right.
    """
    if not len(pairs):
        empty = np.zeros(0, dtype=np.int64)
        return Links(empty, empty, empty)
    ones, others = left.codes[pairs[:, 0]], right.codes[pairs[:, 1]]
    # A closed scope stands where its first row does: sorting by first rows keeps links in the order of the trees.
    order, starts = group_pairs(_first_rows(left, ones), _first_rows(right, others))
    first = order[starts]
    return Links(ones[first], others[first], np.add.reduceat(weights[order], starts))


def group_pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Bring equal pairs together.

    Args:
        left: shape (pairs,).
        right: shape (pairs,).

    Returns:
        The order that sorts the pairs by the left side, then by the right, equal ones as they stood; and where in it
        each distinct pair starts. `np.add.reduceat(values[order], starts)` sums a value over each.
    """
    order = np.lexsort((right, left))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(left[order]) != 0) | (np.diff(right[order]) != 0)
    return order, np.flatnonzero(is_new)


def _first_rows(frontier: Frontier, codes: Ints) -> Ints:
    is_row = codes >= 0
    return np.where(is_row, codes, frontier.tree.first[np.where(is_row, 0, ~codes)])
