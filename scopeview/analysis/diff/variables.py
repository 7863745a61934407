"""What a diff says of each variable: same, changed, renamed, only on one side; and the renames in rules."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from scopeview.analysis.diff.match import Confidence, Pair, change_of_prefix, leaf_change
from scopeview.analysis.diff.namespace import EntryKind
from scopeview.analysis.diff.value_change import ValueChange
from scopeview.analysis.query import glob_pattern
from scopeview.model.names import is_within
from scopeview.model.shapes import Shape

Status = Literal["same", "values", "shape", "dtype", "renamed", "only_a", "only_b"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class DiffEntry:
    """One variable, on one side or on both."""

    status: Status
    a: str | None
    b: str | None
    kind: EntryKind
    shape_a: Shape
    shape_b: Shape
    dtype_a: str
    dtype_b: str
    evidence: str
    """What says that both are one variable, and what is known of their values."""
    confidence: Confidence
    values_differ: bool | None
    """Whether the values differ, by checksum or by reading them; None where that is not known."""
    values: ValueChange | None
    """How they differ, if values were read."""
    proposal: str
    """For what is on one side only: the best guess on the other, which is no match."""
    alternatives: tuple[str, ...]
    """For a variable of an open group: what it may be on the other side."""
    values_of: str
    """Another variable of A whose values these are, by checksum, where they are not those of its namesake."""
    parts_a: int
    """In how many parts side A stores it; 1 for a variable that is whole."""
    parts_b: int
    collections_left: tuple[str, ...]
    """Collections that it was in on side A and is not on side B."""
    collections_joined: tuple[str, ...]
    trainable_a: bool | None
    trainable_b: bool | None
    joined: str = ""
    """For what is on one side only: of which variables of the other it may be made, or of which it may be a part, as
    names and shapes alone say; no match."""

    @property
    def is_moved(self) -> bool:
        """Whether it is in other collections, or trainable on one side alone."""
        is_flipped = None not in (self.trainable_a, self.trainable_b) and self.trainable_a != self.trainable_b
        return bool(self.collections_left or self.collections_joined) or (is_flipped and None not in (self.a, self.b))


@dataclass(frozen=True, slots=True)
class RenameRule:
    """A change that explains several renames: of a prefix, or of a last segment (`*/weights`)."""

    from_: str
    to: str
    variables: int
    evidence: Mapping[str, int]
    """What speaks for it, and for how many of them, most first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to report.

    Attributes:
        scope: only variables within this variable scope, on either side.
        only: only these statuses; all if empty.
        ignore: patterns of names to leave out; `slots` stands for all that exists for another variable.
        maps: whether the report has maps of names and rules for `re.sub`; both are empty without.
    """

    scope: str = ""
    only: Sequence[Status] = ()
    ignore: Sequence[str] = ()
    maps: bool = True

    @property
    def takes_all(self) -> bool:
        """Whether every variable is to be looked at."""
        return not self.scope and not self.ignore

    def is_wanted(self, entry: DiffEntry) -> bool:
        """Whether an entry is to be reported, whatever its status."""
        names = [name for name in (entry.a, entry.b) if name is not None]
        return self.takes(names, entry.kind)

    def takes(self, names: Sequence[str], kind: EntryKind) -> bool:
        """Whether a variable of these names is to be looked at."""
        if not any(is_within(name, self.scope) for name in names):
            return False
        if "slots" in self.ignore and kind != "variable":
            return False
        patterns = [glob_pattern(text) for text in self.ignore if text != "slots"]
        return not any(pattern.fullmatch(name) for pattern in patterns for name in names)


def rename_rules(pairs: Iterable[Pair]) -> tuple[RenameRule, ...]:
    """Return the changes of prefix and of leaves that explain the renames, those of most variables first."""
    renamed = [pair for pair in pairs if pair.a.name != pair.b.name and pair.a.kind == "variable"]
    prefixes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    leaves: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for pair in renamed:
        prefixes[change_of_prefix(pair)][pair.evidence] += 1
        if (change := leaf_change(pair)) is not None:
            leaves[change][pair.evidence] += 1
    rules = [_rule(_scope(old), _scope(new), found) for (old, new), found in prefixes.items() if old or new]
    rules += [_rule(f"*/{old}", f"*/{new}", found) for (old, new), found in leaves.items() if _is_leaf(old, new)]
    return tuple(sorted(rules, key=lambda rule: (-rule.variables, rule.from_, rule.to)))


def _rule(old: str, new: str, evidence: Counter[str]) -> RenameRule:
    return RenameRule(old, new, evidence.total(), dict(evidence.most_common()))


def _scope(prefix: str) -> str:
    return f"{prefix}/" if prefix else ""


def _is_leaf(old: str, new: str) -> bool:
    """Whether two last segments differ by more than a number, which prefixes tell as well."""
    return re.sub(r"_\d+$", "", old) != re.sub(r"_\d+$", "", new)
