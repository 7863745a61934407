"""How a change of names is shown: leaves in one spelling, and what stands before a common end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scopeview.analysis.diff.restore import LEAF_SYNONYMS

_CANONICAL_LEAF: Mapping[str, str] = {leaf: min(group) for group in LEAF_SYNONYMS for leaf in group}


def canonical(name: str) -> str:
    """Return a name with its leaf replaced by one word for all that libraries call the same thing."""
    scope, slash, leaf = name.rpartition("/")
    return f"{scope}{slash}{_CANONICAL_LEAF.get(leaf, leaf)}"


def prefix_change(one: str, other: str) -> tuple[str, str]:
    """Return what stands before the longest common end of two paths.

    >>> prefix_change("layer1/kernel", "model/layer1/kernel")
    ('', 'model')
    """
    a, b = one.split("/"), other.split("/")
    common = _common_length(reversed(a), reversed(b))
    return "/".join(a[: len(a) - common]), "/".join(b[: len(b) - common])


def _common_length(one: Iterable[str], other: Iterable[str]) -> int:
    """Count the segments that two sequences have in common at their beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
