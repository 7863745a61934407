"""How names are compared: spelt alike, cut at their segments, what stands between what they have in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from scopeview.analysis.diff.restore import LEAF_SYNONYMS

Rule = tuple[str, str]
"""A change of prefix: from, to."""

ADDED_NUMBERS = re.compile(r"(_\d+)+\Z")
"""Numbers that TensorFlow may have added to a segment."""

_MOST_ENDS = 24
"""Segments that are compared at the end of a name."""

_CANONICAL_LEAF: Mapping[str, str] = {leaf: min(group) for group in LEAF_SYNONYMS for leaf in group}


def canonical(name: str) -> str:
    """Return a name with its leaf replaced by one word for all that libraries call the same thing."""
    scope, slash, leaf = name.rpartition("/")
    return f"{scope}{slash}{_CANONICAL_LEAF.get(leaf, leaf)}"


def without_numbers(name: str) -> str:
    """Return a canonical name in lower case, every number that TensorFlow may have added taken off."""
    return "/".join(ADDED_NUMBERS.sub("", segment) or segment for segment in canonical(name).casefold().split("/"))


def ends(name: str) -> Iterator[str]:
    """Yield the ends of a path, longest first: `a/b/c`, `b/c`, `c`; of a very long one the last few."""
    yield name
    segments = name.split("/")
    for start in range(max(1, len(segments) - _MOST_ENDS), len(segments)):
        yield "/".join(segments[start:])


def agree_in_more_than_a_word(one: str, other: str) -> bool:
    """Whether two names have more in common than a last word that every layer has, such as `kernel`."""
    a, b = one.split("/"), other.split("/")
    if len(a) == 1 or len(b) == 1:
        return a[-1] == b[-1]  # a whole name is more than a word
    is_common_word = a[-1] in _CANONICAL_LEAF.values()
    return not is_common_word or a[-2] == b[-2] or a[0] == b[0]


def splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut a path in two: `a/b/c` -> ("", "a/b/c"), ("a", "b/c"), ("a/b", "c")."""
    yield "", name
    end = name.find("/")
    for _ in range(_MOST_ENDS):
        if end < 0:
            break
        yield name[:end], name[end + 1 :]
        end = name.find("/", end + 1)


def segments_alike(one: str, other: str) -> int:
    """Count the segments that are the same in both names, wherever they stand."""
    return (_segments(one) & _segments(other)).total()


@lru_cache(maxsize=1 << 16)
def _segments(name: str) -> Counter[str]:
    return Counter(canonical(name).split("/"))


def prefix_change(one: str, other: str) -> Rule:
    """Return what stands before the longest common end of two paths.

    >>> prefix_change("layer1/kernel", "model/layer1/kernel")
    ('', 'model')
    """
    a, b = one.split("/"), other.split("/")
    common = common_length(reversed(a), reversed(b))
    return "/".join(a[: len(a) - common]), "/".join(b[: len(b) - common])


def middle_change(one: str, other: str) -> Rule:
    """Return what stands between the longest common beginning and end of two paths.

    >>> middle_change("net/cell/kernel", "net/basic/cell/kernel")
    ('', 'basic')
    """
    old, new = (text.split("/") if text else [] for text in prefix_change(one, other))
    common = common_length(old, new)
    return "/".join(old[common:]), "/".join(new[common:])


def common_length(one: Iterable[str], other: Iterable[str]) -> int:
    """Count the segments that two sequences have in common at their beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
