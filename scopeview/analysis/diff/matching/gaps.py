"""Two lists in one order of which both lack members: where a module of one may stand in the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.tokens import Token

Ints = npt.NDArray[np.int64]
MISSING = -1
"""Stands for a module that is not there, but of which numbers or a companion show that it was."""
_EQUAL, _UNKNOWN = 4, 1
_MOST_MISSING = 0.3
_WIDEST = 4
_SLACK = 3


class Alignment:
    """All best common orders of two lists of labels.

    Args:
        a: the labels of one list; None for a missing member, which may be any.
        b: those of the other.
    """

    def __init__(self, a: Sequence[Hashable], b: Sequence[Hashable]) -> None:
        self._gain = _gains(a, b)
        self._before = _best_before(self._gain)
        self._after = _best_before(self._gain[::-1, ::-1])[::-1, ::-1]
        self._most = int(self._before[-1, -1])
        self._through = self._before[:-1, :-1] + self._gain + self._after[1:, 1:]

    def certain(self) -> list[tuple[int, int]]:
        """Return the places that are paired in every best order."""
        found = (self._gain > 0) & (self._through == self._most)
        needed_a = (self._before[:-1] + self._after[1:]).max(1) < self._most
        needed_b = (self._before[:, :-1] + self._after[:, 1:]).max(0) < self._most
        found &= needed_a[:, None] & needed_b
        found &= (found.sum(1, keepdims=True) == 1) & (found.sum(0) == 1)
        return [(int(i), int(j)) for i, j in np.argwhere(found)]

    def is_near(self) -> npt.NDArray[np.bool_]:
        """Return the places that are paired in an order that explains nearly as much as the best."""
        return np.asarray(self._through >= self._most - _SLACK * _EQUAL)


def _gains(a: Sequence[Hashable], b: Sequence[Hashable]) -> Ints:
    numbers: dict[Hashable, int] = {}
    at_a, at_b = (
        np.array([-1 if label is None else numbers.setdefault(label, len(numbers)) for label in side], np.int64)
        for side in (a, b)
    )
    is_unknown = (at_a < 0)[:, None] | (at_b < 0)
    return np.where(is_unknown, _UNKNOWN, np.where(at_a[:, None] == at_b, _EQUAL, 0)).astype(np.int64)


def _best_before(gain: Ints) -> Ints:
    """Return for all pairs of places what an order of all that stands before them explains at most."""
    table = np.zeros((gain.shape[0] + 1, gain.shape[1] + 1), np.int64)
    for row, gained in enumerate(gain):
        table[row + 1, 1:] = np.maximum(table[row, 1:], table[row, :-1] + gained)
        np.maximum.accumulate(table[row + 1], out=table[row + 1])
    return table


def with_missing(side: Sequence[Module], ranked: Sequence[int]) -> list[int]:
    """Return ranked modules with `MISSING` where the numbers of equal names leave some out.

    Args:
        side: the modules of a side.
        ranked: the places of some of them, in their order.
    """
    found: list[int] = []
    last: tuple[tuple[Token, ...], int] | None = None
    for index in ranked:
        here = _numbered(side[index].tokens)
        if last is not None and here is not None and here[0] == last[0] and 1 < here[1] - last[1] <= _WIDEST:
            found += [MISSING] * (here[1] - last[1] - 1)
        found.append(index)
        last = here
    return found if found.count(MISSING) <= _MOST_MISSING * len(found) else list(ranked)


def _numbered(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], int] | None:
    """Return a name up to the number at its end, and that number."""
    return (tokens[:-1], tokens[-1]) if tokens and isinstance(tokens[-1], int) else None


def companions_missing(side: Sequence[Module], ranked: Sequence[int], kind: str) -> list[int]:
    """Return modules of a kind in the order of the list, with `MISSING` where only the norm of a kernel is left."""
    if kind not in ("kernel", "norm"):
        return list(ranked)
    kernels = {m.tokens: n for n, m in enumerate(side) if roles.KERNEL in m.members}
    norms = {m.tokens: n for n, m in enumerate(side) if m.is_norm}
    suffixes = Counter(
        tokens[cut:]
        for tokens in norms
        for cut in range(max(1, len(tokens) - 3), len(tokens))
        if tokens[:cut] in kernels
    )
    if not suffixes:
        return list(ranked)
    suffix, times = suffixes.most_common(1)[0]
    mine, others = (kernels, norms) if kind == "kernel" else (norms, kernels)
    wanted = {}
    for tokens, place in others.items():
        one = tokens[: -len(suffix)] if kind == "kernel" else (*tokens, *suffix)
        if (kind == "norm" or tokens[-len(suffix) :] == suffix) and one not in mine:
            wanted[one] = place
    if times < (1 - _MOST_MISSING) * len(mine) or len(wanted) > _MOST_MISSING * len(mine):
        return list(ranked)
    places = [(index, index) for index in ranked] + [(place, MISSING) for place in wanted.values()]
    return [index for _, index in sorted(places, key=lambda place: place[0])]
