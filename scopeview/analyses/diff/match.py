"""Which variable of one side is which of the other: exact names first, then renames with evidence.

    1  one name and one shape                                  certain
    2  values: one checksum, on each side once                 certain
    3  votes: every pair of equal shape and leaf votes for the change of prefix that would explain it; the rule with the
       most votes is applied first, and only where it says one thing
    4  the same for changes in the middle of a name, and then with added numbers and the case of letters left aside
    5  slots, averages and replicas follow what they exist for

Nothing is guessed: where two variables have the same claim, none is matched. A variable that is the only one of its
shape on either side is proposed, and not matched.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analyses.diff.namespace import Entry, Namespace
from scopeview.analyses.restore import LEAF_SYNONYMS
from scopeview.model.names import scope_of

Confidence = Literal["certain", "high", "medium", "low"]
Rule = tuple[str, str]
"""A change of prefix: from, to."""
Claim = tuple[str, str]
"""Names of A and B that would be one variable."""
Spelling = Callable[[str], str]
"""How names are written to be compared."""

_MOST_CANDIDATES = 64
"""Pairs with a common end that vote for one variable: a leaf that hundreds share says nothing about prefixes."""

_FEW_VOTES = 2
_LEAST_BYTES = 16
"""Values of fewer bytes agree by chance."""

_ADDED_NUMBERS = re.compile(r"(_\d+)+\Z")

_CANONICAL_LEAF: Mapping[str, str] = {leaf: min(group) for group in LEAF_SYNONYMS for leaf in group}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that are one variable."""

    a: Entry
    b: Entry
    evidence: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Matching:
    """The pairs, and for what is left a proposal where there is one: names of A to names of B."""

    pairs: tuple[Pair, ...]
    proposals: Mapping[str, str]


def match(a: Namespace, b: Namespace) -> Matching:
    """Match the entries of two sides one to one."""
    state = _State(a, b)
    state.by_name()
    state.by_values()
    for spelled in (_canonical, _without_numbers):
        state.by_votes(spelled, _prefix_change, extends=True)
        state.by_votes(spelled, _middle_change, extends=False)
    state.attached_follow()
    return Matching(tuple(state.pairs), dict(state.proposals()))


