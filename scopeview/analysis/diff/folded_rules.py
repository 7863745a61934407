"""Rename rules that differ in numbers alone, as one: `layer_{0..11}/` -> `block{1..12}/`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from scopeview.analysis.diff.templates import fold_names
from scopeview.analysis.diff.variables import RenameRule

_NUMBER = re.compile(r"[0-9]+")


def folded_rules(rules: Sequence[RenameRule]) -> tuple[RenameRule, ...]:
    """Return rules, those that differ in numbers alone as one; those of most variables first."""
    alike: dict[tuple[str, str], list[RenameRule]] = {}
    for rule in rules:
        alike.setdefault((_NUMBER.sub("#", rule.from_), _NUMBER.sub("#", rule.to)), []).append(rule)
    found = [held[0] if len(held) == 1 else _as_one(held) for held in alike.values()]
    return tuple(sorted(found, key=lambda rule: -rule.variables))


def _as_one(rules: Sequence[RenameRule]) -> RenameRule:
    old, new = fold_names(rule.from_ for rule in rules), fold_names(rule.to for rule in rules)
    evidence: Counter[str] = Counter()
    for rule in rules:
        evidence.update(rule.evidence)
    return RenameRule(old[0].text, new[0].text, evidence.total(), dict(evidence.most_common()))
