"""Rules of renaming that a person gives: `layer_{i}=block{i}`, `q=query`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\\\{(\w+)\\\}")
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
            return rf"(?P={match[1]})" if is_known else rf"(?P<{match[1]}>\d+)"

        pattern = _BEFORE + _NUMBER.sub(group, re.escape(self.old)) + _AFTER
        return re.sub(pattern, lambda match: self._filled(match), name)

    def _filled(self, match: re.Match[str]) -> str:
        found = self.new
        for name, number in match.groupdict().items():
            found = found.replace(f"{{{name}}}", number)
        return found


def rewritten(name: str, rules: Sequence[Rule]) -> str:
    """Return a name with all rules applied in turn; empty if none applies."""
    found = name
    for rule in rules:
        found = rule.applied(found)
    return found if found != name else ""
