"""Which variable of one side is which of the other, by names, object paths, values, structure and a person's rules."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Confidence, Item, Match, OpenGroup
from scopeview.analysis.diff.matching.layouts import permuting_axes
from scopeview.analysis.diff.matching.rules import Rule, rewritten
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.spelling import canonical, prefix_change
from scopeview.model.names import scope_of

__all__ = ["Confidence", "Matching", "Pair", "Rule", "change_of_prefix", "leaf_change", "match"]

_LEAST_BYTES = 16
"""Values of fewer bytes agree by chance."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that are one variable."""

    a: Entry
    b: Entry
    evidence: str
    confidence: Confidence
    axes: tuple[int, ...] = ()
    """The order of A's axes that gives B, where the sides store kernels in different layouts; empty if it stays."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The matched pairs, and what is known of the rest."""

    pairs: tuple[Pair, ...]
    proposals: Mapping[str, str]
    """Names of A to names of B: the best guess, which is no match."""
    open_groups: tuple[OpenGroup, ...] = ()
    """Variables among which nothing decides."""
    is_transposed: bool = False
    """Whether the sides store kernels in different layouts."""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each variable of an open group, on either side, what it may be on the other."""


def match(
    a: Namespace,
    b: Namespace,
    *,
    rules: Sequence[Rule] = (),
    given: Mapping[str, str] | None = None,
    accepts_proposals: bool = False,
) -> Matching:
    """Match the entries of two sides one to one.

    Args:
        a: the first side.
        b: the second side.
        rules: how names of A are rewritten, tried before anything else.
        given: pairs that a person has given: names of A to names of B.
        accepts_proposals: whether what is proposed counts as matched.
    """
    known = {one: other for one, other in (given or {}).items() if one in a.entries and other in b.entries}
    result = match_items(_items(a, rules), _items(b, ()), known)
    pairs = [_pair(a.entries[m.a], b.entries[m.b], m, result.is_transposed) for m in result.matches]
    proposals = dict(result.proposals)
    if accepts_proposals:
        pairs += [
            Pair(a.entries[one], b.entries[other], "accepted proposal", "low") for one, other in proposals.items()
        ]
        proposals = {}
    alternatives = {name: group.b for group in result.open_groups for name in group.a}
    alternatives |= {name: group.a for group in result.open_groups for name in group.b}
    return Matching(tuple(pairs), proposals, result.open_groups, result.is_transposed, alternatives)


def _items(side: Namespace, rules: Sequence[Rule]) -> list[Item]:
    return [
        Item(
            name=entry.name,
            shape=entry.shape,
            dtype=entry.dtype,
            value=_fingerprint(entry),
            primary=entry.primary,
            slot=entry.slot,
            is_auxiliary=entry.kind != "variable",
            key=entry.key if entry.key != entry.name else "",
            alias=rewritten(entry.name, rules) if rules else "",
        )
        for entry in side.as_listed
    ]


def _fingerprint(entry: Entry) -> Hashable | None:
    """Return the checksum of values that do not agree by chance: of some bytes, and not all alike."""
    is_small = entry.checksum is None or sum(piece[1] for piece in entry.checksum) < _LEAST_BYTES
    if is_small or entry.kind != "variable" or entry.is_blank:
        return None
    return entry.shape, entry.dtype, entry.checksum


def _pair(a: Entry, b: Entry, match: Match, is_transposed: bool) -> Pair:
    evidence = match.evidence
    if evidence == "name" and a.key != a.name and b.key != b.name and a.key != b.key:
        evidence = f"name; its path was {a.key}, and is {b.key}"
    axes = permuting_axes(a.name, a.shape, b.shape) if is_transposed else ()
    return Pair(a, b, evidence, match.confidence, axes)


def change_of_prefix(pair: Pair) -> tuple[str, str]:
    """Return the change of prefix that a pair of other names is an instance of; both empty for a change of leaf."""
    return prefix_change(canonical(pair.a.name), canonical(pair.b.name))


def leaf_change(pair: Pair) -> tuple[str, str] | None:
    """Return the leaves of a pair where they differ."""
    leaves = pair.a.name[len(scope_of(pair.a.name)) :].strip("/"), pair.b.name[len(scope_of(pair.b.name)) :].strip("/")
    return leaves if leaves[0] != leaves[1] else None
