"""Pairs the modules of two sides, in waves: what is clear first, then what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching import order
from scopeview.analysis.diff.matching.candidates import (
    agree_in_kind,
    alone,
    anchors_of,
    components,
    fits,
    has_matrix,
    mutual,
    shares,
)
from scopeview.analysis.diff.matching.indices import index_evidence
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.pair_facts import PairFacts
from scopeview.analysis.diff.matching.series import Numbering, align
from scopeview.analysis.diff.matching.vocabulary import (
    EXPLAINED,
    LEAST_SIGHTINGS,
    Words,
    common_words,
    dropped_words,
    fitting_of,
    last_numbers,
    learn,
    name_scores,
    nothing_learned,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MARGINS = (0.3, 0.15, 0.08)
"""By how much a pair must be better than any other of its modules; the clearest are matched first."""
_INDEX = 0.6
_SHAPES = 0.6
_FAR = 0.4
_MOST_OF_ORDER = 0.9
_ONE_ORDER = 0.95
_ROUNDS = 8
_SAME = 0.6
_NEARLY_ALL = 0.9
_TELLING = 2
_MOST_LEFT = 40_000


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

    def __init__(self, facts: PairFacts, is_transposed: bool, given: Sequence[tuple[int, int]] = ()) -> None:
        self.facts, self.is_transposed = facts, is_transposed
        self.a, self.b = facts.a, facts.b
        self.words, self.prior = facts.words, facts.prior
        self.names, self.common = facts.names, facts.common
        self.fits = fits(self.a, self.b, is_transposed)
        self.pairing = Pairing(np.full(len(self.a), -1, np.int64))
        anchors = anchors_of(self.a, self.b, lambda one, other: bool(self.fits[one, other]))
        taken = {one for one, _ in given}, {other for _, other in given}
        anchors = [(one, other) for one, other in anchors if one not in taken[0] and other not in taken[1]]
        numbering = facts.numbering
        self.alignments = align(*numbering, [*anchors, *given])
        agreement_of_numbers, differs = index_evidence(*numbering, self.alignments)
        self.base = _INDEX * agreement_of_numbers + _SHAPES * (self.fits - 1)
        if facts.far is not None:
            self.base -= _FAR * facts.far
        self.differs = differs
        self.agrees = self.fits == 1  # in all roles, shapes and dtypes
        self.fits[differs] = 0
        self.fitting = fitting_of(self.fits > 0), fitting_of(self.fits.T > 0)
        aligned = {i for i, _ in self.alignments}, {j for _, j in self.alignments}
        self.inner = (
            _inner(self.a, self.words[0], numbering[0], aligned[0]),
            _inner(self.b, self.words[1], numbering[1], aligned[1]),
        )
        for one, other in given:
            self._match(one, other, "name")
        for one, other in anchors:
            self._match(one, other, "same checksum")
        self.dictionary = nothing_learned(self.prior)
        self.has_tried_gaps = False

    def solve(self) -> Pairing:
        """Match what is clear, then what order decides, and go on with what both have shown."""
        if order.is_one_order(self.a, self.b):
            self._as_listed()
        elif self.facts.far is not None:
            self._as_aligned(order.pairs_in_lists(self.a, self.b), _MOST_OF_ORDER)
        for margin in _MARGINS:
            self._settle(margin)
        while self._by_companions() or self._by_order():
            for margin in _MARGINS:
                self._settle(margin)
        return self.pairing

    def _as_listed(self) -> None:
        """Match both lists place by place, if the names allow that nearly everywhere."""
        places = np.arange(len(self.a))
        pairs = np.eye(len(self.a))
        self.dictionary = learn(self.words, self.prior, pairs)
        scores = np.where(self.fits > 0, self._scores(), -np.inf)
        here = scores[places, places]
        agrees = (here >= scores.max(1) - _MARGINS[0]) & (here >= scores.max(0) - _MARGINS[0]) & (here > -np.inf)
        agrees &= self._open()[places, places]
        if agrees.mean() >= _ONE_ORDER:
            self._judge([(int(place), int(place)) for place in np.flatnonzero(agrees)], pairs, "order")

    def reopen(self, rival: Solver) -> None:
        """Open again what another reading that explains as much matches otherwise."""
        mine, theirs = self.pairing.partner, rival.pairing.partner
        for one in np.flatnonzero((mine != theirs) & (mine >= 0) & (theirs >= 0)).tolist():
            self.pairing.candidates[one, mine[one]] = self.pairing.candidates[one, theirs[one]] = True
            mine[one] = -1
            del self.pairing.evidence[one]

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
            candidates = mutual(scores, self._open(), margin)
            pairs = self._pairs(candidates)
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
        return name_scores(self.words, self.facts.importance, self.dictionary.likeness, self.fitting) + self.base

    def _judge(self, found: Sequence[tuple[int, int]], pairs: Floats, evidence: str = "names") -> int:
        """Match pairs of which every word is explained; withhold those that shape alone speaks for."""
        dropped = dropped_words(self.words, self.dictionary.likeness, pairs)
        seen = Counter((self.facts.skeletons[0][one], self.facts.skeletons[1][other]) for one, other in found)
        unexplained = {pair: self._unexplained(*pair, dropped) for pair in found}
        changes = Counter(unexplained.values())
        self.pairing.withheld = set()
        before = len(self.pairing.evidence)
        for one, other in found:
            left = unexplained[one, other]
            is_repeated = seen[self.facts.skeletons[0][one], self.facts.skeletons[1][other]] > 1
            if changes[left] >= self.facts.needed or self._is_explained(one, other, left, is_repeated):
                self._match(one, other, evidence)
            else:
                self.pairing.withheld.add((one, other))
        return len(self.pairing.evidence) - before

    def _unexplained(self, one: int, other: int, dropped: tuple[Bools, Bools]) -> tuple[frozenset[int], frozenset[int]]:
        """Return the words of two names that stand for none of the other, so far as they are seen often enough."""
        held_a, held_b = self.words[0].columns[one], self.words[1].columns[other]
        if not len(held_a) or not len(held_b):
            return frozenset(), frozenset()
        at = np.ix_(held_a, held_b)
        is_inner = self.inner[0][one][:, None] & self.inner[1][other][None, :]
        needed = np.where(is_inner, LEAST_SIGHTINGS, self.facts.needed)
        is_shown = (self.prior[at] >= EXPLAINED) | (self.dictionary.together[at] >= needed)
        likeness = np.where(is_shown, self.dictionary.likeness[at], 0.0)
        open_a = (likeness.max(1) < EXPLAINED) & ~dropped[0][held_a] & self.names[0][held_a]
        open_b = (likeness.max(0) < EXPLAINED) & ~dropped[1][held_b] & self.names[1][held_b]
        goes_with = (self.dictionary.together[at] >= needed) & self.dictionary.always[at] & open_a[:, None] & open_b
        open_a &= ~goes_with.any(1)
        open_b &= ~goes_with.any(0)
        return frozenset(held_a[open_a].tolist()), frozenset(held_b[open_b].tolist())

    def _is_explained(
        self, one: int, other: int, left: tuple[frozenset[int], frozenset[int]], is_repeated: bool
    ) -> bool:
        """Whether a pair may be matched although some words of its names are not explained."""
        if self.dictionary.contradicts(self.words[0].columns[one], self.words[1].columns[other]):
            return False
        if not any(left) or not self.words[0].columns[one].size or not self.words[1].columns[other].size:
            return True
        telling = self._telling(0, one, other), self._telling(1, one, other)
        if all(left):
            is_part = is_repeated and self._are_inner(0, one, left[0]) and self._are_inner(1, other, left[1])
            return is_part or min(telling) >= 2 * _TELLING
        if is_repeated:
            return True
        side, module = (1, other) if left[0] else (0, one)
        held = self.words[side].columns[module]
        says_nothing = not bool((self.names[side][held] & ~self.common[side][held]).any())
        return says_nothing or telling[side] >= _TELLING

    def _are_inner(self, side: int, module: int, left: frozenset[int]) -> bool:
        """Whether some words of a name stand behind the number of a layer that both sides have."""
        held = self.words[side].columns[module].tolist()
        return all(bool(self.inner[side][module][held.index(word)]) for word in left)

    def _telling(self, side: int, one: int, other: int) -> int:
        """Return how many words of a name point to the other name; one that no other module holds counts twice."""
        at = np.ix_(self.words[0].columns[one], self.words[1].columns[other])
        table = self.prior[at] if side == 0 else self.prior[at].T
        held, partners = (
            self.words[n].columns[m] for n, m in ((side, (one, other)[side]), (1 - side, (other, one)[side]))
        )
        counts = self.words[side].holds.sum(0)[held], self.words[1 - side].holds.sum(0)[partners]
        alone = (counts[0] == 1) & (counts[1][table.argmax(1)] == 1)
        telling = self.names[side][held] & ~self.common[side][held] & (table.max(1) >= EXPLAINED)
        return int((telling * (1 + alone)).sum())

    def _by_companions(self) -> int:
        """Match open norms and kernels that stand with matched ones; return how many."""
        ours, theirs = self.facts.companions
        found = [
            (int(one), int(other))
            for one, other in np.argwhere(self.pairing.candidates & self._open())
            if one in ours and other in theirs and self.pairing.partner[ours[one]] == theirs[other]
        ]
        return self._judged(alone(found), "companion")

    def _by_order(self) -> int:
        """Match the modules of open groups by order, where lists or numbers are in order; return how many."""
        if not self.has_tried_gaps:
            self.has_tried_gaps = True
            if matched := self._as_aligned(self.facts.with_gaps):
                return matched
        orders = self.facts.orders
        found: list[tuple[int, int]] = []
        for rows, columns in components(self.pairing.candidates) if orders else ():
            if len(rows) < 2 or len(rows) != len(columns) or not self.pairing.candidates[np.ix_(rows, columns)].all():
                continue
            ranked = self._ranked(orders, rows, columns)
            found += [] if ranked is None else zip(*ranked, strict=True)
        return self._judged(found, "order")

    def _judged(self, found: Sequence[tuple[int, int]], evidence: str) -> int:
        """Judge pairs with what they and the matched ones say of words; return how many are matched."""
        pairs = self._pairs(np.zeros_like(self.pairing.candidates))
        for one, other in found:
            pairs[one, other] = 1
        self.dictionary = learn(self.words, self.prior, pairs)
        return self._judge(found, pairs, evidence)

    def _as_aligned(self, places: Sequence[tuple[int, int]], least: float = 0.0) -> int:
        """Match what stands at one place of both lists, where the names allow that; return how many.

        Args:
            places: the pairs at one place.
            least: the share of them that names must allow.
        """
        is_open = self._open()
        places = [pair for pair in alone(places) if is_open[pair]]
        pairs = self._pairs(np.zeros_like(is_open))
        for pair in places:
            pairs[pair] = 1
        self.dictionary = learn(self.words, self.prior, pairs)
        clear = mutual(self._scores(), is_open, _MARGINS[0])
        allowed = [pair for pair in places if clear[pair]]
        return self._judge(allowed, pairs, "order") if len(allowed) >= least * len(places) else 0

    def _pairs(self, candidates: Bools) -> Floats:
        """Return how much each pair counts: 1 if it is matched, and less in an open group."""
        pairs = shares(candidates)
        matched = np.flatnonzero(self.pairing.partner >= 0)
        pairs[matched, self.pairing.partner[matched]] = 1
        return pairs

    def likeness(self, one: int, other: int) -> float:
        """Return how alike two modules are in words, before anything is learned, and in shapes."""
        held_a, held_b = self.words[0].columns[one], self.words[1].columns[other]
        if not len(held_a) or not len(held_b):
            return float(self.fits[one, other])
        words = self.prior[np.ix_(held_a, held_b)]
        alike = float(words.max(1).mean() + words.max(0).mean()) / 2
        return float(self.fits[one, other]) * (1 + alike) / 2

    def reshaped(self) -> list[tuple[int, int]]:
        """Return the modules that are left and agree in all but shape: in words, and in numbers if that is needed."""
        left = np.flatnonzero(self.pairing.partner < 0)
        others = np.setdiff1d(np.arange(len(self.b)), self.pairing.partner)
        if len(left) * len(others) > _MOST_LEFT:
            return []
        found = [
            (one, other)
            for one in left.tolist()
            for other in others.tolist()
            if agree_in_kind(self.a[one], self.b[other])
            and not self.differs[one, other]
            and self._is_same_name(one, other)
        ]
        found = alone(found) + alone([pair for pair in found if self._numbers(0, pair[0]) == self._numbers(1, pair[1])])
        # Where the numbers changed as well, a shape has not changed that a variable of the other side agrees with.
        agrees_elsewhere = self.agrees[:, others].any(1), self.agrees[left].any(0)
        return [
            (one, other)
            for one, other in found
            if self.agrees[one, other]
            or last_numbers(self.a[one]) == last_numbers(self.b[other])
            or not (agrees_elsewhere[0][one] or agrees_elsewhere[1][other])
        ]

    def _numbers(self, side: int, module: int) -> tuple[int, ...]:
        """Return the numbers of a name in which siblings differ."""
        series = self.facts.numbering[side].series
        return tuple(series[at].nodes[node][-1] for at, node in self.facts.numbering[side].places[module])

    def _is_same_name(self, one: int, other: int) -> bool:
        """Whether every word of both names stands for one of the other, and one that few names hold is the same."""
        held_a, held_b = self.words[0].columns[one], self.words[1].columns[other]
        if not len(held_a) or not len(held_b):
            return False
        likeness = self.dictionary.likeness[np.ix_(held_a, held_b)]
        lost_a = (likeness.max(1) < _SAME) & ~common_words(self.words[0], _NEARLY_ALL)[held_a] & self.names[0][held_a]
        lost_b = (likeness.max(0) < _SAME) & ~common_words(self.words[1], _NEARLY_ALL)[held_b] & self.names[1][held_b]
        is_same = self.prior[np.ix_(held_a, held_b)].max(1) >= _SAME
        return not lost_a.any() and not lost_b.any() and bool((is_same & ~self.common[0][held_a]).any())

    def crosses_names(self) -> bool:
        """Whether a matched kernel has a word that stands in other names of B, and not in its partner's."""
        kept = self.prior.max(1, initial=0.0) >= 1
        for one, other in enumerate(self.pairing.partner.tolist()):
            if other < 0 or not has_matrix(self.a[one]):
                continue
            held_a, held_b = self.words[0].columns[one], self.words[1].columns[other]
            if len(held_a) and len(held_b):
                lost = self.prior[np.ix_(held_a, held_b)].max(1) < EXPLAINED
                if (lost & kept[held_a] & ~self.common[0][held_a]).any():
                    return True
        return False

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


def _inner(modules: Sequence[Module], words: Words, numbering: Numbering, aligned: set[int]) -> list[Bools]:
    """Return which words of each name stand behind a number of an aligned series: they name a part of a layer."""
    found = []
    for module, columns, places in zip(modules, words.columns, numbering.places, strict=True):
        outer: set[object] = set()
        left = next((n for n, (series, _) in enumerate(places) if series in aligned), -1)
        if left >= 0:
            end = len(numbering.series[places[left][0]].skeleton)
            outer = set(module.tokens[:end])
        found.append(np.array([left >= 0 and words.words[column] not in outer for column in columns], bool))
    return found
