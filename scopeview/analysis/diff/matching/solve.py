"""Pairs the modules of two sides, in waves: what is clear first, then what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching import order
from scopeview.analysis.diff.matching.indices import index_evidence
from scopeview.analysis.diff.matching.layouts import Signature, agreement, content_key, signature_of
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.series import align, numbering_of
from scopeview.analysis.diff.matching.vocabulary import (
    EXPLAINED,
    Dictionary,
    Words,
    learn,
    name_scores,
    prior_likeness,
    weights,
    words_of,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MARGINS = (0.3, 0.15, 0.08)
"""By how much a pair must be better than any other of its modules; the clearest are matched first."""
_INDEX = 0.6
_SHAPES = 0.6
_ROUNDS = 8
_COMMON = 0.4


@dataclass
class Pairing:
    """The pairs of modules found so far."""

    partner: npt.NDArray[np.int64]
    """For each module of A its module of B, or -1."""
    evidence: dict[int, str] = field(default_factory=dict)
    withheld: set[tuple[int, int]] = field(default_factory=set)
    """Pairs that nothing but shape speaks for."""
    candidates: Bools = field(default_factory=lambda: np.zeros((0, 0), bool))


class Solver:
    """One reading of two sides."""

    def __init__(self, a: Sequence[Module], b: Sequence[Module], is_transposed: bool) -> None:
        self.a, self.b = a, b
        self.fits = _fits(a, b, is_transposed)
        self.words = words_of(a), words_of(b)
        self.prior = prior_likeness(*self.words)
        self.importance = (
            weights(self.words[0], (_fits(a, a, False) > 0).astype(float)),
            weights(self.words[1], (_fits(b, b, False) > 0).astype(float)),
        )
        self.pairing = Pairing(np.full(len(a), -1, np.int64))
        anchors = _anchors(a, b, self.fits)
        keys: dict[object, int] = {}
        numbering = numbering_of(a, keys), numbering_of(b, keys)
        self.alignments = align(*numbering, anchors)
        self.numbering = numbering
        self.base = _INDEX * index_evidence(*numbering, self.alignments) + _SHAPES * (self.fits - 1)
        for one, other in anchors:
            self._match(one, other, "same values")
        self.dictionary = Dictionary(self.prior, np.zeros_like(self.prior))
        self.orders: list[tuple[str, str, str]] | None = None

    def solve(self) -> Pairing:
        """Match what is clear, then what order decides, and go on with what both have shown."""
        for margin in _MARGINS:
            self._settle(margin)
        while self._by_order():
            for margin in _MARGINS:
                self._settle(margin)
        return self.pairing

    def _match(self, one: int, other: int, evidence: str) -> None:
        self.pairing.partner[one] = other
        self.pairing.evidence[one] = evidence

    def _open(self) -> Bools:
        """Return the pairs that may still be matched."""
        found = self.fits > 0
        taken = self.pairing.partner >= 0
        found[taken] = False
        found[:, self.pairing.partner[taken]] = False
        return found

    def _settle(self, margin: float) -> None:
        """Match what is better than anything else by a margin until nothing more is."""
        last: tuple[int, int] | None = None
        for _ in range(_ROUNDS):
            scores = self._scores()
            candidates = _mutual(scores, self._open(), margin)
            pairs = _shares(candidates)
            matched = np.flatnonzero(self.pairing.partner >= 0)
            pairs[matched, self.pairing.partner[matched]] = 1
            self.dictionary = learn(self.words, self.prior, pairs)
            self.pairing.candidates = candidates
            single = candidates & (candidates.sum(1, keepdims=True) == 1) & (candidates.sum(0, keepdims=True) == 1)
            found = [(int(i), int(j)) for i, j in np.argwhere(single)]
            self._judge(found, pairs)
            state = int((self.pairing.partner >= 0).sum()), int(candidates.sum())
            if state == last:
                break
            last = state

    def _scores(self) -> Floats:
        return name_scores(self.words, self.importance, self.dictionary.likeness, self.fits > 0) + self.base

    def _judge(self, found: Sequence[tuple[int, int]], pairs: Floats) -> None:
        """Match pairs of which every word is explained; withhold those that shape alone speaks for."""
        dropped = _dropped(self.words, self.dictionary.likeness, pairs)
        self.pairing.withheld = set()
        for one, other in found:
            if self._is_explained(one, other, dropped):
                self._match(one, other, "names")
            else:
                self.pairing.withheld.add((one, other))

    def _is_explained(self, one: int, other: int, dropped: tuple[Bools, Bools]) -> bool:
        held_a, held_b = self.words[0].columns[one], self.words[1].columns[other]
        if not len(held_a) or not len(held_b):
            return True
        likeness = self.dictionary.likeness[np.ix_(held_a, held_b)]
        open_a = (likeness.max(1) < EXPLAINED) & ~dropped[0][held_a]
        open_b = (likeness.max(0) < EXPLAINED) & ~dropped[1][held_b]
        return not (_has_words(self.words[0], held_a[open_a]) or _has_words(self.words[1], held_b[open_b]))

    def _by_order(self) -> int:
        """Match the modules of open groups by order, where lists or numbers are in order; return how many."""
        orders = self._orders()
        if not orders:
            return 0
        count = 0
        for rows, columns in _components(self.pairing.candidates):
            if len(rows) < 2 or len(rows) != len(columns) or not self.pairing.candidates[np.ix_(rows, columns)].all():
                continue
            ranked = self._ranked(orders, rows, columns)
            if ranked is not None:
                for one, other in zip(*ranked, strict=True):
                    self._match(one, other, "order")
                count += len(rows)
        return count

    def _orders(self) -> list[tuple[str, str, str]]:
        """Return the orders of A and of B that agree, each with the kind of module for which they do."""
        if self.orders is None:
            self.orders = order.agreeing_orders(self.a, self.b)
        return self.orders

    def _ranked(
        self, orders: Sequence[tuple[str, str, str]], rows: list[int], columns: list[int]
    ) -> tuple[list[int], list[int]] | None:
        """Return the modules of an open group in the first order that holds for them."""
        kind = order.kind_of(self.a[rows[0]])
        for kind_a, kind_b, of in orders:
            if of not in ("", kind):
                continue
            ranked_a, ranked_b = order.ranked(self.a, rows, kind_a), order.ranked(self.b, columns, kind_b)
            if ranked_a is not None and ranked_b is not None:
                return ranked_a, ranked_b
        return None


def _components(candidates: Bools) -> list[tuple[list[int], list[int]]]:
    """Return the connected groups of candidates."""
    groups: list[tuple[list[int], list[int]]] = []
    left = set(np.flatnonzero(candidates.any(1)).tolist())
    while left:
        rows, columns = [left.pop()], set[int]()
        for row in rows:  # grows while it is read
            for column in np.flatnonzero(candidates[row]).tolist():
                if column not in columns:
                    columns.add(column)
                    reached = left.intersection(np.flatnonzero(candidates[:, column]).tolist())
                    left -= reached
                    rows.extend(reached)
        groups.append((sorted(rows), sorted(columns)))
    return groups


def _has_words(words: Words, columns: npt.NDArray[np.int64]) -> bool:
    return any(isinstance(words.words[column], str) for column in columns)


def _dropped(sides: tuple[Words, Words], likeness: Floats, pairs: Floats) -> tuple[Bools, Bools]:
    """Return the words of each side that the other side does without, or that nearly all names hold."""
    certain = np.argwhere(pairs > 0.9)
    found = []
    for side in (0, 1):
        words, other = sides[side], sides[1 - side]
        table = likeness if side == 0 else likeness.T
        seen, lost = np.zeros(len(words.words)), np.zeros(len(words.words))
        for pair in certain:
            mine, theirs = words.columns[pair[side]], other.columns[pair[1 - side]]
            seen[mine] += 1
            if len(mine):
                best = table[np.ix_(mine, theirs)].max(1) if len(theirs) else np.zeros(len(mine))
                lost[mine] += best < EXPLAINED
        share = words.holds.sum(0) / max(1, len(words.columns))
        found.append(((lost >= 2) & (lost >= 0.6 * seen)) | (share >= _COMMON))
    return found[0], found[1]


def _mutual(scores: Floats, is_open: Bools, margin: float) -> Bools:
    """Return the pairs that are within a margin of the best of both their modules."""
    masked = np.where(is_open, scores, -np.inf)
    best_row, best_column = masked.max(1, keepdims=True, initial=-9), masked.max(0, keepdims=True, initial=-9)
    return np.asarray(is_open & (masked >= best_row - margin) & (masked >= best_column - margin))


def _shares(candidates: Bools) -> Floats:
    """Return how much each candidate counts: a module with several counts as one in all."""
    most = np.maximum(candidates.sum(1, keepdims=True), candidates.sum(0, keepdims=True))
    return np.asarray(candidates / np.maximum(1, most))


def _fits(a: Sequence[Module], b: Sequence[Module], is_transposed: bool) -> Floats:
    """Return for all pairs of modules how well their shapes agree, 0 where they cannot be one."""
    number_a, places_a = _interned([signature_of(m) for m in a])
    number_b, places_b = _interned([signature_of(m) for m in b])
    table = np.array([[agreement(one, other, is_transposed) for other in number_b] for one in number_a])
    return table.reshape(len(number_a), len(number_b))[np.ix_(places_a, places_b)]


def _interned(signatures: Sequence[Signature]) -> tuple[list[Signature], npt.NDArray[np.int64]]:
    place: dict[Signature, int] = {}
    at = [place.setdefault(signature, len(place)) for signature in signatures]
    return list(place), np.array(at, np.int64)


def _anchors(a: Sequence[Module], b: Sequence[Module], fits: Floats) -> list[tuple[int, int]]:
    """Return the modules that hold equal values which no other module holds."""
    owners_a, owners_b = _owners(a), _owners(b)
    found: dict[tuple[int, int], None] = {}
    for value, one in owners_a.items():
        other = owners_b.get(value, -1)
        if one >= 0 and other >= 0 and fits[one, other]:
            found[one, other] = None
    rows, columns = [one for one, _ in found], [other for _, other in found]
    return [(one, other) for one, other in found if rows.count(one) == columns.count(other) == 1]


def _owners(modules: Sequence[Module]) -> dict[object, int]:
    owners: dict[object, int] = {}
    for index, module in enumerate(modules):
        for role, item in module.members.items():
            if item.value is not None:
                key = (content_key(role, item.shape), item.value)
                owners[key] = -1 if key in owners else index
    return owners
