"""The words of two sides: which modules hold them, how alike they are, and what stands for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.tokens import last_segment, tokens_of
from scopeview.analysis.diff.matching.words import likeness

Floats = npt.NDArray[np.float64]

EXPLAINED = 0.19
"""From which likeness on a word counts as explained by another."""
_LEAST_SHARE = 0.45
"""Of the sightings of both words, the share they must be seen together in."""
LEAST_SIGHTINGS = 1.95
_TIE = 0.02
_ALWAYS = 0.8
_EXCLUSIVE = 0.9
"""Of the sightings of two words, the share they are seen together in if each stands for the other alone."""
_SURE = 0.8
_HALF = 0.5
_MORE_SIGHTINGS = 4.0
_LEARNED = 0.95
_CERTAIN = 0.9
"""How much a pair counts, from which on it is matched."""
_LEAST_LOST, _MOST_LOST = 2, 0.6
_COMMON = 0.6
_LEAST_COMMON = 3
_SCALE = 4.0
"""How much must be lost of two names, in nats, for a score of 0."""


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one side."""

    words: Sequence[object]
    holds: Floats
    """Modules by words: 1 where a module holds a word."""
    columns: Sequence[npt.NDArray[np.int64]]
    """The words of each module."""

    @cached_property
    def padded(self) -> npt.NDArray[np.int64]:
        """Modules by the most words of one: the words of each module, and then the number of all words."""
        table = np.full((len(self.columns), max(map(len, self.columns), default=0)), len(self.words), np.int64)
        for row, held in enumerate(self.columns):
            table[row, : len(held)] = held
        return table


def words_of(modules: Sequence[Module]) -> Words:
    """Return the words of a side, numbers of last segments among them: what they stand for must be learned."""
    place: dict[object, int] = {}
    columns = []
    for module in modules:
        held = dict.fromkeys([t for t in module.tokens if isinstance(t, str)] + _numbers(module))
        columns.append(np.array([place.setdefault(word, len(place)) for word in held], np.int64))
    holds = np.zeros((len(modules), len(place)))
    for row, held_columns in enumerate(columns):
        holds[row, held_columns] = 1
    return Words(list(place), holds, columns)


def _numbers(module: Module) -> list[object]:
    """Return the numbers of the last segment, each with its place from the end and the words of the scope around.

    A norm that stands in its layer (`conv1/bn`) has the numbers of the layer.
    """
    scope, _, segment = last_segment(module.stem)
    if module.is_norm and scope and not last_numbers(module):
        scope, _, segment = last_segment(scope)
    outer = tuple(token for token in tokens_of(last_segment(scope)[2]) if isinstance(token, str))
    inner = _integers(segment)
    return [(outer, place - len(inner), number) for place, number in enumerate(inner)]


def last_numbers(module: Module) -> list[int]:
    """Return the numbers of the last segment of a name."""
    return _integers(last_segment(module.stem)[2])


def _integers(segment: str) -> list[int]:
    return [token for token in tokens_of(segment) if isinstance(token, int)]


def prior_likeness(a: Words, b: Words) -> Floats:
    """Return how alike the words of both sides are before anything is learned."""
    found = np.zeros((len(a.words), len(b.words)))
    for row, one in enumerate(a.words):
        if isinstance(one, str):
            found[row] = [likeness(one, other) if isinstance(other, str) else 0.0 for other in b.words]
    return found


def weights(words: Words, alike: Floats) -> Floats:
    """Return how much each word of each module says: rare words more, above all among modules of equal shapes.

    Args:
        words: the words of a side.
        alike: modules by modules of that side, 1 where shapes agree.
    """
    total = max(1, len(words.columns))
    everywhere = np.log((total + 1) / np.maximum(1, words.holds.sum(0)))
    members = alike.sum(1, keepdims=True)
    holders = alike @ words.holds
    presence = np.log(members / np.maximum(1, holders))
    absence = np.where(holders < members, np.log((members + 0.5) / (members - holders + 0.5)), 0.0)
    return np.asarray(words.holds * (0.2 * everywhere + presence + absence + 0.02))


