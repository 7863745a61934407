"""What is known of the modules of two sides before any is matched, and in whichever layout kernels are read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching import order
from scopeview.analysis.diff.matching.candidates import fits
from scopeview.analysis.diff.matching.companions import companions_of
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.series import Numbering, numbering_of
from scopeview.analysis.diff.matching.vocabulary import (
    are_names,
    common_words,
    prior_likeness,
    sightings_needed,
    weights,
    words_of,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class PairFacts:
    """Two sides, their words and numbers, and the orders of their lists."""

    def __init__(self, a: Sequence[Module], b: Sequence[Module]) -> None:
        self.a, self.b = a, b
        self.words = words_of(a), words_of(b)
        self.prior: Floats = prior_likeness(*self.words)
        """How alike the words of both sides are, before anything is learned."""
        self.importance = (
            weights(self.words[0], (fits(a, a, False) > 0).astype(float)),
            weights(self.words[1], (fits(b, b, False) > 0).astype(float)),
        )
        """How much each word of each module says."""
        self.skeletons = _skeletons(a), _skeletons(b)
        self.names = are_names(self.words[0]), are_names(self.words[1])
        """Which words are words, and not numbers."""
        self.common = common_words(self.words[0]), common_words(self.words[1])
        self.needed = max(sightings_needed(self.words[0], self.prior), sightings_needed(self.words[1], self.prior.T))
        """How often two words must be seen together."""
        keys: dict[object, int] = {}
        self.numbering: tuple[Numbering, Numbering] = numbering_of(a, keys), numbering_of(b, keys)

    @cached_property
    def far(self) -> Bools | None:
        """The pairs that stand far from each other in two lists of one order; None if they are not in one."""
        return order.far_in_lists(self.a, self.b)

    @cached_property
    def with_gaps(self) -> list[tuple[int, int]]:
        """The modules that stand at one place of both lists, however the gaps are filled."""
        return order.pairs_with_gaps(self.a, self.b)

    @cached_property
    def companions(self) -> tuple[dict[int, int], dict[int, int]]:
        """For each side, the kernel of each norm that stands with one, and the reverse."""
        return companions_of(self.a), companions_of(self.b)

    @cached_property
    def orders(self) -> list[tuple[str, str, str]]:
        """The orders of A and of B that agree, each with the kind of module for which they do."""
        return order.agreeing_orders(self.a, self.b)


def _skeletons(modules: Sequence[Module]) -> list[object]:
    """Return names without their numbers."""
    return [tuple("#" if isinstance(token, int) else token for token in module.tokens) for module in modules]
