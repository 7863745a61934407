"""The order in which what fits some words is listed while a person types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_MOST_RANKED = 20_000
"""More fit a letter or two, which says nothing of what is wanted."""

Found = TypeVar("Found")


def rank(name: str, words: Sequence[str]) -> int:
    """Return how well a name fits words that it holds, best first: 0 a whole name, 4 somewhere within.

    >>> [rank("net/dense/kernel", [word]) for word in ("net/dense/kernel", "kernel", "dense", "den", "ense")]
    [0, 1, 2, 3, 4]
    """
    folded = f"/{name.casefold()}/"
    return max((_rank(folded, word.casefold().strip("/")) for word in words), default=0)


def _rank(folded: str, word: str) -> int:
    if folded == f"/{word}/":
        return 0
    if folded.endswith(f"/{word}/"):
        return 1
    if f"/{word}/" in folded:
        return 2
    return 3 if f"/{word}" in folded else 4


def ranked(
    found: list[Found],
    words: Sequence[str],
    name_of: Callable[[Found], str],
    is_machinery: Callable[[Found], bool] = lambda _found: False,
) -> list[Found]:
    """Return what was found, ends of paths first and what trains, saves or initializes last."""
    if not words or len(found) > _MOST_RANKED:
        return found

    def key(one: Found) -> tuple[bool, int, int]:
        name = name_of(one)
        place = rank(name, words)
        return place > 0 and is_machinery(one), place, name.count("/")

    return sorted(found, key=key)
