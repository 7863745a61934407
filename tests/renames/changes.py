"""What happens to a pair of namespaces on the way: other orders, variables that went, words that mean nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching.entries import Item
from tests.renames.rows import Model

_LEAVES = {"kernel", "weight", "weights", "w", "bias", "biases", "b", "gamma", "scale", "g", "beta", "offset"}
_LEAVES |= {"moving", "running", "mean", "variance", "var", "num", "batches", "tracked", "embeddings", "depthwise"}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Case:
    """Two namespaces, and which variable of one is which of the other."""

    a: Sequence[Item]
    b: Sequence[Item]
    truth: Mapping[str, str]


def ordered(model: Model, _rng: random.Random) -> Case:
    """Return both sides in the order of creation."""
    pairs = list(model.pairs())
    a, b = [Item(p.a, p.shape, "float32") for p in pairs], [Item(p.b, p.shape, "float32") for p in pairs]
    return Case(a, b, {pair.a: pair.b for pair in pairs})


def shuffled(model: Model, rng: random.Random) -> Case:
    """Return both sides in random order."""
    case = ordered(model, rng)
    return Case(rng.sample(case.a, len(case.a)), rng.sample(case.b, len(case.b)), case.truth)


def dropped(model: Model, rng: random.Random) -> Case:
    """Return sides of which a tenth went, each of its own."""
    case = ordered(model, rng)
    a, b = ([item for item in side if rng.random() >= 0.1] for side in (case.a, case.b))
    left = {item.name for item in a}, {item.name for item in b}
    return Case(a, b, {one: other for one, other in case.truth.items() if one in left[0] and other in left[1]})


def nonsense(model: Model, rng: random.Random) -> Case:
    """Return a second side whose words, leaves apart, mean nothing."""
    case = ordered(model, rng)
    words: dict[str, str] = {}

    def word(match: re.Match[str]) -> str:
        low = match[0].lower()
        syllables = "".join(rng.choice("bcdfghjklmnprstvz") + rng.choice("aeiou") for _ in range(3))
        return match[0] if low in _LEAVES else words.setdefault(low, syllables)

    names = {item.name: _WORD.sub(word, item.name) for item in case.b}
    b = [Item(names[item.name], item.shape, item.dtype) for item in case.b]
    return Case(case.a, b, {one: names[other] for one, other in case.truth.items()})


CHANGES: Mapping[str, Callable[[Model, random.Random], Case]] = {
    "ordered": ordered,
    "shuffled": shuffled,
    "dropped": dropped,
    "nonsense": nonsense,
}
