"""What a person says of a matching: rules of renaming (`layer_{i}=block{i}`, `q=query`), pairs, and what has none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scopeview.errors import QueryError

_NUMBER = re.compile(r"\\\{(\w+)\\\}")
_LONGEST = 4096
"""Characters of a name that a rule may make: each of several rules could double it."""
_BEFORE, _AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"


@dataclass(frozen=True, slots=True)
class Rule:
    """A part of a name of A and what stands for it in B; `{i}` is a number."""

    old: str
    new: str

    def applied(self, name: str) -> str:
        """Return a name with every whole part that is as the rule says replaced."""
        seen: set[str] = set()

        def group(match: re.Match[str]) -> str:
            is_known = match[1] in seen
            seen.add(match[1])
            return rf"(?P={match[1]})" if is_known else rf"(?P<{match[1]}>\d++)"

        pattern = _BEFORE + _NUMBER.sub(group, re.escape(self.old)) + _AFTER
        return re.sub(pattern, lambda match: self._filled(match), name)

    def _filled(self, match: re.Match[str]) -> str:
        found = self.new
        for name, number in match.groupdict().items():
            found = found.replace(f"{{{name}}}", number)
        return found


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a person says of a matching."""

    rules: Sequence[Rule] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    """Pairs: names of A to names of B."""
    accepts_proposals: bool = False
    rejected: Collection[str] = ()
    """Names of A that have no counterpart in B, unless a pair is given for them."""


def guidance_of(rules: Iterable[str], content: object, accept: str = "", rejected: Iterable[str] = ()) -> Guidance:
    """Return what a person says of a matching, read.

    Args:
        rules: each written `old=new`.
        content: a map, as `given_pairs` takes it.
        accept: `proposed` to take proposals as matched.
        rejected: names of A without a counterpart, beside those that the map names.

    Raises:
        QueryError: a rule or the map is not understood.
    """
    alone = rejected_names(content) | frozenset(rejected)
    return Guidance(tuple(map(rule_of, rules)), given_pairs(content), accept == "proposed", alone)


def rule_of(text: str) -> Rule:
    """Return a rule that is written `old=new`.

    Raises:
        QueryError: it is not written so, or holds other numbers on its right side.
    """
    old, equals, new = (part.strip() for part in text.partition("="))
    placed = [set(re.findall(r"\{(\w+)\}", side)) for side in (old, new)]
    if not old or not equals or not placed[1] <= placed[0]:
        raise QueryError(f"not a rule: {text!r}; a rule is written like 'layer_{{i}}=block{{i}}' or 'q=query'")
    return Rule(old, new)


def given_pairs(content: object) -> dict[str, str]:
    """Return the pairs of a map: an object of names, or what `diff --format json` printed.

    A name that maps to null has no counterpart (`rejected_names`).

    Raises:
        QueryError: it is neither.
    """
    if isinstance(content, dict) and isinstance(content.get("entries"), list):
        rows = [entry for entry in content["entries"] if isinstance(entry, dict)]
        return {row["a"]: row["b"] for row in rows if isinstance(row.get("a"), str) and isinstance(row.get("b"), str)}
    if isinstance(content, dict) and all(value is None or isinstance(value, str) for value in content.values()):
        return {name: other for name, other in content.items() if other is not None}
    raise QueryError("not a map: it must be an object of names, or the output of 'diff --format json'")


def rejected_names(content: object) -> frozenset[str]:
    """Return the names of A that a map says to have no counterpart: those that map to null."""
    if not isinstance(content, dict) or isinstance(content.get("entries"), list):
        return frozenset()
    return frozenset(name for name, other in content.items() if other is None)


def rewritten(name: str, rules: Sequence[Rule]) -> str:
    """Return a name with all rules applied in turn; empty if none applies, or if it would grow too long."""
    found = name
    for rule in rules:
        found = rule.applied(found)
        if len(found) > _LONGEST:
            return ""
    return found if found != name else ""
