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

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.spelling import (
    ADDED_NUMBERS,
    Rule,
    agree_in_more_than_a_word,
    canonical,
    common_length,
    ends,
    middle_change,
    prefix_change,
    segments_alike,
    splits,
    without_numbers,
)
from scopeview.model.names import scope_of

Confidence = Literal["certain", "high", "medium", "low"]
Claim = tuple[str, str]
"""Names of A and B that would be one variable."""
Spelling = Callable[[str], str]
"""How names are written to be compared."""

_MOST_CANDIDATES = 64
"""Pairs with a common end that vote for one variable: a leaf that hundreds share says nothing about prefixes."""

_FEW_VOTES = 2
_LEAST_BYTES = 16
"""Values of fewer bytes agree by chance."""


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
    for spelled in (canonical, without_numbers):
        state.by_votes(spelled, prefix_change, extends=True)
        state.by_votes(spelled, middle_change, extends=False)
    state.reshaped()
    state.attached_follow()
    return Matching(tuple(state.pairs), dict(state.proposals()))


class _State:
    """The pairs found so far, and what is left on each side."""

    def __init__(self, a: Namespace, b: Namespace) -> None:
        self.a, self.b = a, b
        self.left_a = dict(a.entries)
        self.left_b = dict(b.entries)
        self.pairs: list[Pair] = []
        self.doubts: dict[str, str] = {}
        """What may be one variable, and may as well be one that went and one that came."""

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

        What is matched already votes too: a value that both sides have tells how its neighbors were renamed.

        Args:
            spelled: how names are compared.
            change_of: the change between two names that are spelled so.
            extends: whether a change applies to all that it fits, and not to its voters alone.
        """
        voters: dict[Rule, list[Claim]] = defaultdict(list)
        index = _suffix_index(self._owned(self.left_b), spelled)
        for entry in self._owned(self.left_a):
            for other in _with_longest_common_end(entry, index, spelled):
                if agree_in_more_than_a_word(spelled(entry.name), spelled(other.name)):
                    voters[change_of(spelled(entry.name), spelled(other.name))].append((entry.name, other.name))
        stems = self._numbered_siblings()
        proved = Counter(
            change_of(spelled(pair.a.name), spelled(pair.b.name))
            for pair in self.pairs
            if pair.a.name != pair.b.name and pair.a.kind == "variable"
        )
        by_number: dict[int, list[Rule]] = defaultdict(list)
        for rule, pairs in voters.items():
            by_number[len(pairs) + proved[rule]].append(rule)
        fitting = self._fitting(spelled) if extends else None
        for number in sorted(by_number, reverse=True):
            is_extended = fitting is not None and number > _FEW_VOTES
            claims = {
                claim: rule
                for rule in sorted(by_number[number])
                for claim in self._free(fitting(rule) if is_extended and fitting is not None else voters[rule])
            }
            doubtful = {
                rule for rule in by_number[number] if not _is_told_by(rule, number) or _is_renumbering(rule, stems)
            }
            self._settle(claims, number, doubtful)

    def _owned(self, left: Mapping[str, Entry]) -> list[Entry]:
        return [entry for entry in left.values() if entry.kind == "variable"]

    def _free(self, claims: Iterable[Claim]) -> list[Claim]:
        return [(a, b) for a, b in claims if a in self.left_a and b in self.left_b]

    def _fitting(self, spelled: Spelling) -> Callable[[Rule], list[Claim]]:
        """Return what gives all that a change of prefix would match of what is left."""
        targets: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._owned(self.left_b):
            targets[spelled(entry.name)].append(entry)
        below: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
        for entry in self._owned(self.left_a):
            name = spelled(entry.name)
            for prefix, rest in splits(name):
                below[prefix].append((rest, entry))

        def fitting(rule: Rule) -> list[Claim]:
            old, new = rule
            return [
                (entry.name, other.name)
                for rest, entry in below.get(old, ())
                for other in targets.get(f"{new}/{rest}" if new else rest, ())
                if other.type == entry.type
            ]

        return fitting

    def _numbered_siblings(self) -> set[str]:
        """Return the segments, without numbers, of which a numbered one kept its name: `layer` of `layer_3`."""
        kept = (pair.a.name for pair in self.pairs if pair.a.name == pair.b.name)
        return {
            ADDED_NUMBERS.sub("", segment)
            for name in kept
            for segment in name.split("/")
            if ADDED_NUMBERS.search(segment)
        }

    def reshaped(self) -> None:
        """Apply the changes of prefix that are well proved to what has another shape, as the last layer often has."""
        proved = Counter(change_of_prefix(pair) for pair in self.pairs if pair.a.name != pair.b.name)
        for (old, new), votes in proved.most_common():
            if votes <= _FEW_VOTES:
                break
            targets = {canonical(entry.name): entry for entry in self._owned(self.left_b)}
            for entry in self._owned(self.left_a):
                name = canonical(entry.name)
                if old and not name.startswith(f"{old}/"):
                    continue
                rest = name[len(old) + 1 :] if old else name
                other = targets.get(f"{new}/{rest}" if new else rest)
                if other is not None and other.name in self.left_b and entry.dtype == other.dtype:
                    told = f"{old}/ -> {new}/, {votes} votes; another shape"
                    self.pair(entry, other, told, "medium")

    def _settle(self, claims: Mapping[Claim, Rule], votes: int, doubtful: set[Rule]) -> None:
        """Match what one claim names and no other does; of several, the one whose names agree in more segments.

        Doubtful changes are proposed and not matched; what they name is matched with nothing else.
        """
        claims = _best(_best(claims, 0), 1)
        of_a, of_b = Counter(a for a, _ in claims), Counter(b for _, b in claims)
        confidence: Confidence = "high" if votes > _FEW_VOTES else "medium"
        for (one, other), (old, new) in claims.items():
            if of_a[one] == of_b[other] == 1 and one in self.left_a and other in self.left_b:
                if (old, new) in doubtful:
                    self.doubts[one] = other
                    del self.left_a[one], self.left_b[other]
                    continue
                shown = f"{old}/ -> {new}/" if old or new else "another name of the same thing"
                told = f"{shown}, {votes} vote{'s' if votes > 1 else ''}"
                self.pair(self.left_a[one], self.left_b[other], told, confidence)

    def attached_follow(self) -> None:
        """Match slots, averages and replicas of matched variables; scalars of optimizers by their leaves."""
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
                told = f"follows {primary}" if primary else "the scalar of an optimizer"
                self.pair(entry, found[0], told, "high" if primary else "medium")

    def proposals(self) -> Iterator[tuple[str, str]]:
        """Yield what is doubtful, and what is left and the only one of its type on either side."""
        yield from self.doubts.items()
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


def _suffix_index(entries: Iterable[Entry], spelled: Spelling) -> Mapping[Hashable, list[Entry]]:
    """Return the entries by type and every end of their names."""
    index: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        for end in ends(spelled(entry.name)):
            index[entry.type, end].append(entry)
    return index


def _with_longest_common_end(entry: Entry, index: Mapping[Hashable, list[Entry]], spelled: Spelling) -> list[Entry]:
    for end in ends(spelled(entry.name)):
        found = index.get((entry.type, end))
        if found:
            return found if len(found) <= _MOST_CANDIDATES else []
    return []


def _is_told_by(rule: Rule, votes: int) -> bool:
    """Whether so many votes tell a change: one is enough to add or to take off a scope, not to replace one."""
    old, new = rule[0].split("/"), rule[1].split("/")
    shared = common_length(old, new)
    is_replaced = any(old[shared:]) and any(new[shared:])
    return votes > 1 or not is_replaced or without_numbers(rule[0]) == without_numbers(rule[1])


def _is_renumbering(rule: Rule, kept: set[str]) -> bool:
    """Whether a change is one of numbers alone among siblings that kept theirs: one went, and another came."""
    old, new = without_numbers(rule[0]), without_numbers(rule[1])
    is_added = rule[1].startswith(f"{rule[0]}_") or rule[0].startswith(f"{rule[1]}_")
    is_swapped = bool(old) and old == new and rule[0] != rule[1] and not is_added
    return is_swapped and old.rpartition("/")[2] in {segment.casefold() for segment in kept}


def _best(claims: Mapping[Claim, Rule], side: int) -> Mapping[Claim, Rule]:
    """Keep, for each name of one side, the claims whose names agree in the most segments."""
    agreeing = {claim: segments_alike(*claim) for claim in claims}
    most: dict[str, int] = {}
    for claim, number in agreeing.items():
        most[claim[side]] = max(most.get(claim[side], 0), number)
    return {claim: rule for claim, rule in claims.items() if agreeing[claim] == most[claim[side]]}


def change_of_prefix(pair: Pair) -> tuple[str, str]:
    """Return the change of prefix that a pair of other names is an instance of; both empty for a change of leaf."""
    return prefix_change(canonical(pair.a.name), canonical(pair.b.name))


def leaf_change(pair: Pair) -> tuple[str, str] | None:
    """Return the leaves of a pair where they differ."""
    leaves = pair.a.name[len(scope_of(pair.a.name)) :].strip("/"), pair.b.name[len(scope_of(pair.b.name)) :].strip("/")
    return leaves if leaves[0] != leaves[1] else None