class _State:
    """The pairs found so far, and what is left on each side."""

    def __init__(self, a: Namespace, b: Namespace) -> None:
        self.a, self.b = a, b
        self.left_a = dict(a.entries)
        self.left_b = dict(b.entries)
        self.pairs: list[Pair] = []

    def pair(self, a: Entry, b: Entry, evidence: str, confidence: Confidence) -> None:
        self.pairs.append(Pair(a, b, evidence, confidence))
        del self.left_a[a.name], self.left_b[b.name]

    def by_name(self) -> None:
        """Match equal names, and equal paths where both sides are object-based and no name says otherwise."""
        for name, entry in self.a.entries.items():
            other = self.b.entries.get(name)
            if other is not None:
                shifted = f"; its path was {entry.key}, and is {other.key}" if entry.key != other.key else ""
                is_path = entry.key != entry.name and other.key != other.name
                self.pair(entry, other, f"name{shifted}" if is_path else "name", "certain")
        for entry in list(self.left_a.values()):
            other = self.b.by_key.get(entry.key)
            if other is not None and other.name in self.left_b and other.type == entry.type:
                self.pair(entry, other, "object path", "certain")

    def by_values(self) -> None:
        """Match values that both sides have exactly once."""
        for one, other in _unique_pairs(self.left_a.values(), self.left_b.values(), _telling_checksum):
            self.pair(one, other, "same checksum", "certain")

    def by_votes(self, spelled: Spelling, change_of: Callable[[str, str], Rule], *, extends: bool) -> None:
        """Match by changes of names, those with most votes first; those with equally many at one time.

        What is matched already votes too: a value that both sides have tells how its neighbours were renamed.

        Args:
            spelled: how names are compared.
            change_of: the change between two names that are spelled so.
            extends: whether a change applies to all that it fits, and not to its voters alone.
        """
        voters: dict[Rule, list[Claim]] = defaultdict(list)
        index = _suffix_index(self._owned(self.left_b), spelled)
        for entry in self._owned(self.left_a):
            for other in _with_longest_common_end(entry, index, spelled):
                if _agree_in_more_than_a_word(spelled(entry.name), spelled(other.name)):
                    voters[change_of(spelled(entry.name), spelled(other.name))].append((entry.name, other.name))
        proved = Counter(
            change_of(spelled(pair.a.name), spelled(pair.b.name))
            for pair in self.pairs
            if pair.a.name != pair.b.name and pair.a.kind == "variable"
        )
        by_number: dict[int, list[Rule]] = defaultdict(list)
        for rule, pairs in voters.items():
            by_number[len(pairs) + proved[rule]].append(rule)
        for number in sorted(by_number, reverse=True):
            is_extended = extends and number > _FEW_VOTES
            claims = {
                claim: rule
                for rule in sorted(by_number[number])
                for claim in (self._fitting(rule, spelled) if is_extended else self._free(voters[rule]))
            }
            self._settle(claims, number)

    def _owned(self, left: Mapping[str, Entry]) -> list[Entry]:
        return [entry for entry in left.values() if entry.kind == "variable"]

    def _free(self, claims: Iterable[Claim]) -> list[Claim]:
        return [(a, b) for a, b in claims if a in self.left_a and b in self.left_b]

    def _fitting(self, rule: Rule, spelled: Spelling) -> list[Claim]:
        """Return all that a change of prefix would match of what is left."""
        old, new = rule
        targets: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._owned(self.left_b):
            targets[spelled(entry.name)].append(entry)
        found = []
        for entry in self._owned(self.left_a):
            name = spelled(entry.name)
            if old and not name.startswith(f"{old}/"):
                continue
            rest = name[len(old) + 1 :] if old else name
            found += [
                (entry.name, other.name)
                for other in targets.get(f"{new}/{rest}" if new else rest, ())
                if other.type == entry.type
            ]
        return found

    def _settle(self, claims: Mapping[Claim, Rule], votes: int) -> None:
        """Match what one claim names and no other does; of several, the one whose names agree in more segments."""
        claims = _best(_best(claims, 0), 1)
        of_a, of_b = Counter(a for a, _ in claims), Counter(b for _, b in claims)
        confidence: Confidence = "high" if votes > _FEW_VOTES else "medium"
        for (one, other), (old, new) in claims.items():
            if of_a[one] == of_b[other] == 1 and one in self.left_a and other in self.left_b:
                shown = f"{old}/ -> {new}/" if old or new else "another name of the same thing"
                told = f"{shown}, {votes} vote{'s' if votes > 1 else ''}"
                self.pair(self.left_a[one], self.left_b[other], told, confidence)

    def attached_follow(self) -> None:
        """Match slots, averages and replicas of matched variables; scalars of optimisers by their leaves."""
        counterpart = {pair.a.name: pair.b.name for pair in self.pairs}
        if not counterpart:
            return
        free: dict[Hashable, list[Entry]] = defaultdict(list)
        for other in self.left_b.values():
            if other.kind != "variable":
                free[other.primary, other.kind, other.slot, other.type].append(other)
        for entry in list(self.left_a.values()):
            if entry.kind == "variable" or (entry.primary and entry.primary not in counterpart):
                continue
            primary = counterpart.get(entry.primary, "")
            found = free[primary, entry.kind, entry.slot, entry.type]
            if len(found) == 1 and found[0].name in self.left_b:
                told = f"follows {primary}" if primary else "the scalar of an optimiser"
                self.pair(entry, found[0], told, "high" if primary else "medium")

    def proposals(self) -> Iterator[tuple[str, str]]:
        """Yield what is left and the only one of its type on either side."""
        owned_a, owned_b = self._owned(self.left_a), self._owned(self.left_b)
        for one, other in _unique_pairs(owned_a, owned_b, lambda entry: entry.type):
            yield one.name, other.name


def _telling_checksum(entry: Entry) -> Hashable | None:
    """Return the checksum of values that do not agree by chance: of some bytes, and not all alike."""
    is_small = entry.checksum is None or sum(piece[1] for piece in entry.checksum) < _LEAST_BYTES
    if is_small or entry.kind != "variable" or entry.is_blank:
        return None
    return entry.type, entry.checksum


def _unique_pairs(
    ours: Iterable[Entry], theirs: Iterable[Entry], of: Callable[[Entry], Hashable | None]
) -> list[tuple[Entry, Entry]]:
    """Return the pairs that agree in something which only one entry of each side has."""
    groups_a, groups_b = _groups(ours, of), _groups(theirs, of)
    return [
        (found[0], groups_b[value][0])
        for value, found in groups_a.items()
        if len(found) == 1 and len(groups_b.get(value, ())) == 1
    ]