@dataclass(frozen=True, eq=False)
class Fitting:
    """The modules of the other side that fit in shape, for each module of a side."""

    patterns: Sequence[npt.NDArray[np.int64]]
    """The different sets of modules of the other side."""
    rows: npt.NDArray[np.int64]
    """For each module its set."""


def fitting_of(fits: npt.NDArray[np.bool_]) -> Fitting:
    """Return the sets of modules that fit, from a table of pairs of modules."""
    patterns, rows = np.unique(fits, axis=0, return_inverse=True)
    return Fitting([np.flatnonzero(pattern) for pattern in patterns], rows.reshape(-1))


def name_scores(
    sides: tuple[Words, Words], importance: tuple[Floats, Floats], likeness_of: Floats, fitting: tuple[Fitting, Fitting]
) -> Floats:
    """Return how well the names of all pairs of modules agree, 0 for as well as any pair of theirs.

    Every word looks for its best partner, both ways; what no module of fitting shapes explains says nothing.

    Args:
        sides: the words of both sides.
        importance: how much each word of each module says.
        likeness_of: how alike the words of both sides are.
        fitting: the modules of B that fit those of A, and the reverse.
    """
    a, b = sides
    best_in_b = _best_partners(likeness_of, b)
    best_in_a = _best_partners(likeness_of.T, a)
    lost_in_b = (importance[0] * _best_of_fitting(best_in_b, fitting[0])).sum(1, keepdims=True) - importance[
        0
    ] @ best_in_b
    lost_in_a = (importance[1] * _best_of_fitting(best_in_a, fitting[1])).sum(1) - best_in_a.T @ importance[1].T
    return np.asarray(-(lost_in_b + lost_in_a) / _SCALE)


def _best_partners(likeness_of: Floats, words: Words) -> Floats:
    """Return for each word of the other side, and each module of this one, the likeness of the best partner."""
    best = np.zeros((len(likeness_of), len(words.columns)))
    for column, held in enumerate(words.columns):
        if len(held):
            best[:, column] = likeness_of[:, held].max(1)
    return best


def _best_of_fitting(best: Floats, fitting: Fitting) -> Floats:
    """Return for each module, and each word of its side, how well any module that fits explains the word."""
    tops = np.stack([best[:, pattern].max(1, initial=0.0) for pattern in fitting.patterns])
    return np.asarray(tops[fitting.rows])


@dataclass(frozen=True, eq=False)
class Dictionary:
    """What words stand for, as far as pairs of modules show it."""

    likeness: Floats
    together: Floats
    """How often two words are seen in both modules of a pair."""
    always: npt.NDArray[np.bool_]
    """Which words are seen together nearly as often as the rarer of both is seen."""
    seen: tuple[Floats, Floats]
    """How often the words of each side are seen in pairs."""

    def contradicts(self, held_a: npt.NDArray[np.int64], held_b: npt.NDArray[np.int64]) -> bool:
        """Whether each of two names has a word whose counterpart, in all other pairs, the other name lacks."""
        return bool(
            self._lacks_partner(self.together[held_a], self.seen[0][held_a], self.seen[1], held_b)
            and self._lacks_partner(self.together.T[held_b], self.seen[1][held_b], self.seen[0], held_a)
        )

    def _lacks_partner(
        self, together: Floats, seen: Floats, seen_there: Floats, held_there: npt.NDArray[np.int64]
    ) -> bool:
        others = np.maximum(np.maximum(seen - 1, 0)[:, None], seen_there[None, :])
        is_partner = (together >= LEAST_SIGHTINGS) & (together >= _EXCLUSIVE * others)
        has_partner = is_partner.any(1)
        return bool((has_partner & ~is_partner[:, held_there].any(1)).any())


def nothing_learned(prior: Floats) -> Dictionary:
    """Return what words stand for before any pair is known."""
    seen = np.zeros(prior.shape[0]), np.zeros(prior.shape[1])
    return Dictionary(prior, np.zeros_like(prior), np.zeros(prior.shape, bool), seen)


