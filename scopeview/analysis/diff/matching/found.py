"""What is matched so far, one to one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from scopeview.analysis.diff.matching.entries import Confidence, Match, Normed


@dataclass
class Found:
    """The matches so far, and what is proposed for the rest, by name."""

    to_b: dict[str, str] = field(default_factory=dict)
    to_a: dict[str, str] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    proposals: dict[str, str] = field(default_factory=dict)
    """Names of A to names of B: the best guess, which is no match."""
    normed: list[Normed] = field(default_factory=list)
    """Kernels of matched layers that only one side keeps in two parts."""

    def add(self, a: str, b: str, evidence: str, confidence: Confidence) -> None:
        """Match two variables, unless one of them is matched."""
        if a not in self.to_b and b not in self.to_a:
            self.to_b[a], self.to_a[b] = b, a
            self.matches.append(Match(a, b, evidence, confidence))

    def withdraw(self, uncertain: Collection[Match]) -> None:
        """Turn matches into proposals."""
        for match in uncertain:
            del self.to_b[match.a], self.to_a[match.b]
            self.proposals[match.a] = match.b
        self.matches = [match for match in self.matches if match not in uncertain]