def _groups(entries: Iterable[Entry], of: Callable[[Entry], Hashable | None]) -> dict[Hashable, list[Entry]]:
    groups: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        value = of(entry)
        if value is not None:
            groups[value].append(entry)
    return groups


def _canonical(name: str) -> str:
    """Return a name with its leaf replaced by one word for all that libraries call the same thing."""
    scope, slash, leaf = name.rpartition("/")
    return f"{scope}{slash}{_CANONICAL_LEAF.get(leaf, leaf)}"


def _without_numbers(name: str) -> str:
    """Return a canonical name in lower case, every number that TensorFlow may have added taken off."""
    return "/".join(_ADDED_NUMBERS.sub("", segment) or segment for segment in _canonical(name).casefold().split("/"))


def _suffix_index(entries: Iterable[Entry], spelled: Spelling) -> Mapping[Hashable, list[Entry]]:
    """Return the entries by type and every end of their names."""
    index: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        for end in _ends(spelled(entry.name)):
            index[entry.type, end].append(entry)
    return index


def _ends(name: str) -> Iterator[str]:
    """Yield the ends of a path, longest first: `a/b/c`, `b/c`, `c`."""
    yield name
    while "/" in name:
        name = name.partition("/")[2]
        yield name


def _with_longest_common_end(entry: Entry, index: Mapping[Hashable, list[Entry]], spelled: Spelling) -> list[Entry]:
    for end in _ends(spelled(entry.name)):
        found = index.get((entry.type, end))
        if found:
            return found if len(found) <= _MOST_CANDIDATES else []
    return []


def _agree_in_more_than_a_word(one: str, other: str) -> bool:
    """Whether two names have more in common than a last word that every layer has, such as `kernel`."""
    a, b = one.split("/"), other.split("/")
    if len(a) == 1 or len(b) == 1:
        return a[-1] == b[-1]  # a whole name is more than a word
    is_common_word = a[-1] in _CANONICAL_LEAF.values()
    return not is_common_word or a[-2] == b[-2] or a[0] == b[0]


def _best(claims: Mapping[Claim, Rule], side: int) -> Mapping[Claim, Rule]:
    """Keep, for each name of one side, the claims whose names agree in the most segments."""
    agreeing = {claim: _segments_alike(*claim) for claim in claims}
    most: dict[str, int] = {}
    for claim, number in agreeing.items():
        most[claim[side]] = max(most.get(claim[side], 0), number)
    return {claim: rule for claim, rule in claims.items() if agreeing[claim] == most[claim[side]]}


def _segments_alike(one: str, other: str) -> int:
    """Count the segments that are the same in both names, wherever they stand."""
    return (Counter(_canonical(one).split("/")) & Counter(_canonical(other).split("/"))).total()


def _prefix_change(one: str, other: str) -> Rule:
    """Return what stands before the longest common end of two paths.

    >>> _prefix_change("layer1/kernel", "model/layer1/kernel")
    ('', 'model')
    """
    a, b = one.split("/"), other.split("/")
    common = _common(reversed(a), reversed(b))
    return "/".join(a[: len(a) - common]), "/".join(b[: len(b) - common])


def _middle_change(one: str, other: str) -> Rule:
    """Return what stands between the longest common beginning and end of two paths.

    >>> _middle_change("net/cell/kernel", "net/basic/cell/kernel")
    ('', 'basic')
    """
    old, new = (text.split("/") if text else [] for text in _prefix_change(one, other))
    common = _common(old, new)
    return "/".join(old[common:]), "/".join(new[common:])


def _common(one: Iterable[str], other: Iterable[str]) -> int:
    """Count the segments that two sequences have in common at their beginning."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def prefix_change(pair: Pair) -> tuple[str, str]:
    """Return the change of prefix that a pair of other names is an instance of; both empty for a change of leaf."""
    return _prefix_change(_canonical(pair.a.name), _canonical(pair.b.name))


def leaf_change(pair: Pair) -> tuple[str, str] | None:
    """Return the leaves of a pair where they differ."""
    leaves = pair.a.name[len(scope_of(pair.a.name)) :].strip("/"), pair.b.name[len(scope_of(pair.b.name)) :].strip("/")
    return leaves if leaves[0] != leaves[1] else None