def sightings_needed(words: Words, prior: Floats) -> float:
    """Return how often two words must be seen together: more often where most words are the same on both sides."""
    is_word = np.array([isinstance(word, str) for word in words.words], bool)
    known = (prior.max(1, initial=0.0) >= EXPLAINED) & is_word
    return LEAST_SIGHTINGS + _MORE_SIGHTINGS * float(known.sum() / max(1, is_word.sum()))


def learn(sides: tuple[Words, Words], prior: Floats, pairs: Floats) -> Dictionary:
    """Learn from pairs of modules which words stand for which; pairs of an open group count in part."""
    a, b = sides
    together = a.holds.T @ pairs @ b.holds
    seen_a = a.holds.T @ pairs.sum(1)
    seen_b = b.holds.T @ pairs.sum(0)
    share = together / np.maximum(1e-9, np.maximum(seen_a[:, None], seen_b[None, :]))
    is_taken = (prior >= _SURE) & (share >= _HALF)
    is_other = (is_taken.any(1, keepdims=True) | is_taken.any(0)) & ~is_taken
    share = np.where(is_other, 0.0, share)  # words that both sides have stand for themselves
    is_best = (share >= share.max(1, keepdims=True, initial=0.0) - _TIE) & (share >= share.max(0, initial=0.0) - _TIE)
    is_known = is_best & (share >= _LEAST_SHARE) & (together >= LEAST_SIGHTINGS)
    learned = np.where(is_known, share * _LEARNED, 0.0)
    always = together >= _ALWAYS * np.maximum(1e-9, np.minimum(seen_a[:, None], seen_b[None, :]))
    return Dictionary(np.maximum(prior, learned), together, always, (seen_a, seen_b))


def common_words(words: Words, share: float = _COMMON) -> npt.NDArray[np.bool_]:
    """Return the words that most names hold: they say nothing of one module."""
    return np.asarray(words.holds.sum(0) >= max(share * len(words.columns), _LEAST_COMMON))


def are_names(words: Words) -> npt.NDArray[np.bool_]:
    """Return which words are words, and not numbers."""
    return np.array([isinstance(word, str) for word in words.words], bool)


def dropped_words(
    sides: tuple[Words, Words], likeness: Floats, pairs: Floats
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the words of each side that the other side does without, or that nearly all names hold."""
    ours, theirs = np.nonzero(pairs > _CERTAIN)
    held_a, held_b = sides[0].padded[ours], sides[1].padded[theirs]
    explains = np.zeros((len(sides[0].words) + 1, len(sides[1].words) + 1), bool)
    explains[:-1, :-1] = likeness >= EXPLAINED
    found = explains[held_a[:, :, None], held_b[:, None, :]]
    explained_a, explained_b = np.asarray(found.any(2)), np.asarray(found.any(1))
    return _dropped(sides[0], held_a, explained_a, _all_held(sides[1], held_b, explained_b)), _dropped(
        sides[1], held_b, explained_b, _all_held(sides[0], held_a, explained_a)
    )


def _all_held(words: Words, held: npt.NDArray[np.int64], is_explained: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each pair whether all words of one name are explained by the other."""
    return np.asarray((is_explained | (held == len(words.words))).all(1))


def _dropped(
    words: Words,
    held: npt.NDArray[np.int64],
    is_explained: npt.NDArray[np.bool_],
    is_other_explained: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return the words that most names lose whose partners lose nothing, or that nearly all names hold.

    Args:
        words: the words of a side.
        held: pairs by the most words of a module: the words of the module of this side, padded.
        is_explained: whether each of them stands for a word of the other name.
        is_other_explained: for each pair, whether all words of the other name stand for one of this.
    """
    count = len(words.words)
    seen = np.bincount(held.ravel(), minlength=count)[:count]
    lost = np.bincount(held[~is_explained & is_other_explained[:, None]], minlength=count)[:count]
    return ((lost >= _LEAST_LOST) & (lost >= _MOST_LOST * seen)) | common_words(words)
